"""Consequences in the format of ``bcftools csq`` (BCSQ), for records whose genotypes are not phased."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.consequence.models import ContigModels
from annotator.engine.consequence.pairs import Alleles, Pairs
from annotator.engine.consequence.rows import Rows
from annotator.engine.consequence.terms import names


def bcsq_entries(rows: Rows, alleles: Alleles, pairs: Pairs, models: ContigModels) -> pa.StringArray:
    """One entry of BCSQ a row: ``consequence|gene|transcript|biotype|strand``."""
    encoded = pa.array(rows.terms).dictionary_encode()
    text = pa.array([names(mask) for mask in encoded.dictionary.to_pylist()], pa.string()).take(encoded.indices)
    strand = pa.array(np.where(models.strand > 0, "+", "-"), pa.string())
    owners = pc.binary_join_element_wise(
        models.strings("symbol"), models.strings("id"), models.strings("biotype"), strand, "|"
    )
    owners = pa.concat_arrays([owners, pa.array(["|||"])])
    transcript = pairs.transcript[rows.pair]
    index = pa.array(np.where(transcript < 0, models.size, transcript))
    return pc.binary_join_element_wise(text, owners.take(index), "|")
