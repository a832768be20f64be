// Sends contents to the storage in parts, some at a time, each content once; pauses, goes on, and outlasts a lost network.

import { NetworkLost, Refused, calmDown, insist, send } from "./hub.js";

const LANES = 4; // requests at once
const AT_ONCE = 50; // contents begun by one call
const BYTES_AT_ONCE = 256 * 1024 * 1024;
const COMPLETED_AT_ONCE = 8;
const MOST_REFUSALS = 8; // by the storage, one after another
const LOOK_SECONDS = 2;

// One content under way, for every file that has it.
class Upload {
  inFlight = new Map(); // {number of a part: bytes}
  arrived = new Map();
  addresses = {};
  refusals = 0; // since the last part that arrived
  failures = 0;
  partSize = 0;
  withdrawal = new AbortController();

  constructor(file, oid, size) {
    Object.assign(this, { file, oid, size });
    this.items = [];
  }

  get sent() {
    let sum = 0;
    for (const bytes of this.arrived.values()) sum += bytes;
    for (const bytes of this.inFlight.values()) sum += bytes;
    return Math.min(sum, this.size);
  }

  take({ partSize, arrived, addresses }) {
    this.partSize = partSize;
    this.addresses = addresses;
    this.arrived = new Map(Object.entries(arrived).map(([number, bytes]) => [Number(number), bytes]));
  }

  get left() {
    return Object.keys(this.addresses).map(Number).filter((number) => !this.arrived.has(number) && !this.inFlight.has(number));
  }

  piece(number) {
    const start = (number - 1) * this.partSize;
    return this.file.slice(start, Math.min(start + this.partSize, this.size));
  }
}

export class Sender {
  uploads = new Map(); // {sha256: Upload}
  lost = null; // why nothing gets through just now
  isRunning = false;
  #hub;
  #changed;
  #waiting = [];
  #pieces = [];
  #whole = [];
  #beginning = null;
  #stop = new AbortController();
  #wake = () => {};
  #woken = null;

  // `changed(items)` hears of every step of these items.
  constructor(hub, changed) {
    this.#hub = hub;
    this.#changed = changed;
  }

  // A hashed file. One whose content is under way already shares it.
  offer(item) {
    let upload = this.uploads.get(item.sha256);
    if (!upload || upload.state === "failed") {
      upload = new Upload(item.file, item.sha256, item.size);
      this.uploads.set(item.sha256, upload);
      this.#waiting.push(upload);
    }
    upload.items.push(item);
    item.upload = upload;
    this.#set(upload, upload.state ?? "ready");
    this.#rouse();
  }

  // A content that no file has any more is sent no further; the queues leave it out when its turn comes.
  withdraw(item) {
    const upload = item.upload;
    if (!upload) return;
    item.upload = null;
    upload.items = upload.items.filter((other) => other !== item);
    if (upload.items.length) return;
    if (this.uploads.get(upload.oid) === upload) this.uploads.delete(upload.oid);
    upload.state = "withdrawn";
    upload.withdrawal.abort();
  }

  start() {
    if (this.isRunning) return;
    this.isRunning = true;
    this.#stop = new AbortController();
    for (let lane = 0; lane < LANES; lane += 1) this.#lane(this.#stop.signal);
    this.#completer(this.#stop.signal);
  }

  // What is under way is broken off: the parts that have arrived stay, the others begin anew.
  pause() {
    this.isRunning = false;
    this.#stop.abort();
    this.#rouse();
  }

  #rouse() {
    this.#wake();
  }

  #rest() {
    this.#woken ??= new Promise((resolve) => {
      this.#wake = () => {
        this.#woken = null;
        resolve();
      };
    });
    return this.#woken;
  }

  #set(upload, state, more = {}) {
    upload.state = state;
    for (const item of upload.items) Object.assign(item, { state }, more);
    this.#changed(upload.items);
  }

  #told = (error) => {
    this.lost = error;
    this.#changed([]);
  };

  async #lane(signal) {
    while (!signal.aborted) {
      const piece = this.#pieces.shift() ?? (await this.#more(signal));
      if (piece) await this.#send(piece, signal);
      else if (!signal.aborted) await this.#rest();
    }
  }

  async #more(signal) {
    while (!this.#pieces.length && this.#waiting.length && !signal.aborted) {
      this.#beginning ??= this.#begin(signal).finally(() => {
        this.#beginning = null;
      });
      await this.#beginning;
    }
    return this.#pieces.shift() ?? null;
  }

  async #begin(signal) {
    const some = takenFrom(this.#waiting, AT_ONCE);
    if (!some.length) return;
    try {
      await this.#ask(some, signal);
    } catch (error) {
      if (signal.aborted) this.#waiting.unshift(...some);
      else for (const upload of some) this.#set(upload, "failed", { error: error.message });
    }
  }

  async #ask(some, signal) {
    const objects = some.map(({ oid, size }) => ({ oid, size }));
    const answer = await insist(() => this.#hub.begin(objects, signal), { signal, told: this.#told });
    answer.objects.forEach((told, index) => {
      const upload = some[index];
      if (upload.state === "withdrawn") {
        if (!this.uploads.has(upload.oid)) this.#hub.cancel([upload.oid]).catch(() => {}); // begun after it was given up
      } else if (told.error) {
        this.#set(upload, "failed", { error: told.error });
      } else if (told.stored) {
        this.#set(upload, "stored", { isKnown: true });
      } else {
        upload.take(told);
        this.#set(upload, "sending");
        this.#pieces.push(...upload.left.map((number) => ({ upload, number })));
        this.#judge(upload);
      }
    });
    this.#rouse();
  }

  // Whether all of it has arrived.
  #judge(upload) {
    if (upload.state !== "sending" || upload.sent < upload.size || upload.inFlight.size || this.#whole.includes(upload)) return;
    this.#set(upload, "checking");
    this.#whole.push(upload);
    this.#rouse();
  }

  async #send({ upload, number }, signal) {
    if (upload.state !== "sending") return;
    const blob = upload.piece(number);
    const sent = (bytes) => {
      upload.inFlight.set(number, bytes);
      this.#changed(upload.items);
    };
    sent(0);
    const stop = AbortSignal.any([signal, upload.withdrawal.signal]);
    try {
      await send("PUT", upload.addresses[number], blob, { sent, signal: stop });
      upload.arrived.set(number, blob.size);
      upload.refusals = upload.failures = 0;
      this.#told(null);
    } catch (error) {
      upload.inFlight.delete(number);
      await this.#recover({ upload, number }, error, stop);
    }
    upload.inFlight.delete(number);
    this.#changed(upload.items);
    this.#judge(upload);
  }

  async #recover(piece, error, signal) {
    const { upload, number } = piece;
    if (upload.state !== "sending") return;
    if (signal.aborted) {
      this.#pieces.unshift(piece);
      return;
    }
    if (error instanceof NetworkLost) {
      if (!(await isReadable(upload.piece(number)))) {
        this.#set(upload, "failed", { isChanged: true });
        return;
      }
      this.#told(error);
    } else {
      upload.refusals += 1;
      if (upload.refusals > MOST_REFUSALS) {
        this.#set(upload, "failed", { error: error.message });
        return;
      }
    }
    await calmDown(upload.failures, signal);
    upload.failures += 1;
    if (upload.state !== "sending") return;
    this.#pieces.push(piece); // after the others, which may get through
    if (error instanceof Refused && !error.passes && !signal.aborted) await this.#renew(upload, signal);
  }

  // The addresses have expired, or the storage has forgotten the upload: ask what is left of it.
  async #renew(upload, signal) {
    this.#pieces = this.#pieces.filter((piece) => piece.upload !== upload);
    try {
      await this.#ask([upload], signal);
    } catch (error) {
      if (!signal.aborted) this.#set(upload, "failed", { error: error.message });
      else this.#waiting.unshift(upload);
    }
  }

  async #completer(signal) {
    while (!signal.aborted) {
      const some = takenFrom(this.#whole, COMPLETED_AT_ONCE);
      if (!some.length) {
        await this.#rest();
        continue;
      }
      try {
        const oids = some.map((upload) => upload.oid);
        const answer = await insist(() => this.#hub.complete(oids, signal), { signal, told: this.#told });
        answer.objects.forEach((told, index) => this.#ended(some[index], told));
        if (answer.objects.some(({ state }) => state === "checking")) await calmDown(1, signal, LOOK_SECONDS);
      } catch (error) {
        if (signal.aborted) this.#whole.unshift(...some);
        else for (const upload of some) this.#set(upload, "failed", { error: error.message });
      }
    }
  }

  #ended(upload, { state, error }) {
    if (upload.state === "withdrawn") return;
    if (state === "stored") {
      this.#set(upload, "stored");
    } else if (state === "checking") {
      this.#whole.push(upload);
    } else if (!upload.isSecond) {
      // Parts were lost, or the upload was: the storage says what is left.
      upload.isSecond = true;
      this.#set(upload, "ready");
      this.#waiting.push(upload);
      this.#rouse();
    } else {
      this.#set(upload, "failed", { error });
    }
  }
}

// What one call may name of a queue: `most` contents, and no more bytes than the hub reads at once unless one alone has more.
function takenFrom(queue, most) {
  const taken = [];
  let bytes = 0;
  while (queue.length && taken.length < most && (!taken.length || bytes + queue[0].size <= BYTES_AT_ONCE)) {
    const upload = queue.shift();
    if (upload.state === "withdrawn") continue;
    bytes += upload.size;
    taken.push(upload);
  }
  return taken;
}

// A file that was changed or removed since it was chosen cannot be read any more; the request then fails as if the network had.
async function isReadable(blob) {
  try {
    await blob.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
