// The keyboard: arrows move the cursor, figures 1 to 9 choose a view, ? shows what there is.

import { make } from "./element.js";
import { currentPart, network } from "./reading.js";
import { VIEWS } from "./views.js";

const KEYS = [
  ["← →", "step before, step after"],
  ["↑ ↓", "unit above, unit below, where a heat map or the network has the focus; anywhere: k and j"],
  ["Home End", "first step, last step"],
  ["1 … 9", "a view"],
  ["+ − 0", "zoom in at the cursor, out, and all steps"],
  ["/", "to the input"],
  ["Enter", "unrolls the network, or rolls it up, where it has the focus"],
  ["?", "these keys"],
];

export function listenToKeys(store) {
  const help = document.getElementById("help");
  document.getElementById("keys").addEventListener("click", () => open(help));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isField(event.target) || help.open) return;
    const done = onKey(event, store, help);
    if (done) event.preventDefault();
  });
}

function isField(element) {
  return element.matches?.("input, textarea, select, [contenteditable]");
}

function onKey(event, store, help) {
  const { key } = event;
  const inFigure = Boolean(event.target.closest?.("[data-cursor]"));
  if (key === "ArrowLeft" || key === "ArrowRight") return moveStep(store, key === "ArrowLeft" ? -1 : 1);
  if (key === "Home" || key === "End") return inFigure && moveStep(store, key === "Home" ? -Infinity : Infinity);
  if ((inFigure && key === "ArrowUp") || key === "k") return moveUnit(store, -1);
  if ((inFigure && key === "ArrowDown") || key === "j") return moveUnit(store, 1);
  if (key === "+" || key === "=") return zoom(store, 0.5);
  if (key === "-") return zoom(store, 2);
  if (key === "0") return zoom(store, Infinity);
  if (key === "?") return open(help);
  if (key === "/") return document.querySelector("#input textarea, #input select")?.focus() ?? true;
  const view = VIEWS[Number(key) - 1];
  if (view) store.set({ view: view.name }, { move: true });
  return Boolean(view);
}

function moveStep(store, by) {
  const part = currentPart(store);
  if (!part) return false;
  const step = Math.max(0, Math.min(part.steps.length - 1, store.get("step") + by));
  store.set({ step, ...shifted(store, step) });
  return true;
}

// The zoomed window, moved so that it holds a step.
function shifted(store, step) {
  const { from, to } = store.state;
  if (!to || (step >= from && step < to)) return {};
  const start = step < from ? step : step - (to - from) + 1;
  return { from: start, to: start + to - from };
}

function moveUnit(store, by) {
  const order = store.get("orderShown"); // as the heat map has sorted them
  if (!store.get("about")) return false;
  const units = network(store).hidden_size;
  if (order?.length === units) {
    const place = order.indexOf(store.get("unit")) + by;
    if (place >= 0 && place < units) store.set({ unit: order[place] });
  } else store.set({ unit: Math.max(0, Math.min(units - 1, store.get("unit") + by)) });
  return true;
}

export function zoom(store, by) {
  const part = currentPart(store);
  if (!part) return false;
  const total = part.steps.length;
  const { from, to, step } = store.state;
  const width = Math.round(Math.max(4, ((to || total) - from) * by));
  if (width >= total) store.set({ from: 0, to: 0 });
  else {
    const start = Math.max(0, Math.min(total - width, step - Math.floor(width / 2)));
    store.set({ from: start, to: start + width });
  }
  return true;
}

function open(help) {
  const close = make("button", { type: "button", class: "main", on: { click: () => help.close() } }, "Close");
  help.replaceChildren(
    make("h2", { id: "help-title" }, "Keys"),
    make("dl", {}, KEYS.map(([key, what]) => [make("dt", {}, key), make("dd", {}, what)])),
    close,
  );
  help.showModal();
  return true;
}
