import { describe, expect, test } from "vitest";
import { problemOfLayer } from "../../src/scripts/upload/layer-file";
import { gzip } from "./files";

const LIMITS = { bytes: 150 * 1024, longestName: 255, extensions: [".vcf", ".bed", ".bed.gz", ".bed.xz"], premium: false };
const VCF = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nMT\t73\t.\tA\tG\t.\t.\t.\n";
const layer = (name: string, content: string | Uint8Array<ArrayBuffer>): File => new File([content], name);

describe("a file of the user's own annotations", () => {
  test.each([
    ["a.vcf", VCF],
    ["a.bed", "MT\t72\t73\tname\n"],
    ["a.bed", "\u{feff}track name=x\r\n#comment\r\n\r\nMT\t72\t73\r\n"],
    ["a.bed.xz", new Uint8Array([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 1])], // only the annotator can read it
  ])("%s is taken", async (name, content) => {
    expect(await problemOfLayer(layer(name, content), LIMITS)).toBeNull();
  });

  test("compressed regions are taken", async () => {
    expect(await problemOfLayer(layer("a.bed.gz", await gzip("MT\t72\t73\n")), LIMITS)).toBeNull();
    expect(await problemOfLayer(layer("a.bed.gz", await gzip("no regions\n")), LIMITS)).toMatchObject({ line: 1 });
  });

  test("a name that is neither VCF nor BED", async () => {
    expect(await problemOfLayer(layer("a.txt", "x"), LIMITS)).toMatchObject({
      message: "“a.txt” does not have a VCF or BED file extension.",
      hint: "For your own annotations, GAS accepts files ending in .vcf, .bed, .bed.gz, .bed.xz.",
    });
  });

  test.each([
    ["# nothing\n", { message: "It has no records." }],
    ["gene\tscore\n", { line: 1, text: "gene\tscore" }],
    ["#header\nMT\t73\t.\tA\tG\t.\t.\t.\n", { line: 2 }], // a record of VCF without its header
    [VCF.replace("\t73\t", "\t7x\t"), { line: 3, message: "POS '7x' is not a valid position." }],
  ])("%j is refused in the annotator's words", async (content, problem) => {
    expect(await problemOfLayer(layer("a.bed", content), LIMITS)).toMatchObject(problem);
  });
});
