"""The bucket of references: a catalogue of what is in it, and the files of each reference."""
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from chalicelib.aws.s3.files import FileStore
from chalicelib.domain.references import ReferenceInfo

CATALOGUE = "catalogue.json"
BUNDLED = Path(__file__).resolve().parents[2] / "references.json"
"""The catalogue of the references that come with GAS."""
FRESH_SECONDS = 60
LARGEST = 16 * 1024**2


class ReferenceCatalogue:
    """Which references there are: those that come with GAS, and those that the operator put into the bucket.

    Args:
        files: Reads the bucket.
        bucket: "" where there is none.
    """

    def __init__(self, files: FileStore, bucket: str) -> None:
        self.bucket = bucket
        self._files = files
        self._bundled = [ReferenceInfo.from_entry(entry) for entry in json.loads(BUNDLED.read_text("utf-8"))]
        self._entries: list[ReferenceInfo] = []
        self._read_at: int | None = None

    def entries(self, now: int, fresh: bool = False) -> list[ReferenceInfo]:
        """All references, those that come with GAS first. The bucket's catalogue is read once a minute.

        Args:
            now: Epoch seconds.
            fresh: Read it now.

        Raises:
            ValueError: The catalogue in the bucket is none.
        """
        if self.bucket and (fresh or self._read_at is None or now - self._read_at >= FRESH_SECONDS):
            text = self._files.read_text(self.bucket, CATALOGUE, LARGEST)
            listed = [ReferenceInfo.from_entry(entry) for entry in json.loads(text)] if text else []
            names = {one.name for one in self._bundled}
            self._entries, self._read_at = [one for one in listed if one.name not in names], now
        return [*self._bundled, *self._entries]

    def download(self, reference: ReferenceInfo, name: str, path: Path, on_bytes: Callable[[int], None]) -> bool:
        """Download one file of a reference; False when there is none."""
        return self._files.download(self.bucket, f"{reference.prefix}/{name}", path, on_bytes)
