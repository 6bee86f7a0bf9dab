import { detectBuild } from "./build-detection";
import { latin1 } from "./binary-text";
import { compressionOf, isConverted, uncompressed, type Compression } from "./decompress";
import { Header } from "./header";
import { InputError, type Problem } from "./input-error";
import { linesOf } from "./lines";
import { Records } from "./records";

/** Uncompressed bytes that are read: all of a file that a free account may upload, the beginning of a larger one. */
const MOST_BYTES = 24 << 20;

/** What was found in a file. */
export interface FileReport {
  compression: Compression;
  version: string;
  samples: number;
  records: number;
  /** False when the file goes on after what was read. */
  complete: boolean;
  /** False when only the annotator can read the content. */
  readable: boolean;
  /** The genome build that it seems to be of, null where nothing tells. */
  build: string | null;
  /** Names of the contigs that have records, in order of appearance. */
  contigs: string[];
  problem: Problem | null;
}

/** Checks a file before a byte of it is sent: whether it is VCF, its header, and its records up to the first bad one. */
export async function checkFile(file: Blob, signal: AbortSignal): Promise<FileReport> {
  const header = new Header();
  const records = new Records(header);
  const compression = await compressionOf(file);
  let complete = true;
  let readable = true;
  let problem: Problem | null = null;
  const pieces = uncompressed(file, compression, () => { complete = false; });
  try {
    const text = readableText(pieces, () => { complete = readable = false; });
    const whole = await readAll(text, header, records, signal, () => complete);
    complete &&= whole;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    // What was read of an incomplete file is too little to call it empty.
    if (complete || error.code !== "empty_file") problem = error.problem;
  }
  return {
    compression, version: header.version, samples: header.samples, records: records.count, complete, readable, problem,
    build: detectBuild(header, records.furthest), contigs: [...records.furthest.keys()],
  };
}

/** The pieces of a file; none of one that only the annotator can read. */
async function* readableText(pieces: AsyncIterable<Uint8Array>, onUnreadable: () => void): AsyncGenerator<Uint8Array> {
  let first = true;
  for await (const piece of pieces) {
    if (first && isConverted(latin1(piece.subarray(0, 8)))) {
      onUnreadable();
      return;
    }
    first = false;
    yield piece;
  }
}

/**
 * Reads a file up to its end, or to the most bytes that are read.
 *
 * @param atEnd - whether the end of the pieces, once it is reached, is that of the file
 * @returns whether the end of the pieces was reached
 */
async function readAll(pieces: AsyncIterable<Uint8Array>, header: Header, records: Records, signal: AbortSignal,
  atEnd: () => boolean): Promise<boolean> {
  let bytes = 0;
  let inHeader = true;
  let lines = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      bytes += piece.length;
      yield piece;
    }
  }
  for await (const batch of linesOf(counted())) {
    signal.throwIfAborted();
    for (const line of batch) {
      if (line.unterminated && !atEnd()) return true; // the rest of this line cannot be read
      if (inHeader) inHeader = !header.take(line);
      else records.take(line);
      lines = line.number;
    }
    if (bytes >= MOST_BYTES && !inHeader) return false;
  }
  if (inHeader && atEnd()) throw new InputError("no_column_line", lines > 0 ? { line: lines } : {});
  return true;
}
