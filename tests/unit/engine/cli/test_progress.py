"""What people see while they wait: bars on a terminal, lines elsewhere, and nothing of rich for programs."""

from __future__ import annotations

import io
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from annotator.engine.cli.app import main
from annotator.engine.cli.progress import downloads, steps
from tests.unit.engine.conftest import PROJECT

SAMPLE = PROJECT / "reference" / "rCRS" / "sample.vcf"
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Make standard output and standard error a terminal."""
    shown = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", shown)
    monkeypatch.setattr(sys, "stderr", shown)
    return shown


def test_an_annotation_at_a_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    screen = terminal(monkeypatch)
    assert main(["annotate", str(SAMPLE), "--reference", "rCRS", "--out", str(tmp_path / "x.vcf.gz")]) == 0
    shown, _, after = screen.getvalue().rpartition(SHOW_CURSOR)
    assert all(stage in shown for stage in ("checking", "annotating", "indexing", "1,206 records"))
    assert after.endswith("Annotated 1,206 records: 1,206 known, 0 novel, 0 left as they are.\n")
    assert HIDE_CURSOR not in after


def test_an_input_at_fault_at_a_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "in.vcf"
    path.write_text(SAMPLE.read_text() + "MT\tx\t.\tA\tG\t.\t.\t.\n")
    screen = terminal(monkeypatch)
    assert main(["annotate", str(path), "--reference", "rCRS", "--out", str(tmp_path / "x.vcf.gz")]) == 2
    assert "error: line 1212: POS 'x' is not a valid position." in screen.getvalue().rpartition(SHOW_CURSOR)[2]


def test_downloads_at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = terminal(monkeypatch)
    with downloads() as report:
        report("dbsnp.vcf.gz", 5_000_000, 20_000_000)  # resumed here
        report("dbsnp.vcf.gz", 15_000_000, 20_000_000)
    assert "dbsnp.vcf.gz" in screen.getvalue()
    assert "15.0/20.0 MB" in screen.getvalue()


def test_steps_at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = terminal(monkeypatch)
    with suppress(RuntimeError), steps() as say:
        say("building styles and scripts")
        raise RuntimeError
    shown = screen.getvalue()
    assert "building styles and scripts\n" in shown
    assert "0:00:00" in shown
    assert shown.rindex(SHOW_CURSOR) > shown.rindex(HIDE_CURSOR), "also after an error"


def test_steps_elsewhere_are_lines_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    with steps() as say:
        say("reading [bold]models[/bold]")
    assert capsys.readouterr().out == "reading [bold]models[/bold]\n"


@pytest.mark.parametrize("options", [[], ["--progress"]])
def test_without_a_terminal_nothing_of_rich_is_loaded(tmp_path: Path, options: list[str]) -> None:
    words = ["annotate", str(SAMPLE), "--reference", "rCRS", "--out", str(tmp_path / "x.vcf.gz"), *options]
    script = f"import sys; from annotator.engine.cli.app import main; main({words}); sys.exit('rich' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, check=False)
    assert done.returncode == 0
    assert (tmp_path / "x.vcf.gz").exists()
