// The network of the article as SVG: rolled up with a loop at the hidden layer, and unrolled, a column for each step.
// `spread` from 0 to 1 moves between the two: columns come out of the first one, the loop unbends into an arrow.

import { css, diverging } from "./colours.js";
import { draw, make, seen } from "./element.js";

export const BOX = 84;
const SMALL = 38; // height of input and output
const GAP = 52; // between two layers of boxes, where the arrows are
const TOP = 40; // the output's caption

// Pixels from one step to the next; two directions need room for the ways around each other.
export function columnWidth(directions) {
  return directions === 2 ? 158 : 132;
}

// The heights of all rows, from the output above to the input below, for `hidden` layers and directions.
export function layout(hidden, hasOutput = true) {
  const places = [];
  let y = hasOutput ? TOP + SMALL + GAP : TOP / 2;
  for (let row = hidden - 1; row >= 0; row--) {
    places[row] = y;
    y += BOX + GAP;
  }
  return { output: TOP, hidden: places, input: y, height: y + SMALL + 34 };
}

export function arrowheads() {
  return draw("defs", {}, ["blue", "orange", "green", "pale"].map((name) =>
    draw("marker", { id: `head-${name}`, viewBox: "0 0 10 10", refX: 8.5, refY: 5, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse", markerUnits: "userSpaceOnUse" },
      draw("path", { d: "M0 0.6 L10 5 L0 9.4 z", fill: `var(--${name})` }))));
}

// One step: {x, t, symbol, caption, said, share, faint, images: [href by row], chosen: {row, unit}, H, directions, opacity,
// current}; said is null where there is no output.
export function column(step, places) {
  const { x, opacity } = step;
  const middle = x + BOX / 2;
  const drawn = [
    box(x, places.input, SMALL, "blue", step.symbol),
    caption(middle, places.input + SMALL + 20, step.caption),
    step.said === null ? null : draw("g", { opacity: step.faint ? 0.45 : 1 }, box(x, places.output, SMALL, "green", step.said), caption(middle, places.output - 12, step.share ?? "")),
    ...places.hidden.map((y, row) => hidden(step, x, y, row)),
    ...uprights(step, places, middle),
  ];
  return draw("g", { class: step.current ? "column current" : "column", opacity, "data-step": step.t }, drawn.filter(Boolean));
}

function box(x, y, height, colour, text) {
  return draw("g", {},
    draw("rect", { class: `box ${colour}`, x, y, width: BOX, height, rx: 8 }),
    draw("text", { class: "in-box", x: x + BOX / 2, y: y + height / 2 + 5.5, "text-anchor": "middle" }, seen(text ?? "", 9)));
}

function caption(x, y, text) {
  return draw("text", { class: "tick", x, y, "text-anchor": "middle" }, text);
}

// The hidden layer: a square of its units, each in the colour of its value.
function hidden(step, x, y, row) {
  const side = sideOf(step.H);
  const cell = (BOX - 12) / side;
  const lines = Math.ceil(step.H / side);
  const top = y + 6 + ((side - lines) * cell) / 2;
  const parts = [draw("rect", { class: "box orange", x, y, width: BOX, height: BOX, rx: 8 })];
  if (step.images?.[row]) parts.push(draw("image", { href: step.images[row], x: x + 6, y: top, width: BOX - 12, height: cell * lines, preserveAspectRatio: "none", "image-rendering": "pixelated" }));
  if (step.chosen?.row === row) {
    const at = step.chosen.unit;
    parts.push(draw("rect", { class: "chosen", x: x + 6 + (at % side) * cell - 1, y: top + Math.floor(at / side) * cell - 1, width: cell + 2, height: cell + 2 }));
  }
  return draw("g", { class: "hidden", "data-row": row }, parts);
}

// The arrows of a step: from the input through the layers to the output; of two directions each has its own way.
function uprights(step, places, middle) {
  const D = step.directions;
  const parts = [];
  for (let row = 0; row < places.hidden.length; row += D) {
    const below = row === 0 ? places.input : places.hidden[row - 1];
    parts.push(...way(middle, below, places.hidden[row] + BOX, "blue", "xh"));
    if (D === 2) parts.push(around(step.x, below, places.hidden[row + 1] + BOX / 2, "blue"));
  }
  const top = places.hidden.length - 1;
  if (step.said === null) return parts;
  parts.push(...way(middle, places.hidden[top], places.output + SMALL, "green", "ho"));
  if (D === 2) parts.push(around(step.x + BOX, places.hidden[top - 1] + BOX / 2, places.output + SMALL / 2, "green"));
  return parts;
}

function way(x, from, to, colour, name) {
  return [
    draw("line", { class: "arrow", x1: x, x2: x, y1: from - 2, y2: to + 3, stroke: `var(--${colour})`, "marker-end": `url(#head-${colour})` }),
    label(x - 9, (from + to) / 2 + 4, name, colour, "end"),
  ];
}

// Past the box of the other direction: on the left from below, on the right to above.
function around(x, from, to, colour) {
  const out = colour === "blue" ? -12 : 12;
  const start = colour === "blue" ? `M${x + 18} ${from - 2} C${x + 18} ${from - 22} ${x + out} ${from - 12} ${x + out} ${from - 34}` : `M${x + 2} ${from} C${x + out} ${from} ${x + out} ${from - 8} ${x + out} ${from - 22}`;
  return draw("path", { class: "arrow", fill: "none", stroke: `var(--${colour})`, "marker-end": `url(#head-${colour})`, d: `${start} V${to + 20} C${x + out} ${to + 6} ${x + out} ${to} ${x - Math.sign(out) * -3} ${to}` });
}

export function label(x, y, index, colour, anchor = "middle") {
  return draw("text", { class: `weight ${colour}`, x, y, "text-anchor": anchor }, "W", draw("tspan", { dy: 4, "font-size": 11 }, index));
}

// From a step's hidden layer to the next one's; where they are rolled up, a loop. `back`: of a reverse direction.
export function recurrence(x, y, spread, { wide, back = false, opacity = 1 }) {
  const from = x + BOX;
  const loop = [[from, y + 26], [from + 62, y - 22], [from + 62, y + BOX + 22], [from + 3, y + BOX - 26]];
  const straight = [[from, y + BOX / 2], [from + 16, y + BOX / 2], [from + 32, y + BOX / 2], [x + wide - 3, y + BOX / 2]];
  const points = loop.map(([a, b], k) => [a + (straight[k][0] - a) * spread, b + (straight[k][1] - b) * spread]);
  const [a, b, c, d] = points.map(([px, py]) => `${px.toFixed(1)} ${py.toFixed(1)}`);
  const head = back && spread > 0.5 ? { "marker-start": "url(#head-orange)" } : { "marker-end": "url(#head-orange)" };
  const at = { x: from + 58 * (1 - spread) + ((wide - BOX) / 2) * spread, y: y + BOX / 2 + 5 * (1 - spread) - 9 * spread };
  return draw("g", { opacity },
    draw("path", { class: "arrow", d: `M${a} C${b} ${c} ${d}`, fill: "none", stroke: "var(--orange)", ...head }),
    label(at.x, at.y, "hh", "orange", spread > 0.5 ? "middle" : "start"));
}

export function sideOf(H) {
  return Math.ceil(Math.sqrt(H));
}

// The units of a layer at a step as a small picture, a pixel each.
export function unitsPicture(values, most) {
  const side = sideOf(values.length);
  const canvas = make("canvas", { width: side, height: Math.ceil(values.length / side) });
  const pen = canvas.getContext("2d");
  values.forEach((value, k) => {
    pen.fillStyle = css(diverging(value, most));
    pen.fillRect(k % side, Math.floor(k / side), 1, 1);
  });
  return canvas.toDataURL();
}

// The unit under a point of a hidden layer's box, from the box's corner; null beside the units.
export function unitAt(dx, dy, H) {
  const side = sideOf(H);
  const cell = (BOX - 12) / side;
  const lines = Math.ceil(H / side);
  const at = Math.floor((dx - 6) / cell);
  const line = Math.floor((dy - 6 - ((side - lines) * cell) / 2) / cell);
  const unit = line * side + at;
  return at >= 0 && at < side && line >= 0 && unit >= 0 && unit < H ? unit : null;
}
