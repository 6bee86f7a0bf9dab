"""What a file that is not VCF looks like, from its first bytes: users send BAM files, tables and web pages."""

from __future__ import annotations

import re
from dataclasses import dataclass

from annotator.engine.files import GZIP_MAGIC


@dataclass(frozen=True)
class FileType:
    """A kind of file, named for a message, and what to do about it."""

    name: str
    hint: str | None = None


_UNPACK = "Unpack it and send the VCF file that is in it; plain, gzip, bgzip, xz and zstd files are read as they are."
_TEXT = "Save it as plain text, tab-separated, in the VCF format; a table without a VCF header cannot be read."
_READS = "It holds reads or sequences, not variants: call variants first, for example with bcftools mpileup and call."

MAGIC: list[tuple[bytes, FileType]] = [
    (b"BAM\x01", FileType("a BAM file of aligned reads", _READS)),
    (b"CRAM", FileType("a CRAM file of aligned reads", _READS)),
    (b"BCF", FileType("a BCF file within another file", "Send the BCF file as bcftools writes it.")),
    (GZIP_MAGIC, FileType("a gzip file within a gzip file", "Compress the VCF file once only.")),
    (b"\x89PNG", FileType("a PNG image")),
    (b"\xff\xd8\xff", FileType("a JPEG image")),
    (b"GIF8", FileType("a GIF image")),
    (b"%PDF", FileType("a PDF document")),
    (b"BZh", FileType("a bzip2 archive", _UNPACK)),
    (b"\xfd7zXZ", FileType("an xz file within another compressed file", "Compress the VCF file once only.")),
    (b"\x28\xb5\x2f\xfd", FileType("a zstd file within another compressed file", "Compress the VCF file once only.")),
    (b"7z\xbc\xaf", FileType("a 7-Zip archive", _UNPACK)),
    (b"Rar!", FileType("a RAR archive", _UNPACK)),
    (b"\x7fELF", FileType("a program")),
    (b"\xd0\xcf\x11\xe0", FileType("an old Excel or Word document", _TEXT)),
    (b"\xff\xfe", FileType("text saved as UTF-16", "Save it as UTF-8 or plain text.")),
    (b"\xfe\xff", FileType("text saved as UTF-16", "Save it as UTF-8 or plain text.")),
    (b"SQLite format 3", FileType("a SQLite database")),
    (b"TBI\x01", FileType("a tabix index", "Send the .vcf.gz file itself, not its .tbi index.")),
    (b"CSI\x01", FileType("a CSI index", "Send the .vcf.gz file itself, not its .csi index.")),
    (b"{\\rtf", FileType("a rich text document", _TEXT)),
]
"""First bytes of formats, after decompression where the file was gzip or bgzip."""

TEXT_STARTS: list[tuple[re.Pattern[bytes], FileType]] = [
    (re.compile(rb"\s*(<!doctype html|<html|<head)", re.I), FileType("a web page (HTML)", "Download the file itself.")),
    (re.compile(rb"\s*<\?xml|\s*<[A-Za-z]+[ >]"), FileType("an XML file")),
    (re.compile(rb"##gff-version"), FileType("a GFF file of gene models")),
    (re.compile(rb"##maf|Hugo_Symbol\t"), FileType("a MAF file of mutations", "Convert it to VCF (maf2vcf).")),
    (re.compile(rb"@(HD|SQ|RG|PG|CO)\t"), FileType("a SAM file of aligned reads", _READS)),
    (re.compile(rb"@[^\n]*\n[A-Za-z.*]+\r?\n\+"), FileType("a FASTQ file of reads", _READS)),
    (re.compile(rb">[^\n]*\n[A-Za-z*\-.\s]"), FileType("a FASTA file of sequences", _READS)),
    (re.compile(rb"\s*[\[{]"), FileType("a JSON file")),
    (re.compile(rb"#\s*rsid\t|rsid\t", re.I), FileType("a table of genotypes by rsID", _TEXT)),
    (re.compile(rb"track |browser |[\w.]+\t\d+\t\d+(\t|\r?\n)"), FileType("a BED file of regions", _TEXT)),
]


RECORD = re.compile(
    rb"[^\t\n]+\t\d+\t[^\t\n]*\t[ACGTNacgtn]+\t(?:[ACGTNacgtn*.,]+|[^\t\n]*[<>\[\]][^\t\n]*)\r?(?:\t|\n|$)"
)
"""A record of VCF, or its first columns: a position, bases, and an allele. A BED file has a number in their place."""

OFFICE = FileType("an Excel or Word document", _TEXT)
ZIP = FileType("a zip archive", _UNPACK)
BINARY = FileType("binary data")
COMMAS = FileType("a comma-separated table", _TEXT)
TABS = FileType("a tab-separated table", _TEXT)
PLAIN_TEXT = FileType("plain text", _TEXT)


def sniff_file_type(start: bytes) -> FileType | None:
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
