import { bgzipEnd, gzip as GZIP, limits } from "../../generated/rules.json";
import rules, { anywhere, atStart } from "../rules";
import { latin1 } from "./binary-text";
import { InputError } from "./input-error";

export type Compression = "plain" | "gzip" | "bgzip";

/** Called where the rest of a file cannot be read: browsers decompress a single gzip member and no bytes after it. */
export type OnUnreadableRest = () => void;

/** What Chrome and Node.js, Firefox, and Safari say of bytes after a gzip member; no standard has the words. */
const GOES_ON = /junk|input after the end|extra bytes/i;
/** What Chrome, Firefox and Node.js say of a gzip member that is cut off. Safari says the same as of bytes after it. */
const CUT_OFF = /truncated|without reaching|unexpected end/i;

/** Bytes that are read at once: more than the largest block of bgzip has. */
const PIECE = 1 << 18;
/** The header of a bgzip block, up to its size. */
const BLOCK_HEADER = 18;
const BLOCK_START = atStart(rules.patterns.bgzipBlock);
const ANY_BLOCK_START = anywhere(rules.patterns.bgzipBlock);

/** How a file is compressed: by its first bytes, never by its name. */
export async function compressionOf(file: Blob): Promise<Compression> {
  const start = latin1(await bytesOf(file.slice(0, BLOCK_HEADER)));
  if (!start.startsWith(GZIP)) return "plain";
  return start[3] === "\x04" && start.slice(12, 14) === "BC" ? "bgzip" : "gzip";
}

/**
 * The uncompressed content of a file, in pieces. The reader may stop after any piece.
 *
 * @param onUnreadableRest - called before the content ends early: a gzip file goes on after its first member
 */
export function uncompressed(file: Blob, compression: Compression,
  onUnreadableRest: OnUnreadableRest): AsyncGenerator<Uint8Array> {
  if (compression === "plain") return plain(file);
  return compression === "bgzip" ? bgzip(file, onUnreadableRest) : firstMember(file, onUnreadableRest);
}

async function* plain(file: Blob): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.size; at += PIECE) yield bytesOf(file.slice(at, at + PIECE));
}

// Browsers decompress one gzip member and reject what follows it, so the blocks are decompressed one by one.
async function* bgzip(file: Blob, onUnreadableRest: OnUnreadableRest): AsyncGenerator<Uint8Array> {
  // Bytes after the end are no fault: the annotator leaves them out, with a warning.
  const last = latin1(await bytesOf(file.slice(Math.max(0, file.size - limits.bgzipEnd))));
  if (!last.includes(bgzipEnd) && ANY_BLOCK_START.test(last)) throw new InputError("bgzip_without_end");
  let read = 0;
  let ended = false;
  let buffer = new Uint8Array(0);
  let bufferStart = 0;
  let at = 0;
  while (bufferStart + at < file.size) {
    let size = blockSize(buffer, at);
    if (size === null || at + size > buffer.length) {
      bufferStart += at;
      at = 0;
      buffer = await bytesOf(file.slice(bufferStart, bufferStart + PIECE));
      size = blockSize(buffer, 0);
      if (size === null || size > buffer.length) {
        if (!ended) onUnreadableRest();
        return;
      }
    }
    const content = await decompressed(buffer.slice(at, at + size)).catch(() => {
      throw new InputError("gzip_damaged", {}, { bytes: read });
    });
    at += size;
    read += content.length;
    ended = content.length === 0;
    if (!ended) yield content;
  }
}

/** Bytes of the bgzip block that starts at an index; null where none does. */
function blockSize(buffer: Uint8Array, at: number): number | null {
  if (!BLOCK_START.test(latin1(buffer.subarray(at, at + BLOCK_HEADER)))) return null;
  return (buffer[at + 16] ?? 0) + 256 * (buffer[at + 17] ?? 0) + 1;
}

async function* firstMember(file: Blob, onUnreadableRest: OnUnreadableRest): AsyncGenerator<Uint8Array> {
  const reader = decompressing(file).getReader();
  let read = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      read += value.length;
      yield value;
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    const reason = error instanceof Error ? `${error.message} ${String(error.cause)}` : "";
    if (!GOES_ON.test(reason)) {
      throw new InputError(CUT_OFF.test(reason) ? "gzip_cut_off" : "gzip_damaged", {}, { bytes: read });
    }
    onUnreadableRest();
  } finally {
    void reader.cancel().catch(() => undefined); // nobody reads the rest
  }
}

function decompressing(packed: Blob): ReadableStream<Uint8Array> {
  return packed.stream().pipeThrough(new DecompressionStream("gzip") as ReadableWritablePair<Uint8Array, Uint8Array>);
}

async function decompressed(block: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(decompressing(new Blob([block]))).arrayBuffer());
}

async function bytesOf(piece: Blob): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await piece.arrayBuffer());
}
