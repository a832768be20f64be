// A strip of tabs that is wider than the window shows the one that is open.
for (const tab of document.querySelectorAll(".tabs [aria-current]")) {
  const strip = tab.closest(".tabs");
  const hidden = tab.getBoundingClientRect().right - strip.getBoundingClientRect().right;
  if (hidden > 0) strip.scrollLeft += Math.ceil(hidden);
}
