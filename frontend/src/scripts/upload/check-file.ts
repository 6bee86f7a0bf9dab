import { detectBuild } from "./build-detection";
import { compressionOf, uncompressed, UnreadableRest, type Compression } from "./decompress";
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
  /** The genome build that it seems to be of, null where nothing tells. */
  build: string | null;
  problem: Problem | null;
}

/** Checks a file before a byte of it is sent: whether it is VCF, its header, and its records up to the first bad one. */
export async function checkFile(file: Blob, signal: AbortSignal): Promise<FileReport> {
  const header = new Header();
  const records = new Records(header);
  const compression = await compressionOf(file);
  let complete = true;
  let problem: Problem | null = null;
  try {
    complete = await read(file, compression, header, records, signal);
  } catch (error) {
    if (error instanceof InputError) problem = error.problem;
    else if (error instanceof UnreadableRest) complete = false; // the annotator reads the rest
    else throw error;
  }
  return {
    compression, version: header.version, samples: header.samples, records: records.count, complete, problem,
    build: detectBuild(header, records.furthest),
  };
}

/** Reads a file up to its end or to the most bytes that are read; returns whether it was the end. */
async function read(file: Blob, compression: Compression, header: Header, records: Records,
  signal: AbortSignal): Promise<boolean> {
  let bytes = 0;
  let inHeader = true;
  let lines = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const piece of uncompressed(file, compression)) {
      bytes += piece.length;
      yield piece;
    }
  }
  for await (const batch of linesOf(counted())) {
    signal.throwIfAborted();
    for (const line of batch) {
      if (inHeader) inHeader = !header.take(line);
      else records.take(line);
      lines = line.number;
    }
    if (bytes >= MOST_BYTES && !inHeader) return false;
  }
  if (inHeader) throw new InputError("no_column_line", lines > 0 ? { line: lines } : {});
  return true;
}
