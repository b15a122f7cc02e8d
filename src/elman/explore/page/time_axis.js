// The axis of time that all pictures share: the window of steps that is shown, where a step stands, and its name.

import { seen } from "./element.js";

const LETTER = 7.4; // pixels of a letter of a step's name
const EDGE = 4; // pixels between two names

export class TimeAxis {
  // `left` and `right` are the pixels that margins take of `width`.
  constructor({ state: { from, to } }, steps, left, right, width) {
    const total = steps.length;
    this.first = to ? Math.max(0, Math.min(from, total - 1)) : 0;
    this.end = to ? Math.max(this.first + 1, Math.min(to, total)) : Math.max(total, 1);
    this.steps = steps;
    this.left = left;
    this.room = Math.max(10, width - left - right);
    this.wide = this.room / (this.end - this.first);
  }

  // The middle of a step.
  x(step) {
    return this.left + (step - this.first + 0.5) * this.wide;
  }

  holds(step) {
    return step >= this.first && step < this.end;
  }

  // The step under a pixel, or null beside the picture.
  at(x) {
    const step = this.first + Math.floor((x - this.left) / this.wide);
    return this.holds(step) && x >= this.left ? step : null;
  }

  // The names that there is room for: [step, name].
  names() {
    const shown = [];
    const places = range(this.first, this.end);
    const symbols = places.map((step) => seen(this.steps[step] ?? "", 16));
    const needs = Math.max(...symbols.map((symbol) => symbol.length)) * LETTER + EDGE;
    if (needs <= this.wide || (this.wide >= 9 && symbols.every((symbol) => [...symbol].length === 1))) return places.map((step, k) => [step, symbols[k]]);
    let free = -Infinity;
    places.forEach((step, k) => {
      const half = (symbols[k].length * LETTER) / 2;
      if (this.x(step) - half < free || this.x(step) + half > this.left + this.room + 14) return;
      shown.push([step, symbols[k]]);
      free = this.x(step) + half + 4 * EDGE;
    });
    return shown;
  }
}

export function range(from, to) {
  return Array.from({ length: Math.max(0, to - from) }, (_, k) => from + k);
}

// Pointer and focus of a picture that has a time axis: a click or a drag moves the cursor. `place(event)` gives what the
// store is to be told.
export function followPointer(element, store, place) {
  const move = (event) => {
    const found = place(event);
    if (found) store.set(found);
  };
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    move(event);
    element.setPointerCapture(event.pointerId);
  });
  element.addEventListener("pointermove", (event) => element.hasPointerCapture(event.pointerId) && move(event));
}

// Call a function now and whenever an element's width changes.
export function whenSized(element, act) {
  let width = 0;
  const observer = new ResizeObserver(() => {
    const now = Math.round(element.clientWidth);
    if (now && now !== width) {
      width = now;
      act(width);
    }
  });
  observer.observe(element);
  return () => observer.disconnect();
}
