// Hashes files block by block, off the page's thread. First message: where its libraries lie; then {id, file, kind}, one at a time.
// kind: "sha256" of the content, or "blob" for git's id of it. Answers {id, hashed} (bytes so far), {id, hex} or {id, error}.
const BLOCK = 8 * 1024 * 1024;
const hashers = {};

async function hash({ id, file, kind }) {
  const hasher = await (kind === "blob" ? (hashers.sha1 ??= hashwasm.createSHA1()) : (hashers.sha256 ??= hashwasm.createSHA256()));
  hasher.init();
  if (kind === "blob") hasher.update(`blob ${file.size}\0`);
  for (let start = 0; start < file.size; start += BLOCK) {
    hasher.update(new Uint8Array(await file.slice(start, start + BLOCK).arrayBuffer()));
    self.postMessage({ id, hashed: Math.min(start + BLOCK, file.size) });
  }
  return hasher.digest("hex");
}

self.onmessage = ({ data }) => {
  if (data.libraries) {
    self.importScripts(...data.libraries);
    return;
  }
  hash(data).then(
    (hex) => self.postMessage({ id: data.id, hex }),
    (error) => self.postMessage({ id: data.id, error: String(error.message || error) }),
  );
};
