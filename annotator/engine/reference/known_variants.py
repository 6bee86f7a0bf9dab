"""Known variants: looked up for many alleles at once, by a columnar join with the rows of the table near them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.errors import BundleError
from annotator.engine.indexes import open_table
from annotator.engine.library_errors import VERIFY, step
from annotator.engine.normalise import Normalised
from annotator.engine.reference.bundle import LayerSpec
from annotator.engine.reference.info_encoding import encode

WINDOW = 100_000
"""Bases of a table that are read at once, and the farthest that left-alignment may shift an allele of it."""
_SPECIAL = r"[%:;=, \t\r\n|]"


@dataclass
class Matched:
    """What a layer has for n alleles.

    Attributes:
        columns: for each field of the layer n values, not yet encoded for INFO; null where there is none.
        known: ``(n,) bool``, whether the allele is known.
    """

    columns: list[pa.StringArray]
    known: np.ndarray


class KnownVariants:
    """The table of known variants of a layer, opened.

    Args:
        spec: of the layer.

    Raises:
        BundleError: the file cannot be opened, or lacks a column.
    """

    def __init__(self, spec: LayerSpec) -> None:
        self.spec = spec
        with step("reference_layer", f"{spec.path.name} cannot be opened", VERIFY):
            self._file = open_table(spec.path)
            columns = list(self._file.header)[-1].lstrip("#").split("\t")
        missing = [one.column for one in spec.fields if one.column not in columns]
        if missing or spec.known not in columns:
            raise BundleError("reference_layer", f"Layer {spec.name} lacks columns: {missing or spec.known}.")
        self._at = [columns.index(one.column) - 3 for one in spec.fields]  # columns after contig, position and REF
        self._known_at = columns.index(spec.known) - 3
        self._contigs = frozenset(self._file.contigs)

    def of(self, contig: str, alleles: Normalised) -> Matched:
        """Look up alleles of one contig.

        Args:
            contig: canonical name.
            alleles: n of them.

        Raises:
            BundleError: the table cannot be read.
        """
        pos, ref, alt = alleles
        nothing = Matched([pa.nulls(len(pos), pa.string()) for _ in self._at], np.zeros(len(pos), bool))
        if contig not in self._contigs or not len(pos):
            return nothing
        wanted = pc.binary_join_element_wise(
            pa.array(pos).cast(pa.string()), ref.cast(pa.string()), alt.cast(pa.string()), "\t"
        )
        rows = self._rows(contig, pos)
        if not len(rows):
            return nothing
        split = pc.split_pattern(rows, "\t", max_splits=4)
        width = len(split[0])
        parts = split.flatten()
        steps = np.arange(len(rows)) * width
        # contig, position, REF, ALT, the other columns
        position, reference, alternate, rest = (parts.take(pa.array(steps + at)) for at in range(1, 5))
        found = pc.index_in(wanted, value_set=pc.binary_join_element_wise(position, reference, alternate, "\t"))
        there = found.is_valid().to_numpy(zero_copy_only=False)
        used, place = np.unique(found.drop_null().to_numpy(), return_inverse=True)
        if not len(used):
            return nothing
        values = pc.split_pattern(rest.take(pa.array(used)), "\t")
        wide = len(values[0])
        flat = values.flatten()
        index = np.zeros(len(pos), np.int64)
        index[there] = place
        take = pa.array(index, mask=~there)
        steps = np.arange(len(used)) * wide

        def column(at: int) -> pa.StringArray:
            # The first of the other columns is number 4 of the row.
            one = flat.take(pa.array(steps + at - 1))
            return pc.if_else(pc.equal(one, "."), pa.scalar(None, pa.string()), one)

        known = column(self._known_at).is_valid().take(take).fill_null(False)
        return Matched([column(at).take(take) for at in self._at], known.to_numpy(zero_copy_only=False))

    def _rows(self, contig: str, pos: np.ndarray) -> pa.StringArray:
        """Rows of the table at positions ``pos`` (``(n,) int64``, 1-based), each once."""
        wanted = np.unique(pos)
        found = []
        for near in np.split(wanted, np.flatnonzero(np.diff(wanted // WINDOW)) + 1):
            with step("reference_layer", f"{self.spec.path.name} cannot be read", VERIFY):
                rows = pa.array(list(self._file.fetch(contig, int(near[0]) - 1, int(near[-1]))), pa.string())
            if len(rows):
                column = pc.list_element(pc.split_pattern(rows, "\t", max_splits=2), 1)
                found.append(rows.filter(pc.is_in(pc.cast(column, pa.int64()), value_set=pa.array(near))))
        return pa.concat_arrays(found) if found else pa.array([], pa.string())


def encoded(column: pa.StringArray) -> pa.StringArray:
    """Values, percent-encoded for INFO."""
    if not pc.any(pc.match_substring_regex(column, _SPECIAL)).as_py():
        return column
    coded = column.dictionary_encode()
    values = [None if value is None else encode(value) for value in coded.dictionary.to_pylist()]
    return pa.array(values, pa.string()).take(coded.indices)
