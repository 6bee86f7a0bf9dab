"""Builds the table of known variants of a reference: several VCF files are merged by allele in one pass over each."""

from __future__ import annotations

import heapq
import re
from bisect import bisect_left
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from urllib.parse import unquote

from annotator.engine.bgzf import END_OF_FILE, BgzfWriter, pack
from annotator.engine.bounds import whole_number
from annotator.engine.errors import BundleError
from annotator.engine.files import BLOCK, open_bytes
from annotator.engine.indexes import index_of, make_index, open_table, rows_of
from annotator.engine.library_errors import LIBRARY_ERRORS, in_words, step
from annotator.engine.normalise import normalise
from annotator.engine.reference.build.gene_formats import shown
from annotator.engine.reference.build.sources import INFO_NAME, Tally, split_source
from annotator.engine.reference.bundle import Contig, Sequence
from annotator.engine.reference.known_variants import WINDOW

KNOWN_IN = "KNOWN_IN"
"""Column and INFO field with the sources that list an allele."""
MOST_MISMATCHES = 0.1
"""A source with REF mismatches in more than this share of its alleles belongs to another build."""
PARALLEL_BYTES = 64 << 20
"""Sources of at least this many bytes in total are merged by several processes."""
WAITING = 50_000
"""Alleles that are held back to be sorted."""
_PLAIN = re.compile(r"[ACGT]+")
_INFO = re.compile(r"##INFO=<ID=([^,]+),Number=([^,]+),Type=([^,]+),Description=\"((?:[^\"\\]|\\.)*)\"")

Row = tuple[int, str, str, int, list[str]]
"""POS (1-based), REF, ALT, index of the source, values of its fields."""


@dataclass
class VariantSource(Tally):
    """A source of known variants: one VCF file, or several with different contigs.

    Attributes:
        name: of the source; the names of its INFO fields in results begin with it.
        paths: of the files, each sorted within its contigs.
        wanted: the INFO fields, or ``ID``, that are taken from it.
        fields: Number, Type and Description of each of ``wanted``, once the header has been read.
    """

    name: str
    paths: tuple[Path, ...]
    wanted: tuple[str, ...]
    fields: list[tuple[str, str, str]] = field(default_factory=list)

    @classmethod
    def parse(cls, text: str) -> VariantSource:
        """From ``NAME=FILE:FIELD,...``; without fields the source only marks alleles as known.

        Raises:
            BundleError: it is not of that form.
        """
        name, path, wanted = split_source(text, "--variants", "NAME=FILE.vcf.gz:FIELD,...", INFO_NAME.fullmatch)
        return cls(name, (path,), wanted)

    def info(self, wanted: str) -> str:
        """The name of an INFO field in results, by its name in the source."""
        return f"{self.name}_{wanted}"


def merge_variants(
    sources: list[VariantSource],
    out: Path,
    contigs: list[Contig],
    names: dict[str, str],
    fasta: Path,
    work: Path,
) -> list[dict[str, str]]:
    """Merge sources into one indexed table of normalised alleles; large ones by several processes, a contig each.

    Args:
        sources: each sorted within its contigs; what is used of them is counted.
        out: the table, bgzipped; its index is written beside it.
        contigs: of the reference.
        names: the reference's name of a contig by each of its names.
        fasta: sequence of the reference, indexed.
        work: directory for indexed copies of sources without an index, and for the parts of the table.

    Returns:
        The fields of the layer, as the manifest has them.

    Raises:
        BundleError: a source cannot be read, lacks a field, or belongs to another sequence.
    """
    lengths = [contig.length for contig in contigs]
    tables = [[_indexed(source, path, work, lengths) for path in source.paths] for source in sources]
    columns = [KNOWN_IN] + [source.info(one) for source in sources for one in source.wanted]
    if len(set(columns)) != len(columns):
        raise BundleError("reference_build", f"Two fields of known variants have one name: {', '.join(columns)}.")
    parts = [work / f"known.{number}" for number in range(len(contigs))]
    merge = partial(_merge_contig, sources, tables, names, fasta)
    large = sum(path.stat().st_size for paths in tables for path in paths) >= PARALLEL_BYTES
    with out.open("wb") as stream, ProcessPoolExecutor() if large else nullcontext() as pool:
        stream.write(pack(("#contig\tpos\tref\talt\t" + "\t".join(columns) + "\n").encode()))
        for part, tallies in zip(parts, (pool.map if pool else map)(merge, contigs, parts), strict=True):
            for source, tally in zip(sources, tallies, strict=True):
                source.used += tally.used
                source.left_out += tally.left_out
            stream.write(memoryview(part.read_bytes())[: -len(END_OF_FILE)])
            part.unlink()
        stream.write(END_OF_FILE)
    for source in sources:
        _refuse_other_build(source)
    with step("reference_variants", "The known variants cannot be indexed"):
        make_index(out, lengths, seq_col=0, start_col=1, end_col=1, meta_char="#")
    listed = ", ".join(source.name for source in sources)
    fields = [_field(KNOWN_IN, "String", f"Sources of known variants that list the allele, joined by & ({listed})")]
    for source in sources:
        for wanted, (_, kind, description) in zip(source.wanted, source.fields, strict=True):
            fields.append(_field(source.info(wanted), kind, description))
    return fields


def _field(name: str, kind: str, description: str) -> dict[str, str]:
    return {"column": name, "info": name, "type": kind, "description": description}


def _merge_contig(
    sources: list[VariantSource],
    tables: list[list[Path]],
    names: dict[str, str],
    fasta: Path,
    contig: Contig,
    part: Path,
) -> list[Tally]:
    """Write the rows of one contig, without the first line of the table; returns the tally of each source."""
    sequence = Sequence(fasta)
    tallies = [Tally() for _ in sources]
    rows = [
        _normalised(source, tallies[number], number, path, contig, names, sequence)
        for number, source in enumerate(sources)
        for path in tables[number]
    ]
    stream = BgzfWriter(part)
    try:
        for (pos, ref, alt), same in groupby(heapq.merge(*rows), key=itemgetter(0, 1, 2)):
            values = _joined(list(same), sources)
            stream.write("\t".join([contig.name, str(pos), ref, alt, *values]).encode() + b"\n")
        stream.close()
    except LIBRARY_ERRORS as error:
        listed = ", ".join(source.name for source in sources)
        message = in_words(error, f"Known variants ({listed}) on {contig.name} cannot be read")
        raise BundleError("reference_variants", message) from error
    finally:
        stream.abandon()
    return tallies


def _indexed(source: VariantSource, given: Path, work: Path, lengths: list[int]) -> Path:
    """Look up the fields of a source in the header of one of its files.

    Args:
        source: whose ``fields`` are set.
        given: the file.
        work: directory for an indexed copy if the file has no index.
        lengths: of the contigs of the reference in bases.

    Returns:
        The file or its copy.

    Raises:
        BundleError: the file cannot be read, or lacks a field.
    """
    path = given
    if not path.is_file():
        raise BundleError("reference_build", f"There is no file {path}.")
    try:
        if index_of(path) is None:
            path = work / f"{source.name}.{given.name}.vcf.gz"
            _copy(given, path)
            make_index(path, lengths, preset="vcf")
        with open_table(path) as table:
            header = list(table.header)
    except LIBRARY_ERRORS as error:
        reason = in_words(error, f"{given.name} cannot be read as a VCF file that is sorted")
        raise BundleError("reference_variants", reason) from error
    known = {found[1]: found.groups()[1:] for line in header if (found := _INFO.match(line))}
    source.fields.clear()
    for one in source.wanted:
        if one == "ID":
            source.fields.append(("ID", "String", f"Identifiers of the allele in {source.name}, joined by &"))
            continue
        if one not in known:
            there = ", ".join(["ID", *known])
            raise BundleError("reference_variants", f"{given.name} has no field {one}; it has {there}.")
        number, kind, description = known[one]
        if kind == "Flag":
            number, kind = "0", "Integer"
        elif number not in ("1", "A", "R") or kind not in ("Integer", "Float"):
            kind = "String"
        text = re.sub(r"\\(.)", r"\1", description)
        source.fields.append((number, kind, f"{text} ({source.name})"))
    return path


def _copy(source: Path, out: Path) -> None:
    """Copy a file, plain or gzip, into a bgzipped one."""
    writer = BgzfWriter(out)
    try:
        with open_bytes(source) as stream:
            while block := stream.read(BLOCK):
                writer.write(block)
        writer.close()
    finally:
        writer.abandon()


def _normalised(
    source: VariantSource,
    tally: Tally,
    number: int,
    path: Path,
    contig: Contig,
    names: dict[str, str],
    sequence: Sequence,
) -> Iterator[Row]:
    """The normalised alleles of a file on one contig, in the order of their positions."""
    waiting: list[Row] = []
    most = WAITING
    with open_table(path) as table:
        for theirs in table.contigs:
            if names.get(theirs) != contig.name:
                continue
            for line in rows_of(table, theirs):
                columns = line.split("\t", 8)
                pos = whole_number(columns[1]) if len(columns) > 7 else None
                if pos is None:
                    wanted = "CHROM, POS, ID, REF, ALT, QUAL, FILTER and INFO, separated by tabs"
                    where = f"Known variants ({source.name}) on {contig.name} cannot be read"
                    message = f"{where}: the row {shown(line)} is not a record of VCF; it needs {wanted}."
                    raise BundleError("reference_variants", message)
                ref = columns[3].upper()
                if len(waiting) >= most:
                    # Left-alignment shifts an allele by at most a window, so that those further back are in order.
                    waiting.sort()
                    ready = bisect_left(waiting, pos - WINDOW, key=itemgetter(0))
                    yield from waiting[:ready]
                    del waiting[:ready]
                    most = len(waiting) + WAITING
                fits = 0 < pos <= contig.length and sequence.fetch(contig.name, pos, len(ref)) == ref.encode()
                for at, alt in enumerate(columns[4].upper().split(",")):
                    if not _PLAIN.fullmatch(alt) or not _PLAIN.fullmatch(ref) or ref == alt:
                        tally.left_out["no plain allele"] += 1
                    elif not fits:
                        tally.left_out["REF is not the sequence"] += 1
                    else:
                        tally.used += 1
                        values = _values(source, columns[2], columns[7], at)
                        waiting.append((*_spelling(pos, ref, alt, contig.name, sequence), number, values))
    yield from sorted(waiting)


def _spelling(pos: int, ref: str, alt: str, contig: str, sequence: Sequence) -> tuple[int, str, str]:
    if len(ref) == len(alt) == 1:
        return pos, ref, alt
    pos, left, right = normalise(pos, ref.encode(), alt.encode(), lambda at, length: sequence.fetch(contig, at, length))
    return pos, left.decode(), right.decode()


def _values(source: VariantSource, identifier: str, info: str, at: int) -> list[str]:
    """Values of the fields of one allele, "." where the source has none; ``at`` is the 0-based index of ALT."""
    values = []
    listed = f";{info.rstrip()};"
    for wanted, (number, kind, _) in zip(source.wanted, source.fields, strict=True):
        if number == "ID":
            value = identifier.replace(";", "&")
        elif number == "0":
            value = "1" if f";{wanted};" in listed or f";{wanted}=" in listed else "."
        else:
            value = listed.partition(f";{wanted}=")[2].partition(";")[0] or "."
            if number in ("A", "R"):
                parts = value.split(",")
                index = at + (number == "R")
                value = parts[index] if index < len(parts) else "."
            elif number != "1":
                value = value.replace(",", "&")
        if kind == "String" and "%" in value:
            value = unquote(value)
        values.append(value.replace("\t", " ") or ".")
    return values


def _joined(rows: list[Row], sources: list[VariantSource]) -> list[str]:
    """Values of one allele from all rows that have it; of one source texts are joined, and the first number is kept."""
    listed = sorted({row[3] for row in rows})
    values = ["&".join(sources[number].name for number in listed)]
    for number, source in enumerate(sources):
        for at, (_, kind, _) in enumerate(source.fields):
            found = dict.fromkeys(row[4][at] for row in rows if row[3] == number and row[4][at] != ".")
            values.append(("&".join(found) if kind == "String" else next(iter(found), ".")) or ".")
    return values


def _refuse_other_build(source: VariantSource) -> None:
    wrong = source.left_out["REF is not the sequence"]
    total = source.used + wrong
    if wrong > MOST_MISMATCHES * total:
        message = f"in {wrong:,} of {total:,} alleles ({wrong / total:.1%}) REF is not what the sequence has"
        raise BundleError("reference_mismatch", f"{source.name} and the sequence do not belong together: {message}.")
    if not source.used:
        raise BundleError("reference_mismatch", f"{source.name} has no allele on a contig of the sequence.")
