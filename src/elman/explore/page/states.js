// Hidden units over time as a heat map, and the chosen unit painted on what was read.

import { choice, make } from "./element.js";
import { Heat, legend } from "./heat.js";
import { ORDERS, order } from "./order.js";
import { Painted } from "./painted.js";
import { column, currentPart, largest, lens, looked, once } from "./reading.js";
import { saves, table } from "./save.js";
import { Cancelled } from "./socket.js";
import { signalOf } from "./signal.js";
import { zoom } from "./keys.js";

export const title = "Hidden units over time";
export const sentence = "Each row is a hidden unit, each column a time step, each colour the unit's value there: what the network remembers, while it reads.";

export function mount(element, { ask, store }) {
  store.keep({ order: "similarity", rows: "fit" });
  const controls = make("div", { class: "controls" });
  const scale = make("span", {});
  const heatPlace = make("div", { class: "stretch" });
  const fault = make("p", { class: "fault", role: "alert" });
  const caption = make("h3", {});
  const paintedPlace = make("div", {});
  const section = make("section", { class: "section" }, caption, paintedPlace);
  element.append(controls, fault, heatPlace, section);
  const heat = new Heat(heatPlace, store, { label: "Hidden units over time; arrows move the cursor" });
  const painted = new Painted(paintedPlace, store, { label: "What was read, painted by the chosen unit" });
  const chosen = lens(store);
  const orders = make("span", {});
  controls.append(chosen.element, orders, zooms(store), scale);
  let shown = null;

  const fillOrders = () => orders.replaceChildren(
    choice("Rows by", ORDERS, store.get("order"), (order) => store.set({ order })),
  );
  const load = async () => {
    const part = currentPart(store);
    if (!part) return;
    heatPlace.classList.add("stale");
    try {
      const { array } = await once(ask, store, "states", looked(store));
      fault.textContent = "";
      shown = { part, array, what: store.get("what") };
      present();
    } catch (error) {
      if (!(error instanceof Cancelled)) fault.textContent = error.message;
    } finally {
      heatPlace.classList.remove("stale");
    }
  };
  const present = () => {
    if (!shown) return;
    const { part, array } = shown;
    const positive = isShare(shown);
    const most = positive ? 1 : largest(array.data);
    const rows = order(array, store.get("order"));
    store.set({ orderShown: rows });
    heat.show(part.steps, array, { order: rows, most, positive, row: store.get("rows") === "tall" ? 12 : 0 });
    scale.replaceChildren(legend(most, positive));
    paintUnit();
  };
  const paintUnit = () => {
    if (!shown) return;
    const { part, array } = shown;
    const unit = Math.min(store.get("unit"), array.shape[1] - 1);
    const positive = isShare(shown);
    const values = column(array, unit);
    const signal = signalOf(store);
    painted.show(part, values, { most: positive ? 1 : largest(values), positive, signal });
    caption.textContent = `Unit ${unit} on what was read`;
  };
  const ends = [
    store.on(["reading", "part", "layer", "reverse", "what"], load),
    store.on(["order", "rows"], () => { fillOrders(); present(); }),
    store.on(["unit"], paintUnit),
    store.on(["theme"], () => shown && scale.replaceChildren(legend(isShare(shown) ? 1 : largest(shown.array.data), isShare(shown)))),
  ];
  fillOrders();
  load();
  return {
    save: saves("states", () => [heat.canvas, ...paintedPlace.querySelectorAll("svg")], () => {
      if (!shown) return [];
      const [, H] = shown.array.shape;
      return table(shown.part.steps, heat.order.map((unit) => `${shown.what} ${unit}`), (t, k) => shown.array.data[t * H + heat.order[k]]);
    }),
    unmount() {
      ends.forEach((end) => end());
      chosen.unmount();
      heat.unmount();
      painted.unmount();
      store.set({ orderShown: null });
    },
  };
}

// Whether values are shares from 0 to 1, as those of a gate with a sigmoid.
function isShare({ array, what }) {
  if (!what.startsWith("gate")) return false;
  return array.data.every((value) => value >= 0 && value <= 1);
}

export function zooms(store) {
  const button = (text, label, by) => make("button", { type: "button", "aria-label": label, title: label, on: { click: () => zoom(store, by) } }, text);
  return make("span", { class: "zooms", role: "group", "aria-label": "Zoom in time" }, button("−", "Zoom out", 2), button("+", "Zoom in at the cursor", 0.5), button("all", "All steps", Infinity));
}
