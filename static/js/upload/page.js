// The page of the uploader: files are chosen, asked about, hashed, sent, and committed; what it shows follows from their states.

import { dropped, picked } from "./choosing.js";
import { Draft, reopened } from "./drafts.js";
import { Drawing, atMostEvery, number, say } from "./drawing.js";
import { Hasher } from "./hashing.js";
import { Hub, NetworkLost, insist } from "./hub.js";
import { Sender } from "./sending.js";

const ASKED_AT_ONCE = 500;
const SAMPLE = 512; // bytes by which the hub tells text from binary
const DRAWN_EVERY = 200; // milliseconds

const root = document.querySelector("[data-uploader]");
const facts = root.dataset;
const part = (name) => root.querySelector(`[data-part="${name}"]`);
const form = part("form");
const field = (name) => form.elements[name];
const most = Number(facts.most);

const draft = new Draft(facts.draft, form);
const hub = new Hub(facts.api, facts.revision, field("csrfmiddlewaretoken").value);
const hasher = new Hasher(facts.worker, [facts.sha256, facts.sha1]);
const sender = new Sender(hub, () => draw());
const drawing = new Drawing(part, form, sender, { remove: leaveOut, again });

// {relative path: item}. An item's states: missing, asking, ignored, clash, waiting, hashing, regular, same, ready, sending,
// checking, stored, failed.
const items = new Map();
const LEFT_OUT = new Set(["ignored", "clash", "same"]);
let parent = null; // the commit that the choice was checked against
let phase = "choosing"; // sending, paused, committing, moved, cancelling, done
let trouble = "";
let committed = null; // {bytes, of} of the commit's own lines

const all = () => [...items.values()];
const kept = () => all().filter((item) => !LEFT_OUT.has(item.state));
const isThere = (item) => item.state === "regular" || item.state === "stored";
const mayStart = () => kept().length > 0 && !kept().some((item) => item.state === "missing") && items.size <= most;

const draw = atMostEvery(DRAWN_EVERY, () => {
  const there = kept().filter(isThere);
  drawing.show({ phase, trouble, items: all(), kept: kept(), there, top: top(), mayStart: mayStart(), committed });
  goFurther();
});

// ── choosing ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const folder = () => field("folder").value.trim().replace(/^\/+|\/+$/g, "");
const topOf = (relative) => (relative.includes("/") ? relative.slice(0, relative.indexOf("/") + 1) : "");

// The folder that all files lie in.
function top() {
  const tops = new Set(all().map((item) => topOf(item.relative)));
  return tops.size === 1 ? [...tops][0] : "";
}

function pathOf(relative) {
  const path = field("strip").checked ? relative.slice(topOf(relative).length) : relative;
  return folder() ? `${folder()}/${path}` : path;
}

async function add(found) {
  if (phase !== "choosing" && phase !== "paused") return;
  const fresh = [];
  for (const { relative, file, handle } of found) {
    const known = items.get(relative);
    const isSame = known && known.size === file.size && known.modified === file.lastModified;
    if (isSame && known.file) continue;
    if (known) forget(known);
    const item = {
      relative, file, handle, path: pathOf(relative), size: file.size, modified: file.lastModified,
      state: "asking", hashed: 0, sha256: isSame ? known.sha256 : null,
    };
    items.set(relative, item);
    fresh.push(item);
  }
  if (items.size > most) trouble = say("too_many", { most: number(most) });
  draft.save(fresh);
  draw();
  await plan(fresh);
}

function forget(item) {
  sender.withdraw(item);
  items.delete(item.relative);
}

function leaveOut(item) {
  forget(item);
  draft.remove([item.relative]);
  const isShared = all().some(({ sha256 }) => sha256 === item.sha256);
  if (item.sha256 && item.state !== "stored" && !isShared) hub.cancel([item.sha256]).catch(() => {});
  draw();
}

async function sampleOf(file) {
  const bytes = new Uint8Array(await file.slice(0, SAMPLE).arrayBuffer());
  return btoa(String.fromCharCode(...bytes));
}

// Asks the hub about each, then hashes what needs it.
async function plan(some) {
  for (const item of some) Object.assign(item, { state: "asking", path: pathOf(item.relative) });
  for (let start = 0; start < some.length; start += ASKED_AT_ONCE) {
    const batch = some.slice(start, start + ASKED_AT_ONCE).filter((item) => items.get(item.relative) === item);
    const asked = [];
    const readable = []; // those that are asked about, in the same order: another plan may change their states meanwhile
    for (const item of batch) {
      try {
        asked.push({ path: item.path, size: item.size, sample: await sampleOf(item.file) });
        readable.push(item);
      } catch {
        Object.assign(item, { state: "failed", isChanged: true });
      }
    }
    try {
      const answer = await insist(() => hub.preupload(asked, asProposal()), { told: draw });
      parent ??= answer.commitOid;
      answer.files.forEach((told, index) => planned(readable[index], told));
    } catch (error) {
      for (const item of readable) Object.assign(item, { state: "failed", error: error.message });
    }
    draw();
  }
}

function planned(item, { path, uploadMode, shouldIgnore, oid, clash }) {
  if (item.path !== path || items.get(item.relative) !== item) return; // asked anew, or taken away
  Object.assign(item, { mode: uploadMode, current: oid, clash });
  if (shouldIgnore) item.state = "ignored";
  else if (clash) item.state = "clash";
  else hash(item);
}

async function hash(item) {
  const { path } = item;
  const isLarge = item.mode === "lfs";
  if (!isLarge && !item.current) {
    item.state = "regular";
    return;
  }
  item.state = "waiting";
  try {
    const told = (bytes) => {
      Object.assign(item, { state: "hashing", hashed: bytes });
      draw();
    };
    const hex = (isLarge && item.sha256) || (await hasher.hash(item.file, isLarge ? "sha256" : "blob", told));
    if (items.get(item.relative) !== item || item.path !== path) return;
    if (isLarge && item.sha256 !== hex) {
      item.sha256 = hex;
      draft.save([item]);
    }
    if (hex === item.current) item.state = "same";
    else if (isLarge) sender.offer(item);
    else item.state = "regular";
  } catch (error) {
    Object.assign(item, { state: "failed", isChanged: true, error: error.message });
  }
  draw();
}

async function planAgain() {
  if (phase !== "choosing") return;
  for (const item of all()) {
    sender.withdraw(item);
    item.path = pathOf(item.relative);
  }
  draft.save();
  draw();
  await plan(all().filter((item) => item.file));
}

async function recall() {
  const found = await draft.load();
  if (!found || items.size) return;
  draft.fillIn(found.fields);
  for (const file of found.files) {
    items.set(file.relative, { ...file, file: null, path: pathOf(file.relative), state: "missing", hashed: 0 });
  }
  draw();
}

// ── sending and committing ───────────────────────────────────────────────────────────────────────────────────────────

const asProposal = () => form.elements.how.value === "propose";

function start() {
  if (!mayStart()) return;
  trouble = "";
  phase = "sending";
  draft.save();
  sender.start();
  draw();
}

function pause() {
  sender.pause();
  phase = "paused";
  draw();
}

// What follows once all files are there, or nothing more can be done for the others.
function goFurther() {
  if (phase !== "sending") return;
  const left = kept().filter((item) => !isThere(item));
  if (!kept().length) {
    sender.pause();
    phase = "choosing";
  } else if (!left.length) {
    commit();
  } else if (left.every((item) => item.state === "failed")) {
    pause();
  }
}

async function cancel() {
  sender.pause();
  const oids = [...new Set(all().map((item) => item.sha256).filter(Boolean))];
  phase = "cancelling";
  draw();
  try {
    for (let first = 0; first < oids.length; first += 100) {
      await insist(() => hub.cancel(oids.slice(first, first + 100)), { told: draw });
    }
  } catch (error) {
    trouble = error.message;
  }
  await draft.remove();
  location.assign(facts.tree);
}

async function again(item) {
  Object.assign(item, { error: "", isChanged: false });
  sender.withdraw(item);
  await plan([item]);
}

async function base64(file) {
  if (!file.size) return ""; // some browsers give an empty file an address without a comma
  const address = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
  return address.slice(address.indexOf(",") + 1);
}

async function lines(some) {
  const header = { summary: field("title").value.trim() || field("title").placeholder, description: field("body").value, parentCommit: parent };
  const found = [JSON.stringify({ key: "header", value: header })];
  for (const item of some) {
    const { path } = item;
    const value = item.mode === "lfs"
      ? { key: "lfsFile", value: { path, algo: "sha256", oid: item.sha256, size: item.size } }
      : { key: "file", value: { path, content: await base64(item.file), encoding: "base64" } };
    found.push(new Blob([`\n${JSON.stringify(value)}`])); // a Blob may lie on disk, a text does not
  }
  return new Blob(found);
}

async function commit() {
  phase = "committing";
  draw();
  const some = kept();
  const body = await lines(some).catch(() => null);
  if (!body) {
    for (const item of some.filter(({ mode }) => mode === "regular")) {
      await sampleOf(item.file).catch(() => Object.assign(item, { state: "failed", isChanged: true }));
    }
    phase = "paused";
    draw();
    return;
  }
  const sent = (bytes) => {
    committed = { bytes, of: body.size };
    draw();
  };
  // A commit whose answer was lost is recognised by the hub when it comes again; a pull request would be a second one.
  const send = () => hub.commit(body, asProposal(), sent);
  try {
    const answer = await (asProposal() ? send() : insist(send, { told: draw }));
    phase = "done";
    await draft.remove();
    location.assign(answer.pullRequestUrl ?? facts.tree);
  } catch (error) {
    if (error.status === 412) {
      await moved();
    } else {
      trouble = error instanceof NetworkLost ? say("answer_lost") : error.message;
      phase = "paused";
    }
    draw();
  }
}

// Others have committed meanwhile: show what, and let its owner choose.
async function moved() {
  let files = [];
  try {
    const answer = await insist(() => hub.changedSince(parent));
    parent = answer.head;
    files = answer.files;
  } catch {
    parent = null; // what changed may not be told: whatever the branch is now
  }
  drawing.showMoved(files, new Set(kept().map((item) => item.path)));
  phase = "moved";
}

function goOn(propose) {
  if (propose) form.querySelector('[name="how"][value="propose"]').checked = true;
  phase = "sending";
  commit();
}

// ── what people do ───────────────────────────────────────────────────────────────────────────────────────────────────

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (phase === "choosing") start();
});
function take(input) {
  const found = picked(input);
  input.value = ""; // so that the same files can be chosen again
  return add(found);
}
for (const input of form.querySelectorAll("input[type=file]")) input.addEventListener("change", () => take(input));
for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
  root.addEventListener(kind, (event) => {
    if (part("drop").hidden || ![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    part("drop").classList.toggle("is-receiving", kind === "dragenter" || kind === "dragover");
    if (kind === "drop") dropped(event.dataTransfer).then(add);
  });
}
field("folder").addEventListener("change", planAgain);
field("strip").addEventListener("change", planAgain);
for (const name of ["title", "body"]) field(name).addEventListener("change", () => items.size && draft.save());
for (const radio of form.querySelectorAll("[name=how]")) radio.addEventListener("change", () => items.size && draft.save());
part("pause").addEventListener("click", pause);
part("resume").addEventListener("click", async () => {
  await Promise.all(all().filter((item) => item.state === "failed").map(again));
  start();
});
part("cancel").addEventListener("click", cancel);
part("reopen").addEventListener("click", async () => add(await reopened(all().filter((item) => item.state === "missing"))));
part("on-top").addEventListener("click", () => goOn(false));
part("propose")?.addEventListener("click", () => goOn(true));
window.addEventListener("offline", draw);
window.addEventListener("online", draw);
setInterval(() => phase === "sending" && draw(), 1000);

await recall();
for (const input of form.querySelectorAll("input[type=file]")) if (input.files.length) take(input); // chosen while this loaded
