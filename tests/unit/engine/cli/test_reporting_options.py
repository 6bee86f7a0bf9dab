"""Options of ``annotate`` that say what is reported."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from annotator.engine.cli.app import main
from annotator.engine.consequence.output.csq_fields import FIELDS
from annotator.engine.consequence.pick import PICK_ORDER
from tests.unit.engine.conftest import PROJECT

SAMPLE = PROJECT / "reference" / "rCRS" / "sample.vcf"


@pytest.fixture
def annotate(tmp_path: Path) -> list[str]:
    """The words of a command that annotates the sample."""
    out = str(tmp_path / "x.annot.vcf.gz")
    return ["annotate", str(SAMPLE), "--reference", str(PROJECT / "reference" / "rCRS"), "--out", out]


def results(words: list[str]) -> str:
    return gzip.decompress(Path(words[-1]).read_bytes()).decode()


def test_fields_are_written_in_the_order_of_the_user(annotate: list[str]) -> None:
    assert main(["annotate", "--fields", "SYMBOL,Consequence,ALLELE_NUM", *annotate[1:]]) == 0
    text = results(annotate)
    assert 'Format: SYMBOL|Consequence|ALLELE_NUM">' in text
    entries = [entry for found in re.findall(r";CSQ=([^;\t\n]*)", text) for entry in found.split(",")]
    assert "MT-ND1|missense_variant|1" in entries
    assert {entry.count("|") for entry in entries} == {2}


def test_all_fields(annotate: list[str]) -> None:
    assert main(["annotate", "--fields", "all", *annotate[1:]]) == 0
    assert f'Format: {"|".join(field.name for field in FIELDS)}">' in results(annotate)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--fields", "SYMBOL,Symbol"], "there is no 'Symbol'; known are Allele, Consequence, IMPACT"),
        (["--fields", "SYMBOL,SYMBOL"], "a name is there twice"),
        (["--pick-order", "rank,best"], f"there is no 'best'; known are {', '.join(PICK_ORDER)}"),
        (["--pick", "--most-severe"], "--pick and --most-severe exclude each other"),
        (["--flank", "-1"], "not in the range"),
        (["--transcripts", "/nowhere"], "No such file or directory: /nowhere"),
        (["--transcripts", "/dev/null"], "has no names of transcripts"),
    ],
)
def test_wrong_usage(
    options: list[str], message: str, annotate: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["annotate", *options, *annotate[1:]]) == 1
    assert message in capsys.readouterr().err
    assert not Path(annotate[-1]).exists()


def test_names_of_transcripts_are_the_first_words_of_lines(annotate: list[str], tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("# mine\n\nMT-ND1 a gene\n")
    assert main(["annotate", "--transcripts", str(names), *annotate[1:]]) == 0
    text = results(annotate)
    assert "##gasOptions=--transcripts (1 names)\n" in text
    assert "|MT-ND1|" in text
    assert "|MT-ND2|" not in text


def test_list_of_fields(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["annotate", "--list-fields"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [field.name for field in FIELDS]
