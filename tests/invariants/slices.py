"""Made-up contigs with transcripts on both strands, and so many repeats that most variants have several notations."""

from __future__ import annotations

import atexit
import random
import shutil
import tempfile
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from unittest import mock

from annotator.engine.consequence import ConsequenceCaller, ContigModels
from annotator.engine.consequence.reporting import Reporting
from annotator.engine.reference.build.bundle_builder import Recipe, build
from annotator.engine.reference.bundle import Reference
from annotator.engine.reference.nucleotides import reverse_complement
from tests.unit.engine.consequence import casebook
from tests.unit.engine.consequence.casebook import COMPLEMENT, Record, Shape, chunk, entries

Variant = tuple[int, str, str]
"""POS (1-based), REF and ALT."""
Entries = dict[str, dict[str, str]]
"""Entries of CSQ by the name of the transcript, without what depends on the notation."""
STOPS = ("TAA", "TAG", "TGA")
_PLAN = (
    # First base, strand, lengths of exons, bases in front of and behind the coding sequence, biotype.
    (600, "+", (60, 90, 45, 120), 33, 70, "protein_coding"),
    (2100, "-", (80, 31, 140, 70), 41, 52, "protein_coding"),
    (3300, "+", (25, 5, 60, 40, 4, 33), 27, 45, "protein_coding"),
    (4300, "-", (120,), 0, 0, "protein_coding"),
    (4700, "-", (50, 40, 60), 0, 0, "lncRNA"),
    (5600, "+", (40, 70, 50), 19, 60, "nonsense_mediated_decay"),
)
_LENGTH = 6600


@dataclass(frozen=True)
class Slice:
    """A contig and its transcripts."""

    bases: str
    shapes: tuple[Shape, ...]
    circular: bool = False

    def turned(self, by: int) -> Slice:
        """The same circular contig with its origin behind another base, which lies in no transcript."""
        length, shapes = len(self.bases), []
        for shape in self.shapes:
            step = -by if shape.exons[0][0] > by else length - by
            exons = tuple((first + step, last + step) for first, last in shape.exons)
            ends = {"first": shape.first + step, "last": shape.last + step} if shape.parts else {}
            shapes.append(replace(shape, exons=exons, **ends))
        return Slice(self.bases[by:] + self.bases[:by], tuple(shapes), True)

    @cached_property
    def mirrored(self) -> Slice:
        """The same contig, read from the other end."""
        end = len(self.bases) + 1
        shapes = (
            replace(
                shape,
                strand="-" if shape.strand == "+" else "+",
                exons=tuple((end - last, end - first) for first, last in shape.exons[::-1]),
                first=end - shape.last if shape.last > 0 else shape.first,
                last=end - shape.first if shape.last > 0 else shape.last,
            )
            for shape in self.shapes
        )
        return Slice(reverse_complement(self.bases), tuple(shapes))

    @cached_property
    def edges(self) -> list[int]:
        """First and last bases of exons and coding sequences."""
        ends = [end for shape in self.shapes for exon in shape.exons for end in exon]
        return sorted({*ends, *(end for shape in self.shapes if shape.parts for end in (shape.first, shape.last))})

    @cached_property
    def models(self) -> ContigModels:
        """The compiled transcripts."""
        patched = mock.patch.multiple(casebook, SHAPES=self.shapes, LENGTH=len(self.bases))
        with patched, tempfile.TemporaryDirectory() as directory:
            return casebook.models(Path(directory)).contig("1", len(self.bases), self.circular)

    @cached_property
    def reference(self) -> Reference:
        """A bundle of the contig and the transcripts, which is removed when Python ends."""
        directory = Path(tempfile.mkdtemp(prefix="gas-slice-"))
        atexit.register(shutil.rmtree, directory, ignore_errors=True)
        fasta, models = directory / "slice.fa", directory / "slice.gff3"
        fasta.write_text(f">1\n{self.bases}\n")
        with mock.patch.object(casebook, "SHAPES", self.shapes):
            models.write_text(casebook.gff3())
        build(Recipe(name="slice", fasta=fasta, models=models, accept_models=True), directory / "slice", lambda _: None)
        return Reference.load(directory / "slice")

    def fetch(self, _: str, start: int, length: int) -> bytes:
        """Bases of the contig, as :class:`annotator.engine.reference.bundle.Sequence` gives them."""
        return self.bases[max(0, start - 1) : start - 1 + length].encode()

    def at(self, pos: int, length: int = 1) -> str:
        """Bases from a position on."""
        return self.bases[pos - 1 : pos - 1 + length]

    def caller(self, shift_3prime: bool = False) -> ConsequenceCaller:
        """A caller on the contig."""
        return ConsequenceCaller(self.models, self, 1, Reporting(shift_3prime=shift_3prime))

    def entries(self, variants: list[Variant], shift_3prime: bool = False) -> list[Entries]:
        """Entries of variants, each in a record of its own; in the order of the variants."""
        return self.entries_of_records([(pos, ref, [alt]) for pos, ref, alt in variants], shift_3prime)

    def entries_of_records(self, records: list[Record], shift_3prime: bool = False) -> list[Entries]:
        """Entries of records; of those with several alleles, the names of transcripts are followed by a number."""
        order = sorted(range(len(records)), key=lambda one: records[one][0])
        called = self.caller(shift_3prime).call(chunk([records[one] for one in order])).csq.to_pylist()
        found: list[Entries] = [{} for _ in records]
        for one, csq in zip(order, called, strict=True):
            for entry in entries(csq):
                name, of = entry.pop("Feature"), found[one]
                entry.pop("Allele")
                number = sum(key.partition("#")[0] == name for key in of)
                of[f"{name}#{number}" if number else name] = entry
        return found


@cache
def made(seed: int) -> Slice:
    """A slice: other bases and other introns for each seed."""
    chance = random.Random(seed)
    text = ""
    while len(text) < _LENGTH:
        unit = "".join(chance.choices("ACGT", k=chance.choice([1, 1, 1, 2, 3, 4])))
        text += unit * (chance.randrange(2, 9) if chance.random() < 0.2 else 1)
    bases = list(text[:_LENGTH])
    shapes = []
    for at, (start, strand, sizes, before, behind, biotype) in enumerate(_PLAN):
        exons = []
        for size in sizes:
            exons.append((start, start + size - 1))
            start += size + chance.choice([40, 70, 110, 160])
        shape = Shape(f"G{at}", strand, tuple(exons), biotype=biotype)
        if biotype != "lncRNA":
            places = [one for first, last in exons for one in range(first, last + 1)]
            left, right = (before, behind) if strand == "+" else (behind, before)
            right += (len(places) - left - right) % 3
            shape = replace(shape, first=places[left], last=places[-1 - right])
            for one, base in zip(shape.positions, _protein(chance, len(shape.positions) // 3), strict=True):
                bases[one - 1] = base if strand == "+" else base.translate(COMPLEMENT)
        shapes.append(shape)
    return Slice("".join(bases), tuple(shapes))


def _protein(chance: random.Random, codons: int) -> str:
    """A coding sequence in which codons are often repeated."""
    found = ["ATG"]
    while len(found) < codons - 1:
        codon = chance.choice(["AAA", "GCG", "CTG", "CAG", "".join(chance.choices("ACGT", k=3))])
        if codon not in STOPS:
            found += [codon] * chance.choice([1, 1, 1, 2, 3])
    return "".join([*found[: codons - 1], chance.choice(STOPS)])
