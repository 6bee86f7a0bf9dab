"""``make oracles``: asks other programs about generated variants, prints the agreement and writes docs/agreement.md.

Exit codes: 0 every difference is in a class; 1 one is not.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.oracles.comparison import UNKNOWN, Result, compare
from tests.oracles.csq import Csq
from tests.oracles.genomes import PROJECT, genomes
from tests.oracles.program import Program
from tests.oracles.recorded import Mitomap, Vep
from tests.oracles.report import page
from tests.oracles.translation import Translation
from tests.oracles.vepyr import Vepyr

PAGE = PROJECT / "docs" / "agreement.md"
LEFT_OUT = {"mehari": "it needs Python 3.12 or later"}
"""Programs that are not asked anywhere, and why."""


def main() -> int:
    """Run; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracles", description=__doc__.partition("\n")[0])
    parser.add_argument("--fasta", type=Path, help="a stretch of a real contig (one record, >CONTIG:FIRST-LAST)")
    parser.add_argument("--gff", type=Path, help="its gene models, as Ensembl's GFF3, with positions on the contig")
    parser.add_argument("--vep", type=Path, help="variants of it that Ensembl VEP 115 has annotated (VCF, gzip)")
    parser.add_argument("--substitutions", type=int, help="of one base, in each genome (default: all)")
    parser.add_argument("--others", type=int, default=20_000, help="indels and longer replacements in each genome")
    parser.add_argument("--only", default="", help="programs whose name contains this")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(PROJECT)}")
    options = parser.parse_args()
    results: dict[Program, Result] = {}
    missing = dict(LEFT_OUT)
    began = _processor_time()
    with tempfile.TemporaryDirectory(prefix="gas-oracles-") as folder:
        places = genomes(Path(folder), options.fasta, options.gff)
        for program in (Csq(), Vepyr(), Vep(options.vep), Mitomap(), Translation()):
            if options.only.lower() not in program.name.lower():
                continue
            if why := program.missing():
                missing[program.name] = why
                sys.stdout.write(f"{program.name} is left out: {why}\n")
                continue
            results[program] = Result()
            for genome in places:
                if found := program.variants(genome, options.substitutions, options.others):
                    sys.stdout.write(f"{program.name}: {len(found):,} variants of {genome.name}\n")
                    place = Path(tempfile.mkdtemp(dir=folder))
                    compare(program, genome, found, place, results[program])
    text = page(results, missing, _processor_time() - began)
    sys.stdout.write(text)
    if options.write:
        PAGE.write_text(text, "utf-8")
    classes = [item for result in results.values() for item in result.classes.items()]
    unknown = sum(count for (_, kind), count in classes if kind == UNKNOWN)
    if unknown:
        sys.stderr.write(f"{unknown:,} differences are {UNKNOWN}\n")
    return 1 if unknown else 0


def _processor_time() -> float:
    """Seconds that this process and those it started have used."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


if __name__ == "__main__":
    sys.exit(main())
