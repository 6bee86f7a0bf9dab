"""What the libraries raise when a file is damaged or not what it should be, in words of our own.

The texts of Python and htslib do not help the person who runs a command, so they are not shown; the original error
remains the cause of ours. What the operating system says of a file (``OSError`` with a number) is shown as it is.
"""

from __future__ import annotations

import gzip
import resource
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import deflate
import pyarrow as pa
import pysam
from isal import isal_zlib

from annotator.engine.errors import BundleError, EngineError

LIBRARY_ERRORS = cast(
    "tuple[type[Exception], ...]",
    (
        *(ValueError, LookupError, TypeError, AttributeError, ArithmeticError, AssertionError, NotImplementedError),
        *(EOFError, MemoryError, RecursionError, OSError, RuntimeError, StopIteration),
        *(zlib.error, isal_zlib.error, deflate.DeflateError, struct.error, pa.ArrowException, pysam.SamtoolsError),
    ),
)
"""Everything that the libraries raise for contents they cannot use. ``OSError`` is among them: pysam and gzip raise
it."""
VERIFY = "`python -m annotator reference verify` checks the files of a reference"
"""What to do about a file of a reference that is there already."""
_COMPRESSED: tuple[tuple[bytes, str], ...] = (
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"PK\x03\x04", "zip"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"7z\xbc\xaf", "7-Zip"),
)
"""First bytes of files that are compressed in a way that is not read."""
_ISAL_ERROR = cast("type[Exception]", isal_zlib.error)
_COPY = "copy it again, gzip -t checks it"
_WORDS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str, str], ...] = (
    (EOFError, "it is cut off", _COPY),
    ((gzip.BadGzipFile, zlib.error, _ISAL_ERROR, deflate.DeflateError), "its compressed data are damaged", _COPY),
    (UnicodeError, "it has bytes that are not text", "write it again as UTF-8"),
    (pa.ArrowException, "its data are damaged", "build or fetch the reference again"),
    (OSError, "it is damaged, cut off or not sorted, or a file beside it is missing", ""),
    (Exception, "its contents are not what is expected", "check that it is complete and of the right format"),
)
"""Kinds of errors, what is wrong, and what to do about it."""
_MEMORY = "there is not enough memory; docs/references.md says how much a build takes"


def in_words(error: Exception, what: str, remedy: str = "") -> str:
    """A sentence about a file that a library could not use.

    Args:
        error: what the library raised.
        what: which file could not be used, and what for; the reason is added.
        remedy: what to do, where it is not what one does about any such file.

    Raises:
        OSError: ``error`` itself, when the operating system gives the reason.
    """
    if isinstance(error, OSError) and error.errno is not None:
        raise error
    if isinstance(error, MemoryError):
        return f"{what}: {_MEMORY}."
    fault, usual = next((fault, usual) for kinds, fault, usual in _WORDS if isinstance(error, kinds))
    if resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY:
        fault += ", or the memory limit is too low"  # htslib does not tell one from the other
    return f"{what}: {'; '.join(filter(None, (fault, remedy or usual)))}."


@contextmanager
def step(code: str, what: str, remedy: str = "") -> Iterator[None]:
    """Give whatever a library raises within one step of a command a message of our own.

    Args:
        code: of the :class:`BundleError`; ``out_of_memory`` takes its place when there is too little of it.
        what: what cannot be done when the step fails, such as ``models.gff3 cannot be read``.
        remedy: what to do, where it is not what one does about any such file.

    Raises:
        BundleError: a library raised an error.
        OSError: the operating system reports a failure.
    """
    try:
        yield
    except EngineError:
        raise
    except LIBRARY_ERRORS as error:
        if isinstance(error, MemoryError):
            code = "out_of_memory"
        raise BundleError(code, in_words(error, what, remedy)) from error


def refuse_compression(path: Path, code: str, wanted: str) -> None:
    """Refuse a file that is compressed in a way that is not read.

    Raises:
        BundleError: it is.
        OSError: it cannot be read.
    """
    with path.open("rb") as stream:
        head = stream.read(8)
    for magic, name in _COMPRESSED:
        if head.startswith(magic):
            raise BundleError(code, f"{path.name} is compressed with {name}; supported are {wanted}.")
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise BundleError(code, f"{path.name} is text in UTF-16; write it again as UTF-8.")
