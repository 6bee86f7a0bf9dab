"""Region tracks of a new reference: BED files and tables like them become one sorted, indexed file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from annotator.engine.bgzf import BgzfWriter
from annotator.engine.bounds import LARGEST_POSITION, whole_number
from annotator.engine.errors import BundleError
from annotator.engine.files import open_text
from annotator.engine.indexes import make_index
from annotator.engine.library_errors import LIBRARY_ERRORS, in_words, step
from annotator.engine.reference.build.sources import Tally, split_source
from annotator.engine.reference.bundle import Contig
from annotator.engine.reference.regions import COLUMNS

WAITING = 10_000
"""Regions of one contig that are held in memory before they are written to disk."""
MOST_COLUMNS = 9999
"""Highest number of a column."""
_BED_COLUMNS = {"name": 4, "score": 5}
Row = tuple[int, int, int, str]
"""Start and end (0-based, half-open), index of the source, value."""


@dataclass
class RegionSource(Tally):
    """A table of regions, which becomes one track.

    Attributes:
        name: of the track, and of its INFO field.
        path: tab-separated, plain or gzip; lines that start with ``#``, ``track`` or ``browser`` are skipped.
        description: of the INFO field.
        contig, start, end: numbers of the columns, from 1; by default those of BED.
        values: numbers of the columns whose texts, joined by ``/``, are the value of a region; without any it is its
            name (BED's fourth column), or where it lies if it has none.
        base: position of the first base of a contig in column ``start``: 0 (half-open, as in BED) or 1 (inclusive).
    """

    name: str
    path: Path
    description: str = ""
    contig: int = 1
    start: int = 2
    end: int = 3
    values: tuple[int, ...] = ()
    base: int = 0

    @classmethod
    def parse(cls, text: str) -> RegionSource:
        """From ``NAME=FILE`` or ``NAME=FILE:COLUMN,...``, the columns being ``name``, ``score`` or numbers from 1.

        Raises:
            BundleError: it is not of that form.
        """
        name, path, columns = split_source(text, "--regions", "NAME=FILE.bed.gz or NAME=FILE:COLUMN,...", column_number)
        return cls(name, path, values=tuple(map(column_number, columns)))


def column_number(column: str) -> int:
    """The number of a column, from 1, by its number or its name in BED; 0 when it is neither."""
    return _BED_COLUMNS.get(column) or whole_number(column, MOST_COLUMNS) or 0


def merge_regions(
    sources: list[RegionSource],
    out: Path,
    contigs: Sequence[Contig],
    canonical: Callable[[str], str | None],
    work: Path,
) -> list[dict[str, str]]:
    """Write all tracks as one table, sorted and indexed.

    Args:
        sources: in any order of their rows.
        out: the table, bgzipped; its index is written beside it.
        contigs: of the reference.
        canonical: the reference's name of a contig by any of its names, None where it has no such contig.
        work: directory for the regions of each contig until they are sorted.

    Returns:
        The tracks, as the manifest has them.

    Raises:
        BundleError: a source cannot be read, or belongs to another sequence.
    """
    lengths = {contig.name: contig.length for contig in contigs}
    rows = _ByContig(work, [contig.name for contig in contigs])
    for number, source in enumerate(sources):
        for contig, start, end, value in _regions(source):
            name = canonical(contig)
            if name is None:
                source.left_out["contig without sequence"] += 1
            elif start >= lengths[name]:
                source.left_out["beyond the end of its contig"] += 1
            else:
                # A sequence may be a part of a chromosome, and a track that of all of it.
                source.used += 1
                rows.add(name, (start, min(end, lengths[name]), number, value))
        if not source.used:
            raise BundleError("reference_mismatch", f"{source.name} has no region on a contig of the sequence.")
    stream = BgzfWriter(out)
    try:
        stream.write(("#" + "\t".join(COLUMNS) + "\n").encode())
        for one in contigs:
            for start, end, at, value in rows.sorted(one.name):
                stream.write(f"{one.name}\t{start}\t{end}\t{sources[at].name}\t{value}\n".encode())
        stream.close()
    finally:
        stream.abandon()
    with step("reference_regions", "The regions cannot be indexed"):
        make_index(out, lengths.values(), preset="bed")
    return [
        {"name": track.name, "info": track.name, "description": track.description or f"Regions of {track.name}"}
        for track in sources
    ]


class _ByContig:
    """Regions on disk by contig: a whole genome has millions, of which those of one contig fit into memory.

    Args:
        directory: for the files.
        contigs: names.
    """

    def __init__(self, directory: Path, contigs: list[str]) -> None:
        self._files = {name: directory / f"regions.{number}" for number, name in enumerate(contigs)}
        self._waiting: dict[str, list[Row]] = {name: [] for name in contigs}

    def add(self, contig: str, row: Row) -> None:
        waiting = self._waiting[contig]
        waiting.append(row)
        if len(waiting) >= WAITING:
            with self._files[contig].open("a", encoding="utf-8") as stream:
                stream.writelines("\t".join(map(str, one)) + "\n" for one in waiting)
            waiting.clear()

    def sorted(self, contig: str) -> list[Row]:
        """All regions of a contig in the order of their positions."""
        rows = self._waiting.pop(contig)
        if self._files[contig].is_file():
            with self._files[contig].open(encoding="utf-8") as lines:
                for line in lines:
                    start, end, number, value = line.rstrip("\n").split("\t")
                    rows.append((int(start), int(end), int(number), value))
            self._files[contig].unlink()
        return sorted(rows)


def _regions(source: RegionSource) -> Iterator[tuple[str, int, int, str]]:
    """Contig name in the table, start and end (0-based, half-open) and value of each region."""
    try:
        with open_text(source.path) as lines:
            for number, line in enumerate(lines, start=1):
                if line.startswith(("#", "track", "browser")) or not line.strip():
                    continue
                columns = line.rstrip("\r\n").split("\t")
                region = _region(source, columns)
                if region is None:
                    read = f"contig {source.contig}, start {source.start}, end {source.end}"
                    message = f"{source.path.name}, line {number}: no region in the columns that are read ({read})."
                    raise BundleError("reference_regions", message)
                contig, start, end, value = region
                if not 0 <= start < end:
                    source.left_out["no bases"] += 1
                    continue
                yield contig, start, end, value
    except FileNotFoundError:
        raise BundleError("reference_build", f"There is no file {source.path}.") from None
    except LIBRARY_ERRORS as error:
        raise BundleError("reference_regions", in_words(error, f"{source.path.name} cannot be read")) from error


def _region(source: RegionSource, columns: list[str]) -> tuple[str, int, int, str] | None:
    """Contig, start and end (0-based, half-open) and value of a row; None if a column is missing or not a number."""
    if len(columns) < max(source.contig, source.start, source.end, *source.values):
        return None
    first, end = (whole_number(columns[at - 1].strip(), LARGEST_POSITION) for at in (source.start, source.end))
    if first is None or end is None:
        return None
    start = first - source.base
    return columns[source.contig - 1], start, end, _value(source, columns, start, end)


def _value(source: RegionSource, columns: list[str], start: int, end: int) -> str:
    if source.values:
        text = "/".join(columns[at - 1].strip() for at in source.values)
    else:
        text = columns[3].strip() if len(columns) > 3 else ""
    return text if text not in ("", ".") else f"{start + 1}-{end}"
