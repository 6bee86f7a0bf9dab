"""Consequences of symbolic alleles (``<DEL>``, ``<DUP>``, ``<INV>``, ``<INS>``, breakends, ``*``).

One event has one answer, however it is spelled. So a symbolic allele whose bounds are exact is written out in bases
where a transcript allows it: a deletion always, an inversion and a tandem duplication within one exon (the latter by
:mod:`annotator.engine.consequence.tandem_copies`). Deletions and tandem duplications are left-aligned as if they were
written out. The others have terms from overlap alone:

========================  ==============================================================================================
deletion, not exact       ``feature_truncation`` if it takes bases of an exon, splice sites, UTRs, start and stop codon
duplication               ``feature_elongation`` if it lies within the transcript and copies bases of an exon; a tandem
                          duplication leaves a copy of each splice site, start and stop codon
inversion                 splice sites, UTRs, start and stop codon as a deletion; ``feature_truncation`` if one of its
                          ends lies outside the transcript, which it breaks
breakend                  ``feature_truncation``, and the region in which it lies
========================  ==============================================================================================

A whole transcript that is deleted or duplicated is ``transcript_ablation`` or ``transcript_amplification``.
"""

from __future__ import annotations

import re

from annotator.engine.consequence.allele import DELETION, OTHER, Allele
from annotator.engine.consequence.region_rules import (
    INTRON_VARIANT,
    SPLICE_SITES,
    SPLICE_TERMS,
    intron_terms,
    is_frameshift_intron,
)
from annotator.engine.consequence.scalar.effect import Effect
from annotator.engine.consequence.so_terms import BIT
from annotator.engine.reference.nucleotides import reverse_complement
from annotator.engine.reference.transcript import Fetch, Transcript

CLASSES = (
    ("<DEL", "deletion"),
    ("<DUP", "duplication"),
    ("<INS", "insertion"),
    ("<INV", "inversion"),
    ("<CNV", "copy_number_variation"),
    ("<BND", "chromosome_breakpoint"),
    ("<TRA", "chromosome_breakpoint"),
    ("<CTX", "chromosome_breakpoint"),
)
"""Classes of structural variants as VEP names them in CSQ's Allele, by the start of the symbol."""


TANDEM_COPIES = ("<DUP>", "<DUP:TANDEM>")
"""Symbols of copies that lie beside their originals; that of ``<DUP:DISPERSED>`` lies elsewhere."""


LONGEST_SHIFTED = 10_000
"""Bases of a deletion across an end of a transcript up to which it is shifted, as if it were written out."""


def structural_class(alt: str) -> str:
    """Class of a symbolic allele, named as in CSQ's Allele."""
    if not alt.startswith("<") and any(sign in alt for sign in "[]."):
        return "chromosome_breakpoint"
    found = next((name for symbol, name in CLASSES if alt.upper().startswith(symbol)), "")
    return found or ("*" if alt == "*" else "sequence_alteration")


def structural_name(alt: str) -> str:
    """What CSQ's Allele calls a symbolic allele: its class, or the near side of a breakend (``C.``, ``.C``)."""
    found = structural_class(alt)
    if found != "chromosome_breakpoint" or alt.startswith("<"):
        return found
    bases = "".join(one for one in re.split(r"[\[\]].*[\[\]]", alt) if one).replace(".", "")
    return "." + bases if alt[:1] in "[]." else bases + "."


def is_tandem_copy(alt: str) -> bool:
    """Whether a symbolic allele is a copy of bases beside them."""
    return alt.upper() in TANDEM_COPIES


def is_shiftable(alt: str) -> bool:
    """Whether a symbolic allele whose bounds are exact can be shifted within a repeat."""
    return is_tandem_copy(alt) or structural_class(alt) == "deletion"


def written_out(allele: Allele, t: Transcript, fetch: Fetch) -> Allele | None:
    """A symbolic allele in bases; None where its bounds are not exact or its bases do not decide what it does.

    Args:
        allele: symbolic.
        t: a transcript that it touches and does not cover.
        fetch: bases of the contig.
    """
    if not allele.sized:
        return None
    kind, (start, end) = structural_class(allele.alt), (allele.start, allele.end)
    if kind == "deletion":
        if end - start < LONGEST_SHIFTED or (t.start <= start and end <= t.end):
            return Allele(start, end, fetch(start, end - start + 1).decode("ascii"), "", DELETION)
        return Allele(start, end, "N", "", OTHER)  # it may be as long as the contig, and its bases say nothing more
    if allele.alt.upper() != "<INV>" or not any(first <= start and end <= last for first, last in t.exons):
        return None
    bases = fetch(start, end - start + 1).decode("ascii")
    return Allele.trimmed(start, bases, reverse_complement(bases))


def structural_terms(effect: Effect) -> int:
    """Terms for a structural variant and a transcript that it overlaps."""
    kind, t = structural_class(effect.allele.alt), effect.transcript
    lost, gained = kind == "deletion", kind in ("duplication", "insertion")
    if effect.complete and lost:
        return BIT["transcript_ablation"]
    if effect.complete and kind == "duplication":
        return BIT["transcript_amplification"]
    found = 0
    if gained and effect.within_cdna and t.start <= effect.start and effect.end <= t.end:
        found |= BIT["feature_elongation"]
    if (lost and effect.within_cdna) or kind == "chromosome_breakpoint":
        found |= BIT["feature_truncation"]
    if kind == "inversion" and (effect.start < t.start) != (effect.end > t.end) and not effect.complete:
        found |= BIT["feature_truncation"]
    regions = effect.region_terms()
    if not lost and (kind != "inversion" or effect.complete):
        regions &= ~SPLICE_TERMS
    if effect.complete:
        regions &= ~INTRON_VARIANT
    found |= regions
    if kind == "insertion":
        found |= _parted_splice_site(effect)
    if effect.coding and not effect.complete:
        found |= _coding(effect, kind)
    if not t.coding:
        exon = effect.exonic and not effect.complete
        found |= BIT["non_coding_transcript_exon_variant" if exon else "non_coding_transcript_variant"]
    elif effect.complete:
        found |= BIT["coding_transcript_variant"]
    found = found or BIT["coding_transcript_variant" if t.coding else "non_coding_transcript_variant"]
    return found | BIT["NMD_transcript_variant"] * (t.biotype == "nonsense_mediated_decay")


def _parted_splice_site(effect: Effect) -> int:
    """The term of an insertion between the two bases of an intron's first or last dinucleotide."""
    t, right = effect.transcript, effect.start  # what is inserted lies between POS and the base behind it
    found = 0
    for intron in t.introns_near(right - 1, right):
        if not is_frameshift_intron(*intron):
            found |= intron_terms(t.strand, intron, (right, right - 1))
    return found & SPLICE_SITES


def _coding(effect: Effect, kind: str) -> int:
    """Terms of the coding sequence. A codon that a duplication copies is still there; ``*`` says nothing of its own."""
    found = 0
    if kind in ("deletion", "inversion"):
        found |= BIT["start_lost"] * effect.at_start_codon | BIT["stop_lost"] * effect.at_stop_codon
    return found | BIT["coding_sequence_variant"] * effect.within_cds
