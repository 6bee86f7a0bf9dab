"""Copies the sequence of a new reference: in upper case, bgzipped and indexed."""

from __future__ import annotations

import re
from pathlib import Path

import pysam

from annotator.engine.bgzf import BgzfWriter
from annotator.engine.bounds import LARGEST_POSITION
from annotator.engine.errors import BundleError
from annotator.engine.files import open_text
from annotator.engine.library_errors import refuse_compression, step
from annotator.engine.reference.build.gene_formats import shown

LINE = 60
"""Bases per line of the copy."""
_BASES = re.compile(r"[ACGTURYKMSWBDHVN]*")
_NO_BASE = re.compile(r"[^ACGTURYKMSWBDHVN]")


def copy_sequence(source: Path, out: Path) -> dict[str, int]:
    """Copy a FASTA file into one that is in upper case, bgzipped and indexed.

    Args:
        source: the FASTA file, plain, gzip or bgzip.
        out: the copy; its indexes are written beside it.

    Returns:
        The length of each contig in bases, in the order of the file.

    Raises:
        BundleError: it is no FASTA file of bases; the message names the line.
        OSError: the system cannot open, read or write a file.
    """
    refuse_compression(source, "reference_fasta", "plain, gzip and bgzip")
    with step("reference_fasta", f"{source.name} cannot be read as a sequence"):
        lengths = _copy(source, out)
    empty = [name for name, length in lengths.items() if not length]
    if empty or not lengths:
        raise BundleError("reference_fasta", f"{source.name} has no bases{' of ' + empty[0] if empty else ''}.")
    long = next((name for name, length in lengths.items() if length > LARGEST_POSITION), None)
    if long is not None:
        message = f"{source.name}: contig {long} has {lengths[long]:,} bases"
        raise BundleError("reference_fasta", f"{message}; VCF has positions up to {LARGEST_POSITION:,}.")
    with step("reference_fasta", f"{source.name} cannot be indexed"):
        pysam.faidx(str(out))
    return lengths


def _copy(source: Path, out: Path) -> dict[str, int]:
    lengths: dict[str, int] = {}
    name, waiting = "", ""
    writer = BgzfWriter(out)
    try:
        # Descriptions may be in any encoding.
        with open_text(source, "latin-1") as lines:
            for number, line in enumerate(lines, start=1):
                if line.startswith(">"):
                    writer.write(f"{waiting}\n".encode() if waiting else b"")
                    name, waiting = (line[1:].split() or [""])[0], ""
                    _check_name(source, number, name, lengths)
                    lengths[name] = 0
                    writer.write(f">{name}\n".encode())
                    continue
                bases = line.strip().upper()
                if not _BASES.fullmatch(bases) or (bases and not name):
                    wrong = _NO_BASE.search(bases)
                    why = (
                        f"{shown(wrong[0])} is not a base" if wrong else "the name of a contig (>name) must come first"
                    )
                    message = f"{source.name}, line {number}: not a sequence of bases; {why}."
                    raise BundleError("reference_fasta", message)
                lengths[name] = lengths.get(name, 0) + len(bases)
                waiting += bases
                whole = len(waiting) - len(waiting) % LINE
                writer.write("".join(waiting[at : at + LINE] + "\n" for at in range(0, whole, LINE)).encode())
                waiting = waiting[whole:]
        writer.write(f"{waiting}\n".encode() if waiting else b"")
        writer.close()
    finally:
        writer.abandon()
    return lengths


def _check_name(source: Path, number: int, name: str, known: dict[str, int]) -> None:
    if not name:
        raise BundleError("reference_fasta", f"{source.name}, line {number}: the contig has no name; write >name.")
    if name in known:
        message = f"{source.name}, line {number}: a second contig with the name {shown(name)}; rename or remove one."
        raise BundleError("reference_fasta", message)
    if not name.isascii() or not name.isprintable():
        message = f"{source.name}, line {number}: the name {shown(name)} has characters that a VCF file cannot have."
        raise BundleError("reference_fasta", message)
