import { buildOf } from "./builds";
import { chunksOf, compressionOf, type Compression } from "./chunks";
import { Header } from "./header";
import { linesOf } from "./lines";
import { Records } from "./records";
import { Fault, type Problem } from "./words";

/** Uncompressed bytes that are looked at: every free file as a whole, of large ones the beginning. */
const MOST_BYTES = 24 << 20;

/** What was seen of a file. */
export interface Findings {
  compression: Compression;
  version: string;
  samples: number;
  records: number;
  /** False when the file goes on beyond what was looked at. */
  whole: boolean;
  build: string | null;
  problem: Problem | null;
}

/** Looks into a file before a byte of it leaves: is it VCF, is its header right, which is its first bad line. */
export async function look(file: Blob, signal: AbortSignal): Promise<Findings> {
  const header = new Header();
  const records = new Records(header);
  const compression = await compressionOf(file);
  let whole = true;
  let problem: Problem | null = null;
  try {
    whole = await read(file, compression, header, records, signal);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    problem = error.problem;
  }
  return {
    compression, version: header.version, samples: header.samples, records: records.count, whole, problem,
    build: buildOf(header, records.contigs),
  };
}

async function read(file: Blob, compression: Compression, header: Header, records: Records,
  signal: AbortSignal): Promise<boolean> {
  let bytes = 0;
  let inHeader = true;
  let lines = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunksOf(file, compression)) {
      bytes += chunk.length;
      yield chunk;
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
  if (inHeader) {
    throw new Fault("missing_column_header", "The file ends before the #CHROM line.", lines > 0 ? { line: lines } : {});
  }
  return true;
}
