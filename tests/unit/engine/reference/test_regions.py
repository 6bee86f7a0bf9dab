"""Region tracks: merged by the build, and found for many records at once."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.engine import Reference
from annotator.engine.reference.build import regions as region_tracks
from annotator.engine.reference.build.regions import RegionSource, merge_regions
from annotator.engine.reference.bundle import RegionSpec, TrackSpec
from annotator.engine.reference.regions import RegionTracks
from annotator.engine.reference.verify import verify
from tests.unit.engine.small_genome import refusal

Build = Callable[..., int]
Region = tuple[int, int, str]


@pytest.fixture
def tracks(tmp_path: Path) -> list[str]:
    """Bands as BED without order; islands in gzip, without names; scored sites with other contig names."""
    bands = tmp_path / "bands.bed"
    bands.write_text("track name=bands\n1\t5000\t15000\tq2, end\n1\t0\t5000\tq1\nMT\t0\t1000\tm\nX\t0\t10\tnone\n")
    islands = tmp_path / "islands.bed.gz"
    islands.write_bytes(gzip.compress(b"#contig\tstart\tend\n1\t990\t1020\n1\t1010\t1100\n"))
    sites = tmp_path / "sites.bed"
    sites.write_text("chr1\t1000\t1001\tV1\t850\t+\nchr1\t1000\t1001\tV2\t900\t-\nchr1\t7\t7\tV3\t1\t+\n")
    return [
        *("--regions", f"BAND={bands}", "--regions", f"ISLAND={islands}", "--regions", f"SITE={sites}:name,score"),
        *("--describe", "BAND=Cytogenetic band", "--source", "BAND=made up", "--licence", "ISLAND=public domain"),
    ]


def found(reference: Reference, contig: str, places: list[tuple[int, int]]) -> dict[str, list[str | None]]:
    assert reference.regions
    loaded = RegionTracks.load(reference.regions[0], contig)
    pos, end = (np.array([place[at] for place in places]) for at in (0, 1))
    return {info: values.to_pylist() for info, values in loaded.overlapping(pos, end).items()}


def test_tracks_become_one_file_and_are_found(
    build: Build, tmp_path: Path, tracks: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert build(*tracks) == 0
    said = capsys.readouterr().out
    assert "regions BAND: 3, 1 left out (contig without sequence)" in said
    assert "regions SITE: 2, 1 left out (no bases)" in said
    reference = Reference.load(tmp_path / "bundle")
    assert reference.regions
    assert [track.info for track in reference.tracks] == ["BAND", "ISLAND", "SITE"]
    assert reference.tracks[0].description == "Cytogenetic band"
    assert [source["name"] for source in reference.sources][2:] == ["BAND", "ISLAND", "SITE"]
    assert reference.sources[2]["version"] == "made up"
    findings = verify(reference)
    assert findings.failed == []
    assert "regions: BAND 3, ISLAND 2, SITE 2" in findings.passed
    places = [(1, 1), (1001, 1001), (1020, 1020), (1021, 1021), (5000, 5001), (985, 1200), (14000, 14000)]
    assert found(reference, "1", places) == {
        "BAND": ["q1", "q1", "q1", "q1", "q1,q2%2C%20end", "q1", "q2%2C%20end"],
        "ISLAND": [None, "991-1020", "991-1020,1011-1100", "1011-1100", None, "991-1020,1011-1100", None],
        "SITE": [None, "V1/850,V2/900", None, None, None, "V1/850,V2/900", None],
    }
    assert found(reference, "MT", [(5, 5)]) == {"BAND": ["m"], "ISLAND": [None], "SITE": [None]}


def test_a_part_of_a_contig(build: Build, tmp_path: Path, tracks: list[str]) -> None:
    assert build(*tracks) == 0
    (spec,) = Reference.load(tmp_path / "bundle").regions
    at = np.array([1020, 1021])
    part = RegionTracks.load(spec, "1", 1020, 1021).overlapping(at, at)
    whole = RegionTracks.load(spec, "1").overlapping(at, at)
    assert {info: one.to_pylist() for info, one in part.items()} == {
        info: one.to_pylist() for info, one in whole.items()
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1\t14000\t15000\ta\n", "R has no region on a contig of the sequence"),
        ("X\t0\t15\ta\n", "R has no region on a contig of the sequence"),
        ("1\tzero\t15\ta\n", "R.bed, line 1: no region in the columns that are read"),
        ("1\t3\n", "R.bed, line 1: no region in the columns that are read"),
    ],
)
def test_tracks_that_cannot_be_used(
    build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, reason: str
) -> None:
    (tmp_path / "R.bed").write_text(text)
    assert build("--regions", f"R={tmp_path / 'R.bed'}") == 1
    assert reason in refusal(capsys, tmp_path)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--regions", "R=none.bed"], "There is no file none.bed"),
        (["--regions", "R"], "NAME=FILE.bed.gz or NAME=FILE:COLUMN,... is wanted"),
        (["--regions", "R=a.bed:colour"], "NAME=FILE.bed.gz or NAME=FILE:COLUMN,... is wanted"),
        (["--describe", "R=regions"], "--describe R: there are no regions of that name"),
    ],
)
def test_options_that_make_no_sense(
    build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], reason: str
) -> None:
    assert build(*options) == 1
    assert reason in refusal(capsys, tmp_path)


regions = st.tuples(st.integers(1, 60), st.integers(0, 30), st.sampled_from("abc")).map(
    lambda one: (one[0], one[0] + one[1], one[2])
)
places = st.tuples(st.integers(1, 95), st.sampled_from([0, 0, 0, 1, 7, 40])).map(lambda one: (one[0], one[0] + one[1]))


@settings(deadline=None)
@given(st.lists(regions, max_size=12), st.lists(places, min_size=1, max_size=20), st.integers(1, 20))
def test_every_region_is_found(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[Region], asked: list[tuple[int, int]], waiting: int
) -> None:
    """Against looking at each region, on a contig that begins with one known region; with and without a file."""
    directory = tmp_path_factory.mktemp("regions")
    drawn = [(1, 1, "first"), *drawn]
    table = directory / "r.bed"
    table.write_text("".join(f"1\t{first - 1}\t{last}\t{value}\n" for first, last, value in drawn))
    contig = Reference.load("rCRS").contigs[0]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(region_tracks, "WAITING", waiting)
        out = directory / "regions.tsv.gz"
        merge_regions([RegionSource("R", table)], out, [contig], {"1": contig.name}.get, directory)
    loaded = RegionTracks.load(RegionSpec(out, (TrackSpec("R", "R", ""),)), contig.name)
    pos, end = (np.array([place[at] for place in asked]) for at in (0, 1))
    assert loaded.overlapping(pos, end)["R"].to_pylist() == [
        ",".join(dict.fromkeys(value for first, last, value in sorted(drawn) if first <= high and low <= last)) or None
        for low, high in asked
    ]
