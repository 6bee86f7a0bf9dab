"""The alternate alleles of records as the consequence caller takes them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from annotator.engine.byte_columns import text_of
from annotator.engine.consequence import AlleleChunk
from annotator.engine.normalise import Normalised
from annotator.engine.pipeline.mate_genes import MateGenes
from annotator.engine.vcf.block_parser import Records
from annotator.engine.vcf.structural_alleles import Fetch, StructuralRecord


def allele_chunk(
    records: Records,
    first: int,
    last: int,
    version: tuple[int, int],
    length: int,
    fetch: Fetch,
    normalised: Normalised,
    mate_genes: MateGenes,
) -> AlleleChunk:
    """The alleles that are to be annotated, of consecutive records of one contig.

    Args:
        records: of the block.
        first: index of the first record.
        last: index of the record behind the last one.
        version: of VCF.
        length: of the contig, in bases.
        fetch: bases of the contig.
        normalised: the alleles, those of plain bases in normalised form.
        mate_genes: finds the genes at the mates of breakends.
    """
    alleles = records.alleles
    begin, until = np.searchsorted(alleles.record, [first, last]).tolist()
    asked = begin + np.flatnonzero(alleles.asked[begin:until])
    owner = alleles.record[asked]
    ref, alt = records.ref.take(pa.array(owner)), alleles.alt.take(pa.array(asked))
    end, exact, symbol, mates = records.end[owner], None, None, None
    symbolic = np.flatnonzero(~alleles.plain[asked])
    if len(symbolic):
        refs, alts, exact = ref.to_pylist(), alt.to_pylist(), np.ones(len(asked), bool)
        symbols: list[bytes | None] = [None] * len(asked)
        named: list[str | None] = [None] * len(asked)
        structural: StructuralRecord | None = None
        of = -1
        number = alleles.number[asked].tolist()
        for at, record in zip(symbolic.tolist(), owner[symbolic].tolist(), strict=True):
            if structural is None or record != of:
                of, structural = record, _structural(records, record, version, length, fetch)
            named[at] = mate_genes.symbols(alts[at], structural.info)
            one = structural.allele(number[at])
            refs[at], alts[at], end[at], exact[at], symbols[at] = one.ref, one.alt, one.end, one.exact, one.symbol
        ref, alt = pa.array(refs, pa.binary()), pa.array(alts, pa.binary())
        symbol, mates = text_of(pa.array(symbols, pa.binary())), pa.array(named, pa.string())
    return AlleleChunk(
        record=owner - first,
        pos=records.pos[owner],
        ref=ref,
        alt=text_of(alt).cast(pa.binary()),  # symbols of the user may hold any bytes
        end=end,
        records=last - first,
        number=alleles.number[asked] + 1,
        exact=exact,
        symbol=symbol,
        normalised=None if len(symbolic) else normalised,  # bases may have taken the place of a symbol
        mates=mates,
    )


def _structural(records: Records, record: int, version: tuple[int, int], length: int, fetch: Fetch) -> StructuralRecord:
    first, last = np.searchsorted(records.alleles.record, [record, record + 1]).tolist()
    return StructuralRecord(
        pos=int(records.pos[record]),
        ref=records.ref[record].as_py(),
        alts=records.alleles.alt.slice(first, last - first).to_pylist(),
        info=records.fields[7][record].as_py(),
        samples=records.fields[8][record].as_py(),
        version=version,
        length=length,
        fetch=fetch,
    )
