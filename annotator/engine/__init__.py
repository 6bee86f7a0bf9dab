"""The annotation engine: a VCF file in, an annotated VCF file out. It knows nothing of AWS or of jobs.

Example:
    >>> from pathlib import Path
    >>> from annotator.engine import Outputs, Reference, annotate
    >>> outputs = Outputs.beside(Path("calls.annot.vcf.gz"))
    >>> summary = annotate(Path("calls.vcf"), Reference.load("rCRS"), outputs)  # doctest: +SKIP

These names are imported when they are first used: a command that needs only a part of the engine loads only that.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from annotator.engine.errors import BundleError, EngineError, InputError
    from annotator.engine.pipeline.annotate import Outputs, annotate
    from annotator.engine.progress import Progress
    from annotator.engine.reference.bundle import Reference
    from annotator.engine.vcf.reader import Limits

__all__ = ["BundleError", "EngineError", "InputError", "Limits", "Outputs", "Progress", "Reference", "annotate"]

_MODULES = {
    **dict.fromkeys(("BundleError", "EngineError", "InputError"), "errors"),
    **dict.fromkeys(("Outputs", "annotate"), "pipeline.annotate"),
    "Progress": "progress",
    "Reference": "reference.bundle",
    "Limits": "vcf.reader",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
