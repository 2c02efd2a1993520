// Pixel probe: a cursor over an image and its mask. frame.js stands before this file in the same module.

const CHANNELS = ["red", "green", "blue"];
const VOID = 255;
const LOUPE = 9; // pixels on a side, odd: the cursor is in the middle
const STRIP = 7; // places of memory shown around the value

export function unpack(fixed) {
  const view = fixed.image;
  const image = new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength)); // (3, H, W)
  return { ...fixed, image, mask: bytes(fixed.mask) };
}

const byteOf = (value) => Math.floor(value * 255 + 0.5);

export function compute({ image, mask, names, height, width, row, column, channel }) {
  const floats = CHANNELS.map((_, c) => image[(c * height + row) * width + column]);
  const label = mask[row * width + column];
  return {
    row,
    column,
    channel,
    bytes: floats.map(byteOf),
    floats,
    label,
    name: label === VOID ? "void" : names[label],
    one_hot: names.map((_, k) => Number(k === label)),
    flat_chw: (channel * height + row) * width + column,
    flat_hwc: (row * width + column) * CHANNELS.length + channel,
  };
}

export function describe(facts) {
  const name = facts.label === VOID ? "void: nobody is asked" : facts.name;
  const place = `${CHANNELS[facts.channel]} stands at ${facts.flat_chw} in (C, H, W), ${facts.flat_hwc} in (H, W, C)`;
  return `row ${facts.row}, column ${facts.column}: RGB ${facts.bytes.join(", ")}; label ${facts.label} (${name}); ${place}.`;
}

/** Return a picture (H, W) as a small canvas, one canvas pixel per pixel. */
function picture({ height, width }, colorAt) {
  const canvas = make("canvas", { width, height });
  const data = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) data.data.set([...colorAt(i), 255], 4 * i);
  canvas.getContext("2d").putImageData(data, 0, 0);
  return canvas;
}

/** Frame one cell so that it shows on every color: white within black. */
function frameCell(pen, x, y, cell, least) {
  const side = Math.max(cell, least);
  const inset = (cell - side) / 2;
  for (const [color, margin] of [["#000000", 3], ["#ffffff", 1]]) {
    pen.strokeStyle = color;
    pen.lineWidth = 2;
    pen.strokeRect(x + inset - margin, y + inset - margin, side + 2 * margin, side + 2 * margin);
  }
}

/** Build one panel with a title; return its canvas and a function that paints layers and the cursor. */
function panel(title, hint, { change, nudge, fixed }) {
  const { height, width } = fixed;
  const label = `${title}: arrow keys move the cursor, with Shift ten pixels at once`;
  const canvas = make("canvas", { class: "sl-canvas", role: "application", "aria-label": label });
  const node = make("figure", { class: "sl-panel" }, make("figcaption", {}, make("b", {}, title), hint), canvas);
  steer(canvas, { ArrowLeft: ["column", -1], ArrowRight: ["column", 1], ArrowUp: ["row", -1], ArrowDown: ["row", 1] }, nudge);
  drag(canvas, (x, y) => change({ column: Math.floor(x * width), row: Math.floor(y * height) }));
  const paint = (layers, { row, column }) => {
    const cell = fit(canvas, width, height, node.clientWidth);
    const pen = canvas.getContext("2d");
    pen.imageSmoothingEnabled = false;
    for (const [layer, alpha] of layers) {
      pen.globalAlpha = alpha;
      pen.drawImage(layer, 0, 0, canvas.width, canvas.height);
    }
    pen.globalAlpha = 1;
    frameCell(pen, column * cell, row * cell, cell, 8 * (window.devicePixelRatio || 1));
  };
  return { node, paint };
}

/** Build the magnifying glass: LOUPE x LOUPE pixels around the cursor. */
function loupe() {
  const canvas = make("canvas", { class: "sl-canvas sl-loupe", role: "img", "aria-label": "the pixels around the cursor" });
  const paint = (layers, { row, column, height, width }) => {
    const cell = fit(canvas, LOUPE, LOUPE, 171);
    const half = (LOUPE - 1) / 2;
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.imageSmoothingEnabled = false;
    for (const [layer, alpha] of layers) {
      pen.globalAlpha = alpha;
      pen.drawImage(layer, (half - column) * cell, (half - row) * cell, width * cell, height * cell);
    }
    pen.globalAlpha = 1;
    frameCell(pen, half * cell, half * cell, cell, cell);
  };
  return { canvas, paint };
}

/** Build the table of the three channels: byte, float and a bar as long as the value. */
function channelTable() {
  const rows = CHANNELS.map((name) => {
    const [byte, float, bar] = [make("td"), make("td"), make("span", { class: `sl-fill sl-${name}` })];
    const track = make("td", { class: "sl-gauge", "aria-hidden": "true" }, bar);
    return { byte, float, bar, node: make("tr", {}, make("th", { scope: "row" }, name), byte, float, track) };
  });
  const head = ["channel", "byte 0..255", "float 0..1", ""].map((text) => make("th", { scope: "col" }, text));
  const node = make("table", { class: "sl-table" }, make("tr", {}, ...head), ...rows.map((row) => row.node));
  const show = (facts) =>
    rows.forEach(({ byte, float, bar, node }, c) => {
      byte.textContent = facts.bytes[c];
      float.textContent = facts.floats[c].toFixed(3);
      bar.style.width = `${100 * facts.floats[c]}%`;
      node.className = c === facts.channel ? "is-chosen" : "";
    });
  return { node, show };
}

/** Build the label's name and its one-hot vector, which is the legend of the mask at the same time. */
function labelCard({ names, colors, ink }) {
  const css = (color) => `rgb(${color.join(",")})`;
  const swatch = make("span", { class: "sl-chip-color" });
  const name = make("b");
  const ones = names.map((word, k) => {
    const color = make("span", { class: "sl-chip-color" });
    color.style.background = css(colors[k]);
    const one = make("b");
    return { one, node: make("li", {}, color, word, one) };
  });
  const list = make("ul", { class: "sl-chips", "aria-label": "one-hot vector" }, ...ones.map(({ node }) => node));
  const node = make("div", {}, make("div", { class: "sl-answer" }, swatch, name), list);
  const show = ({ label, one_hot, name: word }) => {
    const isVoid = label === VOID;
    swatch.style.background = css(isVoid ? ink : colors[label]);
    name.textContent = isVoid ? `label ${VOID} is void: nobody is asked` : `label ${label} is ${word}`;
    ones.forEach(({ one, node }, k) => {
      one.textContent = one_hot[k];
      node.className = one_hot[k] ? "is-chosen" : "";
    });
  };
  return { node, show };
}

/** Build a strip of memory in one layout: the values that lie beside the chosen one. */
function memoryStrip(title, fact, formula, placeAt) {
  const cells = Array.from({ length: STRIP }, () => {
    const [letter, value] = [make("small"), make("span")];
    return { letter, value, node: make("li", {}, letter, value) };
  });
  const position = make("b");
  const sum = make("span", { class: "sl-sum" });
  const head = make("div", { class: "sl-strip-head" }, make("span", {}, title), position);
  const strip = make("ol", { class: "sl-strip", "aria-hidden": "true" }, ...cells.map(({ node }) => node));
  const node = make("div", {}, head, strip, sum);
  const show = (facts, params) => {
    position.textContent = `position ${facts[fact]}`;
    sum.textContent = formula(facts, params);
    cells.forEach(({ letter, value, node }, step) => {
      const flat = facts[fact] + step - (STRIP - 1) / 2;
      const exists = flat >= 0 && flat < params.image.length;
      const [c, i] = exists ? placeAt(flat, params) : [0, 0];
      letter.textContent = exists ? CHANNELS[c][0].toUpperCase() : "";
      value.textContent = exists ? byteOf(params.image[c * params.height * params.width + i]) : "";
      node.className = exists ? `sl-${CHANNELS[c]}` : "";
    });
  };
  return { node, show };
}

function build(stage, aside, tools) {
  const { fixed } = tools;
  const given = unpack(fixed);
  const pixels = fixed.height * fixed.width;
  const photo = picture(fixed, (i) => CHANNELS.map((_, c) => byteOf(given.image[c * pixels + i])));
  const paint = picture(fixed, (i) => (given.mask[i] === VOID ? fixed.ink : fixed.colors[given.mask[i]]));
  const panels = [panel("Image", "three numbers a pixel", tools), panel("Mask", "one label a pixel", tools)];
  stage.classList.add("sl-wide", "sl-panels");
  stage.append(...panels.map(({ node }) => node));

  const glass = loupe();
  const table = channelTable();
  const card = labelCard(fixed);
  const strips = [
    memoryStrip("(C, H, W) in memory", "flat_chw",
      ({ channel, row, column }, { height, width }) => `(channel × H + row) × W + column\n= (${channel} × ${height} + ${row}) × ${width} + ${column}`,
      (flat) => [Math.floor(flat / pixels), flat % pixels]),
    memoryStrip("(H, W, C) in memory", "flat_hwc",
      ({ channel, row, column }, { width }) => `(row × W + column) × C + channel\n= (${row} × ${width} + ${column}) × 3 + ${channel}`,
      (flat) => [flat % 3, Math.floor(flat / 3)]),
  ];
  const place = make("div", { class: "sl-place" });
  aside.classList.add("sl-wide", "sl-cards");
  aside.append(
    make("div", {}, place, glass.canvas),
    make("div", {}, table.node, card.node),
    make("div", {}, ...strips.map(({ node }) => node)),
  );
  return (facts, params) => {
    const layers = [[photo, 1], [paint, params.opacity / 100]];
    panels[0].paint(layers, params);
    panels[1].paint([[paint, 1]], params);
    glass.paint(layers, params);
    place.textContent = `row ${facts.row}, column ${facts.column}`;
    table.show(facts);
    card.show(facts);
    strips.forEach(({ show }) => show(facts, params));
  };
}

export default explorable({ unpack, compute, describe, build });
