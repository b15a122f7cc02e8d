// What all views share: the cursor, the choices, the input; told to who listens, and kept in the address.

const NUMBERS = new Set(["layer", "reverse", "unit", "step", "from", "to", "example"]);
const FIRST = {
  view: "network", part: "", layer: 0, reverse: 0, what: "h", unit: 0, step: 0, from: 0, to: 0,
  text: null, values: null, example: null,
};

export class Store {
  constructor() {
    this.state = { ...FIRST };
    this.listeners = new Set();
    this.kept = new Set(Object.keys(FIRST)); // what the address holds; a view may add its own by keep()
    this.read();
    for (const event of ["popstate", "hashchange"]) addEventListener(event, () => this.read());
  }

  get(name) {
    return this.state[name];
  }

  // Change some of it. A change with `move` makes a new entry of the history: one can go back to what was before.
  set(changes, { move = false } = {}) {
    const changed = Object.keys(changes).filter((name) => this.state[name] !== changes[name]);
    if (changed.length === 0) return;
    for (const name of changed) this.state[name] = changes[name];
    if (changed.some((name) => this.kept.has(name))) this.write(move);
    this.tell(changed);
  }

  // Listen to some names; the listener is called with the names that changed. Returns what ends it.
  on(names, listener) {
    const entry = { names: new Set(names), listener };
    this.listeners.add(entry);
    return () => this.listeners.delete(entry);
  }

  tell(changed) {
    for (const { names, listener } of [...this.listeners]) {
      const hit = changed.filter((name) => names.has(name));
      if (hit.length) listener(hit);
    }
  }

  // Names of a view's own that belong into the address, with their first values.
  keep(first) {
    const fresh = Object.keys(first).filter((name) => !this.kept.has(name));
    for (const name of fresh) {
      const value = first[name];
      this.kept.add(name);
      FIRST[name] = value;
      if (typeof value === "number") NUMBERS.add(name);
    }
    this.read(fresh);
  }

  // The part of the address that brings all of this back, or this with some of it otherwise.
  address(otherwise = {}) {
    const state = { ...this.state, ...otherwise };
    const kept = [...this.kept].filter((name) => state[name] !== FIRST[name] && state[name] !== null);
    const unknown = [...new URLSearchParams(location.hash.slice(1))].filter(([name]) => !this.kept.has(name)); // of views that are not loaded yet
    return "#" + new URLSearchParams([...kept.map((name) => [name, state[name]]), ...unknown]);
  }

  write(move) {
    const address = this.address();
    if (address === location.hash) return;
    if (move) {
      this.waiting = clearTimeout(this.waiting);
      history.pushState(null, "", address);
      return;
    }
    clearTimeout(this.waiting); // a browser refuses more than some 100 changes of the address in a few seconds
    this.waiting = setTimeout(() => history.replaceState(null, "", this.address()), 120);
  }

  read(names = this.kept) {
    const given = new URLSearchParams(location.hash.slice(1));
    const changed = [];
    for (const name of names) {
      let value = given.has(name) ? given.get(name) : FIRST[name];
      if (NUMBERS.has(name) && value !== null) value = Number(value) || 0;
      if (this.state[name] !== value) {
        this.state[name] = value;
        changed.push(name);
      }
    }
    if (changed.length) this.tell(changed);
  }
}
