"""References that files can be annotated with, as a catalogue lists them."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import msgspec

from chalicelib.domain.names import CSI, TBI

TABIX_REACH = 2**29
"""Length in bases from which on a contig is too long for a `.tbi`: that of `annotator.engine.indexes`."""
AUTO = "auto"
"""In place of a reference's name: the annotator finds out which one the file was called on."""
_BUILT_FROM = ("sequence", "gene models")


@dataclass(frozen=True)
class AnnotationSource:
    """What a reference, or a part of it, was made from."""

    name: str
    version: str
    licence: str
    url: str = ""


@dataclass(frozen=True)
class ReferenceInfo:
    """One reference.

    Attributes:
        title: What people call it.
        assembly: Name of the genome build.
        layers: What is known of variants and places beside the genes.
        contigs: Length in bases of each sequence.
        prefix: Where its files are in the bucket of references, "" for one that comes with GAS.
        manifest_sha256: Checksum of its manifest, which has those of all other files; "" for one that comes with GAS.
        size: Of all its files, bytes.
    """

    name: str
    title: str
    assembly: str
    layers: tuple[str, ...]
    sources: tuple[AnnotationSource, ...]
    contigs: Mapping[str, int]
    prefix: str = ""
    manifest_sha256: str = ""
    size: int = 0

    @property
    def label(self) -> str:
        """Title and name, for people: "Human genome GRCh38, Ensembl 115"."""
        return self.title if self.name in self.title else f"{self.title} ({self.name})"

    @property
    def index_ending(self) -> str:
        """How the names of its tables' indexes end, which depends on its longest contig."""
        return CSI if max(self.contigs.values(), default=0) >= TABIX_REACH else TBI

    @classmethod
    def of_manifest(cls, manifest: Mapping[str, Any], **where: Any) -> ReferenceInfo:
        """From a bundle's `manifest.json`.

        Args:
            where: `prefix`, `manifest_sha256` and `size` of one in a bucket.

        Raises:
            KeyError: It is no manifest.
        """
        names = [source["name"] for source in manifest["sources"]]
        built = tuple(names[:2]) == _BUILT_FROM
        layers = names[2:] if built else [
            *(layer["name"] for layer in manifest["layers"]),
            *(track["name"] for track in (manifest.get("regions") or {}).get("tracks", ()))]
        return cls(name=manifest["name"], title=manifest["title"], assembly=manifest["assembly"],
                   layers=tuple(dict.fromkeys(layers)),
                   sources=tuple(AnnotationSource(one["name"], one["version"], one["licence"], one.get("url", ""))
                                 for one in manifest["sources"]),
                   contigs={one["name"]: one["length"] for one in manifest["contigs"]}, **where)

    @classmethod
    def from_entry(cls, entry: Mapping[str, Any]) -> ReferenceInfo:
        """From an entry of a catalogue.

        Raises:
            ValueError: It is none.
        """
        return msgspec.convert(entry, cls)

    def to_entry(self) -> dict[str, Any]:
        """The entry that `from_entry` reads."""
        return {**asdict(self), "contigs": dict(self.contigs)}
