// Copy buttons: <button class="copy" data-copy="what to copy" aria-label="…">.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    // Without a secure origin there is no clipboard: select the text instead, so that one key copies it.
    const code = button.parentElement.querySelector("code");
    if (code) getSelection().selectAllChildren(code);
    return;
  }
  button.classList.add("is-copied");
  setTimeout(() => button.classList.remove("is-copied"), 1500);
});
