"""Made-up genomes: :mod:`one_contig` with 80 equal genes, for tests, and one like a human genome, of any size.

The second is written by ``python -m tests.performance.genome`` (:mod:`files`): genes like RefSeq's on GRCh38
(:mod:`refseq`, :mod:`genes`), a sequence that fits them (:mod:`sequence`), known variants and the records of one person
(:mod:`variants`).
"""

from tests.performance.genome.one_contig import GENES, LENGTH, bases, build, exons_of, models, records, write_vcf

__all__ = ["GENES", "LENGTH", "bases", "build", "exons_of", "models", "records", "write_vcf"]
