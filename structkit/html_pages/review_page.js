const data = JSON.parse(document.getElementById("data").textContent);
document.getElementById("data").remove();  // its text is larger than what was read from it
const ROW_HEIGHT = 46;
const $ = (id) => document.getElementById(id), list = $("rows"), sources = $("sources"), form = $("form");
let rows, store, current = 0, original, model, view, focused = null, lastDrawn = "";

function announce(text) {
  $("status").textContent = text;
}

// One action after the other: a key that is pressed while a server saves counts for the row after it.
const actions = [];
let isWaiting = false;

function perform(act) {
  if (isWaiting) return void actions.push(act);
  const result = act();
  if (!(result instanceof Promise)) return;
  isWaiting = form.inert = true;
  result.catch((error) => { actions.length = 0; showProblem(error); }).finally(() => {
    isWaiting = form.inert = false;
    while (actions.length && !isWaiting) perform(actions.shift());
  });
}

function showProblem(error) {
  $("problem").hidden = false;
  $("problem-text").replaceChildren();
  appendText($("problem-text"), String(error.message || error));
  $("reload").hidden = error.problem !== "table";
}

// The list: only the rows that are visible are elements.
function drawList(force) {
  const first = Math.max(0, Math.floor(list.scrollTop / ROW_HEIGHT) - 5);
  const last = Math.min(rows.length, Math.ceil((list.scrollTop + list.clientHeight) / ROW_HEIGHT) + 5);
  if (!force && lastDrawn === first + "-" + last) return;
  lastDrawn = first + "-" + last;
  const items = [];
  for (let n = first; n < last; n += 1) items.push(drawItem(n));
  $("items").replaceChildren(...items);
  list.setAttribute("aria-activedescendant", "row-" + current);
}

function drawItem(number) {
  const row = rows.item(number), state = store.state(number);
  const item = element("div", "item " + state);
  Object.assign(item, {id: "row-" + number, role: "option", ariaSelected: String(number === current), ariaSetSize: rows.length, ariaPosInSet: number + 1});
  item.style.setProperty("--top", number * ROW_HEIGHT + "px");
  item.append(element("span", "state", {approved: "\u2713", rejected: "\u2717", edited: "\u2022", open: ""}[state]), element("span", "row-key", row.key));
  const flags = [row.failed ? "failed" : "", row.missing ? row.missing + " missing" : "", row.low ? row.low + " low" : ""].filter(Boolean).join(", ");
  item.append(element("span", "flags", flags), element("span", "snippet", row.snippet.replace(/\s+/g, " ")));
  item.addEventListener("click", () => perform(() => select(number)));
  return item;
}

function showInList(number) {
  const top = number * ROW_HEIGHT, bottom = top + ROW_HEIGHT;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (bottom > list.scrollTop + list.clientHeight) list.scrollTop = bottom - list.clientHeight;
  drawList(true);
}

function select(number) {
  if (!rows.length) return;
  current = Math.max(0, Math.min(number, rows.length - 1));
  focused = null;
  showInList(current);
  const loading = rows.load(current);
  if (!loading) return drawRow();
  model = null;
  form.replaceChildren();
  $("note").replaceChildren();
  sources.replaceChildren(element("p", "hint", "Loading\u2026"));
  return loading.then(drawRow);
}

function drawRow() {
  const row = rows.row(current), entry = store.get(current), text = entry.value ?? row.value;
  original = row.value === null ? undefined : parseExact(row.value);
  const fields = readFields(row);
  const picked = new Map((entry.picked || []).map((each) => [JSON.stringify(each.path), each.span]));
  const known = (path, value) => {
    const key = JSON.stringify(path), field = fields.get(key), before = exactAt(original, path);
    if (picked.has(key)) return {places: [picked.get(key)], isPicked: true};
    if (!field || before === undefined || value === UNSET || writeExact(before) !== writeExact(value)) return {};
    return {...field};
  };
  model = new Model(data.schema, text === null ? undefined : parseExact(text), known);
  view = new Form(model, data.below, {edit: saveDraft, restructure, focus: highlight});
  $("note").replaceChildren();
  appendText($("note"), [row.failed ? "This row failed" + (row.message ? ": " + row.message : "") : "", row.invalid || "",
    row.isStale ? "It was reviewed, and edited or labelled since" : "", store.problems?.get(current) || ""].filter(Boolean).join(" \u00b7 "));
  view.draw(form);
  form.scrollTop = sources.scrollTop = 0;
  drawSources();
  announce("Row " + (current + 1) + " of " + rows.length + ", " + plainText(row.key) + (entry.decision ? ", " + entry.decision : ""));
}

// What is known of scalars, by path: numbers of its path and of how, its confidence, its places.
function readFields(row) {
  const hows = row.hows || data.hows, paths = row.paths || data.paths;
  return new Map((row.fields ? row.fields.split("|") : []).map((part) => {
    const [path, how, confidence, ...places] = part.split(" ");
    const field = {how: hows[how] ?? undefined, confidence: confidence ? Number(confidence) : null, places: places.map((place) => place.split("-").map(Number))};
    return [JSON.stringify(paths[path]), field];
  }));
}

function drawSources() {
  const row = rows.row(current), top = sources.scrollTop;
  sources.replaceChildren();
  row.texts.forEach(([name, text], number) => {
    if (row.texts.length > 1) sources.append(element("h2", "", name));
    const section = element("div", "source"), spans = spansOf(number);
    section.dataset.number = number;
    const sheets = row.sheets && row.sheets[number];
    if (sheets && sheets.length) drawSheets(section, text, sheets, spans, drawMark, (sheet, figure) => watchSheet(figure, current, number, sheet));
    else drawText(section, text, spans, drawMark);
    sources.append(section);
  });
  if (!row.texts.length) sources.append(element("p", "hint", "This row has no text."));
  sources.scrollTop = top;
}

// The marks of a source.
function spansOf(number) {
  return leavesOf(model.root).flatMap(({node}) => node.places.flatMap(([start, end, at], n) => (
    (at || 0) === number ? [{start, end, node, first: n === 0}] : [])));
}

// The image of a page is read when the page comes into view.
const sheetsInView = new IntersectionObserver((entries) => entries.filter((each) => each.isIntersecting).forEach(({target}) => {
  sheetsInView.unobserve(target);
  loads.get(target)();
}), {root: sources, rootMargin: "600px"});
const loads = new WeakMap();
let goal = null;  // the page that was scrolled to because a mark is on it, which has no box yet

function watchSheet(figure, place, number, sheet) {
  loads.set(figure, () => rows.loadSheet(place, number, sheet).then(() => {
    if (place !== current || !model || !figure.isConnected) return;
    figure.replaceWith(drawSheet(sheet, rows.row(place).texts[number][1], spansOf(number), drawMark));
    if (focused) highlight(focused, goal !== figure);
  }, showProblem));
  sheetsInView.observe(figure);
}

const marked = new WeakMap();

function drawMark(part, spans) {
  const mark = element("mark", "", part), nodes = [...new Set(spans.map((span) => span.node))];
  if (nodes.length > 1) mark.classList.add("nested");
  if (nodes.some((node) => node.places.length > 1)) mark.classList.add("several");
  mark.title = nodes.map((node) => node.name).join(", ");
  mark.addEventListener("click", () => {
    if (!window.getSelection().isCollapsed) return;
    const at = nodes.indexOf(focused);
    focusNode(nodes[(at + 1) % nodes.length]);
  });
  marked.set(mark, spans);
  return mark;
}

function highlight(node, quiet) {
  if (focused) focused.row.classList.remove("focused");
  focused = node;
  node.row.classList.add("focused");
  let first = null;
  for (const mark of sources.querySelectorAll("mark")) {
    const spans = marked.get(mark).filter((span) => span.node === node), isFirst = spans.some((span) => span.first);
    mark.classList.toggle("chosen", isFirst);
    mark.classList.toggle("place", spans.length > 0);
    if (isFirst && !first) first = mark;
  }
  if (!first || quiet === true) return;
  goal = first.closest("details:not([open])") && first.closest("figure");
  (goal || first).scrollIntoView({block: "nearest"});
}

function focusNode(node) {
  const target = node.control && node.control.isConnected ? node : leavesOf(node).map((leaf) => leaf.node).find((leaf) => leaf.control);
  if (!target) return;
  target.control.focus();
  target.control.scrollIntoView({block: "nearest"});
}

function now() {
  return new Date().toISOString().replace(/\.\d+/, "");
}

// A value that is not complete is not stored; it is lost with the page, and the row cannot be approved.
function saveDraft() {
  const {value, problems, picked} = readNode(model.root);
  if (problems.length) return;
  const text = writeExact(value), isSame = original !== undefined && !findChanges(original, value).length;
  if (isSame) store.clear(current);
  else store.set(current, {value: text, picked, by: store.reviewer, at: now()});
  drawList(true);
  summarize();
}

function restructure(node) {
  view.draw(form);
  drawSources();
  saveDraft();
  if (node) focusNode(node);
}

function decide(decision) {
  if (!model) return;
  const {problems} = readNode(model.root);
  if (decision === "approved" && problems.length) {
    focusNode(problems[0].node);
    return announce("Not approved: " + plainText(pathText(problems[0].path)) + ": " + problems[0].message);
  }
  const {value, picked} = store.get(current), before = rows.row(current).value;
  const edited = value ?? (before === null ? writeExact(readNode(model.root).value) : undefined);
  const entry = {decision, ...(edited === undefined || decision === "rejected" ? {} : {value: edited, picked}), by: store.reviewer, at: now()};
  const saving = store.decide(current, entry);
  return saving ? saving.then((isSaved) => isSaved ? moveOn(decision) : select(current)) : moveOn(decision);
}

function moveOn(decision) {
  const key = plainText(rows.item(current).key), loading = select(Math.min(current + 1, rows.length - 1));
  summarize();
  list.focus({preventScroll: true});
  const report = () => announce((decision === "approved" ? "Approved " : "Rejected ") + key);
  return loading ? loading.then(report) : report();
}

function nextOpen() {
  if (rows.nextOpen) return rows.nextOpen(current).then((place) => place === null ? announce("No row is open.") : select(place));
  for (let n = 1; n <= rows.length; n += 1) {
    const number = (current + n) % rows.length;
    if (!store.get(number).decision) return select(number);
  }
  announce("No row is open.");
}

function discard() {
  if (!model) return;
  const saving = store.discard(current), redraw = () => { summarize(); return select(current); };
  return saving ? saving.then(redraw) : redraw();
}

function enterForm() {
  if (!model) return;
  const leaves = leavesOf(model.root).map((leaf) => leaf.node).filter((node) => node.control);
  focusNode(leaves.find((node) => node.isFlagged) || leaves[0] || model.root);
}

// Words of the source for the field that has, or last had, the focus.
function fillFromSelection() {
  const selection = window.getSelection(), node = focused;
  if (selection.isCollapsed || !node || !node.row.isConnected || !sources.contains(selection.anchorNode)) return false;
  const span = selectedSpan(selection.getRangeAt(0));
  if (!span) return false;
  const words = rows.row(current).texts[span[2]][1].slice(span[0], span[1]);
  const branch = node.kind === "null" ? node.branches.findIndex((each) => !["null", "list", "object", "any"].includes(kindOf(each))) : -1;
  if (branch >= 0) model.switchTo(node, branch);
  const value = readWords(node, words);
  if (value === undefined) {
    announce("Not a value of " + node.name + ": " + plainText(words));
    if (branch >= 0) restructure(node);
    return false;
  }
  node.value = value;
  Object.assign(node, {how: undefined, confidence: undefined, places: [span], isPicked: true});
  selection.removeAllRanges();
  restructure(node);
  announce(node.name + " is " + plainText(words));
  return true;
}

// The selected part of a source without white space around it, in units of its text.
function selectedSpan(range) {
  const section = elementOf(range.startContainer).closest(".source"), other = elementOf(range.endContainer).closest(".source");
  if (!section || section !== other) return null;
  let start = sourceOffset(range.startContainer, range.startOffset), end = sourceOffset(range.endContainer, range.endOffset);
  const text = rows.row(current).texts[Number(section.dataset.number)][1];
  while (start < end && /\s/.test(text[start])) start += 1;
  while (end > start && /\s/.test(text[end - 1])) end -= 1;
  return end > start ? [start, end, Number(section.dataset.number)] : null;
}

function elementOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement;
}

function sourceOffset(container, offset) {
  const chunk = elementOf(container).closest(".chunk, .word");
  if (!chunk) return 0;
  const range = document.createRange();
  range.setStart(chunk, 0);
  range.setEnd(container, offset);
  const part = range.cloneContents();
  const signs = [...part.querySelectorAll("[data-units]")];
  const extra = signs.reduce((sum, sign) => sum + (sign.textContent ? Number(sign.dataset.units) : 0) - sign.textContent.length, 0);
  return Number(chunk.dataset.start) + part.textContent.length + extra;
}

// With the keyboard: arrows select a word after another, Shift extends, Enter fills.
function selectWords(event) {
  const selection = window.getSelection(), forward = event.key === "ArrowRight" || event.key === "ArrowDown";
  if (!["ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"].includes(event.key)) return;
  event.preventDefault();
  if (selectPageWord(selection, event.key, event.shiftKey)) return;
  const unit = event.key === "ArrowDown" || event.key === "ArrowUp" ? "line" : "word", way = forward ? "forward" : "backward";
  if (!sources.contains(selection.anchorNode)) selection.collapse(sources.querySelector(".chunk") || sources, 0);
  if (event.shiftKey) return selection.modify("extend", way, unit);
  if (forward && unit === "word") selection.collapseToEnd();
  else selection.collapseToStart();
  if (unit === "line") selection.modify("move", way, unit);
  if (unit === "word" && !forward) selection.modify("move", "backward", "word");
  selection.modify("extend", "forward", "word");
  elementOf(selection.focusNode).scrollIntoView({block: "nearest"});
}

function saveGold() {
  if (data.isServed) return announce("Every decision is saved in " + plainText(data.gold) + " at once.");
  const lines = goldLines(rows, store);
  if (!lines.length) return announce("No row is approved or rejected yet.");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(lines, {type: "application/jsonl"}));
  link.download = "gold.jsonl";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  announce("Saved " + lines.length + (lines.length === 1 ? " row." : " rows."));
}

function summarize() {
  const parts = [rows.length.toLocaleString("en") + (rows.length === 1 ? " row" : " rows") + (rows.isComplete === false ? " so far" : ""),
    store.count("approved").toLocaleString("en") + " approved", store.count("rejected").toLocaleString("en") + " rejected"];
  $("summary").textContent = parts.join(" \u00b7 ");
}

const ROW_KEYS = {
  j: () => select(current + 1), ArrowDown: () => select(current + 1), k: () => select(current - 1), ArrowUp: () => select(current - 1),
  PageDown: () => select(current + 10), PageUp: () => select(current - 10), Home: () => select(0), End: () => select(rows.length - 1),
  a: () => decide("approved"), r: () => decide("rejected"), u: nextOpen, z: discard, s: saveGold, Enter: enterForm, "?": () => $("help").showModal(),
};
const LETTERS = /^[a-z?]$/;

function onKey(event) {
  if ($("help").open || $("conflict").open) return;
  const isEditable = event.target.matches("input, textarea, select"), inForm = form.contains(event.target);
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); return perform(() => decide("approved")); }
  if (inForm && event.altKey && focused && actOnItem(event)) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") { window.getSelection().removeAllRanges(); return list.focus(); }
  if (event.key === "F2") { event.preventDefault(); return sources.focus(); }
  if (event.target === sources && event.key === "Enter") { event.preventDefault(); return void fillFromSelection(); }
  if (event.target === sources && event.key.startsWith("Arrow")) return selectWords(event);
  const act = own(ROW_KEYS, event.key), onList = event.target === list || event.target === document.body;
  if (isEditable || !act || (!onList && !LETTERS.test(event.key))) return;
  event.preventDefault();
  perform(act);
}

// Alt and a key: moves, deletes or adds an item, also from a field within it.
function actOnItem(event) {
  const name = {ArrowUp: "move", ArrowDown: "move", Delete: "remove", Backspace: "remove", Insert: "insert", n: "insert"}[event.key];
  const node = name && itemOf(focused, name);
  if (!node) return false;
  event.preventDefault();
  node.place[name](event.key === "ArrowUp" ? -1 : 1);
  return true;
}

function itemOf(node, name) {
  const find = (inner, owner) => {
    const nearest = inner.place && inner.place[name] ? inner : owner;
    if (inner === node) return nearest;
    const within = inner.items || (inner.entries || []).map((entry) => entry.node);
    for (const each of within) {
      const found = find(each, nearest);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return find(model.root, null);
}

// Draw the list again after rows were added to it, or what is known of them has come.
function drawRows() {
  $("items").style.setProperty("--height", rows.length * ROW_HEIGHT + "px");
  drawList(true);
  summarize();
}

function listen() {
  $("by").value = store.reviewer;
  $("by").addEventListener("input", () => { store.reviewer = $("by").value.trim(); });
  list.addEventListener("scroll", () => drawList(false), {passive: true});
  window.addEventListener("resize", () => drawList(false));
  sources.addEventListener("mouseup", () => setTimeout(fillFromSelection));
  document.addEventListener("keydown", onKey);
  const decisions = {approve: () => decide("approved"), reject: () => decide("rejected"), save: saveGold};
  for (const [id, act] of Object.entries(decisions)) $(id).addEventListener("click", () => perform(act));
  $("keys").addEventListener("click", () => $("help").showModal());
  $("close").addEventListener("click", () => $("help").close());
}

function start() {
  appendText($("title"), data.title || "Review");
  listen();
  drawRows();
  if (!rows.length) return sources.append(element("p", "hint", rows.isComplete === false ? "Loading\u2026" : "No rows."));
  perform(() => {
    list.focus({preventScroll: true});
    if (data.isServed) return select(data.next ?? 0);
    return select(Math.max([...rows.rows.keys()].findIndex((number) => !store.get(number).decision), 0));
  });
}

function followOtherTabs() {
  window.addEventListener("storage", (event) => {
    if (!event.key || !event.key.startsWith(store.prefix)) return;
    const number = store.read(event.key, event.newValue);
    drawList(true);
    summarize();
    if (number === current) drawRow();
  });
}

if (data.isServed) {
  openServed(data).then(start, showProblem);
} else {
  rows = new PageRows(data.rows);
  store = new Store(data.digest, () => { $("storage").hidden = false; });
  followOtherTabs();
  start();
}
