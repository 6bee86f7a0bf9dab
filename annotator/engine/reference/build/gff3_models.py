"""Reads gene models in GFF3, as Ensembl, NCBI, GENCODE, Prokka, Bakta and others write them."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from annotator.engine.bounds import LARGEST_POSITION, whole_number
from annotator.engine.reference.build.curation import Curation
from annotator.engine.reference.build.gene_formats import (
    READ_ATTRIBUTES,
    SELENOCYSTEINE,
    CodingPart,
    GeneModel,
    GeneTable,
    GffRow,
    ModelError,
    add_parts,
    calls_pseudogene,
    exceptions_of,
    interval,
    note_code,
    part_of,
    protein_of,
    shown,
    strand_of,
    strand_of_parts,
    versioned,
)
from annotator.engine.reference.build.gff3_lineage import Lineages, Node
from annotator.engine.reference.build.mature_peptides import KINDS, PeptideRows
from annotator.engine.reference.genetic_code import ONE_LETTER

_PARENT = re.compile(r"(?:^|;)\s*Parent=([^;]*)")
_ID = re.compile(r"(?:^|;)\s*ID=([^;]*)")
_PROTEIN = re.compile(r"(?:^|;)\s*protein_id=([^;]*)")
_EXCEPTION = re.compile(r"pos:(?:complement\(|join\(|order\()*(\d+)[^a-zA-Z]*,\s*aa:(\w+)")
"""A codon that is not read by the genetic code, in RefSeq's attribute ``transl_except``: its lowest base and its amino
acid, in three letters or ``OTHER``."""
_NOT_RECODED = ("TERM", "Met")
"""Amino acids of ``transl_except`` that follow anyway: a stop codon that polyadenylation completes, and the start."""
_ONE_EXON_RNA = frozenset(
    {"tRNA", "rRNA", "tmRNA", "ncRNA", "misc_RNA", "sRNA", "RNase_P_RNA", "SRP_RNA", "antisense_RNA"}
)
"""Types of RNAs without exon rows, as annotators of bacteria write them."""


@dataclass
class _Gff3Owner:
    """The rows of one transcript, or of a coding sequence without a transcript, on one contig.

    Attributes:
        line: number of the line of the first row, from 1.
        parts: the rows.
        coding: attributes of the first row of each coding sequence, by ``ID`` and ``protein_id``.
    """

    line: int
    parts: list[CodingPart]
    coding: dict[tuple[str, str], dict[str, str]]


def read_gff3(rows: Iterator[GffRow], table: GeneTable) -> Iterator[GeneModel]:
    """Read the transcripts of a GFF3 file.

    Args:
        rows: of the file.
        table: receives circular contigs, genetic codes and what is left out.

    Raises:
        ModelError: a row cannot be used.
    """
    lineages = Lineages()
    owners: dict[tuple[str, str], _Gff3Owner] = {}
    orphans: dict[tuple[str, str], _Gff3Owner] = {}
    peptides = PeptideRows()
    for row in rows:
        kind = row.columns[2]
        if kind in KINDS:
            peptides.add(row)
            continue
        if kind in ("exon", "CDS") or kind in SELENOCYSTEINE:
            _add_part(row, owners, orphans, lineages, table)
            continue
        attributes = _attributes(row.columns[8])
        if attributes.get("Is_circular", "").lower() == "true":
            table.circular.add(row.columns[0])
        lineages.add(Node.of(row, attributes))
    lineages.check()
    for owner, contig in list(owners):
        found = owners.pop((owner, contig))  # the rows of a whole genome need more memory than its models
        if owner not in lineages:
            message = f"the row has the parent {shown(owner)}, which is not there"
            raise ModelError(found.line, f"{message}; add the row with that ID, or remove this one.")
        yield from _models_of(owner, contig, found, lineages, table, peptides)
    for (name, contig), found in orphans.items():
        yield from _orphan(name, contig, found, table, peptides)
    # A gene may have a coding sequence that does not name it as its parent.
    tags = {one["locus_tag"] for found in orphans.values() for one in found.coding.values() if "locus_tag" in one}
    for node in lineages.childless():
        if node.kind in _ONE_EXON_RNA:
            yield from _one_exon(node, lineages, table, peptides)
        elif node.is_transcript:
            table.left_out.add("transcript_without_exon", node.shown)
        elif node.is_gene and node.attributes.get("locus_tag") not in tags:
            table.left_out.add("gene_without_transcript", node.shown)


def _add_part(
    row: GffRow,
    owners: dict[tuple[str, str], _Gff3Owner],
    orphans: dict[tuple[str, str], _Gff3Owner],
    lineages: Lineages,
    table: GeneTable,
) -> None:
    """Add a row of an exon or a coding sequence to its transcripts, or to the coding sequences without one."""
    text, contig, coding = row.columns[8], sys.intern(row.columns[0]), row.columns[2] == "CDS"
    found = _PARENT.search(text)
    parents = found[1].split(",") if found else []
    if found and "%" in found[1]:
        parents = [unquote(one) for one in parents]
    key = _coding_key(text) if coding else ("", "")
    part = part_of(row, *key)
    nameless = not any(parents)
    if nameless and not coding:
        table.left_out.add("exon_without_parent", f"{contig}:{part.start}-{part.end}")
        return
    if nameless:
        # Prokka and Bakta write a gene as a coding sequence and nothing else.
        attributes = _attributes(text)
        name = attributes.get("ID") or attributes.get("locus_tag") or f"cds_{contig}_{part.start}_{part.end}"
        orphan = orphans.setdefault((name, contig), _Gff3Owner(row.line, [], {}))
        orphan.parts.append(part)
        orphan.coding.setdefault(key, attributes)
        return
    for parent in filter(None, parents):
        lineages.has_child.add(parent)
        held = owners.get((parent, contig))
        if held is None:
            held = owners[parent, contig] = _Gff3Owner(row.line, [], {})
        held.parts.append(part)
        if coding and key not in held.coding:
            held.coding[key] = _attributes(text)


def _coding_key(text: str) -> tuple[str, str]:
    """``ID`` and ``protein_id`` of a row of a coding sequence, from its attributes."""
    identifier, protein = _ID.search(text), _PROTEIN.search(text)
    return sys.intern(identifier[1] if identifier else ""), sys.intern(protein[1] if protein else "")


def _attributes(text: str) -> dict[str, str]:
    pairs = (item.strip().partition("=") for item in text.split(";"))
    found = {sys.intern(key): value.strip() for key, _, value in pairs if key in READ_ATTRIBUTES}
    return {key: unquote(value) for key, value in found.items()} if "%" in text else found


def _proteins(parts: list[CodingPart]) -> list[list[CodingPart]]:
    """The parts of a transcript, split by its coding sequences: each has all other parts of the transcript, too.

    A gene of a virus has several proteins, and GFF3 allows several coding sequences per transcript. Many files give
    each row of one coding sequence an ``ID`` of its own, so that different IDs count only where their rows overlap.
    """
    coding = [part for part in parts if part.kind == "CDS"]
    by_protein, by_id = defaultdict(list), defaultdict(list)
    for part in coding:
        by_protein[part.protein].append(part)
        by_id[part.cds].append(part)
    groups = by_protein
    if len(groups) < 2 or "" in groups:
        groups = by_id
        if len(groups) < 2 or "" in groups or not _overlap(by_id):
            return [parts]
    rest = [part for part in parts if part.kind != "CDS"]
    return [rest + group for group in groups.values()]


def _overlap(groups: dict[str, list[CodingPart]]) -> bool:
    """Whether rows of different groups overlap."""
    parts = sorted((part.start, part.end, name) for name, group in groups.items() for part in group)
    reach, owner = 0, ""
    for start, end, name in parts:
        if start <= reach and name != owner:
            return True
        if end > reach:
            reach, owner = end, name
    return False


def _models_of(
    owner: str, contig: str, found: _Gff3Owner, lineages: Lineages, table: GeneTable, peptides: PeptideRows
) -> Iterator[GeneModel]:
    """The transcripts of the rows that have one parent: one for each coding sequence."""
    lineage = lineages.of(owner)
    node, gene = lineage[0], lineages.gene(lineage)
    attributes = node.attributes
    name = attributes.get("transcript_id") or owner.removeprefix("transcript:").removeprefix("rna-")
    given = attributes.get("biotype") or attributes.get("transcript_biotype", "")
    biotype = given
    if not biotype:
        general = node.is_gene or node.kind == "transcript"
        biotype = gene.attributes.get("gene_biotype") or gene.attributes.get("biotype", "") if general else node.kind
    tags = attributes.get("tag", "").split(",")
    proteins = _proteins(found.parts)
    for parts in proteins:
        key = next(((part.cds, part.protein) for part in parts if part.kind == "CDS"), ("", ""))
        coding = found.coding.get(key, {})
        said = [attributes, gene.attributes, coding]
        own = name
        if len(proteins) > 1 and node.is_gene:
            own = (key[1] or key[0]).removeprefix("cds-").removeprefix("CDS:") or name
        strand = strand_of_parts(own, parts, node.strand, said, table)
        if not strand:
            continue
        start_known, end_known = _ends_known([attributes, coding], strand)
        one = GeneModel(
            id=own,
            gene=gene.attributes.get("gene_id") or gene.name.removeprefix("gene:").removeprefix("gene-"),
            symbol=next(filter(None, (gene.attributes.get(at, "") for at in ("Name", "gene_name", "gene"))), ""),
            biotype=biotype,
            contig=contig,
            strand=strand,
            start_known=start_known and "cds_start_NF" not in tags,
            end_known=end_known and "cds_end_NF" not in tags,
            version=versioned(own, attributes.get("version", "")),
            tags=tuple(tags),
            curation=Curation.of(tags, attributes, _cross_references(attributes, coding)),
            protein=protein_of(coding, coding.get("version", "")),
            # A transcript with a biotype of its own may be translated: Ensembl has polymorphic pseudogenes.
            pseudogene=(gene.kind == "pseudogene" and not given) or any(map(calls_pseudogene, said)),
            exceptions=exceptions_of(*said),
            peptides=peptides.of(contig, strand, [key[0], owner, gene.name]) if coding else [],
        )
        add_parts(one, parts)
        note_code(table, one, coding)
        _add_recoded(one, coding)
        yield one


def _cross_references(*said: dict[str, str]) -> list[str]:
    return [item for attributes in said for item in attributes.get("Dbxref", "").split(",")]


def _ends_known(said: list[dict[str, str]], strand: str) -> tuple[bool, bool]:
    """Whether a source does not call the start and the end of a coding sequence cut off.

    ``start_range`` is about the lower position and ``end_range`` about the higher one, whatever the strand.
    """
    low, high = (not any(name in one for one in said) for name in ("start_range", "end_range"))
    return (low, high) if strand == "+" else (high, low)


def _orphan(
    name: str, contig: str, found: _Gff3Owner, table: GeneTable, peptides: PeptideRows
) -> Iterator[GeneModel]:
    """The transcript of a coding sequence without a parent, which is its own gene."""
    attributes = next(iter(found.coding.values()))
    gene = attributes.get("locus_tag") or name.removeprefix("cds-")
    strand = strand_of_parts(gene, found.parts, "", [attributes], table)
    if not strand:
        return
    start_known, end_known = _ends_known([attributes], strand)
    one = GeneModel(
        id=gene,
        gene=gene,
        symbol=attributes.get("gene", ""),
        biotype="protein_coding",
        contig=contig,
        strand=strand,
        start_known=start_known,
        end_known=end_known,
        protein=protein_of(attributes, attributes.get("version", "")),
        pseudogene=calls_pseudogene(attributes),
        exceptions=exceptions_of(attributes),
        peptides=peptides.of(contig, strand, [name]),
    )
    add_parts(one, found.parts)
    note_code(table, one, attributes)
    _add_recoded(one, attributes)
    yield one


def _one_exon(node: Node, lineages: Lineages, table: GeneTable, peptides: PeptideRows) -> Iterator[GeneModel]:
    """The transcript of an RNA without exon rows: it is one exon."""
    row = GffRow(node.line, [node.contig, "", "exon", *node.place, ".", node.strand, "."])
    interval(row)
    part = CodingPart("exon", *interval(row), strand_of(row), 0)
    owner = _Gff3Owner(node.line, [part], {})
    if node.name:
        yield from _models_of(node.name, node.contig, owner, lineages, table, peptides)
        return
    name = node.attributes.get("locus_tag") or node.attributes.get("gene") or f"{node.kind}_{node.contig}_{part.start}"
    strand = strand_of_parts(name, owner.parts, "", [node.attributes], table)
    if strand:
        symbol = node.attributes.get("gene", "")
        yield GeneModel(name, name, symbol, node.kind, node.contig, strand, [(part.start, part.end)])


def _add_recoded(one: GeneModel, attributes: dict[str, str]) -> None:
    """Add the codons that are not read by the genetic code; positions that are too large are ignored."""
    for text, residue in _EXCEPTION.findall(attributes.get("transl_except", "")):
        at = whole_number(text, LARGEST_POSITION)
        if not at or residue in _NOT_RECODED:
            continue
        if residue == "Sec":
            one.selenocysteines = (*one.selenocysteines, at)
        else:
            one.recoded.append((at, ONE_LETTER.get(residue, "X")))
            one.exceptions = tuple(dict.fromkeys([*one.exceptions, "transl_except"]))
