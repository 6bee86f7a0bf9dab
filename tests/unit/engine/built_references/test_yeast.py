"""A slice of yeast: genes with introns on both strands, and a Ty element that is read with a +1 slip."""

from __future__ import annotations

import pytest

from tests.unit.engine.built_references.conftest import DATA, Build
from tests.unit.engine.built_references.translation import codings, differences, sequences


@pytest.mark.parametrize(("contig", "genes", "least"), [("chrI", 3, 20_000), ("chrII", 2, 15_000)])
def test_every_substitution_in_coding_bases(build: Build, contig: str, genes: int, least: int) -> None:
    reference = build(DATA / "yeast.fa", DATA / "yeast.gff3")
    wanted = codings(DATA / "yeast.gff3", contig, "Parent")
    assert len(wanted) == genes
    count, wrong = differences(reference, contig, sequences(DATA / "yeast.fa")[contig], wanted)
    assert wrong == []
    assert count > least


def test_the_slip_of_a_ty_element(build: Build) -> None:
    reference = build(DATA / "yeast.fa", DATA / "yeast.gff3")
    assert reference.unread_by_csq == {"YBL005W-B"}
