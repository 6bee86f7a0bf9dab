"""The rows of GFF3, GTF and UCSC's genePred tables, as transcripts of one kind."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

Interval = tuple[int, int]

_GENES = frozenset({"gene", "ncRNA_gene", "pseudogene"})
#: Rows of a stop codon that is read as selenocysteine, in GTF and in GENCODE's GFF3.
_SELENOCYSTEINE = frozenset({"Selenocysteine", "stop_codon_redefined_as_selenocysteine"})
#: The same in RefSeq's GFF3, as ``transl_except`` of a coding sequence.
_EXCEPTION = re.compile(r"pos:(?:complement\()?(\d+)\.\.\d+\)?,aa:Sec")


@dataclass
class GeneModel:
    """One transcript of a table; positions are 1-based and inclusive.

    Attributes:
        phase: number of bases before the first whole codon, in the direction of translation.
        start_known, end_known: false where the source says that the coding sequence is cut off there.
        version: of the id, where the id does not have it inside.
        tags: that the source gives the transcript, such as ``MANE_Select``; blanks are underscores.
        mane_select: id of the same transcript in the other set of models, of a MANE Select transcript.
        protein: id of the protein, with its version.
        selenocysteines: lowest position of each stop codon that is read as selenocysteine.
        source_biotype: the biotype as the source has it; ``biotype`` is one that bcftools csq knows.
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
    version: str = ""
    tags: tuple[str, ...] = ()
    mane_select: str = ""
    protein: str = ""
    selenocysteines: tuple[int, ...] = ()
    source_biotype: str = ""


def _note_phase(one: GeneModel, at: int, text: str, phases: dict[str, tuple[int, int]]) -> None:
    """Keep the phase of the part of the coding sequence that is translated first."""
    rank = at if one.strand == "+" else -at
    if one.id not in phases or rank < phases[one.id][0]:
        one.phase = int(text) if text in ("1", "2") else 0
        phases[one.id] = (rank, one.phase)


def read_gff3(rows: Iterator[list[str]]) -> Iterator[GeneModel]:
    nodes: dict[str, tuple[str, str, dict[str, str]]] = {}
    parts: dict[tuple[str, str], list[list[str]]] = defaultdict(list)
    for columns in rows:
        attributes = _gff3_attributes(columns[8])
        if columns[2] in ("exon", "CDS") or columns[2] in _SELENOCYSTEINE:
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
        coding = next((_gff3_attributes(row[8]) for row in rows_of if row[2] == "CDS"), {})
        partners = [item for item in attributes.get("Dbxref", "").split(",") if item.startswith("Ensembl:ENST")]
        one = GeneModel(
            id=name,
            gene=gene.get("gene_id") or gene_id.removeprefix("gene:").removeprefix("gene-"),
            symbol=gene.get("Name") or gene.get("gene_name") or gene.get("gene", ""),
            biotype=biotype,
            contig=contig,
            strand=rows_of[0][6],
            start_known="cds_start_NF" not in tags and "start_range" not in attributes,
            end_known="cds_end_NF" not in tags and "end_range" not in attributes,
            version=_version(name, attributes.get("version", "")),
            tags=tuple(tags),
            mane_select=partners[0].removeprefix("Ensembl:") if partners and "MANE Select" in tags else "",
            protein=_protein(coding, coding.get("version", "")),
            selenocysteines=tuple(int(at) for at in _EXCEPTION.findall(coding.get("transl_except", ""))),
        )
        _add_parts(one, rows_of)
        yield one


def _gff3_attributes(text: str) -> dict[str, str]:
    pairs = (item.strip().partition("=") for item in text.split(";"))
    return {key: unquote(value) for key, _, value in pairs}


def _version(identifier: str, version: str) -> str:
    """The version of an id that does not have it inside."""
    return version if version.isdigit() and not re.search(r"\.\d+$", identifier) else ""


def _protein(attributes: dict[str, str], version: str) -> str:
    name = attributes.get("protein_id", "")
    return f"{name}.{version}" if name and _version(name, version) else name


def read_gtf(rows: Iterator[list[str]]) -> Iterator[GeneModel]:
    owners: dict[tuple[str, str], tuple[dict[str, str], set[str], list[list[str]]]] = {}
    proteins: dict[str, str] = {}
    for columns in rows:
        if columns[2] not in ("exon", "CDS", "stop_codon") and columns[2] not in _SELENOCYSTEINE:
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
        if columns[2] == "CDS":
            proteins.setdefault(key[1], _protein(attributes, attributes.get("protein_version", "")))
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
            version=_version(name, attributes.get("transcript_version", "")),
            tags=tuple(sorted(tags)),
            protein=proteins.get(name, ""),
        )
        _add_parts(one, parts)
        yield one


def _add_parts(one: GeneModel, rows: list[list[str]]) -> None:
    phases: dict[str, tuple[int, int]] = {}
    for columns in rows:
        part = (int(columns[3]), int(columns[4]))
        if columns[2] in _SELENOCYSTEINE:
            one.selenocysteines = (*one.selenocysteines, part[0])
            continue
        (one.exons if columns[2] == "exon" else one.cds).append(part)
        if columns[2] == "CDS":
            _note_phase(one, part[0], columns[7], phases)


def read_gene_pred(rows: Iterator[list[str]]) -> Iterator[GeneModel]:
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
