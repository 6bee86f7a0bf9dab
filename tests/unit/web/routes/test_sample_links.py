"""The open sample: what its page's script reads, in parts and without signing in."""
from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from chalicelib.web.routes import sample
from chalicelib.web.samples import SAMPLES
from reference import catalogue
from tests.unit.web.conftest import Browser

TABLE = bytes(range(256))


@pytest.fixture(autouse=True)
def with_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample as the build left it, with a table of variants that is known here."""
    shutil.copytree(sample.DIRECTORY, tmp_path / "sample")
    for reference in SAMPLES:
        (tmp_path / "sample" / reference / "sample.variants.parquet").write_bytes(TABLE)
    monkeypatch.setattr(sample, "DIRECTORY", tmp_path / "sample")


@pytest.mark.parametrize(("address", "reference"), [
    ("/sample", "rCRS"), ("/sample/rCRS", "rCRS"), ("/sample/SARS-CoV-2", "SARS-CoV-2")])
def test_script_is_told_where_it_reads(visitor: Browser, address: str, reference: str) -> None:
    page = visitor.get(address)
    assert f'data-links="/sample/{reference}/links"' in page.html
    assert f'data-reference="/sample/{reference}/reference"' in page.html
    assert "connect-src 'self';" in page.headers["Content-Security-Policy"]
    links = visitor.get_json(f"/sample/{reference}/links").json
    assert links["variants"] == {"url": f"/sample/{reference}/files/variants", "size": len(TABLE)}
    part = visitor.get(links["variants"]["url"], Accept="*/*", Range="bytes=16-19")
    assert (part.status, part.body, part.headers["Content-Range"]) == (206, bytes(range(16, 20)), "bytes 16-19/256")
    assert visitor.get(links["index"]["url"], Accept="*/*").status == 200
    genome = visitor.get_json(f"/sample/{reference}/reference").json
    assert genome["id"] == reference
    assert visitor.get(genome["fasta"]["url"], Accept="*/*").body.startswith(b">")
    names = visitor.get(genome["names"], Accept="*/*").body.decode().split()
    assert names[:2] == {"rCRS": ["MT", "M"], "SARS-CoV-2": ["NC_045512.2", "MN908947.3"]}[reference]


def test_every_bundled_reference_has_a_sample() -> None:
    assert list(SAMPLES) == [entry["name"] for entry in catalogue.entries()]


def test_no_table_where_none_was_made(visitor: Browser) -> None:
    (sample.DIRECTORY / "rCRS" / "sample.variants.parquet").unlink()
    assert "data-links" not in visitor.get("/sample").html
    assert visitor.get_json("/sample/rCRS/links").status == 404
    assert visitor.get("/sample/rCRS/files/variants").status == 404


@pytest.mark.parametrize("address", ["", "/links", "/reference", "/files/results"])
def test_no_sample_of_another_reference(visitor: Browser, address: str) -> None:
    assert visitor.get(f"/sample/GRCh38{address}").status == 404
