"""What of the consequences is reported: sub-fields and entries of CSQ, transcripts, the reach of up- and downstream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from annotator.engine.consequence.output.csq_fields import CSQ_FIELDS
from annotator.engine.consequence.pick import PICK_ORDER
from annotator.engine.reference.gene_models import FLANK
from annotator.engine.reference.transcript_choice import EVERY_TRANSCRIPT, TranscriptChoice

Entries = Literal["all", "pick", "per-gene", "most-severe"]
"""Which entries of CSQ are written: all, the one that is picked of each allele, one per allele and gene, or one per
record, with its most severe term and without a transcript."""
RESTRICTED: tuple[Entries, ...] = get_args(Entries)[1:]


@dataclass(frozen=True)
class Reporting:
    """What an annotation reports.

    Attributes:
        fields: names of the sub-fields of CSQ, in their order.
        pick_order: criteria by which one entry of an allele is picked (:mod:`annotator.engine.consequence.pick`).
        entries: which entries are written.
        transcripts: of the reference that are used.
        flank: bases beyond a transcript in which a variant is upstream or downstream of it.
        shift_3prime: insertions and deletions have the consequences of their most 3' placement in each transcript
            (VEP's option of this name), instead of those of their left-aligned one.
        bcsq: whether entries of BCSQ are written, too.
    """

    fields: tuple[str, ...] = CSQ_FIELDS
    pick_order: tuple[str, ...] = PICK_ORDER
    entries: Entries = "all"
    transcripts: TranscriptChoice = EVERY_TRANSCRIPT
    flank: int = FLANK
    shift_3prime: bool = False
    bcsq: bool = False

    def restrictions(self) -> Iterator[str]:
        """What differs from the default, as options of the command line, for the header of the results."""
        if self.entries != "all":
            yield f"--{self.entries}"
        if self.pick_order != PICK_ORDER:
            yield f"--pick-order {','.join(self.pick_order)}"
        if self.transcripts.names is not None:
            yield f"--transcripts ({len(self.transcripts.names)} names)"
        if self.transcripts.basic:
            yield "--gencode-basic"
        if self.flank != FLANK:
            yield f"--flank {self.flank}"


EVERYTHING = Reporting()
