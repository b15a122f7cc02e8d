// Orders of hidden units: by number, by how much they do, or such that those that do alike stand together.

import { range } from "./time_axis.js";

const MOST_STEPS = 400; // that similarity is judged by

export const ORDERS = [["index", "number"], ["activity", "activity"], ["similarity", "similarity"]];

export function order(array, by) {
  const [T, H] = array.shape;
  if (by === "activity") return byActivity(array.data, T, H);
  if (by === "similarity" && H > 2 && T > 1) return bySimilarity(array.data, T, H);
  return range(0, H);
}

function byActivity(data, T, H) {
  const sums = new Float64Array(H);
  for (let t = 0; t < T; t++) for (let k = 0; k < H; k++) sums[k] += Math.abs(data[t * H + k]);
  return range(0, H).sort((a, b) => sums[b] - sums[a] || a - b);
}

// Average linkage over 1 - correlation, by chains of nearest neighbours; branches are turned so that likes meet.
function bySimilarity(data, T, H) {
  const distance = distances(data, T, H);
  const size = new Float64Array(H).fill(1);
  const leaves = range(0, H).map((k) => [k]);
  const alive = new Set(range(0, H));
  const own = distance.slice(); // between single units, to turn branches by
  const chain = [];
  while (alive.size > 1) {
    if (chain.length === 0) chain.push(alive.values().next().value);
    const at = chain.at(-1);
    const before = chain.at(-2);
    let nearest = before ?? -1;
    let least = before === undefined ? Infinity : distance[at * H + before];
    for (const other of alive) if (other !== at && distance[at * H + other] < least) [nearest, least] = [other, distance[at * H + other]];
    if (nearest !== before) {
      chain.push(nearest);
      continue;
    }
    chain.length -= 2;
    leaves[at] = joined(leaves[at], leaves[nearest], own, H);
    for (const other of alive) {
      if (other === at || other === nearest) continue;
      const mean = (size[at] * distance[at * H + other] + size[nearest] * distance[nearest * H + other]) / (size[at] + size[nearest]);
      distance[at * H + other] = mean;
      distance[other * H + at] = mean;
    }
    size[at] += size[nearest];
    alive.delete(nearest);
  }
  return leaves[alive.values().next().value];
}

function joined(a, b, own, H) {
  const ways = [[a, b], [a, b.toReversed()], [a.toReversed(), b], [a.toReversed(), b.toReversed()]];
  const gap = ([left, right]) => own[left.at(-1) * H + right[0]];
  return ways.reduce((best, way) => (gap(way) < gap(best) ? way : best)).flat();
}

function distances(data, T, H) {
  const by = Math.max(1, Math.ceil(T / MOST_STEPS));
  const steps = range(0, Math.ceil(T / by)).map((k) => k * by);
  const rows = range(0, H).map((k) => {
    const row = Float64Array.from(steps, (t) => data[t * H + k]);
    const mean = row.reduce((a, b) => a + b, 0) / row.length;
    const centred = row.map((value) => value - mean);
    const norm = Math.sqrt(centred.reduce((a, b) => a + b * b, 0)) || 1;
    return centred.map((value) => value / norm);
  });
  const found = new Float64Array(H * H);
  for (let a = 0; a < H; a++) {
    for (let b = a + 1; b < H; b++) {
      let sum = 0;
      for (let t = 0; t < steps.length; t++) sum += rows[a][t] * rows[b][t];
      found[a * H + b] = found[b * H + a] = 1 - sum;
    }
  }
  return found;
}
