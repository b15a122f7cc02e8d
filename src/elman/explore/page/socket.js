// Questions to the server over one WebSocket: ask("states", {layer: 0}) is a promise of what the server answers.

export class Cancelled extends Error {}

const MOST_BYTES = 1_000_000; // of one message
const PAUSES = [500, 1000, 2000, 4000]; // milliseconds before the connection is tried again

export class Socket {
  constructor(address, status) {
    this.address = address;
    this.status = status; // called with true when it opens, with false when it closes
    this.waiting = new Map();
    this.number = 0;
    this.tries = 0;
    this.open();
  }

  open() {
    this.socket = new WebSocket(this.address);
    this.opened = new Promise((resolve) => {
      this.socket.onopen = () => {
        this.tries = 0;
        resolve();
        this.status(true);
      };
    });
    this.socket.onmessage = (event) => this.take(JSON.parse(event.data));
    this.socket.onclose = () => this.lost();
  }

  lost() {
    for (const { reject } of this.waiting.values()) reject(new Error("The connection closed before the answer came."));
    this.waiting.clear();
    this.status(false);
    setTimeout(() => this.open(), PAUSES[Math.min(this.tries++, PAUSES.length - 1)]);
  }

  take(message) {
    const asked = this.waiting.get(message.id);
    if (!asked) return;
    if ("progress" in message) {
      asked.progress?.(message);
      return;
    }
    this.waiting.delete(message.id);
    if ("error" in message) asked.reject(new Error(message.error));
    else if (message.cancelled) asked.reject(new Cancelled("A newer question took its place."));
    else asked.resolve({ ...decoded(message.is), asked: message.id });
  }

  ask(name, body = {}, progress = null) {
    const id = ++this.number;
    const text = JSON.stringify({ id, do: name, ...body });
    if (text.length > MOST_BYTES / 4 && new Blob([text]).size > MOST_BYTES) {
      return Promise.reject(new Error("This input is over 1 MB, more than the page takes; give a shorter one."));
    }
    return this.opened.then(
      () =>
        new Promise((resolve, reject) => {
          if (this.socket.readyState !== WebSocket.OPEN) {
            reject(new Error("There is no connection; it is being made again."));
            return;
          }
          this.waiting.set(id, { resolve, reject, progress });
          this.socket.send(text);
        }),
    );
  }
}

// Arrays come as {shape, f32: base64}; they become {shape, data: Float32Array}, wherever they stand.
export function decoded(value) {
  if (Array.isArray(value)) return value.map(decoded);
  if (value === null || typeof value !== "object") return value;
  if (typeof value.f32 === "string" && Array.isArray(value.shape)) {
    const bytes = Uint8Array.from(atob(value.f32), (letter) => letter.charCodeAt(0));
    return { shape: value.shape, data: new Float32Array(bytes.buffer) };
  }
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, decoded(one)]));
}

// Of calls that come faster than answers, the first runs at once, and of those that wait only the newest.
export function latest(act) {
  let running = false;
  let next = null;
  return async function run(...given) {
    if (running) {
      next = given;
      return;
    }
    running = true;
    try {
      await act(...given);
    } finally {
      running = false;
      if (next) {
        const newest = next;
        next = null;
        run(...newest);
      }
    }
  };
}
