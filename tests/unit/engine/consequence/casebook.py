"""A made-up contig with transcripts of every awkward shape, and a caller on it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from annotator.engine.consequence import CSQ_FIELDS, AlleleChunk, ConsequenceCaller, GeneModels
from annotator.engine.reference.build.compile_models import by_contig, transcript_tables
from annotator.engine.reference.build.gene_tables import read_gene_table
from annotator.engine.reference.build.place_models import place
from annotator.engine.reference.bundle import Contig
from annotator.engine.reference.transcript_table import write_transcripts

LENGTH = 16_000
COMPLEMENT = str.maketrans("ACGT", "TGCA")
Record = tuple[int, str, list[str]]


@dataclass(frozen=True)
class Shape:
    """One transcript; positions are 1-based and inclusive, exons ascend."""

    name: str
    strand: str
    exons: tuple[tuple[int, int], ...]
    first: int = 0
    last: int = -1
    biotype: str = "protein_coding"
    tags: str = ""
    phase: int = 0
    selenocysteine: int = 0

    @property
    def parts(self) -> list[tuple[int, int]]:
        """The coding parts of the exons, in the order of translation."""
        found = [
            (max(start, self.first), min(end, self.last))
            for start, end in self.exons
            if start <= self.last and self.first <= end
        ]
        return found if self.strand == "+" else found[::-1]

    @property
    def positions(self) -> list[int]:
        """Positions of the coding bases in the order of translation."""
        step = 1 if self.strand == "+" else -1
        return [at for start, end in self.parts for at in range(start, end + 1)[::step]]


SHAPES = (
    # Codons across introns; FWD and REV overlap, each with both UTRs.
    Shape("FWD", "+", ((2001, 2100), (2301, 2340), (2501, 2620)), 2051, 2602),
    Shape("REV", "-", ((2611, 2700), (3001, 3150), (3401, 3500)), 2651, 3450, tags="Ensembl_canonical"),
    # An intron of two bases mends the frame of the models.
    Shape("GAP", "+", ((5001, 5100), (5103, 5200), (5501, 5700)), 5031, 5600),
    Shape("RNA", "+", ((7001, 7100), (7301, 7400)), biotype="lncRNA"),
    # The first codon lacks its first base; nothing is known before it.
    Shape("CUT", "+", ((8001, 8100), (8301, 8420)), 8001, 8360, tags="cds_start_NF", phase=2),
    # The last codon has two bases.
    Shape("ODD", "-", ((9003, 9100), (9301, 9400)), 9003, 9400),
    Shape("NMD", "+", ((10001, 10100), (10301, 10400)), 10011, 10070, biotype="nonsense_mediated_decay"),
    Shape("SEC", "+", ((11001, 11099),), 11001, 11099, selenocysteine=11031),
    # Coding sequence to the very ends; the stop codon is cut by an intron.
    Shape("TIP", "-", ((12001, 12002), (12101, 12199)), 12001, 12199),
)


PLAIN: dict[str, object] = {
    "gene": "G", "symbol": "G", "biotype": "lncRNA", "protein": "", "flags": "", "mane": "", "canonical": False,
    "strand": 1, "start": 100, "end": 200, "coding_start": 0, "coding_end": 0, "phase": 0,
    "exon_starts": [100], "exon_ends": [200], "selenocysteines": [], "slip": None,
    "mane_plus_clinical": "", "tsl": "", "appris": "", "ccds": "", "tags": "",
}  # fmt: skip
"""A row of the transcript table: one exon, not translated."""


def genome() -> str:
    """Bases of the contig, with a protein in each transcript that is translated, and a few repeats."""
    chance = random.Random(11)
    bases = [chance.choice("ACGT") for _ in range(LENGTH)]
    for shape in SHAPES:
        places = shape.positions
        if not places:
            continue
        count = (len(places) - shape.phase) // 3
        codons = ["ATG"]
        while len(codons) < count - 1:
            codon = "".join(chance.choice("ACGT") for _ in range(3))
            if codon not in ("TAA", "TAG", "TGA"):
                codons += [codon] * (2 if chance.random() < 0.1 else 1)
        codons = [*codons[: count - 1], "TAA" if (len(places) - shape.phase) % 3 == 0 else "GCA"]
        if shape.selenocysteine:
            codons[(shape.selenocysteine - shape.first) // 3] = "TGA"
        text = "GCG"[: shape.phase] + "".join(codons)
        text += "GC"[: len(places) - len(text)]
        for at, base in zip(places, text, strict=True):
            bases[at - 1] = base if shape.strand == "+" else base.translate(COMPLEMENT)
    bases[2149:2170] = "CACACACACACACACACACAG"
    return "".join(bases)


GENOME = genome()


def gff3(contig: str = "1") -> str:
    """The transcripts in GFF3, without selenocysteines."""
    lines = ["##gff-version 3"]
    for shape in SHAPES:
        kind = "mRNA" if shape.parts else "lnc_RNA"
        start, end = shape.exons[0][0], shape.exons[-1][1]

        def row(kind: str, start: int, end: int, text: str, phase: str = ".", shape: Shape = shape) -> str:
            return "\t".join([contig, "made", kind, str(start), str(end), ".", shape.strand, phase, text])

        name, biotype = shape.name, shape.biotype
        extra = f";tag={shape.tags}" * bool(shape.tags)
        lines.append(row("gene", start, end, f"ID=gene:{name};Name={name};biotype={biotype};gene_id={name}"))
        lines.append(
            row(
                kind,
                start,
                end,
                f"ID=transcript:T{name}.1;Parent=gene:{name};biotype={biotype};transcript_id=T{name}.1{extra}",
            )
        )
        lines += [row("exon", *exon, f"Parent=transcript:T{name}.1") for exon in shape.exons]
        done, rows = -shape.phase, []
        for part in shape.parts:
            rows.append(
                row("CDS", *part, f"ID=CDS:P{name}.1;Parent=transcript:T{name}.1;protein_id=P{name}.1", str(-done % 3))
            )
            done += part[1] - part[0] + 1
        lines += sorted(rows, key=lambda line: int(line.split("\t")[3]))
    return "\n".join(lines) + "\n"


class Bases:
    """The contig, as :class:`annotator.engine.reference.bundle.Sequence` gives it."""

    def fetch(self, contig: str, start: int, length: int) -> bytes:
        return GENOME[max(0, start - 1) : start - 1 + length].encode()


def models(directory: Path) -> GeneModels:
    """The compiled transcripts."""
    path = directory / "models.gff3"
    path.write_text(gff3(), encoding="utf-8")
    placed, _ = place(read_gene_table(path), [Contig("1", LENGTH, 1, frozenset({"ATG"}), False, ())], {"1": "1"})
    shapes = {f"T{shape.name}.1": shape for shape in SHAPES}
    for one in placed:
        shape = shapes[one.id]
        one.selenocysteines = (shape.selenocysteine,) * bool(shape.selenocysteine)
    write_transcripts(transcript_tables(by_contig(placed)), directory / "models.arrow")
    return GeneModels.load(directory / "models.arrow")


def caller(directory: Path, code: int = 1) -> ConsequenceCaller:
    """A caller on the contig."""
    return ConsequenceCaller(models(directory).contig("1"), Bases(), code)


def chunk(records: list[Record], ends: dict[int, int] | None = None) -> AlleleChunk:
    """Records, ascending by position, as the pipeline hands them over; ``ends`` by index of the record."""
    rows = [(at, pos, ref, alt) for at, (pos, ref, alts) in enumerate(records) for alt in alts]
    last = [(ends or {}).get(at, pos + len(ref) - 1) for at, pos, ref, _ in rows]
    return AlleleChunk(
        record=np.array([row[0] for row in rows], dtype=np.int32),
        pos=np.array([row[1] for row in rows], dtype=np.int64),
        ref=pa.array([row[2].encode() for row in rows], pa.binary()),
        alt=pa.array([row[3].encode() for row in rows], pa.binary()),
        end=np.array(last, dtype=np.int64),
        records=len(records),
    )


def entries(csq: bytes) -> list[dict[str, str]]:
    """Entries of CSQ by the names of their fields."""
    return [dict(zip(CSQ_FIELDS, entry.split("|"), strict=True)) for entry in csq.decode().split(",")]


def at(position: int, size: int = 1) -> str:
    """Bases of the contig from a position on."""
    return GENOME[position - 1 : position - 1 + size]
