// The form of a row: a control for each scalar, groups for objects, lists and maps.
const NUMERIC = new Set(["number", "integer"]);

// A text for places that cannot have elements: what is not visible is written by its name.
function plainText(text) {
  return text.replace(CONTROL, (sign) => "\u27e8" + (NAMES[sign] || "U+" + sign.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")) + "\u27e9");
}

// Draws nodes; calls `on.edit(node)`, `on.restructure(node)` after items were added, moved or removed, and `on.focus(node)`.
class Form {
  constructor(model, below, on) {
    Object.assign(this, {model, below, on});
  }

  draw(container) {
    container.replaceChildren();
    this.drawNode(container, this.model.root, [], "value", null);
  }

  drawNode(parent, node, path, name, place) {
    const isGroup = node.kind === "list" || node.kind === "object";
    node.name = plainText(pathText(path));
    node.control = null;
    const row = element("div", isGroup ? "group" : "field");
    parent.append(row);
    node.row = row;
    this.drawHead(row, node, name, place);
    if (node.kind === "list") this.drawItems(row, node, path);
    else if (node.kind === "object") this.drawEntries(row, node, path);
    else this.drawScalar(row, node);
  }

  // The name, the alternatives of a union, and the buttons of an item or a key.
  drawHead(row, node, name, place) {
    const head = element("div", "head"), label = element("span", "key", String(name));
    if (node.schema.description) label.title = plainText(String(node.schema.description));
    if (place && place.rename) this.drawKey(head, node, place);
    else head.append(label);
    node.note = element("span", "how");
    head.append(node.note);
    if (node.branches.length > 1) this.drawBranches(head, node);
    if (place) {
      if (place.move) head.append(this.button("\u2191", "Move up " + node.name, () => place.move(-1)), this.button("\u2193", "Move down " + node.name, () => place.move(1)));
      if (place.remove) head.append(this.button("\u00d7", "Delete " + node.name, place.remove));
    }
    node.place = place;
    row.append(head);
  }

  button(sign, label, act) {
    const button = element("button", "small", sign);
    button.type = "button";
    button.tabIndex = -1;  // the keyboard has Alt and a key for each
    button.title = label;
    button.setAttribute("aria-label", label);
    button.addEventListener("click", act);
    return button;
  }

  drawKey(head, node, place) {
    const input = element("input", "map-key");
    input.value = place.key;
    input.setAttribute("aria-label", "Key of " + node.name);
    input.addEventListener("input", () => { place.rename(input.value); this.on.edit(node); });
    this.watch(input, node);
    head.append(input);
  }

  drawBranches(head, node) {
    const select = element("select", "branch");
    node.branches.forEach((branch, n) => select.append(this.option(n, this.describe(branch), n === node.number)));
    select.setAttribute("aria-label", "Kind of " + node.name);
    select.addEventListener("change", () => { this.model.switchTo(node, Number(select.value)); this.on.restructure(node); });
    this.watch(select, node);
    if (node.kind === "null") node.control = select;
    head.append(select);
  }

  describe(branch) {
    const kind = kindOf(branch), keys = Object.keys(branch.properties || {});
    return plainText(branch.title || (kind === "object" && keys.length ? keys.slice(0, 3).join(", ") : kind === "choice" ? "choice" : kind));
  }

  option(value, text, isSelected) {
    const option = document.createElement("option");
    option.value = value;
    option.textContent = text;
    option.selected = isSelected;
    return option;
  }

  drawItems(row, node, path) {
    const fixed = (node.branch.prefixItems || []).length;
    node.items.forEach((item, n) => this.drawNode(row, item, [...path, n], "[" + n + "]", n < fixed ? null : {
      move: (step) => this.move(node, n, step, fixed),
      remove: () => { node.items.splice(n, 1); this.on.restructure(node.items[Math.min(n, node.items.length - 1)] || node); },
      insert: () => this.on.restructure(this.model.addItem(node, n + 1)),
    }));
    if (node.branch.items !== false) this.drawAdd(row, node, "item", () => this.model.addItem(node, node.items.length));
  }

  move(node, from, step, fixed) {
    const to = from + step;
    if (to < fixed || to >= node.items.length) return;
    node.items.splice(to, 0, ...node.items.splice(from, 1));
    this.on.restructure(node.items[to]);
  }

  drawEntries(row, node, path) {
    node.entries.forEach((entry, n) => this.drawNode(row, entry.node, [...path, entry.key], entry.key, entry.isRequired ? null : {
      remove: () => { node.entries.splice(n, 1); this.on.restructure(node.entries[Math.min(n, node.entries.length - 1)]?.node || node); },
      ...(entry.isDeclared ? {} : {key: entry.key, rename: (key) => { entry.key = key; }, insert: () => this.on.restructure(this.model.addKey(node, ""))}),
    }));
    const keys = new Set(node.entries.map((entry) => entry.key));
    for (const key of Object.keys(node.branch.properties || {})) {
      if (!keys.has(key)) this.drawAdd(row, node, key, () => this.model.addKey(node, key));
    }
    if (allowsKeys(node.branch)) this.drawAdd(row, node, "key", () => this.model.addKey(node, ""));
  }

  drawAdd(row, node, name, add) {
    const button = element("button", "add", "+ " + name);
    button.type = "button";
    button.setAttribute("aria-label", "Add " + plainText(name) + " to " + node.name);
    button.addEventListener("click", () => this.on.restructure(add()));
    this.watch(button, node);
    if (!node.control || !node.control.isConnected) node.control = button;
    row.append(button);
  }

  drawScalar(row, node) {
    const control = node.kind === "null" ? null : node.kind === "choice" || node.kind === "boolean" ? this.select(node) : this.input(node);
    node.shown = element("div", "shown");
    if (control) {
      control.setAttribute("aria-label", node.name);
      this.watch(control, node);
      node.control = control;
      row.append(control);
    } else if (node.branches.length < 2) row.append(element("span", "value", "null"));
    row.append(node.shown);
    this.mark(node);
  }

  select(node) {
    const select = document.createElement("select");
    const choices = node.kind === "boolean" ? [true, false] : choicesOf(node.branch), texts = choices.map((each) => writeExact(toExact(each)));
    if (node.value === UNSET) select.append(this.option("", "choose", true));
    choices.forEach((each, n) => select.append(this.option(n, plainText(typeof each === "string" ? each || "(empty)" : texts[n]), node.value !== UNSET && texts[n] === writeExact(node.value))));
    select.addEventListener("change", () => this.edit(node, select.value === "" ? UNSET : toExact(choices[Number(select.value)])));
    return select;
  }

  input(node) {
    const input = document.createElement(NUMERIC.has(node.kind) ? "input" : "textarea");
    if (NUMERIC.has(node.kind)) input.inputMode = "decimal";
    else input.rows = Math.min(12, 1 + Math.floor((node.kind === "any" ? node.text : node.value).length / 45) + ((node.value?.match?.(/\n/g) || []).length));
    input.spellcheck = false;
    input.value = NUMERIC.has(node.kind) ? (node.value === UNSET ? "" : node.value.text) : node.kind === "any" ? node.text : node.value;
    input.addEventListener("input", () => {
      if (node.kind === "any") node.text = input.value;
      const isNumber = (node.kind === "integer" ? INTEGER : NUMBER).test(input.value.trim());
      this.edit(node, NUMERIC.has(node.kind) ? (isNumber ? new ExactNumber(input.value.trim()) : UNSET) : input.value);
    });
    return input;
  }

  edit(node, value) {
    node.value = value;
    forget(node);
    this.mark(node);
    this.on.edit(node);
  }

  watch(control, node) {
    control.name = "field";
    control.addEventListener("focus", () => this.on.focus(node));
  }

  // What is known of a scalar, beside it.
  mark(node) {
    const isLow = node.confidence !== undefined && node.confidence !== null && node.confidence < this.below;
    const invalid = node.value === UNSET || (node.kind === "any" && !isJSON(node.text));
    node.isFlagged = node.how === "" || isLow || invalid;
    node.row.classList.toggle("missing", node.how === "");
    node.row.classList.toggle("low", isLow);
    node.row.classList.toggle("invalid", invalid);
    node.row.classList.toggle("several", node.places.length > 1);
    const parts = [invalid ? "no valid value" : node.how === "" ? "not in the text" : node.isPicked ? "selected" : node.places.length > 1 ? node.places.length + " places" : node.how || ""];
    if (node.confidence !== undefined && node.confidence !== null) parts.push((isLow ? "low " : "") + Math.round(node.confidence * 100) + " %");
    node.note.textContent = parts.filter(Boolean).join(" \u00b7 ");
    node.shown.replaceChildren();
    if (typeof node.value === "string" && node.value.search(CONTROL) >= 0) appendText(node.shown, node.value);
    if (node.control && node.kind !== "null") node.control.setAttribute("aria-invalid", String(invalid));
  }
}

function isJSON(text) {
  try { return JSON.parse(text) !== undefined; } catch { return false; }
}
