"""The field NMD: stop codons that are expected to escape nonsense-mediated decay.

A new stop codon leads to the decay of the transcript unless it lies

- in the last exon,
- at most 50 bases in front of the last junction of two exons,
- within the first 100 bases of the coding sequence, or
- in a transcript of one exon.

Sources of the rules: the plugin ``NMD`` of Ensembl VEP; Lindeboom et al., "The rules and impact of nonsense-mediated
mRNA decay in human cancers", Nature Genetics 48, 2016. The plugin takes the place of the variant on the genome; here it
is that of the new stop codon in the changed transcript, which may be far away for a frameshift.
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa

from annotator.engine.consequence.hgvs import Parts
from annotator.engine.consequence.output.csq_rows import Rows
from annotator.engine.consequence.overlaps import Alleles, Pairs
from annotator.engine.consequence.so_terms import BIT
from annotator.engine.reference.gene_models import ContigModels

ESCAPES = "NMD_escaping_variant"
NEAR_JUNCTION = 50
"""Most bases between a stop codon and the last junction for a transcript to escape."""
NEAR_START = 100
"""Bases of the coding sequence in which a stop codon lets a transcript escape."""
_STOPS = BIT["stop_gained"] | BIT["frameshift_variant"]
_FRAMESHIFT = re.compile(r"(\d+)[A-Z][a-z]{2}fsTer(\d+)$")
_STOP = re.compile(r"p\.[A-Z][a-z]{2}(\d+)Ter$")
_FIRST_NUMBER = re.compile(r"\d+")


def nmd(rows: Rows, pairs: Pairs, alleles: Alleles, models: ContigModels) -> Parts:
    """:data:`ESCAPES` for each row whose stop codon escapes, otherwise an empty text."""
    at = np.flatnonzero((rows.terms & _STOPS != 0) & (pairs.transcript[rows.pair] >= 0))
    if not len(at):
        return []
    columns = [rows.chosen(name, at) for name in ("hgvsp", "protein", "amino_acids", "cdna")]
    texts = zip(*([""] * len(at) if one is None else one.to_pylist() for one in columns), strict=True)
    found = np.zeros(len(rows), dtype=bool)
    for index, (hgvsp, protein, amino_acids, cdna) in zip(at.tolist(), texts, strict=True):
        transcript, allele = pairs.transcript[rows.pair[index]], pairs.allele[rows.pair[index]]
        grown = len(alleles.alt[allele].as_py()) - len(alleles.ref[allele].as_py())
        found[index] = _escapes(models, transcript, cdna, _stop_codon(hgvsp, protein, amino_acids), grown)
    return [pa.array(["", ESCAPES]).take(pa.array(found.astype(np.int8)))]


def _stop_codon(hgvsp: str, protein: str, amino_acids: str) -> int:
    """Number of the new stop codon in the changed protein; 0 where it is not known."""
    if found := _FRAMESHIFT.search(hgvsp):
        return int(found[1]) + int(found[2]) - 1
    if found := _STOP.search(hgvsp):
        return int(found[1])
    stop, first = amino_acids.partition("/")[2].find("*"), _FIRST_NUMBER.match(protein)
    return int(first[0]) + stop if first and stop >= 0 else 0


def _escapes(models: ContigModels, transcript: int, cdna: str, codon: int, grown: int) -> bool:
    """Whether a transcript with a new stop codon escapes.

    Args:
        models: transcripts of the contig.
        transcript: index of the transcript.
        cdna: positions of the change in the spliced transcript, as in CSQ.
        codon: number of the stop codon in the changed protein; 0 where it is not known.
        grown: bases that the change adds, less those that it removes.
    """
    exons = slice(models.exon_offset[transcript], models.exon_offset[transcript + 1])
    sizes = models.exon_end[exons] - models.exon_start[exons] + 1
    if len(sizes) == 1:
        return True
    junction = int(sizes.sum() - (sizes[-1] if models.strand[transcript] > 0 else sizes[0]))
    changed = _FIRST_NUMBER.match(cdna)
    if changed and int(changed[0]) > junction:
        return True
    if not codon:
        return False
    first = 3 * codon - 2 - int(models.start_frame[transcript])
    stop = int(models.cdna_coding[0][transcript]) - 1 + first + 2
    return first <= NEAR_START or junction + grown - stop <= NEAR_JUNCTION
