"""Builds a reference from gene models and a made sequence: ``python -m tests.corpora.build_made MODELS DIRECTORY``."""

from __future__ import annotations

import sys
from pathlib import Path

from annotator.engine import EngineError
from annotator.engine.cli.command_errors import refused
from tests.corpora.made_reference import build_reference, contigs_of_models


def main(models: Path, bundle: Path) -> int:
    """Build it; returns the exit code of ``reference build``."""
    try:
        build_reference(contigs_of_models(models), models, bundle, lambda line: None)
    except (EngineError, OSError) as error:
        return refused(error)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
