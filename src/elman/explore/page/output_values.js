// Of a regressor and a forecaster: numbers over time, and what is expected ahead with its intervals.

import { Chart } from "./chart.js";
import { make, short } from "./element.js";
import { once } from "./reading.js";
import { row } from "./outputs.js";
import { signalOf } from "./signal.js";
import { Cancelled, latest } from "./socket.js";

const MOST_READ = 6; // series that are drawn

export function values(place, { store }) {
  const heading = make("h3", {});
  const chartPlace = make("div", { class: "stretch" });
  const readPlace = make("div", { class: "stretch" });
  const note = make("p", { class: "note" });
  place.append(heading, note, chartPlace, make("section", { class: "section" }, make("h3", {}, "What was read"), readPlace));
  const chart = new Chart(chartPlace, store, { label: "The values that the network gives", height: 240 });
  let read = [];
  let now = null;
  return {
    note: "",
    show(output, part) {
      const over = output.per === "sequence" ? output.over_time : output.values;
      now = { output, part, over };
      const last = row(output.values, output.values.shape[0] - 1);
      heading.textContent = output.per === "sequence" ? `Of the whole of it: ${last.map((value, k) => `${last.length > 1 ? `${output.names[k]} ` : ""}${short(value)}`).join(", ")}` : "A value at every step";
      note.textContent = output.per === "sequence" ? "What it would say if the sequence had ended at that step." : "";
      if (over) chart.show(part.steps, output.names.map((name, k) => ({ name: output.names.length > 1 ? name : "the network", values: line(over, k) })));
      const signal = signalOf(store);
      readPlace.parentElement.hidden = !signal;
      read.forEach((one) => one.unmount());
      read = (signal?.values.shape[1] ?? 0) > MOST_READ ? [] : (signal?.names ?? []).map((name) => new Chart(readPlace, store, { label: `${name}, as it was read`, height: 110 }));
      read.forEach((one, k) => one.show(part.steps, [{ name: signal.names[k], values: line(signal.values, k), colour: "var(--ink)", dash: null }]));
    },
    pictures: () => [chart.element, ...read.map((one) => one.element)],
    rows: () => [["step", "read", ...now.output.names], ...now.part.steps.map((step, t) => [t, step, ...(now.over ? row(now.over, t) : [])])],
    unmount() {
      chart.unmount();
      read.forEach((one) => one.unmount());
    },
  };
}

export function line({ shape: [T, O], data }, k) {
  return Array.from({ length: T }, (_, t) => data[t * O + k]);
}

export function fan(place, { ask, store }) {
  const chartPlace = make("div", { class: "stretch" });
  const fault = make("p", { class: "fault", role: "alert" });
  const note = make("p", { class: "note" }, "The series up to the cursor, and what the network expects from there: the median and intervals of 50, 80 and 95 %. Move the cursor to forecast from another step.");
  place.append(note, fault, chartPlace);
  const chart = new Chart(chartPlace, store, { label: "The series and the forecast from the cursor", height: 340 });
  let now = null;
  const draw = (found) => {
    const { output, part } = now;
    now.found = found;
    const after = found.ahead.slice(Math.max(0, part.steps.length - 1 - found.step));
    const steps = [...part.steps, ...after];
    const whole = (values, before = NaN) => {
      const all = new Array(steps.length).fill(NaN);
      all[found.step] = before;
      values.forEach((value, k) => (all[found.step + 1 + k] = value));
      return all;
    };
    const own = [...Array.from(output.history.data), ...new Array(after.length).fill(NaN)];
    const start = own[found.step];
    const H = found.ahead.length;
    const bands = found.levels.map((level, k) => ({
      name: `${level} %`, values: [], dash: null, colour: "var(--orange)",
      area: [whole(Array.from(found.lo.data.slice(k * H, (k + 1) * H)), start), whole(Array.from(found.hi.data.slice(k * H, (k + 1) * H)), start)],
    })).toReversed();
    chart.show(steps, [
      ...bands.map((band) => ({ ...band, name: "" })),
      { name: "what came", values: own, colour: "var(--blue)", dash: null },
      { name: "median forecast", values: whole(Array.from(found.median.data), start), colour: "var(--orange)", dash: "7 3" },
    ], { uprights: [{ at: found.step, text: "now" }] });
  };
  const load = latest(async () => {
    if (!now) return;
    try {
      const found = await once(ask, store, "fan", { step: Math.min(store.get("step"), now.part.steps.length - 1) });
      fault.textContent = "";
      draw(found);
    } catch (error) {
      if (!(error instanceof Cancelled)) fault.textContent = error.message;
    }
  });
  const end = store.on(["step"], load);
  return {
    note: "",
    show(output, part) {
      now = { output, part };
      draw(output);
      if (store.get("step") === 0) store.set({ step: output.step });
      else load();
    },
    pictures: () => [chart.element],
    rows: () => {
      const { found } = now;
      const H = found.ahead.length;
      return [["ds", "median", ...found.levels.flatMap((level) => [`lo-${level}`, `hi-${level}`]), "came"], ...found.ahead.map((ds, k) => [ds, found.median.data[k], ...found.levels.flatMap((_, l) => [found.lo.data[l * H + k], found.hi.data[l * H + k]]), Number.isFinite(found.came.data[k]) ? found.came.data[k] : ""])];
    },
    unmount() {
      end();
      chart.unmount();
    },
  };
}
