// Colours of values: blue below zero, the paper at zero, orange above; told apart by all eyes, on light and dark paper.

const LIGHT = { low: ["#06355f", "#1f6fb2", "#8dbbe0"], zero: "#fcfcfa", high: ["#f3b27a", "#cf6414", "#7d3003"] };
const DARK = { low: ["#c4e2ff", "#57a5ec", "#1d4a74"], zero: "#1b1e23", high: ["#7a4216", "#ea8c3c", "#ffdfbd"] };
const STEPS = 255; // of a ramp, each side of zero

let kept = {};

export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function rgb(hex) {
  return [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16));
}

function ramp(stops, steps) {
  const colours = stops.map(rgb);
  return Array.from({ length: steps }, (_, k) => {
    const place = (k / (steps - 1)) * (colours.length - 1);
    const at = Math.min(Math.floor(place), colours.length - 2);
    return colours[at].map((value, c) => Math.round(value + (colours[at + 1][c] - value) * (place - at)));
  });
}

function table() {
  const dark = isDark();
  if (kept.dark !== dark) {
    const { low, zero, high } = dark ? DARK : LIGHT;
    kept = { dark, two: ramp([...low, zero, ...high], 2 * STEPS + 1), one: ramp([zero, ...high], STEPS + 1), blue: ramp([zero, ...low.toReversed()], STEPS + 1) };
  }
  return kept;
}

// Red, green, blue of a value between -most and most.
export function diverging(value, most = 1) {
  const { two } = table();
  if (!Number.isFinite(value)) return two[STEPS];
  return two[Math.round(STEPS * (1 + Math.max(-1, Math.min(1, value / most))))];
}

// Of a value between 0 and most: orange, or blue.
export function sequential(value, most = 1, blue = false) {
  const colours = blue ? table().blue : table().one;
  return colours[Math.round(STEPS * Math.max(0, Math.min(1, (value || 0) / most)))];
}

export function css([red, green, blue]) {
  return `rgb(${red} ${green} ${blue})`;
}

// Black or white, whichever one reads on a colour.
export function onto([red, green, blue]) {
  const linear = [red, green, blue].map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] > 0.19 ? "#15171b" : "#ffffff";
}

// Colours of lines beside each other, as variables of the style sheet (Okabe and Ito's, darkened to be read on paper).
export const LINES = ["var(--blue)", "var(--orange)", "var(--green)", "var(--plum)", "var(--gold)", "var(--pale)"];
export const DASHES = [null, "7 3", "2 3", "9 3 2 3", "4 2", "1 2"];
