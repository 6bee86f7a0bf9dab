"""`python -m tests.simulation --before REVISION`: the fleet's table and plot, for the templates of two revisions."""
from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from infra.template.cloudformation_yaml import WORKER, load
from infra.template.service_template import FUNCTIONS, RESOURCES, service_template
from tests.conftest import PROJECT
from tests.simulation.fleet import Fleet, Template
from tests.simulation.loads import LOADS, Load

Templates = tuple[Template, Template]
PLOT = PROJECT / "docs" / "fleet.svg"
COLUMNS = ("wait, mean", "95 %", "most", "annotators, mean", "most", "dollars a day", "interrupted")
WIDTH, HEIGHT, LEFT, TOP = 760, 110, 40, 26


def of_revision(revision: str) -> Templates:
    """The templates of a commit; of the working tree for ""."""
    if not revision:
        return load(WORKER), service_template()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / FUNCTIONS).write_text("Functions: {}", encoding="utf-8")  # early commits have no such file
        for file in subprocess.run(["git", "ls-tree", "--name-only", revision, "infra/"], cwd=PROJECT, check=True,
                                   text=True, stdout=subprocess.PIPE).stdout.split():
            if Path(file).name in (WORKER.name, RESOURCES, FUNCTIONS):
                text = subprocess.run(["git", "show", f"{revision}:{file}"], cwd=PROJECT, check=True, text=True,
                                      stdout=subprocess.PIPE).stdout
                (directory / Path(file).name).write_text(text, encoding="utf-8")
        return load(directory / WORKER.name), service_template(directory)


def simulate(load_: Load, templates: Templates) -> Fleet:
    """One load on one pair of templates."""
    return Fleet(templates[0], templates[1], load_.jobs()).run(load_.seconds)


def row(fleet: Fleet, days: float) -> list[str]:
    """A run's figures, in the order of `COLUMNS`."""
    waits = fleet.waits
    return [minutes(sum(waits) / len(waits)), minutes(waits[int(0.95 * (len(waits) - 1))]), minutes(waits[-1]),
            f"{sum(fleet.sizes) / len(fleet.sizes):.2f}", str(max(fleet.sizes)),
            f"{fleet.hours * fleet.price / days:.2f}", str(sum(job.interrupted for job in fleet.jobs))]


def minutes(seconds: float) -> str:
    """A time as people write it."""
    return f"{seconds / 60:.1f} min"


def plot(runs: Iterable[tuple[Load, Sequence[Fleet]]]) -> str:
    """The number of annotators over time, a panel for each load, as SVG."""
    panels: list[str] = []
    for number, (one, fleets) in enumerate(runs):
        y = number * (HEIGHT + TOP + 16)
        highest = max(max(fleet.sizes) for fleet in fleets)
        panels.append(f'<text x="{LEFT}" y="{y + 16}" font-weight="bold">{one.name}</text>'
                      f'<text x="{LEFT - 6}" y="{y + TOP + 10}" text-anchor="end">{highest}</text>'
                      f'<text x="{LEFT - 6}" y="{y + TOP + HEIGHT}" text-anchor="end">0</text>'
                      f'<path d="M{LEFT} {y + TOP}V{y + TOP + HEIGHT}H{WIDTH}" fill="none" stroke="#999"/>'
                      f'<text x="{WIDTH}" y="{y + TOP + HEIGHT + 12}" text-anchor="end">{one.days} days</text>')
        for fleet, colour in zip(fleets, ("#c96f3b", "#1f6f8b"), strict=False):
            panels.append(f'<path d="{_steps(fleet.sizes, y + TOP + HEIGHT, highest)}" fill="none" '
                          f'stroke="{colour}" stroke-width="1.2"/>')
    height = len(panels) and (number + 1) * (HEIGHT + TOP + 16)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + 10} {height + 18}" '
            f'font-family="sans-serif" font-size="11">\n<rect width="100%" height="100%" fill="#fff"/>\n'
            + "\n".join(panels) + f'\n<text x="{LEFT}" y="{height + 12}"><tspan fill="#c96f3b">before</tspan> '
            '<tspan fill="#1f6f8b">after</tspan>: annotators over time</text>\n</svg>\n')


def _steps(sizes: Sequence[int], bottom: float, highest: int) -> str:
    path, last = [f"M{LEFT} {bottom}"], 0
    for minute, size in enumerate(sizes):
        if size != last:
            x = LEFT + minute / len(sizes) * (WIDTH - LEFT)
            path.append(f"H{x:.1f}V{bottom - size / highest * HEIGHT:.1f}")
            last = size
    return "".join([*path, f"H{WIDTH}"])


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--before", default="", help="commit whose templates to compare with")
    parser.add_argument("--plot", type=Path, default=PLOT, help="file for the plot (docs/fleet.svg)")
    options = parser.parse_args(arguments)
    versions = ([("before", of_revision(options.before))] if options.before else []) + [("after", of_revision(""))]
    write = sys.stdout.write
    write(f"| load | | {' | '.join(COLUMNS)} |\n|{'---|' * (len(COLUMNS) + 2)}\n")
    runs = []
    for one in LOADS:
        fleets = []
        for name, templates in versions:
            fleet = simulate(one, templates)
            fleets.append(fleet)
            write(f"| {one.name} | {name} | {' | '.join(row(fleet, one.days))} |\n")
        runs.append((one, fleets))
    if len(versions) > 1:
        options.plot.write_text(plot(runs), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
