"""Small mistakes of ``bcftools csq`` put right, entry by entry. Each is documented in ``docs/annotation.md``."""

from __future__ import annotations

import re
from collections.abc import Iterable

from annotator.engine.models import Models, Transcript
from annotator.engine.reference import Contig, Sequence

COMPLEMENT = str.maketrans("ACGT", "TGCA")
_UNTRANSLATED = {
    "3_prime_utr": "3_prime_UTR_variant",
    "5_prime_utr": "5_prime_UTR_variant",
    "3_prime_UTR": "3_prime_UTR_variant",
    "5_prime_UTR": "5_prime_UTR_variant",
}
_SUBSTITUTION = re.compile(r"(\d+)([ACGT])>([ACGT])")


class Mender:
    """Puts entries of BCSQ right.

    - The untranslated regions get the names of the Sequence Ontology.
    - A change in a last codon that polyadenylation completes is no ``intron``.
    - A change in an intron of a non-coding transcript is no change in its exons.
    - A start codon that becomes another start codon of the genetic code is not lost.
    """

    def __init__(self, models: Models, contigs: Iterable[Contig], sequence: Sequence) -> None:
        self._terminal: dict[str, tuple[Transcript, frozenset[int]]] = {}
        self._spliced: dict[str, list[Transcript]] = {}
        self._starts: dict[str, tuple[Transcript, list[int], str, frozenset[str]]] = {}
        for contig in contigs:
            for one in models.transcripts(contig.name):
                if not one.cds:
                    if len(one.exons) > 1:
                        self._spliced.setdefault(one.gene, []).append(one)
                    continue
                last = one.terminal_bases()
                if last and contig.genetic_code != 1:  # mitochondria complete codons so, the nucleus does not
                    self._terminal[one.gene] = (one, frozenset(last))
                if len(contig.start_codons) > 1:
                    positions = one.coding_positions()[:3]
                    codon = "".join(sequence.fetch(contig.name, at, 1).decode() for at in positions)
                    if one.strand == "-":
                        codon = codon.translate(COMPLEMENT)
                    self._starts[one.id] = (one, positions, codon, contig.start_codons)

    def mend(self, entry: str, start: int, end: int) -> str:
        """Return the entry, put right where it is one of the known mistakes.

        Args:
            entry: of BCSQ.
            start: first position of the record's REF.
            end: last position of the record's REF.
        """
        terms, bar, rest = entry.partition("|")
        if "prime_" in terms:
            return "&".join(_UNTRANSLATED.get(term, term) for term in terms.split("&")) + bar + rest
        if terms == "non_coding" and self._spliced:
            over = [
                one for one in self._spliced.get(rest.partition("|")[0], ()) if one.start <= end and start <= one.end
            ]
            if over and not any(first <= end and start <= last for one in over for first, last in one.exons):
                return "intron_variant&non_coding_transcript_variant" + bar + rest
        if terms == "intron" and self._terminal:
            found = self._terminal.get(rest.partition("|")[0])
            if found is not None and any(start <= at <= end for at in found[1]):
                return found[0].entry("incomplete_terminal_codon_variant")
        if "start_lost" in terms and self._starts:
            return self._mend_start(entry, terms, rest)
        return entry

    def _mend_start(self, entry: str, terms: str, rest: str) -> str:
        fields = rest.split("|")
        found = self._starts.get(fields[1])
        change = _SUBSTITUTION.fullmatch(fields[-1])
        if found is None or change is None:
            return entry
        one, positions, codon, known = found
        at, base = int(change[1]), change[3]
        if at not in positions:
            return entry
        if one.strand == "-":
            base = base.translate(COMPLEMENT)
        index = positions.index(at)
        if codon[:index] + base + codon[index + 1 :] not in known:
            return entry
        kept = [term for term in terms.split("&") if term not in ("start_lost", "synonymous", "missense")]
        return "&".join([*kept, "start_retained"]) + "|" + rest
