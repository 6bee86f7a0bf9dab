"""Consequence terms: Sequence Ontology names, their order of severity, and their impact.

Order and impact are those of Ensembl VEP (its documentation, "Calculated consequences"). ``bcftools csq`` abbreviates
the names in BCSQ; :func:`so_term` gives them in full.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

#: Terms from the most severe, with their impact.
IMPACTS: dict[str, str] = {
    "transcript_ablation": "HIGH",
    "splice_acceptor_variant": "HIGH",
    "splice_donor_variant": "HIGH",
    "stop_gained": "HIGH",
    "frameshift_variant": "HIGH",
    "stop_lost": "HIGH",
    "start_lost": "HIGH",
    "transcript_amplification": "HIGH",
    "feature_elongation": "HIGH",
    "feature_truncation": "HIGH",
    "inframe_insertion": "MODERATE",
    "inframe_deletion": "MODERATE",
    "missense_variant": "MODERATE",
    "protein_altering_variant": "MODERATE",
    "splice_region_variant": "LOW",
    "incomplete_terminal_codon_variant": "LOW",
    "start_retained_variant": "LOW",
    "stop_retained_variant": "LOW",
    "synonymous_variant": "LOW",
    "coding_sequence_variant": "MODIFIER",
    "5_prime_UTR_variant": "MODIFIER",
    "3_prime_UTR_variant": "MODIFIER",
    "non_coding_transcript_exon_variant": "MODIFIER",
    "intron_variant": "MODIFIER",
    "non_coding_transcript_variant": "MODIFIER",
    "upstream_gene_variant": "MODIFIER",
    "downstream_gene_variant": "MODIFIER",
    "intergenic_variant": "MODIFIER",
    "sequence_variant": "MODIFIER",
}
RANK: dict[str, int] = {term: rank for rank, term in enumerate(IMPACTS)}

#: Names that csq has for terms.
_CSQ_NAMES: dict[str, str] = {
    "missense": "missense_variant",
    "synonymous": "synonymous_variant",
    "frameshift": "frameshift_variant",
    "start_retained": "start_retained_variant",
    "stop_retained": "stop_retained_variant",
    "splice_acceptor": "splice_acceptor_variant",
    "splice_donor": "splice_donor_variant",
    "splice_region": "splice_region_variant",
    "inframe_altering": "protein_altering_variant",
    "coding_sequence": "coding_sequence_variant",
    "5_prime_utr": "5_prime_UTR_variant",
    "3_prime_utr": "3_prime_UTR_variant",
    "5_prime_UTR": "5_prime_UTR_variant",
    "3_prime_UTR": "3_prime_UTR_variant",
    "non_coding": "non_coding_transcript_exon_variant",
    "intron": "intron_variant",
    "intergenic": "intergenic_variant",
}

#: Where a variant lies, by term, for the counts "by location" of the log.
LOCATIONS: dict[str, str] = {
    "5_prime_UTR_variant": "UTR",
    "3_prime_UTR_variant": "UTR",
    "non_coding_transcript_exon_variant": "non-coding RNA gene",
    "non_coding_transcript_variant": "non-coding RNA gene",
    "intron_variant": "intron",
    "splice_acceptor_variant": "splice site",
    "splice_donor_variant": "splice site",
    "splice_region_variant": "splice site",
    "upstream_gene_variant": "near a gene",
    "downstream_gene_variant": "near a gene",
    "intergenic_variant": "between genes",
}


def so_term(name: str) -> str:
    """The Sequence Ontology's name of a term, from the name that csq gives."""
    return _CSQ_NAMES.get(name, name)


@dataclass(frozen=True)
class Judgement:
    """What the entries of one record amount to: its terms, the most severe of them, its impact and its location."""

    terms: frozenset[str]
    worst: str
    impact: str
    location: str


def judge(entries: Iterable[str]) -> Judgement | None:
    """Judge the BCSQ entries of a record; None when they only refer to other records (``@123``) or there are none."""
    return _judge(tuple([entry.partition("|")[0] for entry in entries if not entry.startswith("@")]))


@lru_cache(maxsize=1 << 14)
def _judge(names: tuple[str, ...]) -> Judgement | None:
    terms = {term for name in names for term in terms_of(name)}
    if not terms:
        return None
    worst = most_severe(terms)
    return Judgement(frozenset(terms), worst, impact(worst), location(worst))


def terms_of(entry: str) -> list[str]:
    """Sequence Ontology terms of one BCSQ entry; none for a reference to another record (``@123``)."""
    if entry.startswith("@"):
        return []
    return [so_term(name) for name in entry.split("|", 1)[0].lstrip("*").split("&")]


def most_severe(terms: set[str]) -> str:
    """The most severe of some terms; unknown terms come last."""
    return min(terms, key=lambda term: (RANK.get(term, len(RANK)), term))


def impact(term: str) -> str:
    """HIGH, MODERATE, LOW or MODIFIER."""
    return IMPACTS.get(term, "MODIFIER")


def location(term: str) -> str:
    """Where a variant with this most severe term lies."""
    return LOCATIONS.get(term, "coding sequence")
