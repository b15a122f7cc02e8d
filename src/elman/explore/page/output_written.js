// Of a translator or captioner: what is written, where the network looked meanwhile, and the hypotheses of the search.

import { make, scrolling } from "./element.js";
import { Attention, END } from "./attention.js";
import { hypothesesTable, tree } from "./hypotheses.js";
import { Looks } from "./looks.js";

export function written(place, { store }) {
  store.keep({ written: 0 });
  const text = make("p", { class: "said-text" });
  const lookPlace = make("div", {});
  const note = make("p", { class: "note" });
  const treePlace = scrolling("The hypotheses as a tree");
  const list = make("div", {});
  place.append(
    text,
    make("section", { class: "section" }, make("h3", {}, "Attention"), note, lookPlace),
    make("section", { class: "section" }, make("h3", {}, "The search"), make("p", { class: "note" }, "The texts that the beam search kept to the end, as a tree of what they share, with their scores; the one above is written."), treePlace, list),
  );
  let look = null;
  let now = null;
  return {
    note: "",
    show(output) {
      now = { output };
      text.textContent = output.text || "(nothing)";
      treePlace.replaceChildren(tree(output.hypotheses, END));
      list.replaceChildren(hypothesesTable(output.hypotheses));
      const encoder = store.get("reading").parts.find((one) => one.part === "encoder");
      const { picture } = store.get("reading").input;
      note.textContent = `Where the network looked while it wrote each symbol: ${output.grid ? "what is left light" : "the darker, the more"}.`;
      look?.unmount();
      lookPlace.replaceChildren();
      look = null;
      if (!output.attention) lookPlace.append(make("p", { class: "absent" }, "This model was trained without attention: it writes from its hidden state alone."));
      else if (output.grid && picture) look = new Looks(lookPlace, picture, output);
      else look = new Attention(lookPlace, store, encoder?.steps ?? Array.from({ length: output.attention.shape[1] }, (_, k) => String(k + 1)), output);
    },
    pictures: () => [...(look?.pictures() ?? []), ...treePlace.querySelectorAll("svg")],
    rows: () => {
      const { attention, symbols, hypotheses } = now.output;
      if (!attention) return [["text", "score"], ...hypotheses.map(({ text, score }) => [text, score])];
      const T = attention.shape[1];
      const read = store.get("reading").parts.find((one) => one.part === "encoder")?.steps ?? Array.from({ length: T }, (_, k) => `region ${k}`);
      return [["written", ...read], ...[...symbols, END].map((symbol, u) => [symbol, ...attention.data.slice(u * T, (u + 1) * T)])];
    },
    unmount: () => look?.unmount(),
  };
}
