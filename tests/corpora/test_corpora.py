"""The checks of `make corpora`, on small files of packages that are kept here and on the given cases of the engine."""

from __future__ import annotations

import subprocess
import tarfile
from collections import Counter
from pathlib import Path

import pysam.bcftools
import pytest

from annotator.engine import EngineError, Reference
from tests.corpora import __main__ as command
from tests.corpora import packages
from tests.corpora.build_made import main as build_made
from tests.corpora.checks import Row, check
from tests.corpora.made_reference import Bases, build_reference, contigs_of_models, contigs_of_vcf, reference_for
from tests.corpora.packages import Found, Package, UnavailableError, files_of, without_copies
from tests.whole_files import RAW, BrokenPromiseError, check_file

PROJECT = Path(__file__).resolve().parents[2]
SAMPLES = Path(__file__).parent / "samples"
CASES = PROJECT / "tests" / "unit" / "engine" / "cases"
FILES = [path for folder in (SAMPLES, CASES) for path in sorted(folder.rglob("*")) if packages.WANTED.search(path.name)]
MADE = Package("made", "1", "sdist")


VARIANTS = [path for path in FILES if ".vcf" in path.name]
MODELS = [path for path in FILES if ".vcf" not in path.name and ".bcf" not in path.name]


@pytest.mark.parametrize("path", VARIANTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_vcf_file_is_annotated_or_refused_and_nothing_is_lost(path: Path, tmp_path: Path) -> None:
    results = tmp_path / "results"
    results.mkdir()
    outcome = check_file(path, reference_for(path, tmp_path), results)
    assert (outcome.refusal is None) == results.joinpath("first.annot.vcf.gz").is_file()


@pytest.mark.parametrize("readable", [True, False])
def test_a_bcf_file_has_the_answer_of_its_text(readable: bool, tmp_path: Path) -> None:
    text = CASES / "peer" / "08-format-bcsq-of-an-earlier-csq-run" / "input.vcf"
    binary = tmp_path / "input.bcf"
    if readable:
        pysam.bcftools.view("-Ob", "-o", str(binary), str(text), catch_stdout=False)
    else:
        binary.write_bytes(b"BCF\x02\x02 and nothing of the kind")
    row = check(Found(MADE, binary, "made-1/input.bcf", "bcf"))
    assert row.result == ("annotated" if readable else "refused"), row.detail
    assert readable == (row.records > 0)


@pytest.mark.parametrize("path", MODELS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_gene_models_are_built_or_refused_in_our_words(path: Path, tmp_path: Path) -> None:
    contigs, bundle = contigs_of_models(path), tmp_path / "bundle"
    message = "built"
    try:
        assert len(build_reference(contigs, path, bundle).contigs) == len(contigs)
    except EngineError as error:
        message = error.message
    assert bundle.exists() == (message == "built")
    assert message
    assert RAW.search(message) is None


def test_the_samples_have_their_licences() -> None:
    folders = [path for path in SAMPLES.iterdir() if path.is_dir()]
    assert folders
    assert [path.name for path in folders if not (path / "LICENSE").is_file()] == []
    assert sum(path.stat().st_size for path in SAMPLES.rglob("*")) < 1 << 20


def test_a_made_reference_has_the_bases_of_ref_where_they_are(tmp_path: Path) -> None:
    path = tmp_path / "in.vcf"
    path.write_text(
        "##fileformat=VCFv4.2\n##contig=<ID=9,length=138000000>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        "9\t65279\t.\tGGGGG\tA\t.\t.\t.\n9\t130000000\t.\tCCCC\tA\t.\t.\tEND=130000900\nX\t7\t.\tN\tA\t.\t.\t.\n"
    )
    reference = reference_for(path, tmp_path)
    assert {contig.name: contig.length for contig in reference.contigs} == {"9": 138_000_000, "X": 1000}
    sequence = reference.sequence()
    # Across the end of a BGZF block of 65,280 bytes.
    assert sequence.fetch("9", 65279, 5) == b"GGGGG"
    assert sequence.fetch("9", 130_000_000, 4) == b"CCCC"
    assert sequence.fetch("X", 7, 1) == b"N"
    assert len(sequence.fetch("9", 138_000_000 - 9, 20)) == 10
    assert sum(one.stat().st_size for one in reference.directory.iterdir()) < 2_000_000


def test_contigs_reach_as_far_as_records_and_models_do(tmp_path: Path) -> None:
    models = tmp_path / "x.gff3"
    models.write_text("##sequence-region 2 1 3000\n1\tx\tgene\t5000\t9000\t.\t+\t.\tID=g\nodd line\n")
    assert contigs_of_models(models) == {"2": Bases(3200), "1": Bases(9200)}
    empty = tmp_path / "x.vcf"
    empty.write_text("no VCF at all\n")
    assert contigs_of_vcf(empty) == {"1": Bases()}


def test_gene_models_are_built_by_a_command_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = tmp_path / "x.gff3"
    models.write_text("1\tx\tncRNA\t50\t90\t.\t+\t.\tID=r\n1\tx\texon\t50\t90\t.\t+\t.\tParent=r\n")
    assert build_made(models, tmp_path / "bundle") == 0
    assert Reference.load(tmp_path / "bundle").contig("1").length == 1000
    models.write_text("1\tx\texon\t90\t50\t.\t+\t.\tParent=r\n")
    assert build_made(models, tmp_path / "other") == 1
    assert "line 1" in capsys.readouterr().err


def test_files_of_a_package_are_taken_from_its_archive_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    texts = {"a.vcf": "some text", "b.vcf": "some text", "c.GTF": "x", "d.txt": "no", "e.bcf": "yy"}
    for name, text in texts.items():
        (source / name).write_text(text)
    calls = []

    def download(command: list[str], cwd: Path, **_: object) -> subprocess.CompletedProcess[str]:
        calls.append(command)
        with tarfile.open(cwd / "made-1.tar.gz", "w:gz") as archive:
            archive.add(source, "made-1")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(packages.subprocess, "run", download)
    for _ in range(2):
        found = files_of(MADE, tmp_path)
        assert [(one.name, one.kind) for one in found] == [
            ("made-1/c.GTF", "models"), ("made-1/e.bcf", "bcf"), ("made-1/a.vcf", "vcf"), ("made-1/b.vcf", "vcf"),
        ]  # fmt: skip
    assert len(calls) == 1
    assert "made==1" in calls[0]
    assert [one.name for one in without_copies(found)] == ["made-1/c.GTF", "made-1/e.bcf", "made-1/a.vcf"]


def test_without_a_network_the_command_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "ERROR: No matching distribution found for made==1\n")

    monkeypatch.setattr(packages.subprocess, "run", fail)
    with pytest.raises(UnavailableError, match="No matching distribution"):
        files_of(MADE, tmp_path)
    monkeypatch.setattr(command, "PACKAGES", (MADE,))
    monkeypatch.setattr("sys.argv", ["corpora", "--cache", str(tmp_path)])
    assert command.main() == 3
    assert "needs a network" in capsys.readouterr().out


def test_a_file_that_breaks_something_fails_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "in.vcf"
    path.write_text("text")
    found = Found(MADE, path, "in.vcf", "vcf")

    def broken(*_: object) -> None:
        raise BrokenPromiseError("1 records in, 2 out")

    monkeypatch.setattr("tests.corpora.checks.check_file", broken)
    row = check(found)
    assert row == Row(found, "FAILED", detail="1 records in, 2 out")
    text = command.table([row, Row(found, "annotated", 7)], {Package("other", "2", "deb"): "no apt-get"})
    assert [line.split() for line in text.splitlines()[1:]] == [
        ["made-1", "2", "1", "7", "0", "0", "1"],
        ["other-2", "not", "available"],
        ["all", "2", "1", "7", "0", "0", "1"],
    ]
    assert Counter(line.startswith("package") for line in text.splitlines())[True] == 1
