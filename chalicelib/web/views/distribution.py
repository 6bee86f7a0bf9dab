"""How the variants of a result are distributed along chromosomes, or around the mitochondrion."""
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
DATA = Path(__file__).parents[1] / "static" / "dist" / "mitochondrion.json"
"""Length, names and genes of the mitochondrion, which the build takes from the bundled reference."""
NAMED_FROM = 300
"""Bases of the shortest gene that is named in the drawing."""
_INNER, _OUTER, _GENE_RADIUS, _LABEL_RADIUS = 78.0, 116.0, 71.0, 54.0
_CROWDED = {"ATP6": 38.0, "ND3": 41.0}
"""Radius of the labels that would lie on their neighbours'."""


class Gene(TypedDict):
    """A gene of the mitochondrion: first and last base, 1-based."""

    name: str
    start: int
    end: int


class Mitochondrion(TypedDict):
    """The human mitochondrion (rCRS), as results name it."""

    length: int
    names: list[str]
    genes: list[Gene]


@cache
def mitochondrion() -> Mitochondrion:
    """The mitochondrion of the bundled reference.

    Raises:
        FileNotFoundError: The front end was not built.
    """
    data: Mitochondrion = json.loads(DATA.read_text(encoding="utf-8"))
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
    """The mitochondrion, drawn clockwise from position 1 at the top."""

    spokes: tuple[Spoke, ...]
    arcs: tuple[Arc, ...]
    thickness: float
    most: int


@dataclass(frozen=True)
class DistributionView:
    """How the variants are distributed.

    Attributes:
        contigs: In the order that people expect: 1, 2, … X, Y, MT.
        others: Contigs that are not shown.
        most_in_bin: Variants of the densest stretch of all.
        most: Variants of the contig that has the most.
        circle: Set when all variants are the mitochondrion's.
    """

    contigs: tuple[ContigDensity, ...]
    others: int
    most_in_bin: int
    most: int
    circle: Circle | None

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
        lone = shown[0] if len(contigs) == 1 and most and _is_mitochondrion(shown[0].name, longest) else None
        return cls(shown, len(contigs) - len(shown), most, max(contig.number for contig in contigs),
                   _circle(lone, most) if lone else None)


def _is_mitochondrion(name: str, length: int) -> bool:
    return name in mitochondrion()["names"] and length == mitochondrion()["length"]


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


def _point(position: float, radius: float) -> tuple[float, float]:
    angle = 2 * math.pi * position / mitochondrion()["length"]
    return round(radius * math.sin(angle), 2), round(-radius * math.cos(angle), 2)


def _circle(contig: ContigDensity, most: int) -> Circle:
    spokes = []
    for stretch in contig.bins:
        if stretch.number:
            middle = (stretch.start + stretch.end) / 2
            outer = _INNER + (_OUTER - _INNER) * stretch.number / most
            spokes.append(Spoke(*_point(middle, _INNER), *_point(middle, outer)))
    arcs = []
    named = [gene for gene in mitochondrion()["genes"] if gene["end"] - gene["start"] + 1 >= NAMED_FROM]
    for place, gene in enumerate(named):
        name, start, end = gene["name"], gene["start"], gene["end"]
        (x1, y1), (x2, y2) = _point(start, _GENE_RADIUS), _point(end, _GENE_RADIUS)
        label_x, label_y = _point((start + end) / 2, _CROWDED.get(name, _LABEL_RADIUS))
        arcs.append(Arc(name, f"M{x1} {y1}A{_GENE_RADIUS} {_GENE_RADIUS} 0 0 1 {x2} {y2}", label_x, label_y,
                        place % 2 == 1))
    width = 2 * math.pi * _INNER / max(len(contig.bins), 1) * 0.8
    return Circle(tuple(spokes), tuple(arcs), round(width, 2), most)
