// The lab: networks with different cells, and a feedforward one of equal size, learn a small task side by side, live.

import { Chart } from "./chart.js";
import { DASHES, LINES } from "./colours.js";
import { choice, draw, make } from "./element.js";
import { saves } from "./save.js";
import { Cancelled, decoded } from "./socket.js";
import { range } from "./time_axis.js";

export const title = "The lab";
export const sentence = "Networks that differ in nothing but their cell learn from the same sequences, now, on this machine: see how far back plain Elman remembers, where a gated cell goes on, and that a feedforward network of equal size ends where its window does.";

const FEEDFORWARD = "feedforward";
const COLOURS = LINES.slice(0, 5);
const NUMBERS = [
  ["hidden_size", "Hidden units"],
  ["length", "Sequence length"],
  ["window", "BPTT window"],
  ["sees", "Feedforward sees"],
  ["learning_rate", "Learning rate"],
  ["steps", "Batches"],
  ["seed", "Seed"],
];

export function mount(element, { ask, store }) {
  store.keep({ task: "", cells: "", ...Object.fromEntries(NUMBERS.map(([name]) => [`lab_${name}`, ""])) });
  const lab = new LabView(element, ask, store);
  lab.begin();
  return { save: saves("lab", () => lab.charts.map((chart) => chart.element), () => lab.rows()), unmount: () => lab.unmount() };
}

class LabView {
  constructor(element, ask, store) {
    Object.assign(this, { ask, store, points: [], parameters: {}, running: false });
    this.choices = make("div", {});
    this.button = make("button", { type: "button", class: "main", disabled: true, on: { click: () => (this.running ? this.stop() : this.start()) } }, "Train");
    this.bar = make("progress", { max: 1, value: 0, hidden: true, "aria-label": "Training" });
    this.state = make("span", { class: "number", role: "status" });
    this.fault = make("p", { class: "fault", role: "alert" });
    this.said = make("p", { class: "found" }, "Nothing is trained yet. As it stands it takes less than a minute.");
    this.weights = make("p", { class: "note number" });
    const places = [make("div", { class: "stretch" }), make("div", { class: "stretch" }), make("div", { class: "stretch" })];
    element.append(
      this.choices,
      make("div", { class: "go" }, this.button, this.bar, this.state),
      this.fault, this.said, this.weights,
      make("section", { class: "section" },
        make("h3", {}, "Right answers by lag"),
        make("p", { class: "note" }, "How often the answer is right, by how many steps back stands what it takes; on sequences that none has learned from. A network remembers as far as it is nearer to being right than to guessing."),
        places[0]),
      make("div", { class: "pair" },
        make("section", { class: "section" }, make("h3", {}, "Right answers, after so many batches"), places[1]),
        make("section", { class: "section" }, make("h3", {}, "Loss, after so many batches"), places[2])),
    );
    const axes = [{}, {}, {}];
    const labels = ["Right answers by lag", "Right answers against batches", "Loss against batches"];
    this.charts = places.map((place, k) => new Chart(place, store, { label: labels[k], height: k ? 190 : 240, own: axes[k], percent: k < 2 }));
    this.charts.forEach((chart, k) => hover(chart, axes[k]));
    this.ends = [
      store.on(["task", "cells", ...NUMBERS.map(([name]) => `lab_${name}`)], () => this.showChoices()),
      store.on(["online"], () => store.get("online") && !this.can && this.begin()),
    ];
  }

  async begin() {
    try {
      this.can = await this.ask("lab", { action: "choices" });
    } catch (error) {
      if (!(error instanceof Cancelled)) this.fault.textContent = error.message;
      return;
    }
    this.button.disabled = false;
    this.fault.textContent = "";
    this.build();
    this.showChoices();
    this.draw();
  }

  get task() {
    const name = this.store.get("task");
    return this.can.tasks[name] ? name : this.can.first.task;
  }

  get cells() {
    const asked = (this.store.get("cells") || "").split(",").filter((name) => this.can.cells.includes(name));
    return asked.length ? asked : this.can.first.cells;
  }

  // What is proposed where nothing else is chosen.
  proposed(name) {
    const { length } = this.can.tasks[this.task];
    if (name === "length") return length;
    return name === "window" ? Number(this.store.get("lab_length")) || length : this.can.first[name];
  }

  // The choices, made once; what changes afterwards is set in them, so that they keep the focus.
  build() {
    const { can, store } = this;
    const titles = Object.entries(can.tasks).map(([name, task]) => [name, task.title]);
    const list = choice("Task", titles, this.task, (task) => store.set({ task, lab_length: "", lab_window: "" }));
    this.list = list.querySelector("select");
    this.sentence = make("span", {});
    this.source = make("span", { class: "pale" });
    this.buttons = can.cells.map((name) => [name, make("button", { type: "button", "data-name": name, on: { click: () => this.toggle(name) } }, this.sample(name), shown(name))]);
    this.fields = NUMBERS.map(([name]) => [name, this.field(name)]);
    this.choices.replaceChildren(
      make("div", { class: "controls" }, list),
      make("p", { class: "task" }, this.sentence, this.source),
      make("div", { class: "cells", role: "group", "aria-label": "Cells" }, this.buttons.map(([, button]) => button)),
      make("div", { class: "numbers" }, this.fields.map(([, field], k) => make("div", {}, make("label", { for: field.id }, NUMBERS[k][1]), field))),
    );
  }

  showChoices() {
    if (!this.can) return;
    const { tasks, limits, most_cells: most } = this.can;
    const { task, cells } = this;
    this.list.value = task;
    this.sentence.textContent = tasks[task].sentence;
    this.source.textContent = ` (${tasks[task].source})`;
    for (const [name, button] of this.buttons) {
      const on = cells.includes(name);
      button.setAttribute("aria-pressed", String(on));
      button.disabled = on ? cells.length === 1 : cells.length >= most;
    }
    for (const [name, field] of this.fields) {
      const chosen = this.store.get(`lab_${name}`);
      field.min = Math.max(limits[name]?.[0] ?? 0, name === "length" ? tasks[task].least : 0);
      if (field !== document.activeElement) field.value = chosen === "" ? this.proposed(name) : chosen;
    }
  }

  toggle(name) {
    const others = this.cells.filter((one) => one !== name);
    const next = others.length < this.cells.length ? others : this.can.cells.filter((one) => one === name || this.cells.includes(one));
    if (next.length) this.store.set({ cells: next.join(",") });
  }

  sample(name) {
    const { colour, dash } = this.look(name);
    return draw("svg", { width: 22, height: 8, "aria-hidden": "true" }, draw("line", { class: "line", x1: 1, x2: 21, y1: 4, y2: 4, stroke: colour, "stroke-dasharray": dash }));
  }

  field(name) {
    const key = `lab_${name}`;
    const field = make("input", {
      type: "number", id: key, max: this.can.limits[name]?.[1], step: name === "learning_rate" ? "any" : 1,
      on: {
        input: () => this.store.set({ [key]: field.value === String(this.proposed(name)) ? "" : field.value }),
        change: () => field.value === "" && (field.value = this.proposed(name)),
      },
    });
    return field;
  }

  look(name) {
    if (name === FEEDFORWARD) return { colour: "var(--pale)", dash: null };
    const k = this.can.cells.indexOf(name);
    return { colour: COLOURS[k % COLOURS.length], dash: k < COLOURS.length ? null : DASHES[1] };
  }

  asked() {
    const numbers = NUMBERS.map(([name]) => [name, this.store.get(`lab_${name}`)]).filter(([, value]) => value !== "");
    return { action: "start", task: this.task, cells: this.cells, ...Object.fromEntries(numbers.map(([name, value]) => [name, Number(value)])) };
  }

  async start() {
    const asked = this.asked();
    const task = this.can.tasks[asked.task];
    Object.assign(this, { points: [], parameters: {}, running: true, chance: task.chance, sees: asked.sees ?? this.can.first.sees });
    this.button.textContent = "Stop";
    this.fault.textContent = "";
    this.said.textContent = "";
    this.weights.textContent = "";
    this.bar.hidden = false;
    this.bar.value = 0;
    this.state.textContent = "begins …";
    this.draw();
    try {
      const { ended } = await this.ask("lab", asked, (message) => this.take(decoded(message), asked));
      this.state.textContent = `ended after ${ended.toLocaleString("en")} batches`;
    } catch (error) {
      if (error instanceof Cancelled) this.state.textContent = `stopped after ${(this.points.at(-1)?.step ?? 0).toLocaleString("en")} batches`;
      else {
        this.state.textContent = "";
        this.fault.textContent = error.message;
      }
    } finally {
      this.running = false;
      this.bar.hidden = true;
      this.button.textContent = "Train";
    }
  }

  stop() {
    this.ask("lab", { action: "stop" }).catch((error) => {
      if (!(error instanceof Cancelled)) this.fault.textContent = error.message;
    });
  }

  take(message, asked) {
    this.bar.value = message.progress;
    if (message.building) this.state.textContent = "begins; a cell that is new to this machine is compiled first …";
    if (message.parameters) {
      this.parameters = message.parameters;
      const parts = Object.entries(message.parameters).map(([name, count]) => `${shown(name)} ${count.toLocaleString("en")}`);
      this.weights.textContent = `Weights: ${parts.join(", ")}.`;
    }
    if (message.accuracy) {
      this.points.push(message);
      this.state.textContent = `${message.step.toLocaleString("en")} of ${(asked.steps ?? this.can.first.steps).toLocaleString("en")} batches`;
      this.said.textContent = message.said;
      this.draw();
    }
  }

  draw() {
    const { points } = this;
    const last = points.at(-1);
    const names = Object.keys(last?.accuracy ?? {});
    const lines = (values) => names.map((name) => ({ name: shown(name), values: values(name), ...this.look(name) }));
    const lags = Math.max(20, ...names.map((name) => last.by_lag[name].data.findLastIndex(Number.isFinite) + 1));
    const chance = last ? [{ value: this.chance, text: "by chance" }] : [];
    const edge = last?.by_lag[FEEDFORWARD] && this.sees < lags ? [{ at: this.sees - 0.5, text: "end of the feedforward window" }] : [];
    this.charts[0].show(range(0, lags).map(String), lines((name) => last.by_lag[name].data), { bounds: [0, 1.1], marks: chance, uprights: edge });
    const steps = points.map(({ step }) => String(step));
    this.charts[1].show(steps.length ? steps : ["0"], lines((name) => points.map(({ accuracy }) => accuracy[name])), { bounds: [0, 1], marks: chance });
    const learned = points.slice(1);
    this.charts[2].show(learned.length ? learned.map(({ step }) => String(step)) : ["0"], lines((name) => learned.map(({ loss }) => loss[name])), { bounds: learned.length ? [0, Math.max(...learned.flatMap(({ loss }) => Object.values(loss)))] : null });
  }

  rows() {
    const rows = [["what", "network", "at", "value"]];
    for (const { step, accuracy, loss } of this.points) for (const name of Object.keys(accuracy)) rows.push(["accuracy", name, step, accuracy[name]], ["loss", name, step, loss[name]]);
    for (const [name, { data }] of Object.entries(this.points.at(-1)?.by_lag ?? {})) data.forEach((value, lag) => Number.isFinite(value) && rows.push(["accuracy by lag", name, lag, value]));
    return rows;
  }

  unmount() {
    if (this.running) this.stop();
    this.ends.forEach((end) => end());
    this.charts.forEach((chart) => chart.unmount());
  }
}

function shown(name) {
  return name.replaceAll("_", " ");
}

// The values of a chart's lines under the pointer.
function hover(chart, own) {
  const move = (step) => {
    own.cursor = step;
    if (chart.lines) chart.drawCursor();
  };
  chart.element.addEventListener("pointermove", (event) => move(chart.axis?.at(event.offsetX) ?? null));
  chart.element.addEventListener("pointerleave", () => move(null));
}
