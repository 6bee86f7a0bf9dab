"""The file that the consequence caller reads: alleles of plain bases on the reference's own contigs, nothing else.

``bcftools csq`` fails a whole file at one allele that it cannot take, so it never sees the user's file.
"""

from __future__ import annotations

from pathlib import Path

from annotator.engine.genotypes import renumber
from annotator.engine.records import Record
from annotator.engine.reference import Reference


class SlimWriter:
    """Writes one slim file; close it at the end.

    Args:
        path: of the new file.
        reference: gives the contigs.
        samples: number of samples whose genotypes are written; 0 for a file of sites.
    """

    def __init__(self, path: Path, reference: Reference, samples: int) -> None:
        self._stream = path.open("wb", buffering=1 << 18)
        self._samples = samples
        lines = ["##fileformat=VCFv4.2"]
        lines += [f"##contig=<ID={contig.name},length={contig.length}>" for contig in reference.contigs]
        columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
        if samples:
            lines.append('##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">')
            columns += "\tFORMAT\t" + "\t".join(str(at) for at in range(samples))
        self._stream.write(("\n".join([*lines, columns]) + "\n").encode())

    def write(self, record: Record, ordinal: int, alleles: list[int], genotypes: bytes | None = None) -> None:
        """Write some alleles of a record.

        Args:
            record: of the user's file.
            ordinal: its number, which goes into ID to find it again.
            alleles: indices into the alternate alleles of those to write.
            genotypes: of all samples, for a file with genotypes.
        """
        assert record.contig is not None
        alternates = b",".join([record.alts[at] for at in alleles])
        line = b"%s\t%d\t%d\t%s\t%s\t.\t.\t." % (
            record.contig.encode(),
            record.pos,
            ordinal,
            record.ref,
            alternates,
        )
        if genotypes is not None:
            line += b"\tGT\t" + renumber(genotypes, alleles)
        self._stream.write(line + b"\n")

    def close(self) -> None:
        """End the file."""
        self._stream.close()
