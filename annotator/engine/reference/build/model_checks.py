"""Checks whether gene models and sequence belong together, by start codons, stop codons, and stops before the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from annotator.engine.reference.build.gene_formats import GeneModel
from annotator.engine.reference.bundle import Contig
from annotator.engine.reference.bundle import Sequence as Bases
from annotator.engine.reference.genetic_code import STARTS
from annotator.engine.reference.transcript import Transcript
from annotator.engine.reference.verify import coding_faults

LEAST_STARTS, LEAST_STOPS, MOST_INTERNAL = 0.8, 0.8, 0.1
"""Least share of coding transcripts with a start codon, least share with a stop codon, and largest share with a stop
before the end. In tables that do not say which transcripts are cut off about one in eight is; of models on the wrong
sequence a few in a hundred pass."""
FORGIVEN = 2
"""Number of faulty coding transcripts that is always accepted: a small genome may have one or two that are cut off."""
JUDGED_ALONE = 10
"""Least number of coding transcripts for checking a contig separately."""


@dataclass
class ModelFit:
    """How coding transcripts fit a sequence.

    Attributes:
        coding: number of coding transcripts that were compared.
        starts, asked_start: number with a start codon, of those whose start the source does not call cut off.
        stops, asked_stop: number with a stop codon, of those whose end the source does not call cut off.
        bacterial_starts: number that by genetic code 1 have no start codon, but by code 11.
        internal: number with a stop codon before the end.
        foreign: number with at least two of these faults.
        exceptions: ids, with versions, of the transcripts with any fault.
    """

    coding: int = 0
    starts: int = 0
    asked_start: int = 0
    bacterial_starts: int = 0
    stops: int = 0
    asked_stop: int = 0
    internal: int = 0
    foreign: int = 0
    exceptions: list[str] = field(default_factory=list)

    def bad(self) -> bool:
        """Whether models and sequence do not belong together."""
        return (
            (self.coding > 0 and self.foreign == self.coding)
            or self.asked_start - self.starts > max(FORGIVEN, (1 - LEAST_STARTS) * self.asked_start)
            or self.asked_stop - self.stops > max(FORGIVEN, (1 - LEAST_STOPS) * self.asked_stop)
            or self.internal > max(FORGIVEN, MOST_INTERNAL * self.coding)
        )

    def figures(self) -> str:
        """The figures as text."""
        return (
            f"of {self.coding:,} coding transcripts {_part(self.starts, self.asked_start)} start on a start codon, "
            f"{_part(self.stops, self.asked_stop)} end on a stop codon, "
            f"{_part(self.internal, self.coding)} have a stop codon before the end"
        )

    def seems_bacterial(self) -> bool:
        """Whether nearly all of several missing start codons are those of bacteria, archaea and plastids (code 11)."""
        missing = self.asked_start - self.starts
        return missing > FORGIVEN and self.bacterial_starts >= LEAST_STARTS * missing

    def checks(self) -> dict[str, object]:
        """The figures as the manifest has them."""
        return {
            "coding_transcripts": self.coding,
            "start_codon": [self.starts, self.asked_start],
            "stop_codon": [self.stops, self.asked_stop],
            "internal_stop": self.internal,
        }

    def add(self, other: ModelFit) -> None:
        """Add the figures of another contig."""
        for name in (
            "coding",
            "starts",
            "asked_start",
            "stops",
            "asked_stop",
            "internal",
            "foreign",
            "bacterial_starts",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.exceptions += other.exceptions

    def take(self, name: str, faults: dict[str, str], start_known: bool, end_known: bool) -> None:
        """Count a transcript.

        Args:
            name: its id.
            faults: as :func:`annotator.engine.reference.verify.coding_faults` returns them.
            start_known, end_known: whether the source does not call the coding sequence cut off there.
        """
        self.coding += 1
        self.asked_start += start_known
        self.asked_stop += end_known
        self.starts += start_known and "start" not in faults
        self.stops += end_known and "stop" not in faults
        self.internal += "internal" in faults
        asked = {"internal", *(["start"] if start_known else []), *(["stop"] if end_known else [])}
        self.foreign += len(asked & set(faults)) > 1
        if faults:
            self.exceptions.append(name)


def _part(count: int, total: int) -> str:
    return f"{count:,} of {total:,} ({count / total:.1%})" if total else "0 of 0"


def check_contig(models: Sequence[GeneModel], table: pa.Table, contig: Contig, sequence: Bases) -> ModelFit:
    """Compare the coding sequences of one contig with what a protein needs.

    Args:
        models: of the contig, in the order of the transcript table.
        table: the transcript table of the contig.
        contig: of the reference.
        sequence: of the reference.
    """
    fit = ModelFit()
    for source, row in zip(models, _rows(table), strict=True):
        if source.cds:
            transcript = Transcript.of(row)
            faults = coding_faults(transcript, contig, sequence)
            by_code_1 = (transcript.genetic_code or contig.genetic_code) == 1
            fit.bacterial_starts += (
                source.start_known and "start" in faults and by_code_1 and transcript.cds[:3] in STARTS[11]
            )
            fit.take(row["id"], faults, source.start_known, source.end_known)
    return fit


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    """The rows of a table; not all at once, as those of a chromosome take hundreds of megabytes."""
    for batch in table.to_batches(max_chunksize=1000):
        yield from batch.to_pylist()


def judge(fits: Mapping[str, ModelFit], contigs: Sequence[Contig]) -> tuple[ModelFit, str]:
    """Whether the gene models of a reference belong to its sequence.

    Args:
        fits: by name of the contig, in the order of the contigs.
        contigs: of the reference.

    Returns:
        The figures, and why models and sequence do not belong together: the figures of all contigs, or of the first
        that does not fit where the total does; empty when they belong together.
    """
    total, alone = ModelFit(), []
    codes = {contig.name: contig.genetic_code for contig in contigs}
    for name, fit in fits.items():
        total.add(fit)
        if fit.coding >= JUDGED_ALONE and fit.bad():
            alone.append(f"contig {name} (genetic code {codes[name]}): {fit.figures()}")
    if not alone and not total.bad():
        return total, ""
    if alone and not total.bad():
        return total, alone[0]
    used = sorted({codes[name] for name in fits})
    listed = ", ".join(map(str, used))
    return total, f"{total.figures()} (genetic code{'s' if len(used) > 1 else ''} {listed})"
