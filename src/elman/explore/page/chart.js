// Lines over steps, or over another axis of whole numbers, as SVG.

import { DASHES, LINES } from "./colours.js";
import { draw, short } from "./element.js";
import { TimeAxis, followPointer, whenSized } from "./time_axis.js";
import { powers, tickText, ticks } from "./ticks.js";

export const LEFT = 52;
export const RIGHT = 14;
const TOP = 26;
const BOTTOM = 24;

// A chart in `place`. `own` is an axis in place of the steps: {names, cursor, from, to, pick(k)}.
export class Chart {
  constructor(place, store, { label, height = 170, own = null, percent = false }) {
    Object.assign(this, { place, store, label, height, own, percent });
    this.element = draw("svg", { class: "chart", height, tabindex: 0, "data-cursor": true, role: "img", "aria-label": label });
    this.element.toggleAttribute("hidden", true);
    place.append(this.element);
    this.ends = [whenSized(place, () => this.draw())];
    if (!own) {
      followPointer(this.element, store, (event) => {
        const step = this.axis?.at(event.offsetX);
        return step === null || step === undefined ? null : { step };
      });
      this.ends.push(store.on(["step"], () => this.drawCursor()));
      this.ends.push(store.on(["from", "to"], () => this.draw()));
    } else if (own.pick) {
      this.element.addEventListener("click", (event) => {
        const k = this.axis?.at(event.offsetX);
        if (k !== null && k !== undefined) own.pick(k);
      });
    }
    this.ends.push(store.on(["theme"], () => this.draw()));
  }

  // lines: [{name, values, colour, dash, area: [low, high], points}]; marks: [{value, text}] across, uprights: [{at, text}].
  show(steps, lines, { log = false, bounds = null, marks = [], uprights = [] } = {}) {
    Object.assign(this, { steps, lines, log, bounds, marks, uprights });
    this.element.toggleAttribute("hidden", false);
    this.draw();
  }

  draw() {
    const width = Math.round(this.place.clientWidth);
    if (!this.lines || !width) return;
    const source = this.own ? { state: { from: this.own.from ?? 0, to: this.own.to ?? 0 } } : this.store;
    this.axis = new TimeAxis(source, this.steps, LEFT, RIGHT, width);
    const bottom = this.height - BOTTOM;
    this.scale();
    this.element.setAttribute("viewBox", `0 0 ${width} ${this.height}`);
    this.element.setAttribute("width", width);
    this.cursor = draw("g", { class: "cursor" });
    this.legend = draw("g", { class: "legend" });
    this.element.replaceChildren(
      draw("title", {}, this.label),
      draw("rect", { class: "catch", x: 0, y: 0, width, height: this.height }),
      ...this.grid(width),
      ...this.axis.names().map(([step, name]) => draw("text", { class: "tick", x: this.axis.x(step), y: bottom + 16, "text-anchor": "middle" }, name)),
      ...this.lines.flatMap((line, k) => this.line(line, k)),
      ...this.uprights.map((mark) => this.upright(mark)),
      this.cursor,
      this.legend,
    );
    this.drawCursor();
  }

  scale() {
    const shown = [];
    const { first, end } = this.axis;
    for (const { values, area, bars } of this.lines) {
      if (bars && !this.log) shown.push(0);
      for (const one of [values, ...(area ?? [])]) for (let t = first; t < Math.min(end, one.length); t++) if (Number.isFinite(one[t]) && (!this.log || one[t] > 0)) shown.push(one[t]);
    }
    for (const { value } of this.marks) shown.push(value);
    let low = this.bounds?.[0] ?? shown.reduce((a, b) => Math.min(a, b), Infinity);
    let high = this.bounds?.[1] ?? shown.reduce((a, b) => Math.max(a, b), -Infinity);
    if (!Number.isFinite(low)) [low, high] = this.log ? [0.1, 1] : [0, 1];
    if (low === high) [low, high] = this.log ? [low / 2, high * 2] : [low - 0.5, high + 0.5];
    if (this.log) low = Math.max(low, high * 1e-12);
    else if (!this.bounds) {
      const edge = (high - low) * 0.06;
      [low, high] = [low === 0 ? 0 : low - edge, high + edge];
    }
    Object.assign(this, { low, high });
  }

  y(value) {
    const [low, high, at] = this.log ? [this.low, this.high, Math.max(value, this.low)].map(Math.log) : [this.low, this.high, value];
    return this.height - BOTTOM - ((at - low) / (high - low)) * (this.height - BOTTOM - TOP);
  }

  grid(width) {
    const places = this.log ? powers(this.low, this.high) : ticks(this.low, this.high, this.height < 130 ? 3 : 4);
    const lines = places.map((value) => [
      draw("line", { class: value === 0 ? "zero" : "grid", x1: LEFT, x2: width - RIGHT, y1: this.y(value), y2: this.y(value) }),
      draw("text", { class: "tick", x: LEFT - 8, y: this.y(value) + 4, "text-anchor": "end" }, this.percent ? `${Math.round(value * 100)} %` : tickText(value)),
    ]);
    const marks = this.marks.map(({ value, text }) => [
      draw("line", { class: "mark", x1: LEFT, x2: width - RIGHT, y1: this.y(value), y2: this.y(value) }),
      draw("text", { class: "mark-text", x: width - RIGHT, y: this.y(value) - 5, "text-anchor": "end" }, text),
    ]);
    return [...lines.flat(), ...marks.flat()];
  }

  line({ values, colour, dash, area, points, thin, bars }, k) {
    const { axis } = this;
    if (bars) return this.bars(values, colour);
    const path = (of) => {
      let text = "";
      let pen = false;
      for (let t = axis.first; t < Math.min(axis.end, of.length); t++) {
        const good = Number.isFinite(of[t]);
        if (good) text += `${pen ? "L" : "M"}${axis.x(t).toFixed(1)} ${this.y(of[t]).toFixed(1)}`;
        pen = good;
      }
      return text;
    };
    const stroke = colour ?? LINES[k % LINES.length];
    const drawn = [];
    if (area) {
      const [low, high] = area;
      const back = path(high);
      const steps = [];
      for (let t = Math.min(axis.end, low.length) - 1; t >= axis.first; t--) if (Number.isFinite(low[t])) steps.push(`L${axis.x(t).toFixed(1)} ${this.y(low[t]).toFixed(1)}`);
      drawn.push(draw("path", { d: `${back}${steps.join("")}Z`, fill: stroke, "fill-opacity": 0.16, stroke: "none" }));
    }
    drawn.push(draw("path", { class: thin ? "line thin" : "line", d: path(values), stroke, fill: "none", "stroke-dasharray": dash === undefined ? DASHES[k % DASHES.length] : dash }));
    if (points || axis.end - axis.first <= 40) {
      for (let t = axis.first; t < Math.min(axis.end, values.length); t++) if (Number.isFinite(values[t])) drawn.push(draw("circle", { cx: axis.x(t), cy: this.y(values[t]), r: 2.2, fill: stroke }));
    }
    return drawn;
  }

  // From zero up or down; `colour` may be two, of what is below zero and above.
  bars(values, colour) {
    const { axis } = this;
    const [below, above] = Array.isArray(colour) ? colour : [colour, colour];
    const zero = this.y(Math.max(this.low, Math.min(this.high, this.log ? this.low : 0)));
    const wide = Math.max(0.7, axis.wide - Math.min(3, axis.wide * 0.25));
    const drawn = [];
    for (let t = axis.first; t < Math.min(axis.end, values.length); t++) {
      if (!Number.isFinite(values[t]) || (this.log && values[t] <= 0)) continue;
      const y = this.y(values[t]);
      drawn.push(draw("rect", { x: axis.x(t) - wide / 2, y: Math.min(y, zero), width: wide, height: Math.max(0.6, Math.abs(y - zero)), fill: values[t] < 0 ? below : above, rx: wide > 5 ? 1.5 : 0 }));
    }
    return drawn;
  }

  upright({ at, text }) {
    const x = this.axis.x(at);
    const left = x > this.axis.left + this.axis.room * 0.7;
    return draw("g", {},
      draw("line", { class: "mark", x1: x, x2: x, y1: TOP - 4, y2: this.height - BOTTOM }),
      draw("text", { class: "mark-text", x: x + (left ? -5 : 5), y: TOP + 6, "text-anchor": left ? "end" : "start" }, text));
  }

  drawCursor() {
    if (!this.axis) return;
    const step = this.own ? this.own.cursor : this.store.get("step");
    const shown = step !== undefined && step !== null && this.axis.holds(step);
    this.cursor.replaceChildren(...(shown ? [
      draw("line", { class: "cursor-line", x1: this.axis.x(step), x2: this.axis.x(step), y1: TOP - 4, y2: this.height - BOTTOM }),
      ...this.lines.flatMap(({ values, colour, bars }, k) => (Number.isFinite(values[step]) && !bars ? [draw("circle", { cx: this.axis.x(step), cy: this.y(values[step]), r: 3.6, fill: colour ?? LINES[k % LINES.length] })] : [])),
    ] : []));
    this.drawLegend(shown ? step : null);
  }

  // The names of the lines, with their values at the cursor; those that do not fit are left out.
  drawLegend(step) {
    let x = LEFT;
    const width = this.axis.left + this.axis.room;
    const parts = [];
    for (const [k, { name, values, colour, dash, bars }] of this.lines.entries()) {
      if (!name) continue;
      const value = step === null || !Number.isFinite(values[step]) ? "" : ` ${this.percent ? `${(values[step] * 100).toFixed(1)} %` : short(values[step])}`;
      const needs = 30 + (name.length + value.length) * 7.3;
      if (x + needs > width + 20) break;
      parts.push(
        draw("line", { class: bars ? "line thick" : "line", x1: x, x2: x + 18, y1: 9, y2: 9, stroke: [colour ?? LINES[k % LINES.length]].flat().at(-1), "stroke-dasharray": bars ? null : dash === undefined ? DASHES[k % DASHES.length] : dash }),
        draw("text", { class: "legend-text", x: x + 23, y: 13 }, name, draw("tspan", { class: "legend-value" }, value)),
      );
      x += needs + 8;
    }
    this.legend.replaceChildren(...parts);
  }

  unmount() {
    this.ends.forEach((end) => end());
    this.element.remove();
  }
}
