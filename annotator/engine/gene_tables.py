"""Gene models from GFF3, GTF and UCSC's genePred tables, as transcripts of one kind."""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from annotator.engine.errors import BundleError

Interval = tuple[int, int]

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
_SPELLINGS = {"lnc_RNA": "lncRNA", "MT_tRNA": "Mt_tRNA", "MT_rRNA": "Mt_rRNA"}
_GENES = frozenset({"gene", "ncRNA_gene", "pseudogene"})
#: Characters that have a meaning in BCSQ or in GFF3.
_UNSAFE = {ord(char): "_" for char in "|,;=&% \t@"}


@dataclass
class GeneModel:
    """One transcript of a table; positions are 1-based and inclusive.

    ``phase`` is the number of bases before the first whole codon, in the direction of translation. ``start_known`` and
    ``end_known`` are false where the source says that its coding sequence is cut off there.
    """

    id: str
    gene: str
    symbol: str
    biotype: str
    contig: str
    strand: str
    exons: list[Interval] = field(default_factory=list)
    cds: list[Interval] = field(default_factory=list)
    phase: int = 0
    start_known: bool = True
    end_known: bool = True


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
        models = list({"GFF3": _gff3, "GTF": _gtf, "genePred": _gene_pred}[kind](rows))
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
    biotype = _SPELLINGS.get(one.biotype, one.biotype)
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


def _note_phase(one: GeneModel, at: int, text: str, phases: dict[str, tuple[int, int]]) -> None:
    """Keep the phase of the part of the coding sequence that is translated first."""
    rank = at if one.strand == "+" else -at
    if one.id not in phases or rank < phases[one.id][0]:
        one.phase = int(text) if text in ("1", "2") else 0
        phases[one.id] = (rank, one.phase)


def _gff3(rows: Iterator[list[str]]) -> Iterator[GeneModel]:
    nodes: dict[str, tuple[str, str, dict[str, str]]] = {}
    parts: dict[tuple[str, str], list[list[str]]] = defaultdict(list)
    for columns in rows:
        pairs = (item.strip().partition("=") for item in columns[8].split(";"))
        attributes = {key: unquote(value) for key, _, value in pairs}
        if columns[2] in ("exon", "CDS"):
            for parent in attributes.get("Parent", "").split(","):
                parts[parent, columns[0]].append(columns)
        elif "ID" in attributes:
            nodes[attributes["ID"]] = (columns[2], attributes.get("Parent", ""), attributes)
    for (owner, contig), rows_of in parts.items():
        if owner not in nodes:
            raise ValueError(f"an exon or CDS has the parent {owner!r}, which is not there")
        kind, above, attributes = nodes[owner]
        gene_id = owner
        while above in nodes:
            gene_id, above = above, nodes[above][1]
        gene = nodes[gene_id][2]
        name = attributes.get("transcript_id") or owner.removeprefix("transcript:").removeprefix("rna-")
        biotype = attributes.get("biotype") or attributes.get("transcript_biotype")
        if not biotype:
            general = kind in _GENES or kind == "transcript"
            biotype = gene.get("gene_biotype") or gene.get("biotype", "") if general else kind
        tags = attributes.get("tag", "").split(",")
        one = GeneModel(
            id=name,
            gene=gene.get("gene_id") or gene_id.removeprefix("gene:").removeprefix("gene-"),
            symbol=gene.get("Name") or gene.get("gene_name") or gene.get("gene", ""),
            biotype=biotype,
            contig=contig,
            strand=rows_of[0][6],
            start_known="cds_start_NF" not in tags and "start_range" not in attributes,
            end_known="cds_end_NF" not in tags and "end_range" not in attributes,
        )
        _add_parts(one, rows_of)
        yield one


def _gtf(rows: Iterator[list[str]]) -> Iterator[GeneModel]:
    owners: dict[tuple[str, str], tuple[dict[str, str], set[str], list[list[str]]]] = {}
    for columns in rows:
        if columns[2] not in ("exon", "CDS", "stop_codon"):
            continue
        attributes, tags = {}, set()
        for item in columns[8].split(";"):
            word, _, value = item.strip().partition(" ")
            attributes[word] = value.strip('"')
            if word == "tag":
                tags.add(value.strip('"'))
        key = (columns[0], attributes.get("transcript_id", ""))
        if not key[1]:
            raise ValueError(f"a row of {columns[0]}:{columns[3]} has no transcript_id")
        owners.setdefault(key, (attributes, tags, []))[2].append(columns)
    for (contig, name), (attributes, tags, parts) in owners.items():
        one = GeneModel(
            id=name,
            gene=attributes.get("gene_id", name),
            symbol=attributes.get("gene_name") or attributes.get("gene", ""),
            biotype=attributes.get("transcript_biotype") or attributes.get("transcript_type", ""),
            contig=contig,
            strand=parts[0][6],
            start_known="cds_start_NF" not in tags,
            end_known="cds_end_NF" not in tags,
        )
        _add_parts(one, parts)
        yield one


def _add_parts(one: GeneModel, rows: list[list[str]]) -> None:
    phases: dict[str, tuple[int, int]] = {}
    for columns in rows:
        part = (int(columns[3]), int(columns[4]))
        (one.exons if columns[2] == "exon" else one.cds).append(part)
        if columns[2] == "CDS":
            _note_phase(one, part[0], columns[7], phases)


def _gene_pred(rows: Iterator[list[str]]) -> Iterator[GeneModel]:
    """Rows of genePred (10 columns), with UCSC's ``bin`` before it, with its extension after it, or of refFlat."""
    for columns in rows:
        gene = ""
        if columns[2] not in ("+", "-"):
            first, columns = columns[0], columns[1:]
            gene = "" if first.isdigit() else first
        name, contig, strand = columns[:3]
        cds_first, cds_last = int(columns[5]) + 1, int(columns[6])
        starts, ends = ([int(item) for item in columns[at].rstrip(",").split(",")] for at in (8, 9))
        exons = [(start + 1, end) for start, end in zip(starts, ends, strict=True)]
        one = GeneModel(name, gene or name, "", "", contig, strand, exons)
        one.cds = [
            (max(first, cds_first), min(last, cds_last))
            for first, last in exons
            if cds_first <= cds_last and first <= cds_last and cds_first <= last
        ]
        if len(columns) >= 15:
            one.gene = columns[11] or name
            # Which end "start" means on the minus strand differs between tables: one cut end counts as both.
            one.start_known = one.end_known = "incmpl" not in columns[12:14]
            frames = [int(item) for item in columns[14].rstrip(",").split(",")]
            coding = [frame for frame in frames if frame >= 0]
            if one.cds and coding:
                # A frame counts the bases of the codon before the exon, a phase those that are left to it.
                one.phase = (3 - (coding[0] if strand == "+" else coding[-1])) % 3
        yield one
