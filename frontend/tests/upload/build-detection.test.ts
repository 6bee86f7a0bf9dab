import { describe, expect, test } from "vitest";
import { chromosomeOf, detectBuild } from "../../src/scripts/upload/build-detection";
import { Header } from "../../src/scripts/upload/header";

function build(lines: string[], furthest: Record<string, number> = {}): string | null {
  const header = new Header();
  lines.forEach((text, at) => header.take({ text, number: at + 1, unterminated: false }));
  return detectBuild(header, new Map(Object.entries(furthest)));
}

describe("a length or an accession decides", () => {
  test.each([
    ["GRCh38", ["##contig=<ID=chr1,length=248956422>"]], ["GRCh37", ["##contig=<ID=22,length=51304566>"]],
    ["NCBI36", ["##contig=<ID=chrX,length=154913754>"]], ["T2T-CHM13", ["##contig=<ID=1,length=248387328>"]],
    ["GRCh38", ["##reference=hg19.fa", "##contig=<ID=CHR20,length=64444167>"]],
    ["GRCh37", ["##contig=<ID=NC_000001.10,length=249250621>"]],
  ])("%s", (name, lines) => {
    expect(build(lines)).toBe(name);
  });

  test("an accession of a record, with its version", () => {
    expect(build([], { "NC_000022.11": 17_000_000 })).toBe("GRCh38");
    expect(build([], { "NC_000022.99": 17_000_000 })).toBeNull();
  });

  test("lengths of two builds decide nothing", () => {
    const lines = ["##contig=<ID=1,length=248956422>", "##contig=<ID=2,length=243199373>"];
    expect(build(lines)).toBeNull();
    expect(build(lines, { 1: 249_000_000 })).toBe("GRCh37"); // beyond the end of GRCh38's
  });

  test("a length of no chromosome is none of a build", () => {
    expect(build(["##contig=<ID=decoy,length=248956422>", "##contig=<ID=1,length=7>", "##contig=<ID=other>"])).toBeNull();
  });
});

describe("names decide where nothing else does", () => {
  test.each([
    ["GRCh38", ["##reference=file:///data/hg38.fa.gz"]], ["GRCh37", ["##assembly=human_g1k_v37.fasta"]],
    ["GRCh37", ["##contig=<ID=1,assembly=b37>"]], [null, ["##reference=hg19.fa", "##assembly=GRCh38"]], [null, []],
  ])("%s", (name, lines) => {
    expect(build(lines, { 1: 5 })).toBe(name);
  });

  test("but not for a build that a position excludes", () => {
    expect(build(["##reference=hg38.fa", "##assembly=hg19"], { chr2: 242_500_000 })).toBe("GRCh37");
    expect(build(["##reference=hg38.fa"], { chr2: 242_500_000 })).toBeNull(); // three builds are left
  });

  test("a position that one build alone has", () => {
    expect(build([], { 1: 249_200_000 })).toBe("GRCh37");
  });
});

describe("the mitochondrion", () => {
  test.each([["MT", 16569], ["chrM", 1], ["M", 9], ["NC_012920.1", 9]])("%s is rCRS", (name, position) => {
    expect(build([], { [name]: position })).toBe("rCRS");
  });

  test("of hg19 is another sequence, by its length or by a position", () => {
    expect(build(["##contig=<ID=chrM,length=16571>"], { chrM: 5 })).toBe("UCSC's hg19 chrM");
    expect(build([], { chrM: 16570 })).toBe("UCSC's hg19 chrM");
  });

  test("beside chromosomes says nothing", () => {
    expect(build([], { MT: 5, 1: 5 })).toBeNull();
  });
});

describe("SARS-CoV-2", () => {
  test.each([["NC_045512.2", 29903], ["MN908947.3", 1], ["NC_045512v2", 9]])("by the name of its sequence: %s", (name, position) => {
    expect(build([], { [name]: position })).toBe("SARS-CoV-2");
    expect(build([`##contig=<ID=${name},length=29903>`], { [name]: position })).toBe("SARS-CoV-2");
  });

  test("not with another length, a position beyond its end, or another contig", () => {
    expect(build(["##contig=<ID=MN908947.3,length=29900>"], { "MN908947.3": 5 })).toBeNull();
    expect(build([], { "MN908947.3": 29904 })).toBeNull();
    expect(build([], { "MN908947.3": 5, decoy: 5 })).toBeNull();
  });
});

test.each([["1", "1"], ["chrX", "X"], ["CHRY", "Y"], ["chrMT", "MT"], ["rCRS", "MT"], ["NC_000023.10", "X"], ["NC_000025.1", null],
  ["23", null], ["chrUn_KI270742v1", null], ["GL000192.1", null]])("chromosome of %s: %s", (name, chromosome) => {
  expect(chromosomeOf(name)).toBe(chromosome);
});
