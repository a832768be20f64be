// Threads: pictures by paste, drop or picker; Ctrl+Enter sends; tasks are ticked in place; links to comments that a long thread has not loaded yet.

const token = (form) => form.querySelector("[name=csrfmiddlewaretoken]").value;

function replaceIn(area, before, after) {
  const at = area.value.indexOf(before);
  if (at < 0) return;
  area.setRangeText(after, at, at + before.length, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

function reason(said) {
  try {
    return JSON.parse(said).error;
  } catch {
    return "";
  }
}

async function upload(area, file) {
  const form = area.form;
  const state = form.querySelector("[data-upload-state]");
  const name = file.name.replace(/\.[^.]*$/, "").replace(/[^\p{L}\p{N}_.-]+/gu, " ").trim() || "picture";
  const mark = `![${name} …](#)`;
  area.setRangeText(`${area.value.slice(0, area.selectionStart).match(/[^\n]$/) ? "\n" : ""}${mark}\n`, area.selectionStart, area.selectionEnd, "end");
  if (state) state.textContent = `${file.name} …`;
  try {
    const answer = await fetch(area.dataset.uploads, {
      method: "POST",
      headers: { "Content-Type": file.type, "X-CSRFToken": token(form) },
      body: file,
    });
    const said = await answer.text();
    if (!answer.ok) throw new Error(reason(said) || `${answer.status}`);
    replaceIn(area, mark, `![${name}](${new URL(said.trim(), location.href).pathname})`);
    if (state) state.textContent = "";
  } catch (error) {
    replaceIn(area, `${mark}\n`, "");
    if (state) state.textContent = `${file.name}: ${error.message}`;
  }
}

async function take(area, files) {
  for (const file of files) {
    if (file.type.startsWith("image/")) await upload(area, file);
  }
}

const areaOf = (element) => element.closest("form.composer")?.querySelector("textarea[data-uploads]");

document.addEventListener("paste", (event) => {
  const area = event.target.closest?.("textarea[data-uploads]");
  if (!area || !event.clipboardData?.files.length) return;
  event.preventDefault();
  take(area, [...event.clipboardData.files]);
});

for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const area = areaOf(event.target);
    if (!area || ![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    area.form.classList.toggle("is-receiving", kind === "dragover");
    if (kind === "drop") take(area, [...event.dataTransfer.files]);
  });
}

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-attach]")) return;
  take(areaOf(event.target), [...event.target.files]).then(() => {
    event.target.value = "";
  });
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const area = event.target.closest("textarea[data-uploads]");
  if (!area) return;
  event.preventDefault();
  area.form.requestSubmit([...area.form.querySelectorAll("button.btn-primary")].at(-1));
});

// Tasks of one's own comments can be ticked where they stand.
function openTasks(root) {
  for (const text of root.querySelectorAll("[data-tasks]")) {
    for (const box of text.querySelectorAll(".task-list-item-checkbox")) box.disabled = false;
  }
}
openTasks(document);
document.addEventListener("htmx:after:swap", () => openTasks(document));

document.addEventListener("change", async (event) => {
  const text = event.target.closest("[data-tasks]");
  if (!text || !event.target.matches(".task-list-item-checkbox")) return;
  const boxes = [...text.querySelectorAll(".task-list-item-checkbox")];
  const body = new URLSearchParams({ task: boxes.indexOf(event.target), to: event.target.checked ? "on" : "off" });
  const headers = { "X-CSRFToken": document.querySelector("[name=csrfmiddlewaretoken]").value };
  const answer = await fetch(text.dataset.tasks, { method: "POST", headers, body, keepalive: true }).catch(() => null);
  if (!answer?.ok) event.target.checked = !event.target.checked;
});

// A comment in the middle of a long thread: ask for the page that holds it.
function findTarget() {
  const id = location.hash.slice(1);
  if (!/^[0-9a-f]{24}$/.test(id) || document.getElementById(id) || !document.querySelector("[data-gap]")) return;
  const address = new URL(location.href);
  if (address.searchParams.get("at") === id) return;
  address.searchParams.set("at", id);
  location.replace(address);
}
findTarget();
window.addEventListener("hashchange", findTarget);
