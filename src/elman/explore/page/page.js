// The page: connects, shows the model and the navigation, reads the input, and mounts the view that the address names.

import { showBeside } from "./beside.js";
import { make } from "./element.js";
import { showInput } from "./input.js";
import { listenToKeys } from "./keys.js";
import { counted } from "./reading.js";
import { completeOverTime } from "./over_prefixes.js";
import { numbers } from "./numbers.js";
import { Cancelled, Socket, latest } from "./socket.js";
import { Store } from "./state.js";
import { switchTheme, startTheme } from "./theme.js";
import { VIEWS, absent, viewNamed } from "./views.js";

export const store = new Store();
export const socket = new Socket(new URL("ws", location.href.split("#")[0]).href.replace(/^http/, "ws"), connection);
const ask = (name, body, progress) => socket.ask(name, body, progress);
const place = (id) => document.getElementById(id);
const FEW = 100; // steps of a long text that are shown at first
let mounted = null;
let shown; // the example that was zoomed into
let times = 0;

function connection(open) {
  place("connection").hidden = open;
  place("connection").textContent = open ? "" : "The connection to elman closed. It is being made again; is the command still running?";
  store.set({ online: open });
  if (open) start();
}

async function start() {
  try {
    const about = await ask("about");
    store.set({ about });
    head(about);
    navigation();
    await readAgain();
    if (!mounted) await show();
  } catch (error) {
    if (!(error instanceof Cancelled)) fault(error);
  }
}

function head(about) {
  place("model").textContent = about.file;
  document.title = `${about.file} · elman`;
  place("facts").textContent = facts(about);
}

function facts(about) {
  const many = (count, one, more) => `${count} ${count === 1 ? one : more}`;
  const parts = [about.task, about.cell.replaceAll("_", " "), many(about.num_layers, "layer", "layers"), many(about.hidden_size, "unit", "units")];
  if (about.directions === 2) parts.push("both directions");
  return parts.join(" · ");
}

function navigation() {
  const about = store.get("about");
  const now = viewNamed(store.get("view")).name;
  place("views").replaceChildren(
    ...VIEWS.map((view) =>
      make("a", {
        href: store.address({ view: view.name }),
        "aria-current": view.name === now ? "page" : null,
        class: absent(view, about) ? "away" : null,
        on: { click: (event) => goTo(event, view.name) },
      }, view.title),
    ),
  );
  const current = place("views").querySelector("[aria-current]");
  if (current) place("views").scrollLeft = current.offsetLeft - 80;
}

function goTo(event, view) {
  if (event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  store.set({ view }, { move: true });
}

async function show() {
  const view = viewNamed(store.get("view"));
  const time = ++times;
  mounted?.unmount?.();
  mounted = {};
  const element = place("view");
  place("main").classList.toggle("alone", !view.beside);
  const reason = absent(view, store.get("about"));
  if (reason) {
    element.replaceChildren(make("header", {}, make("h2", {}, view.title)), make("p", { class: "absent", "data-view": view.name }, reason));
    return;
  }
  try {
    const module = await import(`./${view.name}.js`);
    if (time !== times) return;
    const body = make("div", { class: `body ${view.name}` });
    element.replaceChildren(
      make("header", {}, make("h2", {}, module.title), make("p", { class: "sentence", id: "sentence" }, module.sentence)),
      body,
    );
    mounted = module.mount(body, { ask, store }) ?? {};
    if (mounted.save) element.append(saving(mounted.save));
  } catch (error) {
    if (time === times) element.replaceChildren(make("h2", {}, view.title), make("p", { class: "fault" }, error.message));
  }
}

function saving(save) {
  const fault = make("span", { class: "fault", role: "alert" });
  const button = (kind) =>
    make("button", { type: "button", "data-save": kind, on: { click: () => Promise.resolve().then(save[kind]).then(() => (fault.textContent = ""), (error) => (fault.textContent = error.message)) } }, kind.toUpperCase());
  return make("div", { class: "saves" }, "Save this view as", ["png", "svg", "csv"].filter((kind) => save[kind]).map(button), fault);
}

const readAgain = latest(async () => {
  const body = inputOf(store);
  if (!body) {
    store.set({ fault: "There is nothing to read: start the page with a file of inputs, elman explore MODEL INPUT." });
    return;
  }
  store.set({ reads: true });
  try {
    const reading = await ask("read", body);
    for (const part of reading.parts) Object.assign(part, { steps: counted(part.steps), asked: counted(part.asked) });
    const part = reading.parts.find((one) => one.part === store.get("part")) ?? reading.parts.at(-1);
    const steps = part.steps.length;
    zoomLong(part);
    store.set({ reading, fault: null, notes: reading.notes, reads: false, step: Math.max(0, Math.min(store.get("step"), steps - 1)) });
    completeOverTime(ask, store, reading);
  } catch (error) {
    store.set({ reads: false });
    if (!(error instanceof Cancelled)) store.set({ fault: error.message });
  }
});

// Of a long text that is read for the first time a part is shown, in which one can tell the letters.
function zoomLong({ steps }) {
  const { about, from, to, example, step } = store.state;
  if (shown === example) return;
  shown = example;
  if (about.input.kind !== "text" || to > from || steps.length <= 1.6 * FEW) return;
  const start = Math.min(Math.floor(step / FEW) * FEW, steps.length - FEW);
  store.set({ from: start, to: start + FEW });
}

// What the address asks to read: a text, numbers, or an example.
function inputOf({ state }) {
  const { about } = state;
  const example = about.examples.length ? { example: Math.min(state.example ?? 0, about.examples.length - 1) } : {};
  if (state.text !== null) return { text: state.text };
  if (state.values !== null) return { values: numbers(state.values), ...example }; // at the times of the example
  return about.examples.length ? example : about.input.sample;
}

function fault(error) {
  place("connection").hidden = false;
  place("connection").textContent = error.message;
}

startTheme(store);
place("theme").addEventListener("click", () => switchTheme(store));
listenToKeys(store);
showInput(place("input"), { store });
showBeside(place("beside"), { ask, store });
store.on(["text", "values", "example"], () => readAgain());
store.on(["view"], () => {
  navigation();
  show();
});
