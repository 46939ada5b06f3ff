/* Proofs are JSON, read strictly (the browser's own reader hides a name that stands twice) and written canonically. */

export const LARGEST_BYTES = 8 * 1024 * 1024;
const DEEPEST = 64;

/** The proof does not hold; `code` is stable, `values` fill the sentence. */
export class Refused extends Error {
  constructor(code, values = {}) {
    super(code);
    this.code = code;
    this.values = values;
  }
}
export const noProof = (place) => new Refused("not_a_proof", { place });

class Fraction {
  constructor(value) { this.value = value; }
}

export function parsed(bytes) {
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

export const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value) && !(value instanceof Fraction);

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

export function canonical(value) {
  return encoded(written(value, DEEPEST));
}

export function encoded(text) {
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
