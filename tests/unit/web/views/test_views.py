"""Amounts and summaries as people read them."""
from __future__ import annotations

import pytest

from chalicelib.domain import amounts
from chalicelib.web.views.distribution import DistributionView
from chalicelib.web.views.summary import CONSEQUENCES_SHOWN, SummaryView


@pytest.mark.parametrize(("number", "words"), [
    (0, "0 bytes"), (1, "1 byte"), (1023, "1,023 bytes"), (1024, "1 KB"), (1536, "1.5 KB"), (153_600, "150 KB"),
    (1_048_575, "1 MB"), (5 * 1024**3, "5 GB"), (1_288_490_189, "1.2 GB"), (2**50, "1,024 TB")])
def test_size(number: int, words: str) -> None:
    assert amounts.size(number).replace("\N{NO-BREAK SPACE}", " ") == words


@pytest.mark.parametrize(("seconds", "words"), [
    (0, "under a second"), (8, "8 s"), (60, "1 min"), (95, "1 min 35 s"), (3599, "59 min"), (4800, "1 h 20 min"),
    (7200, "2 h"), (5 * 86_400, "5 days")])
def test_duration(seconds: int, words: str) -> None:
    assert amounts.duration(seconds).replace("\N{NO-BREAK SPACE}", " ") == words


def test_times() -> None:
    assert amounts.iso(1_790_000_000) == "2026-09-21T14:13:20Z"
    assert amounts.utc(1_790_000_000) == "21 Sep 2026, 14:13 UTC"


def test_summary_of_an_engine_that_counts_less() -> None:
    view = SummaryView.of({"records": 0})
    assert view.figures == (("Records", "0"),)
    assert view.consequences == view.impacts == view.warnings == ()
    assert (view.most_consequences, view.most_impacts) == (1, 1)


def test_summary_shows_the_most_frequent_terms() -> None:
    view = SummaryView.of({"consequences": {f"term_{number:02d}": number for number in range(30)}})
    assert view.consequences[0].name == "term_29"
    assert len(view.consequences) == CONSEQUENCES_SHOWN
    assert view.other_consequences == 30 - CONSEQUENCES_SHOWN


def test_most_severe_consequences_come_before_all() -> None:
    view = SummaryView.of({"consequences": {"a": 9, "b": 5}, "most_severe": {"b": 5}})
    assert ([bar.name for bar in view.consequences], view.terms, view.most_severe) == (["b"], ("b",), True)
    assert SummaryView.of({"consequences": {"a": 9}}).most_severe is False


def test_examples_for_filters_are_of_the_file() -> None:
    summary = SummaryView.of({"contigs": {"chr1": 2, "chr22": 9}, "genes": {"A": 1, "APOL1": 5}})
    assert (summary.gene_example, summary.region_example) == ("APOL1", "chr22")
    dense = SummaryView.of({"contigs": {"22": 9}, "density": {"22": {"length": 50_818_468, "bin": 508_185,
                                                                     "counts": [0] * 39 + [9]}}})
    assert dense.region_example == "22:19,819,216-20,327,400"
    empty = SummaryView.of({"genes": None})
    assert (empty.gene_example, empty.region_example) == ("", "")


def test_known_and_novel_variants_are_shown_only_if_the_reference_has_known_variants() -> None:
    assert SummaryView.of({"known": 0, "novel": 1}).figures == (("Known records", "0"), ("Novel records", "1"))
    assert SummaryView.of({"known": None, "novel": None}).figures == ()


def test_samples_are_shown_when_there_are_some() -> None:
    assert ("Samples", "3") in SummaryView.of({"samples": 3}).figures
    assert SummaryView.of({"samples": 0}).figures == ()


def test_key_figures_in_their_order() -> None:
    view = SummaryView.of({"records": 10, "alleles": 12, "known": 9, "novel": 3, "snvs": 11, "indels": 1, "titv": 2.1,
                           "genes_hit": 4, "impacts": {"HIGH": 2}})
    assert view.figures == (
        ("Records", "10"), ("Variants", "12"), ("Known records", "9"), ("Novel records", "3"),
        ("High-impact records", "2"), ("Genes with variants", "4"), ("Ti/Tv", "2.10"), ("SNVs", "11"), ("Indels", "1"))


def test_contigs_are_in_the_order_that_people_expect() -> None:
    distribution = DistributionView.of({"contigs": {"chrM": 1, "chr10": 2, "GL000220.1": 1, "chrX": 1, "chr2": 3}})
    assert distribution is not None
    assert [contig.name for contig in distribution.contigs] == ["chr2", "chr10", "chrX", "chrM", "GL000220.1"]
    assert (distribution.most, distribution.most_in_bin, distribution.circle) == (3, 0, None)


def test_density_along_chromosomes() -> None:
    distribution = DistributionView.of({"contigs": {"1": 7, "2": 2}, "density": {
        "1": {"length": 1000, "bin": 300, "counts": [1, 5, 0, 1]}, "2": {"length": 500, "bin": 300, "counts": [2, 0]}}})
    assert distribution is not None
    first, second = distribution.contigs
    assert first.densest is not None
    assert (first.densest.start, first.densest.end, first.densest.number) == (301, 600, 5)
    assert first.bins[-1].end == 1000
    assert (first.share, second.share) == (1.0, 0.5)
    assert distribution.most_in_bin == 5


def test_the_mitochondrion_is_a_circle() -> None:
    counts = [0] * 100
    counts[0], counts[50] = 2, 4
    distribution = DistributionView.of({"contigs": {"MT": 6}, "density": {"MT": {
        "length": 16569, "bin": 166, "counts": counts}}})
    assert distribution is not None
    assert distribution.circle is not None
    top, bottom = distribution.circle.spokes
    assert top.y2 < top.y1 < 0
    assert abs(top.x1) < 5
    assert bottom.y2 > bottom.y1 > 0
    assert bottom.y2 == pytest.approx(116, abs=0.5)
    assert distribution.circle.most == 4
    assert [arc.name for arc in distribution.circle.arcs] == [
        "RNR1", "RNR2", "ND1", "ND2", "CO1", "CO2", "ATP6", "CO3", "ND3", "ND4", "ND5", "ND6", "CYB"]


@pytest.mark.parametrize("name", ["NC_045512.2", "MN908947.3"])
def test_sars_cov_2_is_a_line(name: str) -> None:
    counts = [0] * 100
    counts[0], counts[99] = 2, 4
    distribution = DistributionView.of({"contigs": {name: 6}, "density": {name: {
        "length": 29903, "bin": 300, "counts": counts}}})
    assert distribution is not None
    assert distribution.circle is None
    assert distribution.line is not None
    first, last = distribution.line.bars
    assert (first.x, first.height, last.height, distribution.line.most) == (0, 32, 64, 4)
    assert last.x + last.width == pytest.approx(360, abs=0.01)
    assert [gene.name for gene in distribution.line.genes] == [
        "ORF1ab", "S", "ORF3a", "E", "M", "ORF6", "ORF7a", "ORF7b", "ORF8", "N", "ORF10"]
    assert [gene.label for gene in distribution.line.genes if gene.label] == ["ORF1ab", "S", "ORF3a", "N"]


@pytest.mark.parametrize(("name", "length"), [("MT", 16571), ("chr1", 16569), ("MT", 16299), ("NC_045512.2", 29902)])
def test_another_sequence_is_not_drawn_with_genes(name: str, length: int) -> None:
    distribution = DistributionView.of({"contigs": {name: 6}, "density": {name: {
        "length": length, "bin": 166, "counts": [6] + [0] * 99}}})
    assert distribution is not None
    assert (distribution.circle, distribution.line) == (None, None)


@pytest.mark.parametrize("summary", [{}, {"contigs": {}}, {"contigs": None}, {"density": {"1": {"counts": [1]}}}])
def test_no_distribution_where_none_was_counted(summary: dict[str, object]) -> None:
    assert DistributionView.of(summary) is None
