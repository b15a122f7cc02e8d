// Hidden states that grow by a column with every symbol, as a heat map that follows the last one.

import { LEFT, RIGHT } from "./chart.js";
import { choice, make } from "./element.js";
import { Heat, legend } from "./heat.js";
import { largest } from "./reading.js";
import { whenSized } from "./time_axis.js";

const NARROWEST = 10; // pixels of a column, which hold a letter

// What a heat map needs of a store: a cursor of its own, since the text is not what the page's input is.
class Cursor {
  constructor(store, moved) {
    this.store = store;
    this.state = { from: 0, to: 0, step: 0, unit: store.get("unit") };
    this.moved = moved;
  }

  get(name) {
    return this.state[name];
  }

  set({ step, unit }) {
    this.state.unit = unit;
    this.moved(step);
  }

  on(names, listener) {
    return names.includes("theme") ? this.store.on(["theme"], listener) : () => {};
  }
}

export class GrowingStates {
  // `pick(at)` is called with the symbol whose column is clicked.
  constructor(place, store, pick) {
    Object.assign(this, { place, store, columns: [], symbols: [], at: null, first: 0 });
    const about = store.get("about");
    const { num_layers: L } = about.networks[about.parts.at(-1)];
    store.keep({ write_layer: L - 1, write_state: about.states[0] });
    const choices = make("div", { class: "controls" });
    const map = make("div", { class: "stretch" });
    if (L > 1) choices.append(choice("Layer", Array.from({ length: L }, (_, k) => [k, String(k + 1)]), store.get("write_layer"), (k) => store.set({ write_layer: Number(k) })));
    if (about.states.length > 1) choices.append(choice("Shows", about.states.map((name) => [name, `state ${name}`]), store.get("write_state"), (name) => store.set({ write_state: name })));
    this.scale = make("span", {});
    choices.append(this.scale);
    place.append(choices, map);
    this.cursor = new Cursor(store, (step) => pick(this.first + step));
    this.heat = new Heat(map, this.cursor, { label: "Hidden states of the text; a column for each symbol" });
    this.map = map;
    this.ends = [store.on(["write_layer", "write_state"], () => this.draw()), whenSized(place, () => this.draw())];
    this.most = 0;
  }

  // The text was cut to `at` symbols, and others added: states {name: {shape: [n, L, H], data}}, or null of none. Of
  // symbols that are no longer kept there are none.
  take(at, added, states) {
    this.columns.length = Math.min(this.columns.length, at);
    this.symbols.length = Math.min(this.symbols.length, at);
    const n = states ? Object.values(states)[0].shape[0] : 0;
    added.forEach((symbol, k) => {
      const row = k - (added.length - n);
      this.symbols.push(symbol.trim() || symbol);
      this.columns.push(row < 0 ? null : Object.fromEntries(Object.entries(states).map(([name, { shape: [, L, H], data }]) => [name, { H, data: data.subarray(row * L * H, (row + 1) * L * H) }])));
    });
    this.at = null;
    this.draw();
  }

  select(at) {
    this.at = at;
    this.draw();
  }

  of(column) {
    const found = column?.[this.store.get("write_state")];
    return found ? found.data.subarray(this.store.get("write_layer") * found.H, (this.store.get("write_layer") + 1) * found.H) : null;
  }

  draw() {
    const total = this.columns.length;
    const fits = Math.max(8, Math.floor(((this.place.clientWidth || 800) - LEFT - RIGHT) / NARROWEST));
    const last = this.at === null ? total : Math.min(total, Math.max(this.at + Math.ceil(fits / 2), fits));
    this.first = Math.max(0, last - fits);
    const shown = this.columns.slice(this.first, last).map((column) => this.of(column));
    const H = shown.find(Boolean)?.length;
    this.map.hidden = !H;
    if (!H) return;
    const data = new Float32Array(shown.length * H);
    shown.forEach((column, t) => column && data.set(column, t * H));
    const most = this.store.get("write_state") === "h" ? 1 : Math.max(1, Math.ceil(largest(data)));
    if (most !== this.most) this.scale.replaceChildren(legend(most, false));
    this.most = most;
    Object.assign(this.cursor.state, { step: this.at === null ? shown.length - 1 : this.at - this.first });
    this.heat.show(this.symbols.slice(this.first, last), { shape: [shown.length, H], data }, { most });
  }

  pictures() {
    return [this.heat.canvas];
  }

  // Of the table to save: the names of its columns, and a row.
  names() {
    const H = this.columns.find(Boolean) ? this.of(this.columns.find(Boolean)).length : 0;
    return Array.from({ length: H }, (_, k) => `${this.store.get("write_state")} ${k}`);
  }

  row(t) {
    return Array.from(this.of(this.columns[t]) ?? []);
  }

  unmount() {
    this.ends.forEach((end) => end());
    this.heat.unmount();
  }
}
