"""Whatever a library raises where the engine meets it, people get a message of ours and an exit code."""

from __future__ import annotations

import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import deflate
import pyarrow as pa
import pyarrow.parquet as pq
import pysam
import pytest
from isal import isal_zlib

from annotator.engine import Reference, gzip_reading
from annotator.engine.cli.app import main
from annotator.engine.haplotypes import csq
from annotator.engine.input_formats import GZIP_ERRORS
from annotator.engine.reference import bundle
from tests.unit.engine.conftest import PROJECT

RAW = "raw words of a library"


def of_library(module: Any) -> list[type[Exception]]:
    """The exception classes that a module has."""
    found = (getattr(module, name) for name in dir(module))
    return [one for one in found if isinstance(one, type) and issubclass(one, Exception)]


CLASSES = sorted(
    {
        *(one for module in (pysam, pa, pa.lib, zlib, isal_zlib, deflate) for one in of_library(module)),
        *(OSError, PermissionError, ValueError, KeyError, IndexError, TypeError, RuntimeError, EOFError, MemoryError),
        *(AttributeError, ZeroDivisionError, RecursionError, AssertionError, NotImplementedError, StopIteration),
    },
    key=lambda one: f"{one.__module__}.{one.__name__}",
)
"""Every exception class of the libraries at the engine's boundaries, and those of Python that they raise."""


def failing(error: type[Exception]) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise error(RAW)

    return fail


class Failing:
    """Opens a file as a class of a library does; one of its methods fails."""

    def __init__(self, real: Any, method: str, error: type[Exception]) -> None:
        self._real, self._method, self._error = real, method, error

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        outer, opened = self, self._real(*arguments, **options)

        class Open:
            def __getattr__(self, name: str) -> Any:
                return failing(outer._error) if name == outer._method else getattr(opened, name)

            def __enter__(self) -> Any:
                return self

            def __exit__(self, *_: object) -> None:
                opened.close()

        return Open()


BOUNDARIES: dict[str, tuple[Any, str, str]] = {
    "sequence, opened": (bundle, "IndexedFasta", ""),
    "sequence, read": (bundle, "IndexedFasta", "read"),
    "table of a layer, opened": (pysam, "TabixFile", ""),
    "table of a layer, read": (pysam, "TabixFile", "fetch"),
    "gene models, opened": (pa.ipc, "open_file", ""),
    "gene models, read": (pa.ipc, "open_file", "get_batch"),
    "table of variants, opened": (pq, "ParquetWriter", ""),
    "table of variants, written": (pq, "ParquetWriter", "write_table"),
    "compressed input": (gzip_reading.isal_zlib, "decompressobj", "decompress"),
    "bcftools csq": (subprocess, "Popen", ""),
}
"""What is patched at each boundary: the owner, its name, and the method that fails; "" stands for the call itself."""


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """A compressed file with haplotypes."""
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ts"
    text = f"##fileformat=VCFv4.2\n{columns}\nMT\t3310\t.\tC\tT\t.\t.\t.\tGT\t1|0\n"
    path = tmp_path / "in.vcf.gz"
    pysam.tabix_compress(str(_written(tmp_path / "in.vcf", text)), str(path))
    return path


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("error", CLASSES, ids=lambda one: one.__name__)
def test_no_raw_message(
    packed: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    boundary: str,
    error: type[Exception],
) -> None:
    owner, name, method = BOUNDARIES[boundary]
    try:
        error(RAW)
    except TypeError:
        pytest.skip("cannot be raised with words alone")
    real = getattr(owner, name)
    if boundary == "compressed input":
        monkeypatch.setattr(gzip_reading, "isal_zlib", type("isal", (), {name: Failing(real, method, error)}))
    else:
        monkeypatch.setattr(owner, name, Failing(real, method, error) if method else failing(error))
    words = ["annotate", str(packed), "--reference", str(PROJECT / "reference" / "rCRS"), "--processes", "1", "--bcsq"]
    code = main([*words, "--out", str(tmp_path / "out.annot.vcf.gz"), "--tmp", str(tmp_path)])
    said = capsys.readouterr()
    assert code in (0, 1, 2)
    assert said.out == ""
    lines = [line for line in said.err.splitlines() if not line.endswith("...")]
    assert lines
    assert code == 0 or lines[0].startswith("error: ")
    for raw in (RAW, f"{error.__module__}.{error.__name__}", f"{error.__name__}(", "Traceback"):
        assert raw not in said.err
    assert len(lines[0]) > len("error: ") + 20
    assert not list(tmp_path.glob("out*")) if code else list(tmp_path.glob("out*"))
    if boundary == "compressed input" and issubclass(error, (*GZIP_ERRORS, EOFError)):
        assert code == 2
    if code == 0:
        assert boundary == "bcftools csq"
        assert RAW not in (tmp_path / "out.summary.json").read_text()


def test_what_csq_says_goes_to_the_log_alone(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its words are for operators; the warning has its exit code."""
    child = tmp_path / "child.py"
    child.write_text(f"import sys\nsys.stderr.write({RAW!r})\nsys.exit(3)\n")
    really = csq.subprocess.Popen
    monkeypatch.setattr(csq.subprocess, "Popen", lambda command, **options: really([command[0], str(child)], **options))
    words = ["annotate", str(packed), "--reference", str(PROJECT / "reference" / "rCRS"), "--processes", "1", "--bcsq"]
    assert main([*words, "--out", str(tmp_path / "out.annot.vcf.gz")]) == 0
    assert RAW not in capsys.readouterr().err
    summary = (tmp_path / "out.summary.json").read_text()
    assert "ended with status 3" in summary
    assert RAW not in summary


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "line 1, column 2 is not JSON"),
        ("[]", "a value is of the wrong kind"),
        ('{"schema": 3}', "it lacks 'contigs'"),
        ('{"schema": 3, "contigs": [{"name": "1"}]}', "it lacks 'length'"),
        ('{"schema": 3, "contigs": 7}', "a value is of the wrong kind"),
    ],
)
def test_manifests_that_cannot_be_used(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(Exception, match=r"manifest\.json is not usable") as caught:
        Reference.load(tmp_path)
    assert says in str(caught.value)
