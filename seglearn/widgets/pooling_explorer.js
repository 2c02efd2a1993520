// Pooling explorer: windows over a small map, their winners, and what unpooling restores. knobs.js and frame.js stand
// before this file. The boards are laid out by CSS: --sl-side is the side of a cell.

const MODES = ["max", "average"];
const GAP = 28; // pixels between two boards

export function unpack({ height, width }) {
  return { height, width };
}

/** Return how many windows fit, down and across; 0 and 0 where pooling refuses the settings. */
function outputOf({ height, width, kernel_size, stride, padding }) {
  if (2 * padding > kernel_size || kernel_size > Math.min(height, width) + 2 * padding) return [0, 0];
  return [height, width].map((size) => Math.floor((size + 2 * padding - kernel_size) / stride) + 1);
}

/** Return what one window sees: its pixels, its answer, and the pixel that it is copied from. */
function look({ height, width, kernel_size, stride, padding, mode, values }, row, column) {
  const [top, left] = [row * stride - padding, column * stride - padding];
  const pixels = [];
  for (let r = Math.max(0, top); r < Math.min(height, top + kernel_size); r++) {
    for (let c = Math.max(0, left); c < Math.min(width, left + kernel_size); c++) pixels.push(r * width + c);
  }
  if (MODES[mode] === "average") {
    let total = 0;
    for (const pixel of pixels) total += values[pixel];
    return { row, column, pixels, answer: total / kernel_size ** 2, winner: null };
  }
  const winner = pixels.reduce((best, pixel) => (values[pixel] > values[best] ? pixel : best)); // the first of equals
  return { row, column, pixels, answer: values[winner], winner };
}

/** Return what every window sees, in reading order. */
function looksOf(params) {
  const [rows, columns] = outputOf(params);
  return Array.from({ length: rows * columns }, (_, i) => look(params, Math.floor(i / columns), i % columns));
}

/** Return the numbers that stand in each pixel after unpooling; null is a hole. */
function unpooled(size, looks) {
  const [sums, counts] = [new Array(size).fill(0), new Array(size).fill(0)];
  for (const { pixels, answer, winner } of looks) {
    for (const pixel of winner === null ? pixels : []) {
      sums[pixel] += answer;
      counts[pixel] += 1;
    }
  }
  const back = sums.map((sum, pixel) => (counts[pixel] ? sum / counts[pixel] : null));
  for (const { answer, winner } of looks) if (winner !== null) back[winner] = answer;
  return back;
}

/** Return how often each pixel wins. */
function winsOf(size, looks) {
  const wins = new Array(size).fill(0);
  for (const { winner } of looks) if (winner !== null) wins[winner] += 1;
  return wins;
}

export function compute(params) {
  const { height, width, kernel_size, stride, padding, mode, values } = params;
  const [size, looks] = [height * width, looksOf(params)];
  const [rows, columns] = outputOf(params);
  const wins = winsOf(size, looks);
  const restored = unpooled(size, looks).filter((now, pixel) => now === values[pixel]).length;
  const row = Math.max(0, Math.min(params.row, rows - 1));
  const column = Math.max(0, Math.min(params.column, columns - 1));
  const { answer, winner } = looks[row * columns + column] ?? { answer: null, winner: null };
  return {
    height,
    width,
    kernel_size,
    stride,
    padding,
    mode: MODES[mode],
    out_height: rows,
    out_width: columns,
    winners: wins.filter(Boolean).length,
    most_wins: Math.max(...wins),
    unseen: size - new Set(looks.flatMap(({ pixels }) => pixels)).size,
    restored,
    lost: size - restored,
    row,
    column,
    answer,
    winner_row: winner === null ? null : Math.floor(winner / width),
    winner_column: winner === null ? null : winner % width,
  };
}

export function describe(facts) {
  if (!facts.out_height) return refusal(facts);
  const size = `${facts.height} × ${facts.width} → ${facts.out_height} × ${facts.out_width}`;
  const unseen = facts.unseen ? ` No window sees ${facts.unseen} of ${facts.height * facts.width} pixels.` : "";
  const back = `${facts.mode === "average" ? "Copied back" : "Unpooled"}, ${facts.restored} numbers are exact and ${facts.lost} are lost.${unseen}`;
  const place = `Window in row ${facts.row}, column ${facts.column}:`;
  const answer = number(facts.answer);
  if (facts.mode === "average") return `${size} by means: nobody wins. ${back} ${place} the mean is ${answer}.`;
  const often = `${facts.winners} pixels win, ${facts.most_wins > 1 ? `up to ${facts.most_wins} times` : "once"} each`;
  return `${size}: ${often}. ${back} ${place} ${answer} wins, from row ${facts.winner_row}, column ${facts.winner_column}.`;
}

function refusal({ padding, kernel_size }) {
  if (2 * padding > kernel_size) return `padding ${padding} is more than half of kernel ${kernel_size}: pooling refuses it.`;
  return `a window of ${kernel_size} × ${kernel_size} does not fit into this map: pooling refuses it.`;
}

const number = (value) => (Number.isInteger(value) ? `${value}` : value.toFixed(2)).replace("-", "−");

/** Make a node that covers rows x columns cells of a board from (row, column) on. */
function place(className, row, column, rows = 1, columns = 1, inset = 0, ...children) {
  const node = make("span", { class: className, "aria-hidden": "true" }, ...children);
  for (const [side, cells] of Object.entries({ top: row, left: column, height: rows, width: columns })) {
    const space = { top: inset, left: inset, height: -2 * inset, width: -2 * inset }[side];
    node.style[side] = `calc(var(--sl-side) * ${cells} + ${space}px)`;
  }
  return node;
}

/** Build a titled board; return its nodes and a function that gives it a size and fills it. */
function board(attributes) {
  const [title, size] = [make("b"), make("span")];
  const cells = make("div", { class: "sl-board", ...attributes });
  const node = make("figure", { class: "sl-panel" }, make("figcaption", {}, title, size), cells);
  const fill = (words, counted, rows, columns, children = null) => {
    title.textContent = words;
    size.textContent = counted;
    cells.style.height = `calc(var(--sl-side) * ${rows})`;
    cells.style.width = `calc(var(--sl-side) * ${columns})`;
    if (children) cells.replaceChildren(...children);
  };
  return { node, cells, fill };
}

/** Make the cells of a small map: number and tint; a hole is a quiet 0. */
function numbers(values, columns, most) {
  return values.map((value, i) => {
    const node = place(value === null ? "sl-number is-hole" : "sl-number", Math.floor(i / columns), i % columns);
    node.textContent = value === null ? "0" : number(value);
    node.classList.toggle("is-long", node.textContent.length > 3);
    node.classList.toggle("is-longer", node.textContent.length > 4);
    if (value !== null) tint(node, value / most);
    return node;
  });
}

/** Make the marks on the map: padding, windows, rings around winners, strokes through what nobody sees. */
function marksOnMap(facts, looks) {
  const { height, width, kernel_size, stride, padding, mode } = facts;
  const marks = [];
  for (let r = -padding; r < height + padding; r++) {
    for (let c = -padding; c < width + padding; c++) {
      const isInside = r >= 0 && r < height && c >= 0 && c < width;
      if (!isInside) marks.push(place("sl-padded", r, c, 1, 1, 1, mode === "max" ? "−∞" : "0"));
    }
  }
  for (const { row, column } of kernel_size > 2 * stride ? [] : looks) { // more would hide the map
    const inset = 1.5 + 3 * (kernel_size > stride && (row + column) % 2); // neighbors that overlap stay apart
    const corner = [row * stride - padding, column * stride - padding];
    marks.push(place("sl-window", ...corner, kernel_size, kernel_size, inset));
  }
  const seen = new Set(looks.flatMap(({ pixels }) => pixels));
  winsOf(height * width, looks).forEach((wins, pixel) => {
    const at = [Math.floor(pixel / width), pixel % width];
    if (wins) marks.push(place("sl-ring", ...at, 1, 1, 1));
    if (wins > 1) marks.push(place("sl-wins", ...at, 1, 1, 0, make("b", {}, `${wins}×`)));
    if (looks.length && !seen.has(pixel)) marks.push(place("sl-unseen", ...at));
  });
  return marks;
}

/** Show the sum or the contest of one window in full. */
function contest(facts, params) {
  const { kernel_size, stride, padding, row, column, mode, answer } = facts;
  if (answer === null) return refusal(facts);
  const terms = [];
  for (let r = row * stride - padding; r < row * stride - padding + kernel_size; r++) {
    for (let c = column * stride - padding; c < column * stride - padding + kernel_size; c++) {
      const isInside = r >= 0 && r < facts.height && c >= 0 && c < facts.width;
      terms.push(isInside ? number(params.values[r * facts.width + c]) : mode === "max" ? "−∞" : "0");
    }
  }
  if (mode === "max") return `max(${terms.join(", ")}) = ${number(answer)}`;
  return `(${terms.join(" + ").replaceAll("+ −", "− ")}) / ${kernel_size ** 2} = ${number(answer)}`;
}

/** Build the list of what the picture says in numbers. */
function tally() {
  const titles = ["Pixels that win", "Most wins of one pixel", "Seen by no window", "Exact when back", "Lost"];
  const values = titles.map(() => make("dd"));
  const rows = titles.map((title, i) => make("div", {}, make("dt", {}, title), values[i]));
  const show = ({ winners, most_wins, unseen, restored, lost, height, width, mode }) => {
    const isMax = mode === "max";
    const words = [isMax ? winners : "none", isMax ? most_wins : "none", unseen, `${restored} of ${height * width}`, lost];
    values.forEach((value, i) => (value.textContent = words[i]));
  };
  return { node: make("dl", { class: "sl-facts" }, ...rows), show };
}

/** Choose the side of a cell: as many boards in a line as leave each number readable at the widest settings. */
function layOut(stage, { height, width }) {
  const boards = [width + 4, width + 1, width]; // the widest map, pooled map and unpooled map
  const sideOf = (count) => {
    const columns = boards.slice(0, count).reduce((a, b) => a + b);
    return Math.min(34, Math.floor((stage.clientWidth - (count - 1) * GAP) / columns));
  };
  const count = [3, 2].find((n) => sideOf(n) >= 21) ?? 1;
  stage.classList.toggle("is-paired", count === 2);
  stage.classList.toggle("is-stacked", count === 1);
  stage.style.setProperty("--sl-side", `${sideOf(count)}px`);
  stage.style.minHeight = count === 3 ? `${sideOf(3) * (height + 2) + 26}px` : "";
}

/** Let only one of many inputs stand in the way of the Tab key: the one that was used last. */
function rove(grid) {
  const inputs = [...grid.querySelectorAll("input")];
  const only = (chosen) => inputs.forEach((input) => (input.tabIndex = input === chosen ? 0 : -1));
  grid.addEventListener("focusin", (event) => only(event.target));
  only(inputs[0]);
}

function build(stage, aside, { change, knobs }) {
  const [map, marks] = [board({}), make("div", { class: "sl-marks" })];
  const label = "Pooled map: arrow keys choose a window";
  const pooled = board({ role: "application", "aria-label": label });
  const back = board({ role: "img", class: "sl-board is-clipped" });
  const grid = knobs.values.node.querySelector(".sl-cells");
  knobs.values.node.remove(); // its cells are the map itself
  map.cells.append(grid, marks);
  rove(grid);
  stage.classList.add("sl-wide", "sl-pooling");
  stage.append(map.node, pooled.node, back.node);
  const key = "○ winner, or exact when back · 2× wins of one pixel · struck through: seen by no window · dashed: padding. ";
  const help = "Type into the map, or change its numbers with ↑ and ↓. In the pooled map, arrow keys or the mouse choose a window.";
  const [title, sum, list] = [make("div", { class: "sl-label" }), make("div", { class: "sl-contest" }), tally()];
  const trace = make("div", { class: "sl-trace" }, title, sum, make("p", { class: "sl-note" }, key + help));
  aside.classList.add("sl-wide", "sl-outcome");
  aside.append(trace, list.node);

  let now = null;
  const go = (row, column) =>
    change({ row: Math.max(0, Math.min(row, now.out_height - 1)), column: Math.max(0, Math.min(column, now.out_width - 1)) });
  const keys = { ArrowLeft: ["column", -1], ArrowRight: ["column", 1], ArrowUp: ["row", -1], ArrowDown: ["row", 1] };
  steer(pooled.cells, keys, (name, by) => go(now.row + (name === "row" && by), now.column + (name === "column" && by)));
  drag(pooled.cells, (x, y) => go(Math.floor(y * now.out_height), Math.floor(x * now.out_width)));

  return (facts, params) => {
    now = facts;
    const { height, width, kernel_size, stride, padding, row, column, out_height, out_width } = facts;
    const [looks, most] = [looksOf(params), Math.max(...params.values.map(Math.abs)) || 1];
    const isMax = facts.mode === "max";
    layOut(stage, facts);
    for (const { style } of [grid, marks]) style.top = style.left = `calc(var(--sl-side) * ${padding})`;
    const corner = [row * stride - padding, column * stride - padding];
    const frame = (...at) => (looks.length ? [place("sl-chosen", ...at)] : []);
    marks.replaceChildren(...marksOnMap(facts, looks), ...frame(...corner, kernel_size, kernel_size));
    const [high, wide] = [height + 2 * padding, width + 2 * padding];
    map.fill("Map", `${height} × ${width}${padding ? `, padded to ${high} × ${wide}` : ""}`, high, wide);
    const answers = numbers(looks.map(({ answer }) => answer), out_width, most);
    const counted = looks.length ? `${out_height} × ${out_width}` : "no window";
    pooled.fill(isMax ? "Max" : "Average", counted, out_height, out_width, [...answers, ...frame(row, column)]);
    const put = unpooled(height * width, looks);
    const rings = put.flatMap((value, i) =>
      value === params.values[i] ? [place("sl-ring", Math.floor(i / width), i % width, 1, 1, 1)] : []);
    const target = isMax ? [facts.winner_row, facts.winner_column] : [...corner, kernel_size, kernel_size];
    const cells = [...numbers(put, width, most), ...rings, ...frame(...target)];
    back.fill(isMax ? "Unpooled" : "Copied back", `${height} × ${width}`, height, width, cells);
    back.cells.setAttribute("aria-label", `After unpooling: ${facts.restored} of ${height * width} numbers are exact`);
    title.textContent = looks.length ? `Window in row ${row}, column ${column}` : "No window";
    sum.textContent = contest(facts, params);
    list.show(facts);
  };
}

export default explorable({ unpack, compute, describe, build });
