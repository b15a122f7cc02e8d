// Elements in one call: make("button", {class: "quiet", on: {click: f}}, "Save"), and the same of SVG with draw().

const SVG = "http://www.w3.org/2000/svg";

export function make(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

export function draw(name, attributes, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

// The page's content policy forbids style attributes; properties that are set one by one are allowed.
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "style") Object.assign(element.style, value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

let choices = 0;

// A labelled drop-down list; options are [value, text] pairs or texts.
export function choice(label, options, value, chosen) {
  const list = make("select", { id: `choice-${++choices}`, on: { change: () => chosen(list.value) } });
  for (const option of options) {
    const [of, text] = Array.isArray(option) ? option : [option, option];
    list.append(make("option", { value: of, selected: String(of) === String(value) }, text));
  }
  return make("span", { class: "choice" }, make("label", { for: list.id }, label), list);
}

// A place for what may be wider than the page.
export function scrolling(label, ...children) {
  return make("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": label }, ...children);
}

// A white space as one sees it, and a long name cut.
export function seen(symbol, longest = 24) {
  const whole = String(symbol).replace(/ 00:00:00$/, "");
  const text = whole.trim() ? whole.replace(/\s/g, " ") : whole.replace(/\n/g, "↵").replace(/\t/g, "⇥").replace(/\s/g, "␣") || "·";
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

// A number in as few characters as tell it.
export function short(value, digits = 3) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  const text = size !== 0 && (size < 10 ** -digits || size >= 1e5) ? value.toExponential(2) : value.toFixed(size >= 1000 ? 0 : size >= 100 ? Math.min(digits, 1) : digits);
  return text.replace("-", "−");
}
