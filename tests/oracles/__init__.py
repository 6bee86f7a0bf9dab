"""Other programs' answers about the same variants, and who is right where they differ.

::

    genomes      a contig, its gene models and the built reference
    variants     substitutions at every position of exons and flanks, indels, longer replacements
    program      what is asked, and the engine's own answers
    csq          bcftools csq, from pysam
    vepyr        vepyr from PyPI, with vepyr_cache, which gives it our models
    translation  HGVSp from the altered coding sequence, by code of its own
    recorded     Ensembl VEP 115 and MITOMAP
    comparison   pairs of allele and transcript; each difference has a class (differences.toml)
    report       the table and docs/agreement.md

``python -m tests.oracles`` (``make oracles``) runs it.
"""
