"""The pure parts of `make bench-genome`: steps that are skipped, the section of the documentation, the plots."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from tests.conftest import PROJECT
from tests.performance import bench_genome, genome_figures, plots
from tests.performance.genome.files import Genome


def point(size: int, processor: float = 10.0) -> dict[str, float]:
    return {"processor": processor, "passed": processor / 2, "memory": 200e6 + size, "size": size}


@pytest.fixture
def figures() -> dict[str, Any]:
    about = {
        "bases": 3_088_269_832, "scale": "1", "transcripts": 180_000, "records": 4_478_000, "known": 30_000_000,
        "every": 100, "machine": "A processor", "processors": 2, "load": 0.5, "python": "3.11.9", "engine": "1.0",
        "bcftools": "1.24",
    }  # fmt: skip
    series = {name: [point(size, size + 1.0) for size in (0, 1, 2, 4)] for name in genome_figures.GROWTHS}
    taken = {"bundle": 190.0, "known bundle": 400.0, "csq": 80.0, "annotation": 160.0, "known annotation": 200.0}
    vepyr = {**point(1, 30.0), "ours": 10.0, "version": "0.10.0", "records": 70_000}
    steps = {name: point(160_000_000, seconds) for name, seconds in taken.items()}
    return {"about": about, **steps, "vepyr": vepyr, **series}


def test_the_section_names_sizes_machine_versions_and_ratios(figures: dict[str, Any]) -> None:
    text = genome_figures.section(figures)
    assert "3.09 Gb" in text
    assert "A processor, 2 processors" in text
    assert "bcftools 1.24" in text
    assert "| annotation with one track of regions | 160 | 80 | 360 | 160 |" in text
    assert "takes 2.00 times the processor time of `bcftools csq -l`" in text
    assert "2.50 times with known variants, which is 1.25 times the pass without" in text
    assert "vepyr 0.10.0 takes 30.0 processor seconds and the engine 10.0; their ratio is 3.0." in text
    assert "from 0 to 4 layers of known variants 1.0 to 5.0 processor seconds" in text


def test_vepyr_may_be_missing(figures: dict[str, Any]) -> None:
    figures["vepyr"] = {"missing": "it is not installed"}
    assert "- vepyr is left out: it is not installed." in genome_figures.section(figures)


def test_the_section_replaces_the_one_before() -> None:
    page = f"# Page\n\n{genome_figures.BEGIN}\nold\n{genome_figures.END}\n\n## After\n"
    new = genome_figures.with_section(page, "new")
    assert new == f"# Page\n\n{genome_figures.BEGIN}\nnew\n{genome_figures.END}\n\n## After\n"
    assert genome_figures.with_section(new, "new") == new


@pytest.mark.parametrize("page", [
    "", genome_figures.BEGIN, f"{genome_figures.END}{genome_figures.BEGIN}",
    f"{genome_figures.BEGIN}{genome_figures.BEGIN}{genome_figures.END}",
])  # fmt: skip
def test_a_page_without_its_markers_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="markers"):
        genome_figures.with_section(page, "new")


def test_the_page_has_the_markers() -> None:
    page = (PROJECT / "docs" / "performance.md").read_text("utf-8")
    assert genome_figures.with_section(page, "new") != page


def test_a_plot_has_a_panel_of_time_and_one_of_memory_for_each_growth(figures: dict[str, Any]) -> None:
    drawn = Xml.fromstring(genome_figures.plots(figures))
    lines = [one for one in drawn.iter() if one.tag.endswith("polyline")]
    assert len(lines) == len(genome_figures.GROWTHS) * 3  # processor time and time, and memory
    assert len({one.get("points") for one in lines[:3]}) == 3


def test_points_of_a_plot_are_to_scale() -> None:
    drawn = Xml.fromstring(plots.plot([plots.Panel("a < b", "records", "s", {"x": [(0, 0), (5, 1), (10, 2)]})]))
    (line,) = (one for one in drawn.iter() if one.tag.endswith("polyline"))
    first, middle, last = (tuple(map(float, pair.split(","))) for pair in str(line.get("points")).split())
    assert middle == pytest.approx(((first[0] + last[0]) / 2, (first[1] + last[1]) / 2))
    assert last[0] - first[0] == plots.WIDTH
    assert first[1] - last[1] == plots.HEIGHT


@pytest.mark.parametrize(("value", "text"), [(0.5, "0.5"), (12, "12"), (44_800, "44.8k"), (4_478_000, "4.48M")])
def test_numbers_of_an_axis(value: float, text: str) -> None:
    assert plots.short(value) == text


def test_steps_that_are_done_are_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    names = ("files", "build", "about", "csq", "annotate", "vepyr", "records", "transcripts", "layers", "processes")
    for name in names:
        monkeypatch.setattr(bench_genome.Bench, name, lambda *_, name=name, **__: called.append(name) or [name])
    said: list[str] = []
    genome = Genome(Fraction(1, 10))
    (tmp_path / "figures.json").write_text(json.dumps({"files": 1, "csq": 2}))
    figures = bench_genome.Bench(genome, tmp_path, said.append).run()
    assert "csq" not in called
    assert called.count("build") == 2
    assert figures["csq"] == 2
    assert json.loads((tmp_path / "figures.json").read_text()) == figures
    called.clear()
    assert bench_genome.Bench(genome, tmp_path, said.append).run() == figures
    assert called == []
    assert said[-1] == "13/13 processes: done before"


def test_a_command_is_measured() -> None:
    point = bench_genome.measured(["python3", "-c", "sum(range(3_000_000)); import time; time.sleep(0.2)"])
    assert point["processor"] > 0
    assert point["passed"] > 0
    assert point["memory"] > 1 << 20
