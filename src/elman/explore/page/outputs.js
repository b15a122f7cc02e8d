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
  class: (output, part, step) => ({ heading: "If it ended here", list: sorted(output.names, row(output.over_time, step)) }),
  tags: ({ top }, part, step) => (top?.[step] ? { heading: "Its tag", list: top[step] } : null),
  values: (output, part, step) => ({ heading: "It says", text: valuesAt(output, step) }),
  written: ({ top }, part, step) => (part.part === "decoder" && top?.[step] ? { heading: "What is written next?", list: top[step] } : null),
  transcript: ({ top }, part, step) => (top?.[step] ? { heading: "What is heard here?", list: top[step] } : null),
};

function valuesAt({ values, names }, step) {
  const own = row(values, Math.min(step, values.shape[0] - 1));
  return own.map((value, k) => (own.length > 1 ? `${names[k]} ${short(value)}` : short(value))).join(", ");
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
  if (output.kind === "class") return { ...likeliest(sorted(output.names, row(output.over_time, step), 1)), faint: !last };
  if (output.kind === "values") return { said: valuesAt(output, step).split(",")[0], faint: output.values.shape[0] === 1 && !last };
  if (output.kind === "written" && part.part !== "decoder") return { said: null };
  if (output.top) return likeliest(output.top[step]);
  return { said: null };
}
