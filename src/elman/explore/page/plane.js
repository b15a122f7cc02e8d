// Complex numbers in their plane, beside the circle of radius 1.

import { draw } from "./element.js";

const SIDE = 190;

export function plane(name, numbers) {
  const most = Math.max(1.15, ...numbers.flatMap(([re, im]) => [Math.abs(re), Math.abs(im)])) * 1.06;
  const at = (value) => SIDE / 2 + (value / most) * (SIDE / 2 - 4);
  return draw("svg", { class: "plane", width: SIDE, height: SIDE + 24, viewBox: `0 0 ${SIDE} ${SIDE + 24}`, role: "img", "aria-label": `Eigenvalues of ${name}` },
    draw("line", { class: "grid", x1: 4, x2: SIDE - 4, y1: SIDE / 2, y2: SIDE / 2 }),
    draw("line", { class: "grid", x1: SIDE / 2, x2: SIDE / 2, y1: 4, y2: SIDE - 4 }),
    draw("circle", { class: "mark", fill: "none", cx: SIDE / 2, cy: SIDE / 2, r: at(1) - SIDE / 2 }),
    draw("text", { class: "tick", x: at(1) - 3, y: SIDE / 2 - 4, "text-anchor": "end" }, "1"),
    numbers.map(([re, im]) => draw("circle", { cx: at(re), cy: SIDE - at(im), r: 2.6, fill: "var(--orange)", "fill-opacity": 0.75 })),
    draw("text", { class: "legend-text", x: SIDE / 2, y: SIDE + 16, "text-anchor": "middle" }, name));
}
