// What has been read, as views ask for it: the part that is looked at, its layers, and arrays of states.

import { choice, make } from "./element.js";
import { Cancelled } from "./socket.js";

export function currentPart(store) {
  const reading = store.get("reading");
  if (!reading) return null;
  return reading.parts.find((part) => part.part === store.get("part")) ?? reading.parts.at(-1);
}

// Of a model of two parts, look at the one that reads what is given, unless somebody has chosen.
export function lookAtReader(store) {
  const { about, part } = store.state;
  if (!part && about.parts.length > 1) store.set({ part: about.parts[0], step: 0, from: 0, to: 0 });
}

// What to tell the server of what is looked at.
export function looked(store) {
  const { layer, reverse, what } = store.state;
  const part = currentPart(store);
  return { part: part?.part, layer, reverse, what };
}

// Steps without names are numbered from 0, as everything on the page and in Python is.
export function counted(steps) {
  return steps.every((name, t) => name === String(t + 1)) ? steps.map((_, t) => String(t)) : steps;
}

// The sizes of the recurrent network that is looked at: num_layers, directions, hidden_size.
export function network(store) {
  const about = store.get("about");
  return about.networks[currentPart(store)?.part ?? about.parts.at(-1)];
}

const kept = new Map(); // of the newest reading: what was asked, and the promise of its answer
const last = new Map(); // by name, the question before: a newer one of its name would cancel it
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
    const before = last.get(name) ?? Promise.resolve();
    const answer = before.catch(() => null).then(() => {
      if (keptOf !== reading) throw new Cancelled("Something else has been read.");
      return ask(name, body, progress);
    }).then((found) => {
      if (name === "states" && found.read !== reading.asked) throw new Cancelled("Something else has been read.");
      return found;
    });
    answer.catch(() => keptOf === reading && kept.delete(key)); // whoever asks next asks anew
    last.set(name, answer);
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
    const { about, layer, reverse } = store.state;
    if (!about) return;
    const part = currentPart(store)?.part;
    const { num_layers, directions, hidden_size } = network(store);
    const layers = Array.from({ length: num_layers }, (_, k) => [k, String(k)]);
    const shown = [];
    if (about.parts.length > 1) shown.push(choice("Part", about.parts, part, (part) => store.set({ part, step: 0, from: 0, to: 0 })));
    if (num_layers > 1) shown.push(choice("Layer", layers, layer, (k) => store.set({ layer: Number(k) })));
    if (directions > 1) shown.push(choice("Direction", [[0, "forward"], [1, "backward"]], reverse, (k) => store.set({ reverse: Number(k) })));
    if (what) shown.push(choice("Shows", whats(about), store.get("what"), (what) => store.set({ what })));
    if (unit) shown.push(unitField(store, hidden_size));
    place.replaceChildren(...shown);
  };
  fill();
  return { element: place, unmount: store.on(["about", "layer", "reverse", "part", "what", "reading", "unit"], (changed) => {
    if (changed.length === 1 && changed[0] === "unit") {
      const field = place.querySelector("input");
      if (field && document.activeElement !== field) field.value = store.get("unit");
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

function whats(about) {
  const states = about.states.map((name) => [name, name === "h" ? "state h" : `state ${name}`]);
  return [...states, ...about.gates.map((name) => [`gate ${name}`, `gate ${name}`])];
}

function unitField(store, hidden_size) {
  const field = make("input", { type: "number", min: 0, max: hidden_size - 1, value: store.get("unit"), id: "unit-field",
    on: { input: () => {
      const unit = field.value === "" ? -1 : Math.round(Number(field.value));
      if (unit >= 0 && unit < hidden_size) store.set({ unit });
    } } });
  return make("span", { class: "choice" }, make("label", { for: "unit-field" }, "Unit"), field);
}
