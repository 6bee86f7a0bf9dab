"""``python -m tests.performance.genome FOLDER``: a made-up genome like the human one, of any size."""

from __future__ import annotations

import argparse
import sys
from fractions import Fraction
from pathlib import Path

from tests.performance.genome.files import FILES, PER_KILOBASE, Genome, write


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.performance.genome", description=__doc__)
    parser.add_argument("folder", type=Path, help="for the files")
    parser.add_argument("--scale", type=Fraction, default=Fraction(1), help="size beside the human genome, e.g. 1/50")
    parser.add_argument("--every", type=int, default=100, help="distance of known variants in bases (100)")
    parser.add_argument("--per-kilobase", type=float, default=PER_KILOBASE, help="a person's records (1.45)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--parts", nargs="+", choices=FILES, default=list(FILES), help="which files to write (all)")
    given = parser.parse_args(words)
    genome = Genome(given.scale, given.every, given.per_kilobase, given.seed)
    write(genome, given.folder, tuple(given.parts), lambda line: sys.stderr.write(line + "\n"))


if __name__ == "__main__":
    main(sys.argv[1:])
