// How much each step of the input adds to an output, by three methods.

import { Chart } from "./chart.js";
import { demand } from "./demand.js";
import { choice, make, seen, short } from "./element.js";
import { Heat, legend } from "./heat.js";
import { Painted } from "./painted.js";
import { currentPart, largest, lens, lookAtReader } from "./reading.js";
import { saves } from "./save.js";
import { signalOf } from "./signal.js";

export const title = "Attribution of an output";
export const sentence = "How much each step of the input adds to one output of the network: orange steps speak for it, blue steps against it.";

const METHODS = [["gradient", "gradient × input"], ["integrated", "integrated gradients"], ["occlusion", "occlusion"]];
const SAYS = {
  gradient: "What a step would add if the output changed on as it begins to: quick, and blind where a unit is saturated.",
  integrated: "The gradient, averaged on the way from an empty input to this one: the parts add up to the whole difference.",
  occlusion: "How much the output falls when the step is left out: what a person would try, a run for every step.",
};
const MOST_ROWS = 64; // numbers of a step that are drawn one by one

export function mount(element, { ask, store }) {
  store.keep({ method: "integrated", of: "", at: -1 });
  lookAtReader(store);
  const controls = make("div", { class: "controls" });
  const note = make("p", { class: "note" });
  const run = make("div", {});
  const said = make("p", { class: "found" });
  const paintedPlace = make("div", {});
  const chartPlace = make("div", { class: "stretch" });
  const heatPlace = make("div", { class: "stretch" });
  const scale = make("span", {});
  const features = make("section", { class: "section" }, make("h3", {}, "Number by number"), make("p", { class: "note" }, "The same for each number of a step. ", scale), heatPlace);
  element.append(controls, note, run, said, paintedPlace, make("section", { class: "section" }, chartPlace), features);
  const parts = lens(store, { what: false, unit: false });
  const painted = new Painted(paintedPlace, store, { label: "What was read, painted by its attribution" });
  const chart = new Chart(chartPlace, store, { label: "Attribution of each step", height: 190 });
  const heat = new Heat(heatPlace, store, { label: "Attribution of each number of each step", rowNames: [], rowKey: "channel", rowHeight: 22 });
  let now = null;
  const about = store.get("about");
  const fill = () => {
    const part = currentPart(store);
    if (!part) return;
    note.textContent = SAYS[store.get("method")];
    const [names, several] = [part.names, part.asked.length > 1];
    controls.replaceChildren(
      ...(store.get("about").parts.length > 1 ? [parts.element] : []),
      choice("Method", METHODS, store.get("method"), (method) => store.set({ method })),
      choice("Of the output", [["", part.names.length === 1 || about.views.fan === null ? "the first" : "the likeliest"], ...names.map((name) => [name, seen(name)])], store.get("of"), (of) => store.set({ of })),
      ...(several ? [choice("At step", [[-1, `${usual(store, part)} ${seen(part.asked[usual(store, part)], 14)}`], ...part.asked.map((name, u) => [u, name === String(u) ? name : `${u} ${seen(name, 14)}`])], Math.min(store.get("at"), part.asked.length - 1), (at) => store.set({ at: Number(at) })),
        make("button", { type: "button", on: { click: () => store.set({ at: Math.min(store.get("step"), part.asked.length - 1) }) } }, "Take the cursor's step")] : []),
    );
  };
  const body = () => {
    const part = currentPart(store);
    if (!part) return null;
    const { method, of, at } = store.state;
    const known = part.names.includes(of);
    return { part: part.part, method, ...(of && known ? { output: of } : {}), at: at >= 0 && at < part.asked.length ? at : usual(store, part) };
  };
  const draw = () => {
    const { found, part } = now;
    const values = Array.from(found.values.data);
    const most = largest(values);
    said.textContent = found.sentence;
    painted.show(part, values, { most, signal: signalOf(store) });
    chart.show(part.steps, [{ name: `adds to “${seen(found.output[1])}”`, values, bars: true, colour: ["var(--blue)", "var(--orange)"] }]);
    const I = found.features?.shape[1] ?? 0;
    features.hidden = !signalOf(store) || I < 2 || I > MOST_ROWS;
    if (features.hidden) return;
    const top = largest(found.features.data);
    heat.rowNames = channelNames(store, I);
    heat.show(part.steps, found.features, { most: top });
    scale.replaceChildren(legend(top, false));
  };
  const asked = demand(run, { ask, store, name: "saliency", label: "Attribute the output", key: "attributed", body, on: ["method", "of", "at"], show: (found) => {
    now = { found, part: currentPart(store) };
    if (now.part.asked.length === now.part.steps.length) hold(store, body().at);
    draw();
  } });
  const ends = [store.on(["reading", "part", "method", "of", "at"], fill), store.on(["theme"], () => now && draw())];
  features.hidden = true;
  fill();
  return {
    save: saves("attribution", () => [...paintedPlace.querySelectorAll("svg"), chart.element, ...(features.hidden ? [] : [heat.canvas])], () => (now ? [["step", "read", "value"], ...now.part.steps.map((step, t) => [t, step, now.found.values.data[t]])] : [])),
    unmount() {
      ends.forEach((end) => end());
      [asked, parts, painted, chart, heat].forEach((one) => one.unmount());
    },
  };
}

// Move the window of steps that is shown, if it has not got this one, to where it ends with it.
function hold(store, step) {
  const { from, to } = store.state;
  if (to <= from || (step >= from && step < to)) return;
  const start = Math.max(0, step + 1 - (to - from));
  store.set({ from: start, to: start + to - from });
}

// Of a text that is written, whose last symbol is its end, the first word as what is read makes it, and the last as those
// before make it; else the last output.
function usual(store, part) {
  if (store.get("reading").output.kind !== "written") return part.asked.length - 1;
  return part.part === "encoder" ? 0 : Math.max(0, part.asked.length - 2);
}

function channelNames(store, I) {
  const names = store.get("about").input.names;
  return names?.length === I ? names : Array.from({ length: I }, (_, k) => short(k, 0));
}
