// Bug explorer: cards with the curves of real trainings. bug_curves.js stands before this file in the same module.

const [OPEN, VOID] = [-1, 255];
const PACE = 220; // milliseconds an epoch takes while the card plays
const LOSS_TOP = 3;

export function unpack(fixed) {
  const { runs, deals, bugs, blocks, classes, names: words, epochs, height, width } = fixed;
  const [mask, preds, pixels] = [bytes(fixed.mask), bytes(fixed.preds), height * width];
  const predOf = (place, epoch) => preds.subarray((place * epochs + epoch - 1) * pixels, (place * epochs + epoch) * pixels);
  return { runs, deals, bugs, blocks, classes, words, mask, predOf };
}

const floored = (values) => values.map(Math.floor);

export function compute(params) {
  const { runs, deals, bugs, blocks, classes, words, deal, card, epoch, seen: counts, named: names } = params;
  const [order, seen, named] = [deals[deal], floored(counts), floored(names)];
  const run = runs[order[card]];
  const truths = order.map((place) => bugs.findIndex(({ key }) => key === runs[place].bug));
  const done = named.flatMap((name, index) => (name === OPEN ? [] : [index]));
  const norms = run.norms[epoch - 1];
  const isNamed = named[card] !== OPEN;
  const pred = params.predOf(order[card], epoch);
  const bonnet = new Array(classes).fill(0);
  params.mask.forEach((label, i) => label === VOID && (bonnet[pred[i]] += 1));
  return {
    deal,
    card,
    cards: order.length,
    epoch,
    epochs: run.loss.length,
    first_loss: run.first_loss,
    first_ratio: run.first_loss / Math.log(classes),
    loss: run.loss[epoch - 1],
    val_loss: run.val_loss[epoch - 1],
    score: run.score[epoch - 1],
    norms,
    still: blocks.filter((_, index) => norms[index] === 0),
    classes_said: new Set(pred).size,
    on_void: words[bonnet.indexOf(Math.max(...bonnet))],
    watched: seen[card],
    said: isNamed ? bugs[named[card]].name : null,
    truth: isNamed ? bugs[truths[card]].name : null,
    named: done.length,
    right: done.filter((index) => named[index] === truths[index]).length,
    watched_per_card: done.length ? done.reduce((sum, index) => sum + seen[index], 0) / done.length : 0,
  };
}

export function describe(facts) {
  const { norms, still, said, truth } = facts;
  const none = still.length ? `, none in ${still.join(", ")}` : "";
  const wrong = `You said ${said}, but it is ${truth}`;
  const verdict = said === null ? "Not named yet" : said === truth ? `Named rightly: ${truth}` : wrong;
  const classes = facts.classes_said === 1 ? "1 class" : `${facts.classes_said} classes`;
  return (
    `Card ${facts.card + 1} of ${facts.cards}, epoch ${facts.epoch} of ${facts.epochs}: first loss ` +
    `${facts.first_loss.toFixed(3)}, ${facts.first_ratio.toFixed(3)} times ln K; loss ${facts.loss.toFixed(3)}, validation loss ` +
    `${facts.val_loss.toFixed(3)}, mean IoU ${facts.score.toFixed(3)}; gradient norms from ${Math.min(...norms).toFixed(3)} to ` +
    `${Math.max(...norms).toFixed(3)}${none}; the mask has ${classes}, and on the void bonnet mostly ` +
    `${facts.on_void}. ${verdict}; ${facts.right} right of ${facts.named} named, ` +
    `${facts.watched_per_card.toFixed(1)} epochs watched per card.`
  );
}

const button = (word, press, more = {}) => {
  const node = make("button", { type: "button", class: "sl-button", "data-lm-suppress-shortcuts": "true", ...more }, word);
  node.addEventListener("click", press);
  return node;
};

/** Build the row of cards: open one by number; a mark says what became of it. */
function cardRow(fixed, open) {
  const buttons = fixed.deals[0].map((_, index) => button(`${index + 1}`, () => open(index), { class: "sl-button sl-card" }));
  const node = make("div", { class: "sl-buttons sl-deal", role: "group", "aria-label": "Cards" }, ...buttons);
  const show = ({ card }, named, truths) =>
    buttons.forEach((item, index) => {
      const state = named[index] === OPEN ? "" : named[index] === truths[index] ? "✓" : "✗";
      item.textContent = `${index + 1}${state}`;
      item.setAttribute("aria-pressed", index === card);
      item.setAttribute("aria-label", `Card ${index + 1}${{ "": "", "✓": ", named rightly", "✗": ", named wrongly" }[state]}`);
    });
  return { node, show };
}

/** Build the list of names to choose from, and what is said once one was chosen. */
function diagnosis({ bugs }, commit) {
  let chosen = OPEN;
  const group = `sl-${Math.random().toString(36).slice(2)}`;
  const go = button("Choose a name", () => commit(chosen), { class: "sl-button sl-commit" });
  const options = bugs.map(({ name }, index) => {
    const input = make("input", { type: "radio", name: group, "data-lm-suppress-shortcuts": "true", "data-control": "named" });
    input.addEventListener("change", () => {
      chosen = index;
      go.disabled = false;
      go.textContent = `Name it: ${name}`;
    });
    return { input, node: make("label", {}, input, make("span", {}, name)) };
  });
  const list = make("div", { class: "sl-names", role: "radiogroup", "aria-label": "Which bug is it?" }, ...options.map(({ node }) => node));
  const [title, sign, law] = [make("b"), make("p"), make("p")];
  const answer = make("div", { class: "sl-verdict" }, title, sign, law);
  const node = make("div", {}, make("div", { class: "sl-place" }, "Which bug is it?"), list, go, answer);
  const show = (name, truth) => {
    const isOpen = name === OPEN;
    [list.hidden, go.hidden, answer.hidden] = [!isOpen, !isOpen, isOpen];
    if (isOpen) return;
    const isRight = name === truth;
    title.textContent = isRight ? `✓ Right: ${bugs[truth].name}` : `✗ You said ${bugs[name].name}; it is ${bugs[truth].name}`;
    title.className = isRight ? "is-right" : "is-wrong";
    sign.replaceChildren(make("b", {}, "What gives it away. "), bugs[truth].sign);
    law.replaceChildren(make("b", {}, "What would have caught it. "), bugs[truth].law);
  };
  const clear = () => {
    chosen = OPEN;
    go.disabled = true;
    go.textContent = "Choose a name";
    options.forEach(({ input }) => (input.checked = false));
  };
  clear();
  return { node, show, clear };
}

/** Build the slider of epochs with its buttons: back to the start, and play. */
function player({ epochs }, watch) {
  const slider = make("input", { type: "range", min: 1, max: epochs, step: 1, "data-lm-suppress-shortcuts": "true", "data-control": "epoch", "aria-label": "Epoch" });
  slider.addEventListener("input", () => watch(Number(slider.value)));
  const word = make("output", { class: "sl-value", "aria-hidden": "true" });
  let timer = 0;
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    play.textContent = "▶ Play";
  };
  const play = button("▶ Play", () => {
    if (timer) return stop();
    play.textContent = "❚❚ Pause";
    timer = setInterval(() => {
      const next = Number(slider.value) + 1;
      if (next > epochs || !slider.isConnected) stop();
      else watch(next);
    }, PACE);
  });
  const node = make("div", { class: "sl-control sl-player" }, play, slider, word);
  const show = ({ epoch }) => {
    slider.value = epoch;
    slider.setAttribute("aria-valuetext", `epoch ${epoch} of ${epochs}`);
    word.textContent = `epoch ${epoch}`;
    if (epoch >= epochs) stop();
  };
  return { node, show, stop };
}

function chart(title, ...key) {
  const canvas = make("canvas", { class: "sl-curves", role: "img" });
  const words = key.map(([look, word]) => make("span", { class: `sl-key is-${look}` }, word));
  return { canvas, node: make("div", {}, make("div", { class: "sl-chart-title" }, make("b", {}, title), ...words), make("div", {}, canvas)) };
}

/** Build the legend of the labels; void is one of them here. */
function legend({ names, colors, ink }) {
  const chip = (name, color) => {
    const square = make("span", { class: "sl-chip-color" });
    square.style.background = `rgb(${color.join(",")})`;
    return make("li", {}, square, name);
  };
  const chips = names.map((name, k) => chip(name, colors[k]));
  return make("ul", { class: "sl-chips sl-legend", "aria-label": "Labels" }, ...chips, chip("void", ink));
}

/** Build the note on bugs that no card can show, closed until it is asked for. */
function quiet({ silent }) {
  const words = silent.map(({ name, sign, law }) => make("p", {}, make("b", {}, `${name[0].toUpperCase()}${name.slice(1)}. `), `${sign} ${law}`));
  const head = make("summary", { "data-lm-suppress-shortcuts": "true" }, "Two bugs that no curve shows");
  return make("details", { class: "sl-quiet" }, head, ...words);
}

function build(stage, aside, { change, fixed }) {
  const { colors, ink, epochs } = fixed;
  const { mask, predOf } = unpack(fixed);
  const image = bytes(fixed.image);
  let now = null;
  const set = (wishes) => {
    now = { ...now, ...wishes }; // the next key may come before the next frame
    change(wishes);
  };
  const put = (values, value) => values.map((old, index) => (index === now.card ? value : old));
  const watch = (wish) => {
    const epoch = Math.min(epochs, Math.max(1, wish));
    const isOpen = now.named[now.card] === OPEN;
    set(isOpen ? { epoch, seen: put(now.seen, Math.max(epoch, now.seen[now.card])) } : { epoch });
  };
  const open = (card) => {
    play.stop();
    choice.clear();
    set({ card, epoch: now.seen[card] });
  };
  const choice = diagnosis(fixed, (name) => {
    play.stop();
    set({ named: put(now.named, name) });
  });
  const play = player(fixed, watch);
  const cards = cardRow(fixed, open);
  const next = button("Next card", () => open((now.card + 1) % fixed.deals[0].length));
  const deal = button("Deal again", () => {
    play.stop();
    choice.clear();
    const fresh = { card: 0, epoch: 1, seen: now.seen.map(() => 1), named: now.named.map(() => OPEN) };
    set({ deal: (now.deal + 1) % fixed.deals.length, ...fresh });
  });
  const losses = chart("Loss", ["learner", "training"], ["twin", "validation"], ["healthy", "a healthy run"]);
  const scores = chart("Mean IoU on validation", ["learner", "this run"], ["healthy", "a healthy run"]);
  const bars = normBars(fixed.blocks);
  const first = make("div", { class: "sl-first" });
  const pictures = ["image", "truth", "prediction"].map((word) => smallPicture(word, fixed));
  const label = "Curves: left and right arrow move the epoch";
  const frame = make("div", { role: "application", "aria-label": label, class: "sl-charts" }, losses.node, scores.node);
  steer(frame, { ArrowLeft: ["epoch", -1], ArrowRight: ["epoch", 1] }, (_, by) => watch(now.epoch + by));
  stage.append(cards.node, frame, play.node);
  const gradients = make("div", {}, make("div", { class: "sl-place" }, "Gradient norms of this epoch"), bars.node);
  stage.append(first, gradients);
  const buttons = make("div", { class: "sl-buttons sl-next" }, next, deal);
  aside.append(make("div", { class: "sl-trio" }, ...pictures.map(({ node }) => node)), legend(fixed), choice.node, buttons, quiet(fixed));

  const palette = (name) => getComputedStyle(aside).getPropertyValue(name);
  const places = new Map(fixed.bugs.map(({ key }, index) => [key, index]));
  return (facts, params) => {
    now = params;
    const order = fixed.deals[params.deal];
    const truths = order.map((place) => places.get(fixed.runs[place].bug));
    const run = fixed.runs[order[params.card]];
    const isNamed = params.named[params.card] !== OPEN;
    const healthy = isNamed ? fixed.runs[order[truths.indexOf(0)]] : null;
    const curve = (values, look, mark) => ({ values, look, mark });
    const twins = (name) => (healthy ? [curve(healthy[name], ["--sl-quiet", [1, 2]], "")] : []);
    const shared = { epochs, epoch: params.epoch };
    const [learner, twin] = [LINES.learner, LINES.twin];
    const lossCurves = [...twins("loss"), curve(run.loss, learner, "disk"), curve(run.val_loss, twin, "square")];
    const line = [[Math.log(fixed.classes), `ln ${fixed.classes}`]];
    drawCurves(losses.canvas, { ...shared, curves: lossCurves, most: LOSS_TOP, ticks: [0, 1, 2, 3], lines: line, height: 170 }, palette);
    const scoreCurves = [...twins("score"), curve(run.score, learner, "disk")];
    drawCurves(scores.canvas, { ...shared, curves: scoreCurves, most: 0.6, ticks: [0, 0.2, 0.4, 0.6], height: 130 }, palette);
    for (const { canvas } of [losses, scores]) canvas.setAttribute("aria-label", describe(facts));
    frame.classList.toggle("is-named", isNamed);
    bars.show(facts.norms, healthy ? healthy.norms[params.epoch - 1] : null);
    first.textContent = `First loss, before any step: ${facts.first_loss.toFixed(2)} = ${facts.first_ratio.toFixed(2)}\u00a0×\u00a0ln\u00a0${fixed.classes}`;
    const pred = predOf(order[params.card], params.epoch);
    const colorOf = (k) => (k === VOID ? ink : colors[k]);
    pictures[0].paint((i) => image.subarray(3 * i, 3 * i + 3));
    pictures[1].paint((i) => colorOf(mask[i]));
    pictures[2].paint((i) => colorOf(pred[i]));
    cards.show(facts, params.named, truths);
    play.show(facts);
    choice.show(params.named[params.card], truths[params.card]);
  };
}

export default explorable({ unpack, compute, describe, build });
