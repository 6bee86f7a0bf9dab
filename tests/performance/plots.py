"""Plots of figures as SVG: lines of several series over one quantity, in panels side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, LEFT, TOP, BELOW = 340, 150, 56, 30, 34
"""Pixels of a panel's plot, and around it."""
COLOURS = ("#1f6f8b", "#c96f3b", "#5b8c3a")


@dataclass(frozen=True)
class Panel:
    """Values of one quantity over another one.

    Attributes:
        title: What is shown.
        across: The quantity on the horizontal axis.
        unit: Unit of the vertical axis.
        series: Points of each line by its name.
    """

    title: str
    across: str
    unit: str
    series: dict[str, Sequence[tuple[float, float]]]


def plot(panels: Sequence[Panel], columns: int = 2) -> str:
    """Panels as one SVG; all axes begin at 0."""
    wide, high = LEFT + WIDTH + 20, TOP + HEIGHT + BELOW
    drawn = [
        _panel(panel, at % columns * wide + LEFT, at // columns * high + TOP) for at, panel in enumerate(panels)
    ]  # fmt: skip
    height = -(-len(panels) // columns) * high
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {columns * wide} {height}" font-family="sans-serif" '
        f'font-size="11">\n<rect width="100%" height="100%" fill="#fff"/>\n{"".join(drawn)}</svg>\n'
    )


def _panel(panel: Panel, x: float, y: float) -> str:
    points = [point for line in panel.series.values() for point in line]
    far, top = (max(values) or 1 for values in zip(*points, strict=True))
    lines = [
        f'<text x="{x}" y="{y - 14}" font-weight="bold">{escape(panel.title)}</text>\n',
        f'<path d="M{x} {y}V{y + HEIGHT}H{x + WIDTH}" fill="none" stroke="#999"/>\n',
        f'<text x="{x - 6}" y="{y + 8}" text-anchor="end">{short(top)}</text>\n',
        f'<text x="{x - 6}" y="{y + 20}" text-anchor="end">{escape(panel.unit)}</text>\n',
        f'<text x="{x - 6}" y="{y + HEIGHT}" text-anchor="end">0</text>\n',
        f'<text x="{x + WIDTH}" y="{y + HEIGHT + 14}" text-anchor="end">{short(far)} {escape(panel.across)}</text>\n',
    ]
    for at, (name, line) in enumerate(panel.series.items()):
        colour = COLOURS[at % len(COLOURS)]
        places = [(round(x + a / far * WIDTH, 1), round(y + HEIGHT - b / top * HEIGHT, 1)) for a, b in line]
        lines.append(f'<polyline points="{" ".join(f"{a},{b}" for a, b in places)}" fill="none" stroke="{colour}"/>\n')
        lines += [f'<circle cx="{a}" cy="{b}" r="2.5" fill="{colour}"/>\n' for a, b in places]
        if len(panel.series) > 1:
            lines.append(f'<text x="{x + 8}" y="{y + 10 + 13 * at}" fill="{colour}">{escape(name)}</text>\n')
    return "".join(lines)


def short(value: float) -> str:
    """A number as an axis shows it, such as 450k."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"
