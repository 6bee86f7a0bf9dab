"""The field NEAREST: the gene that is nearest to a variant between genes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from annotator.engine.reference.gene_models import ContigModels


class NearestGenes:
    """Finds the nearest gene on one contig, at any distance, around the origin of a circular one.

    Args:
        models: transcripts of the contig.
    """

    def __init__(self, models: ContigModels) -> None:
        turns = (-models.circumference, 0, models.circumference) if models.circumference else (0,)
        start = np.concatenate([models.start + turn for turn in turns])
        end = np.concatenate([models.end + turn for turn in turns])
        self._symbols = pa.concat_arrays([models.strings("symbol")] * len(turns))
        self._by_start, self._by_end = np.argsort(start, kind="stable"), np.argsort(end, kind="stable")
        self._start, self._end = start[self._by_start], end[self._by_end]

    def symbols(self, first: np.ndarray, last: np.ndarray) -> pa.StringArray:
        """Names of the nearest genes; two joined by ``&`` where both are as near; empty on a contig without genes.

        Args:
            first: ``(n,) int64``, lowest base of each place, in which no transcript lies, 1-based.
            last: ``(n,) int64``, highest base, inclusive.
        """
        count = len(self._start)
        if not count:
            return pa.array([""] * len(first), pa.string())
        before = np.searchsorted(self._end, first, "left") - 1
        behind = np.searchsorted(self._start, last, "right")
        far = np.iinfo(np.int64).max
        to_before = np.where(before >= 0, first - self._end[before], far)
        to_behind = np.where(behind < count, self._start[np.minimum(behind, count - 1)] - last, far)
        names = [self._symbols.take(pa.array(at)).to_pylist()
                 for at in (self._by_end[before], self._by_start[np.minimum(behind, count - 1)])]  # fmt: skip
        rows = zip(to_before.tolist(), to_behind.tolist(), *names, strict=True)
        return pa.array([_nearer(*row) for row in rows], pa.string())


def _nearer(to_before: int, to_behind: int, before: str, behind: str) -> str:
    if to_before == to_behind and before != behind:
        return f"{before}&{behind}"
    return before if to_before <= to_behind else behind
