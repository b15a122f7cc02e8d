// The cell's equations as mathematics, with the three weight matrices in the colours that their arrows have.

import { make } from "./element.js";

const MATH = "http://www.w3.org/1998/Math/MathML";

// The equations of a cell, which come as MathML with classes W_xh and W_hh, and the output's.
export function equations(about) {
  if (!about.equations) return make("pre", { class: "equations plain" }, [about.plain].flat().join("\n"));
  const place = make("div", { class: "equations", role: "group", "aria-label": "The equations of the cell", tabindex: 0 });
  place.append(...mathematics(about.equations));
  place.querySelector("mtable")?.append(output());
  return place;
}

// The elements of a text of MathML.
export function mathematics(text) {
  const parsed = new DOMParser().parseFromString(`<body>${text}</body>`, "text/html");
  return [...parsed.body.children].map((one) => document.importNode(one, true));
}

// y_t = W_ho h_t + b_o, as a line of the table of the equations before it.
function output() {
  const element = (name, kind, ...children) => {
    const one = document.createElementNS(MATH, name);
    if (kind) one.setAttribute("class", kind);
    one.append(...children);
    return one;
  };
  const sub = (letter, index, kind) => element("msub", kind, element("mi", null, letter), element("mrow", null, ...[...index].map((one) => element("mi", null, one))));
  const right = [element("mo", null, "="), sub("W", "ho", "W_ho"), sub("h", "t"), element("mo", null, "+"), sub("b", "o")];
  return element("mtr", "line", element("mtd", "right", sub("y", "t")), element("mtd", "left", element("mrow", null, ...right)));
}
