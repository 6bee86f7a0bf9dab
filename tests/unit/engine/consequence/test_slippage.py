"""Coding sequences with ribosomal slippage: every codon, on both paths, against an independent translation."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from Bio.Seq import translate

from annotator.engine.consequence import CSQ_FIELDS, AlleleChunk, ConsequenceCaller, GeneModels
from annotator.engine.consequence import caller as vectorised
from annotator.engine.consequence.scalar.isoform_cache import IsoformCache
from annotator.engine.consequence.vector.coding_indel_rows import CodingIndelRows
from annotator.engine.reference.build.compile_models import compile_models
from annotator.engine.reference.bundle import Contig
from annotator.engine.reference.genetic_code import THREE_LETTERS
from tests.unit.engine.consequence.casebook import COMPLEMENT, Record, chunk

LENGTH = 6_000
Part = tuple[int, int]


@dataclass(frozen=True)
class Gene:
    """A gene in which the ribosome slips; positions are 1-based and inclusive, parts ascend.

    Attributes:
        cds: parts of the coding sequence.
        exons: rows of exons; none for a coding sequence without a transcript.
        numbered_as_read: whether ``c.`` numbers count what is read.
    """

    name: str
    strand: str
    cds: tuple[Part, ...]
    exons: tuple[Part, ...] = ()
    numbered_as_read: bool = True

    @cached_property
    def read(self) -> list[int]:
        """Positions of the bases in the order in which they are read."""
        forward = [at for first, last in self.cds for at in range(first, last + 1)]
        if self.strand == "+":
            return forward
        return [at for first, last in self.cds[::-1] for at in range(last, first - 1, -1)]

    @property
    def skipped(self) -> list[Part]:
        """Bases of an exon that are not read; the gaps between parts are one base, or introns."""
        return [(one[1] + 1, one[1] + 1) for one, two in pairwise(self.cds) if two[0] == one[1] + 2]

    @cached_property
    def spliced(self) -> list[int]:
        """Positions of the bases of the transcript, each once, in its direction."""
        parts = [*(self.exons or self.cds), *self.skipped]
        found = sorted({at for first, last in parts for at in range(first, last + 1)})
        return found if self.strand == "+" else found[::-1]

    @property
    def rows(self) -> str:
        """Its rows of GFF3."""
        first, last = min(self.exons or self.cds)[0], max(self.exons or self.cds)[1]
        said = f"protein_id=P{self.name};exception=ribosomal slippage"
        rows = [("gene", first, last, f"ID=gene-{self.name};Name={self.name};gene_biotype=protein_coding")]
        parent = f"gene-{self.name}"
        if self.exons:
            rows.append(("mRNA", first, last, f"ID=rna-{self.name};Parent={parent}"))
            parent = f"rna-{self.name}"
        rows += [("exon", *one, f"Parent={parent}") for one in self.exons]
        rows += [("CDS", *one, f"ID=cds-{self.name};Parent={parent};{said}") for one in self.cds]
        lines = ("\t".join(["1", "x", kind, str(a), str(b), ".", self.strand, ".", text]) for kind, a, b, text in rows)
        return "".join(line + "\n" for line in lines)


GENES = (
    # As NCBI writes genes of viruses: no transcript, one base in both parts.
    Gene("ORFF", "+", ((101, 250), (250, 399))),
    Gene("ORFR", "-", ((501, 620), (620, 769))),
    # Human genes such as PEG10 and OAZ1: an mRNA with exons of its own, which the slip does not divide.
    Gene("PEGF", "+", ((1021, 1060), (1201, 1252), (1252, 1309)), ((1001, 1060), (1201, 1330)), False),
    Gene("PEGR", "-", ((1521, 1560), (1560, 1594), (1701, 1727)), ((1501, 1594), (1701, 1740)), False),
    Gene("OAZF", "+", ((2021, 2059), (2061, 2100), (2301, 2371)), ((2001, 2100), (2301, 2400)), False),
    Gene("OAZR", "-", ((2521, 2560), (2562, 2600), (2701, 2771)), ((2501, 2600), (2701, 2800)), False),
    # Ty elements of yeast: a base between two exons is skipped.
    Gene("TYF", "+", ((3001, 3099), (3101, 3250)), ((3001, 3099), (3101, 3250))),
    Gene("TYR", "-", ((3501, 3650), (3652, 3750)), ((3501, 3650), (3652, 3750))),
    # Two slips, one of them by two bases.
    Gene("TWO", "+", ((4001, 4100), (4099, 4200), (4202, 4299))),
)


def made_genome() -> str:
    """Random bases in which each gene reads a protein from a start to a stop codon."""
    chance = random.Random(4)
    bases = [chance.choice("ACGT") for _ in range(LENGTH)]
    for gene in GENES:
        read = gene.read
        assert len(read) % 3 == 0, gene.name
        fixed: set[int] = set()
        for codon in range(0, len(read), 3):
            places = read[codon : codon + 3]
            last = codon + 3 == len(read)
            while True:
                text = "ATG" if codon == 0 else "TAA" if last else "".join(chance.choice("ACGT") for _ in range(3))
                text = "".join(
                    _along(bases[at - 1], gene.strand) if at in fixed else base
                    for at, base in zip(places, text, strict=True)
                )
                by_place = dict(zip(places, text, strict=True))
                text = "".join(by_place[at] for at in places)
                if last or text not in ("TAA", "TAG", "TGA"):
                    break
            for at, base in by_place.items():
                bases[at - 1] = _along(base, gene.strand)
            fixed.update(places)
    return "".join(bases)


def _along(base: str, strand: str) -> str:
    return base if strand == "+" else base.translate(COMPLEMENT)[::-1]


GENOME = made_genome()


class Bases:
    """The contig, as :class:`annotator.engine.reference.bundle.Sequence` gives it."""

    def fetch(self, contig: str, start: int, length: int) -> bytes:
        return GENOME[max(0, start - 1) : start - 1 + length].encode()


def make_caller(directory: Path) -> ConsequenceCaller:
    (directory / "models.gff3").write_text("##gff-version 3\n" + "".join(one.rows for one in GENES), encoding="utf-8")
    contig = Contig("1", LENGTH, 1, frozenset({"ATG"}), False, ())
    compile_models(directory / "models.gff3", [contig], directory / "models.arrow")
    return ConsequenceCaller(GeneModels.load(directory / "models.arrow").contig("1"), Bases(), 1)


@pytest.fixture
def caller(tmp_path: Path) -> ConsequenceCaller:
    return make_caller(tmp_path)


@pytest.fixture(params=["vectorised", "scalar"])
def either(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ConsequenceCaller:
    """A caller that takes the vectorised path where it can, and one that takes the scalar path always."""
    if request.param == "scalar":
        scalar_only(monkeypatch)
    return make_caller(tmp_path)


def scalar_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectorised, "plain_single_bases", lambda alleles: np.zeros(len(alleles), dtype=bool))
    monkeypatch.setattr(
        vectorised, "outside_codons", lambda alleles, pairs, where, models: np.zeros(len(where), dtype=bool)
    )
    monkeypatch.setattr(CodingIndelRows, "rows", lambda self, alleles, pairs, where: ([], where))
    monkeypatch.setattr(IsoformCache, "row", lambda self, allele, _, transcript: self._exact.row(allele, transcript))


def answers(caller: ConsequenceCaller, records: list[Record]) -> list[dict[str, dict[str, str]]]:
    """For each record the entries of CSQ by gene."""
    found = []
    given: AlleleChunk = chunk(records)
    for csq in caller.call(given).csq.to_pylist():
        entries = [dict(zip(CSQ_FIELDS, entry.split("|"), strict=True)) for entry in csq.decode().split(",")]
        found.append({entry["SYMBOL"]: entry for entry in entries})
    return found


def reading(gene: Gene, genome: str) -> str:
    return "".join(_along(genome[at - 1], gene.strand) for at in gene.read)


def protein(bases: str) -> str:
    return str(translate(bases[: len(bases) // 3 * 3]))


def test_every_substitution_of_every_coding_base(either: ConsequenceCaller) -> None:
    records = []
    for gene in GENES:
        for at in sorted({place for place in gene.read if place}):
            records += [(at, GENOME[at - 1], [base]) for base in "ACGT" if base != GENOME[at - 1]]
    records.sort()
    checked = 0
    for (at, _, (alt,)), found in zip(records, answers(either, records), strict=True):
        changed = GENOME[: at - 1] + alt + GENOME[at:]
        for gene in GENES:
            if at not in gene.read:
                continue
            entry, name = found[gene.name], (gene.name, at, alt)
            places = [index + 1 for index, place in enumerate(gene.read) if place == at]
            codons = sorted({(place + 2) // 3 for place in places})
            span = "-".join(str(one) for one in dict.fromkeys((places[0], places[-1])))
            numbers = "-".join(str(one) for one in dict.fromkeys((codons[0], codons[-1])))
            before, after = (reading(gene, bases) for bases in (GENOME, changed))
            stretch = slice(3 * codons[0] - 3, 3 * codons[-1])
            old, new = (protein(bases[stretch]) for bases in (before, after))
            if codons[0] == 1 and len(codons) == 1:
                old = "M"
            expected = _term(codons, len(before) // 3, before[stretch], old, new)
            assert expected in entry["Consequence"].split("&"), name
            assert (entry["CDS_position"], entry["Protein_position"]) == (span, numbers), name
            assert entry["Codons"].upper() == f"{before[stretch]}/{after[stretch]}", name
            assert entry["Amino_acids"] == (old if old == new else f"{old}/{new}"), name
            number = places[0]
            if not gene.numbered_as_read:
                number = gene.spliced.index(at) - gene.spliced.index(gene.read[0]) + 1
            edit = f"{_along(GENOME[at - 1], gene.strand)}>{_along(alt, gene.strand)}"
            assert entry["HGVSc"].partition(":")[2] == f"c.{number}{edit}", name
            if expected == "missense_variant":
                differs = [
                    (codons[0] + index, a, b) for index, (a, b) in enumerate(zip(old, new, strict=True)) if a != b
                ]
                if len(differs) == 1:
                    which, a, b = differs[0]
                    wanted = f"p.{THREE_LETTERS[a]}{which}{THREE_LETTERS[b]}"
                    assert entry["HGVSp"].partition(":")[2] == wanted, name
            checked += 1
    assert checked > 4_000


def _term(codons: list[int], last: int, before: str, old: str, new: str) -> str:
    if codons == [1]:
        return "start_lost"
    if codons[-1] == last:
        return "stop_retained_variant" if new.endswith("*") else "stop_lost"
    if "*" in new:
        return "stop_gained"
    return "synonymous_variant" if old == new else "missense_variant"


def test_numbers_of_hgvs_lead_back_to_their_bases(tmp_path: Path) -> None:
    make_caller(tmp_path)
    models = GeneModels.load(tmp_path / "models.arrow").contig("1")
    for at, name in enumerate(models.strings("symbol").to_pylist()):
        transcript = models.transcript(at)
        (gene,) = [one for one in GENES if one.name == name]
        numbered = gene.read if gene.numbered_as_read else gene.spliced[gene.spliced.index(gene.read[0]) :]
        for number, place in enumerate(numbered[: len(gene.read) - 3], start=1):
            cdna = transcript.coding_base(number)
            assert transcript.position(cdna) == place
            assert transcript.coding_number(cdna) == (numbered.index(place) + 1, 0)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_bases_that_are_skipped(either: ConsequenceCaller, size: int) -> None:
    for gene, at in (("OAZF", 2060), ("OAZR", 2561), ("TYF", 3100), ("TYR", 3651), ("TWO", 4201)):
        ((found),) = answers(either, [(at, GENOME[at - 1], ["ACGT"["ACGT".index(GENOME[at - 1]) - size]])])
        entry = found[gene]
        assert entry["Consequence"] == "coding_sequence_variant"
        assert [entry[name] for name in ("CDS_position", "Protein_position", "Amino_acids", "Codons", "HGVSp")] == [
            ""
        ] * 5
        assert ("+1" in entry["HGVSc"]) == (not gene.startswith("OAZ"))


def made_indels() -> list[Record]:
    chance = random.Random(8)
    found = []
    for _ in range(1_200):
        gene = chance.choice(GENES)
        at = chance.choice(gene.read)
        size = chance.choice([1, 2, 3, 3, 4, 6])
        deleted = (at, GENOME[at - 1 : at + size], [GENOME[at - 1]])
        added = (at, GENOME[at - 1], [GENOME[at - 1] + "".join(chance.choice("ACGT") for _ in range(size))])
        same = (at, GENOME[at - 1 : at + 1], ["".join(chance.choice("ACGT") for _ in range(2))])
        found.append(chance.choice([deleted, added, same]))
    return sorted(one for one in found if one[1] != one[2][0])


def test_both_paths_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = made_indels()
    found = make_caller(tmp_path).call(chunk(records)).csq.to_pylist()
    scalar_only(monkeypatch)
    assert make_caller(tmp_path).call(chunk(records)).csq.to_pylist() == found


def test_frames_and_proteins_of_insertions_and_deletions(caller: ConsequenceCaller) -> None:
    """In another frame the ribosome does not slip: what follows is read base by base."""
    records = [one for one in made_indels() if len(one[1]) != len(one[2][0])]
    frameshifts = whole = unknown = 0
    for (at, ref, (alt,)), found in zip(records, answers(caller, records), strict=True):
        first, last, added = at + 1, at + len(ref) - 1, alt[1:]
        touched = set(range(first, last + 1)) if not added else {at, at + 1}
        for gene in GENES:
            twice = [place for place in gene.read if gene.read.count(place) > 1]
            low, high = min(gene.read), max(gene.read)
            if not touched <= set(range(low + 3, high - 2)):
                continue
            entry = found[gene.name]
            terms = set(entry["Consequence"].split("&"))
            skipped = {place for place in range(low, high + 1) if place not in gene.read} & set(gene.spliced)
            moves = (len(alt) - len(ref)) % 3 != 0
            if (not added and touched & set(twice)) or touched & skipped:
                unknown += 1
                continue
            if not touched <= set(gene.read) or len({gene.read.index(one) for one in touched}) < len(touched):
                continue  # at an intron
            ahead = gene.read.index(min(touched) if gene.strand == "+" else max(touched))
            keep = ahead + 1 if added else ahead
            rest = keep if added else keep + len(touched)
            bases = reading(gene, GENOME)
            if added and touched & set(twice):
                continue
            if (
                gene.read[rest - 1 : rest + 1]
                and abs(gene.read[rest - 1] - gene.read[min(rest, len(gene.read) - 1)]) > 50
            ):
                continue
            tail = bases[rest:]
            if moves:
                spliced = gene.spliced
                until = spliced.index(gene.read[rest])
                tail = "".join(_along(GENOME[place - 1], gene.strand) for place in spliced[until:])
            altered = protein(bases[:keep] + _along(added, gene.strand) + tail)
            original = protein(bases)
            if moves and altered == original:  # an inserted base in place of the slip
                assert "frameshift_variant" in terms
                continue
            if moves:
                assert "frameshift_variant" in terms, (gene.name, at, ref, alt)
                if "fs" in entry["HGVSp"]:
                    differs = next(k for k, (a, b) in enumerate(zip(original, altered, strict=False)) if a != b)
                    stop = altered.find("*", differs)
                    count = str(stop - differs + 1) if stop >= 0 else "?"
                    a, b = THREE_LETTERS[original[differs]], THREE_LETTERS[altered[differs]]
                    wanted = f"p.{a}{differs + 1}{b}fsTer{count}"
                    assert entry["HGVSp"].partition(":")[2] == wanted, (gene.name, at, ref, alt)
                    frameshifts += 1
            else:
                assert "frameshift_variant" not in terms
                acids = (entry["Amino_acids"] + "/" + entry["Amino_acids"]).split("/")
                old, new = (one.replace("-", "") for one in acids[:2])
                start = min(int(one) for one in entry["Protein_position"].split("-")) - 1 + (not old)
                assert original[:start] + new + original[start + len(old) :] == altered, (gene.name, at, ref, alt)
                whole += 1
    assert min(frameshifts, whole) > 100
    assert unknown > 5
