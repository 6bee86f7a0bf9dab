"""The files that an annotation leaves: one row each.

Everything that deals with results goes through this table: the worker uploads its files, the job's record keeps them,
pages and downloads list them, the archive moves them, a sweep looks for them. Another file is one more row here, and
one in the engine's own table (`annotator/engine/output/files.py`); a test holds both against each other.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.names import CSI, LONGEST_NAME, TBI, base_name

RESULTS, INDEX, LOG, SUMMARY, VARIANTS = "results", "index", "log", "summary", "variants"
"""Kinds of the files that have a part of their own somewhere. A kind is the last part of a download's address."""
INPUT = "input"
"""Kind of the user's own file, where it can be downloaded beside its results."""
ARCHIVED_FILES = "the annotated VCF, its index and the table of variants"
"""What moves to the archive, for people: the rows of the table that are `archived`."""


@dataclass(frozen=True, kw_only=True)
class ResultFile:
    """One file of every result.

    Attributes:
        kind: Short name, also in addresses, JSON and the attributes of a job's record.
        suffix: How its name ends; the base name of the input file comes before.
        other_suffix: How its name ends instead for some inputs, or "".
        content_type: Media type.
        title: A few words for the list of files.
        description: A sentence for the documentation, with code between backticks.
        archived: True for what moves to the archive after a free user's retention: the results file, and what is of no
            use without it. The other files stay.
        downloadable: True for what users may download.
        measured: True where the job's record keeps the SHA-256.
    """

    kind: str
    suffix: str
    other_suffix: str = ""
    content_type: str
    title: str
    description: str
    archived: bool = False
    downloadable: bool = True
    measured: bool = False

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Every suffix that its name may have, the usual one first."""
        return (self.suffix, self.other_suffix) if self.other_suffix else (self.suffix,)


RESULT_FILES = {file.kind: file for file in (
    ResultFile(
        kind=RESULTS, suffix=".annot.vcf.gz", content_type="application/gzip", archived=True, measured=True,
        title="Annotated VCF (bgzip)",
        description="All your records, with annotations added to INFO and known IDs to ID; bgzip"),
    ResultFile(
        kind=INDEX, suffix=f".annot.vcf.gz{TBI}", other_suffix=f".annot.vcf.gz{CSI}",
        content_type="application/octet-stream", archived=True,
        title="Tabix index",
        description="Its tabix index, for genome browsers and `tabix`; ends in `.csi` where a contig has more than "
                    "536,870,911 bases"),
    ResultFile(
        kind=LOG, suffix=".count.log", content_type="text/plain; charset=utf-8",
        title="Log (warnings and statistics)", description="Human-readable warnings and statistics"),
    ResultFile(
        kind=SUMMARY, suffix=".summary.json", content_type="application/json",
        title="Statistics (JSON)", description="The same statistics in machine-readable form"),
    ResultFile(
        kind=VARIANTS, suffix=".variants.parquet", content_type="application/vnd.apache.parquet", archived=True,
        title="Variant table (Parquet)",
        description="A table with a row for each alternate allele, for pandas, DuckDB or R; Parquet"),
)}


@dataclass(frozen=True)
class StoredFile:
    """A result file of a job, and where it is.

    Attributes:
        key: In the results bucket; None while the file is in the archive alone.
        archive_id: Of its copy in the archive: a key of the archive bucket or, of the results file only, the id of an
            archive in a Glacier vault. None while there is no copy that counts.
        size: Bytes; None where the record does not keep it.
        sha256: Hex digest; None where the record does not keep it.
    """

    key: str | None = None
    archive_id: str | None = None
    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class JobOutputs:
    """What a finished job produced.

    Attributes:
        bucket: Where the files are.
        files: By kind.
        summary: Key figures of the annotation.
    """

    bucket: str
    files: Mapping[str, StoredFile]
    summary: dict[str, Any]


def archived_kinds() -> Iterator[str]:
    """Kinds of the files that move to the archive together."""
    return (file.kind for file in RESULT_FILES.values() if file.archived)


def companion_kinds() -> Iterator[str]:
    """Kinds of the files that go to the archive with the results file, and come back with it."""
    return (kind for kind in archived_kinds() if kind != RESULTS)


def result_name(input_file_name: str, kind: str, suffix: str = "") -> str:
    """The name of a result file.

    Args:
        input_file_name: Name of the user's file.
        kind: Kind of the result file.
        suffix: One of its suffixes, or "" for the usual one.
    """
    name = base_name(input_file_name)
    # Suffixes are longer than the extension that they replace: keep the name within what file systems take.
    longest = max(len(one) for file in RESULT_FILES.values() for one in file.suffixes)
    while len(name.encode()) + longest > LONGEST_NAME:
        name = name[:-1]
    return name + (suffix or RESULT_FILES[kind].suffix)
