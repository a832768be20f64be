// The button that compares says how many models are ticked; a list that was swapped may have lost some of them.
const count = () => {
  const button = document.querySelector("#compare button");
  if (!button) return;
  const ticked = new FormData(button.form).getAll("models").length;
  button.textContent = ticked > 1 ? button.dataset.several.replace("{n}", ticked) : button.dataset.one;
};

document.addEventListener("change", count);
document.addEventListener("htmx:after:swap", count);
count();
