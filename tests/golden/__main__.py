"""`make golden`: annotates every input and compares the outputs with the sums that were recorded.

`python -m tests.golden --record` records them: do that in the commit that changes what the engine writes, which
says so in CHANGELOG. To see more than the first line that differs, run `--keep DIRECTORY` in both checkouts and diff.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.golden.inputs import Input, inputs
from tests.golden.outputs import Lines, difference, outputs_of, sums_of

SUMS = Path(__file__).with_name("sums.json")
Sums = dict[str, dict[str, dict[str, str]]]


def recorded() -> Sums:
    """Sums by input and kind of output."""
    sums: Sums = json.loads(SUMS.read_text("utf-8"))
    return sums


def run(wanted: Callable[[Input], bool]) -> Iterator[tuple[Input, dict[str, Lines]]]:
    """Annotate the inputs that are wanted, one after the other."""
    with tempfile.TemporaryDirectory(prefix="gas-golden-") as shared:
        for one in inputs(Path(shared)):
            if wanted(one):
                with tempfile.TemporaryDirectory(prefix="gas-golden-") as folder:
                    with contextlib.redirect_stdout(io.StringIO()):  # `reference build` reports what it does
                        found = outputs_of(one, Path(folder))
                    yield one, found


def differences(name: str, found: dict[str, Lines], sums: Sums) -> list[str]:
    """How the outputs of an input differ from what was recorded, a line for each output."""
    before = sums.get(name, {})
    lines = [f"{name}: {kind} is no longer written" for kind in sorted(before.keys() - found.keys())]
    for kind, output in found.items():
        if kind not in before:
            lines.append(f"{name}: {kind} is not recorded")
        elif words := difference(output, before[kind]):
            lines.append(f"{name}: {kind} differs: {words}")
    return lines


def main() -> int:
    """Run the command line; returns the exit code: 1 when something differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.golden", description=__doc__)
    parser.add_argument("--record", action="store_true", help=f"rewrite {SUMS.name}")
    parser.add_argument("--quick", action="store_true", help="only the inputs of `make test`")
    parser.add_argument("--only", metavar="TEXT", default="", help="only inputs whose names contain it")
    parser.add_argument("--keep", metavar="DIRECTORY", type=Path, help="write the outputs there as text")
    options = parser.parse_args()
    if options.record and (options.quick or options.only):
        parser.error("--record takes all inputs")
    sums: Sums = {} if options.record else recorded()
    different, seen = [], set()
    for one, found in run(lambda one: (one.quick or not options.quick) and options.only in one.name):
        seen.add(one.name)
        if options.keep:
            _keep(options.keep / one.name.replace("/", "_"), found)
        if options.record:
            sums[one.name] = {kind: sums_of(lines) for kind, lines in found.items()}
            continue
        for line in differences(one.name, found, sums):
            different.append(line)
            sys.stdout.write(f"{line[:2000]}\n")
    if options.record:
        SUMS.write_text(json.dumps(sums, indent=1, sort_keys=True) + "\n", "utf-8")
    elif not options.quick and not options.only:
        gone = sorted(sums.keys() - seen)
        different += gone
        sys.stdout.writelines(f"{name}: there is no such input any more\n" for name in gone)
    sys.stdout.write(f"{len(seen)} inputs, {len(different)} differences\n")
    return int(bool(different))


def _keep(folder: Path, found: dict[str, Lines]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for kind, lines in found.items():
        (folder / f"{kind}.txt").write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
