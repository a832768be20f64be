// What was dropped or picked, as [{relative, file, handle}]: relative paths with "/", and a handle where the browser gives one.

const JUNK = /(^|\/)(\.git(\/|$)|\.DS_Store$|Thumbs\.db$|desktop\.ini$)/;

const wanted = (found) => found.filter(({ relative }) => !JUNK.test(relative)).sort((a, b) => (a.relative < b.relative ? -1 : 1));

export function picked(input) {
  return wanted([...input.files].map((file) => ({ relative: file.webkitRelativePath || file.name, file })));
}

// The items of a drop are gone once its event is over: take hold of all of them first, then walk.
export function dropped(transfer) {
  const items = [...transfer.items].filter((item) => item.kind === "file").map((item) => ({
    handle: item.getAsFileSystemHandle?.().catch(() => null),
    entry: item.webkitGetAsEntry?.(),
    file: item.getAsFile(),
  }));
  return Promise.all(items.map(walked)).then((found) => wanted(found.flat()));
}

async function walked(item) {
  const handle = await item.handle;
  if (handle) return fromHandle(handle, handle.name);
  if (item.entry) return fromEntry(item.entry);
  return item.file ? [{ relative: item.file.name, file: item.file }] : [];
}

async function fromHandle(handle, relative) {
  if (JUNK.test(relative)) return [];
  if (handle.kind === "file") return [{ relative, file: await handle.getFile(), handle }];
  const found = [];
  for await (const child of handle.values()) found.push(...(await fromHandle(child, `${relative}/${child.name}`)));
  return found;
}

async function fromEntry(entry) {
  const relative = entry.fullPath.replace(/^\//, "");
  if (JUNK.test(relative)) return [];
  if (entry.isFile) return [{ relative, file: await new Promise((resolve, reject) => entry.file(resolve, reject)) }];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // at most a hundred a call
    if (!some.length) return found;
    for (const child of some) found.push(...(await fromEntry(child)));
  }
}
