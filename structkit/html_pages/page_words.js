// The words on the image of a page: transparent text that can be selected, and the boxes of marks.
const EDGE_UNITS = 10000, WORD_NUMBERS = 6;

// Pages that are images, of which those without a url yet are asked for by `load(sheet, figure)` when they come into view.
function drawSheets(section, text, sheets, spans, drawMark, load) {
  for (const span of spans) span.boxes = sheets.flatMap((sheet) => wordBoxes(sheet, span));
  drawPages(section, {text, pages: sheets}, spans, drawMark);
  const figures = section.querySelectorAll("figure.page");
  sheets.forEach((sheet, n) => {
    addWords(figures[n], sheet, text);
    if (!sheet.url) load(sheet, figures[n]);
  });
}

// One page again, when it has its image: the others stay as they are, and with them what is selected on them.
function drawSheet(sheet, text, spans, drawMark) {
  const section = document.createElement("div");
  for (const span of spans) span.boxes = wordBoxes(sheet, span);
  drawPage(section, sheet, text, spans, drawMark);
  addWords(section.firstChild, sheet, text);
  return section.firstChild;
}

function addWords(figure, sheet, text) {
  const page = figure.querySelector(".sheet");
  if (sheet.width) page.style.aspectRatio = sheet.width + " / " + sheet.height;
  if (sheet.url) page.append(wordLayer(sheet, text));
  else page.querySelector("img").remove();
}

function wordsOf(sheet) {
  const words = [];
  for (let n = 0; n < (sheet.words || []).length; n += WORD_NUMBERS) {
    const [start, end, ...edges] = sheet.words.slice(n, n + WORD_NUMBERS);
    words.push([start, end, ...edges.map((edge) => edge / EDGE_UNITS)]);
  }
  return words;
}

// The boxes of a span on a page: one for each line. Of a word that is not all in it, the part by its characters.
function wordBoxes(sheet, span) {
  const boxes = [];
  for (const [start, end, left, top, right, bottom] of span.start < sheet.end && span.end > sheet.start ? wordsOf(sheet) : []) {
    const from = Math.max(span.start, start), to = Math.min(span.end, end), unit = (right - left) / (end - start), last = boxes.at(-1);
    if (from >= to) continue;
    const part = [sheet.number, left + (from - start) * unit, top, left + (to - start) * unit, bottom];
    if (last && Math.abs(last[2] - top) < (bottom - top) / 2 && part[1] >= last[1]) Object.assign(last, {2: Math.min(last[2], top), 3: Math.max(last[3], part[3]), 4: Math.max(last[4], bottom)});
    else boxes.push(part);
  }
  return boxes;
}

const CANVAS = document.createElement("canvas").getContext("2d");
CANVAS.font = "100px sans-serif";

// The width of a text in the font of words, in units of its size.
function widthOf(text) {
  return (CANVAS.measureText(text).width || 100) / 100;
}

function wordLayer(sheet, text) {
  const layer = element("div", "words");
  for (const [start, end, left, top, right, bottom] of wordsOf(sheet)) {
    const word = element("span", "word", text.slice(start, end));
    word.dataset.start = start;
    const size = (bottom - top) * (sheet.height / sheet.width) * 80, stretch = (right - left) * 100 / (size * widthOf(word.textContent));
    Object.assign(word.style, {left: left * 100 + "%", top: top * 100 + "%", height: (bottom - top) * 100 + "%", fontSize: size + "cqw",
      transform: "scaleX(" + stretch + ")"});
    layer.append(word, " ");
  }
  // words are above the marks, so that they can be selected; a click is for the mark below
  layer.addEventListener("click", (event) => {
    if (window.getSelection().isCollapsed) document.elementsFromPoint(event.clientX, event.clientY).find((each) => each.matches("mark"))?.click();
  });
  return layer;
}

// With the keyboard: the next or previous word, or the nearest one of the line above or below. Whether there are words.
function selectPageWord(selection, key, isExtended) {
  const words = [...sources.querySelectorAll(".word")], focus = selection.focusNode && elementOf(selection.focusNode).closest(".word");
  if (!words.length || (!focus && sources.contains(selection.anchorNode))) return false;
  const word = focus ? nextWord(words, words.indexOf(focus), key) : words[0];
  const anchor = isExtended && focus ? [selection.anchorNode, selection.anchorOffset] : [word.firstChild, 0];
  selection.setBaseAndExtent(...anchor, word.firstChild, word.firstChild.length);
  word.scrollIntoView({block: "nearest"});
  return true;
}

function nextWord(words, number, key) {
  if (key === "ArrowRight" || key === "ArrowLeft") return words[Math.max(0, Math.min(words.length - 1, number + (key === "ArrowRight" ? 1 : -1)))];
  const box = words[number].getBoundingClientRect(), down = key === "ArrowDown" ? 1 : -1;
  const distance = (each) => {
    const other = each.getBoundingClientRect(), lines = (other.top - box.top) * down;
    return lines < box.height / 2 ? Infinity : lines * 4 + Math.abs(other.left - box.left);
  };
  const nearest = words.map((each) => [distance(each), each]).reduce((best, each) => each[0] < best[0] ? each : best);
  return nearest[0] === Infinity ? words[number] : nearest[1];
}
