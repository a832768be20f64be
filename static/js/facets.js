// The two marks of a slider say what they mean while they move, and do not pass one another.
document.addEventListener("input", (event) => {
  const slider = event.target.closest(".slider");
  if (!slider) return;
  const marks = slider.dataset.marks.split("|");
  const [low, high] = slider.querySelectorAll("input");
  if (Number(low.value) >= Number(high.value)) {
    if (event.target === low) low.value = Number(high.value) - 1;
    else high.value = Number(low.value) + 1;
  }
  for (const mark of [low, high]) {
    const text = marks[mark.value - mark.min];
    mark.setAttribute("aria-valuetext", text);
    document.querySelector(`output[for="${mark.id}"]`).textContent = text;
  }
});

// A field that is searched while somebody types has asked already when they leave it.
document.addEventListener("change", (event) => {
  if (event.target.matches("#facets input[type=search]")) event.stopPropagation();
}, true);
