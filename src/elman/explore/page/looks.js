// Attention of an image: the image once for each symbol that is written, light where the network looked.

import { draw, make, seen } from "./element.js";
import { END } from "./attention.js";

const SIDE = 104;
const GAP = 14;

export class Looks {
  constructor(place, picture, { attention, symbols, grid }) {
    this.rows = [...symbols, END];
    this.svg = draw("svg", { class: "looks", role: "img", "aria-label": "The image for each symbol written, light where the network looked" });
    this.place = make("div", { class: "stretch" }, this.svg);
    place.append(this.place);
    Object.assign(this, { attention, grid, image: picture });
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.place);
  }

  draw() {
    const width = this.place.clientWidth;
    if (!width) return;
    const across = Math.max(1, Math.floor((width + GAP) / (SIDE + GAP)));
    const count = this.rows.length + 1;
    const height = Math.ceil(count / across) * (SIDE + 34);
    for (const [name, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` })) this.svg.setAttribute(name, value);
    this.svg.replaceChildren(...Array.from({ length: count }, (_, k) => this.one(k, (k % across) * (SIDE + GAP), Math.floor(k / across) * (SIDE + 34))));
  }

  one(k, x, y) {
    const [rows, columns] = this.grid;
    const parts = [draw("image", { href: this.image, x, y, width: SIDE, height: SIDE, "image-rendering": "pixelated" })];
    if (k > 0) {
      const own = this.attention.data.slice((k - 1) * rows * columns, k * rows * columns);
      const most = Math.max(...own);
      own.forEach((share, r) => parts.push(draw("rect", { x: x + ((r % columns) * SIDE) / columns, y: y + (Math.floor(r / columns) * SIDE) / rows, width: SIDE / columns + 0.3, height: SIDE / rows + 0.3, fill: "#15171b", "fill-opacity": (0.66 * (1 - share / most)).toFixed(3) })));
    }
    parts.push(draw("rect", { class: "frame", x: x + 0.5, y: y + 0.5, width: SIDE - 1, height: SIDE - 1 }), draw("text", { class: "attention-text", x: x + SIDE / 2, y: y + SIDE + 18, "text-anchor": "middle" }, k === 0 ? "what it sees" : seen(this.rows[k - 1], 14)));
    return draw("g", {}, parts);
  }

  pictures() {
    return [this.svg];
  }

  unmount() {
    this.observer.disconnect();
  }
}
