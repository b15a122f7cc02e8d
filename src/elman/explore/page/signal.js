// The numbers that were read, where the input is no text: values of a series, or the spectrogram of a recording.

import { currentPart } from "./reading.js";

// {kind, values: [T, I], names} of the part that reads it, or null; of a recording {kind, values: [frames, bins], stack}.
export function signalOf(store) {
  const input = store.get("reading")?.input;
  const T = currentPart(store)?.steps.length;
  if (input?.values && input.values.shape[0] === T) return { kind: input.kind, values: input.values, names: input.names };
  if (input?.spectrogram && Math.ceil(input.spectrogram.shape[0] / input.stack) === T) return { kind: "audio", values: input.spectrogram, stack: input.stack, names: [] };
  return null;
}
