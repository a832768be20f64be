// What outlives a reload, in IndexedDB: an upload's commit message, its files, their hashes, and handles to open them again.
// Which parts have arrived is not kept here: the storage knows.

const NAME = "grove-uploads";

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

let opened = null;
function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("drafts", { keyPath: "key" });
      request.result.createObjectStore("files", { keyPath: ["key", "relative"] });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

const filesOf = (key) => IDBKeyRange.bound([key, ""], [key, "\uffff"]);

// {draft, files}, or null. A browser that keeps nothing (a private window) finds nothing.
export async function load(key) {
  try {
    const transaction = (await database()).transaction(["drafts", "files"]);
    const [draft, files] = await Promise.all([
      done(transaction.objectStore("drafts").get(key)),
      done(transaction.objectStore("files").getAll(filesOf(key))),
    ]);
    return draft && files.length ? { draft, files } : null;
  } catch {
    return null;
  }
}

export async function save(draft, files = []) {
  try {
    const transaction = (await database()).transaction(["drafts", "files"], "readwrite");
    transaction.objectStore("drafts").put(draft);
    for (const file of files) transaction.objectStore("files").put({ key: draft.key, ...file });
    await new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  } catch {
    // Without it this upload only cannot be resumed after a reload.
  }
}

export async function remove(key, relatives = null) {
  try {
    const transaction = (await database()).transaction(["drafts", "files"], "readwrite");
    if (relatives) {
      for (const relative of relatives) transaction.objectStore("files").delete([key, relative]);
      return;
    }
    transaction.objectStore("drafts").delete(key);
    transaction.objectStore("files").delete(filesOf(key));
  } catch {
    // There was nothing to keep it in.
  }
}
