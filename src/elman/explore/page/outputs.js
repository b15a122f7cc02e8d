// What the model makes of a step, for the panel beside a view.

import { short } from "./element.js";

// {heading, list: [[name, probability]], text} of a step of a part; null: there is nothing to say.
export function probabilitiesAt(store, part, step) {
  const { output } = store.get("reading");
  const of = SAYS[output.kind];
  return of ? of(output, part, step) : null;
}

const SAYS = {
  symbols: ({ top }, part, step) => (top[step] ? { heading: "What comes next?", list: top[step] } : null),
  class: (output, part, step) => (output.over_time ? { heading: "If it ended here", list: sorted(output.names, row(output.over_time, step)) } : null),
  tags: ({ top }, part, step) => (top?.[step] ? { heading: "Its tag", list: top[step] } : null),
  values: (output, part, step) => (valuesOf(output) ? { heading: output.per === "sequence" ? "If it ended here" : "It says", text: valuesAt(output, step) } : null),
  fan: ({ history }, part, step) => ({ heading: "What came", text: short(history.data[step], 1) }),
  written: ({ top }, part, step) => (part.part === "decoder" && top?.[step] ? { heading: "What is written next?", list: top[step] } : null),
  transcript: ({ top }, part, step) => (top?.[step] ? { heading: "What is heard here?", list: top[step] } : null),
};

// The tag that is told, which with a CRF need not be the likeliest of its step by itself.
function tagged({ names, predicted, probabilities: { shape, data } }, step) {
  const share = data[step * shape[1] + names.indexOf(predicted[step])];
  return { said: predicted[step], share: `${Math.round(share * 100)} %` };
}

function valuesOf({ per, values, over_time: over }) {
  return per === "sequence" ? over : values;
}

function valuesAt(output, step) {
  const own = row(valuesOf(output), step);
  return own.map((value, k) => (own.length > 1 ? `${output.names[k]} ${short(value)}` : short(value))).join(", ");
}

export function row({ shape, data }, t) {
  return Array.from(data.slice(t * shape[1], (t + 1) * shape[1]));
}

export function sorted(names, shares, most = 8) {
  return names.map((name, k) => [name, shares[k]]).sort((a, b) => b[1] - a[1]).slice(0, most);
}

// What the model says after a step, in a box: {said, share, faint}; said is null where this part says nothing.
export function saidAt(store, part, step) {
  const { output } = store.get("reading");
  const last = step === part.steps.length - 1;
  const likeliest = (list) => (list?.length ? { said: list[0][0], share: `${Math.round(list[0][1] * 100)} %` } : { said: null });
  if ("over_time" in output && !output.over_time) return { said: "" };
  if (output.kind === "class") return { ...likeliest(sorted(output.names, row(output.over_time, step), 1)), faint: !last };
  if (output.kind === "values") return { said: short(row(valuesOf(output), step)[0], 2), faint: output.per === "sequence" && !last };
  if (output.kind === "written" && part.part !== "decoder") return { said: null };
  if (output.kind === "fan") return { said: "forecast" };
  if (output.kind === "tags") return tagged(output, step);
  if (output.top) return likeliest(output.top[step]);
  return { said: null };
}
