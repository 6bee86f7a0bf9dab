"""The second pass: the answers are joined to the user's own lines, which stay as they are outside INFO."""

from __future__ import annotations

import re

from annotator.engine.consequences import Judgement, judge
from annotator.engine.csq import Answers
from annotator.engine.genotypes import carried_alleles, genotypes_of
from annotator.engine.layers import Layer, info_line
from annotator.engine.mending import Mender
from annotator.engine.models import Models
from annotator.engine.progress import Warnings
from annotator.engine.records import Record
from annotator.engine.reference import Reference
from annotator.engine.summary import Counts

BCSQ_DESCRIPTION = (
    "Consequences from BCFtools/csq and, where it gives none, from overlap with the gene models. "
    "Format: Consequence|gene|transcript|biotype|strand|amino_acid_change|dna_change"
)


def info_lines(reference: Reference) -> dict[str, bytes]:
    """The ``##INFO`` lines of all fields that an annotation with this reference may add, by ID."""
    lines = {
        "BCSQ": info_line("BCSQ", "String", BCSQ_DESCRIPTION, "."),
        "GAS_CONSEQUENCE": info_line(
            "GAS_CONSEQUENCE", "String", "Most severe consequence of the record, a Sequence Ontology term", "1"
        ),
        "GAS_IMPACT": info_line(
            "GAS_IMPACT", "String", "Impact of GAS_CONSEQUENCE: HIGH, MODERATE, LOW or MODIFIER", "1"
        ),
        "GAS_SKIPPED": info_line("GAS_SKIPPED", "String", "Why the record has no consequences", "1"),
    }
    for layer in reference.layers:
        for one in layer.fields:
            lines[one.info] = info_line(one.info, one.type, one.description)
    return lines


class Annotator:
    """Annotates records one by one, in the order in which they were checked.

    Args:
        reference: used for the layers.
        models: for what the caller does not say.
        mender: puts the caller's entries right.
        sites: answers for each record by itself.
        haplotypes: answers that see neighbouring variants together, or None.
        counts: receives the counts.
        warnings: receives warnings.
    """

    def __init__(
        self,
        reference: Reference,
        models: Models,
        mender: Mender,
        sites: Answers,
        haplotypes: Answers | None,
        counts: Counts,
        warnings: Warnings,
    ) -> None:
        sequence = reference.sequence()
        self._layers = [Layer(spec, sequence) for spec in reference.layers]
        self._models = models
        self._mender = mender
        self._sites = sites
        self._haplotypes = haplotypes
        self._counts = counts
        self._warnings = warnings
        names = b"|".join(re.escape(name.encode()) for name in info_lines(reference))
        self._ours = re.compile(rb"(?:^|;)(?:%s)(?:=[^;]*)?(?=;|$)" % names)

    def line(self, record: Record, ordinal: int) -> bytes:
        """The record as it goes into the results file, without line end."""
        self._counts.add_record(record)
        fields = record.fields
        added = self._annotation(record, ordinal) if record.skip is None else ["GAS_SKIPPED=" + record.skip]
        info = fields[7]
        if self._ours.search(info):
            info = self._ours.sub(b"", info).lstrip(b";")
        extra = ";".join(added).encode("latin-1", "replace")
        fields[7] = extra if info in (b"", b".") else info.rstrip(b";") + b";" + extra
        return b"\t".join(fields)

    def _annotation(self, record: Record, ordinal: int) -> list[str]:
        """INFO items of an annotated record."""
        assert record.contig is not None
        entries, judgement = self._consequences(record, ordinal)
        added = [
            "BCSQ=" + ",".join(entries),
            "GAS_CONSEQUENCE=" + judgement.worst,
            "GAS_IMPACT=" + judgement.impact,
        ]
        known = False
        for layer in self._layers:
            columns: list[list[str]] | None = None
            for at in record.plain:
                found = layer.look_up(record.contig, record.pos, record.ref, record.alts[at])
                if found is None:
                    continue
                known = known or found[1]
                if columns is None:
                    columns = [["."] * len(record.alts) for _ in layer.spec.fields]
                for column, value in zip(columns, found[0], strict=True):
                    column[at] = value
            if columns is not None:
                added += [
                    f"{one.info}={','.join(column)}"
                    for one, column in zip(layer.spec.fields, columns, strict=True)
                    if any(value != "." for value in column)
                ]
        self._counts.add_annotation(entries, judgement, known)
        return added

    def _consequences(self, record: Record, ordinal: int) -> tuple[list[str], Judgement]:
        """Entries of BCSQ, never empty, and what they amount to."""
        assert record.contig is not None
        start, end = record.pos, record.pos + len(record.ref) - 1
        entries: list[str] = []
        judgement: Judgement | None = None
        if record.plain:
            found = self._sites.of(ordinal)
            if found is None:
                self._warnings.add("unanswered")
            local = [self._mender.mend(entry, start, end) for entry in found or []]
            entries = self._together(record, ordinal, local)
            # An entry may only name the record that completes the haplotype: then the variant by itself is judged.
            judgement = judge(entries) or judge(local)
        if judgement is not None and not record.structural:
            return entries, judgement
        removed = any(alt.startswith((b"<DEL", b"<CN0")) for alt in record.alts)
        first = start + 1 if record.structural and record.end > end and not record.plain else start
        overlap = self._models.entries(record.contig, first, max(first, record.end), removed)
        entries += [entry for entry in overlap if entry not in entries]
        judgement = judge(entries)
        assert judgement is not None  # overlap always says something
        return entries, judgement

    def _together(self, record: Record, ordinal: int, local: list[str]) -> list[str]:
        """Entries of the haplotypes; those of the record by itself where no sample carries an allele."""
        if self._haplotypes is None:
            return local
        genotypes = genotypes_of(record.fields[8])
        alleles = [] if genotypes is None else carried_alleles(record, genotypes)
        if not alleles:
            return local
        start, end = record.pos, record.pos + len(record.ref) - 1
        entries = [self._mender.mend(entry, start, end) for entry in self._haplotypes.of(ordinal) or []]
        if entries and len(alleles) == len(record.plain):
            return entries
        return entries + [entry for entry in local if entry not in entries]
