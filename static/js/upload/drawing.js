// What the uploader's page shows: words in the reader's language, and all that follows from the states of the chosen files.

import { NetworkLost } from "./hub.js";

const MOST_ROWS = 300;
const MOST_MOVED = 50;
const SPEED_OVER = 10; // seconds
const URGENT = ["failed", "clash", "missing", "sending", "checking", "hashing"]; // first, where not all can be shown
const LAST_PHASES = ["committing", "done", "cancelling"]; // nothing can be left out any more

const language = document.documentElement.lang;
const words = JSON.parse(document.getElementById("upload-words").textContent);

export const say = (name, values = {}) => words[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
const plain = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
export const number = (value) => plain.format(value);
const shares = new Intl.NumberFormat(language, { style: "percent" });
const percent = (done, all) => shares.format(all ? done / all : 1);

function size(bytes) {
  const units = ["KB", "MB", "GB", "TB"];
  if (bytes < 1024) return `${number(bytes)} B`;
  const step = Math.min(units.length, Math.floor(Math.log(bytes) / Math.log(1024)));
  return `${number(bytes / 1024 ** step)} ${units[step - 1]}`;
}

function time(seconds) {
  const [value, unit] = seconds < 90 ? [seconds, "second"] : seconds < 5400 ? [seconds / 60, "minute"] : [seconds / 3600, "hour"];
  const digits = { maximumFractionDigits: unit === "hour" ? 1 : 0 };
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long", ...digits }).format(Math.max(1, value));
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

const set = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};

const setLabel = (element, text) => {
  if (element.ariaLabel !== text) element.ariaLabel = text;
};

// What is asked for within so many milliseconds after an act is one more act, at their end.
export function atMostEvery(milliseconds, act) {
  let last = 0;
  let timer = null;
  return () => {
    timer ??= setTimeout(() => {
      timer = null;
      last = performance.now();
      act();
    }, Math.max(0, milliseconds - (performance.now() - last)));
  };
}

export class Drawing {
  #part;
  #form;
  #sender;
  #acts;
  #rows = new Map(); // {item: its row}
  #speeds = []; // [seconds, bytes sent until then]

  // `part(name)`: an element of the page. `acts`: what a row's buttons do with its item, {remove, again}.
  constructor(part, form, sender, acts) {
    this.#part = part;
    this.#form = form;
    this.#sender = sender;
    this.#acts = acts;
  }

  // kept: the items that are not left out; there: those of them that a commit can name; top: the folder that all lie in;
  // committed: {bytes, of}, how much of the commit has been sent.
  show({ phase, trouble, items, kept, there, top, mayStart, committed }) {
    const part = this.#part;
    this.#drawRows(phase, items);
    const missing = kept.filter((item) => item.state === "missing");
    part("unfinished").hidden = !missing.length;
    set(part("unfinished-text"), say("unfinished", { count: number(missing.length), all: number(items.length) }));
    part("reopen").hidden = !missing.some((item) => item.handle);
    part("strip").hidden = !top;
    set(part("strip-text"), say("strip", { folder: top }));
    this.#drawForm(phase, items, kept, mayStart);
    this.#drawProgress(phase, kept, there, committed);
    part("moved").hidden = phase !== "moved";

    const clashes = items.filter((item) => item.state === "clash").length;
    const isAllLeftOut = phase === "choosing" && items.length > 0 && !kept.length;
    set(part("trouble-text"), trouble || (clashes ? say("clashes", { count: number(clashes) }) : isAllLeftOut ? say("nothing") : ""));
    part("trouble").hidden = !part("trouble-text").textContent;
  }

  #drawRows(phase, items) {
    const body = this.#part("rows");
    const isUrgent = (item) => URGENT.includes(item.state);
    const list = items.length <= MOST_ROWS
      ? items
      : [...items.filter(isUrgent), ...items.filter((item) => !isUrgent(item))].slice(0, MOST_ROWS);
    for (const [item, row] of this.#rows) {
      if (!list.includes(item)) {
        row.remove();
        this.#rows.delete(item);
      }
    }
    list.forEach((item, index) => {
      if (!this.#rows.has(item)) this.#rows.set(item, this.#rowOf(item));
      const row = this.#rows.get(item);
      if (body.children[index] !== row) body.insertBefore(row, body.children[index] ?? null);
      this.#drawRow(phase, item, row);
    });
    this.#part("list").hidden = !items.length;
    this.#part("more").hidden = items.length <= list.length;
    set(this.#part("more"), say("more", { count: number(items.length - list.length) }));
  }

  #rowOf(item) {
    const row = this.#part("row").content.firstElementChild.cloneNode(true);
    for (const [name, act] of Object.entries(this.#acts)) {
      row.querySelector(`[data-cell="${name}"]`).addEventListener("click", () => act(item));
    }
    return row;
  }

  #drawRow(phase, item, row) {
    const cell = (name) => row.querySelector(`[data-cell="${name}"]`);
    set(cell("name"), item.path);
    cell("name").title = item.path;
    set(cell("size"), size(item.size));
    set(cell("state"), stateOf(item));
    row.dataset.state = item.state;
    const bar = cell("bar");
    bar.hidden = item.state !== "hashing" && item.state !== "sending";
    bar.max = item.size || 1;
    bar.value = item.state === "sending" ? item.upload.sent : item.hashed;
    setLabel(bar, item.relative);
    cell("again").hidden = item.state !== "failed";
    cell("remove").hidden = LAST_PHASES.includes(phase);
    setLabel(cell("remove"), say("remove", { name: item.relative }));
  }

  #drawForm(phase, items, kept, mayStart) {
    const part = this.#part;
    const { elements } = this.#form;
    const isChoosing = phase === "choosing";
    const isEnding = LAST_PHASES.includes(phase);
    part("drop").hidden = !(isChoosing || phase === "paused");
    for (const name of ["folder", "strip"]) elements[name].disabled = !isChoosing;
    for (const element of this.#form.querySelectorAll("[name=title], [name=body], [name=how]")) element.disabled = isEnding;
    const count = number(kept.length);
    elements.title.placeholder = say(items.length === 1 ? "title_one" : "title_many", { count, name: items[0]?.path ?? "" });
    part("start").hidden = !isChoosing;
    part("start").disabled = !mayStart;
    const bytes = kept.reduce((sum, item) => sum + item.size, 0);
    const word = kept.length > 1 ? "start_many" : kept.length ? "start_one" : "start";
    set(part("start-text"), say(word, { count, size: size(bytes) }));
    part("pause").hidden = phase !== "sending";
    part("resume").hidden = phase !== "paused";
    part("cancel").hidden = isEnding || !items.length;
  }

  #drawProgress(phase, kept, there, committed) {
    const { total, sent, wire } = this.#amounts(kept);
    const rate = this.#rate(wire);
    this.#part("progress").hidden = phase === "choosing" || phase === "moved";
    const bar = this.#part("bar");
    if (phase === "committing" && committed) Object.assign(bar, { max: committed.of, value: committed.bytes });
    else if (total) Object.assign(bar, { max: total, value: sent });
    else Object.assign(bar, { max: kept.length || 1, value: there.length });
    set(this.#part("summary"), this.#summary(phase, kept, there, committed, { total, sent, rate }));
  }

  // Bytes of large contents, each counted once: all, those that are there, and those that this page has sent.
  #amounts(kept) {
    const large = [...new Set(kept.filter((item) => item.mode === "lfs").map((item) => item.upload ?? item))];
    const isThere = (entry) => entry.state === "stored" || entry.state === "checking";
    const total = large.reduce((sum, entry) => sum + entry.size, 0);
    const sent = large.reduce((sum, entry) => sum + (isThere(entry) ? entry.size : (entry.sent ?? 0)), 0);
    const wire = [...this.#sender.uploads.values()].reduce((sum, upload) => sum + (upload.items[0]?.isKnown ? 0 : upload.sent), 0);
    return { total, sent, wire };
  }

  // Bytes a second, over the last seconds.
  #rate(wire) {
    const now = performance.now() / 1000;
    this.#speeds.push([now, wire]);
    while (this.#speeds.length > 2 && now - this.#speeds[0][0] > SPEED_OVER) this.#speeds.shift();
    const [[from, before]] = this.#speeds;
    return now - from > 1 ? Math.max(0, (wire - before) / (now - from)) : 0;
  }

  #summary(phase, kept, there, committed, { total, sent, rate }) {
    if (phase === "committing") return say(committed && committed.bytes < committed.of ? "sending_commit" : "committing");
    if (phase === "done" || phase === "cancelling") return say(phase);
    const said = [say("there", { done: number(there.length), all: number(kept.length) })];
    if (total) said.push(say("sent", { sent: size(sent), all: size(total) }));
    if (phase === "paused") said.push(say("paused"));
    else if (phase === "sending" && (this.#sender.lost instanceof NetworkLost || !navigator.onLine)) said.push(say("offline"));
    else if (phase === "sending" && this.#sender.lost) said.push(say("busy", { why: this.#sender.lost.message }));
    else if (phase === "sending" && rate > 0) said.push(say("speed", { speed: size(rate) }), say("left", { time: time((total - sent) / rate) }));
    return said.join(" · ");
  }

  // What others have committed meanwhile: first the paths that are uploaded here, too.
  showMoved(files, ours) {
    const both = files.filter((file) => ours.has(file.path));
    const theirs = files.filter((file) => !ours.has(file.path));
    this.#part("moved-files").replaceChildren(
      ...[...both, ...theirs].slice(0, MOST_MOVED).map((file) => {
        const line = document.createElement("li");
        const name = document.createElement("code");
        name.textContent = file.path;
        line.append(name, ` ${say(`moved_${file.status}`)}`);
        if (ours.has(file.path)) {
          const mark = document.createElement("b");
          mark.textContent = ` ${say("moved_too")}`;
          line.append(mark);
        }
        return line;
      }),
    );
  }
}
