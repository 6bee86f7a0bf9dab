"""Tables of scores by allele: CADD, AlphaMissense, REVEL, dbNSFP and others that have a row for each allele.

Rows may be in any order. Where a table has several rows for an allele (for several transcripts), or several numbers in
one cell (separated by ``;``, as in dbNSFP), a number is the largest of them, or the smallest if ``min(...)`` is chosen,
and texts are joined. The transcripts themselves are not compared with those of the reference.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.errors import BundleError
from annotator.engine.reference.allele_table import KEY_COLUMNS
from annotator.engine.reference.build.field_choice import FieldChoice
from annotator.engine.reference.build.sources import Tally
from annotator.engine.reference.build.table_rows import TableRows, rows_of_contig
from annotator.engine.reference.build.variant_source import MOST_SHIFTED, SourceAlleles, VariantSource, usable_alleles
from annotator.engine.reference.bundle import Contig, Sequence


@dataclass
class ScoreTable(VariantSource):
    """A table of scores by allele; its alleles do not count as known.

    Attributes:
        rows: how the table is read.
    """

    rows: TableRows = field(default_factory=TableRows)
    marks_known: bool = False

    def prepare(self, given: Path, work: Path, lengths: list[int]) -> Path:
        """Check one of the files and copy what is used of it, so that it can be read contig by contig.

        Args:
            given: the file.
            work: directory for the copy.
            lengths: not used.

        Returns:
            The copy.

        Raises:
            BundleError: the file cannot be read, lacks a column, or has no number where there should be one.
        """
        out = work / f"{self.name}.{given.name}.parquet"
        kinds = self.rows.copy(given, self.wanted, out, self.left_out)
        before = [kind for _, kind, _ in self.fields] or kinds
        for one, old, kind in zip(self.wanted, before, kinds, strict=True):
            if "String" in (old, kind) and old != kind:
                message = f"{given.name} has other values in {one} than the files of {self.name} before it"
                raise BundleError("reference_table", f"{message}: give files of one kind.")
        self.fields[:] = [
            ("1", kind if kind == old else "Float", f"{FieldChoice.parse(one).words} ({self.name})")
            for one, old, kind in zip(self.wanted, before, kinds, strict=True)
        ]
        return out

    def alleles(
        self, tally: Tally, path: Path, contig: Contig, names: dict[str, str], sequence: Sequence
    ) -> Iterator[SourceAlleles]:
        """Read the alleles of a contig that are plain and agree with the sequence, normalised, each once a batch."""
        theirs = frozenset(name for name, ours in names.items() if ours == contig.name)
        for table in rows_of_contig(path, theirs):
            pos = table["start"].to_numpy().astype(np.int64)
            ref, alt = (pc.ascii_upper(table[name].combine_chunks()).cast(pa.binary()) for name in ("ref", "alt"))
            used, normal = usable_alleles(tally, pos, ref, alt, np.arange(len(pos)), contig, sequence)
            values = table.drop_columns(["chrom", "start", "end", "ref", "alt"]).take(pa.array(used))
            keys = dict(zip(KEY_COLUMNS, (pa.array(normal.pos), normal.ref, normal.alt), strict=True))
            found = self._once(pa.table({**keys, **dict(zip(values.column_names, values.columns, strict=True))}))
            yield SourceAlleles(
                found["pos"].to_numpy(),
                found["ref"].combine_chunks(),
                found["alt"].combine_chunks(),
                [found[name].combine_chunks().cast(pa.string()) for name in values.column_names],
                int(pos[-1]) - MOST_SHIFTED - 1,
            )

    def _once(self, table: pa.Table) -> pa.Table:
        """Each allele once, with the extreme of its numbers and its distinct texts joined by ``&``."""
        groups = table.group_by(list(KEY_COLUMNS), use_threads=False)
        counts = groups.aggregate([([], "count_all")])
        if len(counts) == len(table):
            return table
        wanted = []
        for at, one in enumerate(self.wanted):
            number = self.fields[at][1] != "String"
            wanted.append((str(at), (FieldChoice.parse(one).extreme or "max") if number else "distinct"))
        found = groups.aggregate(wanted)
        columns = [found[f"{name}_{how}"] for name, how in wanted]
        values = {
            name: _joined(column) if how == "distinct" else column
            for column, (name, how) in zip(columns, wanted, strict=True)
        }
        return pa.table({name: found[name] for name in KEY_COLUMNS} | values)


def _joined(lists: pa.ChunkedArray) -> pa.StringArray:
    """Distinct texts of each list joined by ``&``; null where there is none."""
    texts = ["&".join(dict.fromkeys(one for one in row if one is not None)) or None for row in lists.to_pylist()]
    return pa.array(texts, pa.string())
