// How far back learning reaches, how long the state remembers, and how differences grow or shrink, over the same steps.

import { Chart } from "./chart.js";
import { demand } from "./demand.js";
import { make, short } from "./element.js";
import { plane } from "./plane.js";
import { currentPart, lens, network } from "./reading.js";
import { saves } from "./save.js";
import { zooms } from "./states.js";
import { range } from "./time_axis.js";

export const title = "Gradients, memory and dynamics over time";
export const sentence = "How much a step can still teach about the steps before it, what is left of a change of the state as time goes on, and whether differences grow or shrink at each step.";

export function mount(element, { ask, store }) {
  const about = store.get("about");
  const chosen = lens(store, { what: false });
  element.append(make("div", { class: "controls" }, chosen.element, zooms(store)));
  const views = [gradient, dynamics, memory].map((view) => {
    const place = make("section", { class: "section" });
    element.append(place);
    const reason = about.views[view.name];
    if (reason) {
      place.append(make("h3", {}, view.title ?? TITLES[view.name]), make("p", { class: "note" }, reason));
      return { pictures: () => [], rows: () => [], unmount() {} };
    }
    return view(place, { ask, store });
  });
  return {
    save: saves("over_time", () => views.flatMap((one) => one.pictures()), () => {
      const rows = views.flatMap((one) => one.rows());
      return rows.length ? [["what", "layer", "at", "value"], ...rows] : [];
    }),
    unmount() {
      views.forEach((one) => one.unmount());
      chosen.unmount();
    },
  };
}

const TITLES = { gradient: "Gradient by lag", dynamics: "Dynamics", memory: "Memory" };

// The row of arrays (L*D, ...) that is looked at.
function layerRow(store) {
  const { directions } = network(store);
  return store.get("layer") * directions + (directions === 2 ? store.get("reverse") : 0);
}

function gradient(place, { ask, store }) {
  const run = make("div", {});
  const said = make("p", { class: "found" });
  const here = make("div", { class: "stretch" });
  const byLag = make("div", { class: "stretch" });
  place.append(
    make("h3", {}, "How far back learning reaches"),
    make("p", { class: "note" }, "The norm of the gradient of the loss at the cursor by the state after each step before it; below it the mean over all steps, by how many steps lie between."),
    run, said, here, byLag,
  );
  const first = new Chart(here, store, { label: "Gradient of the loss at the cursor by earlier states", height: 170 });
  const own = {};
  const second = new Chart(byLag, store, { label: "Mean gradient by lag", height: 170, own });
  let now = null;
  const atCursor = () => {
    if (!now) return;
    const { found, part } = now;
    const { at, norms } = found;
    const K = norms.shape[1];
    const places = Array.from(at.data);
    const inStep = part.asked.length === part.steps.length;
    const row = places.reduce((best, t, k) => (Math.abs(t - store.get("step")) < Math.abs(places[best] - store.get("step")) ? k : best), 0);
    const base = inStep ? places[row] : part.steps.length - 1; // where an output is for the whole, lags count from the end
    const values = new Array(part.steps.length).fill(NaN);
    for (let k = 0; k < K; k++) if (base - k >= 0) values[base - k] = norms.data[row * K + k];
    first.show(part.steps, [{ name: inStep ? `gradient of the loss at step ${base}` : "gradient of the loss by the state after each step", values, colour: "var(--red)", dash: null }], { log: true });
  };
  const asked = demand(run, { ask, store, name: "gradient", label: "Compute the gradients", key: "gradients", body: () => ({ part: currentPart(store)?.part, ...(network(store).directions === 2 ? { window: null } : {}) }), show: (found) => {
    now = { found, part: currentPart(store) };
    said.textContent = found.sentence ?? "";
    const mean = Array.from(found.mean.data);
    const marks = found.window && found.window < mean.length ? [{ at: found.window, text: `window of ${found.window}: cut here` }] : [];
    const learned = found.window && found.learned ? [{ name: "left by the window", values: Array.from(found.learned.data), colour: "var(--blue)" }] : [];
    second.show(range(0, mean.length).map(String), [{ name: "mean, by steps back", values: mean, colour: "var(--red)", dash: null }, ...learned], { log: true, uprights: marks });
    atCursor();
  } });
  const end = store.on(["step"], atCursor);
  return {
    pictures: () => [first.element, second.element],
    rows: () => (now ? Array.from(now.found.mean.data, (value, k) => ["gradient by lag", "", k, value]) : []),
    unmount() {
      end();
      asked.unmount();
      first.unmount();
      second.unmount();
    },
  };
}

function dynamics(place, { ask, store }) {
  const run = make("div", {});
  const said = make("p", { class: "found" });
  const radiusPlace = make("div", { class: "stretch" });
  const exponentPlace = make("div", { class: "stretch" });
  const planePlace = make("div", { class: "planes" });
  place.append(
    make("h3", {}, "Do differences grow or shrink?"),
    make("p", { class: "note" }, "The spectral radius of each step's Jacobian, above 1 where some difference grows; the running Lyapunov exponent, above 0 where differences grow in the long run; and the eigenvalues of W_hh, by which that starts."),
    run, said, radiusPlace, exponentPlace, planePlace,
  );
  const radius = new Chart(radiusPlace, store, { label: "Spectral radius of the Jacobian at each step", height: 150 });
  const exponent = new Chart(exponentPlace, store, { label: "Largest Lyapunov exponent so far, per step", height: 150 });
  let found = null;
  const draw = () => {
    if (!found) return;
    const part = currentPart(store);
    const k = layerRow(store);
    radius.show(part.steps, [{ name: "spectral radius", values: rowOf(found.radius, k), colour: "var(--orange)", dash: null }], { marks: [{ value: 1, text: "1" }] });
    exponent.show(part.steps, [{ name: "Lyapunov exponent so far", values: rowOf(found.exponent, k), colour: "var(--plum)", dash: null }], { marks: [{ value: 0, text: "" }] });
    planePlace.replaceChildren(...Object.entries(found.eigenvalues).map(([gate, of]) => plane(`W_hh${Object.keys(found.eigenvalues).length > 1 ? ` of ${gate}` : ""}`, complexRow(of, k))));
  };
  const asked = demand(run, { ask, store, name: "dynamics", label: "Compute the dynamics", key: "dynamics", body: () => ({ part: currentPart(store)?.part }), show: (answer) => {
    found = answer;
    said.textContent = found.sentence ?? "";
    draw();
  } });
  const end = store.on(["layer", "reverse"], draw);
  return {
    pictures: () => [radius.element, exponent.element, ...planePlace.querySelectorAll("svg")],
    rows: () => (found ? ["radius", "exponent"].flatMap((name) => range(0, found[name].shape[0]).flatMap((k) => rowOf(found[name], k).map((value, t) => [name, k, t, value]))) : []),
    unmount() {
      end();
      asked.unmount();
      radius.unmount();
      exponent.unmount();
    },
  };
}

function memory(place, { ask, store }) {
  const run = make("div", {});
  const said = make("p", { class: "found" });
  const leftPlace = make("div", { class: "stretch" });
  const unitsPlace = make("div", { class: "stretch" });
  place.append(
    make("h3", {}, "How long the state remembers"),
    make("p", { class: "note" }, "A small change is made to the state and followed: what is left of it after each step, and the half-life of a change of each unit, the longest first. Click a unit to choose it."),
    run, said, leftPlace, unitsPlace,
  );
  const left = new Chart(leftPlace, store, { label: "What is left of a change of the state, by steps", height: 160, own: {} });
  const own = { pick: (k) => store.set({ unit: order[k] }) };
  const units = new Chart(unitsPlace, store, { label: "Half-life of a change of each unit, in steps", height: 190, own });
  let found = null;
  let order = [];
  const draw = () => {
    if (!found) return;
    const k = layerRow(store);
    left.show(range(0, found.left.shape[0]).map(String), [{ name: "left of a change of the whole state", values: Array.from(found.left.data), dash: null }, ...(found.left_in.shape[0] > 1 ? [{ name: "in this layer", values: rowOf(found.left_in, k), colour: "var(--orange)" }] : [])], { marks: [{ value: 0.5, text: "half" }] });
    const lives = rowOf(found.half_life, k);
    const most = Math.max(...lives.filter(Number.isFinite), 1);
    order = range(0, lives.length).sort((a, b) => lives[b] - lives[a] || a - b);
    own.cursor = order.indexOf(store.get("unit"));
    units.show(order.map(String), [{ name: `half-life in steps, by unit; unit ${store.get("unit")}:`, values: order.map((unit) => (Number.isFinite(lives[unit]) ? lives[unit] : most)), bars: true, colour: "var(--blue)" }], {});
  };
  const asked = demand(run, { ask, store, name: "memory", label: "Compute the memory", key: "memory", body: () => ({ part: currentPart(store)?.part }), show: (answer) => {
    found = answer;
    said.textContent = found.sentence ?? `Half of a change of the state is left after ${short(found.whole, 1)} steps.`;
    draw();
  } });
  const end = store.on(["layer", "reverse", "unit"], draw);
  return {
    pictures: () => [left.element, units.element],
    rows: () => (found ? range(0, found.half_life.shape[0]).flatMap((k) => rowOf(found.half_life, k).map((value, unit) => ["half_life", k, unit, value])) : []),
    unmount() {
      end();
      asked.unmount();
      left.unmount();
      units.unmount();
    },
  };
}

export function rowOf({ shape, data }, k) {
  const size = shape.slice(1).reduce((a, b) => a * b, 1);
  return Array.from(data.slice(k * size, (k + 1) * size));
}

// A row of complex numbers, (L*D, H) each of their parts, as pairs.
function complexRow({ re, im }, k) {
  const [real, imaginary] = [rowOf(re, k), rowOf(im, k)];
  return real.map((value, n) => [value, imaginary[n]]);
}
