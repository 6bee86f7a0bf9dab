"""Trimming and shifting in linear time gives what the definitions give, which drop one base at a time."""

from __future__ import annotations

from itertools import pairwise
from unittest import mock

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.engine.affixes import common_prefix, common_suffix
from annotator.engine.consequence.allele import DELETION, INSERTION, OTHER, Allele, minimal
from annotator.engine.consequence.scalar import introns
from annotator.engine.consequence.scalar.hgvs_c import Change, clip, genomic_shift
from annotator.engine.consequence.three_prime_shift import rotate, rotate_rows, shift_length, shift_lengths
from annotator.engine.normalise import normalise
from annotator.engine.reference.transcript import Transcript

BASES = st.text("AC", max_size=90)
"""Two letters, so that alleles share much with each other and with themselves."""
SOME = st.text("AC", min_size=1, max_size=90)


@given(BASES, BASES, BASES)
def test_common_ends(one: str, two: str, shared: str) -> None:
    for left, right in ((shared + one, shared + two), (one, two)):
        length = common_prefix(left, right)
        assert left[:length] == right[:length]
        assert left[length : length + 1] != right[length : length + 1] or length == min(len(left), len(right))
        assert common_suffix(left[::-1].encode(), right[::-1].encode()) == length


@given(BASES, BASES)
def test_minimal_alleles(ref: str, alt: str) -> None:
    shared, one, two = 0, ref, alt
    while one and two and one[0] == two[0]:
        shared, one, two = shared + 1, one[1:], two[1:]
    while one and two and one[-1] == two[-1]:
        one, two = one[:-1], two[:-1]
    assert minimal(ref, alt) == (shared, one, two)


@given(st.text("AC", min_size=1, max_size=300), st.data())
def test_normalised_alleles(sequence: str, data: st.DataObject) -> None:
    """After Tan, Abecasis and Kang: drop the last base of both while they share it, else take one in from the left."""
    first = data.draw(st.integers(1, len(sequence)))
    ref, alt = sequence[first - 1 : first - 1 + data.draw(st.integers(1, 90))], data.draw(SOME)
    pos, one, two = first, ref, alt
    if one != two and (len(one), len(two)) != (1, 1):
        while one[-1] == two[-1] and (pos > 1 or min(len(one), len(two)) > 1):
            if min(len(one), len(two)) > 1:
                one, two = one[:-1], two[:-1]
            else:
                pos -= 1
                one, two = sequence[pos - 1] + one[:-1], sequence[pos - 1] + two[:-1]
        while min(len(one), len(two)) > 1 and one[0] == two[0]:
            pos, one, two = pos + 1, one[1:], two[1:]
    found = normalise(first, ref.encode(), alt.encode(), lambda at, size: sequence[at - 1 : at - 1 + size].encode())
    assert found == (pos, one.encode(), two.encode())


@given(st.text("AK*", max_size=40), st.text("AK*", max_size=40), st.booleans())
def test_clipped_changes(ref: str, alt: str, protein: bool) -> None:
    one, two, prefix, start, end, equal = ref, alt, "", 5, 5 + len(ref) - 1, False
    while one and one[0] == two[:1]:
        if protein and one[0] == "*":
            equal = True
            break
        prefix, start, one, two = prefix + one[0], start + 1, one[1:], two[1:]
    while not equal and one and one[-1] == two[-1:]:
        one, two, end = one[:-1], two[:-1], end - 1
    change = Change(5, 5 + len(ref) - 1, ref, alt)
    clip(change, protein)
    assert (change.prefix, change.end) == (prefix, end)
    if equal:
        assert (change.kind, change.start, change.ref, change.alt) == ("=", start, ref, alt)
    else:
        assert (change.ref, change.alt) == (one, two)
        assert change.start == start - (len(two) if change.kind == "dup" else 0)


@given(st.lists(st.tuples(st.text("AC", min_size=1, max_size=20), st.text("AC", max_size=200)), min_size=1, max_size=9))
def test_shifts(changes: list[tuple[str, str]]) -> None:
    """As many residues as follow and repeat the insertion or deletion; one change and many, in both directions."""
    by = []
    for unit, after in changes:
        step = 0
        while step < len(after) and after[step] == unit[step % len(unit)]:
            step += 1
        by.append(step)
    assert [shift_length(*one) for one in changes] == by
    text = "".join(unit + after for unit, after in changes)
    size, limit = (np.array([len(one) for one in column]) for column in zip(*changes, strict=True))
    unit = np.cumsum(size + limit) - size - limit
    residues = np.frombuffer(text.encode(), np.uint8)
    assert shift_lengths(residues, unit, size, unit + size, limit).tolist() == by
    last = len(text) - 1
    mixed = np.concatenate([residues, residues[::-1]])
    backward = shift_lengths(mixed, len(text) + last - unit, size, len(text) + last - unit - size, limit, -1)
    assert backward.tolist() == by


@given(st.lists(st.tuples(st.text("ACGT", min_size=1, max_size=9), st.integers(-20, 20)), min_size=1, max_size=9))
def test_residues_of_shifted_changes(changes: list[tuple[str, int]]) -> None:
    """Rotated like the window that moves along the repeat; one change and many."""
    expected = [(unit * 50)[20 * len(unit) + shift :][: len(unit)] for unit, shift in changes]
    assert [rotate(*one) for one in changes] == expected
    units = np.zeros((len(changes), 12), np.uint8)
    for row, (unit, _) in enumerate(changes):
        units[row, : len(unit)] = np.frombuffer(unit.encode(), np.uint8)
    size = np.array([len(unit) for unit, _ in changes])
    rows = rotate_rows(units, size, np.array([shift for _, shift in changes]))
    assert [row.tobytes().rstrip(b"\0").decode() for row in rows] == expected


@given(st.text("AC", min_size=1, max_size=20), st.text("AC", min_size=1, max_size=200), st.booleans(), st.booleans())
def test_shifts_on_the_genome(unit: str, after: str, deletes: bool, forward: bool) -> None:
    sequence = ("G" + unit if deletes else "G") + after + "T"
    first, last = 2, 1 + len(unit) if deletes else 1
    if not forward:
        sequence, first, last = sequence[::-1], len(sequence) - last + 1, len(sequence) - first + 1
        unit = unit[::-1]
    allele = Allele(first, last, unit if deletes else "", "" if deletes else unit, DELETION if deletes else INSERTION)
    found = genomic_shift(
        allele, 1 if forward else -1, lambda start, size: sequence[start - 1 : start - 1 + size].encode()
    )
    assert found == shift_length(unit if forward else unit[::-1], after)


@given(st.text("ACG", min_size=2, max_size=60), st.text("ACG", min_size=2, max_size=60), st.booleans())
def test_regions_of_differences(ref: str, alt: str, equally_long: bool) -> None:
    """Alleles of one length differ base by base; of others, all bases are replaced."""
    if equally_long:
        ref, alt = (one[: min(len(ref), len(alt))] for one in (ref, alt))
    differing = [10 + at for at in range(len(ref)) if len(ref) != len(alt) or ref[at] != alt[at]]
    found = Allele(10, 10 + len(ref) - 1, ref, alt, OTHER).regions()
    assert [at for first, last in found for at in range(first, last + 1)] == differing
    assert all(one[1] + 1 < two[0] for one, two in pairwise(found))


@settings(max_examples=200)
@given(st.data())
def test_long_substitutions_at_introns(data: st.DataObject) -> None:
    """The ranges near the ends of introns say what all ranges say."""
    lengths = data.draw(st.lists(st.integers(1, 70), min_size=5, max_size=9))
    exons, at = [], 101
    for size, gap in zip(lengths, data.draw(st.lists(st.integers(1, 90), min_size=9, max_size=9)), strict=False):
        exons.append((at, at + size - 1))
        at += size + gap
    first, last = exons[0][0], exons[-1][1]
    differs = data.draw(st.lists(st.sampled_from("AAC"), min_size=last - first + 1, max_size=last - first + 1))
    transcript = Transcript("T", "", "lncRNA", 1, first, last, 0, 0, 0, exons)
    allele = Allele(first, last, "A" * len(differs), "".join(differs), OTHER)
    with mock.patch.object(introns, "FEW_RANGES", 10**9):
        every = introns.intron_changes(allele, transcript)
    with mock.patch.object(introns, "FEW_RANGES", 0):
        assert introns.intron_changes(allele, transcript) == every
