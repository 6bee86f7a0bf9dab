/** Pieces of VCF files for the tests of the checks. */
import { checkFile, type FileReport } from "../../src/scripts/upload/check-file";

export const COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";
export const HEADER = `##fileformat=VCFv4.2\n${COLUMNS}`;
export const RECORD = "MT\t263\trs1\tA\tG\t.\tPASS\tDP=3\n";

type Content = string | Uint8Array<ArrayBuffer>;

/** A text in Latin-1 as bytes. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}

export const check = (...contents: Content[]): Promise<FileReport> =>
  checkFile(new Blob(contents.map((content) => (typeof content === "string" ? bytesOf(content) : content))),
    new AbortController().signal);

/** A file as gzip writes it. */
export async function gzip(content: string): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytesOf(content)]).stream().pipeThrough(
    new CompressionStream("gzip") as ReadableWritablePair<Uint8Array, Uint8Array>);
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A block as bgzip writes it: a gzip member that has its own size in an extra field. */
async function block(content: string): Promise<Uint8Array<ArrayBuffer>> {
  const member = await gzip(content);
  const size = member.length + 8 - 1;
  return new Uint8Array([31, 139, 8, 4, ...member.slice(4, 10), 6, 0, 66, 67, 2, 0, size & 255, size >> 8, ...member.slice(10)]);
}

export const BGZIP_END = new Uint8Array(
  [31, 139, 8, 4, 0, 0, 0, 0, 0, 255, 6, 0, 66, 67, 2, 0, 27, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

/** A file as bgzip writes it, in blocks of a few characters so that lines span several. */
export async function bgzip(content: string, length = 40): Promise<Uint8Array<ArrayBuffer>> {
  const blocks: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < content.length; at += length) blocks.push(await block(content.slice(at, at + length)));
  return new Uint8Array(await new Blob([...blocks, BGZIP_END]).arrayBuffer());
}
