// A text field for code: Tab indents, Shift+Tab takes back, Enter keeps the indent; Escape lets Tab leave the field.
// Nobody loses what they typed by a wrong click.

const INDENT = "  ";

// As the browser's own typing, so that it can be undone.
function insert(area, text) {
  if (!document.execCommand("insertText", false, text)) area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
}

function unit(text) {
  if (/^\t/m.test(text)) return "\t";
  return /^ {4}\S/m.test(text) && !/^ {2}\S/m.test(text) ? "    " : INDENT;
}

function shift(area, back) {
  const start = area.value.lastIndexOf("\n", area.selectionStart - 1) + 1;
  const lines = area.value.slice(start, area.selectionEnd);
  const step = unit(area.value);
  const moved = lines.replace(/^.*$/gm, (line) => {
    if (!back) return line && step + line;
    return line.startsWith(step) ? line.slice(step.length) : line.replace(/^[ \t]+/, "");
  });
  if (moved === lines) return;
  area.setSelectionRange(start, start + lines.length);
  insert(area, moved);
  area.setSelectionRange(start, start + moved.length);
}

function edit(form) {
  const area = form.querySelector("textarea[name=text]");
  let leaves = false;
  area.addEventListener("keydown", (event) => {
    if (event.key === "Escape") leaves = true;
    else if (event.key === "Tab" && !leaves && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      const isBlock = area.value.slice(area.selectionStart, area.selectionEnd).includes("\n");
      if (event.shiftKey || isBlock) shift(area, event.shiftKey);
      else insert(area, unit(area.value));
    } else if (event.key === "Enter" && !event.isComposing && !event.ctrlKey && !event.metaKey) {
      const line = area.value.slice(area.value.lastIndexOf("\n", area.selectionStart - 1) + 1, area.selectionStart);
      const indent = line.match(/^[ \t]*/)[0];
      if (indent) {
        event.preventDefault();
        insert(area, `\n${indent}`);
      }
    } else if (event.key !== "Shift") leaves = false;
  });
  area.addEventListener("blur", () => { leaves = false; });

  let isChanged = "changed" in form.dataset;
  let isSent = false;
  form.addEventListener("input", () => { isChanged = true; });
  form.addEventListener("submit", (event) => { isSent = !event.submitter?.hasAttribute("hx-post"); });
  window.addEventListener("beforeunload", (event) => {
    if (isChanged && !isSent) event.preventDefault();
  });
}

document.querySelectorAll("form[data-editor]").forEach(edit);
