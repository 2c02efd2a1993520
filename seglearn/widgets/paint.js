// Paint explorer: a prediction painted over a truth, and six scores. verdicts.js stands before this file.

const MARKS = [
  ["hits", "Hits", "painted, and right"],
  ["misses", "Misses", "not painted"],
  ["false_alarms", "False alarms", "painted, and wrong"],
];
const SCORES = [
  ["pixel_accuracy", "Pixel accuracy"],
  ["precision", "Precision"],
  ["recall", "Recall"],
  ["dice", "Dice"],
  ["iou", "IoU"],
  ["boundary_iou", "Boundary IoU"],
];

export function unpack({ height, width, truth, band, begin }) {
  const shape = bytes(truth);
  return { height, width, truth: shape, band, begin, edge: boundary(shape, { height, width, band }) };
}

/** Return the pixels of a mask from which a king's walk of `band` steps leads outside; beyond the image is outside. */
function boundary(mask, { height, width, band }) {
  const edge = new Uint8Array(mask.length);
  const isInside = (row, column) => {
    for (let r = row - band; r <= row + band; r++) {
      for (let c = column - band; c <= column + band; c++) {
        if (r < 0 || r >= height || c < 0 || c >= width || !mask[r * width + c]) return false;
      }
    }
    return true;
  };
  for (let i = 0; i < mask.length; i++) edge[i] = mask[i] && !isInside(Math.floor(i / width), i % width);
  return edge;
}

export function compute(params) {
  const { truth, pred, edge } = params;
  const guessed = boundary(pred, params);
  let [hits, misses, falseAlarms, common, either] = [0, 0, 0, 0, 0];
  for (let i = 0; i < truth.length; i++) {
    hits += truth[i] & pred[i];
    misses += truth[i] & ~pred[i];
    falseAlarms += ~truth[i] & pred[i];
    common += edge[i] & guessed[i];
    either += edge[i] | guessed[i];
  }
  const painted = hits + falseAlarms;
  const correctBackground = truth.length - hits - misses - falseAlarms;
  return {
    hits,
    misses,
    false_alarms: falseAlarms,
    correct_background: correctBackground,
    pixel_accuracy: (hits + correctBackground) / truth.length,
    precision: painted ? hits / painted : 0,
    recall: hits / (hits + misses),
    dice: (2 * hits) / (2 * hits + misses + falseAlarms),
    iou: hits / (hits + misses + falseAlarms),
    boundary_iou: common / either,
  };
}

const spelled = (name) => name.replaceAll("_", " ").replace("iou", "IoU").replace("dice", "Dice");

export function describe(facts) {
  const counts = `${facts.hits} hits, ${facts.misses} misses, ${facts.false_alarms} false alarms`;
  const said = SCORES.map(([name]) => `${spelled(name)} ${facts[name].toFixed(3)}`);
  return `${counts}: ${said.join(", ")}.`;
}

/** Return a copy of the prediction after the brush has stamped every pixel on the way from one place to another. */
export function stroke({ pred, height, width, tool, brush }, [fromRow, fromColumn], [row, column]) {
  const painted = [...pred];
  const reach = (brush - 1) >> 1; // an even brush has its extra row and column below and to the right
  const steps = Math.max(Math.abs(row - fromRow), Math.abs(column - fromColumn), 1);
  for (let step = 0; step <= steps; step++) {
    const top = Math.round(fromRow + ((row - fromRow) * step) / steps) - reach;
    const left = Math.round(fromColumn + ((column - fromColumn) * step) / steps) - reach;
    for (let r = Math.max(0, top); r < Math.min(height, top + brush); r++) {
      for (let c = Math.max(0, left); c < Math.min(width, left + brush); c++) painted[r * width + c] = tool ? 0 : 1;
    }
  }
  return painted;
}

function paintGrid(canvas, params, palette) {
  const { pred, brush, row, column } = params;
  const { pen, cell } = paintVerdicts(canvas, pred, params, palette);
  const reach = (brush - 1) >> 1;
  for (const [color, line] of [["#000000", 5], ["#ffffff", 2]]) {
    pen.strokeStyle = color; // the brush: black around white shows on every ground
    pen.lineWidth = line;
    pen.strokeRect((column - reach) * cell, (row - reach) * cell, brush * cell, brush * cell);
  }
}

function build(stage, aside, { change, fixed }) {
  const label = "Prediction over truth: arrow keys move the brush, Space uses it, P paints, E erases";
  const canvas = make("canvas", { class: "sl-canvas", role: "application", "aria-label": label });
  const again = make("button", { type: "button", class: "sl-button", "data-lm-suppress-shortcuts": "true" }, "Start again");
  const empty = make("button", { type: "button", class: "sl-button", "data-lm-suppress-shortcuts": "true" }, "Erase all");
  again.addEventListener("click", () => change({ pred: fixed.begin }));
  empty.addEventListener("click", () => change({ pred: fixed.begin.map(() => 0) }));
  const note = "Line: truth. Drag to paint, or move with arrow keys; Space uses the brush, P paints, E erases.";
  stage.append(make("div", { class: "sl-fit" }, canvas), make("p", { class: "sl-note" }, note));
  stage.append(make("div", { class: "sl-buttons sl-paint-buttons" }, again, empty));

  const palette = (name) => getComputedStyle(aside).getPropertyValue(name);
  const counts = countList(MARKS, palette);
  const meters = SCORES.map(([name, title]) => ({ name, ...meter(name, title, fixed.goals) }));
  aside.append(counts.node, make("div", { class: "sl-meters" }, ...meters.map((item) => item.node)));
  const first = compute({ ...unpack(fixed), pred: fixed.begin });
  for (const { name, node } of meters) {
    const mark = make("span", { class: "sl-before", title: `at the start: ${first[name].toFixed(3)}` });
    mark.style.left = `${100 * first[name]}%`;
    node.querySelector(".sl-track").append(mark);
  }

  let now = null;
  const set = (wishes) => {
    now = { ...now, ...wishes }; // the next key or move of the hand may come before the next frame
    change(wishes);
  };
  const keys = { ArrowLeft: ["column", -1], ArrowRight: ["column", 1], ArrowUp: ["row", -1], ArrowDown: ["row", 1] };
  steer(canvas, { ...keys, " ": ["use", 0], p: ["tool", 0], e: ["tool", 1] }, (name, by) => {
    const here = [now.row, now.column];
    const last = { row: fixed.height - 1, column: fixed.width - 1 }[name];
    if (name === "use") set({ pred: stroke(now, here, here) });
    else set({ [name]: name === "tool" ? by : Math.min(last, Math.max(0, now[name] + by)) });
  });
  drag(canvas, (x, y, isFirst) => {
    const inside = (share, count) => Math.min(count - 1, Math.max(0, Math.floor(share * count)));
    const place = [inside(y, fixed.height), inside(x, fixed.width)];
    const pred = stroke(now, isFirst ? place : [now.row, now.column], place);
    set({ pred, row: place[0], column: place[1] });
  });
  return (facts, params) => {
    now = params;
    paintGrid(canvas, params, palette);
    counts.show(facts);
    for (const { name, show } of meters) show(facts[name], "");
  };
}

export default explorable({ unpack, compute, describe, build });
