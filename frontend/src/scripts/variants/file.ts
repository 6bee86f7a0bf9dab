import { parquetMetadataAsync, parquetRead, type AsyncBuffer, type FileMetaData } from "hyparquet";
import type { Links } from "./links";
import { plain, type Value } from "./values";

type Values = ArrayLike<unknown>;

/** Smallest and largest value of a column in a row group; null where the file does not say. */
export interface Range { min: Value; max: Value }

/** A row group of the Parquet file: statistics are kept for each, and a search reads whole ones. */
export interface Group { start: number; rows: number; ranges: Map<string, Range> }

export interface ColumnInfo {
  name: string;
  numeric: boolean;
  about: string;
  /** True if the statistics of every row group say that no row has a value. */
  empty: boolean;
}

const FOOTER_GUESS = 64 * 1024;
const PIECE_ROWS = 2000;
const MOST_CACHED_VALUES = 12_000_000;

/** The table of variants of one job. Only what is shown or searched is fetched. */
export class VariantFile {
  readonly rows: number;
  readonly groups: Group[];
  readonly columns: ColumnInfo[];
  readonly reference: string;
  /** Whether the file says where its pages are, so that some rows of a group can be fetched alone. */
  private readonly paged: boolean;
  private readonly cache = new Map<string, Values>();
  private cachedValues = 0;
  private readonly pending = new Map<string, Promise<void>>();

  private constructor(private readonly buffer: AsyncBuffer, private readonly metadata: FileMetaData) {
    const keyValues = new Map((metadata.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? ""]));
    const about = descriptions(keyValues.get("gas.columns"));
    this.reference = keyValues.get("gas.reference") ?? "";
    const groups = metadata.row_groups;
    this.columns = metadata.schema.slice(1).map(({ name, type }, at) => ({
      name, numeric: type === "INT32" || type === "INT64" || type === "FLOAT" || type === "DOUBLE",
      about: about.get(name) ?? "",
      empty: groups.length > 0 && groups.every(({ columns, num_rows: rows }) =>
        columns[at]?.meta_data?.statistics?.null_count === rows) }));
    this.groups = [];
    let start = 0;
    for (const group of metadata.row_groups) {
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
    this.paged = metadata.row_groups.every((group) => group.columns.every((column) => column.offset_index_offset));
  }

  /** Opens a file by reading its footer, which says where everything is. */
  static async open(links: Links): Promise<VariantFile> {
    const { variants } = await links.current();
    const buffer = {
      byteLength: variants.size,
      slice: (start: number, end: number = variants.size) => links.read("variants", start, end),
    };
    const metadata = await parquetMetadataAsync(buffer, { initialFetchSize: FOOTER_GUESS });
    return new VariantFile(withIndexesFetchedOnce(buffer, metadata), metadata);
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

  /** A whole group's values of some columns. */
  async readGroup(index: number, columns: string[]): Promise<Map<string, Values>> {
    const group = this.groups[index];
    if (group === undefined) throw new RangeError(`there is no group ${index}`);
    await this.fetch(index, group.start, group.start + group.rows, columns, -1);
    return new Map(columns.map((column) => [column, this.cache.get(key(index, -1, column)) ?? []]));
  }

  /** Fetches the cells of some rows that have not been fetched yet. */
  async need(rows: Iterable<number>, columns: string[]): Promise<void> {
    const pieces = new Map<string, [number, number]>();
    for (const row of rows) {
      const index = this.groupOf(row);
      const piece = this.pieceOf(index, row);
      pieces.set(`${index}:${piece}`, [index, piece]);
    }
    await Promise.all([...pieces.values()].map(([index, piece]) => {
      const group = this.groups[index] as Group;
      const missing = columns.filter((column) => !this.cache.has(key(index, -1, column)));
      if (piece < 0) return this.fetch(index, group.start, group.start + group.rows, missing, piece);
      const start = group.start + piece * PIECE_ROWS;
      return this.fetch(index, start, Math.min(start + PIECE_ROWS, group.start + group.rows), missing, piece);
    }));
  }

  /** A cell's value, undefined while it has not been fetched. */
  cell(row: number, column: string): Value | undefined {
    const index = this.groupOf(row);
    const start = this.groups[index]?.start ?? 0;
    const whole = this.cache.get(key(index, -1, column));
    if (whole !== undefined) return plain(whole[row - start]);
    const piece = this.pieceOf(index, row);
    const values = piece < 0 ? undefined : this.cache.get(key(index, piece, column));
    return values === undefined ? undefined : plain(values[row - start - piece * PIECE_ROWS]);
  }

  private pieceOf(index: number, row: number): number {
    return this.paged ? Math.floor((row - (this.groups[index]?.start ?? 0)) / PIECE_ROWS) : -1;
  }

  private async fetch(index: number, start: number, end: number, columns: string[], piece: number): Promise<void> {
    const wanted = columns.filter((column) => !this.cache.has(key(index, piece, column)));
    const missing = wanted.filter((column) => !this.pending.has(key(index, piece, column)));
    if (missing.length > 0) {
      const request = this.decode(start, end, missing).then((values) => {
        for (const column of missing) this.store(key(index, piece, column), values.get(column) ?? []);
      }).finally(() => {
        for (const column of missing) this.pending.delete(key(index, piece, column));
      });
      for (const column of missing) this.pending.set(key(index, piece, column), request);
    }
    await Promise.all(wanted.map((column) => this.pending.get(key(index, piece, column))));
  }

  private async decode(rowStart: number, rowEnd: number, columns: string[]): Promise<Map<string, Values>> {
    const values = new Map(columns.map((column) => [column, new Array<unknown>(rowEnd - rowStart)]));
    await parquetRead({
      file: this.buffer, metadata: this.metadata, columns, rowStart, rowEnd, useOffsetIndex: this.paged,
      onChunk: ({ columnName, columnData, rowStart: first }) => {
        const target = values.get(columnName);
        if (target === undefined) return;
        // Pages begin before the requested rows, and end after them.
        const from = Math.max(0, rowStart - first);
        const until = Math.min(columnData.length, rowEnd - first);
        for (let i = from; i < until; i += 1) target[first + i - rowStart] = columnData[i];
      },
    });
    return values;
  }

  private store(name: string, values: Values): void {
    this.cache.set(name, values);
    this.cachedValues += values.length;
    for (const [oldest, { length }] of this.cache) {
      if (this.cachedValues <= MOST_CACHED_VALUES || oldest === name) break;
      this.cache.delete(oldest);
      this.cachedValues -= length;
    }
  }
}

/** The offset indexes of all columns lie together in the file: they are fetched once, in one request. */
function withIndexesFetchedOnce(buffer: AsyncBuffer, metadata: FileMetaData): AsyncBuffer {
  let from = Number.POSITIVE_INFINITY;
  let until = 0;
  for (const { columns } of metadata.row_groups) {
    for (const { offset_index_offset: offset, offset_index_length: length } of columns) {
      if (offset === undefined || length === undefined) continue;
      from = Math.min(from, Number(offset));
      until = Math.max(until, Number(offset) + length);
    }
  }
  let indexes: Promise<ArrayBuffer> | null = null;
  return {
    byteLength: buffer.byteLength,
    async slice(start: number, end: number = buffer.byteLength): Promise<ArrayBuffer> {
      if (start < from || end > until) return buffer.slice(start, end);
      indexes ??= Promise.resolve(buffer.slice(from, until)).catch((error: unknown) => {
        indexes = null;
        throw error;
      });
      return (await indexes).slice(start - from, end - from);
    },
  };
}

const key = (group: number, piece: number, column: string): string => `${group}:${piece}:${column}`;

function descriptions(text: string | undefined): Map<string, string> {
  if (text === undefined || text === "") return new Map();
  return new Map(Object.entries(JSON.parse(text) as Record<string, unknown>)
    .map(([name, text]) => [name, typeof text === "string" ? text : ""]));
}
