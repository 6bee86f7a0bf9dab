"""Building of references, as a user does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from annotator.engine import Reference
from annotator.engine.cli.app import main
from annotator.engine.reference.verify import verify

DATA = Path(__file__).parent / "data"
Build = Callable[..., Reference]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Builds a reference from a FASTA file, gene models and further options, and verifies it."""

    def run(fasta: Path, models: Path, *options: str) -> Reference:
        out = tmp_path_factory.mktemp("built") / "bundle"
        files = ["--fasta", str(fasta), "--gff", str(models), "--out", str(out)]
        assert main(["reference", "build", "--name", "made", *files, *options]) == 0
        reference = Reference.load(out)
        assert verify(reference).failed == []
        assert reference.exceptions == frozenset()
        return reference

    return run
