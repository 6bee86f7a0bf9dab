"""Consequences of variants on transcripts, as Ensembl VEP words them, for many variants at once."""

from annotator.engine.consequence.caller import ConsequenceCaller
from annotator.engine.consequence.chunk import CSQ_FIELDS, AlleleChunk, Called
from annotator.engine.consequence.models import ContigModels, GeneModels
from annotator.engine.reference.build.compiling import compile_models

__all__ = [
    "CSQ_FIELDS",
    "AlleleChunk",
    "Called",
    "ConsequenceCaller",
    "ContigModels",
    "GeneModels",
    "compile_models",
]
