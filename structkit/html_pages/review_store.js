// What a person has done, by row; kept in the browser under the digest of the data.
const PREFIX = "structkit-review:";

class Store {
  constructor(digest, fail, storage = null) {
    this.prefix = PREFIX + digest + ":";
    this.fail = fail;
    this.storage = storage;
    this.rows = new Map();
    this.use((storage) => {
      for (let n = 0; n < storage.length; n += 1) {
        const key = storage.key(n);
        if (key.startsWith(this.prefix)) this.read(key, storage.getItem(key));
      }
    });
  }

  // A browser may have no storage for files, or no space left in it: then edits last as long as the page.
  use(act) {
    try { act(this.storage || window.localStorage); } catch { this.fail(); }
  }

  read(key, text) {
    const number = Number(key.slice(this.prefix.length));
    try {
      if (text === null) this.rows.delete(number);
      else this.rows.set(number, JSON.parse(text));
    } catch { /* not written by this page */ }
    return number;
  }

  get(number) {
    return this.rows.get(number) || {};
  }

  set(number, entry) {
    this.rows.set(number, entry);
    this.use((storage) => storage.setItem(this.prefix + number, JSON.stringify(entry)));
  }

  clear(number) {
    this.rows.delete(number);
    this.use((storage) => storage.removeItem(this.prefix + number));
  }

  // The state of a row in the list.
  state(number) {
    const entry = this.get(number);
    return entry.decision || (entry.value === undefined ? "open" : "edited");
  }

  count(decision) {
    return [...this.rows.values()].filter((entry) => entry.decision === decision).length;
  }

  decide(number, entry) {
    this.set(number, entry);
  }

  discard(number) {
    this.clear(number);
  }

  get reviewer() {
    let name = "";
    this.use((storage) => { name = storage.getItem(PREFIX + "by") || ""; });
    return name;
  }

  set reviewer(name) {
    this.use((storage) => storage.setItem(PREFIX + "by", name));
  }
}

// The rows of a page that has all of them.
class PageRows {
  constructor(rows) {
    this.rows = rows;
  }

  get length() {
    return this.rows.length;
  }

  row(number) {
    return this.rows[number];
  }

  // What the list shows of a row.
  item(number) {
    const row = this.rows[number];
    return {...row, snippet: row.texts.length ? row.texts[0][1].slice(0, 90) : ""};
  }

  load() {
    return null;
  }
}

// The lines of the file: a line of JSON for each row that was decided. Offsets are in characters, not in units of UTF-16.
function goldLines(rows, store) {
  const decided = [...store.rows].filter(([number, entry]) => entry.decision && number < rows.length).sort((a, b) => a[0] - b[0]);
  return decided.map(([number, entry]) => goldLine(rows.row(number), entry) + "\n");
}

function goldLine(row, entry) {
  const fields = {key: row.key, row: row.row, decision: entry.decision};
  if (entry.decision === "approved") {
    fields.value = parseExact(entry.value ?? row.value);
    fields.changes = changesOf(row, entry);
  }
  return writeExact(exactFields({...fields, by: entry.by, at: entry.at, row_digest: row.digest}));
}

function changesOf(row, entry) {
  if (entry.value === undefined) return [];
  const picked = new Map((entry.picked || []).map((each) => [JSON.stringify(each.path), each.span]));
  return findChanges(row.value === null ? undefined : parseExact(row.value), parseExact(entry.value)).map(({key, before, after}) => {
    const change = {path: parseExact(key)};
    if (before !== undefined) change.before = parseExact(before);
    if (after !== undefined) change.after = parseExact(after);
    if (picked.has(key)) change.span = toExact(inCharacters(row, picked.get(key)));
    return exactFields(change);
  });
}

function exactFields(fields) {
  return new Map(Object.entries(fields).map(([key, value]) => [key, typeof value === "number" ? new ExactNumber(String(value)) : value]));
}

// A span in characters, as a gold file has it, in units.
function inUnits(row, [start, end, name]) {
  const source = Math.max(0, name === undefined ? 0 : row.texts.findIndex((each) => each[0] === name));
  const characters = [...(row.texts[source] || ["", ""])[1]], count = (number) => characters.slice(0, number).join("").length;
  return [count(start), count(end), source];
}

function inCharacters(row, [start, end, source]) {
  const text = row.texts[source][1], count = (units) => [...text.slice(0, units)].length;
  return [count(start), count(end), ...(row.texts.length > 1 ? [row.texts[source][0]] : [])];
}
