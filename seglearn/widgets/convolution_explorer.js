// Convolution explorer: a window, a kernel and the map that they fill. knobs.js and frame.js stand before this file.

const NUMBERS_FROM = 21; // CSS pixels: cells at least this wide carry their number

export function unpack({ images, own_size, kernel_size }) {
  const given = images.map(({ rows, columns, values }) => ({ rows, columns, values, white: Math.max(1, ...values) }));
  return { images: given, own_size, kernel_size };
}

/** Return the chosen picture: one of the given ones, or the learner's own. */
function pictureOf({ images, picture, own, own_size: [rows, columns] }) {
  return picture < images.length ? images[picture] : { rows, columns, values: own, white: 1 };
}

/** Return the answer of every window: kernel[i, j] * image[r + i, c + j], added tap by tap in reading order. */
export function outputMap(image, kernel, [kernelRows, kernelColumns]) {
  const [rows, columns] = [image.rows - kernelRows + 1, image.columns - kernelColumns + 1];
  const values = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      let sum = 0;
      for (let i = 0; i < kernelRows; i++) {
        for (let j = 0; j < kernelColumns; j++) {
          sum += kernel[i * kernelColumns + j] * image.values[(r + i) * image.columns + c + j];
        }
      }
      values[r * columns + c] = sum;
    }
  }
  return { rows, columns, values };
}

/** Return by how many pixels a kernel moves a picture that it leaves unchanged otherwise, or nulls. */
function movedBy(kernel, [rows, columns]) {
  const taps = kernel.flatMap((weight, index) => (weight ? [index] : []));
  if (taps.length !== 1 || kernel[taps[0]] !== 1) return [null, null];
  return [((rows - 1) >> 1) - Math.floor(taps[0] / columns), ((columns - 1) >> 1) - (taps[0] % columns)];
}

export function compute(params) {
  const { kernel, kernel_size } = params;
  const image = pictureOf(params);
  const output = outputMap(image, kernel, kernel_size);
  const row = Math.min(params.row, output.rows - 1);
  const column = Math.min(params.column, output.columns - 1);
  const window = kernel.map((_, t) => {
    const [i, j] = [Math.floor(t / kernel_size[1]), t % kernel_size[1]];
    return image.values[(row + i) * image.columns + column + j];
  });
  const answer = output.values[row * output.columns + column];
  const highest = output.values.reduce((a, b) => Math.max(a, b));
  const [movedDown, movedRight] = movedBy(kernel, kernel_size);
  return {
    row,
    column,
    rows: output.rows,
    columns: output.columns,
    window,
    products: kernel.map((weight, t) => weight * window[t]),
    answer,
    largest: answer === highest,
    lowest_answer: output.values.reduce((a, b) => Math.min(a, b)),
    highest_answer: highest,
    kernel_sum: kernel.reduce((a, b) => a + b),
    moved_down: movedDown,
    moved_right: movedRight,
  };
}

const number = (value) => (Number.isInteger(value) ? `${value}` : value.toFixed(2)).replace("-", "−");

export function describe(facts) {
  const place = `window in row ${facts.row}, column ${facts.column}: its ${facts.products.length} products add up to `;
  const rank = facts.largest ? ", the largest answer in the output" : "";
  return `${place}${number(facts.answer)}${rank}.${effect(facts.moved_down, facts.moved_right)}`;
}

function effect(down, right) {
  if (down === null) return "";
  const ways = [];
  if (down) ways.push(`${Math.abs(down)} px ${down > 0 ? "down" : "up"}`);
  if (right) ways.push(`${Math.abs(right)} px to the ${right > 0 ? "right" : "left"}`);
  return ways.length ? ` This kernel moves the picture ${ways.join(" and ")}.` : " This kernel copies the picture.";
}

/** Return how the output is shown: as gray where the kernel keeps brightness, else with a color for each sign. */
function scaleOf(facts, white) {
  if (facts.kernel_sum > 0.5) return { isGray: true, most: white * Math.max(1, facts.kernel_sum) };
  return { isGray: false, most: Math.max(Math.abs(facts.lowest_answer), Math.abs(facts.highest_answer)) || 1 };
}

/** Return a function from a value to [red, green, blue, opacity 0..255]; numbers in the cells ask for paler colors. */
function painter({ isGray, most }, palette, pale) {
  if (isGray) {
    return (value) => {
      const gray = 255 * Math.min(1, Math.max(0, value / most));
      return [gray, gray, gray, 255];
    };
  }
  const [plus, minus] = ["--sl-plus", "--sl-minus"].map((name) => rgbOf(palette(name)));
  return (value) => [...(value < 0 ? minus : plus), 255 * (pale ? 0.6 : 1) * Math.min(1, Math.abs(value) / most)];
}

function rgbOf(hex) {
  return [1, 3, 5].map((start) => parseInt(hex.trim().slice(start, start + 2), 16));
}

/** Paint values (rows x columns) as cells from (left, top) on, the first `count` of them; numbers where there is room. */
function paintCells(pen, { rows, columns, values }, { left = 0, top = 0, cell, count, color, ink }) {
  const small = make("canvas", { width: columns, height: rows });
  const data = new ImageData(columns, rows);
  for (let i = 0; i < count; i++) data.data.set(color(values[i]), 4 * i);
  small.getContext("2d").putImageData(data, 0, 0);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(small, left * cell, top * cell, columns * cell, rows * cell);
  if (!ink) return;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  for (let i = 0; i < count; i++) {
    const text = spell(values[i]);
    pen.fillStyle = ink(values[i]);
    pen.font = `${Math.round(cell * (text.length > 3 ? 0.32 : 0.42))}px system-ui, sans-serif`;
    pen.fillText(text, (left + (i % columns) + 0.5) * cell, (top + Math.floor(i / columns) + 0.54) * cell);
  }
}

function paintGrid(pen, { left, top, rows, columns }, cell, color) {
  pen.fillStyle = color;
  for (let c = 0; c <= columns; c++) pen.fillRect((left + c) * cell - (c === columns), top * cell, 1, rows * cell);
  for (let r = 0; r <= rows; r++) pen.fillRect(left * cell, (top + r) * cell - (r === rows), columns * cell, 1);
}

/** Frame a block of cells so that it shows on every color: the accent between black and white. */
function frame(pen, [left, top, columns, rows], cell, accent) {
  const ratio = window.devicePixelRatio || 1;
  for (const [color, width] of [["#000000", 6], ["#ffffff", 4], [accent, 2.5]]) {
    pen.strokeStyle = color;
    pen.lineWidth = width * ratio;
    pen.strokeRect(left * cell, top * cell, columns * cell, rows * cell);
  }
}

/** Build a titled canvas as large as the picture; return it and its pen with the side of a cell. */
function sheet(title, attributes) {
  const canvas = make("canvas", { class: "sl-canvas", ...attributes });
  const size = make("span");
  const node = make("figure", { class: "sl-panel" }, make("figcaption", {}, make("b", {}, title), size), canvas);
  const open = ({ rows, columns }, words) => {
    const cell = fit(canvas, columns, rows, Math.min(node.clientWidth, 46 * columns));
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, canvas.width, canvas.height);
    size.textContent = words;
    return { pen, cell, hasNumbers: cell >= NUMBERS_FROM * (window.devicePixelRatio || 1) };
  };
  return { canvas, node, open };
}

function paintInput(input, image, { row, column }, [kernelRows, kernelColumns], palette) {
  const { pen, cell, hasNumbers } = input.open(image, `${image.rows} × ${image.columns}`);
  const color = painter({ isGray: true, most: image.white }, palette);
  const ink = hasNumbers && ((value) => (value > 0.45 * image.white ? "#000000" : "#ffffff"));
  paintCells(pen, image, { cell, count: image.values.length, color, ink });
  if (hasNumbers) paintGrid(pen, { left: 0, top: 0, ...image }, cell, "rgba(128, 128, 128, 0.6)");
  frame(pen, [column, row, kernelColumns, kernelRows], cell, palette("--sl-frame"));
}

/** Say in the middle of the input that there is no picture of one's own yet. */
function paintInvitation(canvas) {
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#ffffff";
  pen.textAlign = "center";
  pen.font = `${Math.round(canvas.width / 24)}px system-ui, sans-serif`;
  pen.fillText("No picture yet: load one below.", canvas.width / 2, 0.47 * canvas.height);
  pen.fillText("The file itself stays in your browser.", canvas.width / 2, 0.54 * canvas.height);
}

function paintOutput(output, image, map, facts, { kernel_size, shown }, palette) {
  const count = shown ? map.values.length : facts.row * map.columns + facts.column + 1;
  const { pen, cell, hasNumbers } = output.open(image, `${map.rows} × ${map.columns}, ${count} of ${map.values.length} filled in`);
  const place = { left: (kernel_size[1] - 1) >> 1, top: (kernel_size[0] - 1) >> 1 };
  const scale = scaleOf(facts, image.white);
  const white = 0.45 * scale.most;
  const ink = hasNumbers && ((value) => (!scale.isGray ? palette("--sl-ink") : value > white ? "#000000" : "#ffffff"));
  paintCells(pen, map, { ...place, cell, count, color: painter(scale, palette, hasNumbers), ink });
  if (hasNumbers) paintGrid(pen, { ...place, ...map }, cell, palette("--sl-line"));
  pen.strokeStyle = palette("--sl-quiet");
  pen.lineWidth = window.devicePixelRatio || 1;
  pen.strokeRect(place.left * cell, place.top * cell, map.columns * cell, map.rows * cell);
  frame(pen, [place.left + facts.column, place.top + facts.row, 1, 1], cell, palette("--sl-frame"));
  return scale;
}

/** Build a read-only grid of numbers; return its node and a function that shows values, tinted or as gray. */
function numbers(label, [rows, columns]) {
  const cells = Array.from({ length: rows * columns }, () => make("span", { class: "sl-cell" }));
  const grid = make("div", { class: "sl-cells", role: "group", "aria-label": label }, ...cells);
  grid.style.setProperty("--sl-columns", columns);
  const node = make("div", { class: "sl-grid-control" }, make("span", { class: "sl-label" }, label), grid);
  const show = (values, dress) =>
    cells.forEach((cell, t) => {
      cell.textContent = spell(values[t]);
      dress(cell, values[t]);
    });
  return { node, show };
}

/** Build the legend of the output's colors. */
function legend() {
  const [low, high, bar] = [make("span"), make("span"), make("span", { class: "sl-ramp", "aria-hidden": "true" })];
  const node = make("div", { class: "sl-legend" }, low, bar, high);
  const show = ({ isGray, most }) => {
    low.textContent = isGray ? "black 0" : `minus ${spell(-most)}`;
    high.textContent = isGray ? `white ${spell(most)}` : `${spell(most)} plus`;
    bar.classList.toggle("is-gray", isGray);
  };
  return { node, show };
}

function build(stage, aside, { change, knobs, fixed }) {
  const label = "Input: arrow keys move the window, with Shift ten pixels, Space goes on in reading order";
  const input = sheet("Input", { role: "application", "aria-label": label });
  const output = sheet("Output", { role: "img", "aria-label": "Output map" });
  const ramp = legend();
  stage.classList.add("sl-wide", "sl-panels");
  input.node.append(make("p", { class: "sl-note" }, "Drag the window, or press arrow keys; Space goes on in reading order."));
  output.node.append(ramp.node);
  stage.append(input.node, output.node);

  const [held, products] = ["Window", "Products"].map((title) => numbers(title, fixed.kernel_size));
  const answer = make("output", { class: "sl-answer-number" });
  const terms = make("span", { class: "sl-sum" });
  const sign = (text) => make("span", { class: "sl-sign", "aria-hidden": "true" }, text);
  const sum = make("div", { class: "sl-grid-control sl-total" }, make("span", { class: "sl-label" }, "Sum"), answer, terms);
  aside.classList.add("sl-wide", "sl-equation");
  const buttons = knobs.kernel.node.querySelector(".sl-buttons");
  aside.append(held.node, sign("×"), knobs.kernel.node, sign("="), products.node, sign("→"), sum, buttons);

  let now = null;
  const go = (row, column) => {
    const within = (place, count) => Math.min(count - 1, Math.max(0, place));
    const place = { row: within(row, now.rows), column: within(column, now.columns) };
    now = { ...now, ...place }; // the next key may come before the next frame
    change(place);
  };
  const keys = { ArrowLeft: ["column", -1], ArrowRight: ["column", 1], ArrowUp: ["row", -1], ArrowDown: ["row", 1] };
  steer(input.canvas, { ...keys, " ": ["next", 1] }, (name, by) => {
    const next = (now.row * now.columns + now.column + 1) % (now.rows * now.columns);
    if (name === "next") go(Math.floor(next / now.columns), next % now.columns);
    else go(now.row + (name === "row" && by), now.column + (name === "column" && by));
  });
  for (const { canvas } of [input, output]) {
    drag(canvas, (x, y) => {
      const [rows, columns] = fixed.kernel_size;
      const at = (share, count, size) => Math.floor(share * (count + size - 1)) - ((size - 1) >> 1);
      go(at(y, now.rows, rows), at(x, now.columns, columns));
    });
  }

  const palette = (name) => getComputedStyle(aside).getPropertyValue(name);
  return (facts, params) => {
    now = facts;
    const many = `${facts.rows} by ${facts.columns} answers from ${number(facts.lowest_answer)} to `;
    output.canvas.setAttribute("aria-label", `Output: ${many}${number(facts.highest_answer)}`);
    const image = pictureOf(params);
    paintInput(input, image, facts, params.kernel_size, palette);
    if (!image.values.some(Boolean)) paintInvitation(input.canvas);
    const map = outputMap(image, params.kernel, params.kernel_size);
    ramp.show(paintOutput(output, image, map, facts, params, palette));
    const most = Math.max(...facts.products.map(Math.abs)) || 1;
    held.show(facts.window, (cell, value) => {
      const gray = Math.round(255 * Math.min(1, Math.max(0, value / image.white)));
      cell.style.background = `rgb(${gray}, ${gray}, ${gray})`;
      cell.style.color = gray > 115 ? "#000000" : "#ffffff";
    });
    products.show(facts.products, (cell, value) => tint(cell, value / most));
    answer.textContent = spell(facts.answer);
    const parts = facts.products.filter((value) => value).map((value) => spell(value));
    terms.textContent = parts.length ? `= ${parts.join(" + ").replaceAll("+ −", "− ")}` : "every product is 0";
  };
}

/** A picture that was just loaded is also the one to look at, from its first window on, with all of its output. */
const along = (wishes) => ("own" in wishes ? { ...wishes, picture: 2, shown: 1, row: 0, column: 0 } : wishes);

export default explorable({ unpack, compute, describe, build, along });
