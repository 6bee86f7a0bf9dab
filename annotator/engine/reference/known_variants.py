"""Known variants: what the layers of a reference have about many alleles at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.errors import BundleError
from annotator.engine.library_errors import VERIFY, step
from annotator.engine.normalise import Normalised
from annotator.engine.reference.allele_table import AlleleTable
from annotator.engine.reference.bundle import LayerSpec
from annotator.engine.reference.info_encoding import encode

MOST_OPEN = 4
"""Contigs whose tables are kept open."""
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
    """The tables of known variants of a layer, each opened when it is first needed.

    Args:
        spec: of the layer.
    """

    def __init__(self, spec: LayerSpec) -> None:
        self.spec = spec
        self._tables: dict[str, AlleleTable] = {}

    def of(self, contig: str, alleles: Normalised) -> Matched:
        """Look up alleles of one contig.

        Args:
            contig: canonical name.
            alleles: n of them.

        Raises:
            BundleError: the table cannot be read, or lacks a column.
        """
        fields = [one.column for one in self.spec.fields]
        if contig not in self.spec.files or not len(alleles.pos):
            return Matched(
                [pa.nulls(len(alleles.pos), pa.string()) for _ in fields], np.zeros(len(alleles.pos), bool)
            )
        table = self._table(contig)
        with step("reference_layer", f"{self.spec.files[contig].name} cannot be read", VERIFY):
            rows = table.find(*alleles)
            if self.spec.known is None:
                return Matched(table.values(rows, fields), np.zeros(len(rows), bool))
            *columns, known = table.values(rows, [*fields, self.spec.known])
        return Matched(columns, known.is_valid().to_numpy(zero_copy_only=False))

    def _table(self, contig: str) -> AlleleTable:
        if contig not in self._tables:
            if len(self._tables) == MOST_OPEN:
                self._tables.pop(next(iter(self._tables)))
            self._tables[contig] = open_alleles(self.spec, contig)
        return self._tables[contig]


def open_alleles(spec: LayerSpec, contig: str) -> AlleleTable:
    """Open the table of a contig of a layer.

    Raises:
        BundleError: it cannot be opened, or lacks a column.
    """
    path = spec.files[contig]
    with step("reference_layer", f"{path.name} cannot be opened", VERIFY):
        table = AlleleTable(path)
    wanted = [*(one.column for one in spec.fields), *([spec.known] if spec.known else [])]
    missing = [one for one in wanted if one not in table.fields]
    if missing:
        raise BundleError("reference_layer", f"Layer {spec.name} lacks columns: {', '.join(missing)}.")
    return table


def encoded(column: pa.StringArray) -> pa.StringArray:
    """Values, percent-encoded for INFO."""
    if not pc.any(pc.match_substring_regex(column, _SPECIAL)).as_py():
        return column
    coded = column.dictionary_encode()
    values = [None if value is None else encode(value) for value in coded.dictionary.to_pylist()]
    return pa.array(values, pa.string()).take(coded.indices)
