"""How the variants of a result are distributed: along chromosomes, or along the one sequence of a small genome."""
from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypedDict

CONTIGS_SHOWN = 30
DATA = Path(__file__).parents[1] / "static" / "dist" / "bundled.json"
"""The sequences of the bundled references with their genes, from which the build made it."""
NAMED_FROM = 300
"""Bases of the shortest gene that is named on the circle."""
NAMED_SHARE = 0.026
"""Share of the sequence that the shortest gene has whose name fits below a straight line."""
LINE_WIDTH, BARS_HEIGHT = 360.0, 64.0
"""Of the drawing of a linear sequence, and of its highest bar, in units of the SVG."""
_INNER, _OUTER, _GENE_RADIUS, _LABEL_RADIUS = 78.0, 116.0, 71.0, 54.0
_CROWDED = {"ATP6": 38.0, "ND3": 41.0}
"""Radius of the labels that would lie on their neighbours'."""


class Gene(TypedDict):
    """A gene: first and last base, 1-based."""

    name: str
    start: int
    end: int


class BundledSequence(TypedDict):
    """The one sequence of a bundled reference, with all of its names; `length` is in bases."""

    reference: str
    names: list[str]
    length: int
    circular: bool
    genes: list[Gene]


@cache
def bundled_sequences() -> list[BundledSequence]:
    """The sequences of the bundled references.

    Raises:
        FileNotFoundError: The front end was not built.
    """
    data: list[BundledSequence] = json.loads(DATA.read_text(encoding="utf-8"))
    return data


@dataclass(frozen=True)
class Bin:
    """A stretch of a contig.

    Attributes:
        start: First base, 1-based.
        end: Last base.
        number: Variants in it.
    """

    start: int
    end: int
    number: int


@dataclass(frozen=True)
class ContigDensity:
    """A contig with its variants.

    Attributes:
        share: Its length as a share of the longest one's, 0 to 1.
        bins: Stretches of equal length, none where the engine did not count them.
    """

    name: str
    number: int
    share: float
    bins: tuple[Bin, ...]

    @property
    def densest(self) -> Bin | None:
        """The stretch with the most variants."""
        return max(self.bins, key=lambda stretch: stretch.number, default=None)


@dataclass(frozen=True)
class Spoke:
    """One stretch of the circle, drawn outwards; coordinates of an SVG whose centre is 0, 0."""

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True)
class Arc:
    """A gene on the circle, with an SVG path; every other one is `odd`."""

    name: str
    path: str
    label_x: float
    label_y: float
    odd: bool


@dataclass(frozen=True)
class Circle:
    """A circular sequence, drawn clockwise from position 1 at the top."""

    spokes: tuple[Spoke, ...]
    arcs: tuple[Arc, ...]
    thickness: float
    most: int


@dataclass(frozen=True)
class Box:
    """A stretch of a line, in units of its SVG; a gene's `label` is "" where there is no room for it."""

    x: float
    width: float
    height: float
    name: str = ""
    label: str = ""


@dataclass(frozen=True)
class Line:
    """A linear sequence, drawn from position 1 on the left: bars for its variants, and below them its genes.

    Attributes:
        length: Bases.
        most: Variants of the highest bar.
    """

    bars: tuple[Box, ...]
    genes: tuple[Box, ...]
    length: int
    most: int


@dataclass(frozen=True)
class DistributionView:
    """How the variants are distributed.

    Attributes:
        contigs: In the order that people expect: 1, 2, … X, Y, MT.
        others: Contigs that are not shown.
        most_in_bin: Variants of the densest stretch of all.
        most: Variants of the contig that has the most.
        circle: Set when all variants are on a circular sequence whose genes are known, as the mitochondrion.
        line: Set when all are on a linear one, as SARS-CoV-2.
    """

    contigs: tuple[ContigDensity, ...]
    others: int
    most_in_bin: int
    most: int
    circle: Circle | None
    line: Line | None

    @classmethod
    def of(cls, summary: Mapping[str, Any]) -> DistributionView | None:
        """The distribution in a summary; None if it has none."""
        counts, density = summary.get("contigs"), summary.get("density") or {}
        if not isinstance(counts, Mapping) or not counts or not isinstance(density, Mapping):
            return None
        lengths = {name: _length(density[name]) for name in counts if isinstance(density.get(name), Mapping)}
        longest = max(lengths.values(), default=1) or 1
        contigs = [
            ContigDensity(
                name,
                int(counts[name]),
                lengths.get(name, longest) / longest,
                _bins(density.get(name), lengths.get(name, 0)),
            )
            for name in sorted(map(str, counts), key=_natural)
        ]
        shown = tuple(contigs[:CONTIGS_SHOWN])
        most = max((stretch.number for contig in shown for stretch in contig.bins), default=0)
        known = _bundled(shown[0].name, longest) if len(contigs) == 1 and most else None
        return cls(shown, len(contigs) - len(shown), most, max(contig.number for contig in contigs),
                   circle=_circle(shown[0], most, known) if known and known["circular"] else None,
                   line=_line(shown[0], most, known) if known and not known["circular"] else None)


def _bundled(name: str, length: int) -> BundledSequence | None:
    return next((one for one in bundled_sequences() if name in one["names"] and length == one["length"]), None)


def _natural(name: str) -> tuple[int, int, str]:
    bare = re.sub(r"^chr", "", name, flags=re.IGNORECASE)
    if bare.isdecimal():
        return (0, int(bare), name)
    places = {"X": 1, "Y": 2, "M": 3, "MT": 3}
    return (1, places.get(bare.upper(), 4), name)


def _length(density: Mapping[str, Any]) -> int:
    return int(density.get("length") or int(density.get("bin", 1)) * len(density.get("counts", ())))


def _bins(density: Any, length: int) -> tuple[Bin, ...]:
    if not isinstance(density, Mapping):
        return ()
    width = int(density.get("bin", 0))
    if width <= 0:
        return ()
    return tuple(Bin(place * width + 1, max(place * width + 1, min((place + 1) * width, length)), int(number))
                 for place, number in enumerate(density.get("counts", ())))


def _point(position: float, radius: float, length: int) -> tuple[float, float]:
    angle = 2 * math.pi * position / length
    return round(radius * math.sin(angle), 2), round(-radius * math.cos(angle), 2)


def _circle(contig: ContigDensity, most: int, sequence: BundledSequence) -> Circle:
    spokes, length = [], sequence["length"]
    for stretch in contig.bins:
        if stretch.number:
            middle = (stretch.start + stretch.end) / 2
            outer = _INNER + (_OUTER - _INNER) * stretch.number / most
            spokes.append(Spoke(*_point(middle, _INNER, length), *_point(middle, outer, length)))
    arcs = []
    named = [gene for gene in sequence["genes"] if gene["end"] - gene["start"] + 1 >= NAMED_FROM]
    for place, gene in enumerate(named):
        name, start, end = gene["name"], gene["start"], gene["end"]
        (x1, y1), (x2, y2) = _point(start, _GENE_RADIUS, length), _point(end, _GENE_RADIUS, length)
        label_x, label_y = _point((start + end) / 2, _CROWDED.get(name, _LABEL_RADIUS), length)
        arcs.append(Arc(name, f"M{x1} {y1}A{_GENE_RADIUS} {_GENE_RADIUS} 0 0 1 {x2} {y2}", label_x, label_y,
                        place % 2 == 1))
    width = 2 * math.pi * _INNER / max(len(contig.bins), 1) * 0.8
    return Circle(tuple(spokes), tuple(arcs), round(width, 2), most)


def _line(contig: ContigDensity, most: int, sequence: BundledSequence) -> Line:
    scale = LINE_WIDTH / sequence["length"]

    def box(start: int, end: int, height: float, name: str = "", label: str = "") -> Box:
        return Box(round((start - 1) * scale, 2), round((end - start + 1) * scale, 2), round(height, 2), name, label)

    bars = [box(one.start, one.end, BARS_HEIGHT * one.number / most) for one in contig.bins if one.number]
    genes = []
    for gene in sequence["genes"]:
        name, start, end = gene["name"], gene["start"], gene["end"]
        genes.append(box(start, end, 0, name, name if end - start + 1 >= NAMED_SHARE * sequence["length"] else ""))
    return Line(tuple(bars), tuple(genes), sequence["length"], most)
