// The cell's equations as mathematics, with the three weight matrices in the colours that their arrows have.

import { make } from "./element.js";

const MATH = "http://www.w3.org/1998/Math/MathML";

// The equations of a cell, which come as MathML with classes W_xh and W_hh, then the output's.
export function equations(about) {
  if (!about.equations) return make("pre", { class: "equations plain" }, [about.plain].flat().join("\n"));
  const place = make("div", { class: "equations", role: "group", "aria-label": "The equations of the cell", tabindex: 0 });
  place.append(...mathematics(about.equations), output());
  return place;
}

// The elements of a text of MathML.
export function mathematics(text) {
  const parsed = new DOMParser().parseFromString(`<body>${text}</body>`, "text/html");
  return [...parsed.body.children].map((one) => document.importNode(one, true));
}

// y_t = W_ho h_t + b_o
function output() {
  const element = (name, ...children) => {
    const one = document.createElementNS(MATH, name);
    one.append(...children);
    return one;
  };
  const sub = (letter, index) => element("msub", element("mi", letter), element("mrow", ...[...index].map((one) => element("mi", one))));
  const matrix = sub("W", "ho");
  matrix.setAttribute("class", "W_ho");
  const line = element("math", element("mrow", sub("y", "t"), element("mo", "="), matrix, sub("h", "t"), element("mo", "+"), sub("b", "o")));
  line.setAttribute("display", "block");
  return line;
}
