"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const PAGE = 50;
  const CUT = 220;

  // What could hide or forge words is shown as a mark.
  const clean = (text) => String(text)
    .replace(/[\u202a-\u202e\u2066-\u2069]/g, "\ufffd")
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, "\ufffd");
  const make = (name, text, parent) => {
    const element = document.createElement(name);
    if (text !== undefined && text !== null) element.textContent = clean(text);
    if (parent) parent.append(element);
    return element;
  };

  const unpack = async (name) => {
    const element = byId(name);
    const text = element.textContent;
    const bytes = Uint8Array.fromBase64
      ? Uint8Array.fromBase64(text)
      : Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  };

  // Which block holds a number: the last that begins at or before it.
  const blockOf = (starts, at) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle] <= at) low = middle; else high = middle - 1;
    }
    return low;
  };

  // Blocks that were unpacked last; more of them are not kept.
  const shelf = (kind, starts) => {
    const kept = new Map();
    return async (at) => {
      const block = blockOf(starts(), at);
      if (!kept.has(block)) {
        if (kept.size >= 40) kept.delete(kept.keys().next().value);
        kept.set(block, unpack(`trials-${kind}-${block}`));
      }
      return (await kept.get(block))[at - starts()[block]];
    };
  };

  let index;
  const itemAt = shelf("items", () => index.item_blocks);
  const textAt = shelf("texts", () => index.text_blocks);

  // Everything that is searched, in small letters; made when it is first asked for.
  let searchable;
  const gather = () => {
    searchable ||= (async () => {
      const questions = [];
      for (let block = 0; block < index.item_blocks.length; block += 1) {
        for (const item of await unpack(`trials-items-${block}`)) {
          questions.push(item.input.toLowerCase());
        }
      }
      const answers = [];
      for (let block = 0; block < index.text_blocks.length; block += 1) {
        for (const sheet of await unpack(`trials-texts-${block}`)) {
          answers.push((sheet.text ?? sheet.message ?? "").toLowerCase());
        }
        tell(`Reading the texts: ${Math.round(100 * block / index.text_blocks.length)}%`);
      }
      return { questions, answers };
    })();
    return searchable;
  };

  const tell = (text) => { byId("x-count").textContent = text; };
  const number = (value, digits) => value === null || value === undefined
    ? "–" : Number(value.toPrecision(digits)).toLocaleString("en");
  const seconds = (value) => value === null || value === undefined ? "–"
    : value < 1 ? `${number(value * 1000, 3)} ms` : `${number(value, 3)} s`;
  const money = (value) => value === null || value === undefined ? "–" : `$${number(value, 4)}`;
  const score = (metric, value) => {
    if (value === null || value === undefined) return "–";
    return index.metrics[metric].scale === "binary" ? (value >= 1 ? "right" : "wrong") : number(value, 4);
  };

  const state = () => ({
    condition: byId("x-condition").value,
    metric: byId("x-metric").value,
    low: byId("x-low").value,
    high: byId("x-high").value,
    failure: byId("x-failure").value,
    text: byId("x-text").value,
    order: byId("x-order").value,
  });

  let found = [];
  let page = 0;
  let asked = 0;

  const search = async () => {
    const mine = ++asked;
    const wanted = state();
    const words = wanted.text.trim().toLowerCase();
    const texts = words ? await gather() : undefined;
    if (mine !== asked) return;
    const condition = wanted.condition === "" ? -1 : Number(wanted.condition);
    const metric = wanted.metric === "" ? -1 : Number(wanted.metric);
    const low = wanted.low === "" ? -Infinity : Number(wanted.low);
    const high = wanted.high === "" ? Infinity : Number(wanted.high);
    const scored = metric >= 0 && (wanted.low !== "" || wanted.high !== "");
    const column = metric >= 0 ? index.scores[metric] : undefined;
    const failure = wanted.failure;
    const kind = failure === "" || failure === "none" || failure === "some" ? 0 : Number(failure);
    const hit = words && texts.questions.map((question, at) => question.includes(words)
      || index.items[at].toLowerCase() === words);
    found = [];
    for (let at = 0; at < index.item.length; at += 1) {
      if (condition >= 0 && index.condition[at] !== condition) continue;
      const failed = index.failure[at];
      if (failure === "none" ? failed !== 0 : failure === "some" ? failed === 0 : kind && failed !== kind) continue;
      if (scored) {
        const value = column[at];
        if (value === null || value < low || value > high) continue;
      }
      if (words && !hit[index.item[at]] && !texts.answers[at].includes(words)) continue;
      found.push(at);
    }
    const down = (values) => (a, b) => (values[b] ?? -Infinity) - (values[a] ?? -Infinity) || a - b;
    if (wanted.order === "latency") found.sort(down(index.latency));
    if (wanted.order === "cost") found.sort(down(index.cost));
    if (wanted.order === "score" && column) {
      found.sort((a, b) => (column[a] ?? Infinity) - (column[b] ?? Infinity) || a - b);
    }
    page = 0;
    await show(mine);
  };

  const shown = (text) => text.length > CUT ? `${text.slice(0, CUT)}…` : text;

  const show = async (mine) => {
    const rows = document.createDocumentFragment();
    const part = found.slice(page * PAGE, (page + 1) * PAGE);
    for (const at of part) {
      const sheet = await textAt(at);
      if (mine !== asked) return;
      const row = make("tr", undefined, rows);
      const head = make("td", undefined, row);
      const repeat = index.repeats > 1 ? ` (${index.repeat[at] + 1})` : "";
      const open = make("button", index.items[index.item[at]] + repeat, head);
      open.type = "button";
      open.setAttribute("aria-label", clean(`Open item ${index.items[index.item[at]]} under ${index.conditions[index.condition[at]]}`));
      open.addEventListener("click", () => look(at, open));
      make("td", index.conditions[index.condition[at]], row);
      const failed = index.failure[at];
      const answer = failed ? `${index.failures[failed - 1]}: ${sheet.message ?? ""}` : sheet.text ?? "";
      make("td", shown(answer), row).className = "text";
      index.metrics.forEach((metric, m) => {
        make("td", score(m, index.scores[m][at]), row).className = "number";
      });
      make("td", seconds(index.latency[at]), row).className = "number";
      make("td", money(index.cost[at]), row).className = "number";
    }
    byId("x-rows").replaceChildren(rows);
    const last = Math.max(1, Math.ceil(found.length / PAGE));
    tell(`${found.length.toLocaleString("en")} of ${index.item.length.toLocaleString("en")} trials.`);
    byId("x-page").textContent = `Page ${(page + 1).toLocaleString("en")} of ${last.toLocaleString("en")}`;
    byId("x-back").disabled = page === 0;
    byId("x-on").disabled = page + 1 >= last;
  };

  const list = (parent, pairs) => {
    const all = make("dl", undefined, parent);
    for (const [name, value] of pairs) {
      make("dt", name, all);
      make("dd", value, all);
    }
  };

  const block = (parent, head, text) => {
    make("h5", head, parent);
    const body = make("pre", text, parent);
    body.dir = "auto";
    body.tabIndex = 0;
  };

  const sheetOf = async (at, parent) => {
    const sheet = await textAt(at);
    const box = make("div", undefined, parent);
    box.className = "sheet";
    const repeat = index.repeats > 1 ? `, repeat ${index.repeat[at] + 1}` : "";
    make("h4", index.conditions[index.condition[at]] + repeat, box);
    const failed = index.failure[at];
    if (failed) block(box, `Failed: ${index.failures[failed - 1]}`, sheet.message ?? "");
    else block(box, "Answer", sheet.text ?? "");
    const pairs = index.metrics.map((metric, m) => [metric.name, score(m, index.scores[m][at])]);
    for (const [metric, problem] of sheet.problems ?? []) {
      pairs.push([`${index.metrics[metric].name} failed`, problem]);
    }
    if (sheet.confidence !== undefined) pairs.push(["confidence", number(sheet.confidence, 4)]);
    pairs.push(["latency", seconds(index.latency[at])], ["waited", seconds(sheet.waited)],
      ["cost", money(index.cost[at])], ["requests", String(sheet.requests)],
      ["tokens in and out", `${sheet.tokens_in ?? "–"} and ${sheet.tokens_out ?? "–"}`]);
    list(box, pairs);
    if (sheet.votes) {
      make("h5", "Votes", box);
      const region = make("div", undefined, box);
      region.className = "scroll";
      region.tabIndex = 0;
      region.setAttribute("role", "region");
      region.setAttribute("aria-label", clean(`Votes under ${index.conditions[index.condition[at]]}`));
      const table = make("table", undefined, region);
      const head = make("tr", undefined, make("thead", undefined, table));
      for (const name of ["member", "answer", "confidence", "latency", "cost", "won"]) {
        make("th", name, head).scope = "col";
      }
      const body = make("tbody", undefined, table);
      for (const vote of sheet.votes) {
        const row = make("tr", undefined, body);
        make("th", vote.member, row).scope = "row";
        make("td", vote.answer === null ? vote.error ?? "abstained"
          : typeof vote.answer === "string" ? vote.answer : JSON.stringify(vote.answer), row);
        make("td", number(vote.confidence, 4), row);
        make("td", seconds(vote.latency), row);
        make("td", money(vote.cost), row);
        make("td", vote.won ? "yes" : "no", row);
      }
    }
    if (sheet.trace) block(box, "Trace", sheet.trace.join("\n"));
    for (const call of sheet.calls) {
      const part = make("details", undefined, box);
      make("summary", `Call ${call.place}: ${call.model}, ${call.cached ? "from the cache" : seconds(call.latency)}`, part);
      if (call.system) block(part, "System", call.system);
      for (const message of call.messages) block(part, `Sent as ${message.role}`, message.text);
      if (call.text !== undefined) block(part, "Answered", call.text);
      if (call.message !== undefined) block(part, "Failed", call.message);
      list(part, [["waited", seconds(call.waited)], ["cost", money(call.cost)], ["requests", String(call.attempts)]]);
    }
  };

  let opened = -1;
  let opener;

  const look = async (at, from) => {
    opened = at;
    if (from) opener = from;
    const item = await itemAt(index.item[at]);
    byId("x-title").textContent = clean(`Item ${index.items[index.item[at]]}`);
    const box = byId("x-item");
    box.replaceChildren();
    block(box, "Question", item.input);
    if (item.target !== null) {
      block(box, "Target", typeof item.target === "string" ? item.target : JSON.stringify(item.target));
    }
    const other = byId("x-other").value;
    const beside = [];
    for (let one = 0; one < index.item.length; one += 1) {
      if (one === at || index.item[one] !== index.item[at] || index.repeat[one] !== index.repeat[at]) continue;
      if (other === "all" || (other !== "" && index.condition[one] === Number(other))) beside.push(one);
    }
    const side = document.createElement("div");
    for (const one of [at, ...beside]) await sheetOf(one, side);
    if (opened !== at) return;
    byId("x-side").replaceChildren(...side.childNodes);
    byId("x-detail").hidden = false;
    if (from) byId("x-title").focus();
  };

  const close = () => {
    byId("x-detail").hidden = true;
    opened = -1;
    if (opener && opener.isConnected) opener.focus();
  };

  // What is looked for stands in the address, so that a link can lead to it.
  const read = () => {
    const parts = location.hash.split("/");
    if (parts[0] !== "#trials" || parts.length === 1) return false;
    byId("x-form").reset();
    let item;
    for (const part of parts.slice(1)) {
      const at = part.indexOf("=");
      const value = decodeURIComponent(part.slice(at + 1));
      const place = (names) => { const found = names.indexOf(value); return found < 0 ? "" : String(found); };
      switch (part.slice(0, at)) {
        case "condition": byId("x-condition").value = place(index.conditions); break;
        case "metric": byId("x-metric").value = place(index.metrics.map((metric) => metric.name)); break;
        case "low": byId("x-low").value = value; break;
        case "high": byId("x-high").value = value; break;
        case "failure": {
          const found = place(index.failures);
          byId("x-failure").value = found === "" ? value : String(Number(found) + 1);
          break;
        }
        case "text": byId("x-text").value = value; break;
        case "order": byId("x-order").value = value; break;
        case "item": item = index.items.indexOf(value); break;
        case "beside": byId("x-other").value = value === "all" ? value : place(index.conditions); break;
      }
    }
    if (item !== undefined && item >= 0) {
      const condition = byId("x-condition").value;
      for (let at = 0; at < index.item.length; at += 1) {
        if (index.item[at] === item && (condition === "" || index.condition[at] === Number(condition))) {
          look(at, byId("x-close"));
          break;
        }
      }
    }
    byId("explorer").scrollIntoView();
    return true;
  };

  const write = () => {
    const wanted = state();
    const parts = [];
    if (wanted.condition !== "") parts.push(["condition", index.conditions[wanted.condition]]);
    if (wanted.metric !== "") parts.push(["metric", index.metrics[wanted.metric].name]);
    for (const name of ["low", "high", "text", "order"]) {
      if (wanted[name] !== "") parts.push([name, wanted[name]]);
    }
    const failure = wanted.failure;
    if (failure !== "") {
      parts.push(["failure", failure === "none" || failure === "some" ? failure : index.failures[failure - 1]]);
    }
    const hash = parts.map(([name, value]) => `/${name}=${encodeURIComponent(value)}`).join("");
    try { history.replaceState(null, "", `#trials${hash}`); } catch { /* some places keep no history */ }
  };

  // The tables above lead here.
  const connect = () => {
    const lead = (cell, hash) => {
      const link = document.createElement("a");
      link.href = `#trials${hash}`;
      link.append(...cell.childNodes);
      cell.append(link);
    };
    const word = encodeURIComponent;
    for (const cell of document.querySelectorAll("[data-condition]")) {
      const { condition, metric, failure, item } = cell.dataset;
      const known = index.conditions.includes(condition);
      if (metric !== undefined) {
        if (!known) continue;
        const m = index.metrics.findIndex((one) => one.name === metric);
        if (m >= 0) lead(cell, `/condition=${word(condition)}/metric=${word(metric)}/order=score`);
        else if (metric === "latency" || metric === "cost") lead(cell, `/condition=${word(condition)}/order=${metric}`);
        else if (metric === "failed") lead(cell, `/condition=${word(condition)}/failure=some`);
        else if (metric === "trials") lead(cell, `/condition=${word(condition)}`);
      } else if (failure !== undefined) {
        if (known) lead(cell, `/condition=${word(condition)}/failure=${word(failure)}`);
      } else if (item !== undefined) {
        lead(cell, `/item=${word(item)}/beside=all${known ? `/condition=${word(condition)}` : ""}`);
      } else if (known) lead(cell, `/condition=${word(condition)}`);
    }
  };

  const later = (work, wait) => {
    let timer;
    return () => { clearTimeout(timer); timer = setTimeout(work, wait); };
  };

  const begin = async () => {
    index = await unpack("trials-index");
    index.repeats = index.repeat.reduce((most, one) => Math.max(most, one + 1), 1);
    index.conditions.forEach((name, at) => {
      make("option", name, byId("x-condition")).value = String(at);
      make("option", name, byId("x-other")).value = String(at);
    });
    const head = byId("x-head");
    index.metrics.forEach((metric, at) => {
      make("option", metric.name, byId("x-metric")).value = String(at);
      const cell = make("th", metric.name, head);
      cell.scope = "col";
      cell.className = "number";
    });
    for (const name of ["latency", "cost"]) {
      const cell = make("th", name, head);
      cell.scope = "col";
      cell.className = "number";
    }
    index.failures.forEach((name, at) => {
      make("option", name, byId("x-failure")).value = String(at + 1);
    });
    connect();
    const changed = () => { write(); search(); };
    const form = byId("x-form");
    form.addEventListener("change", changed);
    byId("x-text").addEventListener("input", later(changed, 150));
    form.addEventListener("reset", () => setTimeout(changed));
    form.addEventListener("submit", (event) => { event.preventDefault(); changed(); });
    byId("x-beside").addEventListener("submit", (event) => event.preventDefault());
    byId("x-other").addEventListener("change", () => { if (opened >= 0) look(opened); });
    byId("x-close").addEventListener("click", close);
    byId("x-detail").addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
    const turn = (by) => async () => {
      page += by;
      await show(asked);
    };
    byId("x-back").addEventListener("click", turn(-1));
    byId("x-on").addEventListener("click", turn(1));
    addEventListener("hashchange", () => { if (read()) search(); });
    read();
    await search();
    byId("explorer").dataset.ready = "yes";
  };

  begin().catch((error) => tell(`The trials cannot be shown: ${clean(error)}`));
})();
