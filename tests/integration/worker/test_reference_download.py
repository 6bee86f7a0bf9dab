"""A reference is downloaded over many connections at a time, as no single one is fast."""
from __future__ import annotations

import hashlib
import json
import os
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from annotator.worker.reference_download import MANIFEST, download_reference
from chalicelib.aws.s3 import files as files_module
from chalicelib.aws.s3.files import FileStore
from chalicelib.aws.s3.references import ReferenceCatalogue
from chalicelib.domain.references import ReferenceInfo
from chalicelib.exceptions import LeaseLostError, ReferenceUnavailableError

MIB = 1024**2
LARGE, SMALL = 40 * MIB, 20_000


@dataclass
class Served:
    """A bucket on a server whose every connection is slow.

    Attributes:
        files: Contents by name.
        rate: Bytes per second of one connection, None for as many as it can.
        together: Requests of data that must be open at a time before one of them is answered.
        order: Names as they were first asked for.
        most: Most requests of data that were open at a time.
    """

    files: dict[str, bytes]
    rate: int | None = None
    together: threading.Barrier | None = None
    order: list[str] = field(default_factory=list)
    most: int = 0
    open: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def handler(self) -> type[BaseHTTPRequestHandler]:
        served = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                self._head(served.files.get(self._name()))

            def do_GET(self) -> None:
                content = served.files.get(self._name())
                found = self._head(content)
                if found is None:
                    return
                first, last = found
                with served.lock:
                    served.open += 1
                    served.most = max(served.most, served.open)
                try:
                    assert content is not None
                    # The first part of a large file is asked for alone: its answer tells the size.
                    if served.together is not None and (first or len(content) == SMALL):
                        served.together.wait(20)
                    step = 64 * 1024
                    for at in range(first, last + 1, step):
                        self.wfile.write(content[at:min(at + step, last + 1)])
                        if served.rate:
                            time.sleep(step / served.rate)
                finally:
                    with served.lock:
                        served.open -= 1

            def _name(self) -> str:
                return self.path.partition("?")[0].rpartition("/")[2]

            def _head(self, content: bytes | None) -> tuple[int, int] | None:
                name = self._name()
                with served.lock:
                    if name not in served.order:
                        served.order.append(name)
                if content is None:
                    self.send_response(404)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return None
                if not content and "Range" in self.headers:
                    self.send_response(416)
                    error = b"<Error><Code>InvalidRange</Code></Error>"
                    self.send_header("Content-Length", str(len(error)))
                    self.end_headers()
                    self.wfile.write(error)
                    return None
                asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
                first = int(asked[1]) if asked else 0
                last = min(int(asked[2]) if asked and asked[2] else len(content), len(content) - 1)
                self.send_response(206 if asked else 200)
                self.send_header("Content-Length", str(last - first + 1))
                self.send_header("ETag", f'"{len(content)}"')
                self.send_header("Last-Modified", "Wed, 01 Jan 2025 00:00:00 GMT")
                if asked:
                    self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
                self.end_headers()
                return first, last

            def log_message(self, *_: object) -> None:
                """Nothing: tests are quiet."""

        return Handler


def bundle(**sizes: int) -> dict[str, bytes]:
    """Files of random bytes, and the manifest that lists them."""
    contents = {name.replace("_", "."): os.urandom(size) for name, size in sizes.items()}
    manifest = {"compiled": "models.arrow", "models": "models.gff3.gz", "fasta": "sequence.fa.gz",
                "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}}
    return {**contents, MANIFEST: json.dumps(manifest).encode()}


def info(files: dict[str, bytes]) -> ReferenceInfo:
    return ReferenceInfo(name="G", title="G", assembly="G", layers=(), sources=(), contigs={}, prefix="G/1",
                         manifest_sha256=hashlib.sha256(files[MANIFEST]).hexdigest())


@pytest.fixture
def catalogue() -> ReferenceCatalogue:
    return ReferenceCatalogue(FileStore("inputs", "results"), "references")


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Start the server, and have the worker's client use it."""
    servers: list[ThreadingHTTPServer] = []

    def start(served: Served) -> Served:
        server = ThreadingHTTPServer(("127.0.0.1", 0), served.handler())
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        s3 = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{server.server_port}", region_name="us-east-1",
                          aws_access_key_id="x", aws_secret_access_key="x",
                          config=Config(s3={"addressing_style": "path"}, max_pool_connections=64,
                                        response_checksum_validation="when_required"))
        monkeypatch.setattr(files_module, "client", lambda _: s3)
        return served

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def go_on(_: int) -> None:
    """Nobody asks the download to end."""


def test_one_large_file_comes_over_many_connections(serve: Any, catalogue: ReferenceCatalogue, tmp_path: Path) -> None:
    """None of four parts is sent before all of them were asked for: a single connection would wait for ever."""
    files = bundle(sequence_fa_gz=LARGE)
    served = serve(Served(files, together=threading.Barrier(4)))
    download_reference(catalogue, info(files), tmp_path, go_on)
    assert (tmp_path / "sequence.fa.gz").read_bytes() == files["sequence.fa.gz"]
    assert served.most == 4


@pytest.mark.parametrize("size", [0, 1, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 12 * MIB, 16 * MIB])
def test_files_of_any_size_are_whole(serve: Any, catalogue: ReferenceCatalogue, tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    serve(Served({"file": content}))
    reference = replace(info(bundle()), size=size)
    assert catalogue.download(reference, "file", tmp_path / "file", go_on)
    assert (tmp_path / "file").read_bytes() == content


def test_small_files_come_side_by_side_those_that_every_job_needs_first(
        serve: Any, catalogue: ReferenceCatalogue, tmp_path: Path) -> None:
    files = bundle(**{f"known{number}_parquet": SMALL for number in range(9)}, models_arrow=SMALL,
                   models_gff3_gz=SMALL, sequence_fa_gz=SMALL)
    served = serve(Served(files, together=threading.Barrier(6)))
    download_reference(catalogue, info(files), tmp_path, go_on)
    assert {path.name for path in tmp_path.iterdir()} == set(files)
    assert served.most == 6
    assert served.order[0] == MANIFEST
    assert {"models.arrow", "models.gff3.gz", "sequence.fa.gz"} <= set(served.order[1:7])


def test_a_missing_file_ends_the_others(serve: Any, catalogue: ReferenceCatalogue, tmp_path: Path) -> None:
    files = bundle(sequence_fa_gz=LARGE, models_arrow=SMALL)
    serve(Served({name: content for name, content in files.items() if name != "models.arrow"}, rate=MIB))
    with pytest.raises(ReferenceUnavailableError, match=r"lacks models\.arrow"):
        download_reference(catalogue, info(files), tmp_path, go_on)
    assert not (tmp_path / "sequence.fa.gz").exists()


def test_a_download_that_is_no_longer_wanted_ends(serve: Any, catalogue: ReferenceCatalogue, tmp_path: Path) -> None:
    files = bundle(sequence_fa_gz=LARGE)
    served = serve(Served(files, rate=MIB))

    def stop(_: int) -> None:
        if served.most > 1:
            raise LeaseLostError()

    with pytest.raises(LeaseLostError):
        download_reference(catalogue, info(files), tmp_path, stop)
    assert [path.name for path in tmp_path.iterdir()] == [MANIFEST]
