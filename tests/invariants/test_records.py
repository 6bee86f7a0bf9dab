"""The results of a file do not depend on the order of its records."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest

from annotator.engine import Outputs, annotate
from annotator.engine.consequence.reporting import Reporting
from tests.invariants.slices import Slice, Variant, made
from tests.invariants.variants import RECORDS, variant
from tests.unit.engine.conftest import take_apart


def lines(of: Slice, variants: list[Variant], shift_3prime: bool) -> list[list[str]]:
    """Records of the results."""
    head = "##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    with tempfile.TemporaryDirectory() as directory:
        path, outputs = Path(directory, "in.vcf"), Outputs.beside(Path(directory, "out.annot.vcf.gz"))
        rows = (f"1\t{pos}\t.\t{ref}\t{alt}\t.\t.\t.\n" for pos, ref, alt in variants)
        path.write_text(head + "".join(rows))
        summary = annotate(path, of.reference, outputs, processes=1, reporting=Reporting(shift_3prime=shift_3prime))
        return take_apart(outputs, summary).records


@pytest.mark.parametrize("shift_3prime", [False, True])
def test_order(shift_3prime: bool) -> None:
    of = made(0)
    written = [variant(of, seed) for seed in range(RECORDS)]
    mixed = random.Random(0).sample(written, len(written))
    found = lines(of, sorted(written), shift_3prime)
    assert len(found) == RECORDS
    assert sorted(found) == sorted(lines(of, mixed, shift_3prime))
