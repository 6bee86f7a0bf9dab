import { describe, expect, test } from "vitest";
import { Header } from "../../src/scripts/upload/header";
import { InputError, type Problem } from "../../src/scripts/upload/input-error";
import { COLUMNS } from "./files";

function taken(...lines: string[]): Header {
  const header = new Header();
  lines.forEach((text, at) => header.take({ text, number: at + 1, unterminated: false }));
  return header;
}

function problem(...lines: string[]): Problem & { code: string } {
  try {
    taken(...lines);
  } catch (error) {
    if (error instanceof InputError) return { ...error.problem, code: error.code };
    throw error;
  }
  throw new Error("the header was taken");
}

const columns = COLUMNS.trimEnd();

describe("##fileformat", () => {
  test.each([["VCFv4.0", "4.0"], ["VCFv4.5", "4.5"], [" VCFv4.2 ", "4.2"], ["VCFv4.2 x", "4.2"], ["VCFv4.03", "4.3"]])(
    "%s is a version", (text, version) => {
      expect(taken(`##fileformat=${text}`).version).toBe(version);
    });

  test.each(["VCF4.2", "vcfv4.2", "VCF v4.2", "VCF_4.2", "VCFv4.2.1"])("%s is misspelt", (text) => {
    expect(problem(`##fileformat=${text}`)).toMatchObject({ code: "vcf_version_misspelt", line: 1,
      message: `The version is '${text}'; it should be 'VCFv4.2'.`, hint: "Write ##fileformat=VCFv4.2." });
  });

  test.each([["VCFv3.3", "VCFv3.3"], ["", "of no version"], ["VCFv4.100", "VCFv4.100"], ["x".repeat(60), `${"x".repeat(40)}…`]])(
    "%s is not read", (text, said) => {
      expect(problem(`##fileformat=${text}`)).toMatchObject({ code: "vcf_version_unsupported",
        message: `The file is ${said}; GAS supports VCF 4.0 and later.` });
    });
});

describe("the #CHROM line", () => {
  test("ends the header", () => {
    const header = new Header();
    expect(header.take({ text: "##source=x", number: 1, unterminated: false })).toBe(false);
    expect(header.take({ text: columns, number: 2, unterminated: false })).toBe(true);
    expect(header.tabs).toEqual([7]);
  });

  test("counts samples", () => {
    const header = taken(`${columns}\tFORMAT\ta\tb\tc`);
    expect([header.samples, header.tabs]).toEqual([3, [11]]);
  });

  test("may have FORMAT and no sample: records are written both ways", () => {
    expect(taken(`${columns}\tFORMAT`).tabs).toEqual([7, 8]);
  });

  test.each([
    ["another name", columns.replace("QUAL", "Qual's"), `Column 6 of the #CHROM line is "Qual's"; it should be 'QUAL'.`, 6, "QUAL"],
    ["lower case", columns.toLowerCase(), "Column 1 of the #CHROM line is '#chrom'; it should be '#CHROM'.", 1, "CHROM"],
    ["a missing column", columns.replace("\tINFO", ""), "Column 8 of the #CHROM line is 'nothing'; it should be 'INFO'.", 8, "INFO"],
    ["no FORMAT", `${columns}\tGT\ta`, "Column 9 of the #CHROM line is 'GT'; it should be 'FORMAT'.", 9, "FORMAT"],
    ["a name that is not UTF-8", columns.replace("QUAL", "\xff"), "Column 6 of the #CHROM line is '\\\\xff'; it should be 'QUAL'.", 6, "QUAL"],
  ])("with %s is refused", (_, text, message, column, field) => {
    expect(problem(text)).toMatchObject({ code: "wrong_header_columns", message, line: 1, column, field });
  });

  test("with blanks for tabs gets its own hint", () => {
    expect(problem(columns.replaceAll("\t", " ")).hint).toContain("turns tabs into spaces");
  });

  test.each([
    ["\ta\tb\ta", "duplicate_sample", "Sample 'a' appears twice.", 12],
    ["\ta\t\tb", "wrong_header_columns", "A sample has no name.", 11],
  ])("with samples %j is refused", (samples, code, message, column) => {
    expect(problem(`${columns}\tFORMAT${samples}`)).toMatchObject({ code, message, column });
  });
});

describe("other lines", () => {
  test("a record before #CHROM", () => {
    expect(problem("##fileformat=VCFv4.2", "MT\t1\t.\tA\tG\t.\t.\t.").message).toBe("A data line appears before the #CHROM line.");
  });

  test("text that is no header line may be the rest of a broken one, unless it comes first", () => {
    expect(problem("##x", "rest")).toMatchObject({ line: 2, hint: "Line 1 may have been split in two: join the two lines." });
    expect(problem("text").hint).toContain("must come before the records");
  });

  test("blank ones and comments are passed over", () => {
    expect(taken("", " \t", "#comment").tabs).toEqual([7]);
  });

  test("contigs with their lengths", () => {
    const header = taken("##contig=<ID=chr1,length=248956422>", "##contig=<length=5,ID=b>", "##contig=<ID=c>",
      `##contig=<ID=${"d".repeat(256)},length=1>`, `##contig=<ID=e,length=${"9".repeat(30)}>`);
    expect([...header.contigs]).toEqual([["chr1", 248956422], ["b", 5], ["c", null], ["e", null]]);
  });

  test.each([
    ["##reference=file:///data/Homo_sapiens.GRCh38.dna.fa.gz", ["grch38"]],
    ["##reference=GRCh37.p13.fa", ["grch37"]],
    ["##contig=<ID=1,assembly=b37,note=hg38>", ["b37"]],
    ["##source=hg19", []],
    ["##assembly=human_g1k_v37.fasta", ["human_g1k_v37"]],
  ])("%s names a build", (line, names) => {
    expect([...taken(line).buildNames]).toEqual(names);
  });

  test("are too many bytes", () => {
    const line = `##x=${"x".repeat((1 << 20) - 5)}`;
    expect(problem(...Array<string>(65).fill(line))).toMatchObject({
      code: "header_too_large", message: "The header is larger than 67,108,864 bytes.", line: 65 });
  });
});
