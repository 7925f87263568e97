// JSON without loss: objects are maps, which keep every key in its order, and numbers keep their digits.
class ExactNumber {
  constructor(text) { this.text = text; }
}

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

function parseExact(text) {
  return fromMarked(JSON.parse(text.replace(TOKEN, (token) => token[0] === '"' ? '"s' + token.slice(1) : '"n' + token + '"')));
}

// Each text begins with s, each number is a text that begins with n, so that no key is one that JavaScript reorders or reads.
function fromMarked(value) {
  if (typeof value === "string") return value[0] === "s" ? value.slice(1) : new ExactNumber(value.slice(1));
  if (Array.isArray(value)) return value.map(fromMarked);
  if (value === null || typeof value !== "object") return value;
  return new Map(Object.entries(value).map(([key, each]) => [key.slice(1), fromMarked(each)]));
}

function writeExact(value) {
  if (value instanceof ExactNumber) return value.text;
  if (Array.isArray(value)) return "[" + value.map(writeExact).join(",") + "]";
  if (!(value instanceof Map)) return JSON.stringify(value);
  return "{" + [...value].map(([key, each]) => JSON.stringify(key) + ":" + writeExact(each)).join(",") + "}";
}

function toExact(value) {
  return parseExact(JSON.stringify(value));
}

function exactAt(value, path) {
  for (const step of path) value = value instanceof Map ? value.get(step) : Array.isArray(value) ? value[step] : undefined;
  return value;
}

// The text of each scalar, and of each empty list and object, by its path as JSON.
function leafTexts(value, path = [], found = new Map()) {
  const inner = value instanceof Map ? [...value] : Array.isArray(value) ? [...value.entries()] : [];
  if (!inner.length && value !== undefined) found.set(JSON.stringify(path), writeExact(value));
  for (const [step, each] of inner) leafTexts(each, [...path, step], found);
  return found;
}

function findChanges(before, after) {
  const old = leafTexts(before), now = leafTexts(after), changes = [];
  for (const key of new Set([...old.keys(), ...now.keys()])) {
    if (old.get(key) !== now.get(key)) changes.push({key, before: old.get(key), after: now.get(key)});
  }
  return changes;
}
