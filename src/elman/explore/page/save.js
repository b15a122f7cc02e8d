// A view's pictures and numbers as files: what one sees as SVG and PNG, what it is drawn from as CSV.

import { draw } from "./element.js";

const DRAWN = [
  "fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linecap",
  "stroke-linejoin", "opacity", "font-family", "font-size", "font-weight", "font-style", "text-anchor",
  "dominant-baseline", "letter-spacing", "image-rendering", "visibility",
];
const GAP = 12; // between pictures that stand one below the other
const SHARP = 2; // pixels of a PNG for each of the page

// What a view offers. pictures: () => the SVG elements and canvases of the view; rows: () => the table, its heads first.
export function saves(name, pictures, rows) {
  return {
    svg: () => download(`${name}.svg`, new Blob([svgText(pictures())], { type: "image/svg+xml" })),
    png: async () => download(`${name}.png`, await png(svgText(pictures()))),
    csv: () => download(`${name}.csv`, new Blob([csvText(some(rows()))], { type: "text/csv" })),
  };
}

function some(list) {
  if (list.length === 0) throw new Error("There is nothing to save here yet.");
  return list;
}

export function csvText(rows) {
  const cell = (value) => {
    const text = value === null || value === undefined ? "" : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => row.map(cell).join(",") + "\n").join("");
}

// (T, H) and the like as a table: one row for each step.
export function table(steps, names, at) {
  return [["step", "read", ...names], ...steps.map((step, t) => [t, step, ...names.map((_, k) => at(t, k))])];
}

function svgText(pictures) {
  const shown = some(pictures.filter((one) => one.getBoundingClientRect().width > 0));
  const boxes = shown.map((one) => one.getBoundingClientRect());
  const width = Math.ceil(Math.max(1, ...boxes.map((box) => box.width)));
  const height = Math.ceil(boxes.reduce((sum, box) => sum + box.height + GAP, 0));
  const page = getComputedStyle(document.body);
  const whole = draw("svg", { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}` });
  whole.append(draw("rect", { width, height, fill: page.backgroundColor }));
  let y = 0;
  shown.forEach((one, k) => {
    const copy = one instanceof HTMLCanvasElement ? image(one, boxes[k]) : plain(one, boxes[k]);
    copy.setAttribute("x", 0);
    copy.setAttribute("y", y);
    whole.append(copy);
    y += boxes[k].height + GAP;
  });
  return new XMLSerializer().serializeToString(whole);
}

function image(canvas, box) {
  return draw("image", { width: box.width, height: box.height, href: canvas.toDataURL("image/png") });
}

// A copy whose look does not depend on the page's style sheet.
function plain(svg, box) {
  const copy = svg.cloneNode(true);
  const of = [svg, ...svg.querySelectorAll("*")];
  const to = [copy, ...copy.querySelectorAll("*")];
  of.forEach((one, k) => {
    const look = getComputedStyle(one);
    for (const name of DRAWN) {
      const value = look.getPropertyValue(name);
      if (value) to[k].setAttribute(name, value);
    }
    for (const name of ["class", "style", "tabindex", "role"]) to[k].removeAttribute(name);
  });
  copy.setAttribute("width", box.width);
  copy.setAttribute("height", box.height);
  return copy;
}

async function png(text) {
  const picture = new Image();
  picture.src = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  await picture.decode();
  const canvas = document.createElement("canvas");
  canvas.width = picture.width * SHARP;
  canvas.height = picture.height * SHARP;
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(picture.src);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

function download(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
