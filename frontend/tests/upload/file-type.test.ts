import { expect, test } from "vitest";
import { sniffFileType } from "../../src/scripts/upload/file-type";

test.each([
  ["BAM\x01", "a BAM file of aligned reads"], ["CRAM\x03", "a CRAM file of aligned reads"], ["BCF\x02\x02", "a BCF file, the binary form of VCF"],
  ["\x1f\x8b\x08", "a gzip file within a gzip file"], ["\x89PNG\r\n", "a PNG image"], ["%PDF-1.7", "a PDF document"],
  ["PK\x03\x04 xl/workbook.xml", "an Excel or Word document"], ["PK\x03\x04 calls.vcf", "a zip archive"],
  ["\xff\xfe#\0#\0", "text saved as UTF-16"], ["\xd0\xcf\x11\xe0", "an old Excel or Word document"],
  ["<!DOCTYPE html>", "a web page (HTML)"], ["  <?xml version='1.0'?>", "an XML file"], ["##gff-version 3", "a GFF file of gene models"],
  ["Hugo_Symbol\tChromosome", "a MAF file of mutations"], ["@HD\tVN:1.6", "a SAM file of aligned reads"],
  ["@read\nACGT\n+\nIIII\n", "a FASTQ file of reads"], [">chr1\nACGT\n", "a FASTA file of sequences"], ["{\"a\": 1}", "a JSON file"],
  ["# RSID\tchromosome\n", "a table of genotypes by rsID"], ["chr1\t100\t200\tx\n", "a BED file of regions"],
  ["\0\x01\x02\x03".repeat(20), "binary data"], ["chrom,pos,ref,alt\n", "a comma-separated table"], ["a;b;c;d\n", "a comma-separated table"],
  ["gene\tvalue\n", "a tab-separated table"], ["Dear colleagues,\n", "plain text"],
])("%j is named", (start, name) => {
  expect(sniffFileType(start)?.name).toBe(name);
});

test.each([
  ["##fileformat=VCFv4.2\n"], ["#CHROM\tPOS\n"], ["#chrom\n"], ["\n\n#comment\n"], ["MT\t263\t.\tA\tG\t.\t.\t.\n"],
  ["chr1\t1100\t6\tN\t<INV>\t.\tPASS\tEND=1200\n"], ["a\tb\tc\td\te\tf\tg\th\n"],
])("%j may be VCF, or its header's checks say more", (start) => {
  expect(sniffFileType(start)).toBeNull();
});

test("a hint says what to do", () => {
  expect(sniffFileType("BZh91AY")?.hint).toContain("Unpack it");
  expect(sniffFileType("GIF89a")?.hint).toBeNull();
});
