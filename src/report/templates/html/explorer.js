"use strict";
// The explorer of trials. `source` gives the head, the columns, and the parts of the texts:
// from the page itself, or from a server. Nothing that a model said is ever read as HTML:
// every text enters the page as a text node.
function crucibleExplorer(root, source) {
  const PAGE = 50;
  const EXCERPT = 180;
  const SIDES = 4;
  const get = (id) => root.querySelector("#" + id);
  const form = get("trials-filter");
  const field = {
    condition: get("trials-condition"), metric: get("trials-metric"), state: get("trials-state"),
    min: get("trials-min"), max: get("trials-max"), failure: get("trials-failure"),
    text: get("trials-text"), item: get("trials-item"), order: get("trials-order"),
  };
  const status = get("trials-status");
  const list = get("trials-list");
  const detail = get("trial");

  // What is read of the run.
  let head = null;
  let place = { item: null, condition: null, repeat: null, failure: null };
  let values = []; // One Float64Array for each column of the head.
  let starts = []; // The first trial of each part.
  let repeats = 1;
  let ids = []; // The id of each item by its index.
  let several = new Map(); // Items by id.
  let orders = new Map();
  // What is shown.
  let found = [];
  let page = 0;
  let turn = 0;
  let opened = null; // { item, sides }
  let from = null;
  let following = false; // Whether the filter comes from an address.

  const texts = []; // Promises of the parts' texts.
  const lower = []; // The texts of a part in lower case, once they are there.
  const calls = new Map();
  let asked = []; // What each item asks: [input, target].
  let askedLower = [];

  function make(tag, className, ...inside) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    for (const one of inside) element.append(one);
    return element;
  }

  // Signs that nobody sees, or that turn text around, as their code points.
  const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\u{e0001}|[\u{e0020}-\u{e007f}]/u;
  function words(text) {
    const parts = document.createDocumentFragment();
    let rest = text.replaceAll("\r\n", "\n");
    for (let hit = HIDDEN.exec(rest); hit; hit = HIDDEN.exec(rest)) {
      if (hit.index > 0) parts.append(rest.slice(0, hit.index));
      const code = hit[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
      parts.append(make("span", "hidden-sign", "U+" + code));
      rest = rest.slice(hit.index + hit[0].length);
    }
    parts.append(rest);
    return parts;
  }

  function shown(value, scale) {
    if (Number.isNaN(value)) return "–";
    if (value === Infinity) return "the metric failed";
    if (scale === "duration") return value < 1 ? (value * 1000).toFixed(1) + " ms" : value.toFixed(3) + " s";
    if (scale === "money") return "$" + Number(value.toPrecision(4));
    return String(Number(value.toPrecision(6)));
  }

  const columnAt = (name) => head.columns.findIndex((column) => column.name === name);
  const partOf = (trial) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle] <= trial) low = middle; else high = middle - 1;
    }
    return low;
  };

  function textsOf(part) {
    texts[part] ??= source.texts(part).then((read) => {
      for (const [item, input, target] of read.items) {
        asked[item] = [input, target];
        askedLower[item] = (ids[item] + "\n" + input + "\n" + target).toLowerCase();
      }
      lower[part] = read.answers.map((text) => text.toLowerCase());
      return read;
    });
    return texts[part];
  }

  function callsOf(part) {
    if (!calls.has(part)) calls.set(part, source.calls(part));
    return calls.get(part);
  }

  // Unpacks what is left, part by part, and lets the page live in between.
  async function allTexts(mine) {
    for (let part = 0; part < starts.length; part += 1) {
      if (lower[part]) continue;
      await textsOf(part);
      if (mine !== undefined && mine !== turn) return false;
      if (mine !== undefined) say("Reading the answers: " + Math.round(100 * part / starts.length) + "%");
    }
    return true;
  }

  const say = (text) => { status.textContent = text; };

  // The filter as it stands in the form.
  function read() {
    const number = (text) => (text.trim() === "" ? null : Number(text));
    const labels = [...get("trials-labels").querySelectorAll("select")]
      .filter((select) => select.value !== "")
      .map((select) => [select.dataset.column, select.value]);
    return {
      condition: [...field.condition.selectedOptions].map((option) => option.value),
      metric: field.metric.value, state: field.state.value,
      min: number(field.min.value), max: number(field.max.value),
      failure: field.failure.value, text: field.text.value, item: field.item.value,
      order: field.order.value, labels,
    };
  }

  function orderOf(metric, direction) {
    const key = direction === "" ? "" : direction + metric;
    if (orders.has(key)) return orders.get(key);
    const order = Uint32Array.from({ length: head.trials }, (_, at) => at);
    const { item, condition, repeat } = place;
    const usual = (a, b) => item[a] - item[b] || condition[a] - condition[b] || repeat[a] - repeat[b];
    if (direction === "") {
      order.sort(usual);
    } else {
      const by = values[columnAt(metric)];
      const sign = direction === "up" ? 1 : -1;
      // What has no value stands last.
      const rank = (at) => (Number.isFinite(by[at]) ? sign * by[at] : Infinity);
      order.sort((a, b) => { const x = rank(a); const y = rank(b); return x < y ? -1 : x > y ? 1 : usual(a, b); });
    }
    orders.set(key, order);
    return order;
  }

  // Returns the trials that fit, in order.
  function matching(filter) {
    const conditions = new Uint8Array(head.conditions.length);
    const wanted = new Set(filter.condition);
    head.conditions.forEach((one, at) => { conditions[at] = wanted.size === 0 || wanted.has(one.name) ? 1 : 0; });
    const by = values[columnAt(filter.metric)];
    const bounded = filter.min !== null || filter.max !== null;
    const low = filter.min ?? -Infinity;
    const high = filter.max ?? Infinity;
    const kind = head.failures.indexOf(filter.failure);
    const labels = filter.labels.map(([column, value]) => {
      const known = head.labels.find((one) => one.column === column);
      return [known.of, known.values.indexOf(value) + 1];
    });
    const items = filter.item === "" ? null : new Set(several.get(filter.item) ?? []);
    const needle = filter.text.toLowerCase();
    const items_hit = needle === "" ? null : askedLower.map((text) => text !== undefined && text.includes(needle));
    const hits = needle === "" ? null : new Uint8Array(head.trials);
    if (hits) {
      lower.forEach((answers, part) => {
        const first = starts[part];
        for (let at = 0; at < answers.length; at += 1) {
          if (items_hit[place.item[first + at]] || answers[at].includes(needle)) hits[first + at] = 1;
        }
      });
    }
    const fits = [];
    for (const trial of orderOf(filter.metric, filter.order)) {
      if (!conditions[place.condition[trial]]) continue;
      if (filter.failure === "yes" ? place.failure[trial] === 0 : filter.failure === "no" ? place.failure[trial] !== 0 : filter.failure !== "" && place.failure[trial] !== kind) continue;
      if (by) {
        const value = by[trial];
        if (bounded && !(Number.isFinite(value) && value >= low && value <= high)) continue;
        if (filter.state === "value" && !Number.isFinite(value)) continue;
        if (filter.state === "none" && !Number.isNaN(value)) continue;
        if (filter.state === "failed" && value !== Infinity) continue;
      }
      if (items && !items.has(place.item[trial])) continue;
      if (labels.some(([of, value]) => of[place.item[trial]] !== value)) continue;
      if (hits && !hits[trial]) continue;
      fits.push(trial);
    }
    return fits;
  }

  // Writes the filter into the address, so that a view can be passed on.
  function address(filter) {
    const query = new URLSearchParams();
    for (const name of filter.condition) query.append("condition", name);
    if (filter.metric !== field.metric.options[0]?.value || filter.state || filter.order || filter.min !== null || filter.max !== null) query.set("metric", filter.metric);
    for (const key of ["state", "failure", "text", "item", "order"]) if (filter[key] !== "") query.set(key, filter[key]);
    for (const key of ["min", "max"]) if (filter[key] !== null) query.set(key, filter[key]);
    for (const [column, value] of filter.labels) { query.append("column", column); query.append("value", value); }
    if (opened) {
      query.set("open", ids[opened.item]);
      for (const side of opened.sides) query.append("side", head.conditions[side].name);
    }
    try {
      history.replaceState(null, "", "#trials?" + query.toString());
    } catch {
      // Some browsers count how often an address changes.
    }
  }

  async function filter(quiet) {
    turn += 1;
    const mine = turn;
    const wanted = read();
    if (wanted.text !== "" && !(await allTexts(mine))) return;
    const begun = performance.now();
    found = matching(wanted);
    page = 0;
    await show(mine);
    root.dataset.filterMs = (performance.now() - begun).toFixed(1);
    root.dataset.found = String(found.length);
    if (!quiet) address(wanted);
  }

  async function show(mine) {
    const first = page * PAGE;
    const rows = found.slice(first, first + PAGE);
    const read = new Map();
    for (const part of new Set(rows.map(partOf))) read.set(part, await textsOf(part));
    if (mine !== turn) return;
    const metric = field.metric.value;
    const columns = head.columns
      .map((column, at) => [column, at])
      .filter(([column]) => column.metric || column.name === metric || column.name === "latency" || column.name === "cost");
    const titles = ["item", "condition"];
    if (repeats > 1) titles.push("repeat");
    const line = make("tr");
    for (const title of titles) line.append(heading(title, ""));
    for (const [column] of columns) line.append(heading(column.name, "number"));
    line.append(heading("answer, or why there is none", ""));
    list.tHead.replaceChildren(line);
    list.tBodies[0].replaceChildren(...rows.map((trial) => row(trial, read.get(partOf(trial)), columns)));
    list.hidden = rows.length === 0;
    get("trials-back").disabled = page === 0;
    get("trials-on").disabled = first + PAGE >= found.length;
    const total = head.trials.toLocaleString("en");
    say(found.length === 0
      ? "No trial of " + total + " fits the filter."
      : found.length.toLocaleString("en") + " of " + total + " trials fit; these are " + (first + 1).toLocaleString("en") + " to " + (first + rows.length).toLocaleString("en") + ".");
  }

  function heading(text, className) {
    const cell = make("th", className, words(text));
    cell.scope = "col";
    return cell;
  }

  function row(trial, read, columns) {
    const item = place.item[trial];
    const open = make("button", "open", make("span", "unseen", "Open item "), words(ids[item]));
    open.type = "button";
    open.dataset.trial = trial;
    open.addEventListener("click", () => { from = open; openItem(item, null, place.condition[trial]); });
    const first = make("th", "", open);
    first.scope = "row";
    const line = make("tr", "", first, make("td", "", words(head.conditions[place.condition[trial]].name)));
    if (repeats > 1) line.append(make("td", "number", String(place.repeat[trial] + 1)));
    for (const [column, at] of columns) line.append(make("td", "number", shown(values[at][trial], column.scale)));
    const cell = make("td", "excerpt");
    if (place.failure[trial] > 0) cell.append(make("span", "failed", head.failures[place.failure[trial]]), ": ");
    const text = read.answers[trial - starts[partOf(trial)]];
    cell.append(words(text.length > EXCERPT ? text.slice(0, EXCERPT) + "…" : text));
    line.append(cell);
    return line;
  }

  // All trials of an item, by condition.
  function trialsOf(item) {
    const own = new Map();
    for (let trial = 0; trial < head.trials; trial += 1) {
      if (place.item[trial] !== item) continue;
      const condition = place.condition[trial];
      if (!own.has(condition)) own.set(condition, []);
      own.get(condition).push(trial);
    }
    return own;
  }

  async function openItem(item, sides, first) {
    const own = trialsOf(item);
    const there = [...own.keys()].sort((a, b) => a - b);
    if (sides === null) {
      const chosen = read().condition;
      const wanted = there.filter((at) => chosen.includes(head.conditions[at].name));
      const begin = wanted.length > 1 ? wanted : [first, ...there.filter((at) => at !== first)];
      sides = begin.filter((at) => at !== undefined).slice(0, SIDES).sort((a, b) => a - b);
    }
    opened = { item, sides };
    address(read());
    const boxes = there.map((at) => {
      const box = make("input");
      box.type = "checkbox";
      box.checked = sides.includes(at);
      box.value = String(at);
      box.addEventListener("change", () => {
        const on = there.filter((one) => (one === at ? box.checked : opened.sides.includes(one)));
        opened = { item, sides: on };
        address(read());
        drawSides(own);
      });
      return make("label", "", box, " ", words(head.conditions[at].name));
    });
    get("trial-head").replaceChildren("Item ", words(ids[item]));
    get("trial-sides").replaceChildren(make("legend", "", "Conditions side by side"), ...boxes);
    await textsOf(partOf(own.values().next().value[0]));
    if (opened?.item !== item) return;
    const [input, target] = asked[item];
    const told = get("trial-item");
    told.replaceChildren(make("dt", "", "Input"), make("dd", "", make("div", "words", words(input))));
    if (target !== "null") {
      let text = target;
      try { const value = JSON.parse(target); if (typeof value === "string") text = value; } catch { /* As it stands. */ }
      told.append(make("dt", "", "Target"), make("dd", "", make("div", "words", words(text))));
    }
    await drawSides(own);
    detail.hidden = false;
    detail.focus();
    detail.scrollIntoView({ block: "start" });
  }

  async function drawSides(own) {
    const now = opened;
    const columns = await Promise.all(now.sides.map((side) => drawSide(side, own.get(side) ?? [])));
    if (now === opened) get("trial-side").replaceChildren(...columns);
  }

  async function drawSide(side, trials) {
    const { name, title } = head.conditions[side];
    const article = make("article", "", make("h4", "", words(title ? name + ": " + title : name)));
    article.dataset.condition = name;
    for (const trial of trials) {
      const part = partOf(trial);
      const at = trial - starts[part];
      const [texts, calls] = await Promise.all([textsOf(part), callsOf(part)]);
      if (trials.length > 1) article.append(make("h5", "", "Repeat " + (place.repeat[trial] + 1)));
      drawTrial(article, trial, texts.answers[at], calls.trials[at], calls.pool);
    }
    return article;
  }

  function drawTrial(article, trial, text, more, pool) {
    const failure = place.failure[trial];
    if (failure > 0) article.append(make("p", "failed", "Failed: " + head.failures[failure]));
    article.append(make("div", "words answer", words(text)));
    const figures = make("dl", "figures");
    const add = (name, value) => figures.append(make("dt", "", words(name)), make("dd", "", words(value)));
    head.columns.forEach((column, at) => {
      const value = values[at][trial];
      if (Number.isNaN(value) && !column.metric) return;
      const why = more.problems?.[at];
      add(column.name, why === undefined ? shown(value, column.scale) : "failed: " + why);
    });
    if (more.confidence !== undefined) add("confidence", shown(more.confidence, "fraction"));
    if (more.waited >= 0.001) add("waited", shown(more.waited, "duration"));
    add("trial", more.id);
    article.append(figures);
    if (more.votes) article.append(drawVotes(more.votes));
    if (more.trace) article.append(folded(more.trace.length + (more.trace.length === 1 ? " line of trace" : " lines of trace"), more.trace.map((one) => make("div", "words", words(one)))));
    if (more.calls.length > 0) {
      const count = more.calls.length + (more.calls.length === 1 ? " call" : " calls");
      article.append(folded(count, more.calls.map((call) => drawCall(call, text, pool))));
    }
  }

  function folded(summary, inside) {
    return make("details", "", make("summary", "", summary), ...inside);
  }

  function drawVotes(votes) {
    const body = make("tbody");
    for (const vote of votes) {
      const member = make("th", "", words(vote.member));
      member.scope = "row";
      const answer = vote.error === null ? (typeof vote.answer === "string" ? vote.answer : vote.answer === null ? "abstains" : JSON.stringify(vote.answer)) : "failed: " + vote.error;
      body.append(make("tr", "", member, make("td", "", words(answer)), make("td", "", vote.won ? "won" : "")));
    }
    const titles = make("tr", "", heading("member", ""), heading("vote", ""), heading("outcome", ""));
    return make("table", "", make("caption", "", "Votes"), make("thead", "", titles), body);
  }

  function drawCall(call, text, pool) {
    const box = make("div", "call");
    const figures = make("dl", "figures");
    const add = (name, value) => figures.append(make("dt", "", name), make("dd", "", words(value)));
    add("model", call.model + (call.resolved && call.resolved !== call.model ? " (" + call.resolved + ")" : ""));
    if (call.place) add("place", call.place);
    if (call.latency !== null) add("latency", shown(call.latency, "duration"));
    if (call.waited >= 0.001) add("waited", shown(call.waited, "duration"));
    if (call.cost !== null) add("cost", shown(call.cost, "money"));
    if (call.tokens[0] !== null) add("tokens sent", String(call.tokens[0]));
    if (call.tokens[1] !== null) add("tokens received", String(call.tokens[1]));
    if (call.attempts > 1) add("attempts", String(call.attempts));
    if (call.cached) add("answer", "from the cache");
    if (call.finish) add("ended", call.finish);
    box.append(figures);
    if (call.system !== undefined) box.append(said("System", pool[call.system]));
    for (const [who, at] of call.asked) box.append(said(who === "u" ? "Prompt" : "Earlier answer", pool[at]));
    box.append(call.failure === undefined ? said("Answer", call.answer ?? text) : said("Failed", call.failure));
    return box;
  }

  function said(what, text) {
    return make("div", "", make("strong", "", what), make("div", "words", words(text)));
  }

  function close() {
    if (!opened) return;
    opened = null;
    detail.hidden = true;
    address(read());
    const back = from?.isConnected ? from : list.querySelector("button");
    (back ?? field.text).focus();
  }

  // Opens the item before or after among those that fit.
  function step(by) {
    if (!opened) return;
    const items = [...new Set(found.map((trial) => place.item[trial]))];
    const next = items[items.indexOf(opened.item) + by];
    if (next !== undefined) openItem(next, opened.sides, undefined);
  }

  // Takes the filter of an address such as `#trials?condition=a&failure=yes`.
  async function follow(quiet) {
    const mark = "#trials?";
    if (!location.hash.startsWith(mark)) return false;
    const query = new URLSearchParams(location.hash.slice(mark.length));
    following = true;
    form.reset();
    following = false;
    const conditions = query.getAll("condition");
    for (const option of field.condition.options) option.selected = conditions.includes(option.value);
    for (const key of ["metric", "state", "min", "max", "failure", "text", "item", "order"]) {
      const value = query.get(key);
      if (value !== null) field[key].value = value;
    }
    if (field.metric.selectedIndex < 0) field.metric.selectedIndex = 0;
    const columns = query.getAll("column");
    const labels = query.getAll("value");
    for (const select of get("trials-labels").querySelectorAll("select")) {
      const at = columns.indexOf(select.dataset.column);
      if (at >= 0) select.value = labels[at];
    }
    opened = null;
    detail.hidden = true;
    await filter(true);
    const item = several.get(query.get("open"))?.[0];
    if (item !== undefined) {
      const sides = query.getAll("side").map((name) => head.conditions.findIndex((one) => one.name === name)).filter((at) => at >= 0);
      await openItem(item, sides.length > 0 ? sides.slice() : null, undefined);
    } else if (!quiet) {
      root.scrollIntoView({ block: "start" });
      get("trials").setAttribute("tabindex", "-1");
      get("trials").focus({ preventScroll: true });
    }
    return true;
  }

  function prepare(columns) {
    const n = head.trials;
    ["item", "condition", "repeat", "failure"].forEach((name, at) => {
      place[name] = new Uint32Array(columns.slice(at * 4 * n, (at + 1) * 4 * n));
    });
    values = head.columns.map((_, at) => new Float64Array(columns.slice(16 * n + at * 8 * n, 16 * n + (at + 1) * 8 * n)));
    let first = 0;
    starts = head.parts.map((count) => { const start = first; first += count; return start; });
    for (const repeat of place.repeat) if (repeat + 1 > repeats) repeats = repeat + 1;
    for (const [index, id] of Object.entries(head.items)) {
      ids[index] = id;
      if (!several.has(id)) several.set(id, []);
      several.get(id).push(Number(index));
    }
    const option = (value, text) => { const one = make("option", "", words(text)); one.value = value; return one; };
    field.condition.replaceChildren(...head.conditions.map((one) => option(one.name, one.name)));
    field.metric.replaceChildren(...head.columns.map((one) => option(one.name, one.name)));
    field.failure.append(...head.failures.slice(1).map((kind) => option(kind, kind)));
    head.labels.forEach((label, at) => {
      const select = make("select", "", option("", "any"), ...label.values.map((value) => option(value, value)));
      select.id = "trials-label-" + at;
      select.dataset.column = label.column;
      const name = make("label", "", words(label.column));
      name.htmlFor = select.id;
      get("trials-labels").append(make("div", "field", name, select));
    });
  }

  function listen() {
    let waiting = 0;
    form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 60); });
    form.addEventListener("submit", (event) => { event.preventDefault(); filter(); });
    form.addEventListener("reset", () => { if (!following) setTimeout(filter, 0); });
    const turnPage = (by) => { page += by; turn += 1; show(turn); };
    get("trials-back").addEventListener("click", () => turnPage(-1));
    get("trials-on").addEventListener("click", () => turnPage(1));
    get("trial-close").addEventListener("click", close);
    get("trial-before").addEventListener("click", () => step(-1));
    get("trial-after").addEventListener("click", () => step(1));
    detail.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
    window.addEventListener("hashchange", () => follow(false));
  }

  async function begin() {
    say("Reading the trials.");
    head = await source.head();
    if (head === null || head.trials === 0) {
      say("There are no trials to show.");
      return;
    }
    prepare(await source.columns());
    listen();
    if (!(await follow(false))) await filter(true);
    root.dataset.ready = "true";
    // Then the answers, so that a search finds them at hand.
    await allTexts(undefined);
    root.dataset.searchable = "true";
  }

  begin().catch((error) => {
    say("The trials cannot be shown: " + error.message);
    root.dataset.failed = "true";
  });
}
