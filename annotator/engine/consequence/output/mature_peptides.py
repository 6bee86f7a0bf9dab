"""The mature peptides that changes of proteins lie in, for MATURE_PEPTIDE of CSQ and the table of variants."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.reference.gene_models import ContigModels

_POSITIONS = r"^(?P<first>\d+)?\??(?:-(?P<last>\d+)?\??)?$"
"""Text of Protein_position: ``12``, ``12-14``, ``?-14``, ``12-?``."""


class MaturePeptides:
    """Names the mature peptides of the transcripts of one contig."""

    def __init__(self, models: ContigModels) -> None:
        columns = (models.table[name].to_pylist() for name in ("peptide_names", "peptide_starts", "peptide_ends"))
        #: Name, first and last amino acid of each peptide, by index of the transcript; without those that have none.
        self._peptides = {
            at: list(zip(*lists, strict=True)) for at, lists in enumerate(zip(*columns, strict=True)) if lists[0]
        }

    def texts(self, transcript: np.ndarray, protein: pa.StringArray | None) -> pa.StringArray | None:
        """Names of mature peptides and positions within them, such as ``nsp2:85``, joined by ``&``.

        Args:
            transcript: ``(n,) int64``, indices of transcripts; -1 for none.
            protein: ``(n,)``, Protein_position of the changes, empty where there is none; None if all are empty.

        Returns:
            ``(n,)``; None when all are empty.
        """
        if protein is None or not self._peptides:
            return None
        ends = pc.extract_regex(protein, _POSITIONS)
        first, last = (
            pc.fill_null(pc.cast(pc.if_else(pc.equal(text, ""), None, text), pa.int64()), 0).to_numpy()
            for text in (pc.struct_field(ends, name) for name in ("first", "last"))
        )
        low, high = np.where(first > 0, first, last), np.where(last > 0, last, first)
        found: dict[int, str] = {}
        for at, peptides in self._peptides.items():
            mine = np.flatnonzero((transcript == at) & (high > 0))
            for name, begin, end in peptides:
                for row in mine[(high[mine] >= begin) & (low[mine] <= end)].tolist():
                    one, two = max(int(low[row]), begin) - begin + 1, min(int(high[row]), end) - begin + 1
                    text = f"{name}:{one}" if one == two else f"{name}:{one}-{two}"
                    found[row] = f"{found[row]}&{text}" if row in found else text
        if not found:
            return None
        texts = [""] * len(transcript)
        for row, text in found.items():
            texts[row] = text
        return pa.array(texts, pa.string())


@lru_cache(maxsize=4)
def peptides_of(models: ContigModels) -> MaturePeptides:
    """The mature peptides of a contig; those of the contigs asked for last are kept."""
    return MaturePeptides(models)
