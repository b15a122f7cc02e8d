// What takes a while is computed when it is asked for, with its progress; from then on it follows the input.

import { make } from "./element.js";
import { once } from "./reading.js";
import { Cancelled } from "./socket.js";

// A line with a button and its progress. `body()` is what to ask, `show(found)` draws the answer; `key` in the store says
// whether it has been asked for.
export function demand(place, { ask, store, name, body, show, label, key, on = [] }) {
  store.keep({ [key]: 0 });
  const bar = make("progress", { max: 1, value: 0, hidden: true, "aria-label": label });
  const button = make("button", { type: "button", class: "main", on: { click: () => (store.get(key) ? run() : store.set({ [key]: 1 })) } }, label);
  const fault = make("p", { class: "fault", role: "alert" });
  const line = make("div", { class: "progress" }, button, bar);
  place.append(line, fault);
  const run = async () => {
    const asked = body();
    line.hidden = Boolean(store.get(key)) && bar.hidden;
    if (!store.get(key) || !asked) return;
    const slow = setTimeout(() => {
      line.hidden = false;
      bar.hidden = false;
      button.disabled = true;
    }, 150);
    const done = () => {
      clearTimeout(slow);
      bar.hidden = true;
      bar.value = 0;
      button.disabled = false;
    };
    try {
      const found = await once(ask, store, name, asked, ({ progress }) => (bar.value = progress));
      done();
      line.hidden = true;
      fault.textContent = "";
      show(found);
    } catch (error) {
      done();
      if (error instanceof Cancelled) return;
      fault.textContent = error.message;
      line.hidden = false;
    }
  };
  const end = store.on(["reading", "part", key, ...on], run);
  run();
  return { run, unmount: end };
}
