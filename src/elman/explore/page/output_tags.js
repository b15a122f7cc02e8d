// Of a tagger: a tag for each step, and how sure it is of it.

import { make, seen } from "./element.js";
import { Heat, legend } from "./heat.js";

export function tagsOfSteps(place, { store }) {
  const line = make("div", { class: "tagged", tabindex: 0, "data-cursor": true, role: "group", "aria-label": "Steps with their tags" });
  const heatPlace = make("div", { class: "stretch" });
  const scale = make("span", {});
  place.append(line, make("section", { class: "section" }, make("h3", {}, "Every tag at every step"), make("p", { class: "note" }, "The probability of each tag, darker where it is larger. ", scale), heatPlace));
  const heat = new Heat(heatPlace, store, { label: "Probability of each tag at each step", rowNames: [], rowKey: "tagRow", rowHeight: 24, left: 128 });
  let now = null;
  const mark = () => line.querySelectorAll("[data-step]").forEach((one) => one.classList.toggle("at", Number(one.dataset.step) === store.get("step")));
  line.addEventListener("click", (event) => {
    const of = event.target.closest("[data-step]");
    if (of) store.set({ step: Number(of.dataset.step) });
  });
  const ends = [store.on(["step"], mark), store.on(["theme"], () => scale.replaceChildren(legend(1, true)))];
  return {
    note: "",
    show(output, part) {
      now = { output, part };
      heat.rowNames = output.names;
      line.replaceChildren(...part.steps.map((step, t) => make("span", { class: `word ${plainTag(output.predicted[t]) ? "plain" : ""}`, "data-step": t }, make("span", {}, seen(step)), make("small", {}, output.predicted[t]))));
      heat.show(part.steps, output.probabilities, { positive: true });
      scale.replaceChildren(legend(1, true));
      mark();
    },
    pictures: () => [heat.canvas],
    rows: () => {
      const [, O] = now.output.probabilities.shape;
      return [["step", "read", "tag", ...now.output.names], ...now.part.steps.map((step, t) => [t, step, now.output.predicted[t], ...now.output.probabilities.data.slice(t * O, (t + 1) * O)])];
    },
    unmount() {
      ends.forEach((end) => end());
      heat.unmount();
    },
  };
}

function plainTag(tag) {
  return tag === "O" || tag === "_";
}
