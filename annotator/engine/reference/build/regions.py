"""Region tracks of a new reference: BED files and tables like them become one sorted, indexed file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from annotator.engine.bgzf import BgzfWriter
from annotator.engine.bounds import LARGEST_POSITION, whole_number
from annotator.engine.errors import BundleError
from annotator.engine.files import open_text
from annotator.engine.indexes import make_index
from annotator.engine.library_errors import LIBRARY_ERRORS, in_words, step
from annotator.engine.reference.bundle import Contig
from annotator.engine.reference.regions import COLUMNS

_NAME = re.compile(r"[A-Za-z_][0-9A-Za-z_.]*")
#: Regions of one contig that wait in memory before they go to disk.
WAITING = 10_000
#: Columns of a table that can be named.
MOST_COLUMNS = 9999
_BED_COLUMNS = {"name": 4, "score": 5}
#: (start from 0, end, number of the source, value)
Row = tuple[int, int, int, str]


@dataclass
class RegionSource:
    """One table of regions.

    Attributes:
        name: of the track, and of its INFO field.
        path: tab-separated, plain or gzip; lines that start with ``#``, ``track`` or ``browser`` are not read.
        description: of the INFO field.
        contig, start, end: numbers of the columns, from 1; as in BED by default.
        values: numbers of the columns whose texts, joined by ``/``, are a region's value; none for the first of a
            region's name (BED's fourth column) and its place.
        base: position of a contig's first base in column ``start``: 0 as in BED, or 1.
        used: regions taken; ``left_out`` counts those that were not, by reason.
    """

    name: str
    path: Path
    description: str = ""
    contig: int = 1
    start: int = 2
    end: int = 3
    values: tuple[int, ...] = ()
    base: int = 0
    used: int = 0
    left_out: Counter[str] = field(default_factory=Counter)

    @classmethod
    def parse(cls, text: str) -> RegionSource:
        """From ``NAME=FILE`` or ``NAME=FILE:COLUMN,...``, the columns being ``name``, ``score`` or numbers from 1.

        Raises:
            BundleError: it is not of that form.
        """
        name, equals, rest = text.partition("=")
        path, _, columns = rest.rpartition(":") if ":" in rest else (rest, "", "")
        wanted = [item for item in columns.split(",") if item]
        if not equals or not path or not _NAME.fullmatch(name) or any(_number(item) == 0 for item in wanted):
            raise BundleError(
                "reference_build", f"--regions {text}: NAME=FILE.bed.gz or NAME=FILE:COLUMN,... is wanted."
            )
        return cls(name, Path(path), values=tuple(map(_number, wanted)))


def _number(column: str) -> int:
    return _BED_COLUMNS.get(column) or whole_number(column, MOST_COLUMNS) or 0


def merge_regions(
    sources: list[RegionSource], out: Path, contigs: list[Contig], names: dict[str, str], work: Path
) -> list[dict[str, str]]:
    """Write all tracks as one table, sorted and indexed.

    Args:
        sources: in any order of their rows.
        out: the table, bgzipped; its index goes beside it.
        contigs: of the reference.
        names: the reference's name of a contig by each of its names.
        work: directory for the regions of each contig before they are sorted.

    Returns:
        The tracks, as the manifest has them.

    Raises:
        BundleError: a source cannot be read, or belongs to another sequence.
    """
    lengths = {contig.name: contig.length for contig in contigs}
    rows = _ByContig(work, [contig.name for contig in contigs])
    for number, source in enumerate(sources):
        for contig, start, end, value in _regions(source):
            name = names.get(contig)
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
    """Regions put aside on disk by contig: whole genomes have millions, of which one contig's fit into memory.

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
    """Contig as the table has it, start from 0, end, and value of each region."""
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
    """Contig, start from 0, end and value of a row; None where a column is not there or is no number."""
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
