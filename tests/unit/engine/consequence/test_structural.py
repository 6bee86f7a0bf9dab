"""Structural variants: one event has one answer, however it is spelled."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from annotator.engine.consequence import ConsequenceCaller, Reporting
from tests.unit.engine.consequence.casebook import COMPLEMENT, SHAPES, Bases, Record, Shape, at, chunk, entries, models

Entry = dict[str, str]
NAMES = ("FWD", "REV", "GAP", "RNA", "ODD", "NMD", "TIP")
SHAPE = {shape.name: shape for shape in SHAPES}
COMPARED = ("Consequence", "IMPACT", "DISTANCE", "EXON", "INTRON", "HGVSc", "HGVSp", "Amino_acids", "Codons")


Variant = tuple[int, int, str, str]
"""First and last base, ALT, and REF or nothing; POS is the base in front of the first one."""


def answers(caller: ConsequenceCaller, name: str, variants: list[Variant]) -> list[Entry]:
    """The entries of variants for a transcript."""
    order = sorted(range(len(variants)), key=lambda index: variants[index][0])
    given: list[Record] = []
    ends = {}
    for index in order:
        first, last, alt, ref = variants[index]
        ends[len(given)] = last
        given.append((first - 1, ref or at(first - 1), [alt]))
    found = [Entry()] * len(variants)
    for index, csq in zip(order, caller.call(chunk(given, ends)).csq.to_pylist(), strict=True):
        found[index] = next(one for one in entries(csq) if one["Feature"] == f"T{name}.1")
    return found


def entry(caller: ConsequenceCaller, first: int, last: int, alt: str, name: str, ref: str = "") -> Entry:
    """The entry of one variant."""
    return answers(caller, name, [(first, last, alt, ref)])[0]


def deletion(first: int, last: int) -> Variant:
    """A deletion that is written out."""
    return first, last, at(first - 1), at(first - 1, last - first + 2)


def terms(one: Entry) -> set[str]:
    return set(one["Consequence"].split("&"))


def stretches(shape: Shape) -> Iterator[tuple[int, int]]:
    """Stretches of the genome with every kind of border: in exons, introns, codons, and outside the transcript."""
    start, end = shape.exons[0][0], shape.exons[-1][1]
    edges = {start - 40, start, start + 7, end - 7, end, end + 40}
    for first, last in shape.exons:
        edges |= {first - 12, first - 2, first, first + 1, first + 10, last - 10, last, last + 1, last + 12}
    if shape.parts:
        edges |= {shape.first - 1, shape.first, shape.first + 2, shape.last - 2, shape.last, shape.last + 1}
    ordered = sorted(edges)
    yield from ((one, two) for one in ordered for two in ordered if one <= two)


@pytest.fixture(params=["left-aligned", "3' end"])
def placing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ConsequenceCaller:
    """Callers that give alleles the consequences of either placement."""
    compiled = models(tmp_path_factory.mktemp("models")).contig("1")
    return ConsequenceCaller(compiled, Bases(), 1, Reporting(shift_3prime=request.param == "3' end"))


@pytest.mark.parametrize("name", NAMES)
def test_a_symbolic_deletion_is_the_one_that_is_written_out(placing: ConsequenceCaller, name: str) -> None:
    spans = list(stretches(SHAPE[name]))
    assert len(spans) > 100
    symbolic = answers(placing, name, [(*span, "<DEL>", "") for span in spans])
    written = answers(placing, name, [deletion(*span) for span in spans])
    wrong = [
        (span, one["Consequence"], two["Consequence"])
        for span, one, two in zip(spans, symbolic, written, strict=True)
        # The symbol of the deletion of a whole transcript names no part of it.
        for compared in (COMPARED[: 2 if one["Consequence"] == "transcript_ablation" else None],)
        if any(one[field] != two[field] for field in compared)
    ]
    assert wrong == []


@pytest.mark.parametrize("name", NAMES)
def test_a_duplication_or_inversion_within_an_exon_is_the_one_that_is_written_out(
    placing: ConsequenceCaller, name: str
) -> None:
    symbols: list[Variant] = []
    written: list[Variant] = []
    for first, last in stretches(SHAPE[name]):
        if last - first > 60 or not any(one < first and last <= two for one, two in SHAPE[name].exons):
            continue
        bases, before = at(first, last - first + 1), at(first - 1)
        symbols += [(first, last, alt, "") for alt in ("<DUP>", "<DUP:TANDEM>", "<INV>")]
        written += [(first, last, before + bases, "")] * 2
        written.append((first + 1, last, bases.translate(COMPLEMENT)[::-1], bases))
    assert len(symbols) > 30
    ours, theirs = answers(placing, name, symbols), answers(placing, name, written)
    wrong = [
        (symbol, one["Consequence"], two["Consequence"])
        for symbol, text, one, two in zip(symbols, written, ours, theirs, strict=True)
        if text[2] != text[3] and any(one[field] != two[field] for field in COMPARED)
    ]
    assert wrong == []


@pytest.mark.parametrize(("name", "first", "last"), [("FWD", 2291, 2350), ("REV", 2991, 3160)])
def test_the_deletion_or_inversion_of_an_exon_takes_its_splice_sites(
    caller: ConsequenceCaller, name: str, first: int, last: int
) -> None:
    for alt in ("<DEL>", "<INV>"):
        found = entry(caller, first, last, alt, name)
        assert found["IMPACT"] == "HIGH"
        assert terms(found) >= {"splice_acceptor_variant", "splice_donor_variant", "coding_sequence_variant"}
    for alt in ("<DUP>", "<CNV>"):
        assert not [term for term in terms(entry(caller, first, last, alt, name)) if "splice" in term]
    assert "feature_elongation" in terms(entry(caller, first, last, "<DUP>", name))


@pytest.mark.parametrize(
    ("name", "start", "stop"), [("FWD", (1951, 2060), (2595, 2660)), ("ODD", (9390, 9440), (8981, 9010))]
)
def test_start_and_stop_codons_beyond_an_end_of_the_transcript(
    caller: ConsequenceCaller, name: str, start: tuple[int, int], stop: tuple[int, int]
) -> None:
    """A deletion or inversion takes the codon; a tandem duplication leaves a copy of it."""
    for span, term in ((start, "start_lost"), (stop, "stop_lost")):
        assert term in terms(answers(caller, name, [deletion(*span)])[0])
        for alt in ("<DEL>", "<INV>"):
            assert term in terms(entry(caller, *span, alt, name))
        for alt in ("<DUP>", "<CNV>", "<CNV:TR>"):
            assert term not in terms(entry(caller, *span, alt, name))


@pytest.mark.parametrize(
    ("alt", "term", "impact"),
    [
        ("<DEL>", "transcript_ablation", "HIGH"),
        ("<DUP>", "transcript_amplification", "HIGH"),
        ("<DUP:DISPERSED>", "transcript_amplification", "HIGH"),
        ("<INV>", "coding_transcript_variant", "MODIFIER"),
        ("<CNV>", "coding_transcript_variant", "MODIFIER"),
    ],
)
def test_a_whole_transcript(caller: ConsequenceCaller, alt: str, term: str, impact: str) -> None:
    found = entry(caller, 1950, 2700, alt, "FWD")
    assert term in terms(found)
    assert found["IMPACT"] == impact


def test_an_inversion_breaks_the_transcript_that_one_of_its_ends_lies_in(caller: ConsequenceCaller) -> None:
    assert "feature_truncation" in terms(entry(caller, 2200, 4000, "<INV>", "FWD"))
    assert "feature_truncation" in terms(entry(caller, 1900, 2200, "<INV>", "FWD"))
    assert "feature_truncation" not in terms(entry(caller, 2200, 2450, "<INV>", "FWD"))
    assert terms(entry(caller, 2150, 2250, "<INV>", "FWD")) == {"intron_variant"}


@pytest.mark.parametrize("name", ["FWD", "REV"])
def test_bounds_that_are_not_exact_move_no_frame(caller: ConsequenceCaller, name: str) -> None:
    first = 2061 if name == "FWD" else 3061
    before = first - 1
    given = chunk([(before, at(before), ["<DEL>"])], {0: first + 3})
    assert "frameshift_variant" in terms(entry(caller, first, first + 3, "<DEL>", name))
    given.exact = given.end < 0
    called = caller.call(given)
    found = next(one for one in entries(called.csq[0].as_py()) if one["Feature"] == f"T{name}.1")
    assert terms(found) == {"feature_truncation", "coding_sequence_variant"}
