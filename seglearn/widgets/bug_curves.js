// What a training shows, on canvases: curves up to an epoch, and small pictures of labels. knobs.js stands before.

const LEFT = 34; // of the frame: room for numbers
const LINES = { learner: ["--sl-blue", []], twin: ["--sl-orange", [5, 3]] };

/** Return a canvas's pen in CSS pixels, wiped, for a canvas as wide as its parent. */
function openCanvas(canvas, height) {
  const [ratio, width] = [window.devicePixelRatio || 1, canvas.parentElement.clientWidth];
  const size = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
  Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.font = "11.5px system-ui, sans-serif";
  return { pen, width, height };
}

/**
 * Draw curves over epochs. Each curve: { values, look: [color, dash], mark }; what is beyond `most` is drawn at the
 * top edge. `lines`: [value, word] to compare with. Only the first `epoch` values are drawn.
 */
function drawCurves(canvas, { curves, epochs, epoch, most, ticks, lines = [], height }, palette) {
  const { pen, width } = openCanvas(canvas, height);
  const [top, bottom, right] = [8, height - 18, width - 8];
  const x = (number) => LEFT + ((number - 1) / Math.max(1, epochs - 1)) * (right - LEFT);
  const y = (value) => bottom - (Math.min(value, most) / most) * (bottom - top);
  pen.fillStyle = palette("--sl-quiet");
  pen.strokeStyle = palette("--sl-grid");
  pen.lineWidth = 1;
  for (const tick of ticks) {
    pen.strokeRect(LEFT, y(tick), right - LEFT, 0);
    pen.textAlign = "right";
    pen.fillText(`${tick}`, LEFT - 5, y(tick) + 4);
  }
  pen.textAlign = "center";
  for (let number = 5; number <= epochs; number += 5) pen.fillText(`${number}`, x(number), height - 4);
  for (const [value, word] of lines) {
    pen.strokeStyle = palette("--sl-quiet");
    pen.setLineDash([2, 3]);
    pen.strokeRect(LEFT, y(value), right - LEFT, 0);
    pen.setLineDash([]);
    pen.textAlign = "right";
    pen.fillText(word, right, y(value) - 4);
  }
  pen.fillStyle = palette("--sl-accent");
  pen.globalAlpha = 0.35;
  pen.fillRect(x(epoch) - 1, top, 2, bottom - top);
  pen.globalAlpha = 1;
  for (const { values, look, mark } of curves) drawCurve(pen, values.slice(0, epoch), look, mark, { x, y, most }, palette);
}

function drawCurve(pen, values, [color, dash], mark, { x, y, most }, palette) {
  pen.strokeStyle = pen.fillStyle = palette(color);
  pen.lineWidth = mark ? 2 : 1.2;
  pen.setLineDash(dash);
  pen.beginPath();
  values.forEach((value, index) => pen.lineTo(x(index + 1), y(value)));
  pen.stroke();
  pen.setLineDash([]);
  if (!mark) return;
  const beyond = values.findIndex((value) => value > most);
  if (beyond >= 0) {
    pen.textAlign = "left";
    pen.fillText(`↑ ${values[beyond].toFixed(1)}`, x(beyond + 1) + 7, y(most) + 12);
  }
  values.forEach((value, index) => {
    const [left, up] = [x(index + 1), y(value)];
    pen.beginPath();
    if (mark === "square") pen.rect(left - 2.5, up - 2.5, 5, 5);
    else pen.arc(left, up, 2.8, 0, 2 * Math.PI);
    pen.fill();
  });
}

/** Build a small picture with a word under it; return its node and a function that paints one color per pixel. */
function smallPicture(word, { height, width }) {
  const canvas = make("canvas", { class: "sl-canvas", role: "img", "aria-label": word, width, height });
  const data = new ImageData(width, height);
  const node = make("figure", { class: "sl-panel" }, canvas, make("figcaption", {}, word));
  const paint = (colorAt) => {
    for (let i = 0; i < width * height; i++) {
      const [red, green, blue] = colorAt(i);
      data.data.set([red, green, blue, 255], 4 * i);
    }
    canvas.getContext("2d").putImageData(data, 0, 0);
  };
  return { node, paint };
}

/** Build one bar per block for the gradients' norms, on a scale of powers of ten; return node and show(norms, others). */
function normBars(blocks) {
  const [low, high] = [-3, 2]; // powers of ten at the ends
  const share = (norm) => (norm ? Math.min(100, Math.max(1, (100 * (Math.log10(norm) - low)) / (high - low))) : 0);
  const rows = blocks.map((name) => {
    const [bar, twin, value] = [make("span", { class: "sl-bar" }), make("span", { class: "sl-before" }), make("b")];
    const track = make("span", { class: "sl-track", "aria-hidden": "true" }, bar, twin);
    return { bar, twin, value, node: make("div", {}, make("span", {}, name), track, value) };
  });
  const scale = make("small", {}, "0.001 at the left, 100 at the right: ten times as much every fifth");
  const node = make("div", { class: "sl-norms" }, ...rows.map((row) => row.node), scale);
  const show = (norms, others) =>
    rows.forEach(({ bar, twin, value }, index) => {
      bar.style.width = `${share(norms[index])}%`;
      value.textContent = norms[index] ? norms[index].toPrecision(2).replace(/e.*/, "") : "none";
      if (norms[index] && norms[index] < 0.001) value.textContent = "< 0.001";
      if (norms[index] >= 100) value.textContent = Math.round(norms[index]);
      twin.hidden = !others;
      if (others) twin.style.left = `${share(others[index])}%`;
    });
  return { node, show };
}
