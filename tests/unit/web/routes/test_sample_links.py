"""The open sample: what its page's script reads, in parts and without signing in."""
from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from chalicelib.web.routes import sample
from tests.unit.web.conftest import Browser

TABLE = bytes(range(256))


@pytest.fixture(autouse=True)
def with_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample as the build left it, with a table of variants that is known here."""
    shutil.copytree(sample.DIRECTORY, tmp_path / "sample")
    (tmp_path / "sample" / "sample.variants.parquet").write_bytes(TABLE)
    monkeypatch.setattr(sample, "DIRECTORY", tmp_path / "sample")


def test_script_is_told_where_it_reads(visitor: Browser) -> None:
    page = visitor.get("/sample")
    assert 'data-links="/sample/links"' in page.html
    assert 'data-reference="/sample/reference"' in page.html
    assert "connect-src 'self';" in page.headers["Content-Security-Policy"]
    links = visitor.get_json("/sample/links").json
    assert links["variants"] == {"url": "/sample/files/variants", "size": len(TABLE)}
    part = visitor.get(links["variants"]["url"], Accept="*/*", Range="bytes=16-19")
    assert (part.status, part.body, part.headers["Content-Range"]) == (206, bytes(range(16, 20)), "bytes 16-19/256")
    assert visitor.get(links["index"]["url"], Accept="*/*").status == 200
    assert visitor.get_json("/sample/reference").json["id"] == "rCRS"


def test_no_table_where_none_was_made(visitor: Browser) -> None:
    (sample.DIRECTORY / "sample.variants.parquet").unlink()
    assert "data-links" not in visitor.get("/sample").html
    assert visitor.get_json("/sample/links").status == 404
    assert visitor.get("/sample/files/variants").status == 404
