"""`make fuzz`: what the grammars write, for some minutes; what breaks something is kept in its simplest form."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from tests.fuzz.campaign import attempt, trials

PROJECT = Path(__file__).resolve().parents[2]
OUT = PROJECT / "test-artifacts" / "fuzz"
AT_ONCE = 100
"""Examples of one kind between two looks at the clock."""


def main() -> int:
    """Run; returns 1 when something broke."""
    parser = argparse.ArgumentParser(prog="make fuzz", description="files that the grammars write, for some minutes")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None, help="of the first files; by default another each time")
    parser.add_argument("--only", default="", help="kinds of files whose name contains this")
    parser.add_argument("--out", type=Path, default=OUT, help="folder for files that break something")
    options = parser.parse_args()
    start = time.monotonic()
    number = int(time.time()) if options.seed is None else options.seed
    tried: Counter[str] = Counter()
    broken: dict[str, set[str]] = {}
    chosen = {name: trial for name, trial in trials().items() if options.only in name}
    while time.monotonic() - start < 60 * options.minutes:
        for name, trial in chosen.items():
            if time.monotonic() - start >= 60 * options.minutes:
                break
            try:
                attempt(trial, AT_ONCE, number, lambda name=name: tried.update([name]))  # type: ignore[misc]
            except Exception as error:  # noqa: BLE001 - whatever breaks is what is looked for
                _keep(options.out, name, number, error, broken.setdefault(name, set()))
        number += 1
    for name in chosen:
        sys.stdout.write(f"{name:<32}{tried[name]:>9,} files{len(broken.get(name, ())):>5} broke something\n")
    sys.stdout.write(f"{tried.total():,} files in {(time.monotonic() - start) / 60:.1f} minutes\n")
    return 1 if broken else 0


def _keep(folder: Path, name: str, number: int, error: Exception, known: set[str]) -> None:
    """Write down what broke, once for each place or message."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "" if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
    key = f"{type(error).__name__} at {place}"
    if key in known:
        return
    known.add(key)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name.replace(' ', '_').replace(',', '')}-{number}.txt"
    notes = "\n".join(getattr(error, "__notes__", []))
    path.write_text(f"{name}, seed {number}\n{key}: {error}\n\n{notes}\n", "utf-8", errors="backslashreplace")
    sys.stdout.write(f"{name}: {key}: {str(error)[:300]}\n  {path}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
