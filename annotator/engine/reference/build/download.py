"""Downloads public files: resumed after an interruption, checked, and never a mixture of two versions.

urllib3 repeats failed requests and waits between them. Resuming a file at the byte where it stopped is done here, since
neither urllib3 nor pooch does that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3

from annotator.engine.bounds import whole_number
from annotator.engine.errors import BundleError
from annotator.engine.reference.presets import PublicFile

RETRIES = urllib3.Retry(
    6,
    status_forcelist={408, 425, 429, 500, 502, 503, 504},
    raise_on_status=False,
    backoff_factor=1,
    backoff_jitter=1,
    backoff_max=60,
    retry_after_max=60,
)
"""Repetitions of a request, and of a file without a new byte in between. Seconds of wait: 0, then 2, 4, 8, ..."""
TIMEOUT = urllib3.Timeout(connect=15.0, read=60.0)
BLOCK = 1 << 20
RECORD = "fetched.json"
"""Name of the file that records what was fetched, in the directory of the files."""
_CHANGED = urllib3.exceptions.ProtocolError("the file changed at the server")


@dataclass
class Fetcher:
    """Downloads files into a directory, and keeps those that are already in it.

    Attributes:
        directory: for the files; its ``fetched.json`` records size, SHA-256 and version of each.
        progress: called about once per block with file name, bytes received and bytes in total (None if unknown).
        retries: how requests are repeated.
    """

    directory: Path
    progress: Callable[[str, int, int | None], None] = lambda name, done, total: None
    retries: urllib3.Retry = RETRIES
    _http: urllib3.PoolManager = field(init=False)

    def __post_init__(self) -> None:
        # Responses are stored as they are sent: a gzip file that a server calls "encoded" is not unpacked.
        headers = {"User-Agent": "GAS reference fetch", "Accept-Encoding": "identity"}
        self._http = urllib3.PoolManager(timeout=TIMEOUT, retries=self.retries, headers=headers)
        self.directory.mkdir(parents=True, exist_ok=True)

    def sizes(self, files: list[PublicFile]) -> dict[str, int | None]:
        """Number of bytes that are still to be received, by file name; None where the server does not state it.

        Raises:
            BundleError: a file is not available.
        """
        missing: dict[str, int | None] = {}
        for one in files:
            if self._whole(one):
                missing[one.name] = 0
                continue
            size = one.size
            if size is None:
                answer = self._ask("HEAD", one.url)
                size = _number(answer.headers.get("Content-Length"))
            missing[one.name] = None if size is None else max(0, size - _size(self._part(one)))
        return missing

    def fetch(self, one: PublicFile) -> Path:
        """Download a file, unless it has been downloaded before and is unchanged.

        Returns:
            Its path.

        Raises:
            BundleError: it is not available, or does not agree with its publisher's checksum; then it is deleted.
            OSError: it cannot be written.
        """
        target = self.directory / one.name
        if self._whole(one):
            return target
        part, stamp = self._part(one), self._stamp(one)
        retries, before = self.retries, _size(part)
        while cut := self._receive(one, part, stamp):
            if _size(part) > before:
                retries = self.retries
            before = _size(part)
            try:
                retries = retries.increment("GET", one.url, error=cut)
            except urllib3.exceptions.MaxRetryError as error:
                raise _failed(one.url, error) from error
            retries.sleep()
        digest = self._check(one, part)
        record = self._record()
        record[one.name] = {"url": one.url, "size": part.stat().st_size, "sha256": digest, **_load(stamp)}
        part.replace(target)
        (self.directory / RECORD).write_text(json.dumps(record, indent=2) + "\n", "utf-8")
        stamp.unlink(missing_ok=True)
        return target

    def version(self, one: PublicFile) -> str:
        """When a downloaded file was last modified by its publisher; "" if the server did not state it."""
        return str(self._record().get(one.name, {}).get("last_modified") or "")

    # ---- one request ----
    def _receive(self, one: PublicFile, part: Path, stamp: Path) -> Exception | None:
        """Store what the server sends; returns why the file is not complete, None if it is."""
        there = _size(part)
        known = _load(stamp)
        headers = {}
        validator = known.get("etag") or known.get("last_modified")
        if there and validator:
            # If the file has changed, the server sends all of it rather than the rest.
            headers = {"Range": f"bytes={there}-", "If-Range": validator}
        answer = self._ask("GET", one.url, headers=headers, preload_content=False)
        try:
            if answer.status == 416:
                if known.get("size") == there:
                    return None
                part.unlink(missing_ok=True)
                return _CHANGED
            start, size = 0, _number(answer.headers.get("Content-Length"))
            if answer.status == 206:
                start, size = _range(answer.headers.get("Content-Range", ""))
                if start != there:
                    part.unlink(missing_ok=True)
                    return _CHANGED
            etag = answer.headers.get("ETag", "")
            found = {
                "etag": "" if etag.startswith("W/") else etag,  # a weak one may be that of other bytes
                "last_modified": answer.headers.get("Last-Modified", ""),
                "size": size,
            }
            stamp.write_text(json.dumps(found), "utf-8")
            done = start
            with part.open("ab" if start else "wb") as out:
                for block in answer.stream(BLOCK):
                    out.write(block)
                    done += len(block)
                    self.progress(one.name, done, size)
            return None if size is None or done == size else urllib3.exceptions.IncompleteRead(done, size - done)
        except (urllib3.exceptions.HTTPError, ConnectionError, TimeoutError) as error:
            return error
        finally:
            answer.release_conn()
            answer.close()

    def _ask(self, method: str, url: str, **options: Any) -> urllib3.BaseHTTPResponse:
        """Send a request, and repeat it after a temporary failure.

        Raises:
            BundleError: the server refuses it, or does not respond.
        """
        headers = {**self._http.headers, **options.pop("headers", {})}
        try:
            answer = self._http.request(method, url, headers=headers, **options)
        except (urllib3.exceptions.HTTPError, ValueError) as error:  # ValueError: a Retry-After of too many digits
            raise _failed(url, error) from error
        if answer.status not in (200, 206, 416):
            answer.close()
            raise _failed(url, f"the server answered {answer.status}")
        return answer

    # ---- files in the directory ----
    def _part(self, one: PublicFile) -> Path:
        return self.directory / f"{one.name}.part"

    def _stamp(self, one: PublicFile) -> Path:
        return self.directory / f"{one.name}.part.json"

    def _record(self) -> dict[str, Any]:
        return _load(self.directory / RECORD)

    def _whole(self, one: PublicFile) -> bool:
        """Whether a file is there as it was when it was fetched, by its size; the build checks its checksum."""
        known, target = self._record().get(one.name, {}), self.directory / one.name
        return known.get("url") == one.url and target.is_file() and target.stat().st_size == known.get("size")

    def _check(self, one: PublicFile, part: Path) -> str:
        """Compare a downloaded file with the publisher's checksums and size; returns its SHA-256."""
        sums = {"sha256": hashlib.sha256(), "md5": hashlib.md5(usedforsecurity=False)}
        with part.open("rb") as stream:
            while block := stream.read(BLOCK):
                for one_sum in sums.values():
                    one_sum.update(block)
        wanted = {"sha256": one.sha256, "md5": one.md5 or self._published_md5(one)}
        for kind, expected in wanted.items():
            if expected and sums[kind].hexdigest() != expected.lower():
                self._forget(one)
                message = f"its {kind} is {sums[kind].hexdigest()}, its publisher gives {expected.lower()}"
                raise BundleError("reference_checksum", f"{one.name} is not what it should be: {message}.")
        if one.size is not None and part.stat().st_size != one.size:
            size = part.stat().st_size
            self._forget(one)
            message = f"it has {size:,} bytes, not {one.size:,}"
            raise BundleError("reference_checksum", f"{one.name} is not what it should be: {message}.")
        return sums["sha256"].hexdigest()

    def _published_md5(self, one: PublicFile) -> str | None:
        if one.md5_url is None:
            return None
        lines = self._ask("GET", one.md5_url).data.decode("utf-8", "replace").splitlines()
        words = [line.split() for line in lines if line.strip()]
        named = [row for row in words if any(word.lstrip("*").rpartition("/")[2] == one.name for word in row[1:])]
        for row in named or words[:1]:
            if len(row[0]) == 32:
                return row[0]
        raise BundleError("reference_checksum", f"{one.md5_url} has no MD5 of {one.name}.")

    def _forget(self, one: PublicFile) -> None:
        self._part(one).unlink(missing_ok=True)
        self._stamp(one).unlink(missing_ok=True)


def _load(path: Path) -> dict[str, Any]:
    """A JSON object; empty if it cannot be read, since a download may have been interrupted while writing it."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _number(text: str | None) -> int | None:
    return whole_number(text or "")


def _range(text: str) -> tuple[int, int | None]:
    """First byte and size of the file from ``bytes FIRST-LAST/SIZE``."""
    place, _, size = text.removeprefix("bytes ").partition("/")
    return _number(place.partition("-")[0]) or 0, _number(size)


def _size(path: Path) -> int:
    """Bytes of a file, 0 where there is none."""
    return path.stat().st_size if path.is_file() else 0


def _failed(url: str, reason: str | Exception) -> BundleError:
    if isinstance(reason, urllib3.exceptions.MaxRetryError):
        reason = reason.reason or reason
    return BundleError("reference_download", f"{url} cannot be fetched: {reason}.")
