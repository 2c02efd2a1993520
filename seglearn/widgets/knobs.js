// What every explorable's module begins with: ways to make nodes and canvases, and the knobs that a hand moves.
//   make(tag, attributes, ...children)   bytes(view)   fit(canvas, columns, rows, width)
//   spell(number), parseNumber(text)     how numbers look in a cell: 3, −1, 0.25, 1/9
//   steer(node, keys, nudge)             keys for a focused node
//   drag(node, follow)                   mouse, pen or finger held down on a node
//   knobFor(control, change, read)       a slider, buttons, a grid of cells, or a button that loads a picture

/** Make an element; attributes by name, children as nodes or text. */
function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** Return the bytes behind a DataView that came from Python. */
function bytes(view) {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** Size a canvas so that every cell is a whole number of device pixels; return the cell's side in those. */
function fit(canvas, columns, rows, width) {
  const ratio = window.devicePixelRatio || 1;
  const cell = Math.max(1, Math.floor((width * ratio) / columns));
  const size = [columns * cell, rows * cell];
  if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
  canvas.style.width = `${size[0] / ratio}px`;
  canvas.style.height = `${size[1] / ratio}px`;
  return cell;
}

/** Spell a number as briefly as it stays true, with a real minus: 3, −1, 0.25, 1/9; anything else with two decimals. */
function spell(value) {
  const isNear = (number) => Math.abs(number - Math.round(number)) < 1e-9;
  const under = isNear(100 * value) ? undefined : [3, 6, 9, 16].find((parts) => isNear(parts * value));
  const text = isNear(value) ? Math.round(value) : under ? `${Math.round(under * value)}/${under}` : value.toFixed(2);
  return `${text}`.replace("-", "−");
}

/** Return the number that was typed: 2, -1, −1, .5, 0,5 or 1/9; NaN for anything else. */
function parseNumber(text) {
  const parts = text.replace("−", "-").replace(",", ".").split("/");
  if (parts.length > 2 || parts.some((part) => !part.trim())) return NaN;
  const [over, under = 1] = parts.map(Number);
  return Number.isFinite(over / under) ? over / under : NaN;
}

/** Let arrow keys (Shift: ten at once) and other keys on a focused node move the controls. */
function steer(node, keys, nudge) {
  node.tabIndex = 0;
  node.dataset.lmSuppressShortcuts = "true";
  node.addEventListener("keydown", (event) => {
    const step = keys[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    nudge(step[0], step[1] * (event.shiftKey && event.key.startsWith("Arrow") ? 10 : 1));
  });
}

/** Call follow(column, row, isFirst) with fractions 0..1 while a mouse, pen or finger is held down on a node. */
function drag(node, follow) {
  const report = (event, isFirst) => {
    const box = node.getBoundingClientRect();
    follow((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height, isFirst);
  };
  node.style.touchAction = "none";
  node.addEventListener("pointerdown", (event) => {
    node.setPointerCapture(event.pointerId);
    report(event, true);
  });
  node.addEventListener("pointermove", (event) => {
    if (node.hasPointerCapture(event.pointerId)) report(event, false);
  });
}

/** What every input carries: JupyterLab leaves its keys alone, and tests find it. */
const own = (name) => ({ "data-lm-suppress-shortcuts": "true", "data-control": name });

/** Build the knob of one control; return its node and a function that shows a value. */
function knobFor(control, change, read) {
  if ("rows" in control) return control.by === "picture" ? pictureKnob(control, change) : cellsKnob(control, change, read);
  return control.choices.length ? choicesKnob(control, change) : sliderKnob(control, change);
}

function choicesKnob({ name, label, choices }, change) {
  const group = make("div", { class: "sl-choices", role: "radiogroup", "aria-label": label });
  const id = `sl-${Math.random().toString(36).slice(2)}`;
  const inputs = choices.map((word, value) => {
    const input = make("input", { type: "radio", name: id, ...own(name) });
    input.addEventListener("change", () => change({ [name]: value }));
    group.append(make("label", {}, input, make("span", {}, word)));
    return input;
  });
  const node = make("div", { class: "sl-control" }, make("span", { class: "sl-label" }, label), group);
  return { node, show: (value) => (inputs[value].checked = true) };
}

function sliderKnob({ name, label, low, high, unit }, change) {
  const input = make("input", { type: "range", min: low, max: high, step: 1, ...own(name) });
  const output = make("output", { class: "sl-value", "aria-hidden": "true" });
  input.addEventListener("input", () => change({ [name]: Number(input.value) }));
  const node = make("label", { class: "sl-control" }, make("span", { class: "sl-label" }, label), input, output);
  const show = (value) => {
    input.value = value;
    input.setAttribute("aria-valuetext", `${value} ${unit}`);
    output.textContent = unit ? `${value} ${unit}` : value;
  };
  return { node, show };
}

/** Build a grid of cells to type into. Up and down change a cell, left, right and Enter go to the next one. */
function cellsKnob({ name, label, rows, columns, step, presets }, change, read) {
  const put = (index, value) => change({ [name]: Object.assign([...read(name)], { [index]: value }) });
  const inputs = Array.from({ length: rows * columns }, (_, index) => {
    const where = `${label}, row ${Math.floor(index / columns)}, column ${index % columns}`;
    const typed = { type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false" };
    const input = make("input", { class: "sl-cell", role: "spinbutton", "aria-label": where, ...typed, ...own(name) });
    input.addEventListener("focus", () => input.select());
    input.addEventListener("input", () => {
      const value = parseNumber(input.value);
      input.setAttribute("aria-invalid", Number.isNaN(value));
      if (!Number.isNaN(value)) put(index, value);
    });
    input.addEventListener("blur", () => show(read(name)));
    input.addEventListener("keydown", (event) => {
      const moved = keyInCell(event, input, columns);
      if (moved.by) put(index, Number((read(name)[index] + moved.by * step).toFixed(9)));
      if (moved.go) inputs[index + moved.go]?.focus();
      if (moved.by || moved.go) event.preventDefault();
    });
    return input;
  });
  const grid = make("div", { class: "sl-cells", role: "group", "aria-label": label }, ...inputs);
  grid.style.setProperty("--sl-columns", columns);
  const buttons = presets.map(([word, values]) => {
    const button = make("button", { type: "button", class: "sl-button", ...own(name) }, word);
    button.addEventListener("click", () => change({ [name]: values }));
    return { button, values };
  });
  const row = make("div", { class: "sl-buttons" }, ...buttons.map(({ button }) => button));
  const node = make("div", { class: "sl-grid-control" }, make("span", { class: "sl-label" }, label), grid, row);
  const show = (values) => {
    const most = Math.max(...values.map(Math.abs)) || 1;
    inputs.forEach((input, index) => {
      const [value, isFocused] = [values[index], input.getRootNode().activeElement === input];
      const typed = parseNumber(input.value); // NaN while a number is half typed, as in "2/": leave that alone
      if (!isFocused || (!Number.isNaN(typed) && typed !== value)) {
        input.value = spell(value);
        if (isFocused) input.select(); // what is typed next replaces it
      }
      input.setAttribute("aria-valuenow", value);
      input.setAttribute("aria-invalid", isFocused && Number.isNaN(typed));
      tint(input, value / most);
    });
    for (const { button, values: wanted } of buttons) {
      button.setAttribute("aria-pressed", wanted.every((value, index) => value === values[index]));
    }
  };
  return { node, show };
}

/** Return what a key does in a cell: change its number `by` steps, or `go` so many cells further. */
function keyInCell(event, input, columns) {
  const isWhole = input.selectionStart === 0 && input.selectionEnd === input.value.length;
  const size = event.shiftKey ? 10 : 1;
  const far = event.altKey ? columns : 0;
  const moves = {
    ArrowUp: far ? { go: -far } : { by: size },
    ArrowDown: far ? { go: far } : { by: -size },
    ArrowLeft: isWhole || input.selectionEnd === 0 ? { go: -1 } : {},
    ArrowRight: isWhole || input.selectionStart === input.value.length ? { go: 1 } : {},
    Enter: { go: 1 },
  };
  return event.ctrlKey || event.metaKey ? {} : moves[event.key] || {};
}

/** Tint a node by a share from -1 to 1: plus and minus have a color each, strong where the share is large. */
function tint(node, share) {
  const color = share < 0 ? "var(--sl-minus)" : "var(--sl-plus)";
  node.style.background = share ? `color-mix(in srgb, ${color} ${Math.round(10 + 45 * Math.abs(share))}%, transparent)` : "";
}

/** Build a button that loads a picture file and reduces it to a grid of gray values. The file stays in the browser. */
function pictureKnob({ name, label, rows, columns, low, high, step }, change) {
  const input = make("input", { type: "file", accept: "image/*", "aria-label": label, ...own(name) });
  const note = make("span", { class: "sl-note", role: "status" });
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (!file) return;
    try {
      const values = grayValues(await createImageBitmap(file), rows, columns);
      change({ [name]: values.map((gray) => Number((Math.round((low + gray * (high - low)) / step) * step).toFixed(9))) });
      note.textContent = `${file.name}, reduced to ${rows} × ${columns}`;
    } catch {
      note.textContent = `${file.name} is no picture that this browser can open. Try a PNG or JPEG file.`;
    }
    input.value = ""; // the same file can be chosen again
  });
  const node = make("div", { class: "sl-control" }, make("label", { class: "sl-button sl-file" }, input, label), note);
  return { node, show: () => {} };
}

/** Return gray values 0..1 of the middle of a picture: the mean of each of rows x columns tiles; transparent is white. */
function grayValues(picture, rows, columns) {
  const scale = Math.min(picture.width / columns, picture.height / rows);
  const side = Math.min(16, Math.ceil(scale)); // a tile is looked at as side x side pixels
  const [left, top] = [(picture.width - columns * scale) / 2, (picture.height - rows * scale) / 2];
  const size = { width: columns * side, height: rows * side };
  const pen = make("canvas", size).getContext("2d", { willReadFrequently: true });
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, size.width, size.height);
  pen.imageSmoothingEnabled = side < scale;
  pen.drawImage(picture, left, top, columns * scale, rows * scale, 0, 0, size.width, size.height);
  const { data } = pen.getImageData(0, 0, size.width, size.height);
  const sums = new Array(rows * columns).fill(0);
  for (let i = 0; i < size.width * size.height; i++) {
    const tile = Math.floor(i / size.width / side) * columns + Math.floor((i % size.width) / side);
    sums[tile] += 0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2];
  }
  return sums.map((sum) => sum / (255 * side * side));
}
