// Filters keep their addresses short: what is empty, or as it is anyway, stays out of the query.
document.addEventListener("htmx:config:request", (event) => {
  const { method, body } = event.detail.ctx.request;
  if (method !== "GET" || !(body instanceof FormData)) return;
  const empty = [...body.entries()].filter(([, value]) => value === "").map(([name]) => name);
  empty.forEach((name) => body.delete(name));
  for (const control of document.querySelectorAll("[data-unless]")) {
    if (body.get(control.name) === control.dataset.unless) body.delete(control.name);
  }
});

// A form that sends itself when a choice changes; without script its button does.
document.addEventListener("change", (event) => {
  event.target.closest("form[data-submit-on-change]")?.requestSubmit();
});
