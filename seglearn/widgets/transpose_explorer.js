// Transpose explorer: a row of values paints its kernel, layer by layer. knobs.js and frame.js stand before this file.
// The picture is an SVG: a lane per value, beneath them the sum, the counts, and the letter of each pixel's place.

const FLAT = 1e-9; // sums of weights that differ by less are equal
const LETTERS = ["a", "b", "c"]; // the places that a pixel can have at a stride of up to 3

export function unpack() {
  return {};
}

function lengthOf({ values, stride, kernel_size, padding }) {
  return Math.max(0, (values.length - 1) * stride + kernel_size - 2 * padding);
}

/** Return what the first `painted` values have painted, and how often each pixel was painted. */
function painting(params) {
  const { values, weights, kernel_size, stride, padding, painted } = params;
  const length = lengthOf(params);
  const [output, counts] = [new Array(length).fill(0), new Array(length).fill(0)];
  for (let i = 0; i < Math.min(painted, values.length); i++) {
    for (let u = 0; u < kernel_size; u++) {
      const place = i * stride + u - padding;
      if (place < 0 || place >= length) continue;
      output[place] += values[i] * weights[u];
      counts[place] += 1;
    }
  }
  return { output, counts };
}

/** Return the counts of the pixels that would be painted no more often if the row of values went on. */
function innerCounts(params) {
  const { values, kernel_size, stride, padding } = params;
  const { counts } = painting({ ...params, painted: values.length });
  const first = Math.max(0, Math.max(0, kernel_size - stride) - padding);
  const end = Math.min(values.length * stride - padding, counts.length);
  return counts.slice(first, Math.max(first, end));
}

/** Return, for each of the places that a pixel can have, the sum of the weights that paint it. */
function phaseSums(weights, stride) {
  const sums = new Array(stride).fill(0);
  weights.forEach((weight, u) => (sums[u % stride] += weight));
  return sums;
}

const sortedSet = (numbers) => [...new Set(numbers)].sort((a, b) => a - b);

export function compute(params) {
  const { values, kernel_size, stride, padding, painted } = params;
  const { output, counts } = painting(params);
  const often = sortedSet(innerCounts(params));
  const weights = params.weights.slice(0, kernel_size);
  const sums = phaseSums(weights, stride);
  return {
    kernel_size,
    stride,
    padding,
    painted,
    length: output.length,
    output,
    counts,
    inner_counts: often,
    plane_counts: sortedSet(often.flatMap((a) => often.map((b) => a * b))),
    equally_often: often.length === 1,
    zeros: weights.filter((weight) => weight === 0).length,
    constant: values[0] !== 0 && values.every((value) => value === values[0]),
    phase_sums: sums,
    is_flat: Math.max(...sums) - Math.min(...sums) < FLAT && Math.max(...sums) !== 0,
  };
}

export function describe(facts) {
  const { kernel_size, stride, padding, length, phase_sums } = facts;
  if (!length) return `kernel ${kernel_size}, stride ${stride}: padding ${padding} cuts everything off.`;
  const [often, plane] = [times(facts.inner_counts), times(facts.plane_counts)];
  const size = `kernel ${kernel_size}, stride ${stride}, padding ${padding}: ${length} pixels.`;
  const painted = often ? `Inner pixels are painted ${often}, on a plane ${plane}.` : "No pixel is inner.";
  return `${size} ${painted} A row of ones comes out as ${phase_sums.map(number).join(", ")}: ${verdict(facts)}.`;
}

function verdict({ is_flat, phase_sums }) {
  if (is_flat) return "flat";
  return Math.max(...phase_sums) - Math.min(...phase_sums) >= FLAT ? "striped" : "nothing but 0";
}

function times(counts) {
  if (counts.length === 1) return counts[0] === 1 ? "once" : `${counts[0]} times`;
  return counts.length ? `${counts.slice(0, -1).join(", ")} or ${counts.at(-1)} times` : "";
}

const brief = (value) => `${Number(value.toFixed(2))}`.replace("-", "−"); // in a cell there is no room for 0.50
const number = (value) => (Number.isInteger(value) ? `${value}` : value.toFixed(2)).replace("-", "−");

/** Make a node of the picture. */
function shape(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const MARGIN = 58; // left of the lanes: the values, and words
const PITCH = 32; // from one lane to the next, as in the style sheet
const TALL = 26;

/** Draw one cell: its paint, and its number where there is room for it. */
function cell(column, y, value, most, { side }, look = "") {
  const text = brief(value);
  const size = Math.min(12.5, (1.65 * (side - 2)) / Math.max(2, text.length));
  const box = shape("rect", { x: MARGIN + column * side + 0.5, y, width: side - 1, height: TALL, class: `sl-paint ${look}` });
  if (look) return [box];
  const color = value < 0 ? "--sl-minus" : "--sl-plus";
  if (value) box.style.fill = `color-mix(in srgb, var(${color}) ${Math.round(10 + 45 * Math.abs(value / most))}%, transparent)`;
  const place = { x: MARGIN + (column + 0.5) * side, y: y + TALL / 2 + size * 0.36, "font-size": size };
  return size < 7 ? [box] : [box, shape("text", place, text)];
}

/** Draw a lane per value: its kernel, scaled by it, where it lands; dashed before its turn. */
function lanes(params, most, layout) {
  const { values, weights, kernel_size, stride, painted } = params;
  return values.flatMap((value, i) =>
    weights.slice(0, kernel_size).flatMap((weight, u) =>
      cell(i * stride + u, i * PITCH + 1, value * weight, most, layout, i < painted ? "" : "is-waiting")));
}

/** Draw what adds up beneath the lanes: the sum, how often each pixel was painted, and the letter of its place. */
function sums({ output, counts, stride, padding }, most, { side, floor }, canvas) {
  const nodes = [];
  const say = (words, x, y, look = "") => nodes.push(shape("text", { x, y, class: look, "font-size": Math.min(12, 0.75 * side + 2) }, words));
  for (let column = 0; column < canvas; column++) {
    const pixel = column - padding;
    const [isInside, x] = [pixel >= 0 && pixel < output.length, MARGIN + (column + 0.5) * side];
    nodes.push(...cell(column, floor, isInside ? output[pixel] : 0, most, { side }, isInside ? "" : "is-cut"));
    if (!isInside) continue;
    const high = 4.5 * counts[pixel];
    nodes.push(shape("rect", { x: x - side / 2 + 1.5, y: floor + 54 - high, width: side - 3, height: high, class: "sl-count" }));
    say(counts[pixel], x, floor + 68, "sl-strong");
    say(LETTERS[column % stride], x, floor + 85, "sl-quiet");
  }
  const words = [["sum", 18], ["painted", 54], ["times", 68], ["place", 85]];
  return [...nodes, ...words.map(([said, y]) => shape("text", { x: 0, y: floor + y, class: "sl-start sl-quiet" }, said))];
}

/** Draw the whole picture; dashed lines show where the padding cuts. */
function picture(facts, params, wide) {
  const { stride, kernel_size, padding, length, output } = facts;
  const { values, weights } = params;
  const canvas = (values.length - 1) * stride + kernel_size;
  const layout = { side: Math.min(36, (wide - MARGIN - 2) / canvas), floor: values.length * PITCH + 12 };
  const products = values.flatMap((value) => weights.slice(0, kernel_size).map((weight) => value * weight));
  const most = Math.max(...products.map(Math.abs), ...output.map(Math.abs)) || 1;
  const high = layout.floor + 92;
  const node = shape("svg", { width: wide, height: high, viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": describe(facts) });
  node.append(...lanes(params, most, layout), ...sums(facts, most, layout, canvas));
  for (const column of padding && length ? [padding, padding + length] : []) {
    const x = MARGIN + column * layout.side;
    node.append(shape("path", { d: `M${x},0 V${layout.floor + TALL + 4}`, class: "sl-cut-line" }));
  }
  return node;
}

/** Paint the output times itself: what the same kernel, down and across, makes of the values times themselves. */
function paintPlane(canvas, output, palette) {
  const pixels = Math.max(1, output.length);
  const side = fit(canvas, pixels, pixels, 150);
  const pen = canvas.getContext("2d");
  const most = Math.max(...output.map(Math.abs)) ** 2 || 1;
  pen.fillStyle = palette("--sl-paper");
  pen.fillRect(0, 0, canvas.width, canvas.height);
  output.forEach((a, row) => output.forEach((b, column) => {
    pen.fillStyle = palette(a * b < 0 ? "--sl-minus" : "--sl-plus");
    pen.globalAlpha = 0.9 * Math.abs((a * b) / most);
    pen.fillRect(column * side, row * side, side, side);
  }));
  pen.globalAlpha = 1;
}

/** Build the list of sums: which weights paint the pixels of each place, and what a row of ones gives there. */
function law() {
  const [rows, end] = [make("div"), make("div", { class: "sl-law-end" })];
  const node = make("div", { class: "sl-law" }, make("div", { class: "sl-note" }, "A row of ones gives, at each place:"), rows, end);
  const show = (facts, weights) => {
    const { stride, phase_sums, is_flat } = facts;
    const terms = (phase) => weights.filter((_, u) => u % stride === phase).map(brief).join(" + ").replaceAll("+ −", "− ") || "nothing";
    rows.replaceChildren(...phase_sums.map((total, phase) =>
      make("div", {}, make("b", {}, LETTERS[phase]), ` ${terms(phase)} = `, make("b", {}, brief(total)))));
    end.textContent = `${is_flat ? "✓ " : "✗ "}${verdict(facts)}`;
  };
  return { node, show };
}

function tally() {
  const titles = ["Pixels", "Inner pixels are painted", "On a plane"];
  const values = titles.map(() => make("dd"));
  const node = make("dl", { class: "sl-facts" }, ...titles.map((title, i) => make("div", {}, make("dt", {}, title), values[i])));
  const show = ({ length, inner_counts, plane_counts }) => {
    const said = [`${length}`, times(inner_counts) || "none is inner", times(plane_counts) || "none is inner"];
    values.forEach((value, i) => (value.textContent = said[i]));
  };
  return { node, show };
}

function build(stage, aside, { knobs }) {
  const [board, drawn] = [make("div", { class: "sl-lanes" }), make("div")];
  board.append(knobs.values.node.querySelector(".sl-cells"), drawn);
  knobs.values.node.remove(); // its cells stand beside their lanes
  const key = "Each value (left) paints kernel × value, one stride further than the one above. Dashed: not yet painted, or cut off by padding. Pixels of one place (a, b, c) are painted by the same weights.";
  stage.classList.add("sl-wide");
  stage.append(board, make("p", { class: "sl-note" }, key));
  const cells = [...knobs.weights.node.querySelectorAll(".sl-cell")];
  const letters = make("div", { class: "sl-cells sl-letters", "aria-hidden": "true" }, ...cells.map(() => make("span")));
  letters.style.setProperty("--sl-columns", cells.length);
  knobs.weights.node.querySelector(".sl-cells").after(letters);
  const [sum, list] = [law(), tally()];
  const canvas = make("canvas", { class: "sl-plane-canvas", role: "img" });
  const plane = make("figure", { class: "sl-panel" }, make("figcaption", {}, make("b", {}, "On a plane")), canvas);
  aside.classList.add("sl-wide", "sl-transpose");
  aside.append(make("div", {}, knobs.weights.node, sum.node), plane, list.node);
  const palette = (name) => getComputedStyle(aside).getPropertyValue(name);
  return (facts, params) => {
    drawn.replaceChildren(picture(facts, params, Math.max(240, stage.clientWidth)));
    cells.forEach((input, u) => {
      input.hidden = letters.children[u].hidden = u >= facts.kernel_size;
      letters.children[u].textContent = LETTERS[u % facts.stride];
    });
    sum.show(facts, params.weights.slice(0, facts.kernel_size));
    list.show(facts);
    paintPlane(canvas, facts.output, palette);
    canvas.setAttribute("aria-label", `The same kernel on a plane: inner pixels are painted ${times(facts.plane_counts)}; equal values come out ${verdict(facts)}`);
  };
}

export default explorable({ unpack, compute, describe, build });
