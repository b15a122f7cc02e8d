// The cell's equations as mathematics, with the three weight matrices in the colours that their arrows have.

import { make } from "./element.js";

const MATH = "http://www.w3.org/1998/Math/MathML";
const OF = { x: "from-x", h: "from-h" }; // W_x... reads the input, W_h... the state before

// The equations of a cell: those of the server as MathML, then the output's; or null where there is none.
export function equations(about) {
  if (!about.equations) return make("pre", { class: "equations plain" }, about.plain ?? "");
  const place = make("div", { class: "equations", role: "group", "aria-label": "The equations of the cell" });
  const parsed = new DOMParser().parseFromString(`<body>${about.equations}</body>`, "text/html");
  for (const one of parsed.body.children) place.append(document.importNode(one, true));
  for (const subscripted of place.getElementsByTagNameNS(MATH, "msub")) {
    const [letter, index] = subscripted.children;
    if (letter?.textContent === "W") {
      const name = OF[index.textContent.trim()[0]];
      if (index.textContent.replace(/\s/g, "") === "ho") subscripted.classList.add("to-o");
      else if (name) subscripted.classList.add(name);
    }
  }
  place.append(output());
  return place;
}

function output() {
  const element = (name, ...children) => {
    const one = document.createElementNS(MATH, name);
    one.append(...children);
    return one;
  };
  const sub = (letter, index) => element("msub", element("mi", letter), element(index.length > 1 ? "mrow" : "mi", ...(index.length > 1 ? [...index].map((one) => element("mi", one)) : [index])));
  const matrix = sub("W", "ho");
  matrix.setAttribute("class", "to-o");
  const line = element("math", element("mrow", sub("y", "t"), element("mo", "="), matrix, sub("h", "t"), element("mo", "+"), sub("b", "o")));
  line.setAttribute("display", "block");
  return line;
}
