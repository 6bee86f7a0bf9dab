"""The rows of GFF3, GTF and UCSC's genePred tables, as transcripts of one kind."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import unquote

Interval = tuple[int, int]

_GENES = frozenset({"gene", "ncRNA_gene", "pseudogene"})
#: Attributes that are read; a whole genome has too many others to keep them.
_READ = frozenset(
    {
        *("ID", "Parent", "Name", "Dbxref", "gene", "gene_id", "gene_name", "gene_biotype", "biotype"),
        *("transcript_id", "transcript_biotype", "version", "tag", "protein_id", "transl_except"),
        *("start_range", "end_range", "transcript_type", "transcript_version", "protein_version"),
    }
)
_TRANSCRIPT = re.compile(r'transcript_id "([^"]+)"')
_PARENT = re.compile(r"(?:^|;)\s*Parent=([^;]*)")
#: Rows of a stop codon that is read as selenocysteine, in GTF and in GENCODE's GFF3.
_SELENOCYSTEINE = frozenset({"Selenocysteine", "stop_codon_redefined_as_selenocysteine"})
#: The same in RefSeq's GFF3, as ``transl_except`` of a coding sequence.
_EXCEPTION = re.compile(r"pos:(?:complement\()?(\d+)\.\.\d+\)?,aa:Sec")


@dataclass(slots=True)
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


class _Part(NamedTuple):
    """A row of an exon or a part of a coding sequence: a whole genome has millions."""

    kind: str
    start: int
    end: int
    strand: str
    phase: int


def _part(columns: list[str]) -> _Part:
    phase = int(columns[7]) if columns[7] in ("1", "2") else 0
    return _Part(sys.intern(columns[2]), int(columns[3]), int(columns[4]), sys.intern(columns[6]), phase)


def read_gff3(rows: Iterator[list[str]]) -> Iterator[GeneModel]:
    nodes: dict[str, tuple[str, str, dict[str, str]]] = {}
    parts: dict[tuple[str, str], list[_Part]] = defaultdict(list)
    coding: dict[str, dict[str, str]] = {}
    for columns in rows:
        if columns[2] in ("exon", "CDS") or columns[2] in _SELENOCYSTEINE:
            found = _PARENT.search(columns[8])
            for parent in unquote(found[1]).split(",") if found else [""]:
                parts[parent, sys.intern(columns[0])].append(_part(columns))
                if columns[2] == "CDS" and parent not in coding:
                    coding[parent] = _gff3_attributes(columns[8])
            continue
        attributes = _gff3_attributes(columns[8])
        if "ID" in attributes:
            nodes[attributes["ID"]] = (columns[2], attributes.get("Parent", ""), attributes)
    for (owner, contig), parts_of in parts.items():
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
        protein = coding.get(owner, {})
        partners = [item for item in attributes.get("Dbxref", "").split(",") if item.startswith("Ensembl:ENST")]
        one = GeneModel(
            id=name,
            gene=gene.get("gene_id") or gene_id.removeprefix("gene:").removeprefix("gene-"),
            symbol=gene.get("Name") or gene.get("gene_name") or gene.get("gene", ""),
            biotype=biotype,
            contig=contig,
            strand=parts_of[0].strand,
            start_known="cds_start_NF" not in tags and "start_range" not in attributes,
            end_known="cds_end_NF" not in tags and "end_range" not in attributes,
            version=_version(name, attributes.get("version", "")),
            tags=tuple(tags),
            mane_select=partners[0].removeprefix("Ensembl:") if partners and "MANE Select" in tags else "",
            protein=_protein(protein, protein.get("version", "")),
            selenocysteines=tuple(int(at) for at in _EXCEPTION.findall(protein.get("transl_except", ""))),
        )
        _add_parts(one, parts_of)
        yield one


def _gff3_attributes(text: str) -> dict[str, str]:
    pairs = (item.strip().partition("=") for item in text.split(";"))
    return {sys.intern(key): unquote(value) for key, _, value in pairs if key in _READ}


def _gtf_attributes(text: str, tags: set[str]) -> dict[str, str]:
    """Attributes of a row; ``tag``, which may be there several times, goes into ``tags``."""
    attributes = {}
    for item in text.split(";"):
        word, _, value = item.strip().partition(" ")
        if word == "tag":
            tags.add(value.strip('"'))
        elif word in _READ:
            attributes[sys.intern(word)] = value.strip('"')
    return attributes


def _version(identifier: str, version: str) -> str:
    """The version of an id that does not have it inside."""
    return version if version.isdigit() and not re.search(r"\.\d+$", identifier) else ""


def _protein(attributes: dict[str, str], version: str) -> str:
    name = attributes.get("protein_id", "")
    return f"{name}.{version}" if name and _version(name, version) else name


def read_gtf(rows: Iterator[list[str]]) -> Iterator[GeneModel]:
    owners: dict[tuple[str, str], tuple[dict[str, str], set[str], list[_Part]]] = {}
    proteins: dict[str, str] = {}
    for columns in rows:
        kind = columns[2]
        if kind not in ("transcript", "exon", "CDS", "stop_codon") and kind not in _SELENOCYSTEINE:
            continue
        found = _TRANSCRIPT.search(columns[8])
        if found is None:
            raise ValueError(f"a row of {columns[0]}:{columns[3]} has no transcript_id")
        key = (sys.intern(columns[0]), found[1])
        if key not in owners:
            owners[key] = {}, set(), []
        attributes, tags, parts = owners[key]
        if not attributes or (kind == "CDS" and key[1] not in proteins):
            told = _gtf_attributes(columns[8], tags)
            attributes.update(told)
            if kind == "CDS":
                proteins[key[1]] = _protein(told, told.get("protein_version", ""))
        if kind != "transcript":
            parts.append(_part(columns))
    for (contig, name), (attributes, tags, parts) in owners.items():
        one = GeneModel(
            id=name,
            gene=attributes.get("gene_id", name),
            symbol=attributes.get("gene_name") or attributes.get("gene", ""),
            biotype=attributes.get("transcript_biotype") or attributes.get("transcript_type", ""),
            contig=contig,
            strand=parts[0].strand if parts else "",  # one without exons is left out, and counted
            start_known="cds_start_NF" not in tags,
            end_known="cds_end_NF" not in tags,
            version=_version(name, attributes.get("transcript_version", "")),
            tags=tuple(sorted(tags)),
            protein=proteins.get(name, ""),
        )
        _add_parts(one, parts)
        yield one


def _add_parts(one: GeneModel, parts: list[_Part]) -> None:
    first = 0
    for part in parts:
        if part.kind in _SELENOCYSTEINE:
            one.selenocysteines = (*one.selenocysteines, part.start)
            continue
        (one.exons if part.kind == "exon" else one.cds).append((part.start, part.end))
        # Of a coding sequence the phase of the part that is translated first counts.
        rank = part.start if one.strand == "+" else -part.start
        if part.kind == "CDS" and (not first or rank < first):
            first, one.phase = rank, part.phase


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
