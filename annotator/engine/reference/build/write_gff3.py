"""The GFF3 that ``bcftools csq`` reads, written from the placed gene models."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from annotator.engine.bgzf import BgzfWriter
from annotator.engine.indexes import make_index
from annotator.engine.library_errors import step
from annotator.engine.reference.build.gene_formats import GeneModel
from annotator.engine.reference.build.place_models import coding_member
from annotator.engine.reference.bundle import Contig

_ORDER = {"gene": 0, "mRNA": 1, "exon": 2, "five_prime_UTR": 3, "CDS": 4, "three_prime_UTR": 5}
"""Kinds of rows in the order in which rows that start at one base are written."""


def write_gff3(path: Path, rows: Iterable[bytes], contigs: Sequence[Contig]) -> None:
    """Write gene models as GFF3 in Ensembl's style, bgzipped and indexed.

    Args:
        path: the file; its index is written beside it.
        rows: of each contig, as :func:`gff3_rows` returns them, in the order of the contigs.
        contigs: of the reference.

    Raises:
        BundleError: the file cannot be indexed.
        OSError: it cannot be written.
    """
    stream = BgzfWriter(path)
    try:
        stream.write(b"##gff-version 3\n")
        for text in rows:
            stream.write(text)
        stream.close()
    finally:
        stream.abandon()
    with step("reference_models", "The gene models cannot be indexed"):
        make_index(path, [contig.length for contig in contigs], preset="gff")


def gff3_rows(models: Sequence[GeneModel]) -> str:
    """The rows of the models of one contig, in the order of their positions.

    Args:
        models: in the order in which :func:`annotator.engine.reference.build.place_models.place` returns them.
    """
    genes: dict[str, list[GeneModel]] = defaultdict(list)
    for one in models:
        genes[one.gene].append(one)
    rows = sorted(
        (first, _ORDER[kind], number, text)
        for number, members in enumerate(genes.values())
        for first, kind, text in _gene_rows(members)
    )
    return "".join(text + "\n" for *_, text in rows)


def _gene_rows(members: list[GeneModel]) -> Iterator[tuple[int, str, str]]:
    """First base, kind and text of each row of a gene."""
    contig, strand, gene = members[0].contig, members[0].strand, members[0].gene

    def row(kind: str, first: int, last: int, attributes: str, phase: str = ".") -> tuple[int, str, str]:
        columns = [contig, "GAS", kind, str(first), str(last), ".", strand, phase, attributes]
        return first, kind, "\t".join(columns)

    first, last = min(one.start for one in members), max(one.end for one in members)
    biotype = coding_member(members).biotype
    yield row("gene", first, last, f"ID=gene:{gene};Name={members[0].symbol};biotype={biotype};gene_id={gene}")
    for one in members:
        owner = f"Parent=transcript:{one.id}"
        yield row("mRNA", one.start, one.end, _attributes(one))
        for start, end in one.exons:
            yield row("exon", start, end, owner)
        for kind, start, end in _untranslated(one):
            yield row(kind, start, end, owner)
        phase = one.phase
        for start, end in one.cds if strand == "+" else reversed(one.cds):
            # Computed, not copied: csq fails a whole file at one phase that is not as it counts.
            yield row("CDS", start, end, owner, str(phase))
            phase = (phase - (end - start + 1)) % 3


def _attributes(one: GeneModel) -> str:
    """Attributes of the row of a transcript: first those that csq requires, then those of the source."""
    pairs = {
        "ID": f"transcript:{one.id}",
        "Parent": f"gene:{one.gene}",
        "biotype": one.biotype,
        "source_biotype": "" if one.source_biotype == one.biotype else one.source_biotype,
        "transcript_id": one.id,
        "version": one.version,
        "tag": ",".join(one.complete_tags),
        "mane_select": one.curation.mane_select,
        "protein_id": one.protein,
        "selenocysteine": ",".join(map(str, sorted(one.selenocysteines))),
        "slips": ",".join(f"{before}>{after}" for before, after in one.slips),
    }
    return ";".join(f"{key}={value}" for key, value in pairs.items() if value)


def _untranslated(one: GeneModel) -> Iterator[tuple[str, int, int]]:
    """Kind, first and last base of the UTRs of a coding transcript, for which csq requires rows."""
    if not one.cds:
        return
    left, right = ("five_prime_UTR", "three_prime_UTR") if one.strand == "+" else ("three_prime_UTR", "five_prime_UTR")
    for start, end in one.exons:
        if start < one.cds[0][0]:
            yield left, start, min(end, one.cds[0][0] - 1)
        if end > one.cds[-1][1]:
            yield right, max(start, one.cds[-1][1] + 1), end
