// A heat map of hidden units over time on a canvas, with the cursor as a cross.

import { css, diverging, sequential } from "./colours.js";
import { make, seen, short } from "./element.js";
import { LEFT, RIGHT } from "./chart.js";
import { TimeAxis, followPointer, range, whenSized } from "./time_axis.js";

const BOTTOM = 22;
const TOP = 2;
const HIGHEST = 420; // pixels of all rows, where they are fitted
const HIGHEST_NAMED = 620; // where each row has a name to be read
const ROW = 13; // pixels of a row at most, where they are fitted

export class Heat {
  // rowNames: what rows are called that are no units; rowKey: the name of the chosen row in the store.
  constructor(place, store, { label, rowNames = null, rowKey = "unit", rowHeight = ROW, left = LEFT }) {
    Object.assign(this, { place, store, label, rowNames, rowKey, rowHeight, left });
    this.canvas = make("canvas", { class: "heat", tabindex: 0, "data-cursor": true, role: "slider", "aria-label": label, "aria-valuenow": 0 });
    this.tip = make("div", { class: "tip", hidden: true });
    place.classList.add("heat-place");
    place.append(this.canvas, this.tip);
    this.cells = document.createElement("canvas");
    this.ends = [whenSized(place, () => this.draw()), store.on(["from", "to", "theme"], () => this.paint()), store.on(["step", rowKey], () => this.draw())];
    followPointer(this.canvas, store, (event) => this.at(event));
    this.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.canvas.addEventListener("pointerleave", () => (this.tip.hidden = true));
  }

  // array {shape: [T, K], data}; order: rows from top to bottom; most: the value of the darkest colour.
  show(steps, array, { order = null, most = 1, positive = false, row = 0 } = {}) {
    Object.assign(this, { steps, array, most, positive, row });
    this.order = order ?? range(0, array.shape[1]);
    this.paint();
  }

  colour(value) {
    return this.positive ? sequential(value, this.most) : diverging(value, this.most);
  }

  // The cells of the window, a pixel each.
  paint() {
    if (!this.array) return;
    const axis = new TimeAxis(this.store, this.steps, LEFT, RIGHT, 1000);
    const [, H] = this.array.shape;
    const wide = axis.end - axis.first;
    this.cells.width = wide;
    this.cells.height = this.order.length;
    const image = new ImageData(wide, this.order.length);
    this.order.forEach((unit, r) => {
      for (let t = 0; t < wide; t++) {
        const [red, green, blue] = this.colour(this.array.data[(axis.first + t) * H + unit]);
        image.data.set([red, green, blue, 255], 4 * (r * wide + t));
      }
    });
    this.cells.getContext("2d").putImageData(image, 0, 0);
    this.draw();
  }

  draw() {
    const width = Math.round(this.place.clientWidth);
    if (!this.array || !width) return;
    const { canvas, order, store } = this;
    this.axis = new TimeAxis(store, this.steps, this.left, RIGHT, width);
    this.high = this.row || Math.max(1, Math.min(this.rowHeight, (this.rowNames ? HIGHEST_NAMED : HIGHEST) / order.length));
    const rows = Math.round(this.high * order.length);
    const height = rows + BOTTOM + TOP;
    const sharp = devicePixelRatio || 1;
    canvas.width = Math.round(width * sharp);
    canvas.height = Math.round(height * sharp);
    canvas.style.height = `${height}px`;
    const pen = canvas.getContext("2d");
    pen.scale(sharp, sharp);
    const look = getComputedStyle(canvas);
    pen.fillStyle = look.backgroundColor;
    pen.fillRect(0, 0, width, height);
    pen.imageSmoothingEnabled = this.axis.wide < 1;
    pen.drawImage(this.cells, this.left, TOP, this.axis.room, rows);
    pen.font = `12px ${look.fontFamily}`;
    this.labels(pen, rows, look);
    this.cross(pen, rows, look);
    this.tell();
  }

  labels(pen, rows, look) {
    const pale = look.getPropertyValue("--pale");
    pen.fillStyle = pale;
    pen.textAlign = "center";
    for (const [step, name] of this.axis.names()) pen.fillText(name, this.axis.x(step), TOP + rows + 16);
    pen.textAlign = "right";
    const every = Math.max(1, Math.ceil(14 / this.high));
    const at = this.order.indexOf(this.store.get(this.rowKey));
    this.order.forEach((unit, r) => {
      if (r % every === 0 && Math.abs(r - at) * this.high > 12 && this.high * (r + 0.5) < rows - 3) pen.fillText(this.rowName(unit), this.left - 8, TOP + this.high * (r + 0.5) + 4);
    });
  }

  rowName(unit) {
    return this.rowNames ? seen(this.rowNames[unit] ?? "", Math.floor((this.left - 8) / 6.6)) : String(unit);
  }

  cross(pen, rows, look) {
    const { step, [this.rowKey]: unit } = this.store.state;
    const r = this.order.indexOf(unit);
    const ink = look.getPropertyValue("--ink");
    pen.fillStyle = ink;
    pen.strokeStyle = ink;
    pen.lineWidth = 1;
    const middle = TOP + this.high * (r + 0.5);
    if (this.axis.holds(step)) {
      const x = this.axis.x(step);
      const half = Math.max(this.axis.wide / 2, 0.5);
      pen.globalAlpha = 0.75;
      pen.strokeRect(Math.round(x - half) + 0.5, TOP + 0.5, Math.max(1, Math.round(2 * half) - 1), rows - 1);
      pen.globalAlpha = 1;
    }
    if (r >= 0) {
      const half = Math.max(this.high / 2, 1);
      pen.globalAlpha = 0.75;
      pen.strokeRect(this.left + 0.5, Math.round(middle - half) + 0.5, this.axis.room - 1, Math.max(1, Math.round(2 * half) - 1));
      pen.globalAlpha = 1;
      pen.textAlign = "right";
      pen.font = `bold 12px ${look.fontFamily}`;
      pen.fillText(this.rowName(unit), this.left - 8, middle + 4);
    }
  }

  tell() {
    const { step, [this.rowKey]: unit = 0 } = this.store.state;
    const value = this.array.data[step * this.array.shape[1] + unit];
    this.canvas.setAttribute("aria-valuemin", 0);
    this.canvas.setAttribute("aria-valuemax", this.steps.length - 1);
    this.canvas.setAttribute("aria-valuenow", step);
    this.canvas.setAttribute("aria-valuetext", `step ${step}, ${seen(this.steps[step] ?? "")}; row ${this.rowName(unit)}: ${short(value)}`);
  }

  at(event) {
    if (!this.axis) return null;
    const step = this.axis.at(event.offsetX);
    const r = Math.floor((event.offsetY - TOP) / this.high);
    if (step === null) return null;
    const unit = this.order[Math.max(0, Math.min(this.order.length - 1, r))];
    return { step, [this.rowKey]: unit };
  }

  point(event) {
    const found = this.at(event);
    const r = (event.offsetY - TOP) / this.high;
    this.tip.hidden = !found || r < 0 || r >= this.order.length;
    if (this.tip.hidden) return;
    const unit = found[this.rowKey];
    const value = this.array.data[found.step * this.array.shape[1] + unit];
    this.tip.textContent = `${seen(this.steps[found.step])} · ${this.rowNames ? this.rowName(unit) : `unit ${unit}`} · ${short(value)}`;
    const left = event.offsetX > this.place.clientWidth - 170;
    Object.assign(this.tip.style, { left: `${event.offsetX + (left ? -14 : 14)}px`, top: `${event.offsetY + 14}px`, transform: left ? "translateX(-100%)" : "none" });
  }

  unmount() {
    this.ends.forEach((end) => end());
    this.place.replaceChildren();
  }
}

// What the colours mean: a strip from the least to the largest value.
export function legend(most, positive) {
  const strip = make("canvas", { class: "ramp", width: 120, height: 10, role: "img", "aria-label": `colours from ${positive ? 0 : short(-most)} to ${short(most)}` });
  const pen = strip.getContext("2d");
  for (let x = 0; x < 120; x++) {
    pen.fillStyle = css(positive ? sequential(x / 119, 1) : diverging((2 * x) / 119 - 1, 1));
    pen.fillRect(x, 0, 1, 10);
  }
  return make("span", { class: "legend-strip" }, positive ? "0" : short(-most, 2), strip, short(most, 2));
}
