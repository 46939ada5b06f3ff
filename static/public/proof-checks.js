/* The checks of a proof (accord-proof/1): the same as in verify_proof.py, in the same order, with the same codes. */

import { HASH, KEY_ID, bytesOf, countOf, fromHex, hashText, hex, sha256, shaped, signatureIsValid, textOf, timeOf } from "./proof-parts.js";
import { Refused, canonical, encoded, isObject, noProof, parsed } from "./proof-json.js";

const FORMAT = "accord-proof/1";
const MOST_SEALS = 1000;
const MOST_STEPS = 64;
const FIRST_PREVIOUS = "0".repeat(64);
const KEY_SLACK = 5 * 60_000;
const CLOCK_SLACK = 2 * 60_000;
const MEMBERS = ["format", "event", "leaf", "path", "seal", "seal_hash", "signature", "chain", "keys", "evidence", "notice"];
const SEAL_MEMBERS = ["organisation", "number", "first", "last", "count", "root", "previous", "signed_at", "key_id"];
const EVENT_NEEDS = ["id", "organisation", "contact", "purpose", "channel", "action", "occurred_at", "recorded_at"];

/** Everything a proof shows, once all of it was checked; throws Refused. */
export async function verified(bytes) {
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
