// What units stand for: where each is most and least excited, and what it follows; saturated, dead and redundant ones.


import { demand } from "./demand.js";
import { make, seen, short } from "./element.js";
import { currentPart, lens } from "./reading.js";
import { saves } from "./save.js";
import { signedBars } from "./signed_bars.js";

export const title = "What units stand for";
export const sentence = "Where each unit is most excited and most inhibited, and what of the text or the series it follows; most units follow several things a little, and have no name.";

const MOST = 60; // units in the list

export function mount(element, { ask, store }) {
  store.keep({ list: "strength" });
  const about = store.get("about");
  const chosen = lens(store, { what: false });
  const run = make("div", {});
  const said = make("p", { class: "found" });
  const listPlace = make("div", { class: "unit-list" });
  const unitPlace = make("div", { class: "stretch" });
  const health = make("section", { class: "section" });
  element.append(make("div", { class: "controls" }, chosen.element), run, said, make("div", { class: "beside-list" }, listPlace, unitPlace), health);
  let found = null;
  const body = () => {
    const { layer, reverse } = store.state;
    return { part: currentPart(store)?.part, layer, reverse };
  };
  const asked = demand(run, { ask, store, name: "meaning", label: "Look at all examples", key: "meant", body, on: ["layer", "reverse"], show: (answer) => {
    found = answer;
    said.textContent = found.sentence;
    drawList();
    drawUnit();
  } });
  const drawList = () => {
    listPlace.replaceChildren(
      make("h3", {}, "Units and what they follow"),
      make("ol", {}, found.best.slice(0, MOST).map(({ unit, feature, correlation: value }) => make("li", {}, make("button", { type: "button", "data-unit": unit, on: { click: () => store.set({ unit }) } }, make("b", {}, String(unit)), make("span", {}, feature), make("span", { class: "number pale" }, short(value, 2)))))),
    );
  };
  const drawUnit = () => {
    if (!found) return;
    const H = found.correlations.shape[1];
    const unit = Math.min(store.get("unit"), H - 1);
    listPlace.querySelectorAll("[data-unit]").forEach((one) => one.setAttribute("aria-pressed", String(Number(one.dataset.unit) === unit)));
    unitPlace.replaceChildren(
      make("h3", {}, `Unit ${unit} follows`),
      signedBars(found.features.map((name, f) => [name, found.correlations.data[f * H + unit]])),
      contexts("Most excited", found.excited[unit], "above"),
      contexts("Most inhibited", found.inhibited[unit], "below"),
    );
  };
  const checks = about.views.units !== null ? null : demand(health, { ask, store, name: "units", label: "Check the units", key: "checked", body, on: ["layer", "reverse"], show: (answer) => health.replaceChildren(make("h3", {}, "Saturated, dead and redundant units"), ...healthOf(answer, store)) });
  const end = store.on(["unit"], drawUnit);
  return {
    save: saves("units", () => [...unitPlace.querySelectorAll("svg")], () => {
      if (!found) return [];
      const H = found.correlations.shape[1];
      return [["unit", ...found.features], ...Array.from({ length: H }, (_, unit) => [unit, ...found.features.map((_, f) => found.correlations.data[f * H + unit])])];
    }),
    unmount() {
      end();
      [asked, checks, chosen].forEach((one) => one?.unmount());
    },
  };
}

function contexts(heading, list, kind) {
  return make("div", { class: "contexts" }, make("h3", {}, heading), make("ul", {}, list.map(({ value, before, read, after }) =>
    make("li", {}, make("span", { class: "before" }, shown(before)), make("mark", { class: kind }, seen(read)), make("span", {}, shown(after)), make("span", { class: "number pale" }, short(value, 2))))));
}

function shown(text) {
  return text.replace(/\n/g, "↵");
}

function healthOf({ sentence }) {
  return [make("p", { class: "found" }, sentence)];
}
