"""What is noticed about the records of a block, as warnings that name lines and values."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from annotator.engine.errors import quote
from annotator.engine.progress import Warnings
from annotator.engine.vcf.block_parser import SKIP_CODES, Records
from annotator.engine.vcf.genotypes import readable
from annotator.engine.vcf.structural_alleles import disagreement


def _nothing(_: Records, __: int) -> None:
    """The detail of a warning whose lines say enough."""


def _place(records: Records, index: int) -> str:
    """Position and ALT of a record, for people."""
    chrom = records.chroms[records.chrom[index]].decode("latin-1")
    return f"{chrom}:{records.pos[index]} {quote(records.fields[4][index].as_py())}"


def _lengths(records: Records, index: int) -> str:
    """Position and ALT of a record, and the lengths that END and SVLEN give."""
    info, alts = records.fields[7][index].as_py(), records.fields[4][index].as_py().split(b",")
    by_end, by_length = disagreement(alts, int(records.pos[index]), info) or (0, 0)
    return f"{_place(records, index)}, {by_end:,} bases by END, {by_length:,} by SVLEN"


def _sample(records: Records, index: int) -> str:
    """The first sample of a record that other programs cannot read: its column, counted from 1, and its values."""
    form, *samples = records.fields[8][index].as_py().split(b"\t")
    pattern = re.compile(readable(form))
    at = next((at for at, text in enumerate(samples) if not pattern.match(f"F\t{text.decode('latin-1')}")), 0)
    return f"column {at + 10}: {quote(samples[at])}, FORMAT {quote(form)}"


DETAILS: dict[str, Callable[[Records, int], str | None]] = {
    "unknown_length": _place,
    "end_outside_contig": _place,
    "lengths_differ": _lengths,
    "bad_genotype": _sample,
}
"""What the details of a warning say of a record."""


def warnings_of(records: Records) -> Warnings:
    """The warnings that the records of a block give, with the first lines of each and what is to be said of them."""
    warnings = Warnings()
    for at in np.unique(records.skip[records.skip >= 0]).tolist():
        which = np.flatnonzero(records.skip == at)
        details = [records.details[index] for index in which[:10].tolist()]
        warnings.add_many(SKIP_CODES[at], records.line[which].tolist(), details)
    for code, noticed in (
        ("reference_ambiguous", records.ambiguous),
        ("unknown_length", records.unsized),
        ("end_outside_contig", records.overlong),
        ("bad_genotype", records.bad_genotype),
        ("bad_quality", records.bad_quality),
        ("bad_length", records.bad_length),
        ("lengths_differ", records.lengths_differ),
    ):
        if noticed.any():
            at = np.flatnonzero(noticed)
            tell = DETAILS.get(code, _nothing)
            warnings.add_many(code, records.line[at].tolist(), [tell(records, index) for index in at[:10].tolist()])
    if records.blank:
        warnings.add_many("blank_lines", records.blank)
    return warnings
