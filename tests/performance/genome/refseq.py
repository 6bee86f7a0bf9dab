"""Statistics of RefSeq's gene models on GRCh38, from which :mod:`genes` draws.

Source: UCSC's table refGene for hg38 (NM, NR, XM and XR; chromosomes 1 to 22, X and Y: 177,165 transcripts at 42,460
loci, 19,890 of them coding), as the package figeno 1.9.0 on PyPI contains it. Structures (exons, introns, coding parts)
are those of the transcript with most exons at each locus, and the isoforms vary it.
"""

from __future__ import annotations

import numpy as np

CONTIGS: dict[str, tuple[int, int]] = {
    "chr1": (248_956_422, 4097),
    "chr2": (242_193_529, 2999),
    "chr3": (198_295_559, 2358),
    "chr4": (190_214_555, 1899),
    "chr5": (181_538_259, 2077),
    "chr6": (170_805_979, 2288),
    "chr7": (159_345_973, 2096),
    "chr8": (145_138_636, 1748),
    "chr9": (138_394_717, 1788),
    "chr10": (133_797_422, 1771),
    "chr11": (135_086_622, 2326),
    "chr12": (133_275_309, 2093),
    "chr13": (114_364_328, 1058),
    "chr14": (107_043_718, 1370),
    "chr15": (101_991_189, 1467),
    "chr16": (90_338_345, 1648),
    "chr17": (83_257_441, 2112),
    "chr18": (80_373_285, 798),
    "chr19": (58_617_616, 2151),
    "chr20": (64_444_167, 1140),
    "chr21": (46_709_983, 627),
    "chr22": (50_818_468, 890),
    "chrX": (156_040_895, 1448),
    "chrY": (57_227_415, 211),
}
"""Length in bases and number of loci of each chromosome."""
CODING_LOCI = 19_890 / 42_460
CODING_ISOFORMS = 0.925
"""Of the transcripts at a coding locus."""
FIRST_CODING_EXON = (0.50, 0.27, 0.13, 0.06, 0.04)
"""Share of coding transcripts whose start codon is in exon 1, 2, ..."""
STOP_IN_LAST_EXON = 0.92
EXONS_WITH_ISOFORMS = 0.4
"""Correlation of the number of exons and of isoforms of a locus; 0.55 in the table, whose isoforms lack more exons."""
OVERLAPPING = 0.34
"""Share of loci that begin before an earlier one ends."""
GC = 0.41

_SHARES = (0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1)
_QUANTILES: dict[str, tuple[int, ...]] = {
    "isoforms of a coding locus": (1, 1, 1, 1, 2, 4, 8, 17, 25, 52, 89, 368),
    "isoforms of another locus": (1, 1, 1, 1, 1, 1, 1, 3, 4, 8, 23, 83),
    "exons of a coding locus": (1, 1, 1, 2, 4, 8, 14, 22, 29, 49, 93, 363),
    "exons of another locus": (1, 1, 1, 1, 2, 3, 4, 5, 7, 13, 31, 148),
    "only exon, coding": (51, 111, 388, 502, 933, 1255, 2406, 3982, 5115, 8539, 22020, 29261),
    "first exon, coding": (5, 27, 46, 61, 101, 174, 318, 582, 861, 2499, 11097, 40936),
    "inner exon, coding": (1, 29, 50, 63, 88, 123, 165, 219, 285, 885, 3474, 82369),
    "last exon, coding": (4, 112, 212, 298, 590, 1387, 2798, 4645, 6188, 10432, 18913, 33290),
    "first intron, coding": (1, 86, 156, 280, 792, 2869, 10714, 31016, 55200, 151050, 409973, 1043910),
    "other intron, coding": (1, 80, 99, 154, 487, 1474, 3830, 10091, 19494, 71129, 232174, 1160411),
    "only exon, not coding": (33, 54, 62, 67, 77, 98, 139, 1787, 2590, 5669, 20594, 91667),
    "exon, not coding": (2, 32, 52, 67, 98, 164, 387, 1274, 2316, 6393, 21838, 90164),
    "intron, not coding": (27, 86, 131, 248, 711, 2204, 7300, 21069, 39617, 114540, 287275, 523355),
    "distance of starts": (1, 158, 1730, 3970, 12102, 32430, 77879, 163320, 250645, 543430, 1264924, 2000000),
}
"""At these shares of all values. Distances across centromeres are left out."""


def draw(name: str, ranks: np.ndarray) -> np.ndarray:
    """Values of a distribution.

    Args:
        name: One of the distributions above.
        ranks: ``(n,) float64``, uniform in [0, 1).

    Returns:
        ``(n,) int64``, interpolated between the logarithms of the quantiles.
    """
    return np.exp(np.interp(ranks, _SHARES, np.log(_QUANTILES[name]))).round().astype(np.int64)
