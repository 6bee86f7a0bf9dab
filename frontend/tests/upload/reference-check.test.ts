import { describe, expect, test } from "vitest";
import type { FileReport } from "../../src/scripts/upload/check-file";
import { DETECT, referenceProblem, suggestedReference, type ReferenceOption } from "../../src/scripts/upload/reference-check";

const RCRS: ReferenceOption = { name: "rCRS", title: "Human mitochondrion", assembly: "NC_012920.1", contigs: ["MT"] };
const VIRUS: ReferenceOption = { name: "SARS-CoV-2", title: "SARS-CoV-2", assembly: "NC_045512.2", contigs: ["NC_045512.2"] };
const CHR22: ReferenceOption = { name: "chr22", title: "Chromosome 22", assembly: "GRCh38", contigs: ["22"] };
const MANY: ReferenceOption = { name: "many", title: "Many contigs", assembly: "x", contigs: [] };
const ALL = [RCRS, VIRUS, CHR22];

function file(contigs: string[], build: string | null = null, more: Partial<FileReport> = {}) {
  const report: FileReport = { compression: "plain", version: "4.2", samples: 0, records: 1, complete: true, readable: true,
    problem: null, build, contigs, ...more };
  return { name: "dev_5k.vcf", report };
}

describe("the reference that is suggested", () => {
  test.each([
    ["rCRS", [file(["MT"], "rCRS"), file(["chrM"], "rCRS")]], ["chr22", [file(["22"], "GRCh38")]],
    [DETECT, [file(["22"])]], [DETECT, [file(["MT"], "rCRS"), file(["22"])]],
    [DETECT, [file(["MT"], "rCRS"), file(["22"], "GRCh38")]], [DETECT, [file(["22"], "NCBI36")]],
  ])("%s", (name, files) => {
    expect(suggestedReference(files, ALL)).toBe(name);
  });
});

describe("a file that will be refused", () => {
  test("has no record on a contig of the reference", () => {
    expect(referenceProblem("rCRS", [file(["22"])], ALL)).toBe("“dev_5k.vcf” has no record on a contig of Human mitochondrion "
      + "(its contigs are 22) and would be refused. Select Chromosome 22 instead.");
    expect(referenceProblem("rCRS", [file(["22"]), file(["1"])], [RCRS, VIRUS])).toBe("“dev_5k.vcf” has no record on a contig of "
      + "Human mitochondrion (its contigs are 22) and would be refused. The same applies to 1 other file.");
  });

  test("has contigs of no reference", () => {
    expect(referenceProblem(DETECT, [file(["22"])], [RCRS, VIRUS])).toContain("on a contig of any available reference");
  });

  test("looks like another build", () => {
    expect(referenceProblem("rCRS", [file(["22"], "GRCh38")], ALL)).toContain("This looks like GRCh38, which is not the selected");
  });
});

test.each([
  ["another name of the contig", "chr22", [file(["chr22"])], ALL], ["another name of the virus", "SARS-CoV-2", [file(["MN908947.3"])], ALL],
  ["one contig of several", "rCRS", [file(["1", "MT"])], ALL],
  ["a file that was read in part", "rCRS", [file(["1"], null, { complete: false })], ALL],
  ["a reference with too many contigs to list", "many", [file(["scaffold_1"])], [MANY, RCRS]],
  ["detection, with a reference that lists none", DETECT, [file(["scaffold_1"])], [MANY, RCRS]],
  ["no record", "rCRS", [file([])], ALL],
])("nothing is said of %s", (_, selected, files, references) => {
  expect(referenceProblem(selected, files, references)).toBe("");
});
