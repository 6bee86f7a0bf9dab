"""The command line, as the worker and people call it: progress, exit codes, and an end at SIGTERM."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from annotator.engine.cli.app import main
from annotator.engine.cli.progress import ProgressLines
from annotator.engine.progress import Progress
from tests.unit.engine.conftest import PROJECT

SAMPLE = PROJECT / "reference" / "rCRS" / "sample.vcf"


def call(*arguments: str | Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "annotator", *map(str, arguments)],
        cwd=PROJECT,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )


def lines_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_annotate_with_progress(tmp_path: Path) -> None:
    out = tmp_path / "sample.annot.vcf.gz"
    done = call("annotate", SAMPLE, "--reference", "rCRS", "--out", out, "--progress", "--name", "mine ü.vcf")
    assert (done.returncode, done.stderr) == (0, "")
    *progress, last = lines_of(done.stdout)
    assert [line["stage"] for line in progress] == ["checking", "annotating", "indexing"]
    assert progress[0]["total"] is None
    assert progress[-1]["records"] == progress[-1]["total"] == last["done"]["records"]
    assert last["done"]["known"] == last["done"]["records"]
    names = ["sample.annot.vcf.gz", "sample.annot.vcf.gz.tbi", "sample.count.log", "sample.summary.json"]
    names.append("sample.variants.parquet")
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert "mine ü.vcf" in (tmp_path / "sample.count.log").read_text("utf-8")


def test_names_of_all_outputs(tmp_path: Path) -> None:
    names = ["a.vcf.gz", "b.log", "c.json", "d.parquet"]
    out, log, summary, variants = (tmp_path / name for name in names)
    reference = PROJECT / "reference" / "rCRS"
    done = call(
        "annotate",
        SAMPLE,
        "--reference",
        reference,
        "--out",
        out,
        "--log",
        log,
        "--summary",
        summary,
        "--variants",
        variants,
    )
    assert done.returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*names, "a.vcf.gz.tbi"])
    assert "known" in done.stderr
    assert done.stdout == ""


def test_an_input_at_fault_with_progress(tmp_path: Path) -> None:
    path = tmp_path / "in.vcf"
    path.write_text(SAMPLE.read_text() + "MT\tx\t.\tA\tG\t.\t.\t.\n")
    done = call("annotate", path, "--reference", "rCRS", "--out", tmp_path / "out.vcf.gz", "--progress")
    assert (done.returncode, done.stderr) == (2, "")
    error = lines_of(done.stdout)[-1]["error"]
    assert error["code"] == "bad_position"
    assert error["line"] == len(SAMPLE.read_text().splitlines()) + 1
    assert (error["column"], error["field"], error["text"]) == (2, "POS", "x")
    assert error["hint"]
    assert [found.name for found in tmp_path.iterdir()] == ["in.vcf"]


def test_an_input_at_fault_in_words(tmp_path: Path) -> None:
    path = tmp_path / "in.vcf"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    done = call("annotate", path, "--reference", "rCRS", "--out", tmp_path / "out.vcf.gz")
    assert done.returncode == 2
    assert "appears to be a PNG image" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["missing.vcf", "--reference", "rCRS"], "file_error"),
        ([str(SAMPLE), "--reference", "hg99"], "reference_unknown"),
    ],
)
def test_faults_that_are_not_the_input(tmp_path: Path, arguments: list[str], code: str) -> None:
    done = call("annotate", *arguments, "--out", tmp_path / "out.vcf.gz", "--progress")
    assert done.returncode == 1
    assert lines_of(done.stdout)[-1]["error"]["code"] == code
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_cannot_be_written(tmp_path: Path) -> None:
    done = call("annotate", SAMPLE, "--reference", "rCRS", "--out", tmp_path / "no" / "x.vcf.gz", "--progress")
    assert done.returncode == 1
    assert lines_of(done.stdout)[-1]["error"]["code"] == "file_error"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_disk_that_is_full(tmp_path: Path) -> None:
    out = tmp_path / "x.vcf.gz"
    (tmp_path / ".x.count.log.partial").symlink_to("/dev/full")
    done = call("annotate", SAMPLE, "--reference", "rCRS", "--out", out, "--progress")
    assert done.returncode == 1
    error = lines_of(done.stdout)[-1]["error"]
    assert error["code"] == "file_error"
    assert "No space left" in error["message"]
    assert list(tmp_path.iterdir()) == []


def test_a_caller_that_cannot_run(tmp_path: Path) -> None:
    """With next to no memory the child fails: our fault, with its words, and nothing is left behind."""
    bundle = tmp_path / "broken"
    bundle.mkdir()
    for path in (PROJECT / "reference" / "rCRS").iterdir():
        (bundle / path.name).write_bytes(path.read_bytes())
    (bundle / "rCRS.fa").write_text(">other\nACGT\n")
    (bundle / "rCRS.fa.fai").unlink()
    out = tmp_path / "out"
    out.mkdir()
    done = call("annotate", SAMPLE, "--reference", bundle, "--out", out / "x.vcf.gz", "--progress")
    assert done.returncode == 1
    assert list(out.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["annotate", "in.vcf"], "Missing option '--reference'. See `python -m annotator annotate --help`."),
        (
            ["annotate", "in.vcf", "--processes", "two"],
            "Invalid value for '--processes': 'two' is not a valid integer.",
        ),
        (["annotate", "in.vcf", "--out"], "Option '--out' requires an argument."),
        (["reference", "fetch"], "Missing argument 'PRESET'."),
        (["reference", "build", "--nam"], "No such option '--nam'."),
        (["compare", "--ours", "x"], "Missing option '--vep'."),
        (["nothing"], "No such command 'nothing'. See `python -m annotator --help`."),
    ],
)
def test_wrong_usage_is_one_line_and_not_taken_for_a_wrong_input(
    capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str
) -> None:
    assert main(arguments) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"error: {problem}")
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("words", [[], ["reference"]])
def test_without_a_command_the_commands_are_listed(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert main(words) == 1
    assert "Commands:" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["annotate"],
        ["compare"],
        ["reference"],
        *(["reference", one] for one in ("verify", "detect", "build", "fetch")),
    ],
)
def test_the_help_of_every_command_lists_its_exit_codes(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert main([*words, "--help"]) == 0
    assert re.search(r"Exit codes:\n    0 .+\n    1 .*wrong usage", capsys.readouterr().out)


def test_a_name_that_looks_like_an_option(tmp_path: Path) -> None:
    """Users call their files what they like, and the worker passes the name on."""
    out = tmp_path / "x.annot.vcf.gz"
    assert main(["annotate", str(SAMPLE), "--reference", "rCRS", "--out", str(out), "--name", "--help"]) == 0
    assert "--help" in (tmp_path / "x.count.log").read_text("utf-8")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("annotator ", ["plain,annotate", "plain,reference", "plain,compare"]),
        ("annotator reference f", ["plain,fetch"]),
        ("annotator annotate --max-r", ["plain,--max-records", "plain,--max-results"]),
        ("annotator annotate ", ["file,"]),
    ],
)
def test_shells_complete_what_is_typed(typed: str, offered: list[str]) -> None:
    """As the script calls it that click writes for bash."""
    words = {"COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split(" ")) - 1), "_ANNOTATOR_COMPLETE": "bash_complete"}
    assert call(env=words).stdout.splitlines() == offered


def test_the_script_for_completion(tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", "source <(_ANNOTATOR_COMPLETE=bash_source annotator) && complete -p annotator"],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{PROJECT / 'bin'}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.split()[0], done.stdout.split()[-1]) == ("complete", "annotator"), done.stderr


def test_too_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "in.vcf"
    path.write_text(SAMPLE.read_text().rstrip("\n") + ";X=" + "y" * 60_000_000 + "\n")
    done = call(
        *["annotate", path, "--reference", "rCRS", "--out", tmp_path / "x.vcf.gz", "--progress"],
        *["--memory-limit", "260000000"],
    )
    assert done.returncode == 1
    assert lines_of(done.stdout)[-1]["error"]["code"] == "out_of_memory"


def test_a_limit_of_uncompressed_bytes(tmp_path: Path) -> None:
    out = tmp_path / "x.vcf.gz"
    done = call("annotate", SAMPLE, "--reference", "rCRS", "--out", out, "--progress", "--max-uncompressed", "1000")
    assert done.returncode == 2
    assert lines_of(done.stdout)[-1]["error"]["code"] == "too_large"


def test_a_limit_of_records(tmp_path: Path) -> None:
    out = tmp_path / "x.vcf.gz"
    done = call("annotate", SAMPLE, "--reference", "rCRS", "--out", out, "--progress", "--max-records", "1000")
    assert done.returncode == 2
    error = lines_of(done.stdout)[-1]["error"]
    assert error["code"] == "too_many_records"
    assert error["message"] == "The file has 1,206 records; 1,000 is the limit."


@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_limit_of_the_results(tmp_path: Path, processes: str) -> None:
    out = tmp_path / "x.vcf.gz"
    options = ("--reference", "rCRS", "--out", out, "--progress", "--processes", processes)
    done = call("annotate", SAMPLE, *options, "--max-results", "10000")
    assert done.returncode == 2
    error = lines_of(done.stdout)[-1]["error"]
    assert error["code"] == "results_too_large"
    assert error["message"] == "The results would take more than 10,000 bytes, which is the limit."
    assert list(tmp_path.iterdir()) == []
    assert call("annotate", SAMPLE, *options, "--max-results", "10000000").returncode == 0


def test_levels_of_compression_have_the_same_text(tmp_path: Path) -> None:
    sizes = []
    for level in ("1", "6", "12"):
        out = tmp_path / f"{level}.vcf.gz"
        options = ("--reference", "rCRS", "--out", out, "--compression-level", level)
        assert call("annotate", SAMPLE, *options).returncode == 0
        sizes.append(out.stat().st_size)
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 1.2 * sizes[-1]
    assert len({gzip.decompress(path.read_bytes()) for path in tmp_path.glob("*.vcf.gz")}) == 1
    assert call("annotate", SAMPLE, *options, "--compression-level", "13").returncode == 1


def test_a_limit_of_processor_time() -> None:
    """The system ends the process, and says why."""
    script = "from annotator.engine.cli.command_errors import limit_process; limit_process(None, 1)\nwhile True: pass"
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, check=False)
    assert done.returncode == -signal.SIGXCPU


def children_of(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    return [int(child) for child in found]


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks for processes in /proc")
@pytest.mark.parametrize(
    ("stage", "sign"),
    [
        ("checking", signal.SIGTERM),
        ("annotating", signal.SIGTERM),
        ("annotating", signal.SIGINT),
        ("annotating", signal.SIGKILL),
    ],
)
def test_a_signal_ends_it_with_its_children(
    tmp_path: Path, bases: Callable[..., str], stage: str, sign: signal.Signals
) -> None:
    path = tmp_path / "in.vcf"
    other = {"A": "G", "G": "A", "C": "T", "T": "C"}
    record = [f"{pos}\t.\t{bases(pos)}\t{other[bases(pos)]}\t.\t.\t.\n" for pos in range(4000, 4200)]
    with path.open("w") as stream:
        stream.write("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
        for text in record:
            stream.writelines(["MT\t" + text] * 8000)
    out, temporary = tmp_path / "out", tmp_path / "work"
    out.mkdir()
    temporary.mkdir()
    process = subprocess.Popen(
        [
            *[sys.executable, "-m", "annotator", "annotate", str(path), "--reference", "rCRS", "--progress"],
            *["--out", str(out / "x.vcf.gz"), "--tmp", str(temporary)],
        ],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    children: list[int] = []
    for line in process.stdout:
        if json.loads(line).get("stage") == stage:
            while stage == "annotating" and not children:
                children = children_of(process.pid)
            break
    process.send_signal(sign)
    rest = process.stdout.read()
    process.stdout.close()
    status = process.wait()
    assert status == (-sign if sign is signal.SIGKILL else 128 + sign)
    assert '"done"' not in rest
    assert list(out.iterdir()) == []
    if sign is signal.SIGTERM:
        assert list(temporary.iterdir()) == []
        assert not any(map(is_running, children))
    for child in children:  # after SIGKILL the system ends it with its parent, which is not quite at once
        while is_running(child):
            os.sched_yield()
    assert stage == "checking" or children


def test_progress_is_held_back_but_stages_are_not() -> None:
    now = [0.0]
    said: list[str] = []
    lines = ProgressLines(said.append, lambda: now[0])
    for step in range(100):
        now[0] = step / 100
        lines.report(Progress("checking", step, None, 0))
    lines.report(Progress("annotating", 0, 100, 3))
    read = [json.loads(line) for line in said]
    assert [one["records"] for one in read] == [0, 40, 80, 0]
    assert read[-1] == {"stage": "annotating", "records": 0, "total": 100, "warnings": 3}


def test_reference_list_and_verify() -> None:
    listed = call("reference", "list")
    assert listed.returncode == 0
    assert any(line.startswith("rCRS\tNC_012920.1\t") for line in listed.stdout.splitlines())
    checked = call("reference", "verify", "rCRS")
    assert checked.returncode == 0
    assert "FAILED" not in checked.stdout
    assert call("reference", "verify", "hg99").returncode == 1


def test_references_of_another_place(tmp_path: Path) -> None:
    bundle = tmp_path / "mine"
    bundle.mkdir()
    for path in (PROJECT / "reference" / "rCRS").iterdir():
        (bundle / path.name).write_bytes(path.read_bytes())
    (bundle / "rCRS.fa").write_text((bundle / "rCRS.fa").read_text().replace("GATCACAGG", "GATCACAGT", 1))
    env = {"GAS_REFERENCE_PATH": str(tmp_path)}
    done = call("annotate", SAMPLE, "--reference", "mine", "--out", tmp_path / "x.vcf.gz", env=env)
    assert done.returncode == 0
    checked = call("reference", "verify", "mine", env=env)
    assert checked.returncode == 1
    assert "FAILED  file rCRS.fa" in checked.stdout
