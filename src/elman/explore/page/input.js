// The input: a text or numbers to edit, or one of the examples; whatever is changed is read at once.

import { choice, make } from "./element.js";
import { written } from "./numbers.js";

const WAIT = 15; // milliseconds after a key before the input is read
const NUMBERS = /^[\s\d.,;eE+naN-]*$/;

export function showInput(place, { store }) {
  let timer = 0;
  const fault = make("p", { class: "fault", role: "alert", id: "input-fault" });
  const field = make("textarea", { id: "input-field", rows: 1, spellcheck: "false", autocomplete: "off", "aria-describedby": "input-fault", on: { input: () => {
    clearTimeout(timer);
    timer = setTimeout(change, WAIT);
  } } });
  const change = () => {
    const { about } = store.state;
    const text = field.value;
    if (text.length > 1_000_000) return store.set({ fault: `This input has ${text.length.toLocaleString("en")} characters, more than the page takes (20,000); give a shorter one.` });
    if (isText(about)) return store.set({ text, values: null, example: null });
    if (!NUMBERS.test(text) || !text.trim()) return store.set({ fault: "Numbers are expected, one step a line, its values separated by commas or spaces." });
    return store.set({ values: text, text: null });
  };
  const label = make("div", { class: "label" });
  const media = make("div", { class: "media" });
  const note = make("p", { class: "note", role: "status" });
  place.replaceChildren(label, field, media, note, fault);

  const showKind = () => {
    const { about } = store.state;
    if (!about) return;
    label.replaceChildren(make("label", { for: "input-field" }, ask(about)), ...examples(about, store));
    field.hidden = !isText(about) && !isNumbers(about);
    field.classList.toggle("numbers", isNumbers(about));
  };
  const showValue = () => {
    const { reading, text, values } = store.state;
    const given = text ?? values ?? reading?.input.text ?? (reading?.input.values ? written(reading.input.values) : null);
    media.replaceChildren(...(reading?.input.picture ? [make("img", { src: reading.input.picture, alt: "The image that is read", width: 96, height: 96 })] : []));
    if (given !== undefined && given !== null && field.value !== given && document.activeElement !== field) field.value = given;
  };
  store.on(["about", "example", "text", "values"], showKind);
  store.on(["reading", "text", "values"], showValue);
  store.on(["notes"], () => (note.textContent = (store.get("notes") ?? []).join("; ")));
  store.on(["fault"], () => {
    fault.textContent = store.get("fault") ?? "";
    field.setAttribute("aria-invalid", String(Boolean(store.get("fault"))));
  });
}

export function isText(about) {
  return about.input.kind === "text" || about.input.kind === "tokens";
}

export function isNumbers(about) {
  return about.input.kind === "series";
}

function ask(about) {
  if (isText(about)) return "What the network reads. Change it, and everything follows.";
  if (isNumbers(about)) return `What the network reads, a step a line: ${about.input.names.join(", ")}. Change it, or paste others.`;
  return "What the network reads";
}

function examples(about, store) {
  if (!about.examples?.length) return [];
  const own = store.get("text") !== null || store.get("values") !== null;
  const chosen = own ? "" : (store.get("example") ?? 0);
  const options = [...(chosen === "" ? [["", "changed"]] : []), ...about.examples.map((title, k) => [k, title])];
  return [choice("Example", options, chosen, (k) => k !== "" && store.set({ example: Number(k), text: null, values: null, step: 0, from: 0, to: 0 }, { move: true }))];
}
