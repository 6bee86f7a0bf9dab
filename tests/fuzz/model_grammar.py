"""Graphs of genes, transcripts and their parts, as GFF3, GTF and genePred tables: valid, or with exactly one fault."""

from __future__ import annotations

import gzip
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.fuzz.choices import Choices, Fault
from tests.fuzz.model_faults import spoil
from tests.fuzz.model_rows import gene_pred_rows, gff3_rows, gtf_rows

CONTIGS = {"1": 6000, "2": 1500}
"""Bases of the contigs that the models lie on."""
KINDS = ("GFF3", "GTF", "genePred")


@dataclass(frozen=True)
class Transcript:
    """A transcript; positions are 1-based and inclusive, intervals ascend."""

    name: str
    gene: str
    contig: str
    strand: str
    exons: tuple[tuple[int, int], ...]
    cds: tuple[tuple[int, int], ...]

    @property
    def span(self) -> tuple[int, int]:
        """First and last base."""
        return self.exons[0][0], self.exons[-1][1]


@dataclass(frozen=True)
class ModelFile:
    """A table of gene models.

    Attributes:
        content: its bytes.
        kind: one of :data:`KINDS`.
        transcripts: that it has.
        fault: what is wrong with it; None for a valid one.
    """

    content: bytes
    kind: str
    transcripts: tuple[Transcript, ...]
    fault: Fault | None

    def __repr__(self) -> str:  # what hypothesis prints
        cut = self.fault is not None and not self.fault.lines
        text = gzip.decompress(self.content) if self.content[:2] == b"\x1f\x8b" and not cut else self.content
        return f"{self.kind} {self.fault}\n{text.decode('utf-8', 'replace')}"


@st.composite
def model_files(draw: st.DrawFn, kind: str, faulty: bool) -> ModelFile:
    """Files of one kind."""
    choose = Choices(draw)
    transcripts = _transcripts(choose)
    rows = {"GFF3": gff3_rows, "GTF": gtf_rows, "genePred": gene_pred_rows}[kind](choose, transcripts)
    if kind != "genePred" and choose.often(20):
        rows = list(draw(st.permutations(rows)))
    lines = ["##gff-version 3"] if kind == "GFF3" and choose.often(80) else []
    for row in rows:
        if choose.often(3):
            lines.append(choose.of(["# a remark", "", "###" if kind == "GFF3" else "#"]))
        lines.append("\t".join(row))
    fault = spoil(choose, kind, lines) if faulty else None
    if kind == "GFF3" and choose.often(10):
        lines += ["##FASTA", ">9", "ACGT"]
    end = choose.of(["\n", "\n", "\n", "\r\n"])
    content = (end.join(lines) + (end if choose.often(90) else "")).encode("utf-8")
    if choose.often(25) or (faulty and fault is None):
        content = gzip.compress(content, mtime=0)
        if faulty and fault is None:
            content = content[: choose.number(12, len(content) - 9)]
            fault = Fault("gzip cut off", frozenset(), frozenset())
    return ModelFile(content, kind, tuple(transcripts), fault)


def _transcripts(choose: Choices) -> list[Transcript]:
    found = []
    for gene in range(choose.number(1, 3)):
        contig = choose.of(sorted(CONTIGS))
        strand = choose.of("+-")
        start = choose.number(1, CONTIGS[contig] - 400)
        for number in range(choose.of([1, 1, 2, 3])):
            exons = _exons(choose, start + choose.of([0, 0, 5]), CONTIGS[contig])
            cds = _coding(choose, exons) if choose.often(70) else ()
            found.append(Transcript(f"T{gene}{'abc'[number]}", f"G{gene}", contig, strand, tuple(exons), tuple(cds)))
    return found


def _exons(choose: Choices, start: int, length: int) -> list[tuple[int, int]]:
    exons = []
    for _ in range(choose.of([1, 2, 3])):
        end = start + choose.of([59, 0, 1, 2, 89, 100])
        if end > length:
            break
        exons.append((start, end))
        start = end + 1 + choose.of([1, 2, 3, 20, 100])  # introns of any length
    return exons


def _coding(choose: Choices, exons: list[tuple[int, int]]) -> list[tuple[int, int]]:
    first = choose.number(exons[0][0], exons[0][1])
    last = choose.number(exons[-1][0], exons[-1][1])
    return [(max(start, first), min(end, last)) for start, end in exons if max(start, first) <= min(end, last)]
