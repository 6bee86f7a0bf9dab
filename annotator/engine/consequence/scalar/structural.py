"""Consequences of symbolic alleles (``<DEL>``, ``<DUP>``, ``<INS>``, breakends, ``*``), from overlap alone."""

from __future__ import annotations

import re

from annotator.engine.consequence.allele import overlap
from annotator.engine.consequence.region_rules import (
    INTRON_VARIANT,
    SPLICE_SITES,
    SPLICE_TERMS,
    intron_terms,
    is_frameshift_intron,
)
from annotator.engine.consequence.scalar.effect import Effect
from annotator.engine.consequence.so_terms import BIT

CLASSES = (
    ("<DEL", "deletion"),
    ("<DUP", "duplication"),
    ("<INS", "insertion"),
    ("<INV", "inversion"),
    ("<CNV", "copy_number_variation"),
)
"""Classes of structural variants as VEP names them in CSQ's Allele, by the start of the symbol."""


def structural_class(alt: str) -> str:
    """Class of a symbolic allele, named as in CSQ's Allele."""
    if "[" in alt or "]" in alt or "." in alt:
        return "chromosome_breakpoint"
    found = next((name for symbol, name in CLASSES if alt.upper().startswith(symbol)), "")
    return found or ("*" if alt == "*" else "sequence_alteration")


def structural_name(alt: str) -> str:
    """What CSQ's Allele calls a symbolic allele: its class, or the near side of a breakend (``C.``, ``.C``)."""
    found = structural_class(alt)
    if found != "chromosome_breakpoint":
        return found
    bases = "".join(one for one in re.split(r"[\[\]].*[\[\]]", alt) if one).replace(".", "")
    return "." + bases if alt[:1] in "[]." else bases + "."


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
    regions = effect.region_terms()
    if not lost:
        regions &= ~SPLICE_TERMS
    if effect.complete:
        regions &= ~INTRON_VARIANT
    found |= regions
    if kind == "insertion":
        found |= _parted_splice_site(effect)
    if effect.coding and not effect.complete:
        found |= _coding(effect, lost)
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


def _coding(effect: Effect, lost: bool) -> int:
    t = effect.transcript
    stop = (t.coding_end - 2, t.coding_end) if t.strand > 0 else (t.coding_start, t.coding_start + 2)
    found = BIT["start_lost"] * (effect.allele.alt != "*" and effect.at_start_codon)
    if lost:
        found |= BIT["stop_lost"] * overlap(effect.start, effect.end, *stop)
        if effect.allele.sized and any(first <= effect.start and effect.end <= last for first, last in t.exons):
            if (effect.end - effect.start + 1) % 3:
                return found | BIT["frameshift_variant"]
            if len(effect.coding_pieces) == 1 and None not in effect.coding_pieces:
                return found | BIT["inframe_deletion"]
    return found | BIT["coding_sequence_variant"] * effect.within_cds
