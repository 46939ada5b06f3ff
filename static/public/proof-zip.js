/* A bundle is a ZIP: its table of contents is read, and the proofs in it unpacked, here in the browser. */

import { LARGEST_BYTES, Refused, noProof } from "./proof-json.js";

const MOST_PROOFS = 100;

export async function proofsIn(file) {
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
