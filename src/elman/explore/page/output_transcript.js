// Of a transcriber: what each frame says by itself, and when each part of the text is said.

import { make } from "./element.js";
import { Heat, legend } from "./heat.js";
import { Painted } from "./painted.js";
import { signalOf } from "./signal.js";
import { hypothesesTable } from "./hypotheses.js";
import { range } from "./time_axis.js";

export function transcript(place, { store }) {
  const text = make("p", { class: "said-text" });
  const heatPlace = make("div", { class: "stretch" });
  const soundPlace = make("div", { class: "stretch" });
  const others = make("div", {});
  const scale = make("span", {});
  place.append(
    text,
    make("section", { class: "section" }, make("h3", {}, "What is heard at every frame"), make("p", { class: "note" }, "The probability of each letter at each frame, ∅ for none: CTC speaks in spikes. ", scale), heatPlace, soundPlace),
    make("section", { class: "section" }, make("h3", {}, "Hypotheses of the search"), others),
  );
  const heat = new Heat(heatPlace, store, { label: "Probability of each letter at each frame", rowNames: [], rowKey: "letterRow", rowHeight: 20 });
  const sound = new Painted(soundPlace, store, { label: "The spectrogram" });
  let now = null;
  return {
    note: "",
    show(output, part) {
      now = { output, part };
      text.textContent = output.text || "(nothing)";
      heat.rowNames = output.names;
      heat.show(part.steps, output.posteriors, { positive: true, order: heard(output.posteriors) });
      scale.replaceChildren(legend(1, true));
      others.replaceChildren(hypothesesTable(output.hypotheses));
      const signal = signalOf(store);
      soundPlace.hidden = !signal;
      if (signal) sound.show(part, said(output, part.steps.length), { positive: true, signal });
    },
    pictures: () => [heat.canvas, ...soundPlace.querySelectorAll("svg")],
    rows: () => {
      const V = now.output.names.length;
      return [["step", "read", ...now.output.names], ...now.part.steps.map((step, t) => [t, step, ...now.output.posteriors.data.slice(t * V, (t + 1) * V)])];
    },
    unmount() {
      heat.unmount();
      sound.unmount();
    },
  };
}

// The letters that are likely somewhere, in their order; nothing (the blank) last.
function heard({ shape: [T, V], data }) {
  const most = range(0, V).map((k) => Math.max(...range(0, T).map((t) => data[t * V + k])));
  const some = range(1, V).filter((k) => most[k] > 0.05);
  return [...(some.length ? some : range(1, Math.min(V, 12))), 0];
}

// How much any letter is heard at each step.
function said({ posteriors: { shape, data } }, T) {
  return range(0, T).map((t) => 1 - data[t * shape[1]]);
}
