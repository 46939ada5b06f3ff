/* Checks a proof (accord-proof/1) in this browser: the file is read here and goes nowhere. The page's policy lets
   nothing out. The same checks, codes and sentences as verify_proof.py. */

const FORMAT = "accord-proof/1";
const LARGEST_BYTES = 8 * 1024 * 1024;
const DEEPEST = 64;
const MOST_SEALS = 1000;
const MOST_STEPS = 64;
const MOST_PROOFS = 100;
const FIRST_PREVIOUS = "0".repeat(64);
const KEY_SLACK = 5 * 60_000;
const CLOCK_SLACK = 2 * 60_000;
const MEMBERS = ["format", "event", "leaf", "path", "seal", "seal_hash", "signature", "chain", "keys", "evidence", "notice"];
const SEAL_MEMBERS = ["organisation", "number", "first", "last", "count", "root", "previous", "signed_at", "key_id"];
const EVENT_NEEDS = ["id", "organisation", "contact", "purpose", "channel", "action", "occurred_at", "recorded_at"];
const HASH = /^[0-9a-f]{64}$/;
const KEY_ID = /^[0-9a-f]{16}$/;
const TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d)$/;

class Refused extends Error {
  constructor(code, values = {}) {
    super(code);
    this.code = code;
    this.values = values;
  }
}
const noProof = (place) => new Refused("not_a_proof", { place });

/* --- reading: a strict JSON reader, since the browser's own hides a name that stands twice --- */

class Fraction {
  constructor(value) { this.value = value; }
}

function parsed(bytes) {
  if (bytes.length > LARGEST_BYTES) throw new Refused("too_large");
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw noProof("UTF-8");
  }
  text = text.replace(/^[ \t\r\n]+/, "");
  let end = text.length;
  while (end && " \t\r\n".includes(text[end - 1])) end -= 1;
  const found = new Reader(text.slice(0, end)).whole();
  if (!isObject(found)) throw noProof("JSON");
  return found;
}

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value) && !(value instanceof Fraction);

class Reader {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }
  whole() {
    const found = this.value(0);
    this.space();
    if (this.at < this.text.length) this.wrong(this.at);
    return found;
  }
  wrong(at) {
    const cut = this.text.startsWith("{") && (at >= this.text.length || !this.text.endsWith("}"));
    throw cut ? new Refused("truncated") : noProof("JSON");
  }
  space() {
    while (" \t\r\n".includes(this.text[this.at] || "x")) this.at += 1;
  }
  value(depth) {
    this.space();
    if (depth > 500) throw noProof("depth");
    const start = this.text[this.at];
    if (start === "{") return this.object(depth);
    if (start === "[") return this.list(depth);
    if (start === '"') return this.string();
    for (const [word, value] of [["true", true], ["false", false], ["null", null]]) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    for (const word of ["NaN", "Infinity", "-Infinity"]) if (this.text.startsWith(word, this.at)) throw noProof("number");
    return this.number();
  }
  object(depth) {
    const found = Object.create(null);
    this.at += 1;
    this.space();
    if (this.text[this.at] === "}") { this.at += 1; return found; }
    for (;;) {
      this.space();
      if (this.text[this.at] !== '"') this.wrong(this.at);
      const name = this.string();
      if (name in found) throw noProof("duplicate name");
      this.space();
      if (this.text[this.at] !== ":") this.wrong(this.at);
      this.at += 1;
      found[name] = this.value(depth + 1);
      this.space();
      const next = this.text[this.at];
      if (next !== "," && next !== "}") this.wrong(this.at);
      this.at += 1;
      if (next === "}") return found;
    }
  }
  list(depth) {
    const found = [];
    this.at += 1;
    this.space();
    if (this.text[this.at] === "]") { this.at += 1; return found; }
    for (;;) {
      found.push(this.value(depth + 1));
      this.space();
      const next = this.text[this.at];
      if (next !== "," && next !== "]") this.wrong(this.at);
      this.at += 1;
      if (next === "]") return found;
    }
  }
  string() {
    const start = this.at;
    for (let at = start + 1; at < this.text.length; at += 1) {
      const code = this.text.charCodeAt(at);
      if (code === 92) at += 1;
      else if (code < 32) this.wrong(at);
      else if (code === 34) {
        this.at = at + 1;
        try {
          return JSON.parse(this.text.slice(start, at + 1));
        } catch {
          this.wrong(start);
        }
      }
    }
    return this.wrong(start);
  }
  number() {
    const shape = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
    shape.lastIndex = this.at;
    const found = shape.exec(this.text);
    if (!found) return this.wrong(this.at);
    this.at += found[0].length;
    const value = Number(found[0]);
    if (found[1] || found[2]) {
      if (!Number.isFinite(value) || found[0].length >= 400) throw noProof("number");
      return new Fraction(value);
    }
    if (found[0].length > 17 || !Number.isSafeInteger(value)) throw noProof("number");
    return value;
  }
}

/* --- canonical JSON (RFC 8785): ECMAScript's own spelling, with sorted names --- */

function canonical(value) {
  return encoded(written(value, DEEPEST));
}

function encoded(text) {
  if (/\p{Surrogate}/u.test(text)) throw noProof("UTF-8");
  return new TextEncoder().encode(text);
}

function written(value, depth) {
  if (depth === 0) throw noProof("depth");
  if (value instanceof Fraction) return String(value.value);
  if (value === null || typeof value === "boolean" || typeof value === "number") return String(value);
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return `[${value.map((item) => written(item, depth - 1)).join(",")}]`;
  return `{${Object.keys(value).sort().map((name) => `${quoted(name)}:${written(value[name], depth - 1)}`).join(",")}}`;
}

function quoted(text) {
  if (/\p{Surrogate}/u.test(text)) throw noProof("UTF-8");
  return JSON.stringify(text);
}

/* --- bytes and hashes --- */

async function sha256(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
}
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const fromHex = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));

async function signatureIsValid(key, signature, message) {
  let native;
  try {
    native = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
  } catch (error) {
    if (error.name === "DataError") return false;
    // A browser without Ed25519: the arithmetic comes from our own origin.
    const noble = await import(fallbackUrl());
    return noble.verifyAsync(signature, message, key, { zip215: false });
  }
  return crypto.subtle.verify({ name: "Ed25519" }, native, signature, message);
}
const fallbackUrl = () => new URL(document.getElementById("proof-check").dataset.ed25519, location.href).href;

/* --- shapes --- */

function shaped(value, members, optional, place) {
  const fits = isObject(value)
    && Object.keys(value).every((name) => members.includes(name))
    && members.every((name) => optional.includes(name) || name in value);
  if (!fits) throw noProof(place);
  return value;
}
function textOf(value, place) {
  if (typeof value !== "string") throw noProof(place);
  return value;
}
function hashText(value, place) {
  if (typeof value !== "string" || !HASH.test(value)) throw noProof(place);
  return value;
}
function bytesOf(value, size, place) {
  let raw;
  try {
    raw = atob(textOf(value, place));
  } catch {
    throw noProof(place);
  }
  if (raw.length !== size || btoa(raw) !== value) throw noProof(place);
  return Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
}
function countOf(value, place) {
  if (typeof value !== "number" || value < 1) throw noProof(place);
  return value;
}
/** Milliseconds since 1970, with their fraction. */
function timeOf(value, place) {
  const found = TIME.exec(textOf(value, place));
  if (!found) throw noProof(place);
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number);
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  const same = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
    && date.getUTCHours() === hour && date.getUTCMinutes() === minute && date.getUTCSeconds() === second;
  if (!same) throw new Refused("dates_impossible", { place });
  const zone = found[8] === "Z" ? 0 : (found[8][0] === "+" ? -1 : 1) * (Number(found[8].slice(1, 3)) * 60 + Number(found[8].slice(4)));
  return date.getTime() + zone * 60_000 + Number((found[7] || "0").padEnd(6, "0")) / 1000;
}

/* --- the checks --- */

/** Everything a proof shows, once all of it was checked; throws Refused. */
async function verified(bytes) {
  if (!globalThis.crypto?.subtle) throw new Refused("not_secure");
  const proof = parsed(bytes);
  if (proof.format !== FORMAT) throw noProof("format");
  shaped(proof, MEMBERS, ["evidence", "notice"], "members");
  const event = checkedEvent(proof.event);
  const leaf = hashText(proof.leaf, "leaf");
  if (hex(await sha256(Uint8Array.of(0), canonical(event))) !== leaf) throw new Refused("leaf_mismatch");
  const seal = checkedSeal(proof.seal, "seal");
  await checkPath(proof.path, leaf, seal);
  if (hashText(proof.seal_hash, "seal_hash") !== await hashOfSeal(seal)) throw new Refused("seal_altered");
  if (event.organisation !== seal.organisation) throw new Refused("other_organisation");
  const keys = await checkedKeys(proof.keys);
  await checkSignature(seal, proof.signature, keys);
  const newest = await checkChain(proof.chain, seal, keys);
  checkDates(event, seal);
  const documents = await checkedEvidence(proof.evidence ?? null, event);
  const notice = await checkedNotice(proof.notice ?? null, event);
  const shown = notice ? notice.text : documents.map((document) => document.text).find((text) => typeof text === "string");
  return {
    event,
    seal,
    text: shown || "",
    later: newest.number - seal.number,
    evidence: "evidence" in event ? (documents.length ? "present" : "absent") : "none",
  };
}

function checkedEvent(value) {
  const fits = isObject(value)
    && EVENT_NEEDS.every((name) => typeof value[name] === "string")
    && Object.values(value).every((item) => typeof item === "string" || typeof item === "number");
  if (!fits) throw noProof("event");
  return value;
}

function checkedSeal(value, place) {
  const seal = shaped(value, SEAL_MEMBERS, [], place);
  hashText(seal.root, place);
  hashText(seal.previous, place);
  countOf(seal.number, place);
  countOf(seal.count, place);
  for (const name of ["organisation", "first", "last"]) textOf(seal[name], place);
  if (!KEY_ID.test(textOf(seal.key_id, place))) throw noProof(place);
  timeOf(seal.signed_at, place);
  if ((seal.number === 1) !== (seal.previous === FIRST_PREVIOUS)) throw new Refused("chain_broken", { number: seal.number });
  return seal;
}

const hashOfSeal = async (seal) => hex(await sha256(canonical(seal)));

async function checkPath(path, leaf, seal) {
  const broken = new Refused("path_broken", { count: seal.count });
  if (!Array.isArray(path) || path.length > MOST_STEPS) throw broken;
  let node = fromHex(leaf);
  for (const step of path) {
    shaped(step, ["side", "hash"], [], "path");
    const sibling = fromHex(hashText(step.hash, "path"));
    if (step.side !== "left" && step.side !== "right") throw broken;
    node = step.side === "left" ? await sha256(Uint8Array.of(1), sibling, node) : await sha256(Uint8Array.of(1), node, sibling);
  }
  // Is it a way that a tree of this many leaves has (RFC 6962, section 2.1.1)?
  let left = seal.count;
  for (const step of [...path].reverse()) {
    if (left < 2) throw broken;
    let largest = 1;
    while (largest * 2 < left) largest *= 2;
    left = step.side === "right" ? largest : left - largest;
  }
  if (left !== 1) throw broken;
  if (hex(node) !== seal.root) throw new Refused("root_mismatch");
}

async function checkedKeys(value) {
  if (!isObject(value) || Object.keys(value).length > MOST_SEALS) throw noProof("keys");
  const found = new Map();
  for (const [id, key] of Object.entries(value)) {
    shaped(key, ["algorithm", "public_key", "from", "to"], ["from", "to"], "keys");
    if (key.algorithm !== "Ed25519" || !KEY_ID.test(id)) throw noProof("keys");
    const raw = bytesOf(key.public_key, 32, "keys");
    if (hex(await sha256(raw)).slice(0, 16) !== id) throw new Refused("key_mismatch", { key: id });
    found.set(id, {
      raw,
      from: (key.from ?? null) === null ? -Infinity : timeOf(key.from, "keys"),
      to: (key.to ?? null) === null ? Infinity : timeOf(key.to, "keys"),
    });
  }
  return found;
}

async function checkSignature(seal, signature, keys) {
  const key = keys.get(seal.key_id);
  if (!key) throw new Refused("key_missing", { number: seal.number, key: seal.key_id });
  const valid = await signatureIsValid(key.raw, bytesOf(signature, 64, "signature"), fromHex(await hashOfSeal(seal)));
  if (!valid) throw new Refused("signature_invalid", { number: seal.number });
  const signed = timeOf(seal.signed_at, "seal");
  if (signed < key.from - KEY_SLACK || signed > key.to + KEY_SLACK) throw new Refused("dates_impossible", { place: `key ${seal.key_id}` });
}

async function checkChain(chain, seal, keys) {
  if (!Array.isArray(chain) || chain.length > MOST_SEALS) throw noProof("chain");
  let before = seal;
  for (const link of chain) {
    shaped(link, ["seal", "signature"], [], "chain");
    const after = checkedSeal(link.seal, "chain");
    const follows = after.number === before.number + 1
      && after.previous === await hashOfSeal(before)
      && after.organisation === seal.organisation
      && timeOf(after.signed_at, "chain") >= timeOf(before.signed_at, "chain") - CLOCK_SLACK;
    if (!follows) throw new Refused("chain_broken", { number: after.number });
    await checkSignature(after, link.signature, keys);
    before = after;
  }
  return before;
}

function checkDates(event, seal) {
  const occurred = timeOf(event.occurred_at, "occurred_at");
  const recorded = timeOf(event.recorded_at, "recorded_at");
  if (occurred > recorded + CLOCK_SLACK) throw new Refused("dates_impossible", { place: "occurred_at" });
  if (recorded > timeOf(seal.signed_at, "signed_at") + CLOCK_SLACK) throw new Refused("dates_impossible", { place: "recorded_at" });
}

async function checkedEvidence(value, event) {
  if (value === null) return [];
  if (!Array.isArray(value) || value.length > MOST_SEALS) throw noProof("evidence");
  const named = new Set("evidence" in event ? [event.evidence] : []);
  const found = [];
  for (const entry of value) {
    shaped(entry, ["digest", "document"], ["document"], "evidence");
    const digest = hashText(entry.digest, "evidence");
    const document = entry.document ?? null;
    if (!named.has(digest)) throw new Refused("evidence_altered");
    if (document === null) continue;
    if (!isObject(document)) throw noProof("evidence");
    if (hex(await sha256(canonical(document))) !== digest) throw new Refused("evidence_altered");
    for (const item of Object.values(document)) if (typeof item === "string" && HASH.test(item)) named.add(item);
    found.push(document);
  }
  return found;
}

async function checkedNotice(value, event) {
  if (value === null) return null;
  const notice = shaped(value, ["digest", "language", "text", "published_at"], ["language", "published_at"], "notice");
  const digest = hex(await sha256(encoded(textOf(notice.text, "notice"))));
  if (hashText(notice.digest, "notice") !== digest || event.notice !== digest) throw new Refused("notice_altered");
  if ((notice.language ?? null) !== null) {
    const language = textOf(notice.language, "notice");
    const parts = typeof event.notice_version === "string" ? event.notice_version.split("/") : [];
    if (parts.length === 3 && parts[2] !== language) throw new Refused("notice_altered");
  }
  if ((notice.published_at ?? null) !== null) {
    const published = timeOf(notice.published_at, "published_at");
    if (published > timeOf(event.recorded_at, "recorded_at") + CLOCK_SLACK) throw new Refused("dates_impossible", { place: "published_at" });
  }
  return notice;
}

/* --- a bundle: the ZIP's table of contents, and the proofs in it --- */

async function proofsIn(file) {
  const head = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  const isZip = head[0] === 0x50 && head[1] === 0x4b;
  if (file.size > LARGEST_BYTES * (isZip ? 8 : 1)) throw new Refused("too_large");
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (!isZip) return [{ name: file.name, bytes }];
  try {
    return await unzipped(bytes);
  } catch (error) {
    throw error instanceof Refused ? error : noProof("ZIP");
  }
}

async function unzipped(bytes) {
  const view = new DataView(bytes.buffer);
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end -= 1;
  if (end < 0) throw new Refused("truncated");
  let at = view.getUint32(end + 16, true);
  const found = [];
  for (let left = view.getUint16(end + 10, true); left > 0; left -= 1) {
    if (view.getUint32(at, true) !== 0x02014b50) throw noProof("ZIP");
    const nameLength = view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    if (/(^|\/)proof\.json$/.test(name) && found.length < MOST_PROOFS) {
      const start = view.getUint32(at + 42, true);
      const from = start + 30 + view.getUint16(start + 26, true) + view.getUint16(start + 28, true);
      const packed = bytes.subarray(from, from + view.getUint32(at + 20, true));
      found.push({ name, bytes: view.getUint16(at + 10, true) === 0 ? packed : await inflated(packed) });
    }
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  if (!found.length) throw noProof("ZIP");
  return found;
}

async function inflated(packed) {
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const parts = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > LARGEST_BYTES) {
      await reader.cancel();
      throw new Refused("too_large");
    }
    parts.push(value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/* --- the page --- */

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

class Page {
  constructor(root) {
    this.root = root;
    this.words = JSON.parse(document.getElementById("proof-words").textContent);
    this.input = root.querySelector("input[type=file]");
    this.drop = root.querySelector(".drop");
    this.result = document.getElementById("proof-result");
    root.hidden = false;
    this.input.addEventListener("change", () => this.check(this.input.files[0]));
    for (const type of ["dragover", "dragenter"]) this.drop.addEventListener(type, (event) => { event.preventDefault(); this.drop.classList.add("over"); });
    this.drop.addEventListener("dragleave", () => this.drop.classList.remove("over"));
    this.drop.addEventListener("drop", (event) => {
      event.preventDefault();
      this.drop.classList.remove("over");
      this.check(event.dataTransfer.files[0]);
    });
    // A file dropped beside the area must not replace the page.
    for (const type of ["dragover", "drop"]) document.addEventListener(type, (event) => event.preventDefault());
  }

  async check(file) {
    if (!file) return;
    this.result.replaceChildren(element("p", this.words.labels.checking, "muted"));
    const parts = [];
    try {
      for (const { name, bytes } of await proofsIn(file)) parts.push(await this.outcome(name, bytes));
    } catch (error) {
      parts.push(this.refusal(file.name, error));
    }
    this.result.replaceChildren(...parts);
    this.input.value = "";
  }

  async outcome(name, bytes) {
    try {
      return this.proven(name, await verified(bytes));
    } catch (error) {
      return this.refusal(name, error);
    }
  }

  refusal(name, error) {
    const refused = error instanceof Refused ? error : new Refused("unreadable");
    if (refused !== error) console.error(error);
    const sentence = (this.words.sentences[refused.code] || refused.code).replace(/\{(\w+)\}/g, (_all, value) => refused.values[value]);
    const part = element("section", undefined, "outcome");
    part.dataset.code = refused.code;
    const notice = element("div", undefined, "notice error");
    notice.append(element("h2", `✗ ${this.words.labels.not_valid}`), element("p", sentence));
    const code = element("p", undefined, "muted");
    code.append(`${this.words.labels.file} ${name} · ${this.words.labels.code} `, element("code", refused.code));
    part.append(notice, code);
    return part;
  }

  proven(name, found) {
    const { labels, actions, channels } = this.words;
    const { event, seal } = found;
    const part = element("section", undefined, "outcome");
    part.dataset.code = "valid";
    const values = {
      contact: event.contact,
      organisation: event.organisation,
      action: actions[event.action] || event.action,
      purpose: event.purpose,
      channel: channels[event.channel] || event.channel,
    };
    const notice = element("div", undefined, "notice");
    notice.append(
      element("h2", `✓ ${this.words.sentences.valid}`),
      element("p", labels.in_words.replace(/\{(\w+)\}/g, (_all, value) => values[value])),
    );
    const list = element("dl");
    const line = (label, value) => list.append(element("dt", label), value instanceof Node ? value : element("dd", value));
    line(labels.occurred_at, this.moment(event.occurred_at));
    line(labels.recorded_at, this.moment(event.recorded_at));
    const text = element("dd");
    text.append(found.text ? element("blockquote", found.text) : labels.text_absent);
    line(labels.text, text);
    for (const field of ["notice_version", "basis", "source", "actor"]) if (event[field]) line(labels[field], String(event[field]));
    line(labels.evidence, labels[`evidence_${found.evidence}`]);
    line(labels.seal, String(seal.number));
    line(labels.signed_at, this.moment(seal.signed_at));
    line(labels.later, String(found.later));
    const key = element("dd");
    key.append(element("code", seal.key_id));
    line(labels.key, key);
    part.append(notice, list, element("p", labels.key_from_file, "muted"), element("p", `${labels.file} ${name}`, "muted"));
    return part;
  }

  moment(text) {
    const { lang } = document.documentElement;
    const locale = navigator.languages.find((known) => known.split("-")[0] === lang) || lang;
    const written = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "medium", timeZone: "UTC" });
    const value = element("dd");
    const time = element("time", `${written.format(new Date(timeOf(text, "time")))} UTC`);
    time.dateTime = text;
    value.append(time);
    return value;
  }
}

const root = document.getElementById("proof-check");
if (root) new Page(root);

export { canonical, parsed, signatureIsValid, verified };
