// What the network says, in the form that its task has; each form is a module of its own.

import { make } from "./element.js";
import { currentPart } from "./reading.js";
import { saves } from "./save.js";
import { FORMS } from "./output_forms.js";

export const title = "The output";
export const sentence = "What the network says, and how sure it is of it: all of it is made from the hidden states, which are all that it knows of what it read.";

export function mount(element, { ask, store }) {
  const note = make("p", { class: "note" });
  const place = make("div", {});
  element.append(note, place);
  let form = null;
  let kind = null;
  const show = () => {
    const reading = store.get("reading");
    if (!reading) return;
    const { output } = reading;
    if (kind !== output.kind) {
      form?.unmount();
      place.replaceChildren();
      kind = output.kind;
      form = FORMS[kind] ? FORMS[kind](place, { ask, store }) : null;
      if (!form) place.replaceChildren(make("p", { class: "absent" }, `This page has no picture of the output of a model of this kind (${kind}).`));
      note.textContent = form?.note ?? "";
    }
    form?.show(output, currentPart(store));
  };
  const end = store.on(["reading", "part", "late"], show);
  show();
  return {
    save: saves("output", () => form?.pictures() ?? [], () => form?.rows() ?? []),
    unmount() {
      end();
      form?.unmount();
    },
  };
}
