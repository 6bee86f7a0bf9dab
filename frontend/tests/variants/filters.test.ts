import { describe, expect, test } from "vitest";
import { mayMatch } from "../../src/scripts/variants/conditions";
import { conditionsOf, IMPACTS, parseRegion, type Filters } from "../../src/scripts/variants/filters";
import type { Value } from "../../src/scripts/variants/values";
import { chunkOf } from "./made-file";

const NONE: Filters = { genes: [], region: null, consequence: "", impacts: [], known: "", text: "" };
const filters = (some: Partial<Filters>): Filters => ({ ...NONE, ...some });

describe("a region", () => {
  test.each([
    ["22", 1, Infinity], ["22:5", 5, 5], ["22:5-9", 5, 9], [" chr22 : 20,000,000 - 20,100,000 ", 20_000_000, 20_100_000],
    ["22:5–9", 5, 9], ["22:5..9", 5, 9],
  ])("%j", (text, start, end) => {
    expect(parseRegion(text)).toMatchObject({ start, end });
    expect(parseRegion(text)?.names).toEqual(expect.arrayContaining(["22", "chr22"]));
  });

  test.each(["", " ", "22:", "22:x", "22:9-5", "22:5-", "a b", ":5"])("%j is none", (text) => {
    expect(parseRegion(text)).toBeNull();
  });

  test.each(["MT", "m", "chrM", "chrmt"])("of the mitochondrion has all its names: %s", (name) => {
    expect(parseRegion(name)?.names).toEqual(expect.arrayContaining(["MT", "M", "chrMT", "chrM", name]));
  });

  test("may have a contig in lower case", () => {
    expect(parseRegion("chrx")?.names).toContain("X");
  });
});

test("each filter in use is a condition on its columns", () => {
  const columns = (some: Partial<Filters>, layers: string[] = []): string[][] => conditionsOf(filters(some), layers).map((one) => one.columns);
  expect(columns({}, ["ClinVar"])).toEqual([]);
  expect(columns({ genes: ["TP53"], region: parseRegion("1"), impacts: ["HIGH"], known: "novel", consequence: "stop_gained" }))
    .toEqual([["gene", "most_severe_gene"], ["chrom"], ["pos"], ["consequence"], ["impact"], ["known"]]);
  expect(columns({ text: "x" }, ["ClinVar"])).toEqual([
    ["id", "gene", "most_severe_gene", "gene_id", "transcript", "most_severe_transcript", "hgvsc", "hgvsp",
      "mature_peptide", "existing", "ClinVar"]]);
});

describe("a row group", () => {
  const ranges: [string, { min: Value; max: Value }][] = [
    ["gene", { min: "BRCA1", max: "TP53" }], ["most_severe_gene", { min: "BRCA1", max: "WRAP53" }], ["chrom", { min: "17", max: "17" }], ["pos", { min: 1000, max: 2000 }],
    ["consequence", { min: "intron_variant", max: "stop_gained" }], ["impact", { min: "LOW", max: "MODERATE" }],
    ["known", { min: true, max: true }]];

  test.each<[Partial<Filters>, boolean]>([
    [{}, true], [{ genes: ["TP53"] }, true], [{ genes: ["tp53"] }, true], [{ genes: ["WRAP53"] }, true], [{ genes: ["ZNF1"] }, false], [{ genes: ["A1", "MLH1"] }, true],
    [{ region: parseRegion("17:1500") }, true], [{ region: parseRegion("chr17") }, true], [{ region: parseRegion("17:2001-3000") }, false],
    [{ region: parseRegion("17:1-999") }, false], [{ region: parseRegion("18") }, false],
    [{ consequence: "missense_variant" }, true], [{ consequence: "synonymous_variant" }, false],
    [{ impacts: ["HIGH"] }, false], [{ impacts: ["HIGH", "LOW"] }, true], [{ known: "known" }, true], [{ known: "novel" }, false],
    [{ text: "anything" }, true],
  ])("may have matches of %j: %s", (some, expected) => {
    expect(mayMatch(conditionsOf(filters(some), []), new Map(ranges))).toBe(expected);
  });

  test("without statistics is never left out", () => {
    const unknown = new Map([["gene", { min: null, max: null }]]);
    expect(mayMatch(conditionsOf(filters({ genes: ["X"], known: "novel", region: parseRegion("5:1") }), []), unknown)).toBe(true);
  });
});

describe("rows", () => {
  const rows: Record<string, Value[]> = {
    gene: ["TP53", "C22orf39", null], most_severe_gene: ["WRAP53", "C22orf39", null], most_severe_transcript: ["NM_018081.2", null, null],
    chrom: ["17", "chr22", "MT"], pos: [5, 10, 15], consequence: ["stop_gained", "intron_variant", ""],
    impact: ["HIGH", "MODIFIER", "LOW"], known: [true, false, null], hgvsp: ["p.Arg5Ter", null, null], ClinVar: [null, "Benign (1)", null],
  };
  const found = (some: Partial<Filters>, layers: string[] = []): number[] => {
    const marks = conditionsOf(filters(some), layers).map((condition) => {
      const passed = new Uint8Array(3);
      for (const column of condition.columns) chunkOf((rows[column] ?? [null, null, null])).mark(condition, passed);
      return passed;
    });
    return [0, 1, 2].filter((row) => marks.every((passed) => passed[row] === 1));
  };

  test.each<[Partial<Filters>, number[]]>([
    [{}, [0, 1, 2]], [{ genes: ["tp53", "C22ORF39"] }, [0, 1]], [{ region: parseRegion("22") }, [1]], [{ region: parseRegion("M:15") }, [2]],
    [{ genes: ["wrap53"] }, [0]], [{ text: "wrap5" }, [0]], [{ text: "NM_018081" }, [0]],
    [{ region: parseRegion("17:1-4") }, []], [{ consequence: "stop_gained" }, [0]], [{ impacts: ["HIGH", "LOW"] }, [0, 2]],
    [{ known: "known" }, [0]], [{ known: "novel" }, [1]], [{ text: "arg5" }, [0]], [{ text: "p.arg" }, [0]], [{ text: "p?arg" }, []],
    [{ genes: ["TP53"], impacts: ["LOW"] }, []],
  ])("of %j", (some, expected) => {
    expect(found(some)).toEqual(expected);
  });

  test("a text is searched in layers, too, literally", () => {
    expect(found({ text: "benign (1)" })).toEqual([]);
    expect(found({ text: "benign (1)" }, ["ClinVar"])).toEqual([1]);
  });
});

test("impacts go from the most severe", () => {
  expect(IMPACTS).toEqual(["HIGH", "MODERATE", "LOW", "MODIFIER"]);
});
