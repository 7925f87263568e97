// A value as nodes of its schema, which a person edits: nodes keep what is known of them when they are moved.
const UNSET = {unset: true};  // a scalar that nobody has chosen yet
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const INTEGER = /^-?(?:0|[1-9]\d*)$/;
const KINDS = {string: "text", number: "number", integer: "integer", boolean: "boolean", null: "null", array: "list", object: "object"};
const own = (object, key) => object && typeof object === "object" && Object.hasOwn(object, key) ? object[key] : undefined;

function resolve(document, schema, depth = 50) {
  if (!schema || typeof schema !== "object" || !depth) return {};
  if (typeof schema.$ref === "string") {
    const steps = schema.$ref.replace(/^#/, "").split("/").slice(1).map((step) => decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~"));
    const {$ref, ...rest} = schema;
    return resolve(document, {...steps.reduce((part, step) => own(part, step), document), ...rest}, depth - 1);
  }
  if (!Array.isArray(schema.allOf)) return schema;
  const {allOf, ...rest} = schema, parts = [...allOf.map((part) => resolve(document, part, depth - 1)), rest];
  const required = parts.flatMap((part) => part.required || []), properties = Object.assign(Object.create(null), ...parts.map((part) => part.properties));
  return {...Object.assign({}, ...parts), ...(Object.keys(properties).length ? {properties, required} : {})};
}

// The alternatives of a schema; one if it is not a union.
function branchesOf(document, schema, depth = 20) {
  const part = resolve(document, schema);
  const union = part.anyOf || part.oneOf;
  if (Array.isArray(union) && !part.properties && depth) return union.flatMap((each) => branchesOf(document, each, depth - 1));
  return Array.isArray(part.type) && !part.enum ? part.type.map((type) => ({...part, type})) : [part];
}

function kindOf(schema) {
  if (own(schema, "const") !== undefined || Array.isArray(schema.enum)) {
    const choices = choicesOf(schema);
    return choices.every((each) => each === null) ? "null" : choices.every((each) => !each || typeof each !== "object") ? "choice" : "any";
  }
  return own(KINDS, schema.type) || (schema.properties ? "object" : "any");
}

function choicesOf(schema) {
  return Array.isArray(schema.enum) ? schema.enum : [schema.const];
}

function fits(document, schema, value) {
  return branchesOf(document, schema).some((branch) => fitsBranch(document, branch, value));
}

function fitsBranch(document, branch, value) {
  const kind = kindOf(branch);
  if (kind === "any") return true;
  if (kind === "choice") return choicesOf(branch).some((each) => writeExact(toExact(each)) === writeExact(value));
  if (kind === "list") return Array.isArray(value) && value.every((each, n) => fits(document, itemSchema(branch, n), each));
  if (kind !== "object") return isOfKind(kind, value);
  if (!(value instanceof Map) || (branch.required || []).some((key) => !value.has(key))) return false;
  return [...value].every(([key, each]) => {
    const schema = keySchema(branch, key);
    return schema !== false && fits(document, schema, each);
  });
}

function isOfKind(kind, value) {
  if (kind === "text") return typeof value === "string";
  if (kind === "boolean") return typeof value === "boolean";
  if (kind === "null") return value === null;
  return value instanceof ExactNumber && (kind === "number" || INTEGER.test(value.text));
}

function itemSchema(branch, number) {
  const first = branch.prefixItems || [];
  return number < first.length ? first[number] : branch.items ?? {};
}

// The schema of a key; false if the object does not allow it.
function keySchema(branch, key) {
  const declared = own(branch.properties, key);
  if (declared !== undefined) return declared;
  const patterns = Object.entries(branch.patternProperties || {}).find(([pattern]) => matches(pattern, key));
  return patterns ? patterns[1] : branch.additionalProperties === false ? false : branch.additionalProperties === true ? {} : branch.additionalProperties ?? {};
}

function matches(pattern, text) {
  try { return new RegExp(pattern, "u").test(text); } catch { return false; }
}

function allowsKeys(branch) {
  return Boolean(branch.patternProperties) || (branch.additionalProperties ?? !branch.properties) !== false;
}

// A value that a person fills: what is required, empty.
function blank(document, schema, depth = 30) {
  const [branch] = branchesOf(document, schema), kind = depth ? kindOf(branch) : "any";
  if (own(schema, "default") !== undefined) return toExact(schema.default);
  if (kind === "null" || kind === "any") return null;
  if (kind === "list") return (branch.prefixItems || []).map((each) => blank(document, each, depth - 1));
  if (kind === "text") return "";
  if (kind === "choice" && choicesOf(branch).length === 1) return toExact(choicesOf(branch)[0]);
  return kind !== "object" ? UNSET : new Map((branch.required || []).map((key) => [key, blank(document, keySchema(branch, key) || {}, depth - 1)]));
}

// Makes nodes; `known(path, value)` is what is known of a scalar.
class Model {
  constructor(document, value, known) {
    this.document = document;
    this.known = known;
    this.root = this.node(document, value === undefined ? blank(document, document) : value, []);
  }

  node(schema, value, path) {
    const branches = branchesOf(this.document, schema);
    let number = branches.findIndex((branch) => value !== UNSET && fitsBranch(this.document, branch, value));
    if (number < 0) number = branches.findIndex((branch) => this.isNear(kindOf(branch), value));
    const described = resolve(this.document, schema), node = {schema: described, branches, number, places: []};
    if (number < 0) branches.push({}), node.number = branches.length - 1;
    this.fill(node, value, path);
    return node;
  }

  isNear(kind, value) {
    if (value === UNSET) return kind !== "null" && kind !== "list" && kind !== "object";
    return kind === "object" ? value instanceof Map : kind === "list" ? Array.isArray(value) : false;
  }

  fill(node, value, path) {
    const branch = node.branches[node.number], kind = node.kind = kindOf(branch);
    node.branch = branch;
    delete node.items; delete node.entries; delete node.text;
    if (kind === "list") node.items = value.map((each, n) => this.node(itemSchema(branch, n), each, path && [...path, n]));
    else if (kind === "object") node.entries = this.entries(branch, value, path);
    else {
      node.value = value;
      if (kind === "any") node.text = value === UNSET ? "" : writeExact(value);
      if (path) Object.assign(node, this.known(path, value));
    }
  }

  entries(branch, value, path) {
    const declared = Object.keys(branch.properties || {}), required = new Set(branch.required || []);
    const keys = [...declared.filter((key) => value.has(key) || required.has(key)), ...[...value.keys()].filter((key) => !declared.includes(key))];
    return keys.map((key) => {
      const schema = keySchema(branch, key) || {}, isNew = !value.has(key);
      return this.entry(key, this.node(schema, isNew ? blank(this.document, schema) : value.get(key), isNew ? null : path && [...path, key]), declared, required);
    });
  }

  entry(key, node, declared, required) {
    return {key, node, isDeclared: declared.includes(key), isRequired: required.has(key)};
  }

  switchTo(node, number) {
    node.number = number;
    forget(node);
    const branch = node.branches[number];
    this.fill(node, kindOf(branch) === "null" ? null : blank(this.document, branch), null);
  }

  addItem(node, number) {
    node.items.splice(number, 0, this.node(itemSchema(node.branch, number), blank(this.document, itemSchema(node.branch, number)), null));
    return node.items[number];
  }

  addKey(node, key) {
    const schema = keySchema(node.branch, key) || {}, declared = Object.keys(node.branch.properties || {});
    const entry = this.entry(key, this.node(schema, blank(this.document, schema), null), declared, new Set(node.branch.required || []));
    node.entries.push(entry);
    return entry.node;
  }
}

function forget(node) {
  Object.assign(node, {how: undefined, places: [], confidence: undefined, isPicked: false});
}

// The value of nodes, with the places that a person has picked and what is not a value yet.
function readNode(node, path = [], result = {problems: [], picked: []}) {
  const read = (inner, step) => readNode(inner, [...path, step], result).value;
  const problem = (message) => result.problems.push({node, path, message});
  let value = node.value;
  if (node.kind === "list") value = node.items.map(read);
  else if (node.kind === "object") {
    const keys = node.entries.map((entry) => entry.key);
    if (new Set(keys).size < keys.length) problem("two keys are the same");
    value = new Map(node.entries.map((entry) => [entry.key, read(entry.node, entry.key)]));
  } else if (node.kind === "any") {
    try { value = parseExact(node.text); } catch { value = UNSET; problem("not JSON"); }
  } else if (value === UNSET) problem(node.kind === "choice" || node.kind === "boolean" ? "not chosen" : node.kind === "integer" ? "not a whole number" : "not a number");
  if (node.isPicked) result.picked.push({path, span: node.places[0]});
  result.value = value;
  return result;
}

function leavesOf(node, path = []) {
  if (node.kind === "list") return node.items.flatMap((each, n) => leavesOf(each, [...path, n]));
  if (node.kind === "object") return node.entries.flatMap((entry) => leavesOf(entry.node, [...path, entry.key]));
  return [{node, path}];
}

// What selected words are for a field; undefined if they are no value of it.
function readWords(node, words) {
  const {kind, branch} = node;
  if (kind === "choice") {
    const choice = choicesOf(branch).find((each) => String(each).toLowerCase() === words.toLowerCase());
    return choice === undefined ? undefined : toExact(choice);
  }
  if (kind === "boolean") return /^(?:yes|true)$/i.test(words) ? true : /^(?:no|false)$/i.test(words) ? false : undefined;
  if (kind === "number" || kind === "integer") {
    const number = readNumber(words);
    return (kind === "integer" ? INTEGER : NUMBER).test(number) ? new ExactNumber(number) : undefined;
  }
  if (kind !== "text") return undefined;
  if (branch.format === "date") return readDay(words);
  return branch.pattern && !matches(branch.pattern, words) && matches(branch.pattern, readNumber(words)) ? readNumber(words) : words;
}

// A number with a point: of several signs the last one is that of decimals, as is a single one without three digits after it.
function readNumber(words) {
  const digits = (words.match(/[-+\u2212]?\d[\d.,'’\u00a0\u202f ]*/) || [""])[0].replace(/['’\s]|[.,]+\s*$/g, "").replace(/^\+/, "").replace("\u2212", "-");
  const signs = [...digits.matchAll(/[.,]/g)], last = signs.at(-1);
  const isDecimal = last && (signs.filter((each) => each[0] === last[0]).length === 1) && (signs.length > 1 || digits.length - last.index !== 4 || /^-?0[.,]/.test(digits));
  const whole = isDecimal ? digits.slice(0, last.index) : digits;
  return whole.replace(/[.,]/g, "").replace(/^(-?)0+(?=\d)/, "$1") + (isDecimal ? "." + digits.slice(last.index + 1) : "");
}

// A day in ISO form, of ISO or of a day with the name of its month.
function readDay(words) {
  const iso = words.match(/\d{4}-\d\d-\d\d/);
  if (iso) return iso[0];
  const time = /[a-z]{3}/i.test(words) && /\b\d{4}\b/.test(words) ? Date.parse(words.replace(/(\d)(?:st|nd|rd|th)\b/, "$1") + " UTC") : NaN;
  return Number.isNaN(time) ? words : new Date(time).toISOString().slice(0, 10);
}
