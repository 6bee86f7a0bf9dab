import type { Condition } from "./conditions";
import type { Ranges, Span } from "./ranges";

/** Where the index of some columns is: the distinct values, compressed, then the rows of each (value_index.py). */
export interface IndexPlace { columns: string[]; offset: number; values: number; postings: number }

/** Values in order, and the bytes that the rows of each take: -1 for a value that is too frequent to be listed. */
interface Directory { values: string[]; bytes: number[] }

/** The inverted index of a table: which rows have a value. Tables of earlier versions have none. */
export class ValueIndex {
  private readonly directories = new Map<IndexPlace, Promise<Directory>>();

  constructor(private readonly ranges: Ranges, private readonly places: IndexPlace[]) {}

  /** The rows that fulfil a condition, in ascending order; null if the index does not say. */
  async rows(condition: Condition, signal: AbortSignal): Promise<Uint32Array | null> {
    const place = this.places.find(({ columns }) => condition.columns.length > 0 && columns.join() === condition.columns.join());
    if (place === undefined || condition.passes(null)) return null;
    const { values, bytes } = await this.directory(place);
    signal.throwIfAborted();
    const spans: Span[] = [];
    let at = place.offset + place.values;
    for (const [number, value] of values.entries()) {
      const size = bytes[number] ?? 0;
      const wanted = condition.passes(value);
      if (wanted && size < 0) return null;
      if (wanted) spans.push({ start: at, end: at + size });
      at += Math.max(0, size);
    }
    const lists = (await this.ranges.read(spans, signal)).map(rowsOf);
    const rows = Uint32Array.from(lists.flat());
    return lists.length > 1 ? new Uint32Array(new Set(rows.sort())) : rows;
  }

  private directory(place: IndexPlace): Promise<Directory> {
    let directory = this.directories.get(place);
    if (directory === undefined) {
      directory = this.ranges.read([{ start: place.offset, end: place.offset + place.values }]).then(async ([packed]) => {
        const stream = new Blob([packed as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream("deflate"));
        return await new Response(stream).json() as Directory;
      });
      directory.catch(() => this.directories.delete(place)); // the next search asks again
      this.directories.set(place, directory);
    }
    return directory;
  }
}

/** Runs of rows: rows since the end of the run before, then rows of the run less one, as LEB128. */
function rowsOf(postings: Uint8Array): number[] {
  const rows: number[] = [];
  let [row, number, factor, isGap] = [0, 0, 1, true];
  for (const byte of postings) {
    number += (byte & 127) * factor;
    factor *= 128;
    if (byte > 127) continue;
    if (isGap) row += number;
    else for (const end = row + number; row <= end; row += 1) rows.push(row);
    [number, factor, isGap] = [0, 1, !isGap];
  }
  return rows;
}

/** Whether a row is in two ascending lists. */
export function common(a: Uint32Array, b: Uint32Array): Uint32Array {
  const other = new Set(b);
  return a.filter((row) => other.has(row));
}
