"""Finds the transcript that an HGVS description names, and the bases of the genome that its positions are."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from annotator.engine.bounds import whole_number
from annotator.engine.reference.bundle import Reference
from annotator.engine.reference.gene_models import ContigModels, GeneModels
from annotator.engine.reference.transcript import Transcript
from annotator.engine.variant_list.notation import Position, UnresolvedError

_NAMED = 8
"""Transcripts that a message names."""


class GenomicPlace(NamedTuple):
    """A transcript of the models: contig, and its row in the models of the contig."""

    contig: str
    row: int


class Transcripts:
    """The transcripts of a reference by identifier, MANE partner, and gene.

    Args:
        reference: an opened bundle; its models are read at the first use.
    """

    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        models = GeneModels.load(reference.compiled)
        self._models: dict[str, ContigModels] = {name: models.contig(name) for name in models.contigs}
        self._ids: dict[str, list[GenomicPlace]] = defaultdict(list)
        self._unversioned: dict[str, list[GenomicPlace]] = defaultdict(list)
        self._partners: dict[str, list[GenomicPlace]] = defaultdict(list)
        self._genes: dict[str, list[GenomicPlace]] = defaultdict(list)
        for contig, one in self._models.items():
            columns = (one.strings(column).to_pylist() for column in ("id", "mane", "gene", "symbol"))
            for row, (name, partner, gene, symbol) in enumerate(zip(*columns, strict=True)):
                place = GenomicPlace(contig, row)
                self._ids[name.upper()].append(place)
                self._unversioned[_unversioned(name.upper())].append(place)
                if partner:
                    self._partners[partner.upper()].append(place)
                for key in {gene.upper(), symbol.upper()} - {""}:
                    self._genes[key].append(place)

    def find(self, name: str) -> tuple[str, Transcript, str | None]:
        """Find a transcript.

        Args:
            name: its identifier, with or without version; that of its MANE Select partner in the other set of models,
                whose exons are the same; or a gene whose transcript can be chosen.

        Returns:
            Contig, transcript, and a warning where the models have another version than ``name`` says.

        Raises:
            UnresolvedError: there is none, or more than one.
        """
        key = name.upper()
        found = self._ids.get(key) or self._partners.get(key)
        warning = None
        if not found and (versions := self._unversioned.get(_unversioned(key))):
            latest = max(_version(self._id(place)) for place in versions)
            found = [place for place in versions if _version(self._id(place)) == latest]
            warning = f"{name}: {self._id(found[0])} was used"
        if not found:
            found = self._chosen(name, self._genes.get(key, []))
        if len(found) > 1:
            where = " and ".join(f"{place.contig}:{self._models[place.contig].start[place.row]}" for place in found)
            raise UnresolvedError(
                f"{name} is at more than one place of the reference ({where}).", "Write a genomic name (g.) instead."
            )
        contig, row = found[0]
        return contig, self._models[contig].transcript(row), warning

    def _chosen(self, name: str, places: list[GenomicPlace]) -> list[GenomicPlace]:
        """The transcript of a gene that is MANE Select, else the canonical one, else the only one."""
        if not places:
            raise UnresolvedError(
                f"The reference {self._reference.name} has no transcript and no gene {name}.",
                "Use a name that the gene models of the reference have, or a genomic name (g.).",
            )
        tables = {place: self._models[place.contig].table for place in places}
        for chosen in (
            [place for place in places if tables[place]["mane"][place.row].as_py()],
            [place for place in places if tables[place]["canonical"][place.row].as_py()],
            places,
        ):
            if len({self._id(place) for place in chosen}) == 1:
                return chosen
            if chosen:
                places = chosen
                break
        raise UnresolvedError(
            f"{name} is a gene with several transcripts, and its models do not single one out.",
            f"Name one of them: {_listed(sorted({self._id(place) for place in places}))}.",
        )

    def _id(self, place: GenomicPlace) -> str:
        name: str = self._models[place.contig].table["id"][place.row].as_py()
        return name


def _listed(names: Iterable[str]) -> str:
    *some, = names
    return ", ".join(some[:_NAMED]) + (f" and {len(some) - _NAMED} more" if len(some) > _NAMED else "")


def _unversioned(name: str) -> str:
    base, dot, version = name.rpartition(".")
    return base if dot and version.isdigit() else name


def _version(name: str) -> int:
    return whole_number(name.rpartition(".")[2]) or 0


def genomic_position(transcript: Transcript, kind: str, position: Position, unknown: int = 0) -> int:
    """The base of the genome that a position of a transcript is.

    Args:
        transcript: of any strand.
        kind: ``c`` for numbers that count from the start codon, ``n`` for numbers that count from the first base.
        position: as HGVS writes it.
        unknown: bases before the first one of a coding sequence that is cut off, which its numbers count.

    Returns:
        1-based position on the forward strand.

    Raises:
        UnresolvedError: the transcript has no such position.
    """
    cdna = position.base
    if kind == "c":
        if not transcript.coding:
            raise UnresolvedError(f"{transcript.id} does not code for a protein.", "Write n. instead of c.")
        first, last = transcript.cdna_coding
        coding = position.base > 0 and not position.after_stop
        if coding and not position.offset:
            if cdna <= unknown:
                raise UnresolvedError(f"The coding sequence of {transcript.id} is cut off after that position.")
            cdna -= unknown
        if coding:
            cdna = transcript.coding_base(cdna)
        else:
            cdna += last if position.after_stop else first
        if coding and cdna > last:
            raise UnresolvedError(
                f"The coding sequence of {transcript.id} has {last - first + 1:,} bases.",
                "Positions after it are written with an asterisk, such as c.*5.",
            )
    elif position.after_stop or position.base < 0:
        raise UnresolvedError("Only c. has positions before the start codon (-) and after the stop codon (*).")
    if not 1 <= cdna <= transcript.length:
        raise UnresolvedError(
            f"The position is outside {transcript.id}, which has {transcript.length:,} bases.",
            "Write a genomic name (g.) instead.",
        )
    base = transcript.position(cdna)
    return _into_intron(transcript, base, position.offset) if position.offset else base


def _into_intron(transcript: Transcript, base: int, offset: int) -> int:
    """The base that is ``offset`` bases from the last base of an exon, in the direction of the transcript."""
    exon = bisect_left(transcript.exon_ends, base)
    by = offset * transcript.strand
    if by > 0:
        at_edge = base == transcript.exon_ends[exon] and exon + 1 < len(transcript.exons)
        room = transcript.exon_starts[exon + 1] - base - 1 if at_edge else 0
    else:
        at_edge = base == transcript.exon_starts[exon] and exon > 0
        room = base - transcript.exon_ends[exon - 1] - 1 if at_edge else 0
    if not at_edge:
        raise UnresolvedError(
            f"The position counts into an intron ({offset:+d}), and {transcript.id} has none beside that base.",
            "Check the version of the transcript.",
        )
    if abs(offset) > room:
        raise UnresolvedError(f"The intron of {transcript.id} has only {room:,} bases.")
    return base + by
