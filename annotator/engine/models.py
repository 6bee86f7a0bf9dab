"""Gene models of a reference, for what the consequence caller does not say: overlap, flanking genes, start codons."""

from __future__ import annotations

import bisect
import gzip
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import pysam

from annotator.engine.errors import BundleError
from annotator.engine.reference import Contig

#: Bases of one bin of the index.
BIN = 1 << 14
#: Bases beyond a transcript in which a variant is upstream or downstream of it, as in Ensembl VEP.
FLANK = 5000

Interval = tuple[int, int]


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

    def entry(self, terms: str) -> str:
        """An entry of BCSQ for this transcript."""
        return f"{terms}|{self.gene}|{self.id}|{self.biotype}|{self.strand}"

    def coding_positions(self) -> list[int]:
        """Positions of the coding sequence in the order of translation."""
        positions = [at for first, last in self.cds for at in range(first, last + 1)]
        return positions if self.strand == "+" else positions[::-1]

    def terminal_bases(self) -> list[int]:
        """Positions of a last codon that is incomplete in the genome; polyadenylation completes it."""
        rest = sum(last - first + 1 for first, last in self.cds) % 3
        return self.coding_positions()[-rest:] if rest else []

    def terms(self, start: int, end: int, removed: bool) -> str:
        """Terms for a change between two positions that overlap the transcript, from overlap alone.

        Args:
            start: first changed position.
            end: last changed position.
            removed: the sequence between them is lost.
        """
        if removed and start <= self.start and self.end <= end:
            return "transcript_ablation"
        partial = "&feature_truncation" if removed and end > start else ""
        if _meets(self.cds, start, end):
            return "coding_sequence_variant" + partial
        if not _meets(self.exons, start, end):
            return ("intron_variant" if self.cds else "intron_variant&non_coding_transcript_variant") + partial
        if not self.cds:
            return "non_coding_transcript_exon_variant" + partial
        before = end < self.cds[0][0]
        return ("5_prime_UTR_variant" if before == (self.strand == "+") else "3_prime_UTR_variant") + partial


def _meets(intervals: list[Interval], start: int, end: int) -> bool:
    return any(first <= end and start <= last for first, last in intervals)


class Models:
    """Transcripts of some contigs, found by position."""

    def __init__(self, transcripts: dict[str, list[Transcript]], contigs: Iterable[Contig]) -> None:
        self._contigs = {contig.name: contig for contig in contigs}
        self._bins: dict[tuple[str, int], list[Transcript]] = defaultdict(list)
        self._by_start: dict[str, list[Transcript]] = {}
        self._by_end: dict[str, list[Transcript]] = {}
        for contig, items in transcripts.items():
            items.sort(key=lambda one: (one.start, one.end, one.id))
            self._by_start[contig] = items
            self._by_end[contig] = sorted(items, key=lambda one: one.end)
            for one in items:
                for at in range(one.start // BIN, one.end // BIN + 1):
                    self._bins[contig, at].append(one)

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
        except (ValueError, KeyError) as error:
            raise BundleError("reference_models", f"{path.name} cannot be read: {error!r}") from error
        for owners in transcripts.values():
            for owner in owners.values():
                owner.exons.sort()
                owner.cds.sort()
        return cls({contig: list(owners.values()) for contig, owners in transcripts.items()}, wanted.values())

    def transcripts(self, contig: str) -> list[Transcript]:
        """All transcripts of a contig in the order of their positions."""
        return self._by_start.get(contig, [])

    def overlapping(self, contig: str, start: int, end: int) -> list[Transcript]:
        """Transcripts that overlap a range, in the order of their positions."""
        found: dict[str, Transcript] = {}
        for at in range(start // BIN, end // BIN + 1):
            for one in self._bins.get((contig, at), ()):
                if one.start <= end and start <= one.end:
                    found[one.id] = one
        return list(found.values())

    def entries(self, contig: str, start: int, end: int, removed: bool = False) -> list[str]:
        """Entries of BCSQ from overlap alone, or for the nearest gene on either side, or for no gene at all.

        Args:
            contig: canonical name.
            start: first changed position, 1-based.
            end: last changed position.
            removed: the sequence between them is lost (a large deletion).
        """
        length = self._contigs[contig].length
        end = min(end, length)
        over = self.overlapping(contig, start, end)
        if over:
            return [one.entry(one.terms(start, end, removed)) for one in over]
        return self._flanking(contig, start, end) or ["intergenic_variant|||"]

    def _flanking(self, contig: str, start: int, end: int) -> list[str]:
        """Entries for the nearest transcript on either side, across the origin of a circular contig."""
        starts, ends = self._by_start.get(contig, []), self._by_end.get(contig, [])
        if not starts:
            return []
        turn = self._contigs[contig].length if self._contigs[contig].circular else 0
        found: list[str] = []
        at = bisect.bisect_left(ends, start, key=lambda one: one.end) - 1
        if at >= 0 or turn:
            left = ends[at]  # the index -1 is the last transcript before the origin
            if start - (left.end if at >= 0 else left.end - turn) <= FLANK:
                found.append(left.entry("downstream_gene_variant" if left.strand == "+" else "upstream_gene_variant"))
        at = bisect.bisect_right(starts, end, key=lambda one: one.start)
        if at < len(starts) or turn:
            right = starts[at % len(starts)]
            if (right.start if at < len(starts) else right.start + turn) - end <= FLANK:
                found.append(right.entry("upstream_gene_variant" if right.strand == "+" else "downstream_gene_variant"))
        return found


def _rows(path: Path, contigs: Iterable[str]) -> Iterator[tuple[str, str, int, int, str, int, dict[str, str]]]:
    for line in model_lines(path, contigs):
        if line.startswith("#") or not line.strip():
            continue
        contig, _, kind, first, last, _, strand, phase, text = line.rstrip("\n").split("\t")
        pairs = (item.partition("=") for item in text.split(";"))
        attributes = {key: unquote(value) for key, _, value in pairs}
        yield contig, kind, int(first), int(last), strand, int(phase) if phase.isdigit() else 0, attributes


def indexed(path: Path) -> bool:
    """Whether gene models have a tabix index, so that those of one contig can be read alone."""
    return path.with_name(path.name + ".tbi").is_file()


def model_lines(path: Path, contigs: Iterable[str]) -> Iterator[str]:
    """Lines of a file of gene models: those of some contigs when it is indexed, otherwise all."""
    if not indexed(path):
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as lines:
            yield from lines
        return
    with pysam.TabixFile(str(path), encoding="utf-8") as table:
        for contig in contigs:
            if contig in table.contigs:
                yield from table.fetch(contig)


def model_contigs(path: Path) -> frozenset[str]:
    """Names of the contigs that have gene models."""
    if indexed(path):
        with pysam.TabixFile(str(path), encoding="utf-8") as table:
            return frozenset(table.contigs)
    return frozenset(line.partition("\t")[0] for line in model_lines(path, ()) if "\t" in line and line[0] != "#")
