// How the value of one unit at one step comes about: its sums with their largest terms, and the equations in numbers.

import { make, seen, short } from "./element.js";
import { mathematics } from "./equations.js";
import { currentPart, network, once } from "./reading.js";
import { Cancelled, latest } from "./socket.js";

const TERMS = 6; // of a sum that are shown
const KINDS = { x: "W_xh", h: "W_hh" };

// Follows the cursor in `place`; empty until somebody has clicked a unit, or `always`.
export function showArithmetic(place, { ask, store }) {
  const show = latest(async () => {
    const part = currentPart(store);
    if (!part || !store.get("summed")) return;
    const { layer, reverse, unit } = store.state;
    const step = Math.min(store.get("step"), part.steps.length - 1);
    try {
      const found = await once(ask, store, "unit", { part: part.part, layer, reverse, step, unit: Math.min(unit, network(store).hidden_size - 1) });
      place.replaceChildren(...drawn(found, part, step));
    } catch (error) {
      if (!(error instanceof Cancelled)) place.replaceChildren(make("p", { class: "fault" }, error.message));
    }
  });
  store.keep({ summed: 0 });
  const end = store.on(["reading", "part", "step", "unit", "layer", "reverse", "summed"], show);
  show();
  return { unmount: end };
}

function drawn(found, part, step) {
  const [name, value] = Object.entries(found.states)[0];
  return [
    make("h3", {}, `Unit ${found.unit} at step ${step}, “${seen(part.steps[step])}”: ${name} = ${short(value, 4)}`),
    make("p", { class: "note" }, "Each gate is a sum: what the input adds, what the state before adds, and a bias. Below each, its largest terms: weight × value."),
    make("div", { class: "sums" }, found.sums.map((sum) => oneSum(sum))),
    found.mathml ? make("div", { class: "equations", tabindex: 0, role: "group", "aria-label": "The equations with their numbers" }, mathematics(found.mathml)) : lines(found.lines),
  ];
}

function oneSum({ gate, from_x, from_h, bias, total, terms, others, others_sum }) {
  const parts = [];
  if (from_x !== null) parts.push(coloured("W_xh", short(from_x), "input"));
  if (from_h !== null) parts.push(coloured("W_hh", short(from_h), "state before"));
  parts.push(coloured("bias", short(bias), "bias"));
  const shown = terms.slice(0, TERMS);
  const left = terms.slice(TERMS);
  const rest = { count: left.length + others, sum: left.reduce((sum, { product }) => sum + product, others_sum) };
  const most = Math.max(...shown.map(({ product }) => Math.abs(product)), 1e-12);
  return make("section", { class: "sum" },
    make("h4", {}, make("i", {}, gate), ` = ${short(total)}`),
    make("p", { class: "addends" }, parts.flatMap((one, k) => (k ? [make("span", { class: "pale" }, "+"), one] : [one]))),
    make("div", { class: "terms" }, shown.map(({ name, weight, value, product }) => [
      make("span", { class: KINDS[name[0]] ?? "" }, name),
      make("span", { class: "number pale" }, `${short(weight, 2)} × ${short(value, 2)}`),
      make("span", { class: "two-sided" }, make("span", { class: product < 0 ? "negative" : "positive", style: { width: `${(50 * Math.abs(product)) / most}%` } })),
      make("span", { class: "number" }, short(product)),
    ])),
    rest.count ? make("p", { class: "pale more" }, `and ${rest.count} smaller ones, together ${short(rest.sum)}`) : null);
}

function coloured(kind, number, name) {
  return make("span", { class: `addend ${kind}` }, make("b", {}, number), make("small", {}, name));
}

function lines(all) {
  return make("div", { class: "equations plain" }, all.map(({ left, formula, numbers, value }) => make("p", {}, `${left} = ${formula} = ${numbers} = ${short(value, 4)}`)));
}
