"""The annotation engine: a VCF file in, an annotated VCF file out. It knows nothing of AWS or of jobs.

Example:
    >>> from pathlib import Path
    >>> from annotator.engine import Outputs, Reference, annotate
    >>> outputs = Outputs.beside(Path("calls.annot.vcf.gz"))
    >>> summary = annotate(Path("calls.vcf"), Reference.load("rCRS"), outputs)  # doctest: +SKIP
"""

from annotator.engine.errors import BundleError, EngineError, InputError
from annotator.engine.pipeline.annotate import Outputs, annotate
from annotator.engine.progress import Progress
from annotator.engine.reference.bundle import Reference
from annotator.engine.vcf.reader import Limits

__all__ = ["BundleError", "EngineError", "InputError", "Limits", "Outputs", "Progress", "Reference", "annotate"]
