import { parquetMetadataAsync, type FileMetaData } from "hyparquet";
import { readOffsetIndex } from "hyparquet/src/indexes.js";
import { ColumnChunk } from "./column-chunk";
import type { Links } from "./links";
import { Ranges, type FetchRange, type Span } from "./ranges";
import { ValueIndex, type IndexPlace } from "./value-index";
import { plain, type Value } from "./values";

/** Smallest and largest value of a column in a row group; null where the file does not say. */
export interface Range { min: Value; max: Value }

/** A row group of the Parquet file: statistics are kept for each, and a search reads whole columns of it. */
export interface Group { start: number; rows: number; ranges: Map<string, Range> }

export interface ColumnInfo {
  name: string;
  numeric: boolean;
  about: string;
  /** True if the statistics of every row group say that no row has a value. */
  empty: boolean;
}

/** The footer grows with the number of row groups, at about this share of the file; the guess saves a request. */
const FOOTER_SHARE = 1 / 300;
const [SMALLEST_FOOTER, LARGEST_FOOTER] = [64 * 1024, 1024 * 1024];
/** Bytes of a column in a row group up to which it is fetched whole, although a few rows are wanted. */
const SMALL_CHUNK = 48 * 1024;
const MOST_CACHED_BYTES = 64 * 1024 * 1024;

/** The table of variants of one job. Only what is shown or searched is fetched. */
export class VariantFile {
  readonly rows: number;
  readonly groups: Group[];
  readonly columns: ColumnInfo[];
  readonly reference: string;
  readonly index: ValueIndex;
  /** By column, the ASCII characters that occur in it, letters in lower case. */
  private readonly characters: Map<string, string>;
  private readonly ranges: Ranges;
  private readonly places: Map<string, number>;
  /** By row group and column, those that were used last at the end. */
  private readonly chunks = new Map<string, ColumnChunk>();
  private needed: Promise<void> = Promise.resolve();

  private constructor(fetchRange: FetchRange, private readonly metadata: FileMetaData) {
    this.ranges = new Ranges(fetchRange);
    const keyValues = new Map((metadata.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? ""]));
    const about = texts(keyValues.get("gas.columns"));
    this.characters = texts(keyValues.get("gas.characters"));
    this.reference = keyValues.get("gas.reference") ?? "";
    this.index = new ValueIndex(this.ranges, JSON.parse(keyValues.get("gas.index") ?? "[]") as IndexPlace[]);
    const groups = metadata.row_groups;
    this.columns = metadata.schema.slice(1).map(({ name, type }, at) => ({
      name, numeric: type === "INT32" || type === "INT64" || type === "FLOAT" || type === "DOUBLE",
      about: about.get(name) ?? "",
      empty: groups.length > 0 && groups.every(({ columns, num_rows: rows }) =>
        columns[at]?.meta_data?.statistics?.null_count === rows) }));
    this.places = new Map(this.columns.map(({ name }, at) => [name, at]));
    this.groups = [];
    let start = 0;
    for (const group of groups) {
      const ranges = new Map<string, Range>();
      for (const { meta_data: column } of group.columns) {
        const statistics = column?.statistics;
        if (column === undefined || statistics?.min_value === undefined || statistics.max_value === undefined) continue;
        ranges.set(column.path_in_schema[0] ?? "", { min: plain(statistics.min_value), max: plain(statistics.max_value) });
      }
      this.groups.push({ start, rows: Number(group.num_rows), ranges });
      start += Number(group.num_rows);
    }
    this.rows = start;
  }

  /** Opens a job's table. */
  static async open(links: Links): Promise<VariantFile> {
    const { variants } = await links.current();
    return VariantFile.read(variants.size, (start, end, signal) => links.read("variants", start, end, signal));
  }

  /** Opens a table of so many bytes by reading its footer, which says where everything is. */
  static async read(size: number, fetchRange: FetchRange): Promise<VariantFile> {
    const guess = Math.round(Math.min(Math.max(size * FOOTER_SHARE, SMALLEST_FOOTER), LARGEST_FOOTER));
    const metadata = await parquetMetadataAsync({ byteLength: size, slice: (start, end = size) => fetchRange(start, end) },
      { initialFetchSize: guess });
    return new VariantFile(fetchRange, metadata);
  }

  /** Of some columns, those that are in the file and may contain a text, in lower case and ASCII, if there is one. */
  searchable(columns: string[], contains: string | undefined): string[] {
    return columns.filter((column) => {
      const characters = this.characters.get(column);
      return this.places.has(column) && (contains === undefined || characters === undefined
        || [...contains].every((character) => characters.includes(character)));
    });
  }

  /** The group that a row is in. */
  groupOf(row: number): number {
    let low = 0;
    let high = this.groups.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.groups[middle]?.start ?? 0) <= row) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Some columns of a whole row group. */
  async readGroup(index: number, columns: string[], signal?: AbortSignal): Promise<Map<string, ColumnChunk>> {
    const chunks = new Map(columns.map((column) => [column, this.chunk(index, column)]));
    const missing = [...chunks.values()].filter(({ complete }) => !complete);
    const parts = await this.ranges.read(missing.map(({ span }) => span), signal);
    missing.forEach((chunk, at) => chunk.takeAll(parts[at] as Uint8Array));
    this.forget(columns.length);
    return chunks;
  }

  /** Fetches the cells of some rows that have not been fetched yet. */
  need(rows: Iterable<number>, columns: string[]): Promise<void> {
    const wanted = [...rows];
    this.needed = this.needed.catch(() => undefined).then(() => this.fetchCells(wanted, columns));
    return this.needed;
  }

  /** A cell's value, undefined while it has not been fetched. */
  cell(row: number, column: string): Value | undefined {
    const index = this.groupOf(row);
    return this.chunks.get(key(index, column))?.at(row - (this.groups[index]?.start ?? 0));
  }

  private async fetchCells(rows: number[], columns: string[]): Promise<void> {
    const wanted = new Map<ColumnChunk, { index: number; column: string; rows: number[] }>();
    for (const row of rows) {
      const index = this.groupOf(row);
      for (const column of columns) {
        const chunk = this.chunk(index, column);
        const place = row - (this.groups[index]?.start ?? 0);
        if (chunk.at(place) !== undefined) continue;
        const known = wanted.get(chunk);
        if (known === undefined) wanted.set(chunk, { index, column, rows: [place] });
        else known.rows.push(place);
      }
    }
    const large = [...wanted].filter(([{ span }]) => span.end - span.start > SMALL_CHUNK);
    await this.locatePages(large.map(([chunk, { index, column }]) => [chunk, index, column]));
    const spans: Span[] = [];
    const takes: ((bytes: Uint8Array) => void)[] = [];
    const fetched = (span: Span, take: (bytes: Uint8Array) => void): void => {
      spans.push(span);
      takes.push(take);
    };
    for (const [chunk, { rows: places }] of wanted) {
      if (chunk.places === null) {
        fetched(chunk.span, (bytes) => chunk.takeAll(bytes));
        continue;
      }
      const dictionary = chunk.dictionarySpan();
      if (dictionary !== null) fetched(dictionary, (bytes) => chunk.take(bytes, 0));
      for (const page of new Set(places.map((place) => chunk.missing(place)))) {
        if (page !== null) fetched(page, (bytes) => chunk.take(bytes, page.first));
      }
    }
    (await this.ranges.read(spans)).forEach((bytes, at) => takes[at]?.(bytes));
    this.forget(rows.length * columns.length);
  }

  /** Reads where the pages of some columns are, from the offset index. Without one they are fetched whole. */
  private async locatePages(chunks: [ColumnChunk, number, string][]): Promise<void> {
    const unknown = chunks.filter(([chunk]) => chunk.places === null && !chunk.complete).flatMap(([chunk, index, column]) => {
      const { offset_index_offset: offset, offset_index_length: length } = this.described(index, column);
      return offset === undefined || length === undefined ? [] : [{ chunk, start: Number(offset), end: Number(offset) + length }];
    });
    (await this.ranges.read(unknown)).forEach((bytes, at) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      (unknown[at] as { chunk: ColumnChunk }).chunk.places = readOffsetIndex({ view, offset: 0 }).page_locations.map(
        ({ offset, compressed_page_size: size, first_row_index: first }) => ({ first: Number(first), start: Number(offset), end: Number(offset) + size }));
    });
  }

  private described(index: number, column: string): FileMetaData["row_groups"][number]["columns"][number] {
    const found = this.metadata.row_groups[index]?.columns[this.places.get(column) ?? -1];
    if (found === undefined) throw new RangeError(`the table has no group ${index} with a column ${column}`);
    return found;
  }

  private chunk(index: number, column: string): ColumnChunk {
    const name = key(index, column);
    let chunk = this.chunks.get(name);
    if (chunk === undefined) {
      const { meta_data: metadata } = this.described(index, column);
      const element = this.metadata.schema[(this.places.get(column) ?? 0) + 1];
      if (metadata === undefined || element === undefined) throw new Error(`the column ${column} is not described`);
      chunk = new ColumnChunk(metadata, element);
    } else this.chunks.delete(name);
    this.chunks.set(name, chunk);
    return chunk;
  }

  /** Drops what was used longest ago; the last `kept` columns stay. */
  private forget(kept: number): void {
    let total = 0;
    for (const { bytes } of this.chunks.values()) total += bytes;
    for (const [name, { bytes }] of this.chunks) {
      if (total <= MOST_CACHED_BYTES || this.chunks.size <= kept) break;
      this.chunks.delete(name);
      total -= bytes;
    }
  }
}

const key = (group: number, column: string): string => `${group}:${column}`;

/** Texts by column, from the metadata of the file. */
function texts(text: string | undefined): Map<string, string> {
  if (text === undefined || text === "") return new Map();
  return new Map(Object.entries(JSON.parse(text) as Record<string, unknown>)
    .map(([name, text]) => [name, typeof text === "string" ? text : ""]));
}
