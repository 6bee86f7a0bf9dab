"""Trimming and shifting in linear time gives what the definitions give, which drop one base at a time."""

from __future__ import annotations

from itertools import pairwise
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.engine.affixes import common_prefix, common_suffix
from annotator.engine.consequence.allele import DELETION, INSERTION, OTHER, Allele, minimal
from annotator.engine.consequence.scalar import introns
from annotator.engine.consequence.scalar.hgvs_c import Change, clip, shift_of
from annotator.engine.normalise import normalise
from annotator.engine.reference.transcript import Transcript

#: Two letters, so that alleles share much with each other and with themselves.
BASES = st.text("AC", max_size=90)
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
        assert (change.type, change.start, change.ref, change.alt) == ("=", start, ref, alt)
    else:
        assert (change.ref, change.alt) == (one, two)
        assert change.start == start - (len(two) if change.type == "dup" else 0)


@given(st.text("AC", min_size=1, max_size=20), st.text("AC", min_size=1, max_size=200), st.booleans())
def test_shifts(moved: str, after: str, deletes: bool) -> None:
    """As many bases as follow and repeat the insertion or deletion."""
    by = 0
    while by < len(after) and after[by] == moved[by % len(moved)]:
        by += 1
    sequence = ("G" + moved if deletes else "G") + after + "T"
    end = 1 + len(moved) if deletes else 1
    allele = Allele(2, end, moved if deletes else "", "" if deletes else moved, DELETION if deletes else INSERTION)
    assert shift_of(allele, 1, lambda start, size: sequence[start - 1 : start - 1 + size].encode()) == by


@given(st.text("ACG", min_size=2, max_size=60), st.text("ACG", min_size=2, max_size=60))
def test_regions_of_differences(ref: str, alt: str) -> None:
    differing = [10 + at for at in range(max(len(ref), len(alt))) if ref[at : at + 1] != alt[at : at + 1]]
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
