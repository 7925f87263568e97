// Rows and decisions of a page that is served: rows are read as they are looked at, and each decision is saved at once.
const TOKEN_KEY = "structkit-token", LIST_ROWS = 100, MAX_LIST_PAGES = 40, MAX_ROWS = 12, POLL_MS = 400;

class ServerProblem extends Error {
  constructor(fields, status) {
    super(fields.message);
    Object.assign(this, fields, {status});
  }
}

class Server {
  constructor(token) {
    this.token = token;
    this.table = 0;
  }

  get(path, numbers = {}) {
    return this.fetch("/api/" + path + "?" + new URLSearchParams({...numbers, table: this.table}), {});
  }

  post(path, body) {
    return this.fetch("/api/" + path, {method: "POST", body, headers: {"Content-Type": "application/json"}});
  }

  async fetch(address, options) {
    let reply, fields;
    try {
      reply = await fetch(address, {...options, headers: {...options.headers, "X-Structkit-Token": this.token}, referrerPolicy: "no-referrer"});
      fields = await reply.json();
    } catch {
      throw new ServerProblem({problem: "offline", message: "The server does not answer. What was approved or rejected is in the gold file; start the server again."}, 0);
    }
    $("problem").hidden = true;
    if (!reply.ok) throw new ServerProblem(fields, reply.status);
    return fields;
  }
}

// The first entries of a map make place for others.
function limitEntries(map, count) {
  for (const key of map.keys()) {
    if (map.size <= count) return;
    map.delete(key);
  }
}

class ServedRows {
  constructor(server, job) {
    Object.assign(this, {server, pages: new Map(), loaded: new Map(), loading: new Set()});
    this.take(job);
  }

  get length() {
    return this.count;
  }

  take({count, isComplete, decisions}) {
    Object.assign(this, {count, isComplete, decisions});
  }

  item(number) {
    const page = Math.floor(number / LIST_ROWS), items = this.pages.get(page);
    if (!items || (!items[number % LIST_ROWS] && number < this.count)) this.loadPage(page);
    return (items && items[number % LIST_ROWS]) || {key: "\u2026", snippet: ""};
  }

  async loadPage(page) {
    if (this.loading.has(page)) return;
    this.loading.add(page);
    try {
      const reply = await this.server.get("rows", {start: page * LIST_ROWS, count: LIST_ROWS});
      this.pages.delete(page);
      this.pages.set(page, reply.items);
      limitEntries(this.pages, MAX_LIST_PAGES);
      this.take(reply);
      this.loading.delete(page);
      drawRows();
    } catch (error) {
      showProblem(error);  // and not again until the page is scrolled to it after a while
      setTimeout(() => this.loading.delete(page), 2000);
    }
  }

  row(number) {
    return this.loaded.get(number);
  }

  // Another window may have decided the row since it was read: it is read again whenever it is opened.
  load(number) {
    return this.read(number).then((row) => { store.restore(number, row); });
  }

  async read(number) {
    const row = await this.server.get("row", {place: number});
    this.loaded.delete(number);
    this.loaded.set(number, row);
    limitEntries(this.loaded, MAX_ROWS);
    this.setState(number, row.saved);
    return row;
  }

  async loadSheet(place, source, sheet) {
    Object.assign(sheet, await this.server.get("sheet", {place, source, number: sheet.number}));
  }

  setState(number, saved) {
    const item = (this.pages.get(Math.floor(number / LIST_ROWS)) || [])[number % LIST_ROWS];
    if (item) item.decision = saved ? saved.decision : undefined;
  }

  async nextOpen(number) {
    return (await this.server.get("next", {place: number})).place;
  }

  // The table is still being read: rows are added.
  async follow() {
    while (!this.isComplete) {
      await new Promise((done) => setTimeout(done, POLL_MS));
      const {count} = this;
      this.take(await this.server.get("rows", {start: 0, count: 0}));
      if (this.count !== count || this.isComplete) drawRows();
      if (!count && this.count) perform(() => this.nextOpen(this.count).then((place) => select(place ?? 0)));
    }
    if (!this.count) sources.replaceChildren(element("p", "hint", "No rows."));
  }
}

// Edits that are not decided are kept in the tab; decisions are the server's.
class ServedStore extends Store {
  constructor(server, rows, job) {
    super(job.gold, () => {}, window.sessionStorage);
    Object.assign(this, {server, rows, drafts: new Map(), problems: new Map()});
  }

  key(number) {
    const row = this.rows.row(number);
    return this.prefix + row.digest + ":" + row.key;
  }

  restore(number, row) {
    this.drafts.delete(number);
    this.use((storage) => {
      const text = storage.getItem(this.key(number));
      if (text !== null) this.drafts.set(number, JSON.parse(text));
    });
    if (row.saved) row.saved.picked = (row.saved.changes || []).filter((each) => each.span).map((each) => ({path: each.path, span: inUnits(row, each.span)}));
  }

  get(number) {
    const row = this.rows.row(number);
    return this.drafts.get(number) || (row && row.saved) || {};
  }

  state(number) {
    return this.drafts.has(number) ? "edited" : this.rows.item(number).decision || "open";
  }

  count(decision) {
    return this.rows.decisions[decision];
  }

  set(number, entry) {
    this.drafts.set(number, entry);
    this.use((storage) => storage.setItem(this.key(number), JSON.stringify(entry)));
  }

  clear(number) {
    this.drafts.delete(number);
    this.use((storage) => storage.removeItem(this.key(number)));
  }

  discard(number) {
    const {saved} = this.rows.row(number);
    this.clear(number);
    return saved ? this.decide(number, {decision: "open", by: this.reviewer, at: now()}) : null;
  }

  // Whether the decision is on the disk of the server.
  async decide(number, entry) {
    const row = this.rows.row(number);
    this.problems.delete(number);
    for (;;) {
      try {
        const reply = await this.server.post("decide", this.body(row, number, entry));
        this.accept(number, row, reply);
        this.rows.take(reply);
        return true;
      } catch (error) {
        if (error.problem !== "conflict") return this.report(number, error);
        const choice = await chooseDecision(row, error.saved, entry);
        if (choice !== "mine") {
          if (choice === "theirs") this.accept(number, row, error);
          return false;
        }
        row.seen = error.seen;
      }
    }
  }

  body(row, number, entry) {
    return '{"table":' + this.server.table + ',"place":' + number + ',"seen":' + row.seen + ',"entry":' + goldLine(row, entry) + "}";
  }

  accept(number, row, {saved, seen}) {
    Object.assign(row, {saved, seen, isStale: false});
    this.clear(number);
    this.rows.setState(number, saved);
  }

  report(number, error) {
    if (error.problem !== "invalid" && error.problem !== "stale") throw error;
    this.problems.set(number, "Not saved: " + error.message);
    announce("Not saved: " + plainText(error.message));
    return false;
  }
}

// Two windows have decided a row: the person chooses. Without a choice, the edits stay as they are.
function chooseDecision(row, saved, entry) {
  const dialog = $("conflict"), text = $("conflict-text"), changes = $("conflict-changes");
  const describe = (each, by) => (each ? each.decision : "open") + (by ? " by " + by : "");
  const valueOf = (each) => !each || each.decision !== "approved" ? undefined : parseExact(each.value ?? row.value);
  text.replaceChildren();
  appendText(text, "Meanwhile, this row is " + describe(saved, saved && saved.by) + (saved && saved.at ? ", " + saved.at.replace("T", " ").replace("Z", " UTC") : "") + ". Yours is: " + describe(entry, entry.by) + ".");
  changes.replaceChildren(...findChanges(valueOf(saved), valueOf(entry)).slice(0, 20).map(({key, before, after}) => (
    element("li", "", pathText(JSON.parse(key)) + ": " + (before ?? "absent") + " \u2192 yours: " + (after ?? "absent")))));
  return new Promise((done) => {
    dialog.returnValue = "";
    dialog.addEventListener("close", () => done(dialog.returnValue), {once: true});
    dialog.showModal();
  });
}

// The token leaves the address at once, so that no history and no copied address has it.
function takeToken() {
  const token = new URLSearchParams(location.search).get("token");
  try {
    if (token) window.sessionStorage.setItem(TOKEN_KEY, token);
    if (location.search) history.replaceState(null, "", "/");
    return token || window.sessionStorage.getItem(TOKEN_KEY) || "";
  } catch {
    return token || "";
  }
}

async function openServed(data) {
  const server = new Server(takeToken()), job = await server.get("job");
  server.table = job.table;
  Object.assign(data, job);
  document.title = job.title;
  rows = new ServedRows(server, job);
  store = new ServedStore(server, rows, job);
  $("save").hidden = true;
  for (const id of ["theirs", "mine"]) $("keep-" + id).addEventListener("click", () => $("conflict").close(id));
  $("reload").addEventListener("click", () => location.reload());
  rows.follow().catch(showProblem);
}
