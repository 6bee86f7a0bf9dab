"""Reference bundles: found by name, checked, and refused when something is missing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from annotator.engine import BundleError, Reference
from annotator.engine.reference import bundle as reference_module
from annotator.engine.reference.build.compile_models import compile_models
from annotator.engine.reference.verify import verify
from tests.unit.engine.conftest import PROJECT

BUNDLE = PROJECT / "reference" / "rCRS"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BUNDLE, tmp_path / "rCRS"))


def edit(bundle: Path, **changes: Any) -> Path:
    manifest = json.loads((bundle / "manifest.json").read_text("utf-8"))
    (bundle / "manifest.json").write_text(json.dumps({**manifest, **changes}), "utf-8")
    return bundle


def test_names_and_aliases(rcrs: Reference) -> None:
    assert rcrs.canonical("chrM") == rcrs.canonical("MT") == rcrs.canonical("nc_012920.1") == "MT"
    assert rcrs.canonical("chr1") is None
    assert rcrs.contig("MT").length == 16569


def test_the_bundle_is_sound_and_small(rcrs: Reference) -> None:
    findings = verify(rcrs)
    assert findings.failed == []
    assert "models of MT: 37 transcripts, 13 coding" in findings.passed
    assert sum(path.stat().st_size for path in BUNDLE.iterdir()) < 2_000_000


def test_sources_have_versions_and_licences(rcrs: Reference) -> None:
    assert {one["name"] for one in rcrs.sources} >= {"MITOMAP", "rCRS sequence"}
    assert all(one["version"] and one["licence"] for one in rcrs.sources)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"schema": 99}, "reference_schema"),
        ({"contigs": [{}]}, "reference_manifest"),
        ({"fasta": "no.fa"}, "reference_incomplete"),
        ({"compiled": "no.arrow"}, "reference_incomplete"),
    ],
)
def test_manifests_that_cannot_be_used(bundle: Path, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(BundleError) as caught:
        Reference.load(edit(bundle, **changes))
    assert caught.value.code == code


def test_a_bundle_of_an_older_format_must_be_built_again(bundle: Path) -> None:
    with pytest.raises(BundleError, match="was built in the older format 1: build or fetch it again"):
        Reference.load(edit(bundle, schema=1))


def test_a_manifest_that_is_not_json(bundle: Path) -> None:
    (bundle / "manifest.json").write_text("{")
    with pytest.raises(BundleError) as caught:
        Reference.load(bundle)
    assert caught.value.code == "reference_manifest"


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(BundleError, match="known: rCRS, SARS-CoV-2"):
        Reference.load("hg99", [PROJECT / "reference"])


def test_models_that_contradict_the_sequence(bundle: Path, rcrs: Reference) -> None:
    models = bundle / "rCRS.gff3"
    models.write_text(models.read_text().replace("\tCDS\t3307\t", "\tCDS\t3308\t"))
    compile_models(models, rcrs.contigs, bundle / "models.arrow")
    failed = verify(Reference.load(bundle)).failed
    assert any(text.startswith("file rCRS.gff3") for text in failed)
    assert any("MT-ND1 starts with TAC" in text for text in failed)


def test_compiled_models_that_are_of_other_models(bundle: Path, rcrs: Reference) -> None:
    fewer = bundle / "fewer.gff3"
    fewer.write_text("".join(line for line in (bundle / "rCRS.gff3").open() if "MT-ND1" not in line))
    compile_models(fewer, rcrs.contigs, bundle / "models.arrow")
    failed = verify(Reference.load(bundle)).failed
    assert any(text.endswith("36 of 37 transcripts are compiled") for text in failed)


def test_models_for_csq_that_are_other_models(bundle: Path) -> None:
    (bundle / "rCRS.gff3").write_text("MT\tonly three\tcolumns\n")
    failed = verify(Reference.load(bundle)).failed
    assert any(text.startswith("file rCRS.gff3: sha256 is ") for text in failed)
    assert any(text.endswith("37 of 0 transcripts are compiled") for text in failed)


def test_transcripts_that_are_known_not_to_fit(bundle: Path, rcrs: Reference) -> None:
    """The manifest has their ids with versions; older ones may not."""
    models = bundle / "rCRS.gff3"
    text = models.read_text().replace("\tCDS\t3307\t", "\tCDS\t3308\t")
    models.write_text(text.replace("ID=transcript:MT-ND1;", "ID=transcript:MT-ND1;version=2;"))
    compile_models(models, rcrs.contigs, bundle / "models.arrow")
    failed = verify(Reference.load(edit(bundle, exceptions=["MT-ND"]))).failed
    assert any("MT-ND1.2 starts with TAC" in text for text in failed)
    model = Reference.load(edit(bundle, exceptions=["MT-ND1"]))
    assert not model.is_exception("MT-ND1.t2")
    for name in ("MT-ND1", "MT-ND1.2"):
        findings = verify(Reference.load(edit(bundle, exceptions=[name])))
        assert "models of MT: 37 transcripts, 13 coding, 1 known not to fit" in findings.passed


def test_the_window_of_the_sequence_moves(rcrs: Reference, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = rcrs.sequence().fetch("MT", 1, 16569)
    monkeypatch.setattr(reference_module, "WINDOW", 100)
    sequence = reference_module.Sequence(rcrs.fasta)
    for start, length in [(1, 5), (16560, 10), (50, 300), (120, 1), (16565, 20), (3, 1)]:
        assert sequence.fetch("MT", start, length) == whole[start - 1 : start - 1 + length]
