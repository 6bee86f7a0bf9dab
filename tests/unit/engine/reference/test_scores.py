"""Scores by allele and by position in a built reference, with answers worked out by hand.

The genome has A at 2000, C at 2001 to 2010 and G at 2011 of contig 1, and G at 1015 and 1016.
"""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pybigtools
import pytest

from annotator.engine import Reference
from annotator.engine.reference import position_scores
from annotator.engine.reference.build import delimited
from annotator.engine.reference.build import position_scores as position_build
from annotator.engine.reference.verify import verify
from tests.unit.engine.reference.test_known_variants import write_vcf
from tests.unit.engine.small_genome import annotated, refusal, site

Build = Callable[..., int]
HEAD = "chrom\tpos\tref\talt\tx\n"
ROW = "1\t1015\tG\tC\t0.5\n"
CADD = """## CADD GRCh38-v1.7 (c) somebody
#Chrom\tPos\tRef\tAlt\tRawScore\tPHRED
1\t1015\tG\tC\t0.5\t10.25
1\t1015\tG\tT\t-0.125\t.
1\t2001\tC\tCC\t1.5\t20.5
MT\t305\t{mt}\t{other}\t2\t30
"""


@pytest.fixture
def mt(genome: dict[str, str]) -> dict[str, str]:
    base = genome["MT"][304]
    return {"mt": base, "other": "ACGT"["CGTA".index(base)]}


def write(path: Path, text: str) -> Path:
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("table.csv", text)
    else:
        path.write_text(text)
    return path


def fields(info: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in info.items() if key.startswith(name)}


@pytest.mark.parametrize("ending", ["tsv", "tsv.gz", "zip"])
def test_scores_by_allele(build: Build, tmp_path: Path, mt: dict[str, str], ending: str) -> None:
    """A multi-allelic record, an insertion spelled in another way, a missing value and the mitochondrion."""
    path = write(tmp_path / f"cadd.{ending}", CADD.format(**mt))
    assert build("--scores", f"CADD={path}:PHRED,raw=RawScore") == 0
    reference = Reference.load(tmp_path / "bundle")
    assert verify(reference).failed == []
    assert not reference.lists_known
    records = [
        site("chr1", 1015, "G", "A,T,C"),
        site("chr1", 2009, "CC", "CCC"),
        site("chrM", 305, mt["mt"], mt["other"]),
    ]
    result = annotated(tmp_path, records)
    assert fields(result.info(0), "CADD") == {"CADD_PHRED": ".,.,10.25", "CADD_raw": ".,-0.125,0.5"}
    assert fields(result.info(1), "CADD") == {"CADD_PHRED": "20.5", "CADD_raw": "1.5"}
    assert fields(result.info(2), "CADD") == {"CADD_PHRED": "30", "CADD_raw": "2"}
    assert "KNOWN_IN" not in "".join(result.header)
    assert result.summary["known"] is None
    assert '##INFO=<ID=CADD_raw,Number=A,Type=Float,Description="RawScore (CADD)">' in result.header
    table = pq.read_table(tmp_path / "input.variants.parquet")
    assert table.schema.field("CADD_PHRED").type == pa.float32()
    assert table["CADD_PHRED"].to_pylist() == [None, None, 10.25, 20.5, 30]
    assert table["known"].null_count == len(table)


def test_rows_of_several_transcripts(build: Build, tmp_path: Path) -> None:
    """REVEL: commas, positions of two builds in any order, one row for each transcript, rows without a position."""
    text = """chr,hg19_pos,grch38_pos,ref,alt,aaref,REVEL,n,Ensembl_transcriptid
1,9,1016,G,A,W,0.25,7,"T1;T2"
1,8,1015,G,C,W,0.3,2,T1
1,8,1015,G,C,W,0.7,1,T3
1,8,1015,G,C,W,.,3,T4
1,7,.,G,C,W,0.9,3,T5
"""
    path = write(tmp_path / "revel.zip", text)
    choice = "score=REVEL,least=min(REVEL),n,transcripts=Ensembl_transcriptid,pos=grch38_pos"
    assert build("--scores", f"REVEL={path}:{choice}") == 0
    result = annotated(tmp_path, [site("1", 1015, "G", "C"), site("1", 1016, "G", "A")])
    assert fields(result.info(0), "REVEL") == {
        "REVEL_score": "0.7",
        "REVEL_least": "0.3",
        "REVEL_n": "3",
        "REVEL_transcripts": "T1&T3&T4",
    }
    assert result.info(1)["REVEL_transcripts"] == "T1%3BT2"
    assert '##INFO=<ID=REVEL_n,Number=A,Type=Integer,Description="n (REVEL)">' in result.header
    left_out = [entry for entry in _manifest(tmp_path)["left_out"] if entry["part"] == "REVEL"]
    assert left_out == [{"part": "REVEL", "reason": "no position", "count": 1}]


@pytest.mark.parametrize("chunk", [1, 20, 45])
def test_rows_of_an_allele_in_several_chunks(
    build: Build, tmp_path: Path, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "CHUNK", chunk)
    rows = [f"1\t{pos}\tG\tC\t{score}\n" for pos, scores in ((1015, (1, 9, 2)), (1016, (3, 1, 8))) for score in scores]
    path = write(tmp_path / "scores.tsv", HEAD + "".join(rows))
    assert build("--scores", f"S={path}:x") == 0
    result = annotated(tmp_path, [site("1", 1015, "G", "C"), site("1", 1016, "G", "C")])
    assert [result.info(at)["S_x"] for at in range(2)] == ["9", "8"]


def test_several_numbers_in_a_cell(build: Build, tmp_path: Path) -> None:
    """dbNSFP: names with odd characters, and a number for each transcript."""
    text = (
        "#chr\tpos(1-based)\tref\talt\tSIFT_score\tGERP++_RS\tHDIV_pred\n"
        "1\t1015\tG\tC\t.;0.5;0.25\t-1.5\tB;P\n"
        "1\t1015\tG\tT\t.;.\t4.75\t.\n"
    )
    path = write(tmp_path / "dbNSFP.gz", text)
    assert build("--scores", f"dbNSFP={path}:sift=min(SIFT_score),most=SIFT_score,gerp=GERP++_RS,HDIV_pred") == 0
    info = annotated(tmp_path, [site("1", 1015, "G", "C,T")]).info(0)
    assert fields(info, "dbNSFP") == {
        "dbNSFP_sift": "0.25,.",
        "dbNSFP_most": "0.5,.",
        "dbNSFP_gerp": "-1.5,4.75",
        "dbNSFP_HDIV_pred": "B%3BP,.",
    }


def test_scores_beside_known_variants_are_not_known(build: Build, tmp_path: Path, mt: dict[str, str]) -> None:
    known = write_vcf(tmp_path / "ids.vcf", [], ["1\t1015\trs1\tG\tC\t.\t.\t."])
    path = write(tmp_path / "cadd.tsv", CADD.format(**mt))
    assert build("--variants", f"rs={known}:ID", "--scores", f"CADD={path}:PHRED") == 0
    result = annotated(tmp_path, [site("1", 1015, "G", "C"), site("1", 2005, "C", "CC")])
    assert (result.info(0)["KNOWN_IN"], result.info(0)["CADD_PHRED"]) == ("rs", "10.25")
    assert ("KNOWN_IN" in result.info(1), result.info(1)["CADD_PHRED"]) == (False, "20.5")
    assert (result.summary["known"], result.summary["novel"]) == (1, 1)
    assert verify(Reference.load(tmp_path / "bundle")).failed == []


def test_scores_of_a_vcf_file(build: Build, tmp_path: Path) -> None:
    line = '##INFO=<ID=SpliceAI,Number=.,Type=String,Description="Format: ALLELE|SYMBOL|DS_AG">'
    path = write_vcf(tmp_path / "s.vcf", [line], ["1\t1015\t.\tG\tC\t.\t.\tSpliceAI=C|ONE|0.91"])
    assert build("--scores", f"SpliceAI={path}:AG=max(SpliceAI/DS_AG)") == 0
    result = annotated(tmp_path, [site("1", 1015, "G", "C")])
    assert (result.info(0)["SpliceAI_AG"], result.summary["known"]) == ("0.91", None)


RANGES = "1\t1999\t2000\t-1.5\n1\t2000\t2001\t2\n1\t2002\t2003\t7.5\nMT\t304\t305\t0.125\n"
POSITIONS = {
    "pos.tsv": "chrom\tpos\tx\nchr1\t2003\t7.5\nchr1\t2000\t-1.5\nchr1\t2001\t2\nchr1\t2002\tNA\nM\t305\t0.125\n",
    "bed.tsv": f"#chrom\tstart\tend\tscore\n{RANGES}",
    "track.bedGraph": f"track type=bedGraph\n{RANGES}",
}


@pytest.mark.parametrize("name", [*POSITIONS, "scores.bw"])
def test_scores_by_position(build: Build, tmp_path: Path, name: str, genome: dict[str, str]) -> None:
    """2000: -1.5, 2001: 2, 2002: none, 2003: 7.5; MT 305: 0.125."""
    path = tmp_path / name
    if name in POSITIONS:
        path.write_text(POSITIONS[name])
    else:
        scores = [("chr1", 1999, 2000, -1.5), ("chr1", 2000, 2001, 2.0), ("chr1", 2002, 2003, 7.5)]
        writer = pybigtools.open(str(path), "w")
        writer.write({"chr1": 14000, "chrM": 1000}, iter([*scores, ("chrM", 304, 305, 0.125)]))
    assert build("--scores", f"GERP={path}") == 0
    reference = Reference.load(tmp_path / "bundle")
    assert verify(reference).failed == []
    base = genome["MT"][304]
    records = [
        site("1", 1999, genome["1"][1998], "T" if genome["1"][1998] != "T" else "G"),  # no score
        site("1", 2000, "A", "C,G"),
        site("1", 2000, "AC", "A"),  # 2001 is deleted
        site("1", 2000, "A", "AT"),  # between 2000 and 2001
        site("1", 2001, "CCC", "GTG"),  # 2001 to 2003 are replaced
        site("1", 2002, "CCC", "C"),  # the same as the loss of 2001 and 2002
        site("1", 2002, "C", "G"),  # no score
        site("1", 2010, "C", "<DEL>"),
        site("MT", 305, base, "ACGT"["CGTA".index(base)]),
    ]
    result = annotated(tmp_path, records)
    found = [result.info(at).get("GERP") for at in range(len(records))]
    assert found == [None, "-1.5,-1.5", "2", "2", "7.5", "2", None, None, "0.125"]
    what = "GERP of the position; largest of the positions that the allele changes"
    assert f'##INFO=<ID=GERP,Number=A,Type=Float,Description="{what}">' in result.header
    table = pq.read_table(tmp_path / "input.variants.parquet")
    assert (table.schema.field("GERP").type, table["GERP"][1].as_py()) == (pa.float32(), -1.5)


def test_positions_in_several_groups_and_windows(
    build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, genome: dict[str, str]
) -> None:
    """Ranges longer than a window, and a deletion over several row groups."""
    for module in (position_scores, position_build):
        monkeypatch.setattr(module, "GROUP_ROWS", 8)
    monkeypatch.setattr(position_build, "WINDOW", 16)
    monkeypatch.setattr(delimited, "CHUNK", 64)
    text = "chrom\tstart\tend\tone\ttwo\n1\t100\t200\t1\t0.5\n1\t150\t151\t3\t-2\n1\t190\t191\t.\t9\n"
    path = write(tmp_path / "ranges.tsv", text)
    assert build("--scores", f"R={path}:one,two") == 0
    ref = genome["1"][119:160]
    records = [site("1", 95, genome["1"][94:110], genome["1"][94]), site("1", 120, ref, ref[0])]
    result = annotated(tmp_path, records)
    assert fields(result.info(0), "R_") == {"R_one": "1", "R_two": "0.5"}
    assert fields(result.info(1), "R_") == {"R_one": "3", "R_two": "0.5"}


def test_decimal_places_are_counted(build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "p.tsv", "chrom\tpos\tscore\n1\t1015\t0.12345\n1\t1016\t0.5\n")
    assert build("--scores", f"P={path}") == 0
    assert "scores P: 2 positions, 1 left out (decimal places behind the 3 that are kept)" in capsys.readouterr().out
    assert annotated(tmp_path, [site("1", 1015, "G", "C")]).info(0)["P"] == "0.123"
    assert build("--scores", f"P={path}:score,digits=5", out="more") == 0
    assert "scores P: 2 positions\n" in capsys.readouterr().out


def test_positions_beyond_a_contig_are_counted(
    build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "p.tsv", "chrom\tpos\tscore\nMT\t999\t1\nMT\t1000\t2\nMT\t1001\t3\n9\t1\t1\n")
    assert build("--scores", f"P={path}") == 0
    assert "scores P: 2 positions, 1 left out (beyond the end of its contig)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (
            "cut.tsv.gz",
            gzip.compress((HEAD + ROW * 50).encode(), mtime=0)[:-12],
            "cut.tsv.gz cannot be read: it is cut off",
        ),
        ("bad.zip", b"PK\x03\x04 and so on", "bad.zip is a damaged or incomplete zip archive; fetch it again"),
        ("latin.tsv", (HEAD + ROW + ROW.replace("0.5", "\xe9")).encode("latin-1"), "latin.tsv cannot be read: "),
    ],
    ids=["cut off", "zip", "latin"],
)
def test_damaged_files(
    build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert build("--scores", f"S={tmp_path / name}:x") == 1
    assert reason in refusal(capsys, tmp_path)


def test_the_first_base_is_stated(build: Build, tmp_path: Path) -> None:
    path = write(tmp_path / "p.tsv", "chrom\tpos\tref\talt\tscore\n1\t1014\tG\tC\t0.5\n")
    assert build("--scores", f"P={path}:score,base=0") == 0
    assert annotated(tmp_path, [site("1", 1015, "G", "C")]).info(0)["P_score"] == "0.5"


@pytest.mark.parametrize(
    ("text", "items", "reason"),
    [
        (HEAD, ":x", "scores.tsv has no rows"),
        (f"{HEAD}1\t1015\tG\tC\t1\n", ":y", "line 1: there is no column y; there are chrom, pos, ref"),
        (f"{HEAD}1\t1015\tG\tC\t1\n", "", "choose the fields to take"),
        ("chr\tplace\tref\talt\tx\n1\t1015\tG\tC\t1\n", ":x", "scores.tsv has no column pos; name it: pos=COLUMN"),
        (
            f"#c\n#{HEAD}1\t1015\tG\tC\t1\n1\t1016\tG\tC\tlow\n",
            ":x=max(x)",
            "scores.tsv, line 4, column x: 'low' is no number; correct the row, or write . or NA where there is no",
        ),
        (f"{HEAD}1\t1015\tG\tC\tinf\n", ":x=max(x)", "line 2, column x: 'inf' is no number"),
        (f"{HEAD}1\t1e99\tG\tC\t1\n", ":x", "line 2, column pos: '1e99' is no position"),
        (f"{HEAD}1\t1015\tG\tC\t1\n1\t1016\tG\n", ":x", "line 3: 3 columns, not 5 as in the header"),
        (f"{HEAD}1\t1015\tG\tC\t1\n", ":a-b=x", "the name of a field has letters, digits, _ and . alone"),
        (f"{HEAD}1\t1015\tG\tC\t1\n", ":x,base=2", "base=2: 0 or 1 is wanted"),
        (f"{HEAD}1\t1015\tA\tC\t1\n", ":x", "scores and the sequence do not belong together"),
        (f"{HEAD}9\t1015\tA\tC\t1\n", ":x", "scores has no allele on a contig of the sequence"),
        ("chrom\tpos\tx\ty\n1\t1015\t1\t2\n", "", "has 2 columns beside those of places (x, y); choose: FILE:"),
        ("chrom\tpos\tx\n9\t1015\t1\n", "", "scores has no score on a contig of the sequence"),
        ("chrom\tpos\tx\n1\t1015\thigh\n", ":x", "scores.tsv has texts in x; scores are numbers"),
    ],
)
def test_tables_that_are_refused(
    build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, items: str, reason: str
) -> None:
    path = write(tmp_path / "scores.tsv", text)
    assert build("--scores", f"scores={path}{items}") == 1
    assert reason in refusal(capsys, tmp_path)


def test_a_bigwig_of_another_build(build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "other.bw"
    pybigtools.open(str(path), "w").write({"chr1": 14001}, iter([("chr1", 10, 11, 1.0)]))
    assert build("--scores", f"P={path}") == 1
    assert "its chr1 have another length: is it of another build?" in refusal(capsys, tmp_path)


def test_an_archive_with_several_files(build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("one", "two"):
            archive.writestr(name, "x")
    assert build("--scores", f"P={tmp_path / 'a.zip'}") == 1
    assert "a.zip has 2 files; unpack it, and give one of them: one, two" in refusal(capsys, tmp_path)


def _manifest(tmp_path: Path) -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = json.loads((tmp_path / "bundle" / "manifest.json").read_text())
    return found
