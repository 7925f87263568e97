"use strict";
// A text with marks, as all pages draw it: nothing in it is HTML, and what is not visible is shown by its name.
const CHUNK = 8000;  // characters that are laid out together
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const NAMES = {"\u00ad": "SHY", "\u200b": "ZWSP", "\u200e": "LRM", "\u200f": "RLM", "\u202a": "LRE", "\u202b": "RLE",
  "\u202c": "PDF", "\u202d": "LRO", "\u202e": "RLO", "\u2066": "LRI", "\u2067": "RLI", "\u2068": "FSI", "\u2069": "PDI",
  "\ufeff": "BOM", "\r": "CR", "\u0000": "NUL", "\u001b": "ESC", "\f": "next page"};

function element(name, className, text) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text !== undefined) appendText(node, text);
  return node;
}

// Append a text in which characters that are not visible, or reorder others, are shown by their names.
function appendText(node, text) {
  let end = 0;
  for (const match of text.matchAll(CONTROL)) {
    if (match[0] === "\r" && text[match.index + 1] === "\n") continue;
    if (match.index > end) node.append(text.slice(end, match.index));
    const code = match[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    const sign = document.createElement("span");
    sign.className = match[0] === "\f" ? "page-break" : "control";
    sign.dataset.units = match[0].length;
    sign.textContent = NAMES[match[0]] || "U+" + code;
    node.append(sign);
    end = match.index + match[0].length;
  }
  if (end < text.length) node.append(text.slice(end));
}

function pathText(path) {
  return path.map((key, n) => typeof key === "number" ? "[" + key + "]" : (n ? "." : "") + key).join("") || "value";
}

// A text: cut where a mark begins or ends, so that marks may overlap; laid out in chunks that end with a line. The mark of
// a part is drawn by `drawMark(part, spans)`; the text begins at `base` of a source.
function drawText(section, text, spans, drawMark, base = 0) {
  const cuts = new Set([0, text.length]), starts = new Map(), ends = new Map();
  const add = (map, key, span) => map.has(key) ? map.get(key).push(span) : map.set(key, [span]);
  for (const span of spans) {
    cuts.add(span.start).add(span.end);
    add(starts, span.start, span);
    add(ends, span.end, span);
  }
  const lines = new Set();
  for (let start = 0; start + CHUNK < text.length;) {
    const line = text.indexOf("\n", start + CHUNK);
    if (line < 0) break;
    cuts.add(line).add(line + 1);
    lines.add(line);
    start = line + 1;
  }
  const sorted = [...cuts].sort((a, b) => a - b), open = new Set();
  const chunkAt = (start) => {
    const chunk = element("div", "chunk");
    chunk.dataset.start = base + start;
    section.append(chunk);
    return chunk;
  };
  let chunk = chunkAt(0);
  sorted.slice(0, -1).forEach((start, n) => {
    for (const span of ends.get(start) || []) open.delete(span);
    for (const span of starts.get(start) || []) open.add(span);
    if (lines.has(start)) {
      chunk = chunkAt(start + 1);
      return;
    }
    const part = text.slice(start, sorted[n + 1]);
    if (!open.size) return appendText(chunk, part);
    chunk.append(drawMark(part, [...open]));
  });
}
