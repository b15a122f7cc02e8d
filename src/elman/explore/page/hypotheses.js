// What a search found: its hypotheses as a list, and as a tree of what they have in common.

import { draw, make, scrolling, seen, short } from "./element.js";

export function hypothesesTable(hypotheses) {
  return scrolling("Hypotheses", make("table", {},
    make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Text"), make("th", { scope: "col", class: "number" }, "Score"))),
    make("tbody", {}, hypotheses.map(({ text, score }, k) => make("tr", {}, make("td", {}, k === 0 ? make("b", {}, text || "–") : text || "–"), make("td", { class: "number" }, short(score)))))));
}

const STEP = 15; // pixels of a letter of a symbol
const LINE = 30;

// A branch for each hypothesis, from what it has in common with those before it. Returns an SVG element.
export function tree(hypotheses, end = "■") {
  const root = { symbol: "□", children: [], best: true };
  hypotheses.forEach(({ symbols, score }, k) => {
    let node = root;
    for (const symbol of [...symbols, end]) {
      let child = node.children.find((one) => one.symbol === symbol);
      if (!child) node.children.push((child = { symbol, children: [], best: k === 0 }));
      node = child;
    }
    node.score = score;
  });
  const drawn = [];
  let lines = 0;
  let width = 0;
  const place = (node, x, from) => {
    const name = seen(node.symbol, 14);
    const wide = Math.max(26, [...name].length * STEP * 0.62 + 12);
    const mine = { x, y: 0, wide, name };
    if (node.children.length === 0) mine.y = 20 + LINE * lines++;
    else mine.y = node.children.map((child) => place(child, x + wide + 16, mine))[0];
    drawn.push({ node, ...mine, from });
    mine.done = true;
    Object.assign(drawn.at(-1), mine);
    node.at = mine;
    width = Math.max(width, x + wide + (node.score === undefined ? 0 : 70));
    return mine.y;
  };
  place(root, 4, null);
  const links = drawn.filter(({ from }) => from).map(({ node, x, y, from }) =>
    draw("path", { class: node.best ? "link best" : "link", d: `M${from.x + from.wide} ${from.y} C${from.x + from.wide + 10} ${from.y} ${x - 10} ${y} ${x} ${y}` }));
  const nodes = drawn.map(({ node, x, y, wide, name }) => draw("g", {},
    draw("rect", { class: node.best ? "node best" : "node", x, y: y - 12, width: wide, height: 24, rx: 6 }),
    draw("text", { class: "node-text", x: x + wide / 2, y: y + 5, "text-anchor": "middle" }, name),
    node.score === undefined ? null : draw("text", { class: "tick", x: x + wide + 8, y: y + 4 }, short(node.score))));
  const height = 16 + LINE * lines;
  return draw("svg", { class: "tree", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "The hypotheses of the search as a tree" }, links, nodes);
}
