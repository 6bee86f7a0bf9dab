"""Reads gene models in GFF3, GTF and UCSC's genePred tables into transcripts of one kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path

from annotator.engine.bounds import LARGEST_LENGTH, whole_number
from annotator.engine.errors import BundleError
from annotator.engine.files import open_text
from annotator.engine.library_errors import LIBRARY_ERRORS, in_words, refuse_compression
from annotator.engine.reference.build.curation import Curation
from annotator.engine.reference.build.gene_formats import GeneModel, GeneTable, GffRow, ModelError, shown
from annotator.engine.reference.build.gene_pred_models import is_gene_pred, read_gene_pred
from annotator.engine.reference.build.gff3_models import read_gff3
from annotator.engine.reference.build.gtf_models import read_gtf
from annotator.engine.reference.build.ribosomal_slippage import (
    ReadingOrderError,
    exons_follow_reading,
    joined,
    slips_of,
)

NON_CODING = frozenset(
    {
        *("lncRNA", "lincRNA", "misc_RNA", "antisense", "ribozyme", "retained_intron", "processed_transcript"),
        *("pseudogene", "processed_pseudogene", "unprocessed_pseudogene"),
        *("transcribed_processed_pseudogene", "transcribed_unprocessed_pseudogene"),
        *("snoRNA", "snRNA", "miRNA", "rRNA", "scaRNA", "Mt_tRNA", "Mt_rRNA"),
    }
)
"""Biotypes of non-coding transcripts that bcftools csq knows; it treats transcripts of others as coding."""
CODING = frozenset(
    {
        *("protein_coding", "nonsense_mediated_decay", "non_stop_decay", "polymorphic_pseudogene"),
        *("IG_C_gene", "IG_D_gene", "IG_J_gene", "IG_V_gene"),
        *("TR_C_gene", "TR_D_gene", "TR_J_gene", "TR_V_gene"),
    }
)
"""Biotypes of coding transcripts that bcftools csq knows."""
FORMATS = "GFF3, GTF and UCSC's genePred (genePred, its extension, refGene, refFlat), plain or gzip"
"""The supported formats, for messages."""
SLIPPAGE = "ribosomal_slippage"
"""The exception of a coding sequence during whose translation the ribosome slips."""
_SPELLINGS = {"mRNA": "protein_coding", "lnc_RNA": "lncRNA", "MT_tRNA": "Mt_tRNA", "MT_rRNA": "Mt_rRNA"}
_UNSAFE = {ord(char): "_" for char in "|,;=&% \t@"}
"""Replacements of the characters that have a meaning in BCSQ or in GFF3."""
_READERS: dict[str, Callable[[Iterator[GffRow], GeneTable], Iterator[GeneModel]]] = {
    "GFF3": read_gff3,
    "GTF": read_gtf,
    "genePred": read_gene_pred,
}


def read_gene_table(path: Path) -> GeneTable:
    """Read gene models; the format is recognised by the first row.

    Args:
        path: of the file, plain or gzip.

    Raises:
        BundleError: the file has another format, or a row cannot be used; the message names its line.
        OSError: the system cannot open or read the file.
    """
    refuse_compression(path, "reference_models", FORMATS)
    table = GeneTable("")
    try:
        rows = _rows(path, table)
        table.kind, rows = _with_kind(rows)
        if not table.kind:
            raise BundleError("reference_models", f"{path.name} has no rows. Supported formats: {FORMATS}.")
        for one in _READERS[table.kind](rows, table):
            if not (one.exons or one.cds):
                table.left_out.add("transcript_without_exon", one.id)
            else:
                _add(one, table)
    except ModelError as error:
        message = f"{path.name} cannot be read: line {error.line}: {error.message}"
        raise BundleError("reference_models", message) from error
    except LIBRARY_ERRORS as error:
        raise BundleError("reference_models", in_words(error, f"{path.name} cannot be read as gene models")) from error
    return table


def _rows(path: Path, table: GeneTable) -> Iterator[GffRow]:
    """The rows of a file; lengths of contigs in its directives are added to ``table`` as they are read."""
    # Names and products may be in any encoding; what is read of them is ASCII nearly always.
    with open_text(path, "utf-8-sig", "backslashreplace") as stream:
        for number, line in enumerate(stream, start=1):
            columns = line.rstrip("\r\n").split("\t")
            if len(columns) >= 9 and line[0] not in "#>":
                yield GffRow(number, columns)
            elif line.startswith("##sequence-region"):
                _note_length(GffRow(number, line.split()), table)
            elif line.startswith(("##FASTA", ">")):
                table.lengths |= _lengths(chain([line], stream))
                return
            elif line.strip() and not line.startswith(("#", "track ", "browser ")):
                raise ModelError(number, _too_few(columns))


def _lengths(lines: Iterable[str]) -> dict[str, int]:
    """Lengths in bases of the contigs of a sequence within a file of gene models."""
    lengths: dict[str, int] = {}
    name = None
    for line in lines:
        if line.startswith(">"):
            name = (line[1:].split() or [""])[0]
            lengths[name] = 0
        elif name is not None:
            lengths[name] += len(line.strip())
    return lengths


def _note_length(row: GffRow, table: GeneTable) -> None:
    words = row.columns
    first, last = (whole_number(one, LARGEST_LENGTH) for one in (*words, "", "", "")[2:4])
    if first is None or last is None:
        raise ModelError(row.line, "##sequence-region needs the name of a contig, its first and its last position.")
    if first == 1:
        table.lengths[words[1]] = last


def _too_few(columns: list[str]) -> str:
    if _is_bed(columns):
        return f"this is BED, which is not supported for gene models. Supported formats: {FORMATS}."
    count = f"{len(columns)} column{'s' if len(columns) > 1 else ''}"
    blanks = " (it has blanks)" if len(columns) == 1 and len(columns[0].split()) >= 9 else ""
    wanted = f"expected at least 9, separated by tabs{blanks}. Supported formats: {FORMATS}."
    return f"the row has {count} ({shown(columns[0])}); {wanted}"


def _is_bed(columns: list[str]) -> bool:
    return len(columns) >= 3 and columns[1].isdigit() and columns[2].isdigit() and not is_gene_pred(columns)


def _with_kind(rows: Iterator[GffRow]) -> tuple[str, Iterator[GffRow]]:
    """The format of a file, which is empty when it has no rows, and all of its rows."""
    first = next(rows, None)
    if first is None:
        return "", rows
    columns = first.columns

    def every() -> Iterator[GffRow]:
        yield first
        yield from rows

    if is_gene_pred(columns):
        return "genePred", every()
    if _is_bed(columns):
        kind = "BED12" if len(columns) == 12 else "BED"
        read = f"Supported formats: {FORMATS}. UCSC's bedToGenePred converts BED12."
        raise ModelError(first.line, f"this is {kind}, which is not supported for gene models. {read}")
    if columns[6] in ("+", "-", ".", "?") or (columns[3].isdigit() and columns[4].isdigit() and len(columns) == 9):
        text = columns[8].strip()
        word, blank, _ = text.partition(" ")
        gtf = blank and "=" not in word and ("transcript_id" in text or "gene_id" in text)
        return ("GTF" if gtf or ' "' in text else "GFF3"), every()
    raise ModelError(first.line, f"the row is not in a format for gene models. Supported formats: {FORMATS}.")


def _add(one: GeneModel, table: GeneTable) -> None:
    try:
        table.models.append(_tidied(one))
    except ReadingOrderError:
        table.left_out.add("coding_part_within_another", one.id)


def _tidied(one: GeneModel) -> GeneModel:
    """Complete a transcript: exons joined with the coding sequence, biotypes that csq knows, slippage, safe names.

    Raises:
        ReadingOrderError: the order in which the parts of its coding sequence are read is unknown.
    """
    one.id, one.gene = one.id.translate(_UNSAFE), one.gene.translate(_UNSAFE)
    one.symbol = (one.symbol or one.gene).translate(_UNSAFE)
    one.protein = one.protein.translate(_UNSAFE)
    one.curation = Curation(*(text.translate(_UNSAFE) for text in one.curation))
    one.exceptions = tuple(text.translate(_UNSAFE) for text in one.exceptions)
    one.peptides = [peptide._replace(name=peptide.name.translate(_UNSAFE)) for peptide in one.peptides]
    one.tags = tuple(tag.strip().replace(" ", "_").translate(_UNSAFE) for tag in one.tags if tag.strip())
    biotype = _SPELLINGS.get(one.biotype, one.biotype)
    coding = [*one.cds, *one.stop_codon]
    if one.pseudogene or _is_pseudogene(biotype):
        coding = []
        biotype = biotype if biotype.endswith("pseudogene") else "pseudogene"
    elif not coding and biotype in CODING:
        biotype = "misc_RNA"  # a transcript of a coding gene from which nothing is translated
    if coding:
        one.slips = slips_of(one.strand, one.exons, one.cds, SLIPPAGE in one.exceptions)
        one.numbered_as_read = exons_follow_reading(one.exons, one.slips)
    # A coding sequence may lack its exons, or reach beyond them; a base that is skipped belongs to an exon.
    skipped = [(min(slip), max(slip)) for slip in one.slips]
    one.exons = joined([*one.exons, *one.cds, *one.stop_codon, *skipped])
    one.cds = joined([*coding, *skipped])
    if not coding:
        one.phase, one.protein, one.selenocysteines = 0, "", ()
        one.recoded, one.peptides = [], []
    one.source_biotype = biotype.translate(_UNSAFE)
    if one.cds:
        one.biotype = biotype if biotype in CODING else "protein_coding"
    else:
        one.biotype = biotype if biotype in NON_CODING else "misc_RNA"
    one.start_known = one.start_known and not one.phase
    return one


def _is_pseudogene(biotype: str) -> bool:
    """Whether transcripts of a biotype are not translated, even if they have a coding sequence."""
    return biotype.endswith("pseudogene") and biotype not in CODING and not biotype.startswith("translated_")
