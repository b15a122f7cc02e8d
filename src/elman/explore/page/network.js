// The network as the article draws it; a click or Enter unrolls it into time steps, and a click on a unit shows its sum.

import { showArithmetic } from "./arithmetic.js";
import { draw, make, seen } from "./element.js";
import { equations } from "./equations.js";
import { saidAt } from "./outputs.js";
import { currentPart, largest, lens, network, once } from "./reading.js";
import { saves } from "./save.js";
import { signalOf } from "./signal.js";
import { Cancelled } from "./socket.js";
import { tickText } from "./ticks.js";
import { whenSized } from "./time_axis.js";
import { BOX, arrowheads, column, columnWidth, label, layout, recurrence, unitAt, unitsPicture } from "./unrolled.js";

export const title = "The network, rolled up and unrolled in time";
export const sentence = "One network with a loop, or the same network once for every step: what it reads below, its hidden units in the middle, what it says above, and at every step the same three matrices.";

const MARGIN = 80; // beside the first and the last step, where the states before and after stand
const LASTS = 900; // milliseconds of unrolling

export function mount(element, { ask, store }) {
  store.keep({ unrolled: 0 });
  const figure = new Figure(ask, store);
  const button = make("button", { type: "button", class: "main", id: "unroll", on: { click: () => figure.toggle() } });
  const name = () => {
    button.textContent = store.get("unrolled") ? "Roll it up" : "Unroll it in time";
  };
  name();
  const chosen = lens(store, { what: false });
  const sum = make("section", { class: "section", "aria-live": "polite" });
  const arithmetic = showArithmetic(sum, { ask, store });
  element.append(
    equations(store.get("about")),
    store.get("about").gates?.includes("o") ? make("p", { class: "note" }, "W_ho in the last line, in green, leads to the output; that of gate o, in orange, is a part of W_hh.") : "",
    make("div", { class: "controls" }, button, chosen.element),
    figure.place,
    make("p", { class: "note" }, "Each square is a hidden unit: blue below zero, orange above. Click one to see how its value comes about.", several(store)),
    sum,
  );
  figure.start();
  const off = store.on(["unrolled"], name);
  return {
    save: saves("network", () => [figure.svg], () => figure.rows()),
    unmount() {
      off();
      figure.unmount();
      chosen.unmount();
      arithmetic.unmount();
    },
  };
}

function several(store) {
  const { num_layers, directions } = network(store);
  return num_layers * directions > 1 ? " Each layer and each direction has matrices of its own, the same ones at every step." : "";
}

class Figure {
  constructor(ask, store) {
    Object.assign(this, { ask, store, arrays: [], spread: store.get("unrolled") ? 1 : 0, frame: 0 });
    this.svg = draw("svg", { class: "network", tabindex: 0, "data-cursor": true, role: "img" });
    this.place = make("div", { class: "network-scroll" }, this.svg);
    this.fault = make("p", { class: "fault", role: "alert" });
  }

  start() {
    const { store } = this;
    this.ends = [
      whenSized(this.place, () => this.draw()),
      store.on(["reading", "part"], () => this.load()),
      store.on(["late"], () => this.draw()),
      store.on(["step"], () => this.follow()),
      store.on(["unit", "layer", "reverse", "theme"], () => this.pictures()),
      store.on(["unrolled"], () => this.animate()),
    ];
    this.place.addEventListener("scroll", () => this.frame || this.draw());
    this.svg.addEventListener("click", (event) => this.click(event));
    this.svg.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      this.toggle();
    });
    this.load();
  }

  toggle() {
    this.store.set({ unrolled: this.store.get("unrolled") ? 0 : 1 }, { move: true });
  }

  async load() {
    const { store } = this;
    const part = currentPart(store);
    if (!part) return;
    const { num_layers, directions, hidden_size } = network(store);
    try {
      const asked = Array.from({ length: num_layers * directions }, (_, k) =>
        once(this.ask, store, "states", { part: part.part, layer: Math.floor(k / directions), reverse: k % directions, what: "h" }));
      const found = await Promise.all(asked);
      Object.assign(this, { part, signal: signalOf(store), D: directions, wide: columnWidth(directions), H: hidden_size, arrays: found.map((one) => one.array) });
      this.pictures();
      this.follow();
    } catch (error) {
      if (!(error instanceof Cancelled)) this.place.replaceChildren(this.svg, make("p", { class: "fault" }, error.message));
    }
  }

  pictures() {
    this.most = this.arrays.map((array) => largest(array.data));
    this.kept = new Map();
    this.draw();
  }

  // The pictures of all layers at a step.
  images(t) {
    if (!this.kept.has(t)) this.kept.set(t, this.arrays.map(({ data }, row) => unitsPicture(data.subarray(t * this.H, (t + 1) * this.H), this.most[row])));
    return this.kept.get(t);
  }

  get steps() {
    return this.part?.steps ?? [];
  }

  // Bring the step of the cursor into sight.
  follow() {
    this.draw();
    if (this.spread < 1) return;
    const x = MARGIN + this.store.get("step") * this.wide;
    const { scrollLeft, clientWidth } = this.place;
    if (x < scrollLeft + 20 || x + BOX > scrollLeft + clientWidth - 20) this.place.scrollLeft = x - clientWidth / 2 + BOX / 2;
  }

  animate() {
    const to = this.store.get("unrolled") ? 1 : 0;
    const from = this.spread;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const began = performance.now();
    cancelAnimationFrame(this.frame);
    if (to === 1) this.widen();
    const tick = (now) => {
      const share = still ? 1 : Math.min(1, (now - began) / LASTS);
      const eased = share < 0.5 ? 4 * share ** 3 : 1 - (2 - 2 * share) ** 3 / 2;
      this.spread = from + (to - from) * eased;
      this.frame = share < 1 ? requestAnimationFrame(tick) : 0;
      this.draw();
    };
    this.frame = requestAnimationFrame(tick);
  }

  // Room for all steps, with that of the cursor in the middle.
  widen() {
    this.svg.setAttribute("width", Math.max(this.place.clientWidth, this.full()));
    this.place.scrollLeft = MARGIN + this.store.get("step") * this.wide - this.place.clientWidth / 2 + BOX / 2;
  }

  full() {
    return 2 * MARGIN + (this.steps.length - 1) * this.wide + BOX;
  }

  draw() {
    const room = this.place.clientWidth;
    if (!this.arrays.length || !room || !this.steps.length) return;
    const { spread } = this;
    const places = layout(this.arrays.length, saidAt(this.store, this.part, 0).said !== null);
    const width = spread > 0 ? Math.max(room, this.full()) : room;
    this.svg.setAttribute("width", width);
    this.svg.setAttribute("height", places.height);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${places.height}`);
    this.svg.setAttribute("aria-label", this.store.get("unrolled") ? `The network unrolled over ${this.steps.length} steps; Enter rolls it up` : "The network with its loop; Enter unrolls it in time");
    const middle = this.place.scrollLeft + room / 2 - BOX / 2 - (1 - spread) * 20;
    const now = Math.min(this.store.get("step"), this.steps.length - 1);
    this.now = now;
    this.x = (t) => middle + (this.left() + t * this.wide - middle) * spread;
    const drawn = this.visible(now).map((t) => this.step(t, places, now));
    this.svg.replaceChildren(arrowheads(), ...drawn.flat(), ...this.outside(places));
  }

  // Where the first step stands: short sequences stand in the middle.
  left() {
    return Math.max(MARGIN, (this.place.clientWidth - this.full()) / 2 + MARGIN);
  }

  visible(now) {
    if (this.spread === 0) return [now];
    const { scrollLeft, clientWidth } = this.place;
    const first = Math.max(0, Math.floor((scrollLeft - this.left()) / this.wide) - 1);
    const last = Math.min(this.steps.length - 1, Math.ceil((scrollLeft + clientWidth - this.left()) / this.wide) + 1);
    const shown = [];
    for (let t = first; t <= last; t++) if (t !== now) shown.push(t);
    return now >= first && now <= last ? [...shown, now] : shown;
  }

  // What a step reads: its symbol, or the first of its numbers.
  symbol(t) {
    if (!this.signal || this.signal.stack) return this.signal ? "♪" : this.steps[t];
    const { shape, data } = this.signal.values;
    return `${tickText(Number(data[t * shape[1]].toPrecision(5)))}${shape[1] > 1 ? " …" : ""}`;
  }

  step(t, places, now) {
    const { store, spread } = this;
    const x = this.x(t);
    const rolled = spread < 0.5;
    const own = store.get("layer") * this.D + (this.D === 2 ? store.get("reverse") : 0);
    const { said, share, faint } = saidAt(store, this.part, t);
    const opacity = t === now ? 1 : Math.max(0, Math.min(1, spread * 2 - 0.7));
    const one = column({
      x, t, opacity, H: this.H, directions: this.D, images: this.images(t), chosen: { row: own, unit: store.get("unit") }, current: t === now && !rolled,
      symbol: rolled ? "x" : this.symbol(t), caption: rolled ? "" : this.signal ? seen(this.steps[t], 14) : `t = ${t}`, said: said === null ? null : rolled ? "y" : said, share: rolled ? "" : share, faint: faint && !rolled,
    }, places);
    const last = t === this.steps.length - 1;
    const loops = places.hidden.flatMap((y, row) => (last && spread > 0.5 ? [] : [recurrence(x, y, spread, { wide: this.wide, back: this.D === 2 && row % 2 === 1, opacity })]));
    return [...loops, one];
  }

  // The states before the first step and after the last, where the arrows come from and lead to.
  outside(places) {
    if (this.spread < 0.4) return this.names(places);
    if (this.spread < 0.6) return [];
    const opacity = (this.spread - 0.6) / 0.4;
    const parts = [];
    places.hidden.forEach((y, row) => {
      const back = this.D === 2 && row % 2 === 1;
      const at = back ? this.x(this.steps.length - 1) + BOX : this.x(0);
      const [from, to] = back ? [at + 40, at + 3] : [at - 40, at - 3];
      parts.push(draw("g", { opacity },
        draw("line", { class: "arrow", x1: from, x2: to, y1: y + BOX / 2, y2: y + BOX / 2, stroke: "var(--orange)", "marker-end": "url(#head-orange)" }),
        label((from + to) / 2 - 2, y + BOX / 2 - 10, "hh", "orange"),
        draw("text", { class: "tick", x: from + (back ? 6 : -6), y: y + BOX / 2 + 4, "text-anchor": back ? "start" : "end" }, "start")));
    });
    return parts;
  }

  // What the layers are called, beside the rolled-up network.
  names(places) {
    const opacity = 1 - this.spread / 0.4;
    const { about } = this.store.state;
    const narrow = this.place.clientWidth < 480;
    const x = this.x(this.now) - 30;
    const text = (y, words) => draw("text", { class: "layer-name", x, y, "text-anchor": "end", opacity }, words);
    const hidden = places.hidden.map((y, row) => text(y + BOX / 2 + 5, `${this.D === 2 ? (row % 2 ? "backward" : "forward") : "hidden"}${narrow ? "" : `, ${this.H} units`}`));
    return [text(places.input + 24, "input"), ...hidden, ...(saidAt(this.store, this.part, this.now).said === null ? [] : [text(places.output + 24, `output${!narrow && about.outputs.length > 1 ? `, ${about.outputs.length}` : ""}`)])];
  }

  click(event) {
    if (!this.store.get("unrolled")) {
      this.toggle();
      return;
    }
    const of = event.target.closest("[data-step]");
    if (!of) return;
    const step = Number(of.dataset.step);
    const hidden = event.target.closest("[data-row]");
    if (!hidden) {
      this.store.set({ step });
      return;
    }
    const row = Number(hidden.dataset.row);
    const corner = hidden.querySelector(".box").getBoundingClientRect();
    const unit = unitAt(event.clientX - corner.left, event.clientY - corner.top, this.H);
    this.store.set({ step, layer: Math.floor(row / this.D), reverse: row % this.D, ...(unit === null ? {} : { unit }), summed: 1 });
  }

  rows() {
    const rows = this.arrays.map((_, row) => `layer ${Math.floor(row / this.D)}${this.D === 2 && row % 2 ? " reverse" : ""}`);
    const heads = rows.flatMap((row) => Array.from({ length: this.H }, (_, k) => `${row} h ${k}`));
    return [["step", "read", "says", ...heads], ...this.steps.map((step, t) => [t, step, saidAt(this.store, this.part, t).said, ...this.arrays.flatMap(({ data }) => [...data.subarray(t * this.H, (t + 1) * this.H)])])];
  }

  unmount() {
    cancelAnimationFrame(this.frame);
    this.ends.forEach((end) => end());
  }
}
