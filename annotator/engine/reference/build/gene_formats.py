"""Transcripts as every reader of gene models returns them, and what the rows of GFF3 and GTF have in common.

The readers are :mod:`annotator.engine.reference.build.gff3_models`,
:mod:`annotator.engine.reference.build.gtf_models` and :mod:`annotator.engine.reference.build.gene_pred_models`.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from annotator.engine.bounds import LARGEST_POSITION, whole_number
from annotator.engine.reference.build.curation import NOT_CURATED, Curation
from annotator.engine.reference.build.skipped_models import LeftOut

Interval = tuple[int, int]
"""First and last base, 1-based and inclusive."""

SELENOCYSTEINE = frozenset({"Selenocysteine", "stop_codon_redefined_as_selenocysteine"})
"""Rows of a stop codon that is read as selenocysteine, in GTF and in GENCODE's GFF3."""
READ_ATTRIBUTES = frozenset(
    {
        *("ID", "Parent", "Name", "Dbxref", "gene", "gene_id", "gene_name", "gene_biotype", "biotype", "locus_tag"),
        *("transcript_id", "transcript_biotype", "version", "tag", "protein_id", "transl_except", "transl_table"),
        *("start_range", "end_range", "transcript_type", "transcript_version", "protein_version"),
        *("transcript_support_level", "ccdsid", "ccds_id"),
        *("pseudo", "pseudogene", "exception", "Is_circular"),
    }
)
"""Attributes that are read: those of a whole genome are too many to keep all."""
LARGEST_CODE = 999
"""Largest number that is taken for a genetic code; NCBI's have two digits."""
_STRANDS = frozenset("+-.?")
_PHASES = frozenset("012.")
_PHASE = {"1": 1, "2": 2}


class ModelError(Exception):
    """A row of gene models that cannot be used.

    Args:
        line: number of its line, from 1.
        message: what is wrong (column and value) and what to do about it.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


class GffRow(NamedTuple):
    """A row of a table and the number of its line, from 1."""

    line: int
    columns: list[str]


class MaturePeptide(NamedTuple):
    """A part of a protein that is cut off from it.

    Attributes:
        name: of the peptide.
        first, last: lowest and highest base of the genome that codes for it (1-based, inclusive).
    """

    name: str
    first: int
    last: int


@dataclass(slots=True)
class GeneModel:
    """One transcript, as it was read. Positions are 1-based and inclusive, on the forward strand.

    Attributes:
        id: of the transcript.
        gene: id of its gene.
        symbol: of its gene.
        biotype: one that bcftools csq knows.
        contig: name of the contig.
        strand: ``+`` or ``-``.
        exons: first and last base of each; as the source has them until they are joined with the coding sequence.
        cds: first and last base of each part of the coding sequence, likewise.
        stop_codon: parts of a stop codon that is not in ``cds``.
        phase: GFF3's phase of the coding sequence: number of bases to skip before the first complete codon.
        start_known, end_known: false where the source says that the coding sequence is cut off there.
        version: of the id, where it is not part of the id.
        tags: of the transcript in the source, such as ``MANE_Select``; blanks are replaced by underscores.
        curation: what the source says about its standing.
        protein: id of the protein, with its version.
        selenocysteines: lowest base of each stop codon that is read as selenocysteine.
        recoded: lowest base and one-letter amino acid of each other codon that is read in another way than the genetic
            code has it.
        source_biotype: the biotype as the source has it.
        pseudogene: whether the source calls it a pseudogene, so that nothing is translated.
        exceptions: what the source says is unusual about transcription or translation (``exception`` in GFF3), such as
            ``ribosomal_slippage``; blanks are replaced by underscores.
        slips: where the ribosome slips: the last base before and the first base after it, in the direction of
            translation.
        numbered_as_read: whether a base that is read twice counts twice in the numbers of the transcript.
        peptides: mature peptides of the protein.
        genetic_code: number of the genetic code that the source states for the coding sequence; 0 without one, and,
            once contigs have their codes, where it is that of the contig.
    """

    id: str
    gene: str
    symbol: str
    biotype: str
    contig: str
    strand: str
    exons: list[Interval] = field(default_factory=list)
    cds: list[Interval] = field(default_factory=list)
    stop_codon: list[Interval] = field(default_factory=list)
    phase: int = 0
    start_known: bool = True
    end_known: bool = True
    version: str = ""
    tags: tuple[str, ...] = ()
    curation: Curation = NOT_CURATED
    protein: str = ""
    selenocysteines: tuple[int, ...] = ()
    recoded: list[tuple[int, str]] = field(default_factory=list)
    source_biotype: str = ""
    pseudogene: bool = False
    exceptions: tuple[str, ...] = ()
    slips: list[Interval] = field(default_factory=list)
    numbered_as_read: bool = False
    peptides: list[MaturePeptide] = field(default_factory=list)
    genetic_code: int = 0

    @property
    def start(self) -> int:
        """First base of the first exon, once the exons are in order."""
        return self.exons[0][0]

    @property
    def end(self) -> int:
        """Last base of the last exon, once the exons are in order."""
        return self.exons[-1][1]

    @property
    def versioned_id(self) -> str:
        """The id with its version."""
        return f"{self.id}.{self.version}" if self.version and not self.id.endswith(f".{self.version}") else self.id

    @property
    def complete_tags(self) -> list[str]:
        """The tags of the source, and those of a coding sequence that is cut off, unless its phase says so."""
        ends = ((self.start_known, "cds_start_NF"), (self.end_known, "cds_end_NF"))
        cut_off = [tag for known, tag in ends if not known] if self.cds and not self.phase else []
        return [*self.tags, *(tag for tag in cut_off if tag not in self.tags)]


@dataclass
class GeneTable:
    """The content of a file of gene models.

    Attributes:
        kind: ``GFF3``, ``GTF`` or ``genePred``.
        models: the transcripts.
        lengths: length in bases by contig, where the file states it (``##sequence-region``, or the sequence itself).
        circular: contigs that the file calls circular (``Is_circular``).
        codes: by contig, the number of transcripts with each genetic code (``transl_table``).
        left_out: what is not among the models.
    """

    kind: str
    models: list[GeneModel] = field(default_factory=list)
    lengths: dict[str, int] = field(default_factory=dict)
    circular: set[str] = field(default_factory=set)
    codes: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    left_out: LeftOut = field(default_factory=LeftOut)


class CodingPart(NamedTuple):
    """An exon, or a part of a coding sequence: one row of a file, of which a whole genome has millions.

    Attributes:
        kind: type of the feature (column 3).
        start, end: first and last base (1-based, inclusive).
        strand: ``+``, ``-``, ``.`` or ``?``.
        phase: GFF3's phase, 0 to 2; 0 without one.
        cds, protein: ``ID`` and ``protein_id`` of a coding sequence in GFF3; otherwise empty.
    """

    kind: str
    start: int
    end: int
    strand: str
    phase: int
    cds: str = ""
    protein: str = ""


def position(row: GffRow, at: int, name: str, least: int = 1) -> int:
    """Read a position.

    Args:
        row: of the table.
        at: 0-based index of the column.
        name: of the column, for the message of an error.
        least: smallest position that is allowed.

    Raises:
        ModelError: it is not a whole number, or is out of range.
    """
    text = row.columns[at].strip()
    number = whole_number(text, LARGEST_POSITION)
    if number is not None and number >= least:
        return number
    wanted = f"a whole number from {least} to {LARGEST_POSITION:,}"
    raise ModelError(row.line, f"column {at + 1} ({name}) is {shown(text)}; write {wanted}.")


def interval(row: GffRow) -> Interval:
    """First and last base of a row of GFF3 or GTF.

    Raises:
        ModelError: they are not positions, or are in the wrong order.
    """
    first, last = position(row, 3, "start"), position(row, 4, "end")
    if first > last:
        message = (
            f"column 4 (start) is {first:,}, behind column 5 (end), which is {last:,}. On either strand start is the "
            "lower position; a feature across the origin of a circular contig ends beyond the length of the contig."
        )
        raise ModelError(row.line, message)
    return first, last


def strand_of(row: GffRow) -> str:
    """Strand of a row of GFF3 or GTF: ``+``, ``-``, ``.`` or ``?``.

    Raises:
        ModelError: it is something else.
    """
    if row.columns[6] not in _STRANDS:
        raise ModelError(row.line, f"column 7 (strand) is {shown(row.columns[6])}; write +, - or a dot.")
    return sys.intern(row.columns[6])


def part_of(row: GffRow, cds: str = "", protein: str = "") -> CodingPart:
    """Read a row of an exon or of a part of a coding sequence, in GFF3 or GTF.

    Args:
        row: of the table.
        cds, protein: as in :class:`CodingPart`.

    Raises:
        ModelError: a column has an impossible value.
    """
    _, _, kind, start, end, _, strand, phase, _ = row.columns[:9]
    if kind == "CDS" and phase not in _PHASES:
        raise ModelError(row.line, f"column 8 (phase) is {shown(phase)}; write 0, 1, 2 or a dot.")
    first = last = 0
    if len(start) < 10 and len(end) < 10 and start.isdecimal() and end.isdecimal() and start.isascii():
        first, last = int(start), int(end)  # nearly always; a whole genome has millions
    if not 1 <= first <= last or not end.isascii():
        first, last = interval(row)
    if strand not in _STRANDS:
        strand = strand_of(row)
    return CodingPart(sys.intern(kind), first, last, sys.intern(strand), _PHASE.get(phase, 0), cds, protein)


def shown(text: str) -> str:
    """A value of a user's file for a message: quoted, printable and short."""
    text = "".join(one if one.isprintable() else " " if one == "\t" else "?" for one in text[:61])
    return f"'{text[:60]}{'...' if len(text) > 60 else ''}'" if text else "empty"


def versioned(identifier: str, version: str) -> str:
    """The version of an id; empty when the id ends with a version."""
    return version if version.isdigit() and not re.search(r"\.\d+$", identifier) else ""


def protein_of(attributes: dict[str, str], version: str) -> str:
    """Id of a protein, with its version, from the attributes of a coding sequence."""
    name = attributes.get("protein_id", "")
    return f"{name}.{version}" if name and versioned(name, version) else name


def exceptions_of(*said: dict[str, str]) -> tuple[str, ...]:
    """What attributes say is unusual about transcription or translation, each once, with underscores for blanks."""
    found = (text.strip().replace(" ", "_") for one in said for text in one.get("exception", "").split(","))
    return tuple(dict.fromkeys(filter(None, found)))


def calls_pseudogene(attributes: dict[str, str]) -> bool:
    """Whether attributes say that a row belongs to a pseudogene (``pseudo=true``, ``pseudogene=...``)."""
    return attributes.get("pseudo", "").lower() in ("true", "yes", "1") or bool(attributes.get("pseudogene"))


def strand_of_parts(
    name: str, parts: list[CodingPart], given: str, attributes: list[dict[str, str]], table: GeneTable
) -> str:
    """The strand of a transcript.

    Args:
        name: of the transcript.
        parts: its rows; their strands count first.
        given: strand of the row of the transcript itself.
        attributes: of its rows and its gene.
        table: counts the transcript when it is left out.

    Returns:
        ``+`` or ``-``; empty for a transcript that is left out because it has no strand, or more than one, or because
        its parts are not in the order of the sequence (trans-splicing).
    """
    strands = {part.strand for part in parts} & {"+", "-"}
    if len(strands) > 1:
        table.left_out.add("parts_on_both_strands", name)
        return ""
    strand = strands.pop() if strands else given
    if strand not in ("+", "-"):
        table.left_out.add("transcript_without_strand", name)
        return ""
    if _trans_spliced(attributes, parts, strand):
        table.left_out.add("trans_spliced", name)
        return ""
    return strand


def _trans_spliced(attributes: list[dict[str, str]], parts: list[CodingPart], strand: str) -> bool:
    """Whether a source calls a transcript trans-spliced, and has its parts in another order than the sequence."""
    if not any("trans" in one.get("exception", "") and "splic" in one.get("exception", "") for one in attributes):
        return False
    for kind in ("exon", "CDS"):
        starts = [part.start if strand == "+" else -part.start for part in parts if part.kind == kind]
        if starts != sorted(starts):
            return True
    return False


def add_parts(one: GeneModel, parts: list[CodingPart]) -> None:
    """Add exons, coding sequence, phase and selenocysteines to a transcript."""
    first: int | None = None
    for part in parts:
        if part.kind in SELENOCYSTEINE:
            one.selenocysteines = (*one.selenocysteines, part.start)
            continue
        owner = one.exons if part.kind == "exon" else one.cds if part.kind == "CDS" else one.stop_codon
        owner.append((part.start, part.end))
        # The phase is that of the part that is translated first.
        rank = part.start if one.strand == "+" else -part.end
        if part.kind == "CDS" and (first is None or rank < first):
            first, one.phase = rank, part.phase


def note_code(table: GeneTable, one: GeneModel, attributes: dict[str, str]) -> None:
    """Take the genetic code (``transl_table``) of a coding sequence for its transcript, and count it."""
    code = whole_number(attributes.get("transl_table", ""), LARGEST_CODE)
    if code is not None:
        one.genetic_code = code
        table.codes[one.contig][code] += 1
