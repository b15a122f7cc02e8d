// Round numbers along an axis.

export function ticks(low, high, most = 5) {
  if (!(high > low)) return [low];
  const raw = (high - low) / most;
  const ten = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((k) => k * ten).find((one) => one >= raw * 0.999);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) found.push(Number((k * step).toPrecision(12)));
  return found;
}

// Powers of ten between two positive numbers, not too many.
export function powers(low, high, most = 5) {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const by = Math.max(1, Math.ceil((last - first + 1) / most));
  const found = [];
  for (let k = first; k <= last; k += by) found.push(10 ** k);
  return found.length > 1 ? found : ticks(low, high, 3).filter((value) => value > 0);
}

export function tickText(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) {
    const power = Math.floor(Math.log10(size) + 1e-9);
    const front = Number((value / 10 ** power).toPrecision(3));
    const raised = String(power).replace(/[-\d]/g, (one) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(one)]);
    return front === 1 ? `10${raised}` : `${front}·10${raised}`.replace(/^-/, "−");
  }
  return String(Number(value.toPrecision(5))).replace("-", "−");
}
