// The page of the uploader: files are chosen, asked about, hashed, sent, and committed; what it shows follows from their states.

import { dropped, picked } from "./choosing.js";
import * as drafts from "./drafts.js";
import { Hasher } from "./hashing.js";
import { Hub, NetworkLost, insist } from "./hub.js";
import { Sender } from "./sending.js";

const ASKED_AT_ONCE = 500;
const SAMPLE = 512; // bytes by which the hub tells text from binary
const MOST_ROWS = 300;
const DRAWN_EVERY = 200; // milliseconds
const SPEED_OVER = 10; // seconds

const root = document.querySelector("[data-uploader]");
const facts = root.dataset;
const words = JSON.parse(document.getElementById("upload-words").textContent);
const part = (name) => root.querySelector(`[data-part="${name}"]`);
const form = part("form");
const field = (name) => form.elements[name];
const language = document.documentElement.lang;

const hub = new Hub(facts.api, facts.revision, field("csrfmiddlewaretoken").value);
const hasher = new Hasher(facts.worker, [facts.sha256, facts.sha1]);
const sender = new Sender(hub, () => draw());

// {relative path: item}. An item's states: missing, asking, ignored, clash, waiting, hashing, regular, same, ready, sending,
// checking, stored, failed. `left` out are ignored, clash and same; `there` are regular and stored.
const items = new Map();
const LEFT_OUT = new Set(["ignored", "clash", "same"]);
let parent = null; // the commit that the choice was checked against
let phase = "choosing"; // sending, paused, committing, moved, done
let trouble = "";

// ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const say = (name, values = {}) => words[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
const number = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });

function size(bytes) {
  const units = ["KB", "MB", "GB", "TB"];
  if (bytes < 1024) return `${number.format(bytes)} B`;
  const step = Math.min(units.length, Math.floor(Math.log(bytes) / Math.log(1024)));
  return `${number.format(bytes / 1024 ** step)} ${units[step - 1]}`;
}

function time(seconds) {
  const [value, unit] = seconds < 90 ? [seconds, "second"] : seconds < 5400 ? [seconds / 60, "minute"] : [seconds / 3600, "hour"];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: unit === "hour" ? 1 : 0 }).format(Math.max(1, value));
}

function stateOf(item) {
  switch (item.state) {
    case "hashing": return say("hashing", { share: percent(item.hashed, item.size) });
    case "sending": return say("sending", { share: percent(item.upload.sent, item.size) });
    case "failed": return item.isChanged ? say("changed") : say("failed", { why: item.error });
    case "clash": return item.clash;
    case "stored": return say(item.isKnown ? "known" : "stored");
    case "ready": case "regular": case "waiting": return say(item.current ? "replaces" : item.mode === "lfs" ? "large" : "regular");
    default: return say(item.state);
  }
}

const percent = (done, all) => new Intl.NumberFormat(language, { style: "percent" }).format(all ? done / all : 1);

// ── choosing ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const folder = () => field("folder").value.trim().replace(/^\/+|\/+$/g, "");
const strips = () => field("strip").checked;
const topOf = (relative) => (relative.includes("/") ? relative.slice(0, relative.indexOf("/") + 1) : "");
function pathOf(item) {
  const relative = strips() ? item.relative.slice(topOf(item.relative).length) : item.relative;
  return folder() ? `${folder()}/${relative}` : relative;
}

async function add(found) {
  if (phase !== "choosing" && phase !== "paused") return;
  const fresh = [];
  for (const { relative, file, handle } of found) {
    const known = items.get(relative);
    const isSame = known && known.size === file.size && known.modified === file.lastModified;
    if (isSame && known.file) continue;
    if (known) forget(known);
    const item = { relative, file, handle, size: file.size, modified: file.lastModified, state: "asking", hashed: 0, sha256: isSame ? known.sha256 : null };
    items.set(relative, item);
    fresh.push(item);
  }
  if (items.size > Number(facts.most)) trouble = say("too_many", { most: number.format(Number(facts.most)) });
  remember(fresh);
  draw();
  await plan(fresh);
}

function forget(item) {
  sender.withdraw(item);
  items.delete(item.relative);
}

function leaveOut(item) {
  forget(item);
  drafts.remove(facts.draft, [item.relative]);
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
  for (let start = 0; start < some.length; start += ASKED_AT_ONCE) {
    const batch = some.slice(start, start + ASKED_AT_ONCE).filter((item) => items.get(item.relative) === item);
    for (const item of batch) Object.assign(item, { state: "asking", path: pathOf(item) });
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
      remember([item]);
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
  const all = [...items.values()].filter((item) => item.file);
  for (const item of all) sender.withdraw(item);
  remember();
  await plan(all);
}

// ── what outlives a reload ───────────────────────────────────────────────────────────────────────────────────────────

function remember(some = []) {
  const draft = {
    key: facts.draft, folder: field("folder").value, strip: strips(), title: field("title").value, body: field("body").value,
    how: form.elements.how.value,
  };
  const files = some.map(({ relative, size: bytes, modified, sha256, handle }) => ({ relative, size: bytes, modified, sha256, handle: handle ?? null }));
  return drafts.save(draft, files);
}

async function recall() {
  const found = await drafts.load(facts.draft);
  if (!found || items.size) return;
  field("folder").value = found.draft.folder;
  field("strip").checked = found.draft.strip;
  field("title").value = found.draft.title;
  field("body").value = found.draft.body;
  const how = found.draft.how && form.querySelector(`[name="how"][value="${found.draft.how}"]`);
  if (how) how.checked = true;
  for (const file of found.files) items.set(file.relative, { ...file, file: null, state: "missing", hashed: 0 });
  draw();
}

async function reopen() {
  const found = [];
  for (const item of items.values()) {
    if (item.state !== "missing" || !item.handle) continue;
    try {
      if ((await item.handle.requestPermission({ mode: "read" })) !== "granted") continue;
      found.push({ relative: item.relative, file: await item.handle.getFile(), handle: item.handle });
    } catch {
      // Moved or deleted: it can still be chosen by hand.
    }
  }
  await add(found);
}

// ── sending and committing ───────────────────────────────────────────────────────────────────────────────────────────

const asProposal = () => form.elements.how.value === "propose";
const all = () => [...items.values()];
const kept = () => all().filter((item) => !LEFT_OUT.has(item.state));
const isThere = (item) => item.state === "regular" || item.state === "stored";

function start() {
  if (!kept().length || kept().some((item) => item.state === "missing") || items.size > Number(facts.most)) return;
  trouble = "";
  phase = "sending";
  remember();
  sender.start();
  draw();
}

function pause() {
  sender.pause();
  phase = "paused";
  draw();
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
  await drafts.remove(facts.draft);
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
  // A commit whose answer was lost is recognised by the hub when it comes again; a pull request would be a second one.
  const send = () => hub.commit(body, asProposal(), (bytes) => draw({ committed: bytes, of: body.size }));
  try {
    const answer = await (asProposal() ? send() : insist(send, { told: draw }));
    phase = "done";
    await drafts.remove(facts.draft);
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
  const list = part("moved-files");
  list.replaceChildren();
  try {
    const answer = await insist(() => hub.changedSince(parent));
    const ours = new Set(kept().map((item) => item.path));
    parent = answer.head;
    const both = answer.files.filter((file) => ours.has(file.path));
    for (const file of [...both, ...answer.files.filter((other) => !ours.has(other.path))].slice(0, 50)) {
      const line = document.createElement("li");
      const name = document.createElement("code");
      name.textContent = file.path;
      line.append(name, ` ${say(`moved_${file.status}`) ?? ""}`);
      if (ours.has(file.path)) {
        const mark = document.createElement("b");
        mark.textContent = ` ${say("moved_too")}`;
        line.append(mark);
      }
      list.append(line);
    }
  } catch {
    parent = null; // what changed may not be told: whatever the branch is now
  }
  phase = "moved";
}

function goOn(propose) {
  if (propose) form.querySelector('[name="how"][value="propose"]').checked = true;
  phase = "sending";
  commit();
}

// ── drawing ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const rows = new Map(); // {item: its row}
let drawn = 0;
let timer = null;
let commitProgress = null;
const speeds = [];

function draw(more = null) {
  commitProgress = more?.of ? more : commitProgress;
  if (timer) return;
  timer = setTimeout(() => {
    timer = null;
    drawn = performance.now();
    drawNow();
  }, Math.max(0, DRAWN_EVERY - (performance.now() - drawn)));
}

function rowOf(item) {
  const row = part("row").content.firstElementChild.cloneNode(true);
  row.querySelector("[data-cell=remove]").addEventListener("click", () => leaveOut(item));
  row.querySelector("[data-cell=again]").addEventListener("click", () => again(item));
  return row;
}

const set = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};

function drawRow(item, row) {
  const cell = (name) => row.querySelector(`[data-cell="${name}"]`);
  set(cell("name"), item.path ?? pathOf(item));
  cell("name").title = item.path ?? "";
  set(cell("size"), size(item.size));
  set(cell("state"), stateOf(item));
  row.dataset.state = item.state;
  const bar = cell("bar");
  bar.hidden = item.state !== "hashing" && item.state !== "sending";
  bar.max = item.size || 1;
  bar.value = item.state === "sending" ? item.upload.sent : item.hashed;
  if (bar.ariaLabel !== item.relative) bar.ariaLabel = item.relative;
  cell("again").hidden = item.state !== "failed";
  cell("remove").hidden = ["committing", "done", "cancelling"].includes(phase);
  const label = say("remove", { name: item.relative });
  if (cell("remove").ariaLabel !== label) cell("remove").ariaLabel = label;
}

// What is under way or in trouble comes first, where not all can be shown.
const URGENT = ["failed", "clash", "missing", "sending", "checking", "hashing"];
function shown() {
  const found = all();
  if (found.length <= MOST_ROWS) return found;
  const urgent = found.filter((item) => URGENT.includes(item.state));
  return [...urgent, ...found.filter((item) => !URGENT.includes(item.state))].slice(0, MOST_ROWS);
}

function drawRows() {
  const body = part("rows");
  const list = shown();
  for (const [item, row] of rows) {
    if (!list.includes(item)) {
      row.remove();
      rows.delete(item);
    }
  }
  list.forEach((item, index) => {
    if (!rows.has(item)) rows.set(item, rowOf(item));
    const row = rows.get(item);
    if (body.children[index] !== row) body.insertBefore(row, body.children[index] ?? null);
    drawRow(item, row);
  });
  part("list").hidden = !items.size;
  part("more").hidden = items.size <= list.length;
  set(part("more"), say("more", { count: number.format(items.size - list.length) }));
}

function amounts() {
  const large = [...new Set(kept().filter((item) => item.mode === "lfs").map((item) => item.upload ?? item))];
  const known = (entry) => entry.state === "stored" || entry.state === "checking";
  const total = large.reduce((sum, entry) => sum + entry.size, 0);
  const sent = large.reduce((sum, entry) => sum + (known(entry) ? entry.size : (entry.sent ?? 0)), 0);
  const wire = [...sender.uploads.values()].reduce((sum, upload) => sum + (upload.items[0]?.isKnown ? 0 : upload.sent), 0);
  return { total, sent, wire };
}

function speed(wire) {
  const now = performance.now() / 1000;
  speeds.push([now, wire]);
  while (speeds.length > 2 && now - speeds[0][0] > SPEED_OVER) speeds.shift();
  const [[from, before]] = speeds;
  return now - from > 1 && phase === "sending" ? Math.max(0, (wire - before) / (now - from)) : 0;
}

function summary(total, sent, rate) {
  if (phase === "committing") {
    return say(commitProgress && commitProgress.committed < commitProgress.of ? "sending_commit" : "committing");
  }
  if (phase === "done") return say("done");
  if (phase === "cancelling") return say("cancelling");
  const said = [say("there", { done: number.format(kept().filter(isThere).length), all: number.format(kept().length) })];
  if (total) said.push(say("sent", { sent: size(sent), all: size(total) }));
  if (phase === "paused") said.push(say("paused"));
  else if (phase === "sending" && (sender.lost instanceof NetworkLost || !navigator.onLine)) said.push(say("offline"));
  else if (phase === "sending" && sender.lost) said.push(say("busy", { why: sender.lost.message }));
  else if (rate > 0) said.push(say("speed", { speed: size(rate) }), say("left", { time: time((total - sent) / rate) }));
  return said.join(" · ");
}

function drawNow() {
  const list = kept();
  const missing = list.filter((item) => item.state === "missing");
  const failed = list.filter((item) => item.state === "failed");
  const clashes = all().filter((item) => item.state === "clash");
  drawRows();
  const { total, sent, wire } = amounts();
  const rate = speed(wire);

  part("unfinished").hidden = !missing.length;
  set(part("unfinished-text"), say("unfinished", { count: number.format(missing.length), all: number.format(items.size) }));
  part("reopen").hidden = !missing.some((item) => item.handle);
  const tops = new Set(all().map((item) => topOf(item.relative)));
  const [top] = tops;
  part("strip").hidden = tops.size !== 1 || !top;
  set(part("strip-text"), say("strip", { folder: top ?? "" }));

  const isChoosing = phase === "choosing";
  const isBusy = ["committing", "done", "cancelling"].includes(phase);
  part("drop").hidden = !(isChoosing || phase === "paused");
  for (const name of ["folder", "strip"]) field(name).disabled = !isChoosing;
  for (const element of form.querySelectorAll("[name=title], [name=body], [name=how]")) element.disabled = isBusy;
  field("title").placeholder = say(items.size === 1 ? "title_one" : "title_many", { count: number.format(list.length), name: all()[0]?.path ?? "" });

  part("start").hidden = !isChoosing;
  part("start").disabled = !list.length || Boolean(missing.length) || items.size > Number(facts.most);
  set(part("start-text"), list.length ? say(list.length === 1 ? "start_one" : "start_many", { count: number.format(list.length), size: size(list.reduce((sum, item) => sum + item.size, 0)) }) : say("start"));
  part("pause").hidden = phase !== "sending";
  part("resume").hidden = phase !== "paused";
  part("cancel").hidden = isBusy || !items.size;
  part("progress").hidden = isChoosing || phase === "moved";
  const bar = part("bar");
  if (phase === "committing" && commitProgress) Object.assign(bar, { max: commitProgress.of, value: commitProgress.committed });
  else Object.assign(bar, { max: total || list.length || 1, value: total ? sent : list.filter(isThere).length });
  set(part("summary"), summary(total, sent, rate));
  part("moved").hidden = phase !== "moved";

  const nothing = isChoosing && items.size > 0 && !list.length;
  set(part("trouble-text"), trouble || (clashes.length ? say("clashes", { count: number.format(clashes.length) }) : nothing ? say("nothing") : ""));
  part("trouble").hidden = !part("trouble-text").textContent;

  if (phase === "sending" && !list.length) {
    sender.pause();
    phase = "choosing";
  } else if (phase === "sending" && failed.length && list.every((item) => isThere(item) || item.state === "failed")) {
    pause();
  } else if (phase === "sending" && list.every(isThere)) {
    commit();
  }
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
for (const name of ["title", "body"]) field(name).addEventListener("change", () => items.size && remember());
for (const radio of form.querySelectorAll("[name=how]")) radio.addEventListener("change", () => items.size && remember());
part("pause").addEventListener("click", pause);
part("resume").addEventListener("click", async () => {
  await Promise.all(all().filter((item) => item.state === "failed").map(again));
  start();
});
part("cancel").addEventListener("click", cancel);
part("reopen").addEventListener("click", reopen);
part("on-top").addEventListener("click", () => goOn(false));
part("propose")?.addEventListener("click", () => goOn(true));
window.addEventListener("offline", () => draw());
window.addEventListener("online", () => draw());
setInterval(() => phase === "sending" && draw(), 1000);

await recall();
for (const input of form.querySelectorAll("input[type=file]")) if (input.files.length) take(input); // chosen while this loaded
