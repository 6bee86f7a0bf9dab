"""Texts of HGVS descriptions, and descriptions taken over by isoforms."""

from __future__ import annotations

import pyarrow as pa
import pytest

from annotator.engine.consequence.hgvs import HgvsC, HgvsP, Position, hgvsc_texts, hgvsp_texts


def on_transcript(start: Position, end: Position, kind: str, ref: str = "", alt: str = "") -> str:
    text: str = hgvsc_texts([HgvsC(start, end, kind, ref, alt)], pa.array(["T.1:c."]))[0].as_py()
    return text


@pytest.mark.parametrize(
    ("start", "end", "edit", "text"),
    [
        (Position(12), Position(12), (">", "A", "G"), "T.1:c.12A>G"),
        (Position(-40, 977), Position(-40, 977), (">", "G", "T"), "T.1:c.-40+977G>T"),
        (Position(5), Position(8), ("del",), "T.1:c.5_8del"),
        (Position(88, -2), Position(90), ("dup",), "T.1:c.88-2_90dup"),
        (Position(3), Position(5, after_stop=True), ("delins", "", "AC"), "T.1:c.3_*5delinsAC"),
        (Position(4, 1, after_stop=True), Position(4, 2, after_stop=True), ("ins", "", "T"), "T.1:c.*4+1_*4+2insT"),
    ],
)
def test_changes_of_transcripts(start: Position, end: Position, edit: tuple[str, ...], text: str) -> None:
    assert on_transcript(start, end, *edit) == text


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (HgvsP("A", 5, "", 5, "", "V"), "P.1:p.Ala5Val"),
        (HgvsP("AG", 5, "", 5, "="), "P.1:p.AlaGly5%3D"),
        (HgvsP("M", 1, "", 1, "?"), "P.1:p.Met1?"),
        (HgvsP("A", 5, "K", 9, "del"), "P.1:p.Ala5_Lys9del"),
        (HgvsP("U", 5, "", 5, "dup"), "P.1:p.Sec5dup"),
        (HgvsP("A", 5, "K", 6, "ins", "G*"), "P.1:p.Ala5_Lys6insGlyTer"),
        (HgvsP("E", 2, "", 2, "", "R", "fs", 18), "P.1:p.Glu2ArgfsTer18"),
        (HgvsP("E", 2, "", 2, "", "R", "fs"), "P.1:p.Glu2ArgfsTer?"),
        (HgvsP("*", 30, "", 30, "", "Q", "ext", 7), "P.1:p.Ter30GlnextTer7"),
        (HgvsP("A", 29, "*", 30, "del", "", "ext"), "P.1:p.Ala29_Ter30delextTer?"),
    ],
)
def test_changes_of_proteins(change: HgvsP, text: str) -> None:
    assert hgvsp_texts([change], pa.array(["P.1:p."])).to_pylist() == [text]


def test_rows_without_a_description_are_empty() -> None:
    one = HgvsC(Position(7), Position(7), "del")
    names = pa.array(["A:c.", "B:n.", "C:c."])
    assert hgvsc_texts([None, one, None], names).to_pylist() == ["", "B:n.7del", ""]
    assert hgvsc_texts([None] * 3, names).to_pylist() == hgvsp_texts([None] * 3, names).to_pylist() == [""] * 3
    assert hgvsc_texts([], names[:0]).to_pylist() == []


def test_isoforms_count_other_bases_in_front() -> None:
    """Positions in the coding sequence change; those in UTRs count from its ends and stay."""
    change = HgvsC(Position(-3, 2), Position(9, -1), "delins", "", "A")
    assert change.renumbered(60) == HgvsC(Position(-3, 2), Position(69, -1), "delins", "", "A")
    behind = Position(4, 0, after_stop=True)
    assert HgvsC(Position(9), behind, "del").renumbered(-6) == HgvsC(Position(3), behind, "del")
    assert HgvsP("A", 5, "K", 9, "del").renumbered(20) == HgvsP("A", 25, "K", 29, "del")
    assert HgvsP("E", 5, "", 5, "", "R", "fs", 18).renumbered(-2) == HgvsP("E", 3, "", 3, "", "R", "fs", 18)
