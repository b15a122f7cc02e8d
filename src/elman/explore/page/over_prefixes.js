// What a model that answers once for a whole sequence would say after each step: completed where the server sent it for
// some beginnings only, or not at once.

import { Cancelled } from "./socket.js";

// Fills in `output.over_time` as (T, O), and tells the store by "late".
export async function completeOverTime(ask, store, reading) {
  const { output, parts } = reading;
  const T = parts.at(-1).steps.length;
  if (!("over_time" in output) || output.over_time?.shape[0] === T) return;
  output.over_time = null;
  try {
    const { ends, array } = await ask("over_time", {});
    if (store.get("reading") !== reading) return;
    output.over_time = spread(ends, array, T);
    store.set({ late: (store.get("late") ?? 0) + 1 });
  } catch (error) {
    if (!(error instanceof Cancelled)) store.set({ fault: error.message });
  }
}

// Each step as the last beginning that was asked about up to it, or the first one.
function spread(ends, { shape: [, O], data }, T) {
  const all = new Float32Array(T * O);
  let k = 0;
  for (let t = 0; t < T; t++) {
    while (k + 1 < ends.length && ends[k + 1] <= t + 1) k++;
    all.set(data.subarray(k * O, (k + 1) * O), t * O);
  }
  return { shape: [T, O], data: all };
}
