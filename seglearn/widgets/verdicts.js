// How hits, misses and false alarms look on a grid, and the meters of their scores: for explorables that compare a
// guess with a truth. knobs.js and frame.js stand before this file.

/** Fill one cell: a hit is solid, a miss is hatched, a false alarm is dotted. */
function fillCell(pen, kind, x, y, cell) {
  pen.save();
  pen.beginPath();
  pen.rect(x, y, cell, cell);
  pen.clip();
  if (kind === "hits") pen.fillRect(x, y, cell, cell);
  if (kind === "misses") {
    pen.globalAlpha = 0.2;
    pen.fillRect(x, y, cell, cell);
    pen.globalAlpha = 1;
    pen.lineWidth = cell / 6;
    pen.beginPath();
    for (let start = -cell; start < cell; start += cell / 2) {
      pen.moveTo(x + start, y + cell);
      pen.lineTo(x + start + cell, y);
    }
    pen.stroke();
  }
  if (kind === "false_alarms") {
    pen.globalAlpha = 0.2;
    pen.fillRect(x, y, cell, cell);
    pen.globalAlpha = 1;
    pen.beginPath();
    pen.arc(x + cell / 2, y + cell / 2, cell / 4, 0, 2 * Math.PI);
    pen.fill();
  }
  pen.restore();
}

/** Draw the border of a shape: a line wherever a pixel inside meets one outside. */
function outline(pen, shape, { height, width }, cell) {
  const holds = (row, column) => row >= 0 && row < height && column >= 0 && column < width && shape[row * width + column];
  pen.beginPath();
  for (let row = 0; row <= height; row++) {
    for (let column = 0; column <= width; column++) {
      const here = Boolean(holds(row, column));
      if (here !== Boolean(holds(row - 1, column))) {
        pen.moveTo(column * cell, row * cell);
        pen.lineTo((column + 1) * cell, row * cell);
      }
      if (here !== Boolean(holds(row, column - 1))) {
        pen.moveTo(column * cell, row * cell);
        pen.lineTo(column * cell, (row + 1) * cell);
      }
    }
  }
  pen.stroke();
}

/** Paint every pixel as hit, miss or false alarm, and the line around the truth; return the pen and a cell's side. */
function paintVerdicts(canvas, guess, { truth, height, width }, palette) {
  const cell = fit(canvas, width, height, canvas.parentElement.clientWidth);
  const pen = canvas.getContext("2d");
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = palette("--sl-grid");
  for (let column = 1; column < width; column++) pen.fillRect(column * cell, 0, 1, canvas.height);
  for (let row = 1; row < height; row++) pen.fillRect(0, row * cell, canvas.width, 1);
  for (let i = 0; i < truth.length; i++) {
    if (!truth[i] && !guess[i]) continue;
    const kind = truth[i] ? (guess[i] ? "hits" : "misses") : "false_alarms";
    pen.fillStyle = pen.strokeStyle = palette(`--sl-${kind}`);
    fillCell(pen, kind, (i % width) * cell, Math.floor(i / width) * cell, cell);
  }
  pen.strokeStyle = palette("--sl-ink");
  pen.lineWidth = Math.max(2, cell / 8);
  outline(pen, truth, { height, width }, cell);
  return { pen, cell };
}

/** Build a sample of one kind's look; return its canvas and a function that paints it in the colors of the theme. */
function swatch(kind, palette) {
  const canvas = make("canvas", { class: "sl-swatch", width: 40, height: 40, "aria-hidden": "true" });
  const repaint = () => {
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, 40, 40);
    pen.fillStyle = pen.strokeStyle = palette(`--sl-${kind}`);
    for (const x of [0, 20]) for (const y of [0, 20]) fillCell(pen, kind, x, y, 20);
  };
  return { canvas, repaint };
}

/** Build the list of counts, [name, title, meaning] each; return its node and a function that fills it. */
function countList(marks, palette) {
  const rows = marks.map(([name, title, meaning]) => {
    const count = make("b");
    const { canvas, repaint } = swatch(name, palette);
    const words = make("span", {}, title, make("small", {}, meaning));
    return { name, count, repaint, node: make("div", {}, canvas, words, count) };
  });
  const show = (facts) =>
    rows.forEach(({ name, count, repaint }) => {
      count.textContent = facts[name];
      repaint();
    });
  return { node: make("div", { class: "sl-counts" }, ...rows.map(({ node }) => node)), show };
}

/** Build the meter of one score, with a tick where a goal draws its line. */
function meter(name, label, goals) {
  const value = make("b");
  const bar = make("span", { class: "sl-bar" });
  const track = make("div", { class: "sl-track", "aria-hidden": "true" }, bar);
  for (const [fact, relation, line] of goals.flatMap((goal) => goal.conditions)) {
    if (fact !== name) continue;
    const tick = make("span", { class: "sl-tick" }, `${relation.replace(">=", "≥").replace("<=", "≤")} ${line}`);
    tick.style.left = `${100 * line}%`;
    track.append(tick);
  }
  const sum = make("span", { class: "sl-sum" });
  const node = make("div", { class: "sl-meter" }, make("div", {}, make("span", {}, label), value), track, sum);
  const show = (score, formula) => {
    value.textContent = score.toFixed(3);
    bar.style.width = `${100 * score}%`;
    sum.textContent = formula;
  };
  return { node, show };
}
