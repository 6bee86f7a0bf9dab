"""Known variants of a new reference: several VCF files become one table, allele by allele, in one pass over each."""

from __future__ import annotations

import gzip
import heapq
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from urllib.parse import unquote

import pysam

from annotator.engine.bgzf import BgzfWriter
from annotator.engine.errors import BundleError
from annotator.engine.layers import WINDOW
from annotator.engine.normalise import normalise
from annotator.engine.reference import Contig, Sequence

#: Column and INFO field that tell which sources list an allele.
KNOWN_IN = "KNOWN_IN"
#: A source with more REF mismatches than this part of its alleles belongs to another build.
MOST_MISMATCHES = 0.1
_NAME = re.compile(r"[A-Za-z_][0-9A-Za-z_.]*")
_PLAIN = re.compile(r"[ACGT]+")
_INFO = re.compile(r"##INFO=<ID=([^,]+),Number=([^,]+),Type=([^,]+),Description=\"((?:[^\"\\]|\\.)*)\"")

#: (position, REF, ALT, number of the source, values).
Row = tuple[int, str, str, int, list[str]]


@dataclass
class VariantSource:
    """One VCF file, or several with different contigs: a name, and the INFO fields (or ``ID``) that are taken from it.

    ``used`` counts alleles, ``left_out`` those that cannot be used, by reason.
    """

    name: str
    paths: tuple[Path, ...]
    wanted: tuple[str, ...]
    fields: list[tuple[str, str, str]] = field(default_factory=list)  # number, type, description
    used: int = 0
    left_out: Counter[str] = field(default_factory=Counter)

    @classmethod
    def parse(cls, text: str) -> VariantSource:
        """From ``NAME=FILE:FIELD,...``; without fields the file only tells which alleles are known.

        Raises:
            BundleError: it is not of that form.
        """
        name, equals, rest = text.partition("=")
        path, _, fields = rest.rpartition(":") if ":" in rest else (rest, "", "")
        wanted = tuple(item for item in fields.split(",") if item)
        if not equals or not path or not all(_NAME.fullmatch(item) for item in (name, *wanted)):
            raise BundleError("reference_build", f"--variants {text}: NAME=FILE.vcf.gz:FIELD,... is wanted.")
        return cls(name, (Path(path),), wanted)

    def info(self, wanted: str) -> str:
        """Name of the INFO field in results."""
        return f"{self.name}_{wanted}"


def merge_variants(
    sources: list[VariantSource],
    out: Path,
    contigs: list[Contig],
    names: dict[str, str],
    sequence: Sequence,
    work: Path,
) -> list[dict[str, str]]:
    """Write all sources as one indexed table of normalised alleles.

    Args:
        sources: each sorted within its contigs.
        out: the table, bgzipped; its index goes beside it.
        contigs: of the reference.
        names: the reference's name of a contig by each of its names.
        sequence: of the reference.
        work: directory for indexed copies of sources that have no index.

    Returns:
        The fields of the layer, as the manifest has them.

    Raises:
        BundleError: a source cannot be read, lacks a field, or belongs to another sequence.
    """
    tables = [[_opened(source, path, work) for path in source.paths] for source in sources]
    columns = [KNOWN_IN] + [source.info(one) for source in sources for one in source.wanted]
    if len(set(columns)) != len(columns):
        raise BundleError("reference_build", f"Two fields of known variants have one name: {', '.join(columns)}.")
    stream = BgzfWriter(out)
    try:
        stream.write(("#contig\tpos\tref\talt\t" + "\t".join(columns) + "\n").encode())
        for contig in contigs:
            rows = [
                _normalised(source, number, table, contig, names, sequence)
                for number, (source, opened) in enumerate(zip(sources, tables, strict=True))
                for table in opened
            ]
            for (pos, ref, alt), same in groupby(heapq.merge(*rows), key=lambda row: row[:3]):
                values = _joined(list(same), sources)
                stream.write("\t".join([contig.name, str(pos), ref, alt, *values]).encode() + b"\n")
        stream.close()
    finally:
        stream.abandon()
    for source, opened in zip(sources, tables, strict=True):
        for table in opened:
            table.close()
        _refuse_other_build(source)
    pysam.tabix_index(str(out), seq_col=0, start_col=1, end_col=1, meta_char="#", force=True)
    listed = ", ".join(source.name for source in sources)
    fields = [_field(KNOWN_IN, "String", f"Sources of known variants that list the allele, joined by & ({listed})")]
    for source in sources:
        for wanted, (_, kind, description) in zip(source.wanted, source.fields, strict=True):
            fields.append(_field(source.info(wanted), kind, description))
    return fields


def _field(name: str, kind: str, description: str) -> dict[str, str]:
    return {"column": name, "info": name, "type": kind, "description": description}


def _opened(source: VariantSource, given: Path, work: Path) -> pysam.TabixFile:
    """Open a file of a source, indexed where it is not, and look the fields up in its header."""
    path = given
    if not path.is_file():
        raise BundleError("reference_build", f"There is no file {path}.")
    try:
        if not any(path.with_name(path.name + end).is_file() for end in (".tbi", ".csi")):
            path = work / f"{source.name}.{given.name}.vcf.gz"
            _copy(given, path)
            pysam.tabix_index(str(path), preset="vcf", force=True)
        table = pysam.TabixFile(str(path), encoding="utf-8")
        header = list(table.header)
    except (OSError, ValueError, EOFError) as error:
        reason = f"{given.name} cannot be read as a VCF file that is sorted: {error}"
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
    return table


def _copy(source: Path, out: Path) -> None:
    """Copy a plain or gzip file into a bgzipped one."""
    with source.open("rb") as stream:
        zipped = stream.read(2) == b"\x1f\x8b"
    writer = BgzfWriter(out)
    try:
        with gzip.open(source, "rb") if zipped else source.open("rb") as stream:
            while block := stream.read(1 << 20):
                writer.write(block)
        writer.close()
    finally:
        writer.abandon()


def _normalised(
    source: VariantSource,
    number: int,
    table: pysam.TabixFile,
    contig: Contig,
    names: dict[str, str],
    sequence: Sequence,
) -> Iterator[Row]:
    """Alleles of a source on one contig, in the order of their normalised positions."""
    waiting: list[Row] = []
    for theirs in table.contigs:
        if names.get(theirs) != contig.name:
            continue
        for line in table.fetch(theirs):
            columns = line.split("\t", 8)
            pos, ref = int(columns[1]), columns[3].upper()
            # Left-alignment moves an allele back; one that waits can only be overtaken from within a window.
            while waiting and waiting[0][0] < pos - WINDOW:
                yield heapq.heappop(waiting)
            fits = sequence.fetch(contig.name, pos, len(ref)) == ref.encode() if 0 < pos <= contig.length else False
            info = dict(item.partition("=")[::2] for item in columns[7].rstrip().split(";"))
            for at, alt in enumerate(columns[4].upper().split(",")):
                if not _PLAIN.fullmatch(alt) or not _PLAIN.fullmatch(ref) or ref == alt:
                    source.left_out["no plain allele"] += 1
                elif not fits:
                    source.left_out["REF is not the sequence"] += 1
                else:
                    key = normalise(pos, ref.encode(), alt.encode(), lambda at: sequence.fetch(contig.name, at, 1))
                    source.used += 1
                    values = _values(source, columns[2], info, at)
                    heapq.heappush(waiting, (key[0], key[1].decode(), key[2].decode(), number, values))
    while waiting:
        yield heapq.heappop(waiting)


def _values(source: VariantSource, identifier: str, info: dict[str, str], at: int) -> list[str]:
    """The fields of one allele, "." where the source has none."""
    values = []
    for wanted, (number, kind, _) in zip(source.wanted, source.fields, strict=True):
        if number == "ID":
            value = identifier.replace(";", "&")
        elif number == "0":
            value = "1" if wanted in info else "."
        else:
            value = info.get(wanted, ".")
            if number in ("A", "R"):
                parts = value.split(",")
                index = at + (number == "R")
                value = parts[index] if index < len(parts) else "."
            elif number != "1":
                value = value.replace(",", "&")
        if kind == "String":
            value = unquote(value).replace("\t", " ")
        values.append(value or ".")
    return values


def _joined(rows: list[Row], sources: list[VariantSource]) -> list[str]:
    """Values of one allele from all rows that have it; texts of one source are joined, of numbers the first stays."""
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
