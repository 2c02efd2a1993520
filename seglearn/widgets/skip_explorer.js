// Skip explorer: switches on the skips of a trained net. verdicts.js stands before this file in the same module.

const VOID = 255;
const MARKS = [
  ["hits", "Hits", "found"],
  ["misses", "Misses", "only the truth has it"],
  ["false_alarms", "False alarms", "only the net has it"],
];

export function unpack(fixed) {
  const { height, width, band, names, focus, controls } = fixed;
  const [pixels, levels] = [height * width, controls[0].columns];
  const cut = (view, at, many) => bytes(view).subarray(at * many, (at + 1) * many);
  const count = fixed.masks.byteLength / pixels;
  const size = { height, width, band };
  const truths = Array.from({ length: count }, (_, picture) => {
    const mask = cut(fixed.masks, picture, pixels);
    return { mask, edge: edges(mask, size) };
  });
  const photos = truths.map((_, picture) => cut(fixed.images, picture, 3 * pixels));
  const predOf = (picture, place) => cut(fixed.preds, (picture << levels) + place, pixels);
  const known = new Map(); // of every picture and place: each is counted once
  const countsOf = (picture, place) => {
    const key = `${picture} ${place}`;
    if (!known.has(key)) known.set(key, countsIn(predOf(picture, place), truths[picture], { ...size, classes: names.length }));
    return known.get(key);
  };
  return { ...size, names, focus, levels, truths, photos, predOf, countsOf };
}

const switchesOf = (skips) => skips.map((value) => (value >= 0.5 ? 1 : 0));
const placeOf = (skips) => switchesOf(skips).reduce((place, value, level) => place + (value << level), 0);

/** Say of each pixel whether a king's walk of `band` steps leads to another label, or beyond the image. */
function edges(labels, { height, width, band }) {
  const isInside = (row, column, label) => {
    for (let r = row - band; r <= row + band; r++) {
      for (let c = column - band; c <= column + band; c++) {
        if (r < 0 || r >= height || c < 0 || c >= width || labels[r * width + c] !== label) return false;
      }
    }
    return true;
  };
  return labels.map((label, i) => (isInside(Math.floor(i / width), i % width, label) ? 0 : 1));
}

/** Count pixels of each class: in both, in truth, in the guess, and on the edges of both or either. */
function countsIn(all, { mask, edge }, { height, width, band, classes }) {
  const pred = all.map((label, i) => (mask[i] === VOID ? VOID : label)); // nobody is asked there
  const guessed = edges(pred, { height, width, band });
  const zeros = () => new Array(classes).fill(0);
  const [hits, truth, guess, common, either] = [zeros(), zeros(), zeros(), zeros(), zeros()];
  for (let i = 0; i < mask.length; i++) {
    const [t, g] = [mask[i], pred[i]];
    if (t === VOID) continue;
    truth[t] += 1;
    guess[g] += 1;
    if (t === g) {
      hits[t] += 1;
      common[t] += edge[i] & guessed[i];
      either[t] += edge[i] | guessed[i];
    } else {
      either[t] += edge[i];
      either[g] += guessed[i];
    }
  }
  const unions = hits.map((hit, k) => truth[k] + guess[k] - hit);
  return { hits, truth, guess, unions, common, either };
}

const ratios = (parts, wholes) => parts.map((part, k) => (wholes[k] ? part / wholes[k] : null));

function mean(values) {
  const present = values.filter((value) => value !== null);
  return present.reduce((sum, value) => sum + value, 0) / present.length;
}

function scores({ truths, countsOf, focus, picture }, place) {
  const counts = truths.map((_, index) => countsOf(index, place));
  const added = (name) => counts[0][name].map((_, k) => counts.reduce((sum, count) => sum + count[name][k], 0));
  const { hits, unions, common, either } = counts[picture];
  const [one, every] = [ratios(hits, unions), ratios(added("hits"), added("unions"))];
  return {
    ious: one,
    mean_iou: mean(one),
    focus_iou: one[focus],
    boundary_iou: mean(ratios(common, either)),
    all_mean_iou: mean(every),
    all_focus_iou: every[focus],
  };
}

export function compute(params) {
  const { names, focus, levels, truths, countsOf, skips, picture } = params;
  const [place, switches] = [placeOf(skips), switchesOf(skips)];
  const { hits, truth, guess } = countsOf(picture, place);
  const [now, full] = [scores(params, place), scores(params, 2 ** levels - 1)];
  const lost = Object.keys(now).filter((name) => name !== "ious").map((name) => [`lost_${name}`, full[name] - now[name]]);
  return {
    picture,
    pictures: truths.length,
    skips: switches,
    off: switches.filter((value) => !value).length,
    focus: names[focus],
    hits: hits[focus],
    misses: truth[focus] - hits[focus],
    false_alarms: guess[focus] - hits[focus],
    ...now,
    ...Object.fromEntries(lost),
  };
}

const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;

export function describe(facts) {
  const off = facts.skips.flatMap((value, level) => (value ? [] : [level + 1]));
  const which = off.length ? `without skip ${off.join(", ")}` : "with all skips";
  const names = { mean_iou: "mean IoU", focus_iou: `${facts.focus} IoU`, boundary_iou: "boundary IoU" };
  if (facts.pictures > 1) {
    Object.assign(names, { all_mean_iou: `over all ${facts.pictures} pictures mean IoU`, all_focus_iou: `${facts.focus} IoU` });
  }
  const told = Object.entries(names).map(([key, name]) => {
    const lost = off.length ? ` (${signed(-facts[`lost_${key}`])})` : "";
    return `${name} ${facts[key].toFixed(3)}${lost}`;
  });
  const counts = `${facts.hits} hits, ${facts.misses} misses, ${facts.false_alarms} false alarms`;
  return `Picture ${facts.picture + 1} ${which}: ${facts.focus} ${counts}; ${told.join(", ")}.`;
}

/** Build a panel with a heading; return its node and a function that paints one color per pixel, and then some. */
function panel(heading, words, { height, width }) {
  const canvas = make("canvas", { class: "sl-canvas", role: "img" });
  const small = make("canvas", { width, height });
  const data = new ImageData(width, height);
  const node = make("figure", { class: "sl-panel" }, make("figcaption", {}, heading, words), canvas);
  const paint = (alt, colorAt) => {
    canvas.setAttribute("aria-label", alt);
    for (let i = 0; i < width * height; i++) {
      const [red, green, blue] = colorAt(i);
      data.data.set([red, green, blue, 255], 4 * i);
    }
    small.getContext("2d").putImageData(data, 0, 0);
    const cell = fit(canvas, width, height, node.clientWidth);
    const pen = canvas.getContext("2d");
    pen.imageSmoothingEnabled = false;
    pen.drawImage(small, 0, 0, canvas.width, canvas.height);
    return { pen, cell };
  };
  return { node, paint };
}

/** Build the net as a U: one row per level, a switch on every skip, the bottom below. */
function ladder({ maps }, toggle) {
  const box = ([channels, rows, columns]) => make("span", { class: "sl-map" }, `${rows} × ${columns}`, make("small", {}, `${channels} maps`));
  const switches = [];
  const rows = maps.slice(0, -1).map((map, level) => {
    const word = make("b");
    const button = make("button", { type: "button", role: "switch", class: "sl-skip", "data-lm-suppress-shortcuts": "true" });
    button.setAttribute("aria-label", `Skip ${level + 1}, ${map[1]} × ${map[2]}, ${map[0]} maps`);
    button.dataset.control = "skips";
    button.append(make("span", { class: "sl-wire" }), make("span", {}, `skip ${level + 1} `, word), make("span", { class: "sl-wire" }));
    button.addEventListener("click", () => toggle(level));
    button.addEventListener("keydown", (event) => {
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      switches[level + step]?.button.focus();
    });
    switches.push({ button, word });
    const row = make("div", { class: "sl-level" }, box(map), button, box(map));
    row.style.setProperty("--sl-level", level);
    return row;
  });
  const bottom = make("div", { class: "sl-level is-bottom" }, box(maps[maps.length - 1]));
  const node = make("div", { class: "sl-ladder", role: "group", "aria-label": "The net and its skips" }, ...rows, bottom);
  const show = ({ skips }) =>
    switches.forEach(({ button, word }, level) => {
      button.setAttribute("aria-checked", Boolean(skips[level]));
      word.textContent = skips[level] ? "on" : "off";
    });
  return { node, show };
}

/** Build the legend of the labels, with each class's IoU of this picture. */
function legend({ names, colors, focus }) {
  const items = names.map((name, k) => {
    const color = make("span", { class: "sl-chip-color" });
    color.style.background = `rgb(${colors[k].join(",")})`;
    const iou = make("b");
    return { iou, node: make("li", { class: k === focus ? "is-chosen" : "" }, color, name, iou) };
  });
  const node = make("ul", { class: "sl-chips", "aria-label": "IoU of each class" }, ...items.map((item) => item.node));
  return { node, show: ({ ious }) => items.forEach(({ iou }, k) => (iou.textContent = ious[k] === null ? "–" : ious[k].toFixed(2))) };
}

function build(stage, aside, { change, knobs, fixed }) {
  const given = unpack(fixed);
  const focus = fixed.names[fixed.focus];
  let now = null;
  const toggle = (level) => {
    const skips = [...now.skips];
    skips[level] = skips[level] ? 0 : 1;
    now = { ...now, skips }; // the next key may come before the next frame
    change({ skips });
  };
  const seen = panel(knobs.show.node, "", fixed);
  const title = make("b", {}, `${focus[0].toUpperCase()}${focus.slice(1)}`);
  const judged = panel(title, "hits, misses and false alarms", fixed);
  const key = legend(fixed);
  stage.classList.add("sl-wide", "sl-panels", "sl-skips");
  seen.node.append(key.node);
  const palette = (name) => getComputedStyle(aside).getPropertyValue(name);
  const counts = countList(MARKS, palette);
  judged.node.append(counts.node);
  stage.append(seen.node, judged.node);
  if (given.truths.length > 1) stage.prepend(knobs.picture.node);
  else knobs.picture.node.remove();

  const net = ladder(fixed, toggle);
  const everything = make("button", { type: "button", class: "sl-button", "data-lm-suppress-shortcuts": "true" }, "All skips on");
  everything.addEventListener("click", () => change({ skips: now.skips.map(() => 1) }));
  const meters = meterList(fixed, given.truths.length);
  aside.classList.add("sl-wide", "sl-cards");
  const all = make("div", { class: "sl-net" }, net.node, make("div", { class: "sl-buttons" }, everything));
  aside.append(all, meters.node);

  return (facts, params) => {
    now = params;
    const { mask } = given.truths[params.picture];
    const pred = given.predOf(params.picture, placeOf(params.skips));
    const photo = given.photos[params.picture];
    const colorOf = (label) => (label === VOID ? fixed.ink : fixed.colors[label]);
    const views = [(i) => colorOf(pred[i]), (i) => colorOf(mask[i]), (i) => photo.subarray(3 * i, 3 * i + 3)];
    seen.paint(`${["prediction", "truth", "picture"][params.show]} of picture ${params.picture + 1}`, views[params.show]);
    paintFocus(judged, { ...fixed, mask, pred, photo, alt: describe(facts) }, palette);
    key.show(facts);
    counts.show(facts);
    net.show(facts);
    meters.show(facts);
  };
}

/** Build the meters, of this picture and of all, each with a mark where it stands with all skips on. */
function meterList({ names, focus, goals }, count) {
  const thin = `${names[focus]} IoU`;
  const here = { mean_iou: "Mean IoU", focus_iou: thin[0].toUpperCase() + thin.slice(1), boundary_iou: "Boundary IoU" };
  const over = count > 1 ? { all_mean_iou: "Mean IoU", all_focus_iou: here.focus_iou } : {};
  const build = ([name, words]) => {
    const item = meter(name, words, goals);
    const before = make("span", { class: "sl-before" });
    for (const tick of item.node.querySelectorAll(".sl-tick")) tick.classList.add(tick.textContent[0] === "≤" ? "is-below" : "is-above");
    item.node.querySelector(".sl-track").append(before);
    return { name, before, ...item };
  };
  const groups = [[count > 1 ? "This picture" : "Scores", here], [`All ${count} pictures`, over]];
  const node = make("div", { class: "sl-net-meters" });
  const items = groups.flatMap(([title, scores]) => {
    const meters = Object.entries(scores).map(build);
    if (meters.length) node.append(make("div", { class: "sl-place" }, title), ...meters.map((item) => item.node));
    return meters;
  });
  node.append(make("p", { class: "sl-note" }, "The upright mark in a bar: with all skips on."));
  const show = (facts) =>
    items.forEach(({ name, before, show }) => {
      const full = facts[name] + facts[`lost_${name}`];
      show(facts[name], facts.off ? `${signed(-facts[`lost_${name}`])} against all skips (${full.toFixed(3)})` : "");
      before.style.left = `${100 * full}%`;
    });
  return { node, show };
}

/** Paint the picture, pale, and each pixel of the focus class as hit, miss or false alarm. */
function paintFocus(panel, { mask, pred, photo, width, focus, alt }, palette) {
  const gray = (i) => 178 + (photo[3 * i] + photo[3 * i + 1] + photo[3 * i + 2]) / 10;
  const { pen, cell } = panel.paint(alt, (i) => new Array(3).fill(gray(i)));
  for (let i = 0; i < mask.length; i++) {
    const [inTruth, inGuess] = [mask[i] === focus, pred[i] === focus && mask[i] !== VOID];
    if (!inTruth && !inGuess) continue;
    const kind = inTruth ? (inGuess ? "hits" : "misses") : "false_alarms";
    pen.fillStyle = pen.strokeStyle = palette(`--sl-${kind}`);
    fillCell(pen, kind, (i % width) * cell, Math.floor(i / width) * cell, cell);
  }
}

export default explorable({ unpack, compute, describe, build });
