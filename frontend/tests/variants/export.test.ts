import { describe, expect, test } from "vitest";
import { columnsOfFile } from "../../src/scripts/variants/columns";
import { csv, vcf, write } from "../../src/scripts/variants/export";
import { everything } from "../../src/scripts/variants/selection";
import { madeFile, type Row } from "./made-file";

const go = (): AbortSignal => new AbortController().signal;
const row = (more: Row = {}): Row => ({
  chrom: "MT", pos: 263, id: "rs1", ref: "A", alt: "G", qual: 50.5, filter: "PASS", gene: "ND1", known: true, protein_position: 5,
  ClinVar: null, score: 0.1, ...more });

async function written(kind: "csv" | "vcf", ...groups: Row[][]): Promise<string[]> {
  const { file } = madeFile(groups);
  const format = kind === "csv" ? csv(file) : vcf(file, columnsOfFile(file), ["MT", "chr1"], ["PASS", "q10"]);
  const blob = await write(file, everything(file.rows), format, go(), () => undefined);
  return (await blob.text()).split(kind === "csv" ? "\r\n" : "\n");
}

describe("CSV", () => {
  const cell = async (value: Row[string]): Promise<string> =>
    (await written("csv", [{ chrom: "1", gene: value }]))[1]?.replace(/^1,/, "") ?? "";

  test("has a head and a line for each row", async () => {
    expect(await written("csv", [row()], [row({ pos: 300, known: null })])).toEqual([
      "chrom,pos,id,ref,alt,qual,filter,gene,protein_position,known,ClinVar,score",
      "MT,263,rs1,A,G,50.5,PASS,ND1,5,true,,0.1", "MT,300,rs1,A,G,50.5,PASS,ND1,5,,,0.1", ""]);
  });

  test.each([["a,b", '"a,b"'], ['a"b', '"a""b"'], ["a\nb", '"a\nb"'], ["a;b", "a;b"], ["", ""], [null, ""], [false, "false"]])(
    "%j is quoted as RFC 4180 has it", async (value, expected) => {
      expect(await cell(value)).toBe(expected);
    });

  test.each([["=1+1", "'=1+1"], ["@SUM(A1)", "'@SUM(A1)"], ["+1", "'+1"], ["-cmd", "'-cmd"], ["\tx", "'\tx"],
    ['=HYPERLINK("x","y")', `"'=HYPERLINK(""x"",""y"")"`], ["%3D1+1", "'=1+1"]])(
    "%j is no formula", async (value, expected) => {
      expect(await cell(value)).toBe(expected);
    });

  test.each([["2/9", "'2/9"], ["12-13", "'12-13"], ["1/3,2/3", '"1/3,2/3"'], ["K/N", "K/N"]])("%j is no date", async (value, expected) => {
    expect(await cell(value)).toBe(expected);
  });

  test.each([["-", "-"], ["+", "+"], ["a=b", "a=b"], [-5, "-5"]])("%j stays: it is no formula", async (value, expected) => {
    expect(await cell(value)).toBe(expected);
  });

  test("numbers have the digits of single precision", async () => {
    expect(await cell(Math.fround(0.1))).toBe("0.1");
    expect(await cell(Math.fround(1 / 3))).toBe("0.3333333");
    expect(await cell(123_456_789)).toBe("123456789");
  });
});

describe("VCF", () => {
  test("declares what it has", async () => {
    const lines = await written("vcf", [row()]);
    expect(lines.slice(0, 6)).toEqual(["##fileformat=VCFv4.2", "##source=GAS", "##reference=rCRS", "##contig=<ID=MT>", "##contig=<ID=chr1>",
      '##FILTER=<ID=q10,Description="As in the annotated file">']);
    expect(lines).toContain('##INFO=<ID=GENE,Number=1,Type=String,Description="about gene">');
    expect(lines).toContain('##INFO=<ID=KNOWN,Number=0,Type=Flag,Description="about known">');
    expect(lines).toContain('##INFO=<ID=PROTEIN_POSITION,Number=1,Type=Integer,Description="about protein_position">');
    expect(lines).toContain('##INFO=<ID=score,Number=1,Type=Float,Description="about score">'); // a layer's name stays
  });

  test("has a record for each row", async () => {
    const lines = await written("vcf", [row(), row({ id: null, qual: null, gene: null, known: false, protein_position: null, score: null })]);
    expect(lines.slice(-4)).toEqual(["#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO",
      "MT\t263\trs1\tA\tG\t50.5\tPASS\tGENE=ND1;PROTEIN_POSITION=5;KNOWN;score=0.1", "MT\t263\t.\tA\tG\t.\tPASS\t.", ""]);
  });

  test("escapes what separates the parts of INFO", async () => {
    const lines = await written("vcf", [row({ gene: "a;b=c,d e%" })]);
    expect(lines.at(-2)).toContain("GENE=a%3Bb%3Dc%2Cd%20e%25;");
  });
});

test("rows are written in the order of the selection, each group read once", async () => {
  const { file, reads } = madeFile([[row({ pos: 1 }), row({ pos: 2 })], [row({ pos: 3 })]]);
  const shares: number[] = [];
  const order = [2, 0, 1];
  const blob = await write(file, { length: 3, row: (at) => order[at] ?? 0 }, csv(file), go(), (share) => shares.push(share));
  expect((await blob.text()).split("\r\n").slice(1, 4).map((line) => line.split(",")[1])).toEqual(["3", "1", "2"]);
  expect(reads.map(([group]) => group)).toEqual([0, 1]);
  expect(shares).toEqual([2 / 3, 1]);
});

test("no rows give a head", async () => {
  const { file } = madeFile([[row()]]);
  expect(await (await write(file, everything(0), csv(file), go(), () => undefined)).text()).toMatch(/^chrom,.*score\r\n$/);
});
