const data = JSON.parse(document.getElementById("data").textContent);
const record = document.getElementById("record");
const buttons = [], marks = data.fields.map((field) => field.places.map(() => []));
let current = -1, place = 0;

function describe(field) {
  if (field.how === "") return "not in the text";
  if (field.how === "judged" || field.how === "empty") return field.how;
  return field.places.length > 1 ? field.places.length + " places" : field.how;
}

function kindOf(field) {
  if (field.how === "") return "missing";
  return field.places.length > 1 ? "several" : field.how === "empty" ? "empty" : "";
}

// The record: one button a scalar, objects and lists as groups.
function drawRecord() {
  const groups = new Map([["[]", record]]);
  function groupOf(path) {
    const key = JSON.stringify(path);
    if (!groups.has(key)) {
      const parent = groupOf(path.slice(0, -1)), group = element("div", "group"), last = path[path.length - 1];
      group.append(element("div", "name", typeof last === "number" ? "[" + last + "]" : last));
      parent.append(group);
      groups.set(key, group);
    }
    return groups.get(key);
  }
  data.fields.forEach((field, number) => {
    const button = element("button", ("field " + kindOf(field)).trim()), last = field.path[field.path.length - 1];
    button.type = "button";
    button.append(element("span", "key", typeof last === "number" ? "[" + last + "]" : last === undefined ? "value" : last));
    button.append(element("span", "how", describe(field)));
    button.append(element("span", "value", field.value === "" ? "(empty)" : field.value));
    button.addEventListener("click", () => select(number, number === current ? place + 1 : 0));
    buttons.push(button);
    groupOf(field.path.slice(0, -1)).append(button);
  });
}

function drawMark(part, spans) {
  const mark = element("mark", "", part), numbers = [...new Set(spans.map((span) => span.field))];
  if (numbers.length > 1) mark.classList.add("nested");
  if (numbers.some((number) => data.fields[number].places.length > 1)) mark.classList.add("several");
  mark.title = numbers.map((number) => pathText(data.fields[number].path)).join(", ");
  mark.addEventListener("click", () => {
    const at = numbers.indexOf(current), number = numbers[(at + 1) % numbers.length];
    select(number, spans.find((span) => span.field === number).place, true);
  });
  for (const span of spans) marks[span.field][span.place].push(mark);
  return mark;
}

const DRAW = {text: (section, source, spans) => drawText(section, source.text, spans, drawMark),
  pages: (section, source, spans) => drawPages(section, source, spans, drawMark)};

function drawSources() {
  data.sources.forEach((source, number) => {
    const section = document.createElement("div");
    if (source.name || data.sources.length > 1) section.append(element("h2", "", source.name || "source " + (number + 1)));
    const spans = [];
    data.fields.forEach((field, f) => field.places.forEach(([start, end, at], p) => {
      if (at === number) spans.push({start, end, field: f, place: p, boxes: (field.boxes || [])[p] || []});
    }));
    DRAW[source.kind](section, source, spans);
    document.getElementById("sources").append(section);
  });
}

function select(number, at, fromMark) {
  if (!buttons.length) return;
  for (const mark of document.querySelectorAll("mark.chosen, mark.place")) mark.classList.remove("chosen", "place");
  if (current >= 0) buttons[current].removeAttribute("aria-current");
  const field = data.fields[number], count = field.places.length;
  current = number;
  place = count ? (at + count) % count : 0;
  buttons[number].setAttribute("aria-current", "true");
  buttons[number].scrollIntoView({block: "nearest"});
  if (!fromMark) buttons[number].focus({preventScroll: true});
  marks[number].forEach((each) => each.forEach((mark) => mark.classList.add("place")));
  const chosen = count ? marks[number][place] : [];
  chosen.forEach((mark) => mark.classList.add("chosen"));
  const hidden = chosen.length && chosen[0].closest("details");
  if (hidden) hidden.open = true;
  if (chosen.length && !fromMark) chosen[0].scrollIntoView({block: "center"});
  const where = count > 1 ? "place " + (place + 1) + " of " + count : describe(field);
  if (count > 1) buttons[number].querySelector(".how").textContent = place + 1 + " of " + count + " places";
  document.getElementById("status").textContent = pathText(field.path) + ": " + where;
}

function nextMissing() {
  for (let n = 1; n <= data.fields.length; n += 1) {
    const number = (current + n) % data.fields.length;
    if (kindOf(data.fields[number]) === "missing") return number;
  }
  return current;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !data.fields.length) return;
  const last = data.fields.length - 1, inRecord = event.target === document.body || record.contains(event.target);
  const key = event.key, down = key === "j" || (inRecord && key === "ArrowDown"), up = key === "k" || (inRecord && key === "ArrowUp");
  if (down) select(Math.min(current + 1, last), 0);
  else if (up) select(Math.max(current - 1, 0), 0);
  else if (current >= 0 && (key === "n" || (inRecord && key === "ArrowRight"))) select(current, place + 1);
  else if (current >= 0 && (key === "p" || (inRecord && key === "ArrowLeft"))) select(current, place - 1);
  else if (key === "m") select(Math.max(nextMissing(), 0), 0);
  else return;
  event.preventDefault();
});

function summarize() {
  const count = (kind) => data.fields.filter((field) => kindOf(field) === kind).length;
  const inText = data.fields.filter((field) => field.places.length).length;
  const parts = [data.fields.length + (data.fields.length === 1 ? " value" : " values"), inText + " in the text"];
  if (count("several")) parts.push(count("several") + " at several places");
  if (count("missing")) parts.push(count("missing") + " not in the text");
  return parts.join(" · ");
}

appendText(document.getElementById("title"), data.title || "Values and their source");
document.getElementById("summary").textContent = summarize();
drawRecord();
drawSources();
