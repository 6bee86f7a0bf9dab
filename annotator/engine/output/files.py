"""The files that an annotation writes beside the annotated VCF and its index: one row each.

Another file is one more row, whose ``write`` makes it. ``chalicelib/domain/result_files.py`` has the service's table of
the same files; a test holds both against each other.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotator.engine.output.log import render_log

VCF_SUFFIX = ".annot.vcf.gz"
"""How the name of the annotated VCF ends. Its index follows, with one of :data:`annotator.engine.indexes.ENDINGS`."""


@dataclass(frozen=True)
class Annotated:
    """What the files are made from.

    Args:
        name: of the user's file.
        summary: the counts.
        table: the table of variants (Parquet), in the directory of working files.
        unresolved: every line of a list of variants that could not be resolved, and why.
    """

    name: str
    summary: dict[str, Any]
    table: Path
    unresolved: Sequence[str] = ()


@dataclass(frozen=True)
class OutputFile:
    """One of the files.

    Args:
        suffix: takes the place of :data:`VCF_SUFFIX` in the name of the annotated VCF.
        write: writes the file to a path.
    """

    suffix: str
    write: Callable[[Annotated, Path], object]


def _write_log(annotated: Annotated, path: Path) -> None:
    path.write_text(render_log(annotated.summary, annotated.name, annotated.unresolved), "utf-8")


def _write_summary(annotated: Annotated, path: Path) -> None:
    path.write_text(json.dumps(annotated.summary, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _write_variants(annotated: Annotated, path: Path) -> None:
    shutil.move(annotated.table, path)


OUTPUT_FILES = {
    "log": OutputFile(".count.log", _write_log),
    "summary": OutputFile(".summary.json", _write_summary),
    "variants": OutputFile(".variants.parquet", _write_variants),  # the last one: it moves the table instead of copying
}
