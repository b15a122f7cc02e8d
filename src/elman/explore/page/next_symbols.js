// What may come next, as bars to click: the likeliest symbols, with the network's probability and the one drawn with.

import { make, seen } from "./element.js";

export class NextSymbols {
  // `choose(number)` is called with the symbol that is clicked.
  constructor(choose) {
    this.choose = choose;
    this.heading = make("h3", {});
    this.list = make("div", { class: "symbols", role: "group", "aria-label": "Symbols to choose" });
    this.drawn = make("span", {}, make("span", { class: "key drawn-with" }), "how likely it is drawn, at this temperature");
    this.element = make("section", { class: "next" }, this.heading, this.list, make("p", { class: "note" }, make("span", { class: "key is" }), "how likely the network finds it ", this.drawn));
  }

  // next: [[number, name, probability, probability of being drawn]]; instead: the symbol of the text in whose place they
  // could have stood.
  show(next, { ended = false, instead = null } = {}) {
    this.heading.textContent = ended
      ? "The text has ended: go back, or choose a symbol of it"
      : instead === null ? "What comes next? Click a symbol to write it" : `What could have stood in place of “${seen(instead.trim() || instead)}”? Click to change it`;
    const focused = this.list.contains(document.activeElement);
    this.other = next.some(([, , p, drawn]) => Math.abs(p - drawn) > 0.005); // of a temperature of 1 it is the same
    this.drawn.hidden = !this.other;
    const most = Math.max(...next.map(([, , p, drawn]) => Math.max(p, drawn)), 1e-9);
    this.list.replaceChildren(...next.map((one) => this.button(one, most, { ended, instead })));
    if (focused) this.list.firstElementChild?.focus();
  }

  button([number, name, p, drawn], most, { ended, instead }) {
    const percent = (share) => `${(100 * share).toFixed(1)} %`;
    const here = instead !== null && (name === instead || name === instead.trim());
    return make("button", {
      type: "button", "data-symbol": number, disabled: ended, "aria-current": here ? "true" : null,
      "aria-label": `${seen(name)}: ${percent(p)}, drawn with ${percent(drawn)}`, title: `likely ${percent(p)}, drawn with ${percent(drawn)}`,
      on: { click: () => this.choose(number) },
    },
    make("span", { class: "name" }, seen(name)),
    make("span", { class: "track" },
      make("span", { class: "is", style: { width: `${(100 * p) / most}%` } }),
      make("span", { class: "drawn-with", style: { width: `${(100 * drawn) / most}%` }, hidden: drawn === 0 || !this.other })),
    make("span", { class: "share" }, percent(p)));
  }
}
