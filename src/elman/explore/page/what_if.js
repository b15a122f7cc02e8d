// What if: another input beside the one that is read, how far apart the states are, and where they meet again; and the
// output without some units.

import { ablation } from "./ablation.js";
import { Chart } from "./chart.js";
import { make, scrolling, seen, short } from "./element.js";
import { Heat, legend } from "./heat.js";
import { isNumbers, isText } from "./input.js";
import { signedBars } from "./signed_bars.js";
import { counted, currentPart, largest, lens, lookAtReader, network } from "./reading.js";
import { numbers, written } from "./numbers.js";
import { saves } from "./save.js";
import { Cancelled, latest } from "./socket.js";

export const title = "What if?";
export const sentence = "The same network reads another version of the input beside the first: where their states differ, by how much, and after how many steps it no longer matters.";

const FEW = 120; // steps that are all drawn
const WAIT = 60; // milliseconds after a key

export function mount(element, { ask, store }) {
  const { views } = store.get("about");
  const unmounts = [];
  let saved = { pictures: () => [], rows: () => [] };
  if (views.what_if) element.append(make("p", { class: "absent" }, views.what_if));
  else {
    const one = edited(element, { ask, store });
    saved = one;
    unmounts.push(one.unmount);
  }
  const place = make("section", { class: "section" });
  element.append(place);
  if (views.ablate) place.append(make("h3", {}, "Without some units"), make("p", { class: "note" }, views.ablate));
  else unmounts.push(ablation(place, { ask, store }).unmount);
  return { save: saves("what_if", saved.pictures, saved.rows), unmount: () => unmounts.forEach((end) => end()) };
}

function edited(element, { ask, store }) {
  store.keep({ edit: "", whole: 0 });
  lookAtReader(store);
  const about = store.get("about");
  const text = isText(about);
  const typed = text || isNumbers(about);
  const field = typed ? make("textarea", { id: "edit-field", class: text ? "edit" : "edit numbers", rows: 2, spellcheck: "false" }) : make("select", { id: "edit-field" }, about.examples.map((title, k) => make("option", { value: k }, title)));
  const fault = make("p", { class: "fault", role: "alert" });
  const said = make("p", { class: "found", role: "status" });
  const heatPlace = make("div", { class: "stretch" });
  const changePlace = make("div", { class: "stretch" });
  const normPlace = make("div", { class: "stretch" });
  const outPlace = make("div", { class: "stretch" });
  const scale = make("span", {});
  const chosen = lens(store, { what: false });
  const whole = make("button", { type: "button", "aria-pressed": "false", hidden: true, on: { click: () => store.set({ whole: store.get("whole") ? 0 : 1 }) } }, "all steps");
  element.append(
    make("label", { for: "edit-field", class: "edit-label" }, `What if it read this instead?${typed ? ` Change a ${text ? "letter or a word" : "number"}.` : ""}`),
    field, fault, make("div", { class: "controls" }, chosen.element, whole, scale), said,
    make("h3", {}, "How far apart the states are"), normPlace, heatPlace, changePlace, outPlace,
  );
  // The steps are pairs of both inputs, which have an axis of their own.
  const own = {};
  const norm = new Chart(normPlace, store, { label: "Norm of the difference of the states", height: 160, own });
  const heat = new Heat(heatPlace, pairStore(store, own), { label: "Difference of each unit at each step" });
  const changes = new Chart(changePlace, store, { label: "Largest change of an output at each step", height: 130, own });
  let found = null;
  const row = () => {
    const { directions } = network(store);
    return store.get("layer") * directions + (directions === 2 ? store.get("reverse") : 0);
  };
  const draw = () => {
    if (!found) return;
    const k = row();
    const { steps, norms, meet, fraction } = found;
    const P = steps.length;
    const values = Array.from(norms.data.slice(k * P, (k + 1) * P));
    const [name, array] = Object.entries(found.states)[0];
    const H = array.shape[2];
    const array_ = { shape: [P, H], data: array.data.slice(k * P * H, (k + 1) * P * H) };
    const most = largest(array_.data);
    said.textContent = found.sentence;
    norm.show(steps, [{ name: "norm of the difference", values, colour: "var(--plum)", dash: null }], { bounds: [0, largest(values)], uprights: meet[k] === null || !values.some(Boolean) ? [] : [{ at: meet[k], text: `below ${Math.round(fraction * 100)} %: met again` }] });
    heat.show(steps, array_, { most });
    scale.replaceChildren(`${name}: `, legend(most, false));
    changePlace.hidden = found.output_change?.shape[0] !== P;
    if (!changePlace.hidden) changes.show(steps, [{ name: "largest change of an output", values: Array.from(found.output_change.data), bars: true, colour: "var(--green)" }], { bounds: found.probabilities ? [0, 1] : null });
    drawOutputs();
  };
  // Of many steps those about the edit, until all are asked for.
  const window = () => {
    const P = found.steps.length;
    const met = found.meet[row()];
    whole.hidden = P <= FEW;
    whole.setAttribute("aria-pressed", String(Boolean(store.get("whole"))));
    const all = P <= FEW || store.get("whole");
    Object.assign(own, all ? { from: 0, to: 0 } : { from: Math.max(0, found.edited[0] - 12), to: Math.min(P, Math.max(found.edited[1] + 40, (met ?? 0) + 12)) });
  };
  const drawOutputs = () => {
    outPlace.replaceChildren();
    if (!found.outputs) return;
    const [, U, O] = found.outputs.shape;
    const at = U === 1 ? 0 : Math.min(pairAt(found, store), U - 1);
    const of = (which) => Array.from(found.outputs.data.slice((which * U + at) * O, (which * U + at + 1) * O));
    const [first, second] = [of(0), of(1)];
    const change = second.map((value, o) => [found.names[o], value - first[o], first[o], value]).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1])).slice(0, 10);
    outPlace.append(
      make("h3", { class: "above" }, U === 1 ? "What that does to the output" : `What that does to the output at step ${at}`),
      scrolling("Change of the outputs", signedBars(change.map(([name, value]) => [seen(name, 18), value]), { most: found.probabilities ? 1 : largest(change.map((one) => one[1])) })),
      make("p", { class: "note" }, change.slice(0, 3).map(([name, , a, b]) => `${seen(name)}: ${told(a, found)} → ${told(b, found)}`).join(" · ")),
    );
  };
  const asked = (given) => {
    if (text) return { text: given };
    if (!typed) return { example: Number(given) };
    return { values: numbers(given), ...(about.examples.length ? { example: store.get("example") ?? 0 } : {}) };
  };
  const load = latest(async () => {
    const part = currentPart(store);
    if (!part) return;
    const given = field.value;
    try {
      const edit = found?.other?.join("");
      found = await ask("what_if", { part: part.part, ...asked(given) });
      fault.textContent = "";
      found.steps = counted(found.steps);
      window();
      draw();
      if (edit !== found.other.join("") && found.edited[0] < found.first.data.length) store.set({ step: found.first.data[found.edited[0]] });
    } catch (error) {
      if (!(error instanceof Cancelled)) fault.textContent = error.message;
    }
  });
  const start = () => {
    const reading = store.get("reading");
    if (!reading) return;
    if (!typed) {
      field.value = store.get("edit") || String(((store.get("example") ?? 0) + 1) % about.examples.length);
      return load();
    }
    const read = text ? reading.input.text : written(reading.input.values);
    const keep = document.activeElement === field || store.get("edit");
    if (!keep) field.value = text ? other(read) : otherNumbers(read);
    else if (!field.value) field.value = store.get("edit");
    return load();
  };
  let timer = 0;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      store.set({ edit: field.value });
      load();
    }, WAIT);
  });
  const ends = [store.on(["reading", "part"], start), store.on(["layer", "reverse"], draw), store.on(["whole"], () => found && (window(), draw())), store.on(["step"], () => found && drawOutputs())];
  start();
  return {
    pictures: () => [norm.element, heat.canvas, changes.element, ...outPlace.querySelectorAll("svg")],
    rows: () => {
      if (!found) return [];
      const P = found.steps.length;
      const { directions } = network(store);
      const names = found.norms.shape[0];
      return [["step", "read", ...Array.from({ length: names }, (_, k) => `norm layer ${Math.floor(k / directions)}${directions === 2 && k % 2 ? " reverse" : ""}`)], ...found.steps.map((step, t) => [t, step, ...Array.from({ length: names }, (_, k) => found.norms.data[k * P + t])])];
    },
    unmount() {
      clearTimeout(timer);
      ends.forEach((end) => end());
      [norm, heat, changes, chosen].forEach((one) => one.unmount());
    },
  };
}

function told(value, { probabilities }) {
  return probabilities ? `${(value * 100).toFixed(1)} %` : short(value);
}

// The pair in which the first input's step of the cursor stands.
function pairAt({ first }, store) {
  const at = Array.from(first.data).indexOf(store.get("step"));
  return at < 0 ? 0 : at;
}

// The shared cursor with a window of its own, which is one of pairs, not of what was read.
function pairStore(store, own) {
  return {
    get state() {
      return { ...store.state, from: own.from ?? 0, to: own.to ?? 0 };
    },
    get: (name) => store.get(name),
    set: (changes) => store.set(changes),
    on: (names, listener) => store.on(names, listener),
  };
}

// A first change to begin with: two thirds through, a value is the least of its column, or the largest if it is that.
function otherNumbers(text) {
  const rows = text.split("\n");
  const first = rows.map((row) => Number(row.split(",")[0]));
  const at = Math.floor((rows.length * 2) / 3);
  const known = first.filter(Number.isFinite);
  const value = first[at] === Math.min(...known) ? Math.max(...known) : Math.min(...known);
  rows[at] = [value, ...rows[at].split(",").slice(1)].join(",");
  return rows.join("\n");
}

// A first change to begin with: the letter in the middle is another.
function other(text) {
  const letters = [...text];
  const at = letters.findIndex((letter, k) => k >= Math.floor(letters.length / 3) && /\p{L}|\p{N}/u.test(letter));
  if (at < 0) return text;
  const others = [...new Set(letters.filter((letter) => /\p{L}|\p{N}/u.test(letter) && letter !== letters[at]))];
  letters[at] = others[0] ?? letters[at];
  return letters.join("");
}
