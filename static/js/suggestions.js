// The header's search field is a combobox: arrows walk through what htmx has fetched for it, Enter opens, Escape closes.
const field = document.querySelector("#site-search[role=combobox]");
const list = document.getElementById("suggestions");

if (field && list) {
  const options = () => [...list.querySelectorAll("[role=option]")];
  const active = () => list.querySelector("[aria-selected=true]");

  const choose = (option) => {
    active()?.setAttribute("aria-selected", "false");
    if (!option) return field.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", option.id);
  };
  const open = (isOpen) => {
    list.hidden = !isOpen;
    field.setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) choose(null);
  };

  new MutationObserver(() => {
    const count = options().length;
    open(count > 0 && document.activeElement === field);
    field.removeAttribute("aria-activedescendant");
    document.getElementById("suggestions-count").textContent = count ? `${list.getAttribute("aria-label")}: ${count}` : "";
  }).observe(list, { childList: true });

  field.addEventListener("keydown", (event) => {
    const there = options();
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault(); // what is typed stays; a second Escape empties the field, as browsers do
      open(false);
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && there.length) {
      event.preventDefault();
      open(true);
      const step = event.key === "ArrowDown" ? 1 : -1;
      const at = there.indexOf(active());
      choose(there.at(at < 0 ? (step > 0 ? 0 : -1) : (at + step) % there.length));
    } else if (event.key === "Enter" && !list.hidden && active()) {
      event.preventDefault();
      active().click();
    }
  });
  field.addEventListener("focus", () => open(options().length > 0));
  field.form.addEventListener("focusout", (event) => {
    if (!field.form.contains(event.relatedTarget)) open(false);
  });
  list.addEventListener("mousedown", (event) => event.preventDefault()); // a press on an option leaves the field its focus
}
