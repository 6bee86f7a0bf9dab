"""Errors of the libraries that read a reference, in our own words."""

from __future__ import annotations

import resource
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import pyarrow as pa
import pysam
from isal import isal_zlib

from annotator.engine.errors import BundleError, EngineError

#: What pysam, pyarrow, zlib and isal raise on files that are damaged or not what they should be.
LIBRARY_ERRORS = cast(
    "tuple[type[Exception], ...]",
    (
        *(OSError, ValueError, LookupError, ArithmeticError, TypeError, RuntimeError, EOFError),
        *(pysam.SamtoolsError, pa.ArrowException, zlib.error, isal_zlib.error),
    ),
)


@contextmanager
def reading(code: str, what: str) -> Iterator[None]:
    """Say which part of a reference cannot be read, whatever a library raises.

    Args:
        code: of the error.
        what: the file, for people.

    Raises:
        BundleError: a library failed.
        OSError: the system did, and says why.
    """
    try:
        yield
    except (MemoryError, EngineError):
        raise
    except LIBRARY_ERRORS as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        fault = "it is damaged or of another kind"
        if resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY:
            fault += ", or the memory limit is too low"  # htslib does not tell one from the other
        remedy = "`python -m annotator reference verify` checks the files of a reference"
        raise BundleError(code, f"{what} cannot be read: {fault}; {remedy}.") from error
