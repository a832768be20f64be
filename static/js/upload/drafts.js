// What outlives a reload, in IndexedDB: an upload's commit message, its files, their hashes, and handles to open them again.
// Which parts have arrived is not kept here: the storage knows. A draft is one tab's: another beside it begins without, and
// keeps none.

const NAME = "grove-uploads";
const RELEASED_WITHIN = 500; // milliseconds, by the page that was there before a reload

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

const ended = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });

// Holds the lock for as long as the page is there. Rejects if another tab has it.
function own(key) {
  return new Promise((resolve, reject) => {
    const hold = () => {
      resolve();
      return new Promise(() => {});
    };
    navigator.locks.request(`${NAME} ${key}`, { signal: AbortSignal.timeout(RELEASED_WITHIN) }, hold).catch(reject);
  });
}

async function open(key) {
  if (navigator.locks) await own(key); // browsers have none where the hub is reached without TLS
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("drafts", { keyPath: "key" });
    request.result.createObjectStore("files", { keyPath: ["key", "relative"] });
  };
  return done(request);
}

export class Draft {
  #key;
  #form;
  #opened = null;

  constructor(key, form) {
    this.#key = key;
    this.#form = form;
  }

  async #transaction(mode) {
    this.#opened ??= open(this.#key);
    return (await this.#opened).transaction(["drafts", "files"], mode);
  }

  get #files() {
    return IDBKeyRange.bound([this.#key, ""], [this.#key, "\uffff"]);
  }

  // {fields, files: [{relative, size, modified, sha256, handle}]}, or null. A browser that keeps nothing (a private window)
  // finds nothing.
  async load() {
    try {
      const transaction = await this.#transaction("readonly");
      const [fields, files] = await Promise.all([
        done(transaction.objectStore("drafts").get(this.#key)),
        done(transaction.objectStore("files").getAll(this.#files)),
      ]);
      return fields && files.length ? { fields, files } : null;
    } catch {
      return null;
    }
  }

  fillIn({ folder, strip, title, body, how }) {
    const { elements } = this.#form;
    elements.folder.value = folder;
    elements.strip.checked = strip;
    elements.title.value = title;
    elements.body.value = body;
    const way = how && this.#form.querySelector(`[name="how"][value="${how}"]`);
    if (way) way.checked = true;
  }

  // What the form says, and these of its files.
  async save(items = []) {
    const { folder, strip, title, body, how } = this.#form.elements;
    const fields = { folder: folder.value, strip: strip.checked, title: title.value, body: body.value, how: how.value };
    try {
      const transaction = await this.#transaction("readwrite");
      transaction.objectStore("drafts").put({ key: this.#key, ...fields });
      const files = transaction.objectStore("files");
      for (const { relative, size, modified, sha256, handle = null } of items) {
        files.put({ key: this.#key, relative, size, modified, sha256, handle });
      }
      await ended(transaction);
    } catch {
      // Without it this upload only cannot be resumed after a reload.
    }
  }

  // Some of its files, or all of it.
  async remove(relatives = null) {
    try {
      const transaction = await this.#transaction("readwrite");
      const files = transaction.objectStore("files");
      if (relatives) {
        for (const relative of relatives) files.delete([this.#key, relative]);
      } else {
        files.delete(this.#files);
        transaction.objectStore("drafts").delete(this.#key);
      }
      await ended(transaction);
    } catch {
      // There was nothing to keep it in.
    }
  }
}

// The files of these items that can be read again without being chosen, if their owner allows it.
export async function reopened(items) {
  const found = [];
  for (const { relative, handle } of items) {
    if (!handle) continue;
    try {
      if ((await handle.requestPermission({ mode: "read" })) !== "granted") continue;
      found.push({ relative, file: await handle.getFile(), handle });
    } catch {
      // Moved or deleted: it can still be chosen by hand.
    }
  }
  return found;
}
