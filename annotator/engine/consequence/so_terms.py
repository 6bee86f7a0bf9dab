"""Consequence terms of the Sequence Ontology, in Ensembl's order of severity, with Ensembl's impacts.

Source of order and impacts: "Calculated variant consequences" of the Ensembl documentation (release 115). A set of
terms is an integer with one bit a term: bit 0 is the most severe, so that the lowest set bit is the worst term.
"""

from __future__ import annotations

from functools import cache

SEVERITY: tuple[tuple[str, str], ...] = (
    ("transcript_ablation", "HIGH"),
    ("splice_acceptor_variant", "HIGH"),
    ("splice_donor_variant", "HIGH"),
    ("stop_gained", "HIGH"),
    ("frameshift_variant", "HIGH"),
    ("stop_lost", "HIGH"),
    ("start_lost", "HIGH"),
    ("transcript_amplification", "HIGH"),
    ("feature_elongation", "HIGH"),
    ("feature_truncation", "HIGH"),
    ("inframe_insertion", "MODERATE"),
    ("inframe_deletion", "MODERATE"),
    ("missense_variant", "MODERATE"),
    ("protein_altering_variant", "MODERATE"),
    ("splice_donor_5th_base_variant", "LOW"),
    ("splice_region_variant", "LOW"),
    ("splice_donor_region_variant", "LOW"),
    ("splice_polypyrimidine_tract_variant", "LOW"),
    ("incomplete_terminal_codon_variant", "LOW"),
    ("start_retained_variant", "LOW"),
    ("stop_retained_variant", "LOW"),
    ("synonymous_variant", "LOW"),
    ("coding_sequence_variant", "MODIFIER"),
    ("mature_miRNA_variant", "MODIFIER"),
    ("5_prime_UTR_variant", "MODIFIER"),
    ("3_prime_UTR_variant", "MODIFIER"),
    ("non_coding_transcript_exon_variant", "MODIFIER"),
    ("intron_variant", "MODIFIER"),
    ("NMD_transcript_variant", "MODIFIER"),
    ("non_coding_transcript_variant", "MODIFIER"),
    ("coding_transcript_variant", "MODIFIER"),
    ("upstream_gene_variant", "MODIFIER"),
    ("downstream_gene_variant", "MODIFIER"),
    ("intergenic_variant", "MODIFIER"),
)
"""Terms and impacts, the most severe first."""
TERMS: tuple[str, ...] = tuple(term for term, _ in SEVERITY)
IMPACTS: tuple[str, ...] = tuple(impact for _, impact in SEVERITY)
BIT: dict[str, int] = {term: 1 << at for at, term in enumerate(TERMS)}
"""The bit of each term."""
INTERGENIC = BIT["intergenic_variant"]


def worst_term(mask: int) -> int:
    """Index in :data:`TERMS` of the most severe term of a set that is not empty."""
    return (mask & -mask).bit_length() - 1


@cache
def names(mask: int) -> str:
    """Terms of a set, the most severe first, joined by ``&``."""
    return "&".join(term for at, term in enumerate(TERMS) if mask >> at & 1)


def impact(mask: int) -> str:
    """Impact of the most severe term of a set that is not empty."""
    return IMPACTS[worst_term(mask)]
