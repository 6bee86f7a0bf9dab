"""Builds that are interrupted and resumed, and builds by several processes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from annotator.engine import BundleError
from annotator.engine.reference.build import bundle_builder, contig_models, known_variants, processes
from annotator.engine.reference.build.partial_build import PartialBuild
from annotator.engine.reference.build.recipe import Recipe
from annotator.engine.reference.build.regions import RegionSource
from annotator.engine.reference.build.time_left import TimeLeft
from annotator.engine.reference.build.variant_source import VariantSource
from tests.unit.engine.small_genome import GENES, gff3, write_fasta

VCF = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"


@pytest.fixture
def files(tmp_path: Path, genome: dict[str, str]) -> Path:
    """The directory with the files of a small reference."""
    write_fasta(tmp_path / "fa", genome)
    (tmp_path / "gff").write_text(gff3(GENES))
    bases = {name: genome[name][304] for name in ("1", "MT")}
    rows = [f"{name}\t305\trs1\t{base}\t{'ACGT'[base == 'A']}\t.\t.\t.\n" for name, base in bases.items()]
    (tmp_path / "vcf").write_text(VCF + "".join(rows))
    (tmp_path / "bed").write_text("1\t0\t500\tq1\n")
    return tmp_path


def recipe(files: Path) -> Recipe:
    return Recipe(
        name="small",
        fasta=files / "fa",
        models=files / "gff",
        variants=[VariantSource("rs", (files / "vcf",), ("ID",))],
        regions=[RegionSource("BAND", files / "bed")],
        codes={"MT": 2},
    )


def built(files: Path, out: str) -> dict[str, bytes]:
    """The files of a new bundle, with their contents."""
    bundle_builder.build(recipe(files), files / out, lambda _: None)
    return {path.name: path.read_bytes() for path in (files / out).iterdir()}


def several(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small inputs, too, are worked on by several processes."""
    monkeypatch.setattr(processes, "PARALLEL_BYTES", 0)
    monkeypatch.setattr(processes, "processors", lambda: 3)
    monkeypatch.setattr(contig_models, "TOGETHER", 1)


def test_several_processes_build_the_same_bundle(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = built(files, "one")
    several(monkeypatch)
    assert built(files, "three") == one


class Interrupted:
    """Stands for a function that is interrupted the second time, and counts its calls."""

    def __init__(self, work: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls, self.stop_at = 0, 2
        self._work = work
        monkeypatch.setattr(known_variants, "_merge_contig", self)

    def __call__(self, *arguments: Any) -> Any:
        self.calls += 1
        if self.calls == self.stop_at:
            raise KeyboardInterrupt
        return self._work(*arguments)


@pytest.fixture
def interrupted(files: Path, monkeypatch: pytest.MonkeyPatch) -> Interrupted:
    """A build of ``files / "cut"`` was interrupted when the first contig was complete."""
    merge = Interrupted(known_variants._merge_contig, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        built(files, "cut")
    assert not (files / "cut").exists()
    assert (files / ".cut.partial").is_dir()
    merge.calls, merge.stop_at = 0, 0
    return merge


def no_copy(*_: Any) -> None:
    pytest.fail("the sequence is copied again")


def test_an_interrupted_build_is_resumed(
    files: Path, interrupted: Interrupted, genome: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(bundle_builder, "copy_sequence", no_copy)
        bundle_builder.build(recipe(files), files / "cut", said.append)
    assert said[0] == "an interrupted build is resumed"
    assert "known variants rs: 2 alleles" in said
    assert interrupted.calls == len(genome) - 1, "one contig was complete"
    assert {path.name: path.read_bytes() for path in (files / "cut").iterdir()} == built(files, "whole")
    assert not list(files.glob(".cut*"))


@pytest.mark.parametrize("name", ["fa", "gff", "vcf", "bed"])
def test_nothing_is_used_again_when_a_file_has_changed(
    files: Path, interrupted: Interrupted, genome: dict[str, str], name: str
) -> None:
    os.utime(files / name, ns=(1, 1))
    built(files, "cut")
    assert interrupted.calls == len(genome)


def test_nothing_is_used_again_for_another_recipe(
    files: Path, interrupted: Interrupted, genome: dict[str, str]
) -> None:
    other = recipe(files)
    other.circular = ("1",)
    bundle_builder.build(other, files / "cut", lambda _: None)
    assert interrupted.calls == len(genome)


def test_a_build_that_fails_leaves_nothing(files: Path) -> None:
    (files / "bed").write_text("nowhere\t0\t500\tq1\n")
    with pytest.raises(BundleError, match="BAND has no region"):
        built(files, "failed")
    assert not list(files.glob("*failed*"))


def test_a_bundle_is_built_by_one_process_at_a_time(files: Path) -> None:
    with PartialBuild(recipe(files), files / "out"), pytest.raises(BundleError, match="Another process is building"):
        built(files, "out")
    assert built(files, "out")


def test_a_killed_process_is_an_error_of_the_build(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    several(monkeypatch)

    def killed(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    for module, name in ((bundle_builder, "copy_sequence"), (known_variants, "_merge_contig")):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, killed)
            with pytest.raises(BundleError, match="A process of the build was killed"):
                built(files, "killed")


def test_an_error_in_the_other_process_ends_the_build(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    several(monkeypatch)
    (files / "fa").write_text(">1\nAC?T\n")
    with pytest.raises(BundleError, match=r"fa, line 2: not a sequence of bases; '\?' is not a base"):
        built(files, "wrong")


def test_the_time_that_is_left() -> None:
    said: list[str] = []
    seconds = iter([0.0, 0.0, 5.0, 11.0, 12.0, 90.0, 3000.0])
    progress = TimeLeft("known variants", 1000, said.append, lambda: next(seconds))
    progress.begin(100)
    for done in (150, 200, 300, 550, 600):
        progress.show(done)
    assert said == [
        "known variants: 20%, about 88 s left",
        "known variants: 55%, about 2 min left",
        "known variants: 60%, about 40 min left",
    ]
