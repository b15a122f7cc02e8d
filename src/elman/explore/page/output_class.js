// Of a classifier: the class, and what it would be if the sequence ended earlier.

import { Chart } from "./chart.js";
import { make } from "./element.js";
import { bars } from "./beside.js";
import { row, sorted } from "./outputs.js";

const LINES = 5; // classes that get a line

export function classOverTime(place, { store }) {
  const heading = make("h3", {});
  const list = make("div", { class: "wide-bars" });
  const chartPlace = make("div", { class: "stretch" });
  place.append(
    make("section", {}, heading, list),
    make("section", { class: "section" }, make("h3", {}, "Class over time"), make("p", { class: "note" }, "The probability of each class if the sequence had ended at that step."), chartPlace),
  );
  const chart = new Chart(chartPlace, store, { label: "Probability of the classes after each step", height: 260, percent: true });
  let now = null;
  return {
    note: "",
    show(output, part) {
      now = { output, part };
      heading.textContent = `The whole of it: ${output.predicted}`;
      list.replaceChildren(bars(sorted(output.names, output.probabilities)));
      if (output.over_time) chart.show(part.steps, shown(output, part.steps.length).map((k) => ({ name: output.names[k], values: classLine(output.over_time, k) })), { bounds: [0, 1] });
    },
    pictures: () => [chart.element],
    rows: () => [["step", "read", ...now.output.names], ...now.part.steps.map((step, t) => [t, step, ...row(now.output.over_time, t)])],
    unmount: () => chart.unmount(),
  };
}

// The classes that are likeliest at some step, those of the end first.
function shown({ over_time: over, names }, T) {
  const most = names.map((_, k) => [k, Math.max(...classLine(over, k)), over.data[(T - 1) * names.length + k]]);
  const chosen = most.sort((a, b) => b[1] - a[1]).slice(0, LINES);
  return chosen.sort((a, b) => b[2] - a[2]).map(([k]) => k);
}

function classLine({ shape: [T, O], data }, k) {
  return Array.from({ length: T }, (_, t) => data[t * O + k]);
}
