import { describe, expect, test } from "vitest";
import { Header } from "../../src/scripts/upload/header";
import { InputError, type Problem } from "../../src/scripts/upload/input-error";
import { Records } from "../../src/scripts/upload/records";
import { COLUMNS } from "./files";

function records(columns = COLUMNS.trimEnd()): Records {
  const header = new Header();
  header.take({ text: columns, number: 1, unterminated: false });
  return new Records(header);
}

function problem(text: string, { unterminated = false, columns = COLUMNS.trimEnd() } = {}): (Problem & { code: string }) | null {
  try {
    records(columns).take({ text, number: 7, unterminated });
    return null;
  } catch (error) {
    if (error instanceof InputError) return { ...error.problem, code: error.code };
    throw error;
  }
}

/** A record with some columns replaced. */
function record(values: Partial<Record<"chrom" | "pos" | "ref" | "alt" | "info", string>>): string {
  const { chrom = "MT", pos = "263", ref = "A", alt = "G", info = "." } = values;
  return [chrom, pos, ".", ref, alt, ".", ".", info].join("\t");
}

test("records are counted, and the highest position of each contig kept", () => {
  const found = records();
  for (const [chrom, pos] of [["1", "5"], ["2", "9"], ["1", "3"], ["1", "8"]]) {
    found.take({ text: record({ chrom, pos }), number: 1, unterminated: false });
  }
  found.take({ text: " ", number: 6, unterminated: false });
  expect(found.count).toBe(4);
  expect([...found.furthest]).toEqual([["1", 8], ["2", 9]]);
});

describe("columns", () => {
  test.each([
    ["too few", "MT\t1\t.\tA\tG\t.\t.", {}, "The record has 7 columns; the #CHROM line has 8.", "as many tab-separated columns"],
    ["too many", `${record({})}\tGT`, {}, "The record has 9 columns; the #CHROM line has 8.", "as many tab-separated columns"],
    ["blanks", "MT 1 . A G . . .", {}, "The record has 1 column; the #CHROM line has 8.", "separated by spaces"],
    ["cut off", "MT\t1\t.\tA", { unterminated: true },
      "The record has 4 columns; the #CHROM line has 8. This is the last line and it is incomplete; the file is probably truncated.", "Transfer the file again."],
    ["header", "##source=x", {}, "A header line appears after the records.", "bcftools concat"],
    ["header of as many columns", COLUMNS.trimEnd(), {}, "A header line appears after the records.", "bcftools concat"],
  ])("%s", (_, text, options, message, hint) => {
    expect(problem(text, options)).toMatchObject({ message, line: 7, hint: expect.stringContaining(hint) as string });
  });

  test("FORMAT is optional where there is no sample", () => {
    const columns = `${COLUMNS.trimEnd()}\tFORMAT`;
    expect([record({}), `${record({})}\tGT`].map((text) => problem(text, { columns }))).toEqual([null, null]);
    expect(problem(`${record({})}\tGT\t0`, { columns })?.message).toContain("the #CHROM line has 9");
  });
});

describe("CHROM", () => {
  test.each(["1", "chrM", "HLA-DRB1*15:01:01:01", "<ctg1>", "x".repeat(255)])("%s is a name", (chrom) => {
    expect(problem(record({ chrom }))).toBeNull();
  });

  test.each([
    ["", "no_contig", "CHROM is empty."],
    [".", "bad_contig", "CHROM '.' is not a valid contig name."],
    ["*1", "bad_contig", "CHROM '*1' is not a valid contig name."],
    ["=1", "bad_contig", "CHROM '=1' is not a valid contig name."],
    ["a b", "bad_contig", "CHROM 'a b' is not a valid contig name."],
    ["<a", "bad_contig", "CHROM '<a' is not a valid contig name."],
    ["r\xc3\xbc", "bad_contig", "CHROM 'rü' is not a valid contig name."],
    ["y".repeat(41) + " ", "bad_contig", `CHROM '${"y".repeat(40)}' is not a valid contig name.`],
    ["x".repeat(256), "contig_name_too_long", `CHROM has 256 characters: ${"x".repeat(40)}…`],
  ])("%j is none", (chrom, _, message) => {
    expect(problem(record({ chrom }))).toMatchObject({ message, column: 1, field: "CHROM" });
  });
});

describe("POS", () => {
  test.each(["0", "1", "2147483647"])("%s is a position", (pos) => {
    expect(problem(record({ pos }))).toBeNull();
  });

  test.each(["", "x", "-1", "+1", "1.5", "1e5", "007", " 5", "2147483648", "99999999999"])("%j is none", (pos) => {
    expect(problem(record({ pos }))).toMatchObject({
      code: "bad_position", message: `POS '${pos}' is not a valid position.`, column: 2, field: "POS", line: 7 });
  });
});

describe("REF and ALT", () => {
  test.each(["G", "g,T", "*", ".", "", "<DEL>", "<DEL:ME:ALU>", "<*>", "<NON_REF>", "G]17:198982]", "]13:123456]T", "C[<ctg1>:7[",
    ".A", "A.", "R", "<\xe4>", "<a\xa0b>"])("ALT %j is taken", (alt) => {
    expect(problem(record({ alt }))).toBeNull();
  });

  test.each([["-", "-"], ["G,-", "-"], ["G,,T", ""], ["G,", ""], ["<DEL", "<DEL"], ["<a b>", "<a b>"], ["A[1:5", "A[1:5"], ["5", "5"]])(
    "ALT %j is refused", (alt, bad) => {
      expect(problem(record({ alt }))).toMatchObject({
        code: "bad_alt", message: `ALT '${bad}' is not a valid allele.`, column: 5, field: "ALT" });
    });

  test("alleles that the annotator leaves alone are not looked at", () => {
    expect(problem(record({ alt: `-,${"G,".repeat(10_000)}G` }))).toBeNull();
    expect(problem(record({ alt: `-,${"G".repeat(1_000_000)}` }))).toBeNull();
    expect(problem(record({ alt: `-,${"G".repeat(999_999)}` }))).toMatchObject({ code: "bad_alt" });
    expect(problem(record({ ref: "A".repeat(8_000_001), alt: "-,G" }))).toBeNull();
  });

  test.each(["", "-", "A-C", "<DEL>", "A,C", "ACGX", ".", "A C"])("REF %j is refused", (ref) => {
    expect(problem(record({ ref }))).toMatchObject({ code: "bad_ref", column: 4, field: "REF" });
  });

  test("a long value is shortened, in the message and in the quotation", () => {
    expect(problem(record({ ref: `${"A".repeat(200)}!` }))).toMatchObject({
      message: `REF '${"A".repeat(40)}' is not a sequence of bases.`, text: `${"A".repeat(120)}…` });
  });

  test("breakends at a telomere have a dot for REF", () => {
    expect(problem(record({ pos: "0", ref: ".", alt: ".[13:123457[" }))).toBeNull();
    expect(problem(record({ pos: "0", ref: ".", alt: ".[13:123457[,A" }))).toMatchObject({ code: "bad_ref" });
  });
});

describe("END", () => {
  test.each(["END=400", "END=2147483647", "END=1e3", "END=", "XEND=9999999999", "DP=1;END=.", "END=000000000000400", "END=\xb2"])(
    "%s is taken", (info) => {
      expect(problem(record({ alt: "<DEL>", info }))).toBeNull();
    });

  test.each([
    ["END=2147483648", "2,147,483,648"],
    ["DP=1;END=4611686018427387903;X", "4,611,686,018,427,387,903"],
    ["END=4611686018427387904", "4611686018427387904"],
    [`END=${"9".repeat(5000)}`, `${"9".repeat(20)}…`],
  ])("%.40s is beyond everything", (info, end) => {
    expect(problem(record({ alt: "<DEL>", info }))).toMatchObject({
      code: "bad_end", message: `END is ${end}, beyond every contig.`, column: 8, field: "INFO" });
  });
});
