"""What a build leaves out of the gene models: counted by reason, with the first ids, for report and manifest."""

from __future__ import annotations

from collections import Counter, defaultdict

MOST_LISTED = 10
"""Most ids that are listed for each reason."""
REASONS: dict[str, str] = {
    "gene_without_transcript": "genes without transcripts, exons or coding sequence",
    "transcript_without_exon": "transcripts without exons or coding sequence",
    "transcript_without_strand": "transcripts without strand",
    "parts_on_both_strands": "transcripts with parts on both strands (trans-splicing)",
    "trans_spliced": "trans-spliced transcripts whose parts are not in the order of the sequence",
    "coding_part_within_another": "transcripts whose coding sequence has a part within another one",
    "exon_without_parent": "exons without a parent",
    "contig_without_sequence": "transcripts on contigs without sequence",
}
"""What is left out, by reason, in the order of the report. A new reason is a new row."""


class LeftOut:
    """What was left out, counted by reason."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._first: dict[str, list[str]] = defaultdict(list)

    def add(self, reason: str, identifier: str) -> None:
        """Count one.

        Args:
            reason: one of :data:`REASONS`.
            identifier: its id, or what the source has instead.
        """
        self._counts[reason] += 1
        if len(self._first[reason]) < MOST_LISTED:
            self._first[reason].append(identifier)

    def first(self, reason: str) -> list[str]:
        """The first ids that were left out for a reason."""
        return list(self._first[reason])

    def entries(self) -> list[dict[str, object]]:
        """Entries of the manifest, one per reason: ``reason``, ``what`` (described), ``count`` and ``first`` (ids)."""
        return [
            {"reason": reason, "what": what, "count": self._counts[reason], "first": self._first[reason]}
            for reason, what in REASONS.items()
            if self._counts[reason]
        ]

    def lines(self, but: str = "") -> list[str]:
        """One line of text per reason, without the reason ``but``."""
        found = []
        for reason, what in REASONS.items():
            count, first = self._counts[reason], self._first[reason]
            if count and reason != but:
                found.append(f"{count:,} {what}: {', '.join(first)}{', ...' if count > len(first) else ''}")
        return found
