"""Files that the upload page refuses or takes, in the annotator's words: for Node.js and for a browser."""
from __future__ import annotations

import gzip
from pathlib import Path

from annotator.engine import InputError, Outputs, Reference
from annotator.engine import annotate as annotate_file

COLUMNS = b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
HEADER = b"##fileformat=VCFv4.2\n" + COLUMNS
WITHOUT_SAMPLES = b"##fileformat=VCFv4.3\n" + COLUMNS[:-1] + b"\tFORMAT\n"
WITH_SAMPLES = b"##fileformat=VCFv4.3\n" + COLUMNS[:-1] + b"\tFORMAT\tHG002\tHG003\n"
GOOD = b"MT\t263\trs1\tA\tG\t.\tPASS\tDP=3\n"


def record(line: bytes) -> bytes:
    return HEADER + GOOD + line + b"\n" + GOOD


REFUSED = {
    "blank": b" \n\t\n",
    "packed nothing": gzip.compress(b""),
    "BAM": gzip.compress(b"BAM\x01\x00\x00\x00\x00"),
    "web page": b"<!DOCTYPE html>\n<html></html>\n",
    "Excel": b"PK\x03\x04 and [Content_Types].xml in it",
    "zip": b"PK\x03\x04 calls",
    "UTF-16": "##fileformat=VCFv4.2\n".encode("utf-16"),
    "BED": b"chr1\t100\t200\tname\n",
    "FASTQ": b"@read1\nACGT\n+\nIIII\n",
    "comma-separated": b"chrom,pos,ref,alt\nMT,73,A,G\n",
    "genotypes by rsID": b"rsid\tchromosome\tposition\tgenotype\n",
    "a letter": "Liebe Kolleginnen,\nim Anhang für euch\n".encode(),
    "binary": b"\x00\x01\x02\x03" * 40,
    "gzip in gzip": gzip.compress(gzip.compress(HEADER)),
    "control character": record(b"MT\t300\t.\tA\tG\t.\t.\tX=\x00\x01"),
    "return in a line": record(b"MT\t300\t.\tA\rT\tG\t.\t.\t."),
    "old Macintosh": (HEADER + GOOD).replace(b"\n", b"\r"),
    "VCF 3": b"##fileformat=VCFv3.3\n" + COLUMNS + GOOD,
    "no version": b"##fileformat=\n" + COLUMNS + GOOD,
    "version with a blank": b"##fileformat=VCF v4.3\n" + COLUMNS + GOOD,
    "version without its v": b"##fileformat=VCF4.2\n" + COLUMNS + GOOD,
    "header line in two": b'##fileformat=VCFv4.2\n##ALT=<ID=DEL,Description="a\nline break">\n' + COLUMNS,
    "record that looks like BED": b"chr1\t1100\t6\tN\t<INV>\t.\tPASS\tEND=1200;SVTYPE=INV\n",
    "record with five columns": b"1\t1100\t.\tG\tT\n",
    "no header": GOOD + GOOD,
    "record before #CHROM": b"##fileformat=VCFv4.2\n" + GOOD,
    "text before #CHROM": b"##fileformat=VCFv4.2\nhello\n",
    "header only in part": b"##fileformat=VCFv4.2\n##source=x\n",
    "blanks for tabs": b"##fileformat=VCFv4.2\n#CHROM POS ID REF ALT QUAL FILTER INFO\n",
    "wrong column": HEADER.replace(b"QUAL", b"Qual's") + GOOD,
    "missing column": HEADER.replace(b"\tINFO", b"") + GOOD,
    "no FORMAT": WITH_SAMPLES.replace(b"FORMAT", b"Format") + GOOD,
    "FORMAT without samples and ten columns": WITHOUT_SAMPLES + GOOD[:-1] + b"\tGT\t0|1\n",
    "sample twice": WITH_SAMPLES.replace(b"HG003", b"HG002") + GOOD,
    "sample without a name": WITH_SAMPLES.replace(b"HG003", b"") + GOOD,
    "column missing": record(b"MT\t300\t.\tA\tG\t.\t."),
    "column too many": record(b"MT\t300\t.\tA\tG\t.\t.\t.\tGT"),
    "blanks in a record": record(b"MT 300 . A G . . ."),
    "cut off": HEADER + GOOD + b"MT\t300\t.\tA",
    "header again": record(COLUMNS[:-1]),
    "meta line again": record(b"##fileformat=VCFv4.2"),
    "no contig": record(b"\t300\t.\tA\tG\t.\t.\t."),
    "bad contig": record("ch r1ü\t300\t.\tA\tG\t.\t.\t.".encode()),
    "dot for a contig": record(b".\t300\t.\tA\tG\t.\t.\t."),
    "position with a letter": record(b"MT\t3OO\t.\tA\tG\t.\t.\t."),
    "position with a zero": record(b"MT\t0300\t.\tA\tG\t.\t.\t."),
    "position too large": record(b"MT\t2147483648\t.\tA\tG\t.\t.\t."),
    "no position": record(b"MT\t\t.\tA\tG\t.\t.\t."),
    "REF with a dash": record(b"MT\t300\t.\t-\tG\t.\t.\t."),
    "REF that is long": record(b"MT\t300\t.\t" + b"A" * 200 + b"!\tG\t.\t.\t."),
    "REF within quotes": record(b"MT\t300\t.\t'A'\tG\t.\t.\t."),
    "ALT with a dash": record(b"MT\t300\t.\tA\tG,-\t.\t.\t."),
    "ALT with nothing in it": record(b"MT\t300\t.\tA\tG,,T\t.\t.\t."),
    "open symbolic allele": record(b"MT\t300\t.\tA\t<DEL\t.\t.\t."),
    "ALT not in UTF-8": record(b"MT\t300\t.\tA\tG\xff\t.\t.\t."),
    "END beyond everything": record(b"MT\t300\t.\tA\t<DEL>\t.\t.\tEND=9999999999"),
}
TAKEN = {
    "plain": record(GOOD[:-1]),
    "gzip": gzip.compress(HEADER + GOOD * 3),
    "two gzip members": gzip.compress(HEADER + GOOD) + gzip.compress(GOOD),
    "Windows": (HEADER + GOOD * 2).replace(b"\n", b"\r\n"),
    "byte order mark": b"\xef\xbb\xbf" + HEADER + GOOD,
    "no line end": HEADER + GOOD[:-1],
    "no records": HEADER,
    "blank lines": HEADER + b"\n" + GOOD + b"\n\n",
    "no fileformat": COLUMNS + GOOD,
    "odd header line": b"##fileformat=VCFv4.2\n#source x\n" + COLUMNS + GOOD,
    "samples": WITH_SAMPLES + GOOD[:-1] + b"\tGT\t0|1\t./.\n",
    "FORMAT without samples": WITHOUT_SAMPLES + GOOD + GOOD[:-1] + b"\tGT\n" + GOOD[:-1] + b"\t\n",
    "every kind of allele": record(
        b"MT\t300\t.\tacgtn\tG,*,<DEL>,<DEL:ME:ALU>,N[chr1:5[,]MT:7]T,.A,T.,R\t.\t.\tEND=400"),
    "no allele": record(b"MT\t300\t.\tA\t.\t.\t.\t."),
    "contig of the assembly file": record(b"<ctg1>\t300\t.\tA\tG\t.\t.\t."),
    "breakends at both telomeres": record(b"MT\t0\t.\t.\t.[13:123457[\t.\t.\t.\nMT\t16570\t.\t.\t]13:9].\t.\t.\t."),
    "END that is no number": record(b"MT\t300\t.\tA\t<DEL>\t.\t.\tEND=1e3"),
    "bytes behind the end of gzip": gzip.compress(HEADER + GOOD) + b"trailing bytes",
    "contig of many signs": record(b"HLA-DRB1*15:01:01:01\t300\t.\tA\tG\t.\t.\t."),
}


def bgzipped(content: bytes, directory: Path, block: int = 50) -> bytes:
    """As bgzip writes it, in blocks so small that records go over their borders."""
    import pysam

    path = directory / "blocks.gz"
    with pysam.BGZFile(str(path), "wb", None) as stream:
        for at in range(0, len(content), block):
            stream.write(content[at:at + block])
            stream.flush()
    return path.read_bytes()


def refused_by_the_annotator(path: Path) -> InputError | None:
    """What the annotator says of a file, None when it annotates it."""
    try:
        annotate_file(path, Reference.load("rCRS"), Outputs.beside(path.with_suffix(".annot.vcf.gz")))
    except InputError as error:
        return error
    return None
