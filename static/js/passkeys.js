// Says on the page what django-allauth's scripts for passkeys tell the console alone.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  document.querySelector("[data-passkey-failed]")?.remove();
  const note = document.getElementById("passkey-failed").content.firstElementChild.cloneNode(true);
  note.dataset.passkeyFailed = "";
  document.querySelector("main h1").after(note);
});
