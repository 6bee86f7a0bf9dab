/**
 * Tables as the annotator writes them, read by ranges. Both files have the same 3,000 rows on three contigs, in row groups
 * of 500 (tests/browser/variants_file.py says what is in them): `indexed.parquet` in the layout of today, with pages of 100
 * rows; `without-index.parquet` in that of tables which people had before the index of values.
 */
import { describe, expect, inject, test } from "vitest";
import { equals, type Condition } from "../../src/scripts/variants/conditions";
import { VariantFile } from "../../src/scripts/variants/file";
import { conditionsOf, parseRegion, type Filters } from "../../src/scripts/variants/filters";
import { joined, Ranges } from "../../src/scripts/variants/ranges";
import { everything, search, sorted, type Selection } from "../../src/scripts/variants/selection";

declare module "vitest" {
  interface ProvidedContext { tables: Record<string, string> }
}

const TABLES = ["indexed", "without-index"];
const go = (): AbortSignal => new AbortController().signal;
const rowsOf = (selection: Selection): number[] => Array.from({ length: selection.length }, (_, at) => selection.row(at));
const where = (some: Partial<Filters>): Condition[] =>
  conditionsOf({ genes: [], region: null, consequence: "", impacts: [], known: "", text: "", ...some }, ["MITOMAP_DISEASE"]);

/** A table, and the ranges that were read of it after it was opened. */
async function opened(name: string): Promise<{ file: VariantFile; reads: [number, number][] }> {
  const bytes = Uint8Array.from(atob(inject("tables")[`${name}.parquet`] ?? ""), (one) => one.charCodeAt(0));
  const reads: [number, number][] = [];
  const file = await VariantFile.read(bytes.length, (start, end) => {
    reads.push([start, end]);
    return Promise.resolve(bytes.slice(start, end).buffer);
  });
  reads.length = 0;
  return { file, reads };
}

const every = (step: number, from: number): number[] => Array.from({ length: 3000 }, (_, row) => row).filter((row) => row % step === from);

describe.each(TABLES)("of %s", (name) => {
  test.each<[Partial<Filters>, number[]]>([
    [{ impacts: ["HIGH"] }, every(100, 99)], [{ consequence: "stop_gained" }, every(100, 99)],
    [{ impacts: ["HIGH"], genes: ["gene3", "GENE59"] }, [199, 2999]], [{ genes: ["NONE"] }, []],
    [{ impacts: ["MODERATE"], known: "known", region: parseRegion("MT1:3,000-4,500") }, [1029, 1059, 1089, 1119, 1149, 1179, 1209, 1239, 1269, 1329, 1359, 1389, 1419, 1449, 1479]],
    [{ text: "lhon" }, [99]], [{ text: "RS30&M3" }, [30]], [{ text: "c.2500A" }, [2499]], [{ text: "p.lys100asn" }, [99, 599, 1099, 1599, 2099, 2599]],
    [{ text: "gene59" }, Array.from({ length: 50 }, (_, at) => 2950 + at)], [{ text: "a>cn" }, []],
  ])("rows for %j", async (some, expected) => {
    const { file } = await opened(name);
    expect(rowsOf(await search(file, where(some), go(), () => undefined))).toEqual(expected);
  });

  test("rows without a value", async () => {
    const { file } = await opened(name);
    const empty: Condition = { columns: ["qual"], passes: (value) => value === null };
    const some: Condition = { columns: ["hgvsp"], passes: (value) => value !== null };
    expect((await search(file, [empty], go(), () => undefined)).length).toBe(750);
    expect((await search(file, [some, equals(["impact"], ["HIGH"])], go(), () => undefined)).length).toBe(30);
  });

  test("cells of single rows and of whole groups", async () => {
    const { file } = await opened(name);
    const columns = file.columns.map((column) => column.name);
    await file.need([0, 599, 2999], columns);
    const cells = (row: number): unknown[] => ["chrom", "pos", "ref", "qual", "known", "existing", "MITOTIP", "intron"].map((one) => file.cell(row, one));
    expect(cells(0)).toEqual(["MT", 10, "A", null, true, "rs0&m0", 0, null]);
    expect(cells(599)).toEqual(["MT", 1807, "G", 17, false, null, null, null]);
    expect(cells(2999)).toEqual(["MT2", 9007, "G", 89, false, null, null, null]);
    const all = await file.readGroup(1, columns);
    expect(all.get("pos")?.all()).toEqual(Array.from({ length: 500 }, (_, at) => (500 + at) * 3 + 10));
    expect(file.cell(500, "hgvsc")).toBe("NM_1.1:c.501A>C");
  });

  test("sorted", async () => {
    const { file } = await opened(name);
    const order = rowsOf(await sorted(file, everything(3000), { column: "qual", descending: true }, go(), () => undefined));
    expect(order.slice(0, 3)).toEqual([193, 290, 387]); // 96, the largest remainder of 97; every fourth row has none
    expect(order.slice(-2)).toEqual([2992, 2996]);
  });
});

test("the index answers without the columns, the more so the rarer a value is", async () => {
  const { file, reads } = await opened("indexed");
  const bytes = (): number => reads.reduce((sum, [start, end]) => sum + end - start, 0);
  await search(file, where({ impacts: ["HIGH"], genes: ["GENE3"] }), go(), () => undefined);
  expect(reads.length).toBe(4); // of each index, what values there are and the rows of one
  expect(bytes()).toBeLessThan(2000);
  await search(file, where({ impacts: ["HIGH"] }), go(), () => undefined);
  expect(reads.length).toBe(5);
});

test("only groups with rows that the index lists are read", async () => {
  const { file, reads } = await opened("indexed");
  await search(file, where({ genes: ["GENE3"] }), go(), () => undefined);
  const before = reads.length;
  expect(rowsOf(await search(file, where({ genes: ["GENE3"], known: "known" }), go(), () => undefined)).length).toBe(17);
  expect(reads.length - before).toBeLessThanOrEqual(2); // the same list, and one column of one group
});

test("a text is sought only in columns that have its characters", async () => {
  const { file } = await opened("indexed");
  const columns = ["id", "hgvsc", "hgvsp", "gene", "MITOMAP_DISEASE", "absent"];
  expect(file.searchable(columns, undefined)).toEqual(columns.slice(0, -1));
  expect(file.searchable(columns, "lhon")).toEqual(["gene", "MITOMAP_DISEASE"]); // genes have a dictionary
  expect(file.searchable(columns, "c.2500")).toEqual(["hgvsc", "gene"]);
  expect((await opened("without-index")).file.searchable(columns, "lhon")).toEqual(columns.slice(0, -1));
});

test("rows are shown from a page, not from the whole column", async () => {
  const { file, reads } = await opened("indexed");
  await file.need([1234], ["chrom", "pos", "ref", "alt", "gene", "consequence", "impact", "hgvsp", "known"]);
  expect(reads.length).toBe(1); // small columns, side by side
  await file.need([1234, 1235], ["chrom", "pos"]);
  expect(reads.length).toBe(1);
});

test("a search is given up: nothing more is read", async () => {
  const { file, reads } = await opened("without-index");
  const stop = new AbortController();
  stop.abort();
  await expect(search(file, where({ impacts: ["HIGH"] }), stop.signal, () => undefined)).rejects.toThrow("abort");
  expect(reads).toEqual([]);
});

describe("ranges", () => {
  test("near ones are joined, distant ones are not", () => {
    expect(joined([{ start: 50_000, end: 50_010 }, { start: 0, end: 10 }, { start: 5, end: 20 }, { start: 100_000, end: 100_001 }]))
      .toEqual([{ start: 0, end: 20 }, { start: 50_000, end: 50_010 }, { start: 100_000, end: 100_001 }]);
    expect(joined([{ start: 0, end: 10 }, { start: 32_778, end: 32_779 }])).toEqual([{ start: 0, end: 32_779 }]);
    expect(joined([{ start: 0, end: 4_000_000 }, { start: 4_000_000, end: 5_000_000 }])).toHaveLength(2); // not too long
  });

  test("no more than six requests at the same time", async () => {
    let [now, most] = [0, 0];
    const ranges = new Ranges(async (start, end) => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => { setTimeout(resolve, 1); });
      now -= 1;
      return new Uint8Array(end - start).fill(start / 100_000).buffer;
    });
    const spans = Array.from({ length: 20 }, (_, at) => ({ start: at * 100_000, end: at * 100_000 + 3 }));
    expect((await ranges.read(spans)).map((bytes) => [...bytes])).toEqual(spans.map((_, at) => [at, at, at]));
    expect(most).toBe(6);
  });

  test("a request that fails lets the next ones through", async () => {
    const ranges = new Ranges((start) => start === 0 ? Promise.reject(new Error("lost")) : Promise.resolve(new ArrayBuffer(1)));
    const all = await Promise.allSettled(Array.from({ length: 9 }, (_, at) => ranges.read([{ start: at < 7 ? 0 : 1, end: 2 }])));
    expect(all.map(({ status }) => status)).toEqual([...Array<string>(7).fill("rejected"), "fulfilled", "fulfilled"]);
  });
});
