import type { VariantFile } from "./file";
import { columnsOf, IMPACTS, matcher, mayMatch, type Filters } from "./filters";

/** Row groups that are fetched while one is searched. */
const READ_AHEAD = 6;

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
 * Finds the matching rows, one row group after the other. Groups whose statistics rule out a match are not fetched.
 *
 * @param layers - names of the text columns that layers added
 * @param found - called after each group with the rows so far and the share of the file that is searched, 0 to 1
 */
export async function search(file: VariantFile, filters: Filters, layers: string[], signal: AbortSignal,
  found: (rows: Selection, share: number) => void): Promise<Selection> {
  const wanted = columnsOf(filters, layers);
  // Tables of earlier versions lack some columns.
  const columns = file.columns.map(({ name }) => name).filter((name) => wanted.includes(name));
  if (wanted.length === 0) return everything(file.rows);
  const rows = new Rows();
  const groups = file.groups.map((group, index) => ({ group, index })).filter(({ group }) => mayMatch(filters, group));
  for (const [done, { group, index }] of groups.entries()) {
    const values = await file.readGroup(index, columns);
    signal.throwIfAborted();
    for (const next of groups.slice(done + 1, done + 1 + READ_AHEAD)) {
      void file.readGroup(next.index, columns).catch(() => undefined); // it is read again, and the error is raised then
    }
    const matches = matcher(filters, values, layers);
    for (let row = 0; row < group.rows; row += 1) if (matches(row)) rows.add(group.start + row);
    found(rows, (done + 1) / groups.length);
    await new Promise((resolve) => { setTimeout(resolve, 0); }); // the page stays responsive
    signal.throwIfAborted();
  }
  return rows;
}

/**
 * The same rows, sorted by a column. Equal rows stay in the order of the file, and rows without a value come last.
 *
 * @param progress - called with the share of the column that has been read, 0 to 1
 */
export async function sorted(file: VariantFile, rows: Selection, sort: Sort, signal: AbortSignal,
  progress: (share: number) => void): Promise<Selection> {
  const values: unknown[] = new Array<unknown>(rows.length);
  let at = 0;
  while (at < rows.length) {
    const index = file.groupOf(rows.row(at));
    const group = file.groups[index];
    for (let next = index + 1; next <= Math.min(index + READ_AHEAD, file.groups.length - 1); next += 1) {
      void file.readGroup(next, [sort.column]).catch(() => undefined);
    }
    const column = (await file.readGroup(index, [sort.column])).get(sort.column) ?? [];
    signal.throwIfAborted();
    if (group === undefined) break;
    for (; at < rows.length && rows.row(at) < group.start + group.rows; at += 1) values[at] = column[rows.row(at) - group.start];
    progress(at / rows.length);
  }
  const ranks = ranksOf(values, sort.column);
  const count = rows.length;
  // Rank and position in one number: sorting numbers is many times faster than calling a comparison function.
  const keys = new Float64Array(count);
  let highest = 0;
  for (const rank of ranks) if (rank !== Infinity && rank > highest) highest = rank;
  for (let i = 0; i < count; i += 1) {
    const rank = ranks[i] ?? Infinity;
    keys[i] = (rank === Infinity ? highest + 1 : sort.descending ? highest - rank : rank) * count + i;
  }
  keys.sort();
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i += 1) order[i] = rows.row((keys[i] ?? 0) % count);
  return { length: count, row: (index) => order[index] ?? 0 };
}

/** The rank of each value among the distinct ones, from 0; infinite for no value. */
function ranksOf(values: unknown[], column: string): Float64Array {
  const distinct = new Set<unknown>();
  for (const value of values) if (value !== null && value !== undefined) distinct.add(value);
  const ordered = [...distinct];
  if (column === "impact") ordered.sort((a, b) => IMPACTS.indexOf(String(a)) - IMPACTS.indexOf(String(b)));
  else if (typeof ordered[0] === "string") ordered.sort((a, b) => (String(a) < String(b) ? -1 : 1));
  else ordered.sort((a, b) => Number(a) - Number(b));
  const ranks = new Map(ordered.map((value, rank) => [value, rank]));
  return Float64Array.from(values, (value) => ranks.get(value) ?? Infinity);
}
