import { expect, test } from "vitest";
import type { Condition } from "../../src/scripts/variants/conditions";
import { conditionsOf, parseRegion, type Filters } from "../../src/scripts/variants/filters";
import { everything, search, sorted, type Selection, type Sort } from "../../src/scripts/variants/selection";
import { madeFile, type Row } from "./made-file";

const where = (some: Partial<Filters>): Condition[] =>
  conditionsOf({ genes: [], region: null, consequence: "", impacts: [], known: "", text: "", ...some }, []);
const go = (): AbortSignal => new AbortController().signal;
const rowsOf = (selection: Selection): number[] => Array.from({ length: selection.length }, (_, at) => selection.row(at));
const row = (chrom: string, pos: number, more: Row = {}): Row => ({ chrom, pos, impact: "LOW", gene: null, qual: null, ...more });

const GROUPS = [
  [row("1", 10, { impact: "HIGH", gene: "A", qual: 3 }), row("1", 20, { impact: "MODIFIER", gene: "B", qual: 1 })],
  [row("2", 5, { impact: "MODERATE", gene: "C", qual: 2 })],
  [row("2", 50, { impact: "HIGH", gene: "D" }), row("3", 1, { gene: "B", qual: 3 })],
];

test("without a filter nothing is read", async () => {
  const { file, reads } = madeFile(GROUPS);
  expect(rowsOf(await search(file, where({}), go(), () => undefined))).toEqual([0, 1, 2, 3, 4]);
  expect(reads).toEqual([]);
});

test("groups that cannot match are not read", async () => {
  const { file, reads } = madeFile(GROUPS);
  const found = await search(file, where({ region: parseRegion("2:1-60") }), go(), () => undefined);
  expect(rowsOf(found)).toEqual([2, 3]);
  expect(new Set(reads.map(([group]) => group))).toEqual(new Set([1, 2]));
  expect(reads[0]?.[1]).toEqual(["chrom", "pos"]);
});

test("columns that a table of an earlier version lacks are not read", async () => {
  const { file, reads } = madeFile(GROUPS);
  expect(rowsOf(await search(file, where({ genes: ["A"] }), go(), () => undefined))).toEqual([0]);
  expect(new Set(reads.flatMap(([, columns]) => columns))).toEqual(new Set(["gene"]));
  expect((await search(file, where({ known: "known" }), go(), () => undefined)).length).toBe(0);
});

test("what is found is handed over group by group", async () => {
  const { file } = madeFile(GROUPS);
  const told: [number, number][] = [];
  await search(file, where({ impacts: ["HIGH"] }), go(), (rows, share) => told.push([rows.length, share]));
  expect(told.map(([rows]) => rows)).toEqual([1, 2]); // the second group has no such impact
  expect(told.at(-1)).toEqual([2, 1]);
});

test("nothing matches, and nothing is in the file", async () => {
  expect((await search(madeFile(GROUPS).file, where({ genes: ["NONE"] }), go(), () => undefined)).length).toBe(0);
  expect((await search(madeFile([]).file, where({ genes: ["A"] }), go(), () => undefined)).length).toBe(0);
  expect(everything(0).length).toBe(0);
});

test("more rows than were made room for", async () => {
  const { file } = madeFile([Array.from({ length: 5000 }, (_, at) => row("1", at, { gene: at % 2 === 0 ? "A" : "B" }))]);
  const found = await search(file, where({ genes: ["A"] }), go(), () => undefined);
  expect([found.length, found.row(0), found.row(2499)]).toEqual([2500, 0, 4998]);
});

test("a search is given up", async () => {
  const stop = new AbortController();
  const { file } = madeFile(GROUPS);
  await expect(search(file, where({ impacts: ["LOW"] }), stop.signal, () => stop.abort())).rejects.toThrow("abort");
});

test.each<[Sort, number[]]>([
  [{ column: "pos", descending: false }, [4, 2, 0, 1, 3]],
  [{ column: "pos", descending: true }, [3, 1, 0, 2, 4]],
  [{ column: "gene", descending: false }, [0, 1, 4, 2, 3]],
  [{ column: "gene", descending: true }, [3, 2, 1, 4, 0]], // equal ones in the order of the file
  [{ column: "impact", descending: false }, [0, 3, 2, 4, 1]], // by severity, not by the alphabet
  [{ column: "qual", descending: false }, [1, 2, 0, 4, 3]], // no value goes last
  [{ column: "qual", descending: true }, [0, 4, 2, 1, 3]],
])("sorted by %j", async (sort, expected) => {
  const { file } = madeFile(GROUPS);
  const shares: number[] = [];
  expect(rowsOf(await sorted(file, everything(5), sort, go(), (share) => shares.push(share)))).toEqual(expected);
  expect(shares.at(-1)).toBe(1);
});

test("a selection is sorted without the rows outside it", async () => {
  const { file, reads } = madeFile(GROUPS);
  const some = { length: 2, row: (at: number) => [3, 4][at] ?? 0 };
  expect(rowsOf(await sorted(file, some, { column: "pos", descending: false }, go(), () => undefined))).toEqual([4, 3]);
  expect(reads.map(([group]) => group)).toEqual([2]);
});
