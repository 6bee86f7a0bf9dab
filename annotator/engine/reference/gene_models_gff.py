"""Gene models of a reference as they are in its GFF3 file, to check them and to give csq those of some contigs."""

from __future__ import annotations

import gzip
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from annotator.engine.errors import BundleError
from annotator.engine.indexes import index_of, open_table, rows_of
from annotator.engine.library_errors import LIBRARY_ERRORS, VERIFY, in_words, step
from annotator.engine.reference.bundle import Contig

Interval = tuple[int, int]
#: The transcript that a row is, or is a part of.
_OF_TRANSCRIPT = re.compile(r"(?:ID|Parent)=transcript:([^;\n]*)")


@dataclass
class Transcript:
    """One transcript; positions are 1-based and inclusive, intervals in ascending order.

    ``phase`` is the number of bases before the first whole codon of a coding sequence that is cut off at its start;
    ``selenocysteines`` has the lowest position of each stop codon that is read as selenocysteine.
    """

    id: str
    gene: str
    biotype: str
    strand: str
    start: int
    end: int
    exons: list[Interval] = field(default_factory=list)
    cds: list[Interval] = field(default_factory=list)
    phase: int = 0
    selenocysteines: frozenset[int] = frozenset()

    def coding_positions(self) -> list[int]:
        """Positions of the coding sequence in the order of translation."""
        positions = [at for first, last in self.cds for at in range(first, last + 1)]
        return positions if self.strand == "+" else positions[::-1]


class Models:
    """Transcripts of some contigs."""

    def __init__(self, transcripts: dict[str, list[Transcript]]) -> None:
        self._transcripts = {
            contig: sorted(items, key=lambda one: (one.start, one.end, one.id)) for contig, items in transcripts.items()
        }

    @classmethod
    def load(cls, path: Path, contigs: Iterable[Contig]) -> Models:
        """Read the transcripts of some contigs from a GFF3 file in Ensembl's style, plain, gzip or tabix-indexed.

        Of an indexed file only the rows of these contigs are read.

        Raises:
            BundleError: a line cannot be read.
        """
        wanted = {contig.name: contig for contig in contigs}
        transcripts: dict[str, dict[str, Transcript]] = defaultdict(dict)
        genes: dict[str, str] = {}
        try:
            for contig, kind, first, last, strand, phase, attributes in _rows(path, wanted):
                if contig not in wanted:
                    continue
                parent, name = attributes.get("Parent", ""), attributes.get("ID", "")
                if name.startswith("gene:"):
                    genes[name] = attributes.get("Name", name.removeprefix("gene:"))
                elif name.startswith("transcript:"):
                    # csq spells the mitochondrial biotypes so; its entries and ours stand side by side.
                    biotype = attributes["biotype"].replace("Mt_", "MT_")
                    gene = genes.get(parent, parent.removeprefix("gene:"))
                    transcripts[contig][name] = Transcript(
                        name.removeprefix("transcript:"), gene, biotype, strand, first, last
                    )
                    if "selenocysteine" in attributes:
                        places = frozenset(map(int, attributes["selenocysteine"].split(",")))
                        transcripts[contig][name].selenocysteines = places
                elif kind in ("exon", "CDS") and parent in transcripts[contig]:
                    owner = transcripts[contig][parent]
                    (owner.exons if kind == "exon" else owner.cds).append((first, last))
                    if kind == "CDS" and (owner.strand == "-" or len(owner.cds) == 1):  # rows ascend
                        owner.phase = phase
        except LIBRARY_ERRORS as error:
            raise BundleError("reference_models", in_words(error, f"{path.name} cannot be read")) from error
        for owners in transcripts.values():
            for owner in owners.values():
                owner.exons.sort()
                owner.cds.sort()
        return cls({contig: list(owners.values()) for contig, owners in transcripts.items()})

    def transcripts(self, contig: str) -> list[Transcript]:
        """All transcripts of a contig in the order of their positions."""
        return self._transcripts.get(contig, [])


def _rows(path: Path, contigs: Iterable[str]) -> Iterator[tuple[str, str, int, int, str, int, dict[str, str]]]:
    for line in model_lines(path, contigs):
        if line.startswith("#") or not line.strip():
            continue
        contig, _, kind, first, last, _, strand, phase, text = line.rstrip("\n").split("\t")
        pairs = (item.partition("=") for item in text.split(";"))
        attributes = {key: unquote(value) for key, _, value in pairs}
        yield contig, kind, int(first), int(last), strand, int(phase) if phase.isdigit() else 0, attributes


def indexed(path: Path) -> bool:
    """Whether gene models have an index, so that those of one contig can be read alone."""
    return index_of(path) is not None


def model_lines(path: Path, contigs: Iterable[str]) -> Iterator[str]:
    """Lines of a file of gene models: those of some contigs when it is indexed, otherwise all."""
    with step("reference_models", f"{path.name} cannot be read", VERIFY):
        if not indexed(path):
            with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as lines:
                yield from lines
            return
        with open_table(path) as table:
            for contig in contigs:
                yield from rows_of(table, contig)


def model_contigs(path: Path) -> frozenset[str]:
    """Names of the contigs that have gene models."""
    if indexed(path):
        with step("reference_models", f"{path.name} cannot be read", VERIFY), open_table(path) as table:
            return frozenset(table.contigs)
    return frozenset(line.partition("\t")[0] for line in model_lines(path, ()) if "\t" in line and line[0] != "#")


def read_lines(lines: Iterable[str], unread: frozenset[str]) -> Iterator[str]:
    """Lines of gene models without those of some transcripts.

    Args:
        lines: of GFF3 in Ensembl's style.
        unread: ids of transcripts, without ``transcript:``.
    """
    for line in lines:
        found = _OF_TRANSCRIPT.search(line) if unread else None
        if found is None or found[1] not in unread:
            yield line


def read_contigs(path: Path, unread: frozenset[str]) -> frozenset[str]:
    """Names of the contigs that have a transcript beside some that are not read."""
    found = set()
    for line in read_lines(model_lines(path, sorted(model_contigs(path))), unread):
        if "ID=transcript:" in line:
            found.add(line.partition("\t")[0])
    return frozenset(found)
