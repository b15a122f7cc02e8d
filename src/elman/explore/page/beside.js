// Beside a view: the step at the cursor, the chosen unit there, and what the network makes of it.

import { make, seen, short } from "./element.js";
import { column, currentPart, looked, network, once } from "./reading.js";
import { signalOf } from "./signal.js";
import { Cancelled } from "./socket.js";
import { probabilitiesAt } from "./outputs.js";

const MOST_NUMBERS = 8; // of a step

export function showBeside(place, { ask, store }) {
  const update = async () => {
    const part = currentPart(store);
    if (!part) return;
    const step = Math.min(store.get("step"), part.steps.length - 1);
    const value = make("div", { class: "part" });
    place.replaceChildren(stepper(store, part, step), value, ...shown(store, part, step));
    try {
      const { array } = await once(ask, store, "states", { ...looked(store) });
      if (!value.isConnected) return;
      const unit = Math.min(store.get("unit"), array.shape[1] - 1);
      const values = column(array, unit);
      const { num_layers } = network(store);
      value.replaceChildren(make("h2", {}, `Unit ${unit}${num_layers > 1 ? `, layer ${store.get("layer")}` : ""}`), row(store, values, step));
    } catch (error) {
      if (!(error instanceof Cancelled)) value.replaceChildren(make("p", { class: "fault" }, error.message));
    }
  };
  store.on(["reading", "part", "late", "step", "unit", "layer", "reverse", "what"], update);
}

function stepper(store, part, step) {
  const T = part.steps.length;
  const button = (text, label, to) => make("button", { type: "button", class: "quiet", "aria-label": label, disabled: to < 0 || to >= T, on: { click: () => store.set({ step: to }) } }, text);
  return make("div", {},
    make("div", { class: "steps" }, button("‹", "Step before", step - 1), make("h2", {}, `Step ${step} `, make("small", {}, `0 to ${T - 1}`)), button("›", "Step after", step + 1)),
    make("div", { class: "symbol" }, seen(part.steps[step], 40)),
    numbersAt(store, step));
}

// What a step of a series reads, by name.
function numbersAt(store, step) {
  const signal = signalOf(store);
  if (!signal || signal.stack || signal.names.length > MOST_NUMBERS) return null;
  const I = signal.names.length;
  return make("div", {}, signal.names.map((name, k) => make("div", { class: "value" }, make("span", {}, name), make("b", {}, short(signal.values.data[step * I + k])))));
}

function row(store, values, step) {
  const what = store.get("what");
  const now = values[step];
  const before = values[step - 1];
  const change = Number.isFinite(before) ? now - before : NaN;
  return make("div", {},
    make("div", { class: "value" }, make("span", {}, what === "h" ? "h" : what), make("b", {}, short(now))),
    make("div", { class: "value pale" }, make("span", {}, "change"), make("span", { class: "number" }, Number.isFinite(change) ? (change > 0 ? "+" : "") + short(change) : "–")));
}

function shown(store, part, step) {
  const found = probabilitiesAt(store, part, step);
  if (!found) return [];
  const { heading, list, text } = found;
  return [make("div", { class: "part" }, make("h2", {}, heading), text ? make("p", { class: "symbol" }, text) : null, list ? bars(list) : null)];
}

// [name, probability] pairs as bars.
export function bars(list) {
  return make("div", { class: "bars" }, list.map(([name, share]) => [
    make("span", { class: "name", title: name }, seen(name)),
    make("span", {}, make("div", { class: "bar", style: { width: `${Math.max(0.5, share * 100)}%` } })),
    make("span", { class: "share" }, `${(share * 100).toFixed(share < 0.0995 ? 1 : 0)} %`),
  ]));
}
