// Writing: a generator's text, a symbol at a time. Pause, choose another symbol, go back, and on from the kept state.

import { make } from "./element.js";
import { GrowingStates } from "./growing_states.js";
import { NextSymbols } from "./next_symbols.js";
import { saves } from "./save.js";
import { Cancelled } from "./socket.js";

export const title = "Writing";
export const sentence = "The network gives every symbol a probability, one is drawn, and read in turn: so a text goes on from what stands above. Pause it, choose another symbol, and see what becomes of it.";

const MOST_PROMPT = 2000; // characters that a text can begin with

export function mount(element, { ask, store }) {
  store.keep({ temperature: 1, top_k: 0, write_seed: 0, speed: 10 });
  const view = new WritingView(element, ask, store);
  view.begin();
  return {
    save: saves("writing", () => view.states.pictures(), () => view.rows()),
    unmount: () => view.unmount(),
  };
}

class WritingView {
  constructor(element, ask, store) {
    Object.assign(this, { ask, store, playing: false, begun: false, kept: 0, ended: false, chosen: null });
    this.pieces = []; // {added, kind: "given" | "written" | "changed"} of each symbol
    this.last = Promise.resolve();
    this.fault = make("p", { class: "fault", role: "alert" });
    this.text = make("p", { class: "text", tabindex: 0, role: "group", "aria-label": "The text; arrows choose a symbol of it", on: { click: (event) => this.pick(event.target.dataset?.at), keydown: (event) => this.onKey(event) } });
    this.pen = make("span", { class: "pen", "aria-hidden": "true" });
    this.text.append(this.pen);
    this.next = new NextSymbols((number) => this.choose(number));
    const place = make("div", { class: "stretch" });
    const grown = make("section", { class: "grown" },
      make("h3", {}, "The hidden state, as it grows"),
      make("p", { class: "note" }, "A column for every symbol of the text, after it was read; a row for every hidden unit. This is all that the network knows of the text."),
      place);
    element.append(...this.controls(), this.fault, make("div", { class: "halves" }, this.text, this.next.element, grown));
    this.states = new GrowingStates(place, store, (at) => this.pick(at));
    this.ends = [
      store.on(["temperature", "top_k"], () => this.look()),
      store.on(["reading"], () => this.follow()),
      store.on(["text"], () => store.get("text") === "" && this.follow()),
      store.on(["write_seed"], () => this.begin()),
      store.on(["online"], () => this.connection()),
    ];
  }

  controls() {
    const { store } = this;
    const bold = slider("temperature", "Temperature", { min: 0, max: 2, step: 0.05 }, store, (value) => value.toFixed(2));
    const speed = slider("speed", "Symbols a second", { min: 1, max: 40, step: 1 }, store, String);
    const most = number("top_k", "Only the likeliest (0: all)", { min: 0, max: 1000 }, store);
    const seed = number("write_seed", "Seed", { min: 0, max: 2 ** 32 - 1 }, store);
    this.play = make("button", { type: "button", class: "main", on: { click: () => (this.playing ? this.pause() : this.start()) } }, "Play");
    this.back = make("button", { type: "button", on: { click: () => this.goBack() } }, "Back");
    this.step = make("button", { type: "button", on: { click: () => this.one() } }, "Step");
    this.anew = make("button", { type: "button", on: { click: () => this.begin() } }, "Begin anew");
    this.count = make("span", { class: "number", role: "status" });
    return [
      make("div", { class: "row drawn" }, bold, most, speed, seed),
      make("div", { class: "go" }, this.play, this.back, this.step, this.anew, this.count),
    ];
  }

  // The page's input, which the text begins with.
  get prompt() {
    const { reading, text } = this.store.state;
    return (text === "" ? "" : (reading?.input.text ?? "")).slice(-MOST_PROMPT);
  }

  how() {
    const { temperature, top_k } = this.store.state;
    return { temperature, top_k };
  }

  // What is asked of the server, one thing after the other; null if there was none.
  tell(body) {
    const answer = this.last.then(async () => {
      try {
        const asked = typeof body === "function" ? body() : body;
        if (!asked) return null;
        const found = await this.ask("write", { ...asked, ...this.how() });
        this.fault.textContent = "";
        return found;
      } catch (error) {
        this.pause();
        if (!(error instanceof Cancelled)) this.fault.textContent = error.message;
        return null;
      }
    });
    this.last = answer;
    return answer;
  }

  // Another input begins another text; the same one, read again after a lost connection, does not.
  follow() {
    if (this.prompt !== this.from) this.begin();
  }

  async begin() {
    this.pause();
    this.from = this.prompt;
    const found = await this.tell(() => ({ action: "begin", prompt: this.prompt, seed: this.store.get("write_seed") }));
    if (!found) return;
    this.begun = true;
    this.take({ ...found, at: 0, added: [...new Array(found.at).fill(""), ...found.added] }, "given");
  }

  // After a lost connection the text is read again, and goes on.
  async resume() {
    const before = this.pieces.map(({ added }) => added).join("").slice(-MOST_PROMPT);
    const found = await this.tell({ action: "begin", prompt: before, seed: this.store.get("write_seed") });
    if (!found) return false;
    this.begun = true;
    if (found.at + found.added.length === this.pieces.length) this.kept = found.kept;
    else this.take({ ...found, at: 0 }, "given");
    return true;
  }

  connection() {
    if (this.store.get("online")) return;
    this.pause();
    this.begun = false;
  }

  async act(body, kind) {
    if (!this.begun && !(await this.resume())) return null;
    const found = await this.tell(body);
    if (found?.added) this.take(found, kind);
    return found;
  }

  take(found, kind) {
    const { at, added, kept, ended } = found;
    this.pieces.length = at;
    [...this.text.querySelectorAll("[data-at]")].slice(at).forEach((span) => span.remove());
    added.forEach((piece, k) => {
      this.pieces.push({ added: piece, kind });
      this.pen.before(make("span", { "data-at": at + k, class: kind === "written" ? null : kind }, piece === "" && ended && at + k === this.pieces.length - 1 ? "■" : piece.replace("\n", "↵\n")));
    });
    Object.assign(this, { kept, ended });
    this.states.take(at, added, found.states);
    this.text.scrollTop = this.text.scrollHeight;
    this.select(null);
    this.next.show(found.next, { ended });
    this.showState();
  }

  showState() {
    const total = this.pieces.length;
    this.count.textContent = `${total.toLocaleString("en")} ${total === 1 ? "symbol" : "symbols"}${this.ended ? "; the text has ended" : ""}`;
    this.back.disabled = total <= this.kept;
    this.step.disabled = this.ended && this.chosen === null;
    this.play.disabled = this.step.disabled && !this.playing;
    this.play.textContent = this.playing ? "Pause" : "Play";
  }

  // A symbol of the text is chosen: what could have stood there?
  select(at) {
    this.chosen = at;
    this.text.querySelector(".at")?.classList.remove("at");
    if (at !== null) this.text.querySelector(`[data-at="${at}"]`)?.classList.add("at");
    this.states.select(at);
  }

  async pick(at) {
    if (at === undefined || at === null) return;
    this.pause();
    const place = Number(at) === this.chosen ? null : Number(at);
    this.select(place);
    this.showState();
    await this.look();
  }

  async look() {
    const at = this.chosen;
    const found = await this.act({ action: "look", ...(at === null ? {} : { at }) });
    if (found) this.next.show(found.next, { ended: this.ended && at === null, instead: at === null ? null : this.pieces[at].added });
  }

  choose(symbol) {
    this.pause();
    const at = this.chosen;
    return this.act(at === null ? { action: "choose", symbol } : { action: "change", at, symbol }, "changed");
  }

  goBack() {
    this.pause();
    return this.act({ action: "back", at: this.chosen ?? Math.max(0, this.pieces.length - 1) });
  }

  one() {
    this.pause();
    return this.act(this.forward(), "written");
  }

  // Where a symbol of the text is chosen, the text goes on behind it.
  forward() {
    return { action: "next", ...(this.chosen === null ? {} : { at: this.chosen + 1 }) };
  }

  async start() {
    this.playing = true;
    this.showState();
    const run = (this.run = {});
    const first = this.forward();
    let body = first;
    while (this.playing && this.run === run) {
      const time = performance.now();
      const found = await this.act(() => (this.playing && this.run === run ? body : null), "written");
      if (!found || found.ended) break;
      body = { action: "next" };
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, 1000 / this.store.get("speed") - (performance.now() - time))));
    }
    if (this.run === run) this.pause();
  }

  pause() {
    this.playing = false;
    this.showState();
  }

  onKey(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape" && this.chosen !== null) this.pick(this.chosen);
    if (!by || !this.pieces.length) return;
    event.preventDefault();
    event.stopPropagation();
    const at = Math.max(this.kept, Math.min(this.pieces.length - 1, (this.chosen ?? this.pieces.length) + by));
    if (at !== this.chosen) this.pick(at);
  }

  rows() {
    const names = this.states.names();
    return [["step", "symbol", "how", ...names], ...this.pieces.map(({ added, kind }, t) => [t + 1, added, kind, ...this.states.row(t)])];
  }

  unmount() {
    this.pause();
    this.ends.forEach((end) => end());
    this.states.unmount();
  }
}

function slider(name, label, range, store, shown) {
  const told = make("output", { for: name }, shown(store.get(name)));
  const field = make("input", { type: "range", id: name, ...range, on: { input: () => {
    told.textContent = shown(Number(field.value));
    store.set({ [name]: Number(field.value) });
  } } });
  field.value = store.get(name);
  return make("span", { class: "choice" }, make("label", { for: name }, label), field, told);
}

function number(name, label, range, store) {
  const field = make("input", { type: "number", id: name, step: 1, ...range, value: store.get(name), on: { change: () => {
    const value = Math.round(Number(field.value));
    if (field.value !== "" && value >= range.min && value <= range.max) store.set({ [name]: value });
    else field.value = store.get(name);
  } } });
  return make("span", { class: "choice" }, make("label", { for: name }, label), field);
}
