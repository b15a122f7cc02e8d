// Names with a number each as bars from the middle: blue to the left below zero, orange to the right above.

import { draw, short } from "./element.js";

const LINE = 24;
const WIDTH = 460;

export function signedBars(list, { most = 1 } = {}) {
  const width = Math.min(WIDTH, document.getElementById("view").clientWidth - 8);
  const names = Math.min(width / 2.4, 12 + 7.2 * Math.max(...list.map(([name]) => name.length)));
  const room = (width - names - 60) / 2;
  const told = (value) => (most === 1 && Number.isFinite(value) ? value.toFixed(3).replace("-", "−") : short(value)); // of 1 at most
  const zero = names + 4 + room;
  const height = list.length * LINE + 6;
  return draw("svg", { class: "signed", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": list.map(([name, value]) => `${name} ${told(value)}`).join(", ") },
    draw("line", { class: "zero", x1: zero, x2: zero, y1: 0, y2: height }),
    list.map(([name, value], k) => {
      const y = k * LINE + 4;
      const long = Math.min(1, Math.abs(value || 0) / most) * room;
      return draw("g", {},
        draw("text", { class: "legend-text", x: names - 6, y: y + 13, "text-anchor": "end" }, name),
        draw("rect", { x: value < 0 ? zero - long : zero, y: y + 2, width: Math.max(0.5, long), height: 14, rx: 2, fill: value < 0 ? "var(--blue)" : "var(--orange)" }),
        draw("text", { class: "tick", x: value < 0 ? zero + 5 : zero - 5, y: y + 13, "text-anchor": value < 0 ? "start" : "end" }, told(value)));
    }));
}
