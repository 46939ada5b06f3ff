/* Checks a proof in this browser: the file is read here and goes nowhere. The page's policy lets nothing out. */

import { Refused } from "./proof-json.js";
import { proofsIn } from "./proof-zip.js";
import { timeOf } from "./proof-parts.js";
import { verified } from "./proof-checks.js";

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

export { verified };
