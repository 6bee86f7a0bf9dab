"""The counts of a finished annotation, as the job's page shows them."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.amounts import count
from chalicelib.web.views.distribution import DistributionView

CONSEQUENCES_SHOWN = 25
_IMPACTS = ("HIGH", "MODERATE", "LOW", "MODIFIER")


@dataclass(frozen=True)
class Bar:
    """One line of a table of counts."""

    name: str
    number: int


@dataclass(frozen=True)
class WarningView:
    """An oddity of the input, how often it was met, and where first."""

    message: str
    number: int
    lines: tuple[int, ...]


@dataclass(frozen=True)
class SummaryView:
    """A job's summary.

    Attributes:
        figures: The key figures, label and value.
        consequences: The most frequent Sequence Ontology terms.
        most_severe: They are the most severe one of each record; else all of its.
        other_consequences: How many further terms there are.
        impacts: By VEP's classification.
        distribution: Where the variants lie, None where that was not counted.
        terms: Every consequence that is the most severe one of some variant.
        gene_example: The gene with the most variants, "" where none has any.
        region_example: Where the contig with the most variants has most of them, "" where there is none.
    """

    figures: tuple[tuple[str, str], ...]
    consequences: tuple[Bar, ...]
    other_consequences: int
    impacts: tuple[Bar, ...]
    warnings: tuple[WarningView, ...]
    terms: tuple[str, ...]
    most_severe: bool
    distribution: DistributionView | None
    gene_example: str
    region_example: str

    @classmethod
    def of(cls, summary: Mapping[str, Any]) -> SummaryView:
        """The summary that the annotation engine wrote; what it left out is not shown."""
        terms = _bars(summary.get("most_severe")) or _bars(summary.get("consequences"))
        impacts = {bar.name: bar for bar in _bars(summary.get("impacts"))}
        return cls(
            figures=tuple(_figures(summary)),
            consequences=tuple(terms[:CONSEQUENCES_SHOWN]),
            other_consequences=max(0, len(terms) - CONSEQUENCES_SHOWN),
            impacts=tuple(impacts.get(name, Bar(name, 0)) for name in _IMPACTS) if impacts else (),
            warnings=tuple(_warnings(summary.get("warnings"))),
            terms=tuple(sorted(bar.name for bar in terms)),
            most_severe=bool(summary.get("most_severe")),
            distribution=DistributionView.of(summary),
            gene_example=_most(summary.get("genes")),
            region_example=_region_example(summary))

    @property
    def most_consequences(self) -> int:
        """The largest count among the consequences: the full length of a bar."""
        return max((bar.number for bar in self.consequences), default=1)

    @property
    def most_impacts(self) -> int:
        """The largest count among the impacts."""
        return max((bar.number for bar in self.impacts), default=1)


def _figures(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    def number(name: str) -> int | None:
        return int(summary[name]) if summary.get(name) is not None else None

    high = summary["impacts"].get("HIGH") if isinstance(summary.get("impacts"), Mapping) else None
    wanted = [("Records", number("records")), ("Variants", number("alleles")), ("Known records", number("known")),
              ("Novel records", number("novel")), ("High-impact records", high if high is None else int(high)),
              ("Genes with variants", number("genes_hit")), ("SNVs", number("snvs")), ("Indels", number("indels")),
              ("Samples", number("samples") or None)]
    figures = [(label, count(value)) for label, value in wanted if value is not None]
    if summary.get("titv") is not None:
        at = next((place for place, (label, _) in enumerate(figures) if label == "SNVs"), len(figures))
        figures.insert(at, ("Ti/Tv", f"{float(summary['titv']):.2f}"))
    return figures


def _most(counts: Any) -> str:
    """The name with the largest count, "" without counts."""
    return next((bar.name for bar in _bars(counts)), "")


def _region_example(summary: Mapping[str, Any]) -> str:
    """A region in which a file has variants, as the filter takes it."""
    contig = _most(summary.get("contigs"))
    distribution = DistributionView.of(summary)
    shown = distribution.contigs if distribution is not None else ()
    densest = next((one.densest for one in shown if one.name == contig), None)
    return f"{contig}:{densest.start:,}-{densest.end:,}" if densest is not None else contig


def _bars(counts: Any) -> list[Bar]:
    if not isinstance(counts, Mapping):
        return []
    return sorted((Bar(str(name), int(number)) for name, number in counts.items()),
                  key=lambda bar: (-bar.number, bar.name))


def _warnings(warnings: Any) -> list[WarningView]:
    if not isinstance(warnings, list):
        return []
    return [WarningView(_sentence(str(entry.get("message") or entry.get("code", ""))), int(entry.get("count", 1)),
                        tuple(int(line) for line in entry.get("first_lines", ()) or ()))
            for entry in warnings if isinstance(entry, Mapping)]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
