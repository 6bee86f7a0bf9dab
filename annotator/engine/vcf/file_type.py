"""What a file that is not VCF looks like, from its first bytes: users send BAM files, tables and web pages."""

from __future__ import annotations

import re
from dataclasses import dataclass

from annotator.engine.files import GZIP_MAGIC


@dataclass(frozen=True)
class Look:
    """A kind of file, named for a message, and what to do about it."""

    name: str
    hint: str | None = None


_UNPACK = "Unpack it and send the VCF file that is in it; plain, gzip and bgzip files are read as they are."
_TEXT = "Save it as plain text, tab-separated, in the VCF format; a table without a VCF header cannot be read."
_READS = "It holds reads or sequences, not variants: call variants first, for example with bcftools mpileup and call."

#: First bytes of formats, after decompression where the file was gzip or bgzip.
MAGIC: list[tuple[bytes, Look]] = [
    (b"BAM\x01", Look("a BAM file of aligned reads", _READS)),
    (b"CRAM", Look("a CRAM file of aligned reads", _READS)),
    (b"BCF", Look("a BCF file, the binary form of VCF", "Convert it: bcftools view file.bcf -Oz -o file.vcf.gz")),
    (GZIP_MAGIC, Look("a gzip file within a gzip file", "Compress the VCF file once only.")),
    (b"\x89PNG", Look("a PNG image")),
    (b"\xff\xd8\xff", Look("a JPEG image")),
    (b"GIF8", Look("a GIF image")),
    (b"%PDF", Look("a PDF document")),
    (b"BZh", Look("a bzip2 archive", _UNPACK)),
    (b"\xfd7zXZ", Look("an xz archive", _UNPACK)),
    (b"\x28\xb5\x2f\xfd", Look("a zstd archive", _UNPACK)),
    (b"7z\xbc\xaf", Look("a 7-Zip archive", _UNPACK)),
    (b"Rar!", Look("a RAR archive", _UNPACK)),
    (b"\x7fELF", Look("a program")),
    (b"\xd0\xcf\x11\xe0", Look("an old Excel or Word document", _TEXT)),
    (b"\xff\xfe", Look("text saved as UTF-16", "Save it as UTF-8 or plain text.")),
    (b"\xfe\xff", Look("text saved as UTF-16", "Save it as UTF-8 or plain text.")),
    (b"SQLite format 3", Look("a SQLite database")),
    (b"TBI\x01", Look("a tabix index", "Send the .vcf.gz file itself, not its .tbi index.")),
    (b"CSI\x01", Look("a CSI index", "Send the .vcf.gz file itself, not its .csi index.")),
    (b"{\\rtf", Look("a rich text document", _TEXT)),
]

TEXT_STARTS: list[tuple[re.Pattern[bytes], Look]] = [
    (re.compile(rb"\s*(<!doctype html|<html|<head)", re.I), Look("a web page (HTML)", "Download the file itself.")),
    (re.compile(rb"\s*<\?xml|\s*<[A-Za-z]+[ >]"), Look("an XML file")),
    (re.compile(rb"##gff-version"), Look("a GFF file of gene models")),
    (re.compile(rb"##maf|Hugo_Symbol\t"), Look("a MAF file of mutations", "Convert it to VCF (maf2vcf).")),
    (re.compile(rb"@(HD|SQ|RG|PG|CO)\t"), Look("a SAM file of aligned reads", _READS)),
    (re.compile(rb"@[^\n]*\n[A-Za-z.*]+\r?\n\+"), Look("a FASTQ file of reads", _READS)),
    (re.compile(rb">[^\n]*\n[A-Za-z*\-.\s]"), Look("a FASTA file of sequences", _READS)),
    (re.compile(rb"\s*[\[{]"), Look("a JSON file")),
    (re.compile(rb"#\s*rsid\t|rsid\t", re.I), Look("a table of genotypes by rsID", _TEXT)),
    (re.compile(rb"track |browser |[\w.]+\t\d+\t\d+(\t|\r?\n)"), Look("a BED file of regions", _TEXT)),
]


#: A record of VCF, or its first columns: a position, bases, and an allele. A BED file has a number in their place.
RECORD = re.compile(
    rb"[^\t\n]+\t\d+\t[^\t\n]*\t[ACGTNacgtn]+\t(?:[ACGTNacgtn*.,]+|[^\t\n]*[<>\[\]][^\t\n]*)\r?(?:\t|\n|$)"
)

OFFICE = Look("an Excel or Word document", _TEXT)
ZIP = Look("a zip archive", _UNPACK)
BINARY = Look("binary data")
COMMAS = Look("a comma-separated table", _TEXT)
TABS = Look("a tab-separated table", _TEXT)
PLAIN_TEXT = Look("plain text", _TEXT)


def what_it_looks_like(start: bytes) -> Look | None:
    """Name the format of a file that cannot be VCF.

    Args:
        start: the first bytes of the file, uncompressed.

    Returns:
        The format it looks like; None when it may be VCF: it starts with ``##`` or ``#CHROM``, or with a record.
    """
    if start.startswith(b"PK\x03\x04"):
        office = b"[Content_Types].xml" in start or b"xl/" in start or b"word/" in start
        return OFFICE if office else ZIP
    for magic, look in MAGIC:
        if start.startswith(magic):
            return look
    if RECORD.match(start):
        return None  # a VCF without its header: the header's own checks say so
    for pattern, look in TEXT_STARTS:
        if pattern.match(start):
            return look
    if start.startswith((b"##", b"#CHROM")):
        return None
    first = next((line for line in start.split(b"\n") if line.strip()), b"")
    if first.startswith(b"#") or first.count(b"\t") >= 7:
        return None  # the header is missing or odd: the header's own checks say it better
    control = sum(byte < 32 and byte not in b"\t\r\n" for byte in start[:4096])
    if control * 20 > len(start[:4096]):
        return BINARY
    if first.count(b",") >= 3 or first.count(b";") >= 3:
        return COMMAS
    if b"\t" in first:
        return TABS
    return PLAIN_TEXT
