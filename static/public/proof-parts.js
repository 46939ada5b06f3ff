/* Hashes and signatures by the browser, and the shapes of what stands in a proof. */

import { Refused, isObject, noProof } from "./proof-json.js";

export const HASH = /^[0-9a-f]{64}$/;
export const KEY_ID = /^[0-9a-f]{16}$/;
const TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d)$/;

export async function sha256(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
}
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
export const fromHex = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));

export async function signatureIsValid(key, signature, message) {
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

export function shaped(value, members, optional, place) {
  const fits = isObject(value)
    && Object.keys(value).every((name) => members.includes(name))
    && members.every((name) => optional.includes(name) || name in value);
  if (!fits) throw noProof(place);
  return value;
}
export function textOf(value, place) {
  if (typeof value !== "string") throw noProof(place);
  return value;
}
export function hashText(value, place) {
  if (typeof value !== "string" || !HASH.test(value)) throw noProof(place);
  return value;
}
export function bytesOf(value, size, place) {
  let raw;
  try {
    raw = atob(textOf(value, place));
  } catch {
    throw noProof(place);
  }
  if (raw.length !== size || btoa(raw) !== value) throw noProof(place);
  return Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
}
export function countOf(value, place) {
  if (typeof value !== "number" || value < 1) throw noProof(place);
  return value;
}
/** Milliseconds since 1970, with their fraction. */
export function timeOf(value, place) {
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
