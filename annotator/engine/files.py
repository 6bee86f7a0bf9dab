"""Files as users and publishers provide them: plain or gzip, and their checksums."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol, TextIO, cast

from isal import igzip

GZIP_MAGIC = b"\x1f\x8b"
"""First bytes of a gzip file, bgzip among them."""
BLOCK = 1 << 20
"""Bytes that are read at once."""


class Readable(Protocol):
    """Gives the text of a file."""

    def read(self, size: int, /) -> bytes:
        """The next bytes; fewer than ``size`` only at the end of the file."""


def is_gzip(path: Path) -> bool:
    """Whether a file is compressed with gzip or bgzip, by its first bytes.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as stream:
        return stream.read(len(GZIP_MAGIC)) == GZIP_MAGIC


def open_bytes(path: Path) -> BinaryIO:
    """Open a file, plain or gzip, to read its uncompressed bytes.

    Raises:
        OSError: it cannot be read.
    """
    return cast("BinaryIO", igzip.open(path, "rb")) if is_gzip(path) else path.open("rb")


def blocks_of_lines(stream: Readable, size: int) -> Iterator[bytes]:
    """The text of a stream in blocks of whole lines, none of which is empty; its last line may lack an end.

    Args:
        stream: at the beginning of a line.
        size: bytes that are read at once.
    """
    rest = b""
    while text := stream.read(size):
        block = rest + text
        end = block.rfind(b"\n") + 1
        rest = block[end:]
        if end:
            yield block[:end]
    if rest:
        yield rest


def open_text(path: Path, encoding: str = "utf-8", errors: str = "strict") -> TextIO:
    """Open a text file, plain or gzip.

    Args:
        path: of the file.
        encoding: of its text.
        errors: what becomes of bytes that are not text, as :func:`open` takes it.

    Raises:
        OSError: it cannot be read.
    """
    if is_gzip(path):
        return cast("TextIO", igzip.open(path, "rt", encoding=encoding, errors=errors))
    return path.open(encoding=encoding, errors=errors)


def sha256_of(path: Path, progress: Callable[[int], None] = lambda size: None) -> str:
    """SHA-256 of a file, in hexadecimal.

    Args:
        path: of the file.
        progress: called with the number of bytes of each block that was read.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
            progress(len(block))
    return digest.hexdigest()
