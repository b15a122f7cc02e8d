// Of a generator: what may come next, and how surprising each symbol was that came.

import { Chart } from "./chart.js";
import { make } from "./element.js";
import { Painted } from "./painted.js";
import { bars } from "./beside.js";
import { largest } from "./reading.js";

export function symbolsToCome(place, { store }) {
  const heading = make("h3", {});
  const list = make("div", { class: "wide-bars" });
  const chartPlace = make("div", { class: "stretch" });
  const textPlace = make("div", {});
  place.append(
    make("section", {}, heading, list),
    make("section", { class: "section" }, make("h3", {}, "Surprise"), make("p", { class: "note" }, "How unlikely each symbol was after those before it, in bits: 0 where the network was sure of it. Elman saw in 1990 that it falls inside a word and rises where the next one begins."), chartPlace, textPlace),
  );
  const chart = new Chart(chartPlace, store, { label: "Surprise of each symbol, in bits", height: 180 });
  const painted = new Painted(textPlace, store, { label: "What was read, painted by its surprise" });
  let now = null;
  const atCursor = () => {
    const { output, part } = now;
    const step = Math.min(store.get("step"), part.steps.length - 1);
    const read = part.steps.slice(Math.max(0, step - 24), step + 1).join(part.steps.some((one) => [...one].length > 1) ? " " : "");
    heading.replaceChildren("After ", make("q", { class: "read" }, `${step > 24 ? "…" : ""}${read}`), " comes");
    list.replaceChildren(bars(output.top[step] ?? []));
  };
  const ends = [store.on(["step"], () => now && atCursor())];
  return {
    note: "",
    show(output, part) {
      const bits = surprise(output, part);
      now = { output, part, bits };
      chart.show(part.steps, [{ name: "surprise, bits", values: bits, colour: "var(--orange)" }], { bounds: [0, Math.max(1, largest(bits))] });
      painted.show(part, bits.map((one) => (Number.isFinite(one) ? one : 0)), { most: largest(bits), positive: true });
      atCursor();
    },
    pictures: () => [chart.element],
    rows: () => [["step", "read", "probability", "surprise_bits"], ...now.part.steps.map((step, t) => [t, step, t === 0 ? "" : now.output.given[t - 1], t === 0 ? "" : now.bits[t]])],
    unmount() {
      ends.forEach((end) => end());
      chart.unmount();
      painted.unmount();
    },
  };
}

// Of each step that is read, minus log2 of the probability that it had before; the first, which stands for the
// beginning, has none.
function surprise({ given }, part) {
  return part.steps.map((_, t) => (t === 0 || given[t - 1] === null ? NaN : -Math.log2(Math.max(given[t - 1], 1e-12))));
}
