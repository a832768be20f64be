// Charts: saved as pictures, and curves that tell their values under the pointer or by arrow keys.

const DRAWN = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity", "font-size", "font-weight", "font-family", "text-anchor", "visibility"];
const SCALE = 3; // pixels for each unit of a drawing

function alone(svg) {
  const copy = svg.cloneNode(true);
  const originals = [svg, ...svg.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((element, index) => {
    const style = getComputedStyle(originals[index]);
    for (const name of DRAWN) element.setAttribute(name, style.getPropertyValue(name));
    element.removeAttribute("class");
  });
  const { width, height } = svg.viewBox.baseVal;
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  return copy;
}

async function picture(svg) {
  const { width, height } = svg.viewBox.baseVal;
  const image = new Image(width * SCALE, height * SCALE);
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(alone(svg)))}`;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: width * SCALE, height: height * SCALE });
  const context = canvas.getContext("2d");
  context.fillStyle = getComputedStyle(document.body).backgroundColor;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-png]");
  const svg = button?.closest(".chart")?.querySelector("svg.plot");
  if (!svg) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await picture(svg));
  link.download = `${button.dataset.png.replace(/[^\p{L}\p{N}._-]+/gu, "-")}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
});

const [LEFT, RIGHT] = [52, 384]; // of the axes of curves, as the server draws them

// Exact values come from the API when a chart is first asked: the drawing holds places, not numbers.
const asked = new WeakMap();

function curvesOf(figure) {
  if (!asked.has(figure)) {
    const axis = figure.dataset.axis;
    const answer = fetch(figure.dataset.curves).then((found) => (found.ok ? found.json() : { curves: [] }));
    asked.set(figure, answer.then(({ curves }) => curves.map(({ run, points }) => {
      const first = points.find(([, time]) => time !== null)?.[1] ?? 0;
      const across = ([step, time]) => (axis === "step" ? step : time === null ? null : axis === "time" ? time : time - first);
      return { run, points: points.map((point) => ({ at: across(point), step: point[0], value: point[2] })).filter(({ at }) => at !== null) };
    })).catch(() => []));
  }
  return asked.get(figure);
}

const nearest = (points, at) => points.reduce((best, point) => (Math.abs(point.at - at) < Math.abs(best.at - at) ? point : best), points[0]);
const number = new Intl.NumberFormat(document.documentElement.lang, { maximumSignificantDigits: 5 });
const shown = (value) => (value !== 0 && (Math.abs(value) < 1e-4 || Math.abs(value) >= 1e6) ? value.toExponential(3) : number.format(value));

async function say(figure, place) {
  const line = figure.querySelector(".chart-at");
  const [low, high] = [Number(figure.dataset.low), Number(figure.dataset.high)];
  figure.dataset.place = Math.min(Math.max(place, 0), 1);
  const at = low + Number(figure.dataset.place) * (high - low);
  const curves = (await curvesOf(figure)).filter(({ points }) => points.length);
  if (!curves.length) return;
  const found = curves.map(({ run, points }) => ({ run, ...nearest(points, at) }));
  const closest = nearest(found, at);
  const x = LEFT + ((closest.at - low) / (high - low)) * (RIGHT - LEFT);
  line.setAttribute("x1", x);
  line.setAttribute("x2", x);
  line.setAttribute("visibility", "visible");
  const output = figure.querySelector(".chart-said");
  output.replaceChildren(...found.flatMap(({ run, step, value }, index) => {
    const strong = document.createElement("b");
    strong.textContent = shown(value);
    return [index ? " · " : "", found.length > 1 ? `${run} ` : "", strong, ` @ ${step.toLocaleString(document.documentElement.lang)}`];
  }));
}

const figureOf = (event) => event.target.closest?.("figure[data-curves][data-low]");

document.addEventListener("pointermove", (event) => {
  const figure = figureOf(event);
  const svg = event.target.closest?.("svg.plot");
  if (!figure || !svg) return;
  const box = svg.getBoundingClientRect();
  const x = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
  say(figure, (x - LEFT) / (RIGHT - LEFT));
});

document.addEventListener("keydown", (event) => {
  const figure = figureOf(event);
  const step = { ArrowLeft: -0.02, ArrowRight: 0.02 }[event.key];
  if (!figure || !step || !event.target.matches("svg.plot")) return;
  event.preventDefault();
  say(figure, Number(figure.dataset.place ?? 0.5) + step);
});
