// What has been read, as views ask for it: the part that is looked at, its layers, and arrays of states.

import { choice } from "./element.js";
import { make } from "./element.js";

export function currentPart(store) {
  const reading = store.get("reading");
  if (!reading) return null;
  return reading.parts.find((part) => part.part === store.get("part")) ?? reading.parts.at(-1);
}

// What to tell the server of what is looked at.
export function looked(store) {
  const { layer, reverse, what } = store.state;
  const part = currentPart(store);
  return { part: part?.part, layer, reverse: Boolean(reverse), what };
}

const kept = new Map(); // of the newest reading: what was asked, and the promise of its answer
let keptOf = null;

// The answer to a question about the newest reading, asked once however many views want it.
export function once(ask, store, name, body, progress) {
  const reading = store.get("reading");
  if (keptOf !== reading) {
    kept.clear();
    keptOf = reading;
  }
  const key = JSON.stringify([name, body]);
  if (!kept.has(key)) {
    const answer = ask(name, body, progress);
    answer.catch(() => kept.delete(key)); // whoever asks next asks anew
    kept.set(key, answer);
  }
  return kept.get(key);
}

export function column(array, unit) {
  const [T, H] = array.shape;
  return Float32Array.from({ length: T }, (_, t) => array.data[t * H + unit]);
}

export function largest(values) {
  let most = 0;
  for (const value of values) if (Number.isFinite(value)) most = Math.max(most, Math.abs(value));
  return most || 1;
}

// The choices of what is looked at, as far as a model leaves any: part, layer, direction, state or gate.
export function lens(store, { what = true, unit = true } = {}) {
  const place = make("div", { class: "row lens" });
  const fill = () => {
    const { about, layer, reverse, state } = { ...store.state, state: store.get("what") };
    if (!about) return;
    const part = currentPart(store)?.part;
    const layers = Array.from({ length: about.num_layers }, (_, k) => [k, String(k + 1)]);
    const shown = [];
    if (about.parts.length > 1) shown.push(choice("Part", about.parts, part, (part) => store.set({ part, step: 0, from: 0, to: 0 })));
    if (about.num_layers > 1) shown.push(choice("Layer", layers, layer, (k) => store.set({ layer: Number(k) })));
    if (directions(store) > 1) shown.push(choice("Direction", [[0, "forward"], [1, "backward"]], reverse, (k) => store.set({ reverse: Number(k) })));
    if (what) shown.push(choice("Shows", whats(about), state, (what) => store.set({ what })));
    if (unit) shown.push(unitField(store, about));
    place.replaceChildren(...shown);
  };
  fill();
  return { element: place, unmount: store.on(["about", "layer", "reverse", "part", "what", "reading", "unit"], (changed) => {
    if (changed.length === 1 && changed[0] === "unit") {
      const field = place.querySelector("input");
      if (field && document.activeElement !== field) field.value = store.get("unit") + 1;
    } else if (!place.contains(document.activeElement) || document.activeElement.tagName !== "INPUT") keepFocus(place, fill);
  }) };
}

// A list that is made anew keeps the focus it had.
function keepFocus(place, fill) {
  const lists = [...place.querySelectorAll("select, input")];
  const at = lists.indexOf(document.activeElement);
  fill();
  if (at >= 0) place.querySelectorAll("select, input")[at]?.focus();
}

export function directions(store) {
  const part = currentPart(store);
  return part?.directions ?? store.get("about").directions;
}

function whats(about) {
  const states = about.states.map((name) => [name, name === "h" ? "state h" : `state ${name}`]);
  return [...states, ...about.gates.map((name) => [`gate ${name}`, `gate ${name}`])];
}

function unitField(store, about) {
  const field = make("input", { type: "number", min: 1, max: about.hidden_size, value: store.get("unit") + 1, id: "unit-field",
    on: { input: () => {
      const unit = Math.round(Number(field.value)) - 1;
      if (unit >= 0 && unit < about.hidden_size) store.set({ unit });
    } } });
  return make("span", { class: "choice" }, make("label", { for: "unit-field" }, "Unit"), field);
}
