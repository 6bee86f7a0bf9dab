"""Codons that the models say are not read by the genetic code (``transl_except``)."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotator.engine.consequence import CSQ_FIELDS, ConsequenceCaller, GeneModels, compile_models
from annotator.engine.reference.bundle import Contig
from annotator.engine.reference.verify import coding_faults
from tests.unit.engine.consequence.casebook import COMPLEMENT, chunk

CODING = "ATGGCCTAGAAACTGTGATGGTAA"
"""M A * K L * W *: bases 7 to 9 and 16 to 18 are stop codons within the protein."""
LENGTH = 300


class Bases:
    """A contig with :data:`CODING` from base 101 on, on one of the strands."""

    def __init__(self, strand: str) -> None:
        coding = CODING if strand == "+" else CODING.translate(COMPLEMENT)[::-1]
        self.text = "C" * 100 + coding + "C" * (LENGTH - 100 - len(CODING))

    def fetch(self, contig: str, start: int, length: int) -> bytes:
        return self.text[max(0, start - 1) : start - 1 + length].encode()

    def fetch_on(self, contig: Contig, start: int, length: int) -> bytes:
        return self.fetch(contig.name, start, length)


class Gene:
    """One gene on one strand, with codons as ``transl_except`` has them.

    Args:
        directory: for its files.
        strand: ``+`` or ``-``.
        residues: names of amino acids (``Sec``, ``OTHER`` ...) by number of the codon.
    """

    def __init__(self, directory: Path, strand: str, residues: dict[int, str]) -> None:
        self.strand, self.bases = strand, Bases(strand)
        said = []
        for number, residue in residues.items():
            ends = sorted((self.place(3 * number - 2), self.place(3 * number)))
            text = f"{ends[0]}..{ends[1]}"
            said.append(f"(pos:{text if strand == '+' else f'complement({text})'},aa:{residue})")
        text = ",".join(said).replace(",", "%2C")
        row = [
            "1",
            "x",
            "CDS",
            "101",
            str(100 + len(CODING)),
            ".",
            strand,
            "0",
            f"ID=c;locus_tag=G;transl_except={text}",
        ]
        (directory / "models.gff3").write_text("\t".join(row) + "\n", "utf-8")
        self.contig = Contig("1", LENGTH, 1, frozenset({"ATG"}), False, ())
        compile_models(directory / "models.gff3", [self.contig], directory / "models.arrow")
        self.models = GeneModels.load(directory / "models.arrow").contig("1")

    def place(self, at: int) -> int:
        """The position of a base of the coding sequence."""
        return 100 + at if self.strand == "+" else 101 + len(CODING) - at

    def entry(self, at: int, base: str) -> dict[str, str]:
        """CSQ of a base of the coding sequence that is replaced."""
        place, base = self.place(at), base if self.strand == "+" else base.translate(COMPLEMENT)
        caller = ConsequenceCaller(self.models, self.bases, 1)
        (csq,) = caller.call(chunk([(place, self.bases.text[place - 1], [base])])).csq.to_pylist()
        return dict(zip(CSQ_FIELDS, csq.decode().split("|"), strict=True))


@pytest.mark.parametrize("strand", ["+", "-"])
def test_stop_codons_with_amino_acids(tmp_path: Path, strand: str) -> None:
    gene = Gene(tmp_path, strand, {3: "Pyl", 6: "Trp", 8: "TERM", 1: "Met"})
    transcript = gene.models.transcript(0)
    transcript.load(lambda start, length: gene.bases.fetch("1", start, length))
    assert transcript.peptide(1) == "MAOKLWW"
    assert coding_faults(transcript, gene.contig, gene.bases) == {}  # type: ignore[arg-type]
    wanted = {
        (9, "C"): ("missense_variant", "O/Y", "G:p.Pyl3Tyr"),
        (9, "A"): ("stop_gained", "O/*", "G:p.Pyl3Ter"),
        (18, "G"): ("synonymous_variant", "W", "G:p.Trp6%3D"),
        (18, "C"): ("missense_variant", "W/C", "G:p.Trp6Cys"),
        (10, "G"): ("missense_variant", "K/E", "G:p.Lys4Glu"),
    }
    for (at, base), answer in wanted.items():
        found = gene.entry(at, base)
        assert tuple(found[name] for name in ("Consequence", "Amino_acids", "HGVSp")) == answer
        assert found["FLAGS"] == "transl_except"


@pytest.mark.parametrize("strand", ["+", "-"])
def test_a_stop_that_is_read_through_as_an_unknown_amino_acid(tmp_path: Path, strand: str) -> None:
    gene = Gene(tmp_path, strand, {3: "OTHER", 6: "Sec"})
    found = gene.entry(9, "C")
    assert (found["Consequence"], found["Amino_acids"], found["HGVSp"]) == ("coding_sequence_variant", "X/Y", "")
    assert gene.entry(18, "G")["HGVSp"] == "G:p.Sec6Trp"
    behind = gene.entry(20, "C")
    assert (behind["Consequence"], behind["HGVSp"], behind["FLAGS"]) == (
        *("missense_variant", "G:p.Trp7Ser", "transl_except"),
    )


def test_without_exceptions_a_stop_within_is_a_fault(tmp_path: Path) -> None:
    gene = Gene(tmp_path, "+", {})
    transcript = gene.models.transcript(0)
    assert "internal" in coding_faults(transcript, gene.contig, gene.bases)  # type: ignore[arg-type]
    assert gene.entry(20, "C")["FLAGS"] == ""
