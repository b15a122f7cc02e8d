// The views, in the order of the navigation: each a module of its own, loaded when it is first looked at.
//
//   export const title, sentence
//   export function mount(element, { ask, store }) -> { save: {png, svg, csv} | null, unmount() }
//
// `ask(name, body, progress)` is a promise of the server's answer; `store` holds the cursor, the choices and the reading.

export const VIEWS = [
  { name: "network", title: "Network", needs: [], beside: true },
  { name: "states", title: "States", needs: ["states"], beside: true },
  { name: "output", title: "Output", needs: [], beside: true },
  { name: "over_time", title: "Over time", needs: ["gradient", "memory", "dynamics"], beside: true },
  { name: "attribution", title: "Attribution", needs: ["saliency"], beside: true },
  { name: "meaning", title: "Units", needs: ["meaning"], beside: true },
  { name: "what_if", title: "What if", needs: ["what_if", "ablate"], beside: true },
  { name: "writing", title: "Writing", needs: ["write"], beside: false },
  { name: "lab", title: "Lab", needs: [], beside: false },
];

export function viewNamed(name) {
  return VIEWS.find((view) => view.name === name) ?? VIEWS[0];
}

// The sentences why a model has not got what a view needs: those of all its needs, if none of them can be met.
export function absent(view, about) {
  const reasons = view.needs.map((need) => about?.views?.[need] ?? null);
  return reasons.length && reasons.every(Boolean) ? [...new Set(reasons)].join(" ") : null;
}
