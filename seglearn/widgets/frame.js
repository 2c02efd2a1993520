// The frame around every explorable: title, goals, stage, caption and controls.
// A widget hands over four functions and paints its own stage:
//   unpack(fixed)   -> the given things, ready to compute with
//   compute(params) -> facts, the same numbers as Python's facts(params)
//   describe(facts) -> one sentence, read aloud to those who cannot see the stage
//   build(stage, aside, tools) -> update(facts, params), called after every change

/** Make an element; attributes by name, children as nodes or text. */
function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const RELATIONS = {
  "==": (a, b) => a === b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

function meets(goal, facts) {
  return goal.conditions.every(([name, relation, value]) => RELATIONS[relation](facts[name], value));
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

/** Build one slider, or one button per choice; return its node and a function that shows a value. */
function controlFor({ name, label, low, high, choices, unit }, change) {
  if (choices.length) {
    const group = make("div", { class: "sl-choices", role: "radiogroup", "aria-label": label });
    const id = `sl-${Math.random().toString(36).slice(2)}`;
    const inputs = choices.map((word, value) => {
      const input = make("input", { type: "radio", name: id, "data-lm-suppress-shortcuts": "true", "data-control": name });
      input.addEventListener("change", () => change({ [name]: value }));
      group.append(make("label", {}, input, make("span", {}, word)));
      return input;
    });
    const node = make("div", { class: "sl-control" }, make("span", { class: "sl-label" }, label), group);
    return { node, show: (value) => (inputs[value].checked = true) };
  }
  const range = { type: "range", min: low, max: high, step: 1, "data-lm-suppress-shortcuts": "true", "data-control": name };
  const input = make("input", range);
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

/** Build the list of goals; return its node and a function that marks them. */
function goalList(goals) {
  const rows = goals.map((goal) => make("li", {}, make("span", { class: "sl-mark", "aria-hidden": "true" }), goal.sentence));
  const show = (solved, isReached) =>
    rows.forEach((row, index) => {
      const last = index === goals.length - 1;
      const done = last ? isReached : index < solved;
      row.className = done ? "is-done" : index === Math.min(solved, goals.length - 1) ? "is-open" : "is-later";
      row.firstChild.textContent = done ? "✓" : last && solved === goals.length ? "↺" : index + 1;
    });
  return { node: make("ol", { class: "sl-goals", "aria-label": "Goals" }, ...rows), show };
}

function explorable({ unpack, compute, describe, build }) {
  function render({ model, el }) {
    const fixed = model.get("fixed");
    const given = unpack(fixed);
    const { controls, goals } = fixed;
    const params = () => ({ ...given, ...Object.fromEntries(controls.map(({ name }) => [name, model.get(name)])) });

    const change = (wishes) => {
      for (const { name, low, high } of controls) {
        if (name in wishes) model.set(name, Math.min(high, Math.max(low, wishes[name])));
      }
      model.save_changes();
    };
    const nudge = (name, by) => change({ [name]: model.get(name) + by });

    const stage = make("div", { class: "sl-stage" });
    const aside = make("div", { class: "sl-aside" });
    const caption = make("p", { class: "sl-caption", role: "status", "aria-live": "polite" });
    const goal = goalList(goals);
    const knobs = controls.map((control) => ({ name: control.name, ...controlFor(control, change) }));
    const panel = make("div", { class: "sl-controls" }, ...knobs.map((knob) => knob.node));
    const title = make("div", { class: "sl-title", role: "heading", "aria-level": "4" }, fixed.title);
    const body = make("div", { class: "sl-body" }, stage, aside);
    const root = make("section", { class: "seglearn-explorable", "aria-label": fixed.title });
    root.append(title, goal.node, body, panel, caption);
    el.append(root);
    const update = build(stage, aside, { change, nudge, fixed });

    const paint = () => {
      const now = params();
      const facts = compute(now);
      let solved = model.get("solved");
      while (solved < goals.length && meets(goals[solved], facts)) solved += 1;
      const isReached = solved >= goals.length - 1 && meets(goals[goals.length - 1], facts);
      if (solved !== model.get("solved")) {
        model.set("solved", solved);
        model.save_changes();
      }
      knobs.forEach((knob) => knob.show(now[knob.name]));
      goal.show(solved, isReached);
      caption.textContent = (isReached ? "Goal reached. " : "") + describe(facts);
      update(facts, now);
      Object.assign(root.dataset, { facts: JSON.stringify(facts), reached: isReached, solved });
    };
    return keepPainted({ model, names: controls.map(({ name }) => name), stage, paint });
  }
  return { render };
}

/** Paint now and whenever a number, the width or the theme changes, once per frame; return the way to stop. */
function keepPainted({ model, names, stage, paint }) {
  let frame = 0;
  const request = () => {
    if (!frame) frame = requestAnimationFrame(() => ((frame = 0), paint()));
  };
  const events = names.map((name) => `change:${name}`).join(" ");
  model.on(events, request);
  const width = new ResizeObserver(request);
  width.observe(stage);
  const theme = new MutationObserver(() => setTimeout(request, 300)); // JupyterLab's new colors arrive a little later
  theme.observe(document.body, { attributeFilter: ["data-jp-theme-name", "data-jp-theme-light", "class"] });
  paint();
  return () => {
    cancelAnimationFrame(frame);
    model.off(events, request);
    width.disconnect();
    theme.disconnect();
  };
}
