"""References that files are made for: the bundled one, and one that was built."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from annotator.engine import Reference
from annotator.engine.reference.build.bundle_builder import Recipe, build
from tests.unit.engine.small_genome import GENES, gff3, make_genome, write_fasta

PROJECT = Path(__file__).resolve().parents[2]
NAMES = ("built", "rCRS")


@functools.cache
def reference(name: str) -> Reference:
    """One of :data:`NAMES`."""
    if name == "rCRS":
        return Reference.load("rCRS", [PROJECT / "reference"])
    folder = Path(tempfile.mkdtemp(prefix="gas-fuzz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    models = folder / "models.gff3"
    models.write_text(gff3(GENES))
    fasta = write_fasta(folder / "ref.fa", make_genome())
    recipe = Recipe(name="built", fasta=fasta, models=models, codes={"MT": 2})
    build(recipe, folder / "bundle", lambda line: None)
    return Reference.load(folder / "bundle")
