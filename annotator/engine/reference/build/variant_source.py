"""Sources of known variants: VCF files, read as columns, contig by contig, with their alleles normalised."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from annotator.engine.bgzf import BgzfWriter
from annotator.engine.byte_columns import bytes_of, cut, every, letters
from annotator.engine.errors import BundleError
from annotator.engine.files import BLOCK, blocks_of_lines, open_bytes
from annotator.engine.gzip_reading import GzipReader
from annotator.engine.indexes import index_of, make_index, open_table, start_of
from annotator.engine.library_errors import LIBRARY_ERRORS, in_words
from annotator.engine.normalise import Normalised, normalise_all
from annotator.engine.reference.build.field_choice import FieldChoice
from annotator.engine.reference.build.gene_formats import shown
from annotator.engine.reference.build.info_choice import Kind, chosen_values, declared
from annotator.engine.reference.build.sources import Tally, split_source
from annotator.engine.reference.bundle import Contig, Sequence
from annotator.engine.reference.ref_alleles import fitting

CHUNK = 8 << 20
"""Uncompressed bytes of a source that are read at once."""
MOST_SHIFTED = 100_000
"""The farthest that left-alignment shifts an allele of a source, in bases."""
OTHER_REF = "REF is not the sequence"
"""Why alleles of another build are left out."""
_COLUMNS = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO")
_USED = ("#CHROM", "POS", "ID", "REF", "ALT", "INFO")
_INFO = re.compile(r"##INFO=<ID=([^,]+),Number=([^,]+),Type=([^,]+),Description=\"((?:[^\"\\]|\\.)*)\"")
_POSITION = "^[0-9]{1,10}$"
_TYPES = {**dict.fromkeys(_USED, pa.binary()), "POS": pa.int64()}
_LARGEST_READ = 9_999_999_999
_RECORD = re.compile(rb"[^\t]*\t[0-9]{1,10}(\t[^\t]*){6}")
_BASES = letters(b"ACGT")


@dataclass
class VariantSource(Tally):
    """A source of known variants: one VCF file, or several with different contigs.

    Attributes:
        name: of the source; the names of its INFO fields in results begin with it.
        paths: of the files, each sorted within its contigs.
        wanted: the INFO fields, or ``ID``, that are taken from it, as :class:`FieldChoice` reads them.
        fields: Number, Type and Description of each of ``wanted``, once the header has been read.
        taken: the same, each followed by those of the fields that it is taken from.
        marks_known: whether its alleles count as known; those of a table of scores do not.
    """

    name: str
    paths: tuple[Path, ...]
    wanted: tuple[str, ...]
    fields: list[Kind] = field(default_factory=list)
    taken: list[list[Kind]] = field(default_factory=list)
    marks_known: bool = True

    @classmethod
    def parse(cls, text: str) -> VariantSource:
        """From ``NAME=FILE:FIELD,...``; without fields the source only marks alleles as known.

        Raises:
            BundleError: it is not of that form.
        """
        name, path, wanted = split_source(text, "--variants", "NAME=FILE.vcf.gz:FIELD,...", FieldChoice.parse)
        return cls(name, (path,), wanted)

    def info(self, wanted: str) -> str:
        """The name of an INFO field in results, by one of ``wanted``."""
        return f"{self.name}_{FieldChoice.parse(wanted).name}"

    def prepare(self, given: Path, work: Path, lengths: list[int]) -> Path:
        """Look up the fields in the header of one of the files, and index the file if it has no index.

        Args:
            given: the file.
            work: directory for an indexed copy.
            lengths: of the contigs of the reference, in bases.

        Returns:
            The file or its copy.

        Raises:
            BundleError: the file cannot be read, or lacks a field.
        """
        path = given
        if not path.is_file():
            raise BundleError("reference_build", f"There is no file {path}.")
        try:
            if index_of(path) is None:
                path = work / f"{self.name}.{given.name}.vcf.gz"
                if index_of(path) is None:  # otherwise it is that of an interrupted build
                    _copy(given, path)
                    make_index(path, lengths, preset="vcf")
            with open_table(path) as table:
                header = list(table.header)
        except LIBRARY_ERRORS as error:
            reason = in_words(error, f"{given.name} cannot be read as a VCF file that is sorted")
            raise BundleError("reference_variants", reason) from error
        self.declare(header, given.name)
        return path

    def declare(self, header: list[str], file: str) -> None:
        """Look up the fields in a header.

        Args:
            header: its lines.
            file: name of the file, for errors.

        Raises:
            BundleError: it lacks a field.
        """
        known = declared_fields(header)
        kinds = [declared(FieldChoice.parse(one), known, self.name, file) for one in self.wanted]
        self.fields[:] = [one[0] for one in kinds]
        self.taken[:] = kinds

    def alleles(
        self, tally: Tally, path: Path, contig: Contig, names: dict[str, str], sequence: Sequence
    ) -> Iterator[SourceAlleles]:
        """Read the alleles of a file on one contig, as :func:`read_contig` does."""
        return read_contig(self, tally, path, contig, names, sequence)


def declared_fields(header: list[str]) -> dict[str, tuple[str, str, str]]:
    """Number, Type and Description, as they are written, of the INFO fields that a header declares, by name."""
    return {found[1]: (found[2], found[3], found[4]) for line in header if (found := _INFO.match(line))}


@dataclass
class SourceAlleles:
    """Alleles of a source on one contig.

    Attributes:
        pos: ``(n,) int64``, 1-based, of the normalised allele.
        ref: n REF alleles, normalised, in upper case.
        alt: n ALT alleles, likewise.
        values: of each field n values, null where there is none.
        complete: every allele of the source up to this position (1-based) has been read with these.
    """

    pos: np.ndarray
    ref: pa.BinaryArray
    alt: pa.BinaryArray
    values: list[pa.Array]
    complete: int


def read_contig(
    source: VariantSource, tally: Tally, path: Path, contig: Contig, names: dict[str, str], sequence: Sequence
) -> Iterator[SourceAlleles]:
    """Read the alleles of a file on one contig, as plain alleles that agree with the sequence.

    Args:
        source: that the file belongs to, prepared.
        tally: counts what is used and what is left out.
        path: of the file, bgzipped, with an index.
        contig: of the reference.
        names: the reference's name of a contig by each of its names.
        sequence: of the reference.

    Raises:
        BundleError: a row is not a record of VCF.
        OSError, ValueError, zlib.error: the file is damaged.
    """
    with open_table(path) as table:
        header = list(table.header)[-1].split("\t")
        theirs = [name for name in table.contigs if names.get(name) == contig.name]
    for name in theirs:
        for columns in _chunks(path, name, header, source.name, contig.name):
            yield _alleles(source, tally, columns, contig, sequence)


def _chunks(path: Path, name: str, header: list[str], source: str, contig: str) -> Iterator[pa.RecordBatch]:
    """The rows of a contig, some megabytes at a time."""
    offset = start_of(path, name)
    mark = name.encode() + b"\t"
    with path.open("rb") as raw:
        raw.seek(offset >> 16)
        stream = GzipReader(raw, bgzip=True)
        stream.read(offset & 0xFFFF)
        for block in blocks_of_lines(stream, CHUNK):
            if block.strip():
                yield _rows(block, mark, header, source, contig)
            if not block[block.rfind(b"\n", 0, -1) + 1 :].startswith(mark):
                return


def _rows(block: bytes, mark: bytes, header: list[str], source: str, contig: str) -> pa.RecordBatch:
    """Rows of a contig in a text of whole lines, as columns.

    Raises:
        BundleError: one of them is not a record of VCF.
    """
    names = [*_COLUMNS, *map(str, range(len(header) - len(_COLUMNS)))]

    broken = []

    def note(row: csv.InvalidRow) -> str:
        if row.text.encode().startswith(mark) and not _RECORD.match(row.text.encode()):
            broken.append(row.number)
        return "skip"

    def read(types: dict[str, pa.DataType]) -> pa.Table:
        broken.clear()
        table = csv.read_csv(
            pa.BufferReader(block),
            read_options=csv.ReadOptions(column_names=names, use_threads=False, block_size=len(block) + 1),
            parse_options=csv.ParseOptions(delimiter="\t", quote_char=False, invalid_row_handler=note),
            convert_options=csv.ConvertOptions(
                include_columns=list(_USED), column_types=types, strings_can_be_null=False
            ),
        )
        here = pc.equal(table["#CHROM"], mark[:-1])
        return (table if pc.all(here).as_py() else table.filter(here)).combine_chunks()

    try:
        table = read(_TYPES)
        least, most = pc.min_max(table["POS"]).as_py().values()
        right = not table["POS"].null_count and (not len(table) or 0 <= least <= most <= _LARGEST_READ)
    except pa.ArrowInvalid:  # a position that is no number, perhaps one of another contig
        table = read(dict.fromkeys(_USED, pa.binary()))
        positions = table["POS"].cast(pa.string())
        right = pc.all(pc.match_substring_regex(positions, _POSITION)).as_py()
        if right:
            table = table.set_column(1, "POS", positions.cast(pa.int64()))
    if broken or not right:
        row = next(line for line in block.splitlines() if line.startswith(mark) and not _RECORD.match(line))
        wanted = "CHROM, POS, ID, REF, ALT, QUAL, FILTER and INFO, separated by tabs"
        where = f"Known variants ({source}) on {contig} cannot be read"
        text = shown(row.decode("utf-8", "replace"))
        raise BundleError("reference_variants", f"{where}: the row {text} is not a record of VCF; it needs {wanted}.")
    return table.to_batches()[0] if len(table) else pa.RecordBatch.from_pylist([], schema=table.schema)


def _alleles(
    source: VariantSource, tally: Tally, rows: pa.RecordBatch, contig: Contig, sequence: Sequence
) -> SourceAlleles:
    """The alleles of some records that are plain and agree with the sequence, normalised."""
    pos = rows["POS"].to_numpy()
    ref, alts = (pc.ascii_upper(rows[name].cast(pa.string())).cast(pa.binary()) for name in ("REF", "ALT"))
    alt, owner, number = _split(alts)
    used, alleles = usable_alleles(tally, pos, ref, alt, owner, contig, sequence)
    values = [
        chosen_values(rows, FieldChoice.parse(wanted), kinds, owner[used], number[used])
        for wanted, kinds in zip(source.wanted, source.taken, strict=True)
    ]
    last = int(pos[-1]) if len(pos) else 0
    return SourceAlleles(*alleles, values, last - MOST_SHIFTED - 1)


def usable_alleles(
    tally: Tally,
    pos: np.ndarray,
    ref: pa.BinaryArray,
    alt: pa.BinaryArray,
    owner: np.ndarray,
    contig: Contig,
    sequence: Sequence,
) -> tuple[np.ndarray, Normalised]:
    """The alleles of m records that are plain and agree with the sequence, normalised; the others are counted.

    Args:
        tally: counts them.
        pos: ``(m,) int64``, 1-based.
        ref: m REF alleles in upper case.
        alt: n ALT alleles in upper case.
        owner: ``(n,)``, the record of each.
        contig: that they are on.
        sequence: of the reference.

    Returns:
        ``(k,)``, the indices of those that are used, and these in normalised form.
    """
    fits = fitting(sequence, contig, pos, ref)
    owners = pa.array(owner)
    usable = _plain(ref)[owner] & _plain(alt)
    usable &= pc.not_equal(ref.take(owners), alt).to_numpy(zero_copy_only=False)
    used = np.flatnonzero(usable & fits[owner])
    for reason, left_out in (("no plain allele", ~usable), (OTHER_REF, usable & ~fits[owner])):
        if left_out.any():
            tally.left_out[reason] += int(left_out.sum())
    tally.used += len(used)
    record = pa.array(owner[used])
    return used, normalise_all(
        pos[owner[used]],
        ref.take(record),
        alt.take(pa.array(used)),
        np.ones(len(used), bool),
        lambda at, length: sequence.fetch(contig.name, at, length),
    )


def _split(alts: pa.BinaryArray) -> tuple[pa.BinaryArray, np.ndarray, np.ndarray]:
    """Lists of ALT alleles as alleles, with the index of the list of each and its 0-based place in the list."""
    data, starts = bytes_of(alts)
    commas = np.flatnonzero(data == ord(","))
    record = np.searchsorted(starts, commas, side="right") - 1
    counts = 1 + np.bincount(record, minlength=len(alts))
    owner = np.repeat(np.arange(len(alts)), counts)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    begins, ends = np.repeat(starts[:-1], counts), np.repeat(starts[1:], counts)
    begins[number > 0] = commas + 1
    ends[np.append(number[1:] > 0, False)[: len(ends)]] = commas
    return cut(data, begins, ends), owner, number


def _plain(column: pa.BinaryArray) -> np.ndarray:
    """``(n,) bool``: which alleles are of the bases A, C, G and T, one at least."""
    data, starts = bytes_of(column)
    plain: np.ndarray = every(_BASES[data], starts) & (np.diff(starts) > 0)
    return plain


def _copy(source: Path, out: Path) -> None:
    """Copy a file, plain or gzip, into a bgzipped one."""
    writer = BgzfWriter(out)
    try:
        with open_bytes(source) as stream:
            while block := stream.read(BLOCK):
                writer.write(block)
        writer.close()
    finally:
        writer.abandon()
