// Overlap explorer: truth and guess on one grid. frame.js stands before this file in the same module.

const MARKS = [
  ["hits", "Hits", "both say object"],
  ["misses", "Misses", "only the truth does"],
  ["false_alarms", "False alarms", "only the guess does"],
];
const SCORES = [
  ["pixel_accuracy", "Pixel accuracy"],
  ["iou", "IoU"],
];

export function unpack({ height, width, truth }) {
  return { height, width, truth: bytes(truth) };
}

/** Return the guess: the truth grown in city-block steps (negative: shrunk), then moved. Outside is background. */
function guessFrom({ truth, height, width, dx, dy, grow }) {
  const reach = Math.abs(grow);
  const holds = (row, column) =>
    row >= 0 && row < height && column >= 0 && column < width && truth[row * width + column] === 1;
  const sought = grow > 0; // growing looks for one object pixel within reach, shrinking for one background pixel
  const finds = (row, column) => {
    for (let down = -reach; down <= reach; down++) {
      const across = reach - Math.abs(down);
      for (let right = -across; right <= across; right++) {
        if (holds(row + down, column + right) === sought) return true;
      }
    }
    return false;
  };
  const guess = new Uint8Array(height * width);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      guess[row * width + column] = finds(row - dy, column - dx) === sought;
    }
  }
  return guess;
}

export function compute(params) {
  const { truth, dx, dy, grow } = params;
  const guess = guessFrom(params);
  let [hits, misses, falseAlarms] = [0, 0, 0];
  for (let i = 0; i < truth.length; i++) {
    hits += truth[i] & guess[i];
    misses += truth[i] & ~guess[i];
    falseAlarms += ~truth[i] & guess[i];
  }
  const correctBackground = truth.length - hits - misses - falseAlarms;
  return {
    dx,
    dy,
    grow,
    hits,
    misses,
    false_alarms: falseAlarms,
    correct_background: correctBackground,
    pixel_accuracy: (hits + correctBackground) / truth.length,
    iou: hits / (hits + misses + falseAlarms),
  };
}

export function describe(facts) {
  const counts = `${facts.hits} hits, ${facts.misses} misses, ${facts.false_alarms} false alarms`;
  return `${counts}: pixel accuracy ${facts.pixel_accuracy.toFixed(3)}, IoU ${facts.iou.toFixed(3)}.`;
}

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

function paintGrid(canvas, params, guess, palette) {
  const { truth, height, width } = params;
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
  outline(pen, truth, params, cell);
  pen.setLineDash([cell / 3, cell / 3]);
  outline(pen, guess, params, cell);
  pen.setLineDash([]);
}

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

function build(stage, aside, { change, nudge, fixed }) {
  const label = "Grid of truth and guess: arrow keys move the guess, plus and minus grow and shrink it";
  const canvas = make("canvas", { class: "sl-canvas", role: "application", "aria-label": label });
  const key = make("p", { class: "sl-note" }, "Solid line: truth. Dashed: guess. Drag, or press arrow keys, + and −.");
  stage.append(make("div", { class: "sl-fit" }, canvas), key);
  const keys = { ArrowLeft: ["dx", -1], ArrowRight: ["dx", 1], ArrowUp: ["dy", -1], ArrowDown: ["dy", 1] };
  steer(canvas, { ...keys, "+": ["grow", 1], "=": ["grow", 1], "-": ["grow", -1] }, nudge);

  const palette = (name) => getComputedStyle(aside).getPropertyValue(name);
  const rows = MARKS.map(([name, title, meaning]) => {
    const count = make("b");
    const { canvas: mark, repaint } = swatch(name, palette);
    return { name, count, repaint, node: make("div", {}, mark, make("span", {}, title, make("small", {}, meaning)), count) };
  });
  const meters = SCORES.map(([name, title]) => ({ name, ...meter(name, title, fixed.goals) }));
  aside.append(make("div", { class: "sl-counts" }, ...rows.map((row) => row.node)), ...meters.map((item) => item.node));

  let now = null;
  let grip = null;
  drag(canvas, (x, y, isFirst) => {
    const at = [Math.floor(x * fixed.width), Math.floor(y * fixed.height)];
    if (isFirst) grip = [now.dx - at[0], now.dy - at[1]];
    change({ dx: at[0] + grip[0], dy: at[1] + grip[1] });
  });
  return (facts, params) => {
    now = params;
    paintGrid(canvas, params, guessFrom(params), palette);
    for (const { name, count, repaint } of rows) {
      count.textContent = facts[name];
      repaint();
    }
    const { hits, misses, false_alarms, correct_background } = facts;
    const formulas = {
      pixel_accuracy: `(hits + background) / all = (${hits} + ${correct_background}) / ${params.truth.length}`,
      iou: `hits / (hits + misses + false alarms) = ${hits} / ${hits + misses + false_alarms}`,
    };
    for (const { name, show } of meters) show(facts[name], formulas[name]);
  };
}

export default explorable({ unpack, compute, describe, build });
