// Overlap explorer: truth and guess on one grid. verdicts.js stands before this file in the same module.

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

function paintGrid(canvas, params, guess, palette) {
  const { pen, cell } = paintVerdicts(canvas, guess, params, palette);
  pen.setLineDash([cell / 3, cell / 3]);
  outline(pen, guess, params, cell);
  pen.setLineDash([]);
}

function build(stage, aside, { change, nudge, fixed }) {
  const label = "Grid of truth and guess: arrow keys move the guess, plus and minus grow and shrink it";
  const canvas = make("canvas", { class: "sl-canvas", role: "application", "aria-label": label });
  const key = make("p", { class: "sl-note" }, "Solid line: truth. Dashed: guess. Drag, or press arrow keys, + and −.");
  stage.append(make("div", { class: "sl-fit" }, canvas), key);
  const keys = { ArrowLeft: ["dx", -1], ArrowRight: ["dx", 1], ArrowUp: ["dy", -1], ArrowDown: ["dy", 1] };
  steer(canvas, { ...keys, "+": ["grow", 1], "=": ["grow", 1], "-": ["grow", -1] }, nudge);

  const palette = (name) => getComputedStyle(aside).getPropertyValue(name);
  const counts = countList(MARKS, palette);
  const meters = SCORES.map(([name, title]) => ({ name, ...meter(name, title, fixed.goals) }));
  aside.append(counts.node, ...meters.map((item) => item.node));

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
    counts.show(facts);
    const { hits, misses, false_alarms, correct_background } = facts;
    const formulas = {
      pixel_accuracy: `(hits + background) / all = (${hits} + ${correct_background}) / ${params.truth.length}`,
      iou: `hits / (hits + misses + false alarms) = ${hits} / ${hits + misses + false_alarms}`,
    };
    for (const { name, show } of meters) show(facts[name], formulas[name]);
  };
}

export default explorable({ unpack, compute, describe, build });
