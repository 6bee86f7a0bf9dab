"""Gene models from GFF3, GTF and UCSC's genePred tables, as transcripts of one kind."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from annotator.engine.errors import BundleError
from annotator.engine.gene_formats import GeneModel, Interval, read_gene_pred, read_gff3, read_gtf

#: Biotypes of transcripts without a protein that bcftools csq knows; it takes others for coding.
NON_CODING = frozenset(
    {
        *("lncRNA", "lincRNA", "misc_RNA", "antisense", "ribozyme", "retained_intron", "processed_transcript"),
        *("pseudogene", "processed_pseudogene", "unprocessed_pseudogene"),
        *("transcribed_processed_pseudogene", "transcribed_unprocessed_pseudogene"),
        *("snoRNA", "snRNA", "miRNA", "rRNA", "scaRNA", "Mt_tRNA", "Mt_rRNA"),
    }
)
#: Biotypes of transcripts with a protein that bcftools csq knows.
CODING = frozenset(
    {
        *("protein_coding", "nonsense_mediated_decay", "non_stop_decay", "polymorphic_pseudogene"),
        *("IG_C_gene", "IG_D_gene", "IG_J_gene", "IG_V_gene"),
        *("TR_C_gene", "TR_D_gene", "TR_J_gene", "TR_V_gene"),
    }
)
_SPELLINGS = {"mRNA": "protein_coding", "lnc_RNA": "lncRNA", "MT_tRNA": "Mt_tRNA", "MT_rRNA": "Mt_rRNA"}
#: Characters that have a meaning in BCSQ or in GFF3.
_UNSAFE = {ord(char): "_" for char in "|,;=&% \t@"}


@dataclass
class GeneTable:
    """Transcripts of a file, the lengths that it gives contigs (``##sequence-region``), and what kind of file it is."""

    kind: str
    models: list[GeneModel]
    lengths: dict[str, int]
    left_out: int = 0


def read_gene_table(path: Path) -> GeneTable:
    """Read a table of gene models, plain or gzip; its kind is seen from its first row.

    Raises:
        BundleError: a row cannot be read.
        OSError: the file cannot be read.
    """
    lengths: dict[str, int] = {}
    try:
        kind, rows = _rows(path, lengths)
        models = list({"GFF3": read_gff3, "GTF": read_gtf, "genePred": read_gene_pred}[kind](rows))
    except (ValueError, IndexError, EOFError, gzip.BadGzipFile, UnicodeDecodeError) as error:
        raise BundleError("reference_models", f"{path.name} cannot be read: {error}") from error
    usable = [_tidied(one) for one in models if one.strand in ("+", "-") and (one.exons or one.cds)]
    return GeneTable(kind, usable, lengths, len(models) - len(usable))


def _rows(path: Path, lengths: dict[str, int]) -> tuple[str, Iterator[list[str]]]:
    """The kind of a table and its rows; ``lengths`` fills as they are read."""
    with path.open("rb") as stream:
        zipped = stream.read(2) == b"\x1f\x8b"
    opener: Callable[..., Iterable[str]] = gzip.open if zipped else open

    def lines() -> Iterator[list[str]]:
        with opener(path, "rt", encoding="utf-8") as stream:  # type: ignore[attr-defined]
            for number, line in enumerate(stream, start=1):
                if line.startswith("##sequence-region"):
                    _, name, first, last = line.split()[:4]
                    if first == "1":
                        lengths[name] = int(last)
                elif line.startswith("##FASTA"):
                    return
                elif line.strip() and not line.startswith("#"):
                    columns = line.rstrip("\r\n").split("\t")
                    if len(columns) < 9:
                        raise ValueError(f"line {number} has {len(columns)} columns")
                    yield columns

    first = next(lines(), None)
    if first is None:
        raise ValueError("it has no rows")
    if len(first) == 9 and first[3].isdigit() and first[4].isdigit():
        return ("GTF" if ' "' in first[8] else "GFF3"), lines()
    return "genePred", lines()


def _tidied(one: GeneModel) -> GeneModel:
    one.exons = _sorted(one.exons or one.cds)
    one.cds = _sorted(one.cds)
    one.id, one.gene = one.id.translate(_UNSAFE), one.gene.translate(_UNSAFE)
    one.symbol = (one.symbol or one.gene).translate(_UNSAFE)
    one.protein, one.mane_select = one.protein.translate(_UNSAFE), one.mane_select.translate(_UNSAFE)
    one.tags = tuple(tag.strip().replace(" ", "_").translate(_UNSAFE) for tag in one.tags if tag.strip())
    biotype = _SPELLINGS.get(one.biotype, one.biotype)
    one.source_biotype = biotype.translate(_UNSAFE)
    if one.cds:
        one.biotype = biotype if biotype in CODING else "protein_coding"
    else:
        one.biotype = biotype if biotype in NON_CODING else "misc_RNA"
    one.start_known = one.start_known and not one.phase
    return one


def _sorted(intervals: list[Interval]) -> list[Interval]:
    """In ascending order; a stop codon that has a row of its own joins the rest."""
    joined: list[Interval] = []
    for first, last in sorted(intervals):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined
