// Numbers as a person writes them: a step a line, its values separated by commas or spaces.

// null stands for a value that is missing.
export function numbers(text) {
  return text.trim().split(/\n+/).map((line) => line.trim().split(/[\s,;]+/).map((one) => (/^nan$/i.test(one) ? null : Number(one))));
}

// An array (T, I) as such a text.
export function written({ shape: [T, I], data }) {
  const value = (one) => (Number.isFinite(one) ? String(Number(one.toPrecision(6))) : "nan");
  return Array.from({ length: T }, (_, t) => Array.from(data.slice(t * I, (t + 1) * I), value).join(", ")).join("\n");
}
