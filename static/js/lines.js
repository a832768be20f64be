// Lines of a source: a click on a number links to it, a shift-click to all from the last one; a field goes to any line.
// `#L12` and `#L3-L9` are the addresses; without script the first works as any anchor does.
const source = document.querySelector("[data-lines]");
const jump = document.querySelector("[data-line-jump]");
const RANGE = /^#L(\d+)(?:-L?(\d+))?$/;

const chosen = () => {
  const found = RANGE.exec(location.hash);
  if (!found) return null;
  const ends = [Number(found[1]), Number(found[2] ?? found[1])];
  return { first: Math.min(...ends), last: Math.max(...ends) };
};

const show = (scrolls) => {
  for (const row of source.querySelectorAll(".is-chosen")) row.classList.remove("is-chosen");
  const range = chosen();
  if (!range) return;
  const rows = source.querySelectorAll(".row-of-code");
  for (let line = range.first; line <= Math.min(range.last, rows.length); line += 1) rows[line - 1]?.classList.add("is-chosen");
  if (scrolls) rows[range.first - 1]?.scrollIntoView({ block: "center" });
};

const choose = (first, last) => {
  history.replaceState(null, "", first === last ? `#L${first}` : `#L${Math.min(first, last)}-L${Math.max(first, last)}`);
};

source.addEventListener("click", (event) => {
  const number = event.target.closest(".row-of-code > a");
  if (!number || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const line = Number(number.textContent);
  const from = event.shiftKey ? chosen()?.first : null;
  choose(from ?? line, line);
  getSelection()?.removeAllRanges();
  show(false);
});

jump.addEventListener("submit", (event) => {
  event.preventDefault();
  const [first, last] = (jump.querySelector("input").value.match(/\d+/g) ?? []).map(Number);
  if (!first) return;
  choose(first, last ?? first);
  show(true);
});

addEventListener("hashchange", () => show(true));
show(Boolean(chosen()));
