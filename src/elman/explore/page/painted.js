// What was read, with a value of each step painted on it: a text letter by letter, a series or a recording as its curve
// or spectrogram above a coloured band.

import { LEFT, RIGHT } from "./chart.js";
import { css, diverging, onto, sequential } from "./colours.js";
import { draw, make, seen } from "./element.js";
import { TimeAxis, followPointer, whenSized } from "./time_axis.js";

export class Painted {
  constructor(place, store, { label }) {
    Object.assign(this, { place, store, label });
    this.ends = [
      store.on(["theme"], () => this.paint()),
      store.on(["step"], () => this.cursor()),
    ];
  }

  // values: one for each step; signal: {values: [T, I], kind} of what is read where it is no text.
  show(part, values, { most = 1, positive = false, signal = null } = {}) {
    const other = this.part !== part || this.signal !== signal;
    Object.assign(this, { part, values, most, positive, signal });
    if (other) this.build();
    this.paint();
    this.cursor();
  }

  build() {
    this.end?.();
    this.end = null;
    if (this.signal) {
      this.picture = draw("svg", { class: "painted-signal", role: "img", "aria-label": this.label, tabindex: 0, "data-cursor": true });
      this.place.replaceChildren(this.picture);
      const ends = [whenSized(this.place, () => this.paint()), this.store.on(["from", "to"], () => this.paint())];
      this.end = () => ends.forEach((end) => end());
      followPointer(this.picture, this.store, (event) => {
        const step = this.axis?.at(event.offsetX);
        return step === null || step === undefined ? null : { step };
      });
      return;
    }
    const spaced = this.part.steps.some((step) => [...step].length > 1);
    this.spans = this.part.steps.map((step, t) => make("span", { "data-step": t, class: step === "\n" ? "newline" : null }, step === "\n" ? "↵\n" : step));
    const text = make("p", { class: `painted${spaced ? " spaced" : ""}${this.part.steps.join("").length < 60 ? " large" : ""}`, tabindex: 0, "data-cursor": true, role: "group", "aria-label": this.label, on: { click: (event) => {
      const step = event.target.dataset?.step;
      if (step !== undefined) this.store.set({ step: Number(step) });
    } } });
    this.spans.forEach((span, t) => text.append(span, ...(spaced && t < this.spans.length - 1 ? [" "] : [])));
    this.place.replaceChildren(text);
  }

  colour(value) {
    return this.positive ? sequential(value, this.most) : diverging(value, this.most);
  }

  paint() {
    if (!this.part) return;
    if (this.signal) {
      this.paintSignal();
      return;
    }
    this.spans.forEach((span, t) => {
      const colour = this.colour(this.values[t]);
      span.style.backgroundColor = css(colour);
      span.style.color = onto(colour);
    });
  }

  paintSignal() {
    const width = Math.round(this.place.clientWidth);
    if (!width) return;
    const { signal, store, part, picture } = this;
    const axis = new TimeAxis(store, part.steps, LEFT, RIGHT, width);
    this.axis = axis;
    const height = 128;
    picture.setAttribute("width", width);
    picture.setAttribute("height", height + 44);
    picture.setAttribute("viewBox", `0 0 ${width} ${height + 44}`);
    const body = signal.kind === "audio" || signal.values.shape[1] > 8 ? spectrogram(signal, axis, height) : curves(signal.values, axis, height);
    this.line = draw("line", { class: "cursor-line", y1: 0, y2: height + 18 });
    picture.replaceChildren(
      draw("rect", { class: "catch", width, height: height + 44 }),
      ...body,
      this.band(axis, height + 4),
      ...axis.names().map(([step, name]) => draw("text", { class: "tick", x: axis.x(step), y: height + 38, "text-anchor": "middle" }, name)),
      this.line,
    );
    this.cursor();
  }

  band(axis, y) {
    const canvas = make("canvas", { width: axis.end - axis.first, height: 1 });
    const pen = canvas.getContext("2d");
    for (let t = axis.first; t < axis.end; t++) {
      pen.fillStyle = css(this.colour(this.values[t]));
      pen.fillRect(t - axis.first, 0, 1, 1);
    }
    return draw("image", { href: canvas.toDataURL(), x: axis.left, y, width: axis.room, height: 16, preserveAspectRatio: "none", "image-rendering": "pixelated" });
  }

  cursor() {
    const step = this.store.get("step");
    if (this.signal) {
      if (!this.axis || !this.line) return;
      this.line.setAttribute("visibility", this.axis.holds(step) ? "visible" : "hidden");
      this.line.setAttribute("x1", this.axis.x(step));
      this.line.setAttribute("x2", this.axis.x(step));
      return;
    }
    this.place.querySelector(".at")?.classList.remove("at");
    this.spans?.[step]?.classList.add("at");
  }

  unmount() {
    this.ends.forEach((end) => end());
    this.end?.();
  }
}

// Each series in a range of its own.
function curves({ shape: [T, I], data }, axis, height) {
  return Array.from({ length: I }, (_, k) => {
    const own = Array.from({ length: T }, (_, t) => data[t * I + k]);
    const known = own.filter(Number.isFinite);
    const [low, high] = [Math.min(...known), Math.max(...known)];
    let text = "";
    for (let t = axis.first; t < Math.min(axis.end, T); t++) {
      const y = 6 + ((high - own[t]) / (high - low || 1)) * (height - 12);
      if (Number.isFinite(y)) text += `${text ? "L" : "M"}${axis.x(t).toFixed(1)} ${y.toFixed(1)}`;
    }
    return draw("path", { d: text, class: k ? "line thin" : "line", fill: "none", stroke: k === 0 ? "var(--ink)" : "var(--pale)", "stroke-dasharray": k === 0 ? null : "4 3" });
  });
}

function spectrogram({ values: { shape: [T, I], data }, stack = 1 }, axis, height) {
  const start = axis.first * stack; // frames of a step stand side by side
  const wide = Math.min(axis.end * stack, T) - start;
  const canvas = make("canvas", { width: wide, height: I });
  const image = new ImageData(wide, I);
  const low = data.reduce((a, b) => Math.min(a, b), Infinity);
  const high = data.reduce((a, b) => Math.max(a, b), -Infinity);
  for (let t = 0; t < wide; t++) {
    for (let k = 0; k < I; k++) {
      const colour = sequential((data[(start + t) * I + k] - low) / (high - low || 1), 1, true);
      image.data.set([...colour, 255], 4 * ((I - 1 - k) * wide + t));
    }
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
  return [draw("image", { href: canvas.toDataURL(), x: axis.left, y: 0, width: (axis.room * wide) / ((axis.end - axis.first) * stack), height, preserveAspectRatio: "none", "image-rendering": T > axis.room ? "auto" : "pixelated" }), draw("text", { class: "tick", x: axis.left - 8, y: 12, "text-anchor": "end" }, "high"), draw("text", { class: "tick", x: axis.left - 8, y: height, "text-anchor": "end" }, "low")];
}
