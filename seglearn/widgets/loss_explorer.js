// Loss explorer: a few pixels to drag, and what six losses say. knobs.js and frame.js stand before this file.

const LOSSES = ["cross_entropy", "focal", "dice", "jaccard", "tversky", "lovasz"];
const NAMES = ["cross-entropy", "focal", "Dice", "Jaccard", "Tversky", "Lovász"];
const [GAMMA, ALPHA, BETA] = [2, 0.3, 0.7];
const [IGNORE, LARGEST, STEP] = [255, 6, 0.5];
const FULL_ARROW = 0.125; // the pull that an arrow of full length stands for: cross-entropy's largest on eight pixels

export function unpack({ rows, columns, mask, begin }) {
  return { rows, columns, mask, start: begin };
}

const rounded = (value) => Math.floor(value * 1e6 + 0.5) / 1e6;
const sigmoid = (z) => 1 / (1 + Math.exp(-z));
const softplus = (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
const total = (values) => values.reduce((sum, value) => sum + value, 0);

/** Return every loss of some pixels and its gradient with respect to their margins, as Python's judge does. */
function judge(margins, truth) {
  const p = margins.map(sigmoid);
  const count = p.length;
  const towards = truth.map((t) => (t ? 1 : -1));
  const sure = p.map((q, i) => (truth[i] ? q : 1 - q));
  const surprise = margins.map((z, i) => softplus(-z * towards[i]));
  const slope = p.map((q) => q * (1 - q));
  const focal = sure.map((s, i) => (1 - s) ** GAMMA * surprise[i]);
  const pull = sure.map((s, i) => -((1 - s) ** GAMMA) * (GAMMA * s * surprise[i] + 1 - s) * towards[i]);
  return {
    cross_entropy: [total(surprise) / count, p.map((q, i) => (q - truth[i]) / count)],
    focal: [total(focal) / count, pull.map((g) => g / count)],
    dice: tversky(p, truth, slope, 0.5, 0.5),
    jaccard: tversky(p, truth, slope, 1, 1),
    tversky: tversky(p, truth, slope, ALPHA, BETA),
    lovasz: lovasz(p, truth, slope),
  };
}

function tversky(p, truth, slope, alpha, beta) {
  let value = 0;
  const gradient = p.map(() => 0);
  for (const k of [0, 1]) {
    const share = p.map((q) => (k ? q : 1 - q));
    const inside = truth.map((t) => Number(t === k));
    const hit = total(share.map((s, i) => s * inside[i]));
    const all = hit + alpha * (total(share) - hit) + beta * (total(inside) - hit);
    value += (1 - hit / all) / 2;
    inside.forEach((t, i) => {
      const grown = t + alpha * (1 - t) - beta * t;
      gradient[i] -= (((t * all - hit * grown) / all ** 2) * slope[i] * (k ? 1 : -1)) / 2;
    });
  }
  return [value, gradient];
}

function lovasz(p, truth, slope) {
  let value = 0;
  const gradient = p.map(() => 0);
  for (const k of [0, 1]) {
    const inside = truth.map((t) => Number(t === k));
    const errors = p.map((q, i) => Math.abs(inside[i] - (k ? q : 1 - q)));
    const order = p.map((_, i) => i).sort((a, b) => rounded(errors[b]) - rounded(errors[a]) || a - b);
    let [left, union, before] = [total(inside), total(inside), 0];
    for (const i of order) {
      left -= inside[i];
      union += 1 - inside[i];
      const lost = 1 - left / union;
      value += (errors[i] * (lost - before)) / 2;
      gradient[i] += ((lost - before) * (inside[i] ? -1 : 1) * (k ? 1 : -1) * slope[i]) / 2;
      before = lost;
    }
  }
  return [value, gradient];
}

export function compute({ margins, start, mask, loss }) {
  const valid = mask.map((_, i) => i).filter((i) => mask[i] !== IGNORE);
  const truth = valid.map((i) => mask[i]);
  const [now, first] = [margins, start].map((all) => judge(valid.map((i) => all[i]), truth));
  const arrows = mask.map(() => 0);
  valid.forEach((i, place) => (arrows[i] = rounded(-now[LOSSES[loss]][1][place])));
  const objects = valid.map((i) => Number(margins[i] > 0));
  const each = (prefix, value) => Object.fromEntries(LOSSES.map((name) => [prefix + name, rounded(value(name))]));
  const hits = total(objects.map((o, i) => o & truth[i]));
  return {
    margins: [...margins],
    probs: margins.map((z) => rounded(sigmoid(z))),
    loss_name: LOSSES[loss],
    ...each("", (name) => now[name][0]),
    ...each("d_", (name) => now[name][0] - first[name][0]),
    arrows,
    iou: rounded(hits / total(objects.map((o, i) => o | truth[i]))),
    accuracy: rounded(objects.filter((o, i) => o === truth[i]).length / valid.length),
  };
}

const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;

export function describe(facts) {
  const said = LOSSES.map((loss, i) => `${NAMES[i]} ${facts[loss].toFixed(3)} (${signed(facts[`d_${loss}`])})`);
  return `${said.join(", ")}; IoU of the object ${facts.iou.toFixed(3)}.`;
}

function paintVoid(pen, x, y, cell, color) {
  pen.save();
  pen.beginPath();
  pen.rect(x, y, cell, cell);
  pen.clip();
  pen.strokeStyle = color;
  pen.lineWidth = 1.5;
  pen.beginPath();
  for (let start = -cell; start < cell; start += cell / 6) {
    pen.moveTo(x + start, y + cell);
    pen.lineTo(x + start + cell, y);
  }
  pen.stroke();
  pen.restore();
}

/** Draw the pull on a pixel: up where the loss wants a higher score of the object. */
function paintArrow(pen, x, middle, pull, cell, palette) {
  const length = -Math.sign(pull) * Math.min(1, Math.abs(pull) / FULL_ARROW) * 0.36 * cell;
  const head = Math.min(0.08 * cell, 0.6 * Math.abs(length));
  const [from, to] = [middle - length * 0.3, middle + length];
  for (const [color, more] of [[palette("--sl-paper"), 0.05 * cell], [palette("--sl-orange"), 0]]) {
    pen.strokeStyle = pen.fillStyle = color;
    pen.lineWidth = 0.05 * cell + more;
    pen.beginPath();
    pen.moveTo(x, from);
    pen.lineTo(x, to - Math.sign(length) * head * 0.8);
    pen.stroke();
    pen.beginPath();
    pen.moveTo(x, to);
    pen.lineTo(x - head, to - Math.sign(length) * head * 1.2);
    pen.lineTo(x + head, to - Math.sign(length) * head * 1.2);
    pen.fill();
  }
}

function paintPixel(pen, i, facts, { mask, columns, pixel }, cell, palette) {
  const [x, y] = [(i % columns) * cell, Math.floor(i / columns) * cell];
  const isVoid = mask[i] === IGNORE;
  pen.globalAlpha = isVoid ? 0 : 0.08 + 0.72 * facts.probs[i];
  pen.fillStyle = palette("--sl-blue");
  pen.fillRect(x, y, cell, cell);
  pen.globalAlpha = 1;
  if (isVoid) paintVoid(pen, x, y, cell, palette("--sl-line"));
  pen.strokeStyle = palette("--sl-line");
  pen.lineWidth = 1;
  pen.strokeRect(x, y, cell, cell);
  if (mask[i] === 1) {
    pen.strokeStyle = palette("--sl-ink");
    pen.lineWidth = Math.max(3, 0.035 * cell);
    pen.strokeRect(x + 0.05 * cell, y + 0.05 * cell, 0.9 * cell, 0.9 * cell);
  }
  const lines = isVoid ? ["void"] : [`p ${facts.probs[i].toFixed(2)}`, `z ${String(Number(facts.margins[i].toFixed(2))).replace("-", "−")}`];
  pen.font = `600 ${Math.round(0.125 * cell)}px system-ui, sans-serif`;
  pen.textAlign = "left";
  pen.textBaseline = "middle";
  lines.forEach((line, row) => {
    const at = y + (0.5 + (row - (lines.length - 1) / 2) * 0.2) * cell;
    const wide = pen.measureText(line).width;
    pen.fillStyle = palette("--sl-paper");
    pen.globalAlpha = 0.8;
    pen.fillRect(x + 0.1 * cell, at - 0.09 * cell, wide + 0.05 * cell, 0.18 * cell);
    pen.globalAlpha = 1;
    pen.fillStyle = palette("--sl-ink");
    pen.fillText(line, x + 0.125 * cell, at + 0.01 * cell);
  });
  if (facts.arrows[i]) paintArrow(pen, x + 0.8 * cell, y + 0.5 * cell, facts.arrows[i], cell, palette);
  if (i !== pixel) return;
  for (const [color, line] of [["#000000", 6], ["#ffffff", 4], [palette("--sl-accent"), 2.5]]) {
    pen.strokeStyle = color;
    pen.lineWidth = line;
    pen.strokeRect(x + 3, y + 3, cell - 6, cell - 6);
  }
}

/** Build the table of losses; return its node and a function that fills it. */
function lossTable() {
  const head = make("tr", {}, ...["loss", "now", "since start"].map((word) => make("th", { scope: "col" }, word)));
  const rows = LOSSES.map((loss, i) => {
    const [now, change] = [make("td"), make("td")];
    return { loss, now, change, node: make("tr", {}, make("th", { scope: "row" }, NAMES[i]), now, change) };
  });
  const node = make("table", { class: "sl-table" }, make("thead", {}, head), make("tbody", {}, ...rows.map((r) => r.node)));
  const show = (facts) =>
    rows.forEach(({ loss, now, change, node: row }) => {
      const by = facts[`d_${loss}`];
      now.textContent = facts[loss].toFixed(3);
      change.textContent = `${by > 0 ? "▲" : by < 0 ? "▼" : ""} ${signed(by)}`;
      row.className = facts.loss_name === loss ? "is-chosen" : "";
    });
  return { node, show };
}

function build(stage, aside, { change, fixed }) {
  const label = "Pixels: left, right, Shift and up or down choose one; up and down move its margin";
  const canvas = make("canvas", { class: "sl-canvas", role: "application", "aria-label": label });
  const button = (word) => make("button", { type: "button", class: "sl-button", "data-lm-suppress-shortcuts": "true" }, word);
  const [again, downhill] = ["Start again", "One step downhill"].map(button);
  const note = "Drag a pixel up or down, or press ← → and ↑ ↓. Framed: object. Blue: p(object). Arrow: the pull of the chosen loss.";
  stage.append(make("div", { class: "sl-fit" }, canvas), make("p", { class: "sl-note" }, note));
  const table = lossTable();
  const value = make("p", { class: "sl-note" });
  aside.append(table.node, value, make("div", { class: "sl-buttons" }, downhill, again));

  let now = null;
  let seen = null;
  const set = (wishes) => {
    now = { ...now, ...wishes }; // the next key may come before the next frame
    change(wishes);
  };
  const drawTo = (pixel, margin) => {
    const margins = [...now.margins];
    margins[pixel] = Math.min(LARGEST, Math.max(-LARGEST, margin));
    set({ margins });
  };
  again.addEventListener("click", () => set({ margins: fixed.begin }));
  downhill.addEventListener("click", () => {
    const most = Math.max(...seen.arrows.map(Math.abs)) || 1; // the pixel that is pulled hardest moves by one step
    const walked = seen.arrows.map((pull, i) => now.margins[i] + (STEP * pull) / most);
    set({ margins: walked.map((z) => Math.min(LARGEST, Math.max(-LARGEST, Number(z.toFixed(3))))) });
  });
  const count = fixed.mask.length;
  const keys = { ArrowLeft: ["pixel", -1], ArrowRight: ["pixel", 1], ArrowUp: ["margin", 1], ArrowDown: ["margin", -1] };
  steer(canvas, keys, (name, by) => {
    const row = Math.sign(by) * fixed.columns; // Shift with up or down: the pixel in the next row
    if (name === "margin" && Math.abs(by) === 1) drawTo(now.pixel, now.margins[now.pixel] + by * STEP);
    else set({ pixel: (now.pixel + (name === "margin" ? -row : Math.sign(by)) + count) % count });
  });
  let grip = null;
  drag(canvas, (x, y, isFirst) => {
    if (isFirst) {
      const inside = (share, many) => Math.min(many - 1, Math.max(0, Math.floor(share * many)));
      const pixel = inside(y, fixed.rows) * fixed.columns + inside(x, fixed.columns);
      grip = { pixel, y, margin: now.margins[pixel] };
      set({ pixel });
    }
    const steps = Math.round(((grip.y - y) * fixed.rows * 6) / STEP); // one pixel's height is six units
    if (steps || !isFirst) drawTo(grip.pixel, grip.margin + steps * STEP);
  });

  const palette = (name) => getComputedStyle(aside).getPropertyValue(name);
  return (facts, params) => {
    [now, seen] = [params, facts];
    const width = Math.min(130 * fixed.columns, canvas.parentElement.clientWidth);
    const cell = fit(canvas, fixed.columns, fixed.rows, width);
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, canvas.width, canvas.height);
    for (let i = 0; i < count; i++) if (i !== params.pixel) paintPixel(pen, i, facts, params, cell, palette);
    paintPixel(pen, params.pixel, facts, params, cell, palette);
    table.show(facts);
    const [row, column] = [Math.floor(params.pixel / fixed.columns), params.pixel % fixed.columns];
    const pull = facts.arrows[params.pixel];
    const wants = pull > 0 ? "up" : pull < 0 ? "down" : "nowhere";
    const name = NAMES[params.loss];
    value.textContent = `Pixel in row ${row}, column ${column}: ${name} pulls its margin ${wants} (${Math.abs(pull).toFixed(3)}).`;
  };
}

export default explorable({ unpack, compute, describe, build });
