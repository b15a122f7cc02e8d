// The output without some hidden units, beside the whole one.

import { Chart } from "./chart.js";
import { make, scrolling, seen } from "./element.js";
import { currentPart, largest, network, once } from "./reading.js";
import { signedBars } from "./signed_bars.js";
import { Cancelled, latest } from "./socket.js";

export function ablation(place, { ask, store }) {
  store.keep({ without: "" });
  const list = make("span", { class: "row" });
  const fault = make("p", { class: "fault", role: "alert" });
  const said = make("p", { class: "found", role: "status" });
  const chartPlace = make("div", { class: "stretch" });
  const outPlace = scrolling("Change of the outputs");
  const add = make("button", { type: "button", class: "main", id: "ablate", on: { click: () => store.set({ without: [...new Set([...units(store), store.get("unit")])].join(",") }) } });
  const name = () => (add.textContent = `Take out unit ${store.get("unit")}`);
  place.append(make("h3", {}, "Without some units"), make("p", { class: "note" }, "Units are held at 0 at every step, and the output is computed again: what changes is what they were for."), make("div", { class: "controls" }, add, list), fault, said, chartPlace, outPlace);
  const chart = new Chart(chartPlace, store, { label: "How much the output changes at each step", height: 150 });
  let found = null;
  const fillList = () => list.replaceChildren(...units(store).map((unit) => make("button", { type: "button", "aria-label": `Put unit ${unit} back`, on: { click: () => store.set({ without: units(store).filter((one) => one !== unit).join(",") }) } }, `unit ${unit} ×`)));
  const draw = () => {
    if (!found) return;
    const U = found.asked.length;
    const part = currentPart(store);
    const at = U === 1 ? 0 : Math.min(store.get("step"), U - 1);
    const O = found.names.length;
    const rows = found.change ? Array.from(found.change.data) : Array.from({ length: U }, (_, u) => largestOf(found.changes.data.subarray(u * O, (u + 1) * O)));
    chartPlace.hidden = U === 1 || U !== part.steps.length;
    if (!chartPlace.hidden) chart.show(part.steps, [{ name: "largest change of an output", values: rows, bars: true, colour: "var(--plum)" }]);
    if (!found.changes) return outPlace.replaceChildren();
    const change = Array.from({ length: O }, (_, o) => [seen(found.names[o], 18), found.changes.data[at * O + o]]).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1])).slice(0, 10);
    outPlace.replaceChildren(make("h3", { class: "above" }, U === 1 ? "The change of the output" : `The change of the output at step ${at}, “${seen(found.asked[at])}”`), signedBars(change, { most: found.probabilities ? 1 : largest(change.map((one) => one[1])) }));
    return null;
  };
  const load = latest(async () => {
    const part = currentPart(store);
    const { hidden_size } = network(store);
    const own = units(store).filter((unit) => unit < hidden_size);
    fillList();
    if (!part || own.length === 0) {
      found = null;
      said.textContent = "";
      chartPlace.hidden = true;
      outPlace.replaceChildren();
      return;
    }
    const { layer, reverse } = store.state;
    try {
      found = await once(ask, store, "ablate", { part: part.part, units: own, layer, reverse });
      fault.textContent = "";
      said.textContent = found.sentence;
      draw();
    } catch (error) {
      if (!(error instanceof Cancelled)) fault.textContent = error.message;
    }
  });
  const ends = [store.on(["unit"], name), store.on(["without", "reading", "part", "layer", "reverse"], load), store.on(["step"], draw)];
  name();
  load();
  return {
    unmount() {
      ends.forEach((end) => end());
      chart.unmount();
    },
  };
}

function units(store) {
  return store.get("without").split(",").filter(Boolean).map(Number);
}

function largestOf(values) {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
