// Attention of a text: a square for each symbol written, from top to bottom, and each symbol read, from left to right.

import { css, sequential } from "./colours.js";
import { draw, scrolling, seen, short } from "./element.js";

export const END = "■";
const CELL = 30;
const LETTER = 8.2;

export class Attention {
  constructor(place, store, read, { attention, symbols }) {
    Object.assign(this, { store, read, attention, rows: [...symbols, END] });
    const longest = Math.max(...this.rows.map((row) => seen(row, 14).length));
    const tallest = Math.max(...read.map((one) => seen(one, 14).length));
    this.left = 14 + longest * LETTER;
    this.top = tallest > 2 ? 14 + tallest * LETTER * 0.75 : 30;
    this.turned = tallest > 2;
    const width = this.left + read.length * CELL + (this.turned ? 60 : 8);
    const height = this.top + this.rows.length * CELL + 8;
    this.svg = draw("svg", { class: "attention", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Attention: what is written downwards, what is read across" });
    place.append(scrolling("Attention", this.svg));
    this.svg.addEventListener("click", (event) => {
      const { u, t } = event.target.dataset;
      if (u !== undefined) store.set({ written: Number(u), ...(store.get("part") === "decoder" || !store.get("part") ? { step: Number(u) } : { step: Number(t) }) });
    });
    this.ends = [store.on(["theme", "written"], () => this.draw())];
    this.draw();
  }

  draw() {
    const { read, rows, attention, left, top } = this;
    const T = attention.shape[1];
    const chosen = Math.min(this.store.get("written") ?? 0, rows.length - 1);
    const parts = [];
    read.forEach((symbol, t) => {
      const x = left + (t + 0.5) * CELL;
      parts.push(draw("text", { class: "attention-text", x: this.turned ? x + 4 : x, y: top - 8, "text-anchor": this.turned ? "start" : "middle", transform: this.turned ? `rotate(-50 ${x + 4} ${top - 8})` : null }, seen(symbol, 14)));
    });
    rows.forEach((symbol, u) => {
      const y = top + u * CELL;
      parts.push(draw("text", { class: u === chosen ? "attention-text chosen-text" : "attention-text", x: left - 9, y: y + CELL / 2 + 5, "text-anchor": "end" }, seen(symbol, 14)));
      read.forEach((_, t) => {
        const value = attention.data[u * T + t];
        parts.push(draw("rect", { x: left + t * CELL + 1, y: y + 1, width: CELL - 2, height: CELL - 2, rx: 4, fill: css(sequential(value, 1, true)), "data-u": u, "data-t": t }, draw("title", {}, `${seen(symbol)} looks at ${seen(read[t])}: ${short(value)}`)));
      });
    });
    parts.push(draw("rect", { class: "chosen", x: left - 1, y: top + chosen * CELL - 1, width: T * CELL + 2, height: CELL + 2, rx: 6 }));
    this.svg.replaceChildren(...parts);
  }

  pictures() {
    return [this.svg];
  }

  unmount() {
    this.ends.forEach((end) => end());
  }
}
