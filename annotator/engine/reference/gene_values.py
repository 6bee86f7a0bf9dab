"""What is known about genes (constraint, dosage sensitivity, ...): values of the gene of each allele."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from annotator.engine.errors import BundleError
from annotator.engine.library_errors import VERIFY, step
from annotator.engine.reference.allele_table import as_text
from annotator.engine.reference.bundle import GeneSpec
from annotator.engine.reference.known_variants import Matched

GENE = "gene_id"
"""Column of identifiers of genes, as the gene models have them."""


class GeneValues:
    """The table of a reference, in memory.

    Args:
        spec: of the table.

    Raises:
        BundleError: it cannot be read, or lacks a column.
    """

    def __init__(self, spec: GeneSpec) -> None:
        self.spec = spec
        with step("reference_layer", f"{spec.path.name} cannot be read", VERIFY):
            table = pq.read_table(spec.path, page_checksum_verification=True)
        missing = [one for one in (GENE, *(one.column for one in spec.fields)) if one not in table.column_names]
        if missing:
            raise BundleError("reference_layer", f"{spec.path.name} lacks columns: {', '.join(missing)}.")
        self._genes = table[GENE].combine_chunks()
        self._columns = [as_text(table[one.column]) for one in spec.fields]

    def of(self, reported: pa.RecordBatch | None, asked: np.ndarray) -> Matched:
        """The values of the gene of the reported transcript of each allele.

        Args:
            reported: what is reported of each allele that was asked for; None where none was.
            asked: ``(n,) bool``, which alleles these are.
        """
        known = np.zeros(len(asked), bool)
        if reported is None:
            return Matched([pa.nulls(len(asked), pa.string()) for _ in self._columns], known)
        row = pc.index_in(reported[GENE], value_set=self._genes)
        index = row.take(pa.array(np.cumsum(asked) - 1, mask=~asked))
        return Matched([column.take(index) for column in self._columns], known)
