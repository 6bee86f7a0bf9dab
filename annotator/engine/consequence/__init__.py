"""Consequences of variants on transcripts, as Ensembl VEP words them, for many variants at once."""

from annotator.engine.consequence.caller import ConsequenceCaller
from annotator.engine.consequence.chunk import CSQ_FIELDS, AlleleChunk, Called
from annotator.engine.reference.build.compile_models import compile_models
from annotator.engine.reference.gene_models import ContigModels, GeneModels

__all__ = [
    "CSQ_FIELDS",
    "AlleleChunk",
    "Called",
    "ConsequenceCaller",
    "ContigModels",
    "GeneModels",
    "compile_models",
]
