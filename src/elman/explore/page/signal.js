// The numbers that were read, where the input is no text: values of a series, frames of a recording, pixels of an image.

import { isText } from "./input.js";
import { currentPart, once } from "./reading.js";

// {kind, values: [T, I], names} with a row for each step of the part that is looked at, or null.
export async function signalOf(ask, store) {
  const signal = await wholeSignal(ask, store);
  const T = currentPart(store)?.steps.length;
  return signal?.values && signal.values.shape[0] === T ? signal : null;
}

// The same whatever part is looked at; of an image {kind, pixels: [S, S, 3]}.
export async function wholeSignal(ask, store) {
  const { about, reading } = store.state;
  if (!reading || isText(about) || about.views.signal) return null;
  return once(ask, store, "signal", {});
}
