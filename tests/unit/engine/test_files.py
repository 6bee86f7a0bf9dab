"""Files that may be gzip are opened by their first bytes, whatever their name."""

from __future__ import annotations

import gzip
import hashlib
import io
from pathlib import Path

import pytest

from annotator.engine.bgzf import END_OF_FILE, pack
from annotator.engine.files import BLOCK, blocks_of_lines, is_gzip, open_bytes, open_text, sha256_of

TEXT = "caf\u00e9\ttwo\nthree\n"


@pytest.mark.parametrize(
    ("packed", "compressed"),
    [
        (TEXT.encode(), False),
        (gzip.compress(TEXT.encode()), True),
        (pack(TEXT.encode()) + END_OF_FILE, True),
    ],
    ids=["plain", "gzip", "bgzip"],
)
def test_content_is_the_same_however_it_is_compressed(tmp_path: Path, packed: bytes, compressed: bool) -> None:
    path = tmp_path / "file.txt"
    path.write_bytes(packed)
    assert is_gzip(path) == compressed
    with open_text(path) as text:
        assert list(text) == TEXT.splitlines(keepends=True)
    with open_text(path, "ascii", "backslashreplace") as text:
        assert text.readline() == "caf\\xc3\\xa9\ttwo\n"
    with open_bytes(path) as stream:
        assert stream.read() == TEXT.encode()


def test_an_empty_file_is_plain_and_empty(tmp_path: Path) -> None:
    path = tmp_path / "empty.gz"
    path.touch()
    assert not is_gzip(path)
    with open_text(path) as text:
        assert text.read() == ""


def test_the_checksum_reports_what_it_has_read(tmp_path: Path) -> None:
    path = tmp_path / "large"
    content = b"x" * (BLOCK + 3)
    path.write_bytes(content)
    sizes: list[int] = []
    assert sha256_of(path, sizes.append) == hashlib.sha256(content).hexdigest()
    assert sizes == [BLOCK, 3]


@pytest.mark.parametrize("size", [1, 3, 4, 100])
@pytest.mark.parametrize("text", [b"", b"a", b"a\n", b"a\nbb\n", b"a\na line longer than what is read\n\nc"])
def test_blocks_have_whole_lines(text: bytes, size: int) -> None:
    blocks = list(blocks_of_lines(io.BytesIO(text), size))
    assert b"".join(blocks) == text
    assert all(blocks)
    assert all(block.endswith(b"\n") for block in blocks[:-1])
