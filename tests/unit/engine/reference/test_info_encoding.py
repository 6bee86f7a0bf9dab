"""Known variants: found whatever their spelling, and encoded so that INFO stays readable."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from annotator.engine.normalise import normalise
from annotator.engine.reference.info_encoding import encode
from tests.unit.engine.conftest import Result

Run = Callable[..., Result]
DNA = st.text("ACGT", min_size=1, max_size=12)


def bases_of(sequence: str) -> Callable[[int, int], bytes]:
    """Bases of a sequence from a 1-based position on, so many; none may be asked for outside of it."""

    def fetch(pos: int, length: int) -> bytes:
        assert pos >= 1
        assert length >= 1
        assert pos + length - 1 <= len(sequence)
        return sequence[pos - 1 : pos - 1 + length].encode()

    return fetch


@given(st.text("ACGT", min_size=8, max_size=40), st.data())
def test_normalised_alleles_make_the_same_sequence(sequence: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(1, len(sequence)))
    length = data.draw(st.integers(1, len(sequence) - start + 1))
    ref, alt = sequence[start - 1 : start - 1 + length], data.draw(DNA)

    def apply(pos: int, ref: str, alt: str) -> str:
        assert sequence[pos - 1 : pos - 1 + len(ref)] == ref
        return sequence[: pos - 1] + alt + sequence[pos - 1 + len(ref) :]

    pos, new_ref, new_alt = normalise(start, ref.encode(), alt.encode(), bases_of(sequence))
    assert apply(pos, new_ref.decode(), new_alt.decode()) == apply(start, ref, alt)
    assert new_ref
    assert new_alt
    assert len(new_ref) <= max(len(ref), 1) + 1


@given(st.integers(0, 9), st.integers(0, 9))
def test_every_place_in_a_repeat_is_one_insertion(first: int, second: int) -> None:
    """An insertion of C into a run of C has one normal spelling, wherever the caller put it."""
    sequence = "GATT" + "C" * 10 + "AG"

    def spelled(offset: int) -> tuple[int, bytes, bytes]:
        return normalise(5 + offset, b"C", b"CC", bases_of(sequence))

    assert spelled(first) == spelled(second) == (4, b"T", b"TC")


@given(st.text())
def test_encoded_values_are_safe_and_can_be_read_back(text: str) -> None:
    encoded = encode(text)
    assert not set(encoded) & set(",;= \t\r\n|:")
    assert unquote(encoded, errors="strict") == text


def test_spellings_of_one_insertion(vcf: Callable[..., Path], run: Run) -> None:
    """MITOMAP writes C>CC at 309; callers that align to the left write T>TC or A>AC at 302."""
    result = run(vcf([(302, "A", "AC"), (309, "C", "CC")]))
    counts = [result.info(index)["MITOMAP_AC"] for index in range(2)]
    assert counts[0] == counts[1]
    assert int(counts[0]) > 0


def test_values_by_allele(vcf: Callable[..., Path], run: Run) -> None:
    result = run(vcf([(73, "A", "T,G,<DEL>", "END=80")]))
    counts = result.info(0)["MITOMAP_AC"].split(",")
    assert len(counts) == 3
    assert counts[2] == "."
    assert int(counts[1]) > 40_000
    assert 0.7 < float(result.info(0)["MITOMAP_AF"].split(",")[1]) < 0.8


def test_known_and_novel(vcf: Callable[..., Path], run: Run) -> None:
    """A variant that MITOMAP does not list is novel; so is one for which it has a MitoTIP score only."""
    result = run(vcf([(73, "A", "G"), (577, "G", "T"), (3308, "TAC", "T")]))
    assert (result.summary["known"], result.summary["novel"]) == (1, 2)
    assert "MITOTIP" in result.info(1)
    assert "MITOMAP_AC" not in result.info(1)


def test_disease_names_are_readable(vcf: Callable[..., Path], run: Run) -> None:
    result = run(vcf([(16318, "A", "C")]))
    disease = result.info(0)["MITOMAP_DISEASE"]
    assert unquote(disease) == "Non-alcoholic steatohepatitis - potential for association"
