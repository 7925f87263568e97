
// A text of which some pages are shown as images, with a box for each mark; between them is the text of the others.
function drawPages(section, source, spans, drawMark) {
  let end = 0;
  for (const page of source.pages) {
    drawPart(section, source.text, spans, end, page.start, drawMark);
    drawPage(section, page, source.text, spans, drawMark);
    end = page.end;
  }
  drawPart(section, source.text, spans, end, source.text.length, drawMark);
}

function drawPart(section, text, spans, start, end, drawMark) {
  if (!text.slice(start, end).trim()) return;
  const inside = spans.filter((span) => span.start < end && span.end > start);
  drawText(section, text.slice(start, end), inside.map((span) => (
    {...span, start: Math.max(span.start, start) - start, end: Math.min(span.end, end) - start})), drawMark, start);
}

// A page, and its text below, in which a mark is that has no box.
function drawPage(section, page, text, spans, drawMark) {
  const figure = element("figure", "page"), sheet = element("div", "sheet"), image = document.createElement("img");
  const details = document.createElement("details");
  if (page.url) image.src = page.url;
  image.alt = "Page " + page.number;
  sheet.append(image);
  for (const span of spans) {
    for (const [number, left, top, right, bottom] of span.boxes) {
      if (number !== page.number) continue;
      const mark = drawMark(text.slice(Math.max(span.start, page.start), Math.min(span.end, page.end)), [span]);
      mark.classList.add("box");
      Object.assign(mark.style, {left: left * 100 + "%", top: top * 100 + "%",
        width: (right - left) * 100 + "%", height: (bottom - top) * 100 + "%"});
      sheet.append(mark);
    }
  }
  details.append(element("summary", "", "Text of page " + page.number));
  drawPart(details, text, spans, page.start, page.end, drawMark);
  figure.append(element("figcaption", "", "Page " + page.number), sheet, details);
  section.append(figure);
}
