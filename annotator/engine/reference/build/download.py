"""Downloads public files: resumed after an interruption, checked, and never a mixture of two versions."""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3

from annotator.engine.bounds import whole_number
from annotator.engine.errors import BundleError
from annotator.engine.reference.presets import PublicFile

#: Attempts at one file without a new byte in between; seconds before the second one, which double up to the longest.
TRIES, FIRST_WAIT, LONGEST_WAIT = 6, 1.0, 60.0
BLOCK = 1 << 20
CONNECT_SECONDS, READ_SECONDS = 15.0, 60.0
#: Status codes after which a request is repeated.
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
#: Name of the file that records what was fetched, in the directory of the files.
RECORD = "fetched.json"


@dataclass
class Fetcher:
    """Downloads files into a directory, and keeps those that are already in it.

    Attributes:
        directory: for the files; its ``fetched.json`` records size, SHA-256 and version of each.
        progress: called about once per block with file name, bytes received and bytes in total (None if unknown).
        wait: sleeps for a number of seconds.
        jitter: returns a random number from 0 to 1, which spreads the requests of many clients.
    """

    directory: Path
    progress: Callable[[str, int, int | None], None] = lambda name, done, total: None
    wait: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
    _http: urllib3.PoolManager = field(init=False)

    def __post_init__(self) -> None:
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
        # Responses are stored as they are sent: a gzip file that a server calls "encoded" is not unpacked.
        headers = {"User-Agent": "GAS reference fetch", "Accept-Encoding": "identity"}
        redirects = urllib3.Retry(5, connect=0, read=0, status=0, other=0, respect_retry_after_header=False)
        self._http = urllib3.PoolManager(timeout=timeout, retries=redirects, headers=headers)
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
                answer = self._ask("HEAD", one.url, {})
                size = _number(answer.headers.get("Content-Length"))
            part = self._part(one)
            there = part.stat().st_size if part.is_file() else 0
            missing[one.name] = None if size is None else max(0, size - there)
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
        failures = 0
        while True:
            before = part.stat().st_size if part.is_file() else 0
            try:
                if self._receive(one, part, stamp):
                    break
                reason = "the connection was cut"
            except (urllib3.exceptions.HTTPError, ConnectionError, TimeoutError) as error:
                reason = str(error)
            failures = 0 if part.is_file() and part.stat().st_size > before else failures + 1
            if failures >= TRIES:
                raise BundleError("reference_download", f"{one.url} cannot be fetched: {reason}.")
            self.wait(_pause(failures, self.jitter))
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
    def _receive(self, one: PublicFile, part: Path, stamp: Path) -> bool:
        """Receive what the server sends; returns whether the file is complete."""
        there = part.stat().st_size if part.is_file() else 0
        known = _load(stamp)
        headers = {}
        validator = known.get("etag") or known.get("last_modified")
        if there and validator:
            # If the file has changed, the server sends all of it rather than the rest.
            headers = {"Range": f"bytes={there}-", "If-Range": validator}
        answer = self._ask("GET", one.url, headers, preload=False)
        try:
            if answer.status == 416:
                if known.get("size") == there:
                    return True
                part.unlink(missing_ok=True)
                return False
            start, size = 0, _number(answer.headers.get("Content-Length"))
            if answer.status == 206:
                start, size = _range(answer.headers.get("Content-Range", ""))
                if start != there:
                    part.unlink(missing_ok=True)
                    return False
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
            return size is None or done == size
        finally:
            answer.release_conn()
            answer.close()

    def _ask(self, method: str, url: str, headers: dict[str, str], preload: bool = True) -> urllib3.BaseHTTPResponse:
        """Send a request, and repeat it after a temporary failure.

        Raises:
            BundleError: the server refuses it, or does not respond.
        """
        reason = ""
        for attempt in range(TRIES):
            if attempt:
                self.wait(_pause(attempt, self.jitter))
            try:
                answer = self._http.request(
                    method, url, headers={**self._http.headers, **headers}, preload_content=preload, redirect=True
                )
            except urllib3.exceptions.HTTPError as error:
                reason = str(error)
                continue
            if answer.status in (200, 206, 416):
                return answer
            answer.close()
            reason = f"the server answered {answer.status}"
            if answer.status not in PASSING:
                break
            later = _number(answer.headers.get("Retry-After"))
            if later:
                self.wait(min(float(later), LONGEST_WAIT))
        raise BundleError("reference_download", f"{url} cannot be fetched: {reason}.")

    # ---- files in the directory ----
    def _part(self, one: PublicFile) -> Path:
        return self.directory / f"{one.name}.part"

    def _stamp(self, one: PublicFile) -> Path:
        return self.directory / f"{one.name}.part.json"

    def _record(self) -> dict[str, Any]:
        return _load(self.directory / RECORD)

    def _whole(self, one: PublicFile) -> bool:
        """Whether a file has been downloaded and still has its size; the build verifies its checksum."""
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
        lines = self._ask("GET", one.md5_url, {}).data.decode("utf-8", "replace").splitlines()
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


def _pause(failures: int, jitter: Callable[[], float]) -> float:
    return float(min(LONGEST_WAIT, FIRST_WAIT * 2 ** max(0, failures - 1)) * (0.5 + jitter() / 2))
