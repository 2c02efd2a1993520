// Arithmetic explorer: windows over one row of pixels. knobs.js and frame.js stand before this file.

export function unpack() {
  return {};
}

/** Return how often each pixel of the row is read by the windows. */
function readsOf({ size, kernel, stride, padding, dilation }, output) {
  const reads = new Array(size).fill(0);
  for (let window = 0; window < output; window++) {
    for (let tap = 0; tap < kernel; tap++) {
      const pixel = window * stride + tap * dilation - padding;
      if (pixel >= 0 && pixel < size) reads[pixel] += 1;
    }
  }
  return reads;
}

export function compute(params) {
  const { size, kernel, stride, padding, dilation } = params;
  const span = dilation * (kernel - 1) + 1;
  const room = size + 2 * padding - span;
  const output = room >= 0 ? Math.floor(room / stride) + 1 : 0;
  const first = (span - 1) / 2 - padding;
  const reads = readsOf(params, output);
  return {
    size,
    kernel,
    stride,
    padding,
    dilation,
    span,
    output,
    left_over: output ? room % stride : size + 2 * padding,
    first_center: output ? first : null,
    last_center: output ? first + (output - 1) * stride : null,
    fewest_reads: Math.min(...reads),
    most_reads: Math.max(...reads),
  };
}

export function describe(facts) {
  const { size, padding, span, output, first_center, last_center, left_over, fewest_reads, most_reads } = facts;
  if (!output) return `a window of span ${span} does not fit into ${size + 2 * padding} pixels.`;
  const ends = `centers from ${first_center} to ${last_center}`;
  const often = fewest_reads < most_reads ? `${fewest_reads} to ${most_reads}` : most_reads;
  const reads = fewest_reads === 1 && most_reads === 1 ? "once" : `${often} times`;
  return `${size} → ${output}; ${ends}; ${left_over} left over; each pixel is read ${reads}.`;
}

/** Lay the drawing out: pixels of the padded row across, lanes of windows that do not overlap down. */
function layoutOf({ size, padding, stride, span, output, left_over }, width) {
  const ratio = window.devicePixelRatio || 1;
  const gutter = width > 560 ? 64 * ratio : 0; // room for words
  const beyond = Math.max(0.1, (stride - span) / 2); // an output pixel may reach over the ends of the row
  const across = size + 2 * padding + beyond + Math.max(0.1, beyond - left_over);
  const cell = Math.max(3, Math.min(44 * ratio, Math.floor((width * ratio - gutter) / across)));
  const lanes = Math.max(1, Math.min(output, Math.ceil(span / stride)));
  const row = Math.min(cell, 28 * ratio);
  const lane = Math.max(9 * ratio, Math.min(0.72 * row, (190 * ratio) / lanes));
  const [top, gap] = [18 * ratio, 10 * ratio];
  const outputTop = top + row + gap + lanes * lane + gap;
  const x = (pixel) => gutter + (pixel + padding + 0.5 + beyond) * cell; // the middle of a pixel
  const [wide, high] = [Math.ceil(gutter + across * cell), Math.ceil(outputTop + row + 4 * ratio)];
  return { ratio, gutter, cell, lanes, row, lane, top, gap, outputTop, wide, high, x };
}

/** Paint one pixel of the row: solid inside the picture, hatched in the padding. */
function paintPixel(pen, pixel, isInside, reads, { x, cell, row, top, ratio }, palette) {
  const [left, side] = [x(pixel) - cell / 2, cell - Math.max(1, ratio)];
  pen.fillStyle = palette("--sl-panel");
  pen.strokeStyle = isInside && !reads ? palette("--sl-orange") : palette("--sl-quiet");
  pen.lineWidth = ratio;
  pen.setLineDash(isInside ? [] : [2 * ratio, 2 * ratio]);
  if (isInside) pen.fillRect(left, top, side, row);
  pen.strokeRect(left + 0.5, top + 0.5, side - 1, row - 1);
  pen.setLineDash([]);
  if (isInside && !reads) {
    pen.beginPath();
    pen.moveTo(left, top + row);
    pen.lineTo(left + side, top);
    pen.stroke();
  }
}

function write(pen, text, x, y, size, color, align = "center") {
  pen.fillStyle = color;
  pen.textAlign = align;
  pen.textBaseline = "middle";
  pen.font = `${size}px system-ui, sans-serif`;
  pen.fillText(text, x, y);
}

/** Paint one window: a line as long as its span, a square on every tap, a diamond in its center. */
function paintWindow(pen, index, facts, layout, palette, isEnd) {
  const { stride, padding, span, kernel, dilation, first_center } = facts;
  const { x, cell, lane, lanes, row, top, gap, ratio } = layout;
  const y = top + row + gap + ((index % lanes) + 0.5) * lane;
  const start = index * stride - padding;
  const color = palette(isEnd ? "--sl-blue" : "--sl-soft");
  pen.fillStyle = pen.strokeStyle = color;
  pen.lineWidth = 2 * ratio;
  pen.beginPath();
  pen.moveTo(x(start) - cell * 0.36, y);
  pen.lineTo(x(start + span - 1) + cell * 0.36, y);
  pen.stroke();
  const side = [Math.min(cell * 0.72, cell - ratio), Math.min(lane * 0.6, 12 * ratio)];
  for (let tap = 0; tap < kernel; tap++) pen.fillRect(x(start + tap * dilation) - side[0] / 2, y - side[1] / 2, ...side);
  const [center, half] = [x(first_center + index * stride), Math.max(2.5 * ratio, Math.min(4.5 * ratio, lane * 0.3))];
  pen.beginPath();
  pen.moveTo(center, y - half);
  pen.lineTo(center + half, y);
  pen.lineTo(center, y + half);
  pen.lineTo(center - half, y);
  pen.closePath();
  pen.fillStyle = palette("--sl-paper");
  pen.strokeStyle = palette("--sl-ink");
  pen.lineWidth = 1.5 * ratio;
  pen.fill();
  pen.stroke();
  return { center, y };
}

/** Paint one output pixel under the center of its window, as wide as the stride. */
function paintOutput(pen, index, center, y, { stride }, { cell, row, outputTop, ratio }, palette, isEnd) {
  const wide = stride * cell - Math.max(2, 2 * ratio);
  pen.strokeStyle = palette(isEnd ? "--sl-blue" : "--sl-soft");
  pen.lineWidth = ratio;
  pen.setLineDash([2 * ratio, 3 * ratio]);
  pen.beginPath();
  pen.moveTo(center, y);
  pen.lineTo(center, outputTop);
  pen.stroke();
  pen.setLineDash([]);
  pen.fillStyle = palette(isEnd ? "--sl-blue" : "--sl-soft");
  pen.globalAlpha = isEnd ? 0.5 : 0.35;
  pen.fillRect(center - wide / 2, outputTop, wide, row);
  pen.globalAlpha = 1;
  pen.lineWidth = ratio;
  pen.strokeRect(center - wide / 2, outputTop, wide, row);
  const size = Math.min(0.5 * row, 0.6 * wide, 12 * ratio);
  if (size >= 7 * ratio) write(pen, index, center, outputTop + row * 0.54, size, palette("--sl-ink"));
}

/** Mark the places that the first and the last center stand on, above the row. */
function paintEnds(pen, { first_center, last_center }, { x, top, ratio }, palette) {
  for (const center of new Set([first_center, last_center])) {
    const [side, align] = center === first_center ? [8, "left"] : [-8, "right"];
    write(pen, center, x(center) + side * ratio, top - 8 * ratio, 12 * ratio, palette("--sl-ink"), align);
    pen.beginPath();
    pen.moveTo(x(center) - 4.5 * ratio, top - 9 * ratio);
    pen.lineTo(x(center) + 4.5 * ratio, top - 9 * ratio);
    pen.lineTo(x(center), top - 2 * ratio);
    pen.fill();
  }
}

/** Underline what lies behind the last window, and name the three bands where there is room for words. */
function paintNotes(pen, facts, { gutter, cell, row, top, gap, lanes, lane, outputTop, ratio, x }, palette) {
  const { size, padding, left_over, output } = facts;
  pen.fillStyle = palette("--sl-orange");
  if (left_over) pen.fillRect(x(size + padding - left_over) - cell / 2, top + row + 2 * ratio, left_over * cell - ratio, 4 * ratio);
  if (!gutter) return;
  const [first, second] = [top + row / 2, outputTop + row / 2];
  const bands = [[`input ${size}`, first], [output ? "windows" : "no window", top + row + gap + (lanes * lane) / 2], [`output ${output}`, second]];
  for (const [words, y] of bands) write(pen, words, 0, y, 12 * ratio, palette("--sl-quiet"), "left");
}

function paint(canvas, facts, reads, width, palette) {
  const layout = layoutOf(facts, width);
  const { ratio, cell, row, top, x } = layout;
  [canvas.width, canvas.height] = [layout.wide, layout.high];
  canvas.style.width = `${canvas.width / ratio}px`;
  canvas.style.height = `${canvas.height / ratio}px`;
  const pen = canvas.getContext("2d");
  for (let pixel = -facts.padding; pixel < facts.size + facts.padding; pixel++) {
    const isInside = pixel >= 0 && pixel < facts.size;
    paintPixel(pen, pixel, isInside, reads[pixel], layout, palette);
    const size = Math.min(0.5 * cell, 11 * ratio);
    if (size >= 7 * ratio) write(pen, isInside ? pixel : "0", x(pixel), top + row * 0.54, size, palette(isInside ? "--sl-text" : "--sl-quiet"));
  }
  const order = Array.from({ length: facts.output }, (_, index) => index);
  const isEnd = (index) => index === 0 || index === facts.output - 1;
  const places = order.map((index) => paintWindow(pen, index, facts, layout, palette, isEnd(index)));
  places.forEach(({ center, y }, index) => paintOutput(pen, index, center, y, facts, layout, palette, isEnd(index)));
  order.forEach((index) => paintWindow(pen, index, facts, layout, palette, isEnd(index)));
  if (facts.output) paintEnds(pen, facts, layout, palette);
  paintNotes(pen, facts, layout, palette);
}

/** Build the formula: letters above, this moment's numbers beneath. */
function formula() {
  const lines = ["in letters", "in numbers", "result"].map(() => make("div"));
  const node = make("div", { class: "sl-formula" }, ...lines);
  const fraction = (over, under) =>
    make("span", { class: "sl-fraction" }, make("span", {}, over), make("span", { class: "sl-under" }, under));
  const floor = (over, under) => [make("span", { class: "sl-floor" }, "⌊"), fraction(over, under), make("span", { class: "sl-floor" }, "⌋")];
  const show = ({ size, kernel, stride, padding, dilation, span, output }) => {
    const room = size + 2 * padding - span;
    lines[0].replaceChildren(...floor("n + 2p − d·(k − 1) − 1", "s"), " + 1");
    const numbers = `${size} + 2·${padding} − ${dilation}·(${kernel} − 1) − 1`;
    lines[1].replaceChildren("= ", ...floor(numbers, `${stride}`), " + 1");
    const rest = output ? [...floor(`${room}`, `${stride}`), ` + 1 = ${Math.floor(room / stride)} + 1 = `] : ["no window fits: "];
    lines[2].replaceChildren("= ".slice(output ? 0 : 2), ...rest, make("b", {}, `${output}`));
  };
  return { node, show };
}

/** Build the list of what else is true: span, centers, left over, reads. */
function factList() {
  const names = [["span", "Span of a window"], ["centers", "Centers, first and last"], ["left", "Left over at the end"], ["reads", "Each pixel is read"]];
  const rows = names.map(([name, title]) => {
    const value = make("dd");
    return { name, value, node: make("div", {}, make("dt", {}, title), value) };
  });
  const node = make("dl", { class: "sl-facts" }, ...rows.map((row) => row.node));
  const show = ({ span, first_center, last_center, left_over, fewest_reads, most_reads, output }) => {
    const words = {
      span: `${span} px`,
      centers: output ? `${first_center} and ${last_center}` : "none",
      left: `${left_over} px`,
      reads: fewest_reads === most_reads ? `${most_reads} ×` : `${fewest_reads} to ${most_reads} ×`,
    };
    for (const { name, value } of rows) value.textContent = words[name];
  };
  return { node, show };
}

function build(stage, aside, { knobs }) {
  const canvas = make("canvas", { class: "sl-row-canvas", role: "img" });
  const key = "▼ first and last center · ◇ center · ■ tap · dashed: padding · struck through: never read · underlined: left over";
  stage.classList.add("sl-wide");
  stage.append(canvas, make("p", { class: "sl-note" }, key));
  const [sum, list] = [formula(), factList()];
  aside.classList.add("sl-wide", "sl-arithmetic");
  aside.append(sum.node, list.node);
  const palette = (name) => getComputedStyle(aside).getPropertyValue(name);
  return (facts) => {
    paint(canvas, facts, readsOf(facts, facts.output), stage.clientWidth, palette);
    canvas.setAttribute("aria-label", `Row of pixels and windows: ${describe(facts)}`);
    sum.show(facts);
    list.show(facts);
  };
}

export default explorable({ unpack, compute, describe, build });
