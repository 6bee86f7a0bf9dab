"""Tables of text as publishers write them: tabs or commas, a header with or without ``#``, plain, gzip or zip."""

from __future__ import annotations

import csv as plain_csv
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import count
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa
from pyarrow import csv

from annotator.engine.bounds import whole_number
from annotator.engine.errors import BundleError
from annotator.engine.files import blocks_of_lines, open_bytes
from annotator.engine.library_errors import step

CHUNK = 8 << 20
"""Uncompressed bytes that are read at once."""
MISSING = ("", ".", "NA", "NaN", "nan", "-")
"""What stands for no value."""
LARGEST_COLUMN = 9999
LONGEST_LINE = 8 << 20
"""Bytes of a line in front of the first row."""
_ZIP = b"PK\x03\x04"
_SKIPPED = ("track", "browser")
"""First words of lines of the UCSC genome browser that are no rows."""


class Delimited:
    """A table of text.

    The header is the last line that begins with ``#`` if it has as many columns as the first row; otherwise the first
    line, if none of its columns is a number. A table without a header has columns ``1``, ``2`` and so on.

    Args:
        path: of the file.

    Attributes:
        names: of the columns, without ``#``.
        headed: whether the table has a header.

    Raises:
        BundleError: the file cannot be read, or has no rows.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise BundleError("reference_build", f"There is no file {path}.")
        comment, self._first, line = "", 0, ""
        with self._reading(), self._open() as stream:
            for self._first in count(1):
                line = stream.readline(LONGEST_LINE).decode("utf-8").rstrip("\r\n")
                if not line.startswith("#") and line.split(" ")[0] not in (*_SKIPPED, ""):
                    break
                comment = line.lstrip("#") if line.startswith("#") else comment
                if not line and not stream.readline(1):
                    raise BundleError("reference_table", f"{path.name} has no rows.")
        self._separator = "\t" if "\t" in line else ","
        row, above = self._cells(line), self._cells(comment)
        self.headed = True
        if len(above) == len(row):
            self.names = above
        elif not any(map(is_number, row)):
            self.names = row
            self._first += 1
        else:
            self.names = [str(number) for number in range(1, len(row) + 1)]
            self.headed = False

    def column(self, name: str) -> int:
        """The index of a column by its name, or by its number from 1.

        Raises:
            BundleError: there is none.
        """
        if name in self.names:
            return self.names.index(name)
        number = whole_number(name, LARGEST_COLUMN)
        if number and number <= len(self.names):
            return number - 1
        listed = ", ".join(self.names)
        message = f"{self.path.name}, line {self._first - 1}: there is no column {name}; there are {listed}."
        raise BundleError("reference_table", message)

    def batches(self, columns: Sequence[int]) -> Iterator[tuple[int, pa.Table]]:
        """Read the rows, some megabytes at a time.

        Args:
            columns: indices of the columns to read.

        Yields:
            The number of the first line, and columns of text named by their indices.

        Raises:
            BundleError: the file is damaged, or a row has more or fewer columns than the header.
        """
        with self._reading(), self._open() as stream:
            for _ in range(self._first - 1):
                stream.readline()
            line = self._first
            for block in blocks_of_lines(stream, CHUNK):
                if block.strip():
                    yield line, self._parsed(line, block, columns)
                line += block.count(b"\n")

    def fault(self, first: int, holds: Callable[[str], bool], column: int, what: str) -> BundleError:
        """The error about the first value of a column, from some line on, that is not ``what`` it should be."""
        with self._reading(), self._open() as stream:
            for _ in range(first - 1):
                stream.readline()
            lines = (self._cells(line.decode("utf-8", "replace")) for line in stream)
            wrong = (at for at in enumerate(lines, first) if column < len(at[1]) and not holds(at[1][column]))
            number, cells = next(wrong)
        message = f"{self.path.name}, line {number}, column {self.names[column]}: {cells[column]!r} is no {what}"
        remedy = f"correct the row, or write {' or '.join(MISSING[1:3])} where there is no value"
        return BundleError("reference_table", f"{message}; {remedy}.")

    def _parsed(self, first: int, block: bytes, columns: Sequence[int]) -> pa.Table:
        names = [str(index) for index in range(len(self.names))]
        wanted = list(dict.fromkeys(names[index] for index in columns))
        broken: list[csv.InvalidRow] = []

        def note(row: csv.InvalidRow) -> str:
            broken.append(row)
            return "skip"

        table = csv.read_csv(
            pa.BufferReader(block),
            read_options=csv.ReadOptions(column_names=names, use_threads=False, block_size=len(block) + 1),
            parse_options=csv.ParseOptions(
                delimiter=self._separator,
                quote_char='"' if self._separator == "," else False,
                invalid_row_handler=note,
                ignore_empty_lines=True,
            ),
            convert_options=csv.ConvertOptions(
                include_columns=wanted, column_types=dict.fromkeys(wanted, pa.string()), strings_can_be_null=False
            ),
        )
        if broken:
            lines = block.decode("utf-8", "replace").splitlines()
            wrong = (at for at, line in enumerate(lines) if line and len(self._cells(line)) != len(names))
            at, cells = next(wrong, 0), len(names)
            message = f"{self.path.name}, line {first + at}: {broken[0].actual_columns} columns, not {cells} as in"
            what = "the header" if self.headed else "the first row"
            remedy = "write the table with one separator and no column left out"
            raise BundleError("reference_table", f"{message} {what}; {remedy}.")
        return table

    def _cells(self, line: str) -> list[str]:
        line = line.rstrip("\r\n")
        if self._separator == "\t":
            return [cell.strip() for cell in line.split("\t")]
        return [cell.strip() for cell in next(plain_csv.reader([line]), [""])]

    def _open(self) -> BinaryIO:
        with self.path.open("rb") as stream:
            zipped = stream.read(len(_ZIP)) == _ZIP
        if not zipped:
            return open_bytes(self.path)
        try:
            archive = zipfile.ZipFile(self.path)
        except zipfile.BadZipFile as error:
            message = f"{self.path.name} is a damaged or incomplete zip archive; fetch it again."
            raise BundleError("reference_table", message) from error
        members = [one.filename for one in archive.infolist() if not one.is_dir()]
        if len(members) != 1:
            message = f"{self.path.name} has {len(members)} files; unpack it, and give one of them"
            raise BundleError("reference_table", f"{message}: {', '.join(members[:8])}.")
        return cast("BinaryIO", archive.open(members[0]))

    def _reading(self) -> AbstractContextManager[None]:
        return step("reference_table", f"{self.path.name} cannot be read")


def is_number(text: str) -> bool:
    """Whether a text is a number, as Python writes one."""
    try:
        float(text)
    except ValueError:
        return False
    return True
