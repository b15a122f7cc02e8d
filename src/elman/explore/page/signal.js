// The numbers that were read, where the input is no text: values of a series, or frames of a recording.

import { isText } from "./input.js";
import { currentPart } from "./reading.js";

export async function signalOf(_ask, store) {
  const { about, reading } = store.state;
  if (isText(about) || !reading?.signal) return null;
  const part = currentPart(store);
  return reading.signal.values.shape[0] === part.steps.length ? { kind: about.input.kind, values: reading.signal.values } : null;
}
