"""A bounded run of the fuzzer, from a fixed seed; longer ones are for a quiet hour."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT

pytest.importorskip("atheris", reason="atheris has no wheel for this system")

RUNS = 400


def test_the_whole_pass_stands_any_bytes(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.annotate", f"-runs={RUNS}", "-seed=1", "-max_len=600", "-timeout=20",
         f"-artifact_prefix={tmp_path}/"],
        cwd=PROJECT, capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"Done {RUNS} runs" in done.stderr
    assert list(tmp_path.iterdir()) == []
