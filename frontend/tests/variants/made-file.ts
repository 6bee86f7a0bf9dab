/** A table of variants in memory, in row groups, that counts what is read of it. */
import type { ColumnChunk } from "../../src/scripts/variants/column-chunk";
import type { Condition } from "../../src/scripts/variants/conditions";
import type { Group, VariantFile } from "../../src/scripts/variants/file";
import { plain, type Value } from "../../src/scripts/variants/values";

export type Row = Record<string, Value>;

export interface MadeFile {
  file: VariantFile;
  /** Groups in the order in which they were read, with the columns. */
  reads: [number, string[]][];
}

export function madeFile(groups: Row[][], reference = "rCRS"): MadeFile {
  const reads: [number, string[]][] = [];
  const all = groups.flat();
  const names = Object.keys(all[0] ?? {});
  let start = 0;
  const described: Group[] = groups.map((rows) => {
    const ranges = new Map(names.map((name) => {
      const values = rows.map((row) => row[name] ?? null).filter((value) => value !== null)
        .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      return [name, { min: values[0] ?? null, max: values.at(-1) ?? null }] as const;
    }));
    start += rows.length;
    return { start: start - rows.length, rows: rows.length, ranges };
  });
  const file = {
    rows: all.length, groups: described, reference,
    columns: names.map((name) => ({ name, numeric: all.some((row) => typeof row[name] === "number"), about: `about ${name}`,
      empty: all.every((row) => (row[name] ?? null) === null) })),
    groupOf: (row: number) => described.filter((group) => group.start <= row).length - 1,
    readGroup: (index: number, columns: string[]) => {
      reads.push([index, columns]);
      return Promise.resolve(new Map(columns.map((name) => [name, chunkOf((groups[index] ?? []).map((row) => row[name] ?? null))])));
    },
    searchable: (columns: string[]) => columns.filter((name) => names.includes(name)),
    index: { rows: () => Promise.resolve(null) },
  };
  return { file: file as unknown as VariantFile, reads };
}

/** A column of a row group in memory. */
export function chunkOf(values: Value[]): ColumnChunk {
  return {
    all: () => values.map(plain),
    mark: (condition: Condition, marks: Uint8Array) => values.forEach((value, row) => { if (condition.passes(value)) marks[row] = 1; }),
  } as unknown as ColumnChunk;
}
