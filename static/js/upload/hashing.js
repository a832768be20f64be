// One worker that hashes one file after another.

export class Hasher {
  #worker;
  #queue = [];
  #current = null;

  constructor(script, libraries) {
    this.#worker = new Worker(script);
    this.#worker.postMessage({ libraries: libraries.map((address) => new URL(address, location.href).href) });
    this.#worker.onmessage = ({ data }) => this.#heard(data);
    this.#worker.onerror = (event) => this.#heard({ error: event.message || "The hashing stopped." });
  }

  // Resolves to hex. `told(bytes)` hears how far it is.
  hash(file, kind, told) {
    return new Promise((resolve, reject) => {
      this.#queue.push({ file, kind, told, resolve, reject });
      this.#next();
    });
  }

  #next() {
    if (this.#current || !this.#queue.length) return;
    this.#current = this.#queue.shift();
    this.#worker.postMessage({ id: 1, file: this.#current.file, kind: this.#current.kind });
  }

  #heard({ hashed, hex, error }) {
    const task = this.#current;
    if (!task) return;
    if (hashed !== undefined) {
      task.told(hashed);
      return;
    }
    this.#current = null;
    if (error) task.reject(new Error(error));
    else task.resolve(hex);
    this.#next();
  }
}
