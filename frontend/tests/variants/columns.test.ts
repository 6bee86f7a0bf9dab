import { describe, expect, test } from "vitest";
import { columnsOfFile, displayText, layersOf, nameOf, sources, visible } from "../../src/scripts/variants/columns";
import { plain, type Value } from "../../src/scripts/variants/values";
import { madeFile } from "./made-file";

const { file } = madeFile([[{ chrom: "1", pos: 5, ref: "A", alt: "G", gene: "X", qual: 3, ClinVar: "Benign", score: 0.5 }]]);
const columns = columnsOfFile(file);

test("columns of a file: the variant is one, layers keep their names", () => {
  expect(columns.map(({ name, title, layer, shown }) => [name, title, layer, shown])).toEqual([
    ["pos", "Variant", false, true], ["qual", "QUAL", false, false], ["gene", "Gene", false, true],
    ["ClinVar", "ClinVar", true, true], ["score", "score", true, true]]);
  expect(layersOf(columns)).toEqual(["ClinVar"]);
});

test("columns are shown in the same order, however they stand in the file", () => {
  const names = (row: Record<string, Value>): string[] => columnsOfFile(madeFile([[row]]).file).map(({ name }) => name);
  expect(names({ score: 1, hgvsc: "c", gene: "X", impact: "LOW", id: "rs1", pos: 5 })).toEqual(["pos", "id", "impact", "gene", "hgvsc", "score"]);
});

test("columns without values are not shown by default", () => {
  const sars = columnsOfFile(madeFile([[{ pos: 5, gene: "S", known: null, existing: null }]]).file);
  expect(visible(sars, null).map(({ name }) => name)).toEqual(["pos", "gene"]);
  expect(visible(sars, ["known"]).map(({ name }) => name)).toEqual(["pos", "known"]);
});

test("values in words are not described as encoded", () => {
  const { file: made } = madeFile([[{ pos: 5, MITOMAP_DISEASE: "LHON" }]]);
  const described = made.columns.map((info) => ({ ...info, about: "Diseases of the allele, percent-encoded (Cfrm: confirmed)" }));
  expect(columnsOfFile({ ...made, columns: described } as typeof made).at(-1)?.about).toBe("Diseases of the allele (Cfrm: confirmed)");
});

test("a disease comes before other columns of layers, numbers come last, empty ones are hidden", () => {
  const row = { pos: 5, known: true, MITOMAP_AF: 0.1, MITOMAP_LOCUS: "HV1", MITOMAP_DISEASE: "LHON", dbSNP: null };
  expect(visible(columnsOfFile(madeFile([[row]]).file), null).map(({ name }) => name)).toEqual(
    ["pos", "MITOMAP_DISEASE", "known", "MITOMAP_LOCUS", "MITOMAP_AF"]);
});

test("the variant is always shown, other columns as chosen", () => {
  expect(visible(columns, null).map(({ name }) => name)).toEqual(["pos", "gene", "ClinVar", "score"]);
  expect(visible(columns, ["score", "unknown"]).map(({ name }) => name)).toEqual(["pos", "score"]);
  expect(sources(visible(columns, []))).toEqual(["chrom", "ref", "alt", "pos"]);
});

test.each([
  ["A", "G", "MT:3,243 A>G"], ["A".repeat(12), "G", `MT:3,243 ${"A".repeat(12)}>G`], ["A".repeat(13), "<DEL>", "MT:3,243 AAAAAAAA…(13)><DEL>"],
])("the name of %s>%s", (ref, alt, name) => {
  const cells: Record<string, Value> = { chrom: "MT", pos: 3243, ref, alt };
  expect(nameOf((column) => cells[column])).toBe(name);
});

describe("values", () => {
  test.each<[string, Value, string]>([
    ["gene", null, ""], ["known", true, "yes"], ["known", false, "no"], ["pos", 3243, "3243"], ["score", 0.000123456, "0.0001235"],
    ["impact", "MODERATE", "Moderate"], ["existing", "rs1&rs2", "rs1, rs2"], ["mature_peptide", "nsp1:180&nsp2:1", "nsp1:180, nsp2:1"], ["gene", "A&B", "A&B"],
  ])("%s %j is shown as %j", (column, value, text) => {
    expect(displayText(column, value)).toBe(text);
  });

  test.each<[unknown, Value]>([[5n, 5], ["a%3Bb", "a;b"], ["100%", "100%"], ["%zz%3B", "%zz%3B"], [undefined, null], [new Date(0), null], [false, false]])(
    "%s of the reader is %j", (value, expected) => {
      expect(plain(value)).toBe(expected);
    });
});
