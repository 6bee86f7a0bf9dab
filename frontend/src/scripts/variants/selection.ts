import type { ColumnChunk } from "./column-chunk";
import { mayMatch, type Condition } from "./conditions";
import type { Group, VariantFile } from "./file";
import { IMPACTS } from "./filters";
import { common } from "./value-index";
import type { Value } from "./values";

/** Row groups that are fetched while one is searched. */
const READ_AHEAD = 8;
/** Milliseconds of work after which the page may respond. */
const WORK_MS = 30;

export interface Sort { column: string; descending: boolean }

/** Rows of the file in the order in which they are shown. */
export interface Selection {
  readonly length: number;
  row(index: number): number;
}

/** Every row, in the file's order. */
export function everything(rows: number): Selection {
  return { length: rows, row: (index) => index };
}

class Rows implements Selection {
  private rows = new Uint32Array(1024);
  length = 0;

  add(row: number): void {
    if (this.length === this.rows.length) {
      const larger = new Uint32Array(this.rows.length * 2);
      larger.set(this.rows);
      this.rows = larger;
    }
    this.rows[this.length] = row;
    this.length += 1;
  }

  row(index: number): number {
    return this.rows[index] ?? 0;
  }
}

/**
 * Finds the rows that fulfil all conditions. The index of values answers what it can; for the rest the columns are read,
 * one row group after the other, except for groups whose statistics rule out a match.
 *
 * @param found - called after each group with the rows so far and the share of the groups that are searched, 0 to 1
 */
export async function search(file: VariantFile, conditions: Condition[], signal: AbortSignal,
  found: (rows: Selection, share: number) => void): Promise<Selection> {
  if (conditions.length === 0) return everything(file.rows);
  const { listed, open } = await lookUp(file, conditions, signal);
  if (listed !== null && open.length === 0) return { length: listed.length, row: (index) => listed[index] ?? 0 };
  // Tables of earlier versions lack some columns, and a column need not be read for a text that it cannot contain.
  const searched = open.map((one) => ({ ...one, columns: file.searchable(one.columns, one.contains) }));
  const rows = new Rows();
  if (searched.some(({ columns }) => columns.length === 0)) return rows;
  const groups = file.groups.map((group, index) => ({ ...group, index, listed: within(listed, group) }))
    .filter((group) => group.listed?.length !== 0 && mayMatch(searched, group.ranges));
  const columns = [...new Set(searched.flatMap((one) => one.columns))];
  await eachGroup(file, groups.map(({ index }) => index), columns, signal, (chunks, done) => {
    const group = groups[done] as typeof groups[number];
    const marks = new Uint8Array(group.rows).fill(group.listed === null ? 1 : 0);
    for (const row of group.listed ?? []) marks[row - group.start] = 1;
    for (const condition of searched) {
      const passed = new Uint8Array(group.rows);
      for (const column of condition.columns) chunks.get(column)?.mark(condition, passed);
      for (let row = 0; row < group.rows; row += 1) if (passed[row] === 0) marks[row] = 0;
    }
    for (let row = marks.indexOf(1); row >= 0; row = marks.indexOf(1, row + 1)) rows.add(group.start + row);
    found(rows, (done + 1) / groups.length);
  });
  return rows;
}

/** The rows that the index lists for some of the conditions, null for none of them, and the conditions that are left. */
async function lookUp(file: VariantFile, conditions: Condition[], signal: AbortSignal):
  Promise<{ listed: Uint32Array | null; open: Condition[] }> {
  const answers = await Promise.all(conditions.map((condition) => file.index.rows(condition, signal)));
  let listed: Uint32Array | null = null;
  for (const rows of answers) if (rows !== null) listed = listed === null ? rows : common(listed, rows);
  return { listed, open: conditions.filter((_, at) => answers[at] === null) };
}

/** The part of ascending rows that is in a group; null for no list. */
function within(rows: Uint32Array | null, { start, rows: count }: { start: number; rows: number }): Uint32Array | null {
  if (rows === null) return null;
  const first = rows.findIndex((row) => row >= start);
  if (first < 0) return rows.subarray(0, 0);
  const after = rows.findIndex((row) => row >= start + count);
  return rows.subarray(first, after < 0 ? rows.length : after);
}

/** Reads some row groups in order, the next ones ahead, and lets the page respond in between. */
async function eachGroup(file: VariantFile, groups: number[], columns: string[], signal: AbortSignal,
  use: (chunks: Map<string, ColumnChunk>, done: number) => void): Promise<void> {
  const started: Promise<Map<string, ColumnChunk>>[] = [];
  let rested = performance.now();
  for (let done = 0; done < groups.length; done += 1) {
    while (started.length < Math.min(groups.length, done + READ_AHEAD)) {
      const next = file.readGroup(groups[started.length] ?? 0, columns, signal);
      next.catch(() => undefined); // the error is raised when its turn comes
      started.push(next);
    }
    const chunks = await (started[done] as Promise<Map<string, ColumnChunk>>);
    delete started[done];
    signal.throwIfAborted();
    use(chunks, done);
    if (performance.now() - rested > WORK_MS) {
      await new Promise((resolve) => { setTimeout(resolve, 0); });
      rested = performance.now();
    }
    signal.throwIfAborted();
  }
}

/**
 * The same rows, sorted by a column. Equal rows stay in the order of the file, and rows without a value come last.
 *
 * @param progress - called with the share of the column that has been read, 0 to 1
 */
export async function sorted(file: VariantFile, rows: Selection, sort: Sort, signal: AbortSignal,
  progress: (share: number) => void): Promise<Selection> {
  const count = rows.length;
  const values: Value[] = new Array<Value>(count);
  const groups: number[] = [];
  for (let at = 0; at < count;) {
    const index = file.groupOf(rows.row(at));
    groups.push(index);
    const { start, rows: size } = file.groups[index] as Group;
    while (at < count && rows.row(at) < start + size) at += 1;
  }
  let at = 0;
  await eachGroup(file, groups, [sort.column], signal, (chunks, done) => {
    const { start, rows: size } = file.groups[groups[done] ?? 0] as Group;
    const column = chunks.get(sort.column)?.all() ?? [];
    for (; at < count && rows.row(at) < start + size; at += 1) values[at] = column[rows.row(at) - start] ?? null;
    progress(at / count);
  });
  const keys = keysOf(values, sort);
  const order = ascending(keys);
  for (let i = 0; i < count; i += 1) order[i] = rows.row(order[i] ?? 0);
  return { length: count, row: (index) => order[index] ?? 0 };
}

/** Numbers in whose ascending order values are shown: numbers themselves, ranks of other values; infinite for none. */
function keysOf(values: Value[], { column, descending }: Sort): Float64Array {
  const some = values.find((value) => value !== null);
  const ranks = typeof some === "number" ? null : ranksOf(values, column);
  const keys = new Float64Array(values.length);
  values.forEach((value, at) => {
    const number = value === null ? NaN : ranks === null ? Number(value) : ranks.get(value) ?? NaN;
    keys[at] = Number.isNaN(number) ? Infinity : descending ? -number : number;
  });
  return keys;
}

/** The rank of each distinct value. */
function ranksOf(values: Value[], column: string): Map<Value, number> {
  const ordered = [...new Set(values)].filter((value) => value !== null);
  if (column === "impact") ordered.sort((a, b) => IMPACTS.indexOf(String(a)) - IMPACTS.indexOf(String(b)));
  else if (typeof ordered[0] === "string") ordered.sort((a, b) => (String(a) < String(b) ? -1 : 1));
  else ordered.sort((a, b) => Number(a) - Number(b));
  return new Map<Value, number>(ordered.map((value, rank) => [value, rank]));
}

/**
 * The places of numbers in ascending order, equal ones in their own order: a radix sort, 16 bits at a time, which takes a
 * tenth of the time of a sort with a comparison function.
 */
function ascending(keys: Float64Array): Uint32Array {
  const count = keys.length;
  const halves = new Uint32Array(keys.map((key) => key + 0).buffer); // -0 becomes 0
  for (let i = 0; i < count; i += 1) { // bits that sort as the numbers do: negative ones have all of them turned
    const high = halves[2 * i + 1] ?? 0;
    const negative = high >>> 31 === 1;
    halves[2 * i + 1] = negative ? ~high : high | 0x8000_0000;
    if (negative) halves[2 * i] = ~(halves[2 * i] ?? 0);
  }
  let [order, next] = [Uint32Array.from({ length: count }, (_, i) => i), new Uint32Array(count)];
  for (let digit = 0; digit < 4; digit += 1) {
    const [half, shift] = [digit >> 1, 16 * (digit & 1)];
    const starts = new Uint32Array(65_537);
    for (let i = 0; i < count; i += 1) starts[((halves[2 * i + half] ?? 0) >>> shift & 0xffff) + 1]! += 1;
    if (starts.includes(count)) continue; // all are equal here
    for (let i = 1; i < 65_537; i += 1) starts[i]! += starts[i - 1] ?? 0;
    for (let i = 0; i < count; i += 1) {
      const place = order[i] ?? 0;
      const bucket = (halves[2 * place + half] ?? 0) >>> shift & 0xffff;
      next[starts[bucket] ?? 0] = place;
      starts[bucket]! += 1;
    }
    [order, next] = [next, order];
  }
  return order;
}
