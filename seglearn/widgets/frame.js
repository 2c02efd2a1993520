// The frame around every explorable: title, goals, stage, caption and controls. knobs.js stands before this file.
// A widget hands over four functions and paints its own stage:
//   unpack(fixed)   -> the given things, ready to compute with
//   compute(params) -> facts, the same numbers as Python's facts(params)
//   describe(facts) -> one sentence, read aloud to those who cannot see the stage
//   build(stage, aside, tools) -> update(facts, params), called after every change
// and, if one wish brings others along (a loaded picture is also the chosen one), a fifth:
//   along(wishes)   -> wishes

const RELATIONS = {
  "==": (a, b) => a === b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

/** Whether the numbers that a goal is asked at are the numbers of this moment. */
function isAsked(goal, values) {
  return goal.at.every(([name, value]) => values[name] === value);
}

function meets(goal, facts) {
  return isAsked(goal, facts) && goal.conditions.every(([name, relation, value]) => RELATIONS[relation](facts[name], value));
}

/** Build the list of goals; return its node and a function that marks them. */
function goalList(goals, change) {
  const rows = goals.map((goal) => {
    const mark = make("span", { class: "sl-mark", "aria-hidden": "true" });
    const start = make("button", { type: "button", class: "sl-button", "data-lm-suppress-shortcuts": "true" }, "Start");
    start.setAttribute("aria-label", `Start: ${goal.sentence}`);
    start.addEventListener("click", () => {
      start.closest("section").querySelector("[data-control]").focus(); // this button is about to go
      change(Object.fromEntries(goal.at));
    });
    return { goal, mark, start, node: make("li", {}, mark, make("span", {}, goal.sentence), start) };
  });
  const show = (solved, isReached, params) =>
    rows.forEach(({ goal, mark, start, node }, index) => {
      const last = index === goals.length - 1;
      const done = last ? isReached : index < solved;
      const isOpen = !done && index === Math.min(solved, goals.length - 1);
      node.className = done ? "is-done" : isOpen ? "is-open" : "is-later";
      mark.textContent = done ? "✓" : last && solved === goals.length ? "↺" : index + 1;
      start.hidden = !isOpen || isAsked(goal, params);
    });
  return { node: make("ol", { class: "sl-goals", "aria-label": "Goals" }, ...rows.map(({ node }) => node)), show };
}

/** Return the ways to move the numbers of a model: change several, nudge one, put one cell of a grid. */
function movesOf(model, controls, along) {
  const change = (wishes) => {
    const all = along(wishes);
    for (const { name, low, high } of controls) {
      const clamp = (value) => Math.min(high, Math.max(low, value));
      if (name in all) model.set(name, Array.isArray(all[name]) ? all[name].map(clamp) : clamp(all[name]));
    }
    model.save_changes();
  };
  const nudge = (name, by) => change({ [name]: model.get(name) + by });
  const put = (name, index, value) => change({ [name]: Object.assign([...model.get(name)], { [index]: value }) });
  return { change, nudge, put };
}

function explorable({ unpack, compute, describe, build, along = (wishes) => wishes }) {
  function render({ model, el }) {
    const fixed = model.get("fixed");
    const given = unpack(fixed);
    const { controls, goals } = fixed;
    const read = (name) => model.get(name);
    const params = () => ({ ...given, ...Object.fromEntries(controls.map(({ name }) => [name, read(name)])) });
    const moves = movesOf(model, controls, along);

    const stage = make("div", { class: "sl-stage" });
    const aside = make("div", { class: "sl-aside" });
    const caption = make("p", { class: "sl-caption", role: "status", "aria-live": "polite" });
    const goal = goalList(goals, moves.change);
    const shown = controls.filter(({ by }) => by !== "stage");
    const knobs = Object.fromEntries(shown.map((control) => [control.name, knobFor(control, moves.change, read)]));
    const panel = make("div", { class: "sl-controls" }, ...Object.values(knobs).map(({ node }) => node));
    const title = make("div", { class: "sl-title", role: "heading", "aria-level": "4" }, fixed.title);
    const body = make("div", { class: "sl-body" }, stage, aside);
    const root = make("section", { class: "seglearn-explorable", "aria-label": fixed.title });
    root.append(title, goal.node, body, panel, caption);
    el.append(root);
    const update = build(stage, aside, { ...moves, knobs, fixed });

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
      for (const [name, { show }] of Object.entries(knobs)) show(now[name]);
      goal.show(solved, isReached, now);
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
