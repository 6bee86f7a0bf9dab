import { Fault, count } from "./words";

export type Compression = "plain" | "gzip" | "bgzip";

const BLOCK = 1 << 18;
/** The empty block that ends a whole bgzip file (SAM specification, section 4.1.2). */
const END_OF_FILE = [31, 139, 8, 4, 0, 0, 0, 0, 0, 255, 6, 0, 66, 67, 2, 0, 27, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/** Bytes at the end of a bgzip file among which, when it is cut off, a block begins; none has more than half as many. */
const LAST_BYTES = 1 << 17;

/** How a file is compressed, by its first bytes and never by its name. */
export async function compressionOf(file: Blob): Promise<Compression> {
  const start = await bytes(file.slice(0, 18));
  if (start[0] !== 31 || start[1] !== 139) return "plain";
  return start[3] === 4 && start[12] === 66 && start[13] === 67 ? "bgzip" : "gzip";
}

/** The uncompressed content of a file from its beginning, in pieces. Reading may stop at any piece. */
export function chunksOf(file: Blob, compression: Compression): AsyncGenerator<Uint8Array> {
  if (compression === "plain") return plain(file);
  return compression === "bgzip" ? blocks(file) : oneMember(file);
}

async function* plain(file: Blob): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.size; at += BLOCK) yield bytes(file.slice(at, at + BLOCK));
}

// Browsers unpack one gzip member and take what follows it for rubbish, so bgzip's blocks are unpacked one by one.
async function* blocks(file: Blob): AsyncGenerator<Uint8Array> {
  // Bytes behind the end are left out, with a warning of the annotator.
  const last = await bytes(file.slice(Math.max(0, file.size - LAST_BYTES)));
  const ends = last.some((_, from) => END_OF_FILE.every((byte, at) => last[from + at] === byte));
  if (!ends && last.some((_, from) => blockSize(last, from) !== null)) {
    throw new Fault("truncated_gzip", "The bgzip file is cut off: the block that marks its end is missing.");
  }
  let read = 0;
  let buffer = new Uint8Array(0);
  let from = 0;
  let at = 0;
  while (from + at < file.size) {
    let size = blockSize(buffer, at);
    if (size === null || at + size > buffer.length) {
      from += at;
      at = 0;
      buffer = await bytes(file.slice(from, from + BLOCK));
      size = blockSize(buffer, 0);
      if (size === null || size > buffer.length) return; // not bgzip any more: the annotator will say
    }
    const content = await unpacked(buffer.slice(at, at + size)).catch((error: unknown) => {
      throw damaged(read, error);
    });
    at += size;
    read += content.length;
    if (content.length > 0) yield content;
  }
}

function blockSize(buffer: Uint8Array, at: number): number | null {
  if (at + 18 > buffer.length || buffer[at] !== 31 || buffer[at + 1] !== 139) return null;
  if (buffer[at + 12] !== 66 || buffer[at + 13] !== 67) return null;
  return (buffer[at + 16] ?? 0) + 256 * (buffer[at + 17] ?? 0) + 1;
}

async function* oneMember(file: Blob): AsyncGenerator<Uint8Array> {
  const reader = unpacking(file).getReader();
  let read = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      read += value.length;
      yield value;
    }
  } catch (error) {
    if (error instanceof Fault) throw error;
    // A file of several members may go on after the first: only the annotator reads those.
    if (error instanceof Error && /junk|trailing/i.test(error.message)) return;
    if (error instanceof Error && /truncated|unexpected end/i.test(error.message)) {
      throw new Fault("truncated_gzip", `The gzip file is cut off after ${count(read)} uncompressed bytes.`);
    }
    throw damaged(read, error);
  } finally {
    void reader.cancel().catch(() => undefined); // what is left of it nobody reads
  }
}

function damaged(read: number, error: unknown): Fault {
  if (error instanceof Fault) return error;
  return new Fault("corrupt_gzip", `The gzip file is damaged after ${count(read)} uncompressed bytes.`);
}

function unpacking(packed: Blob): ReadableStream<Uint8Array> {
  return packed.stream().pipeThrough(new DecompressionStream("gzip") as ReadableWritablePair<Uint8Array, Uint8Array>);
}

async function unpacked(block: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(unpacking(new Blob([block]))).arrayBuffer());
}

async function bytes(piece: Blob): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await piece.arrayBuffer());
}
