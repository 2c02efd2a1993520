// Ladder explorer: tensor sizes down an encoder and up a decoder. knobs.js and frame.js stand before this file.
// Sizes are [height, width]. The picture is an SVG of rows, one per level; boxes are to scale, channels are depth.

const ROUNDING = ["floor", "ceil", "pad first"];
const CONVOLUTIONS = ["padded", "unpadded"];
const JOINING = ["stop", "crop", "pad", "resize"];
const DONE = { crop: "cropped", pad: "padded", resize: "resized" };

export function unpack() {
  return {};
}

const isSame = ([height, width], [otherHeight, otherWidth]) => height === otherHeight && width === otherWidth;
const by = (size) => size.join(" × ");

function firstSize({ height, width, levels, rounding }) {
  const multiple = ROUNDING[rounding] === "pad first" ? 2 ** levels : 1;
  return [height, width].map((n) => Math.ceil(n / multiple) * multiple);
}

/** Return the sizes on the way down and up; lists stop where the climb stopped. */
function climb(params) {
  const { levels } = params;
  const shrink = CONVOLUTIONS[params.convolutions] === "unpadded" ? 4 : 0;
  const upBy = ROUNDING[params.rounding] === "ceil" ? 1 : 0;
  const way = { skips: [], bottom: null, meetings: [], ups: [], broke: "", broke_at: null, broke_size: null };
  const stop = (broke, broke_at, broke_size) => ({ ...way, broke, broke_at, broke_size });
  let size = firstSize(params);
  for (let level = 0; level <= levels; level++) {
    if (level) {
      const before = size;
      size = size.map((n) => Math.floor((n + upBy) / 2));
      if (Math.min(...size) < 1) return stop("pooling", level, before);
    }
    if (Math.min(...size) <= shrink) return stop("convolution", level, size);
    size = size.map((n) => n - shrink);
    way.skips.push(size);
  }
  way.bottom = way.skips.pop();
  for (let level = levels - 1; level >= 0; level--) {
    const [grown, skip] = [size.map((n) => 2 * n), way.skips[level]];
    way.meetings.push([...grown, ...skip]);
    size = joined(grown, skip, JOINING[params.joining]);
    if (size === null) return stop("join", level, grown);
    if (Math.min(...size) <= shrink) return stop("convolution", level, size);
    size = size.map((n) => n - shrink);
    way.ups.push(size);
  }
  return way;
}

/** Return the size at which a grown tensor and a skip are laid on each other; null where they cannot be. */
function joined(grown, skip, joining) {
  if (isSame(grown, skip) || joining === "resize") return skip;
  if (joining === "stop") return null;
  return grown.map((n, axis) => (joining === "crop" ? Math.min : Math.max)(n, skip[axis]));
}

function receptiveField(levels) {
  let [seen, jump] = [1, 1];
  for (let level = 0; level <= levels; level++) {
    seen += 4 * jump;
    if (level < levels) [seen, jump] = [seen + jump, 2 * jump];
  }
  return seen;
}

export function compute(params) {
  const { height, width, channels, levels } = params;
  const { skips, bottom, meetings, ups, broke, broke_at, broke_size } = climb(params);
  const rounding = ROUNDING[params.rounding];
  const fitting = meetings.filter((meeting) => isSame(meeting.slice(0, 2), meeting.slice(2))).length;
  let out = ups.length === levels ? ups[levels - 1] : [null, null];
  if (rounding === "pad first" && out[0] !== null) out = [Math.min(out[0], height), Math.min(out[1], width)];
  return {
    height,
    width,
    channels,
    levels,
    rounding,
    convolutions: CONVOLUTIONS[params.convolutions],
    joining: JOINING[params.joining],
    first: firstSize(params),
    skips,
    bottom,
    meetings,
    ups,
    mended: meetings.length - fitting - (broke === "join"),
    broke,
    broke_at,
    broke_size,
    out_height: out[0],
    out_width: out[1],
    receptive_field: receptiveField(levels),
    skip_numbers: skips.reduce((sum, size, level) => sum + channels * 2 ** level * size[0] * size[1], 0),
    bottom_numbers: bottom && channels * 2 ** levels * bottom[0] * bottom[1],
  };
}

export function describe(facts) {
  const { height, width, first, skips, bottom, levels, mended, joining } = facts;
  const padded = isSame(first, [height, width]) ? "" : ` padded to ${by(first)},`;
  const sizes = [...skips, ...(bottom ? [bottom] : [])].map(by).join(" → ") || "nothing";
  const told = `${by([height, width])} goes in,${padded} and becomes ${sizes}.`;
  if (facts.broke) return `${told} ${trouble(facts)}`;
  const fits = mended ? `${mended} of ${levels} skips did not fit and were ${DONE[joining]}.` : "Every skip fits as it comes.";
  return `${told} ${by([facts.out_height, facts.out_width])} comes out. ${fits}`;
}

function trouble({ broke, broke_at, broke_size, meetings }) {
  const size = by(broke_size);
  if (broke === "pooling") return `It dies before level ${broke_at}: ${size} cannot be halved.`;
  if (broke === "convolution") return `It dies in level ${broke_at}: two unpadded 3 × 3 convolutions need 5 × 5, and get ${size}.`;
  return `It breaks on level ${broke_at}: ${size} meets ${by(meetings.at(-1).slice(2))}, and the skip does not fit.`;
}

/** Make a node of the picture. */
function shape(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const words = (x, y, text, look = "") => shape("text", { x, y, class: look }, text);
const line = (d, look = "sl-way") => shape("path", { d, class: look });

/** Draw a tensor: its face to scale, its channels as depth; return the nodes and its left and right ends. */
function slab([high, wide], x, y, level, { scale }, label, look) {
  const [h, w] = [Math.max(2, high * scale), Math.max(2, wide * scale)];
  const [dx, dy] = deep(level);
  const [left, top] = [x - (w + dx) / 2, y - (h - dy) / 2];
  const face = { x: left, y: top, width: w, height: h };
  const lid = `M${left},${top} l${dx},${-dy} h${w} l${-dx},${dy} z`;
  const side = `M${left + w},${top} l${dx},${-dy} v${h} l${-dx},${dy} z`;
  const nodes = [line(lid, `sl-lid ${look}`), line(side, `sl-side-face ${look}`), shape("rect", { ...face, class: `sl-face ${look}` })];
  return [...nodes, words(x, top + h + 13, label, look === "is-ghost" ? "sl-quiet" : "")];
}

const deep = (level) => [0.62 * 3 * 2 ** level, 0.3 * 3 * 2 ** level]; // depth is proportional to the channels

/** Draw where a grown tensor (filled) meets a skip (outlined), magnified; what one has and the other lacks is striped. */
function meeting([grownHigh, grownWide, ...skip], x, y, { hatch }) {
  const [high, wide] = [Math.max(grownHigh, skip[0]), Math.max(grownWide, skip[1])];
  const scale = Math.min(GLYPH / high, 50 / wide);
  const side = (own, most) => most * scale - (own < most ? Math.max(5, (most - own) * scale) : 0); // a misfit shows
  const box = (h, w) => `v${side(h, high)} h${side(w, wide)} v${-side(h, high)} z`;
  const start = `M${x - (scale * wide) / 2},${y - (scale * high) / 2} `;
  const [grown, outline] = [start + box(grownHigh, grownWide), start + box(...skip)];
  const misfit = shape("path", { d: grown + outline, "fill-rule": "evenodd", fill: `url(#${hatch})` });
  return grownHigh ? [line(grown, "sl-grown"), misfit, line(outline, "sl-skip")] : [line(outline, "sl-skip is-cut")];
}

const GLYPH = 38; // height of a meeting
const GAP = 26; // between two rows

/** Return where everything stands: a scale for all boxes, the three columns, and the middle of each row. */
function layoutOf({ first, skips, bottom, ups, levels }, wide) {
  const scale = Math.min(0.21 * wide, 120) / Math.max(...first, ...skips.flat(), ...ups.flat());
  const isNarrow = wide < 420;
  const rows = [];
  let y = 42;
  for (let level = 0; level <= (bottom ? levels : skips.length); level++) {
    const sizes = [skips[level], ups[levels - 1 - level], level === levels ? bottom : null].filter(Boolean);
    const tall = Math.max(level === levels ? 0 : GLYPH, ...sizes.map(([high]) => high * scale + deep(level)[1]));
    const said = level === levels ? 0 : tall / 2 + GLYPH / 2 + (isNarrow ? 44 : 32);
    rows.push({ top: y, middle: y + tall / 2, end: y + Math.max(tall + 18, said) });
    y = rows[level].end + GAP;
  }
  return { scale, isNarrow, rows, high: y - GAP + 4, wide, left: 0.17 * wide, center: 0.5 * wide, right: 0.83 * wide };
}

/** Say, line by line, what the two tensors of a row are and what became of them. */
function verdict(pair, isBroken, joining, isNarrow) {
  if (!pair) return ["nothing arrives"];
  const [grown, skip] = [pair.slice(0, 2), pair.slice(2)];
  const met = isNarrow ? [by(grown), `meets ${by(skip)}`] : [`${by(grown)} meets ${by(skip)}`];
  if (isSame(grown, skip)) return [...met, "✓ fits"];
  if (isBroken) return [...met, "✗ does not fit"];
  return [...met, isNarrow ? DONE[joining] : `${DONE[joining]} to ${by(joined(grown, skip, joining))}`];
}

/** Draw one level above the bottom: the skip, the meeting, what goes on. */
function rung(facts, level, layout) {
  const { skips, ups, meetings, levels, channels, broke, broke_at, broke_size, joining } = facts;
  const { rows, left, center, right, scale, isNarrow } = layout;
  const [y, index, count] = [rows[level].middle, levels - 1 - level, channels * 2 ** level];
  const [skip, up, pair] = [skips[level], ups[index], meetings[index]];
  if (!skip) return [words(left, y, `✗ ${by(broke_size)}`, "sl-strong"), words(left, y + 14, "is too small", "sl-strong")];
  const nodes = slab(skip, left, y, level, layout, by([count, ...skip]), "is-real");
  nodes.push(words(center, y - GLYPH / 2 - 6, `level ${level}`, "sl-quiet"));
  if (facts.bottom) {
    const isBroken = broke === "join" && broke_at === level;
    const half = ([, wide]) => (wide * scale + deep(level)[0]) / 2 + 6;
    const look = pair && !isBroken ? "sl-way" : "sl-way is-cut";
    nodes.push(line(`M${left + half(skip)},${y} H${center - 30}`), line(`M${center + 30},${y} H${right - half(up ?? skip)}`, look));
    nodes.push(...meeting(pair ?? [0, 0, ...skip], center, y, layout));
    const isNews = pair && !isSame(pair.slice(0, 2), pair.slice(2));
    const voice = isNews ? "sl-strong" : pair ? "" : "sl-quiet";
    verdict(pair, isBroken, joining, isNarrow).forEach((said, i) => nodes.push(words(center, y + GLYPH / 2 + 14 + 13 * i, said, voice)));
  }
  return [...nodes, ...slab(up ?? skip, right, y, level, layout, up ? by([count, ...up]) : "", up ? "is-real" : "is-ghost")];
}

/** Draw the ways between rows, with what halving does to odd sizes. */
function ways({ skips, bottom, ups, levels, rounding }, { rows, left, center, right }) {
  const nodes = [];
  for (let level = 0; level < levels && skips[level]; level++) {
    const [from, to] = [rows[level].end - 2, rows[level + 1]];
    const isOdd = skips[level].some((n) => n % 2);
    const said = !isOdd ? "halved" : rounding === "ceil" ? "rounded up" : "rounded down";
    const isLast = level === levels - 1;
    nodes.push(line(isLast && bottom ? `M${left},${from} V${to.middle} H${center - 62}` : `M${left},${from} V${to.top - 4}`));
    nodes.push(words(left + 7, from + GAP / 2 + 4, said, `sl-start ${isOdd ? "sl-strong" : "sl-quiet"}`));
    const arrived = ups[levels - 1 - level - 1] || (isLast && bottom);
    const look = arrived ? "sl-way" : "sl-way is-cut";
    if (isLast && !bottom) continue;
    nodes.push(line(isLast ? `M${center + 62},${to.middle} H${right} V${from}` : `M${right},${to.top - 4} V${from}`, look));
    if (arrived) nodes.push(words(right - 7, from + GAP / 2 + 4, "doubled", "sl-end sl-quiet"));
  }
  return nodes;
}

/** Write what goes in and what comes out above the ladder. */
function ends({ height, width, first, out_height, out_width, rounding, ups }, { left, right }) {
  const [image, out] = [[height, width], [out_height, out_width]];
  const nodes = [words(left, 14, `in: ${by(image)}`, "sl-strong")];
  if (!isSame(first, image)) nodes.push(words(left, 29, `padded to ${by(first)}`, "sl-quiet"));
  nodes.push(words(right, 14, out_height === null ? "out: nothing" : `out: ${by(out)}`, "sl-strong"));
  if (out_height === null) return nodes;
  const last = ups.at(-1);
  const note = !isSame(out, last) ? `cut from ${by(last)}` : isSame(out, image) ? "as large as it went in" : `not ${by(image)}`;
  return [...nodes, words(right, 29, note, "sl-quiet")];
}

function ladder(facts, wide, hatch) {
  const layout = { ...layoutOf(facts, wide), hatch };
  const { bottom, levels, channels } = facts;
  const picture = shape("svg", { width: wide, height: layout.high, viewBox: `0 0 ${wide} ${layout.high}`, role: "img", "aria-label": describe(facts) });
  const stripes = shape("pattern", { id: hatch, width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
  stripes.append(shape("rect", { width: 5, height: 5, class: "sl-stripe-ground" }), shape("rect", { width: 2.5, height: 5, class: "sl-stripe" }));
  picture.append(shape("defs", {}, stripes), ...ways(facts, layout), ...ends(facts, layout));
  layout.rows.forEach((_, level) => level < levels && picture.append(...rung(facts, level, layout)));
  const middle = layout.rows.at(-1).middle;
  if (bottom) picture.append(...slab(bottom, layout.center, middle, levels, layout, by([channels * 2 ** levels, ...bottom]), "is-real"));
  return picture;
}

function tally() {
  const titles = ["Skips that did not fit", "Numbers that the skips carry", "Numbers at the bottom", "Each of those sees"];
  const values = titles.map(() => make("dd"));
  const node = make("dl", { class: "sl-facts" }, ...titles.map((title, i) => make("div", {}, make("dt", {}, title), values[i])));
  const count = (number) => (number === null ? "none" : number.toLocaleString("en-US"));
  const show = ({ mended, broke, levels, skip_numbers, bottom_numbers, receptive_field }) => {
    const misfits = mended + (broke === "join");
    const said = [`${misfits} of ${levels}`, count(skip_numbers), count(bottom_numbers), `${receptive_field} × ${receptive_field} px`];
    values.forEach((value, i) => (value.textContent = said[i]));
  };
  return { node, show };
}

function build(stage, aside, { nudge }) {
  const picture = make("div", { class: "sl-ladder", role: "application", "aria-label": "Ladder: arrow keys change the size of the image" });
  const key = "Boxes are to scale, their depth is the number of channels. In the middle: filled, what comes from below; outlined, the skip; striped, what one has and the other lacks (not to scale). ";
  stage.append(picture);
  stage.classList.add("sl-ladder-stage");
  const [said, list] = [make("div", { class: "sl-verdict" }), tally()];
  aside.append(said, list.node, make("p", { class: "sl-note" }, `${key}Arrow keys on the picture change the image.`));
  const hatch = `sl-hatch-${Math.random().toString(36).slice(2)}`;
  steer(picture, { ArrowUp: ["height", 1], ArrowDown: ["height", -1], ArrowRight: ["width", 1], ArrowLeft: ["width", -1] }, nudge);
  return (facts) => {
    picture.replaceChildren(ladder(facts, Math.max(260, stage.clientWidth), hatch));
    const isWhole = facts.out_height === facts.height && facts.out_width === facts.width;
    said.textContent = facts.broke ? `✗ ${trouble(facts)}` : `${isWhole ? "✓ " : ""}${by([facts.height, facts.width])} → ${by([facts.out_height, facts.out_width])}`;
    said.textContent = said.textContent.replaceAll(" × ", "\u00a0×\u00a0");
    said.classList.toggle("is-broken", Boolean(facts.broke));
    list.show(facts);
  };
}

export default explorable({ unpack, compute, describe, build });
