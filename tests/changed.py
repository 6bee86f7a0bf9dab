"""The unit tests of the packages that changed: `python -m tests.changed` (`make quick`).

`tests/unit` mirrors the packages, so that the tests of `annotator/engine/vcf/header.py` are those in
`tests/unit/engine/vcf`. A package without unit tests of its own has those of the package around it.
"""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path, PurePosixPath

PROJECT = Path(__file__).resolve().parents[1]
MIRRORED = {"annotator/engine": "engine", "annotator/worker": "worker", "chalicelib": "",
            "frontend/src/scripts": "frontend", "frontend/tests": "frontend", "infra": "infra", "lambdas": "lambdas"}
"""Folder of `tests/unit` by package; the rest of a path stays the same."""


def changed_files(base: str) -> list[str]:
    """Paths that differ from a commit, and new ones that git does not ignore."""
    commands = (["git", "diff", "--name-only", base], ["git", "ls-files", "--others", "--exclude-standard"])
    return sorted({name for command in commands for name in subprocess.run(
        command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout.splitlines()})


def mirrored_tests(path: str) -> str | None:
    """The file or folder of unit tests for a changed file, None where it has none.

    Args:
        path: Relative to the project, with forward slashes.
    """
    file = PurePosixPath(path)
    if path.startswith("tests/"):
        if file.name.startswith("test_"):
            return path if (PROJECT / path).exists() else None
        return file.parent.as_posix() if path.startswith("tests/unit/") else None
    if file.suffix == ".md":
        return "tests/unit/test_documentation.py"
    for package, folder in MIRRORED.items():
        if file.is_relative_to(package):
            mirror = PurePosixPath("tests/unit", folder, file.parent.relative_to(package))
            while not (PROJECT / mirror).is_dir():
                mirror = mirror.parent
            return None if mirror == PurePosixPath("tests/unit") else mirror.as_posix()
    return None


def without_nested(paths: set[str]) -> list[str]:
    """Paths, without those inside another one of them."""
    return sorted(path for path in paths if not any(PurePosixPath(path).is_relative_to(other)
                                                    for other in paths if other != path))


def main(arguments: list[str]) -> int:
    """Run the tests; exit status 0 when they pass or there are none.

    Args:
        arguments: The commit to compare with, HEAD without one.
    """
    base = arguments[0] if arguments else "HEAD"
    chosen = without_nested({tests for path in changed_files(base) if (tests := mirrored_tests(path))})
    if not chosen:
        sys.stderr.write(f"Nothing with unit tests has changed since {base}.\n")
        return 0
    sys.stderr.write(f"{' '.join(chosen)}\n")
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", *chosen]
    return subprocess.run(command, cwd=PROJECT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
