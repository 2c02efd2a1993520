// Receptive field explorer: a stack of layers over a street. knobs.js and frame.js stand before this file.

const SHARE = 0.95;
const BORDER = 1 / 10; // of padding around the picture, as a share of its shorter side
const [PAPER, EFFECT] = ["#005ab2", "#d54600"]; // on the picture, which is pale in both themes

export function unpack({ height, width, image }) {
  return { height, width, image: bytes(image) };
}

/** Return a row for the image and one after each layer: what it adds, size and jump. */
export function tableOf({ depth, kernel_size, halvings, dilation }) {
  const rows = [{ name: "image", adds: 0, size: 1, jump: 1 }];
  for (let number = 1; number <= depth; number++) {
    const before = rows[number - 1];
    const stride = number <= halvings ? 2 : 1;
    const adds = dilation * (kernel_size - 1) * before.jump;
    rows.push({ name: `layer ${number}`, stride, adds, size: before.size + adds, jump: before.jump * stride });
  }
  return rows;
}

/** Return on how many paths each pixel of one row of the field reaches the unit. */
export function pathsOf(params) {
  const { depth, kernel_size, dilation } = params;
  const rows = tableOf(params);
  let paths = [1];
  for (let number = 1; number <= depth; number++) {
    const step = dilation * rows[number - 1].jump;
    const wider = new Array(rows[number].size).fill(0);
    for (let tap = 0; tap < kernel_size; tap++) {
      for (let i = 0; i < paths.length; i++) wider[step * tap + i] += paths[i];
    }
    paths = wider;
  }
  return paths;
}

/** Return the side of the smallest centered square that holds 95 % of the heat, sqrt(paths[y] * paths[x]). */
function centralSide(paths) {
  const [half, isOdd] = [Math.floor(paths.length / 2), paths.length % 2];
  const within = [];
  for (let i = half; i < paths.length; i++) {
    const ring = isOdd && i === half ? Math.sqrt(paths[i]) : 2 * Math.sqrt(paths[i]);
    within.push((within.at(-1) ?? 0) + ring);
  }
  const all = within.at(-1);
  return 2 * within.findIndex((sum) => sum * sum >= SHARE * (all * all)) + (isOdd ? 1 : 2);
}

export function compute(params) {
  const { depth, kernel_size, halvings, dilation } = params;
  const paths = pathsOf(params);
  const last = tableOf(params)[depth];
  return {
    depth,
    kernel_size,
    halvings: Math.min(halvings, depth),
    dilation,
    size: last.size,
    jump: last.jump,
    central: centralSide(paths),
    holes: paths.filter((count) => count === 0).length,
    weights: depth * kernel_size ** 2,
  };
}

export function describe({ depth, kernel_size, halvings, dilation, size, jump, central, holes }) {
  const many = depth === 1 ? "1 layer" : `${depth} layers`;
  const halves = ["none halves", "the first one halves"][halvings] ?? `the first ${halvings} halve`;
  const stack = `${many} of ${kernel_size} × ${kernel_size}, ${halves}, dilation ${dilation}`;
  const unseen = holes ? `; no path reaches ${holes} of its ${size} columns` : "";
  const field = `one answer sees ${size} px on paper, 95 % of its gradient lies within ${central} px${unseen}`;
  return `${stack}: ${field}; answers stand ${jump} px apart.`;
}

/** Paint the gray picture on a canvas of its own size, pale enough for colors on top. */
function paleCopy({ height, width, image }) {
  const copy = make("canvas", { width, height });
  const data = new ImageData(width, height);
  image.forEach((gray, i) => data.data.set([112 + 0.56 * gray, 112 + 0.56 * gray, 112 + 0.56 * gray, 255], 4 * i));
  copy.getContext("2d").putImageData(data, 0, 0);
  return copy;
}

/** Choose the part of the world that is shown: the picture with a border, twice, four times ... as much for a large field. */
function viewOf({ height, width }, size, stageWidth) {
  const ratio = window.devicePixelRatio || 1;
  const border = 2 * Math.ceil(BORDER * Math.min(height, width));
  const [columns, rows] = [width + border, height + border];
  const room = (Math.min(stageWidth, 640) * ratio) / columns;
  const cell = room >= 1 ? Math.floor(room) : room;
  let zoom = 1;
  while (size > 0.8 * Math.min(rows, columns) * zoom) zoom *= 2;
  const scale = cell / zoom;
  const [wide, high] = [Math.floor(columns * cell), Math.floor(rows * cell)];
  const x = (column) => wide / 2 + (column - width / 2) * scale; // the left edge of a pixel column
  const y = (row) => high / 2 + (row - height / 2) * scale;
  return { ratio, zoom, scale, wide, high, x, y };
}

/** Return the mean of a line of values over each device pixel from `first` on, for a line that starts at `left`. */
function resample(values, left, scale, first, count) {
  const sums = [0];
  for (const value of values) sums.push(sums.at(-1) + value);
  const until = (place) => {
    const at = Math.min(values.length, Math.max(0, (place - left) / scale));
    const whole = Math.floor(at);
    return sums[whole] + (at - whole) * (values[whole] ?? 0);
  };
  return Float64Array.from({ length: count }, (_, i) => (until(first + i + 1) - until(first + i)) * scale);
}

/** Lay the heat over the picture: the color follows its square root, so that the faint rim is seen. */
function paintHeat(pen, paths, view, [left, top]) {
  const heat = paths.map(Math.sqrt);
  const side = paths.length * view.scale;
  const part = (start, end) => [Math.max(0, Math.floor(start)), Math.min(end, Math.ceil(start + side))];
  const [[x1, x2], [y1, y2]] = [part(left, view.wide), part(top, view.high)];
  if (x2 <= x1 || y2 <= y1) return;
  const [across, down] = [resample(heat, left, view.scale, x1, x2 - x1), resample(heat, top, view.scale, y1, y2 - y1)];
  const lines = [across, down].map((line) => line.map(Math.sqrt));
  const [mostAcross, mostDown] = lines.map((line) => Math.max(...line));
  const data = new ImageData(x2 - x1, y2 - y1);
  const pixels = new Uint32Array(data.data.buffer); // little-endian: alpha, blue, green, red
  for (let row = 0, i = 0; row < data.height; row++) {
    const share = (217 * lines[1][row]) / mostDown / mostAcross;
    for (let column = 0; column < data.width; column++, i++) {
      pixels[i] = (Math.round(share * lines[0][column]) << 24) | 0x0046d5;
    }
  }
  const layer = make("canvas", { width: data.width, height: data.height });
  layer.getContext("2d").putImageData(data, 0, 0);
  pen.drawImage(layer, x1, y1);
}

/** Outline a square around a point, with white around its line, and write its name on a plate that stays in sight. */
function paintSquare(pen, [x, y], side, { name, color, dashes, isAbove, lower }, { ratio, wide, high }) {
  const box = [x - side / 2, y - side / 2, side, side];
  pen.setLineDash([]);
  pen.strokeStyle = "#ffffff";
  pen.lineWidth = 4.5 * ratio;
  pen.strokeRect(...box);
  pen.strokeStyle = color;
  pen.lineWidth = 2.5 * ratio;
  pen.setLineDash(dashes.map((dash) => dash * ratio));
  pen.strokeRect(...box);
  pen.setLineDash([]);
  return () => {
    pen.font = `600 ${12 * ratio}px system-ui, sans-serif`;
    const [half, tall] = [pen.measureText(name).width / 2 + 6 * ratio, 20 * ratio];
    const edge = isAbove ? box[1] - tall / 2 - 4 * ratio : box[1] + side + lower + tall / 2 + 4 * ratio;
    const inside = (at, reach, end) => Math.min(end - reach - ratio, Math.max(reach + ratio, at));
    const [cx, cy] = [inside(x, half, wide), inside(edge, tall / 2, high)];
    pen.fillStyle = "#ffffff";
    pen.strokeStyle = color;
    pen.lineWidth = ratio;
    pen.beginPath();
    pen.roundRect(cx - half, cy - tall / 2, 2 * half, tall, 4 * ratio);
    pen.fill();
    pen.stroke();
    pen.fillStyle = "#1b1f24";
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(name, cx, cy + ratio);
  };
}

/** Mark the other units inside the picture, a jump apart, and the unit itself. */
function paintUnits(pen, [x, y], { jump }, { height, width }, view) {
  const { ratio, scale } = view;
  const [step, side] = [jump * scale, 2 * ratio];
  if (jump > 1 && step >= 7 * ratio) {
    pen.fillStyle = "rgba(0, 0, 0, 0.55)";
    const first = (at, edge) => at - step * Math.floor((at - edge) / step);
    for (let cx = first(x, view.x(0)); cx < view.x(width); cx += step) {
      for (let cy = first(y, view.y(0)); cy < view.y(height); cy += step) pen.fillRect(cx - side / 2, cy - side / 2, side, side);
    }
  }
  for (const [color, line] of [["#ffffff", 4.5], ["#000000", 2]]) {
    pen.strokeStyle = color;
    pen.lineWidth = line * ratio;
    pen.beginPath();
    for (const [across, down] of [[6 * ratio, 0], [0, 6 * ratio]]) {
      pen.moveTo(x - across, y - down);
      pen.lineTo(x + across, y + down);
    }
    pen.stroke();
  }
}

function paint(canvas, pale, facts, params, view, palette) {
  const { ratio, scale, wide, high } = view;
  if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
  canvas.style.width = `${wide / ratio}px`;
  canvas.style.height = `${high / ratio}px`;
  const pen = canvas.getContext("2d");
  pen.fillStyle = palette("--sl-panel");
  pen.fillRect(0, 0, wide, high);
  pen.imageSmoothingEnabled = scale < 1;
  pen.drawImage(pale, view.x(0), view.y(0), params.width * scale, params.height * scale);
  const before = Math.floor((facts.size - 1) / 2);
  const corner = [view.x(params.column - before), view.y(params.row - before)];
  paintHeat(pen, pathsOf(params), view, corner);
  const middle = corner.map((edge) => edge + (facts.size * scale) / 2);
  paintUnits(pen, middle, facts, params, view);
  const onPaper = { name: `on paper: ${facts.size} px`, color: PAPER, dashes: [7, 4], isAbove: true };
  const gap = ((facts.size - facts.central) / 2) * scale; // a label that does not fit between the squares goes below both
  const inEffect = { name: `95 %: ${facts.central} px`, color: EFFECT, dashes: [], lower: gap < 28 * ratio ? gap : 0 };
  const first = paintSquare(pen, middle, facts.central * scale, inEffect, view);
  const second = paintSquare(pen, middle, facts.size * scale, onPaper, view);
  first();
  second();
}

/** Build the four numbers beside the picture. */
function readOut() {
  const names = [["size", "On paper", "is-paper"], ["central", "In effect", ""], ["jump", "Jump", "is-empty"], ["weights", "Weights", "is-empty"]];
  const rows = names.map(([name, title, look]) => {
    const [value, note] = [make("b"), make("small")];
    const square = make("i", { class: `sl-square ${look}`, "aria-hidden": "true" });
    return { name, value, note, node: make("div", {}, square, make("span", {}, title, note), value) };
  });
  const show = (facts) => {
    const notes = {
      size: facts.holes ? `but no path reaches ${facts.holes} of its columns` : "every pixel that can change the answer",
      central: "holds 95 % of the gradient, at random weights",
      jump: "from one answer to the next (dots)",
      weights: "for each pair of channels",
    };
    for (const { name, value, note } of rows) {
      value.textContent = name === "weights" ? facts[name] : `${facts[name]} px`;
      note.textContent = notes[name];
    }
  };
  return { node: make("div", { class: "sl-counts" }, ...rows.map(({ node }) => node)), show };
}

/** Build the table of the layers. */
function layerTable() {
  const head = ["layer", "adds", "size", "jump"].map((word) => make("th", { scope: "col" }, word));
  const body = make("tbody");
  const table = make("table", { class: "sl-table" }, make("thead", {}, make("tr", {}, ...head)), body);
  const show = (rows) =>
    body.replaceChildren(
      ...rows.map(({ name, stride, adds, size, jump }, index) => {
        const title = make("th", { scope: "row" }, stride === 2 ? `${name}, stride 2` : name);
        const cells = [index ? `+ ${adds}` : "", size, jump].map((text) => make("td", {}, `${text}`));
        return make("tr", index === rows.length - 1 ? { class: "is-chosen" } : {}, title, ...cells);
      }),
    );
  return { node: make("div", { class: "sl-layers" }, table), show };
}

function build(stage, aside, { change, nudge, fixed }) {
  const canvas = make("canvas", { class: "sl-canvas", role: "application" });
  const note = make("p", { class: "sl-note" });
  stage.append(canvas, note);
  const [numbers, layers] = [readOut(), layerTable()];
  aside.append(numbers.node, layers.node);
  const given = unpack(fixed);
  const pale = paleCopy(given);
  let view = null;
  steer(canvas, { ArrowLeft: ["column", -1], ArrowRight: ["column", 1], ArrowUp: ["row", -1], ArrowDown: ["row", 1] }, nudge);
  drag(canvas, (x, y) => {
    const [column, row] = [(x * view.wide - view.x(0)) / view.scale, (y * view.high - view.y(0)) / view.scale];
    change({ column: Math.floor(column), row: Math.floor(row) });
  });
  const palette = (name) => getComputedStyle(aside).getPropertyValue(name);
  return (facts, params) => {
    view = viewOf(given, facts.size, stage.clientWidth);
    paint(canvas, pale, facts, params, view, palette);
    const place = `in row ${params.row}, column ${params.column}`;
    canvas.setAttribute("aria-label", `Field of the unit ${place}: arrow keys move it. ${describe(facts)}`);
    const far = view.zoom > 1 ? ` The picture is shown ${view.zoom} times smaller.` : "";
    note.textContent = `Orange: how strongly a pixel can move the answer at +. Drag, or press arrow keys, to ask another.${far}`;
    numbers.show(facts);
    layers.show(tableOf(params));
  };
}

export default explorable({ unpack, compute, describe, build });
