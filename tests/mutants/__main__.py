"""`make mutants`: each mutant of `mutants.toml` is applied to a copy of the project, and its tests must fail there.

A mutant that survives shows that nothing notices the breakage. One that cannot be applied (the line is no longer
there, or not once) counts as a survivor: bring the list up to date.
"""
from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
LIST = Path(__file__).with_name("mutants.toml")
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".gas", "out", "node_modules", ".hypothesis", ".*_cache", "docs")
NOTICED = 1
"""pytest's exit code for tests that failed. Any other one (a file that cannot be imported, no test) proves nothing."""
LONGEST_RUN = 600


@dataclass(frozen=True)
class Mutant:
    """One breakage.

    Attributes:
        name: What is broken, in a few words.
        file: Path in the project.
        replace: Text that occurs once in the file.
        by: What it is replaced by.
        tests: What must notice, as pytest takes it.
    """

    name: str
    file: str
    replace: str
    by: str
    tests: tuple[str, ...]


def mutants() -> list[Mutant]:
    """The list."""
    with LIST.open("rb") as file:
        return [Mutant(**{**entry, "tests": tuple(entry["tests"])}) for entry in tomllib.load(file)["mutant"]]


def survives(mutant: Mutant, copy: Path) -> str:
    """Why a mutant counts as a survivor, "" when its tests notice it.

    Args:
        copy: A copy of the project, which is as it was afterwards.
    """
    path = copy / mutant.file
    original = path.read_text()
    if original.count(mutant.replace) != 1:
        return f"the text occurs {original.count(mutant.replace)} times in {mutant.file}"
    path.write_text(original.replace(mutant.replace, mutant.by))
    try:
        done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *mutant.tests],
                              cwd=copy, capture_output=True, text=True, check=False, timeout=LONGEST_RUN,
                              env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "NO_SHRINKING": "1"})
    except subprocess.TimeoutExpired:
        return ""  # it hangs: a test run that never ends is noticed, too
    finally:
        path.write_text(original)
    return "" if done.returncode == NOTICED else f"pytest ended with {done.returncode}: {done.stdout.strip()[-300:]}"


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="Tries the mutants.")
    parser.add_argument("--only", default="", help="those whose name has this in it")
    options = parser.parse_args()
    chosen = [mutant for mutant in mutants() if options.only in mutant.name]
    survivors = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        shutil.copytree(PROJECT, copy, ignore=LEFT_OUT)
        for mutant in chosen:
            why = survives(mutant, copy)
            survivors += bool(why)
            sys.stdout.write(f"{'SURVIVES' if why else 'caught'}: {mutant.name}{f' ({why})' if why else ''}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(chosen) - survivors} of {len(chosen)} mutants caught\n")
    return 1 if survivors or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
