"""Compilation of gene models: from GFF3 to one Arrow file that opens at once, contig by contig."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa

from annotator.engine.errors import BundleError
from annotator.engine.library_errors import LIBRARY_ERRORS, in_words
from annotator.engine.reference.bundle import Contig

#: Changes when the columns do: a file of another version is not read.
FORMAT = "1"
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("gene", pa.string()),
        ("symbol", pa.string()),
        ("biotype", pa.string()),
        ("protein", pa.string()),
        ("flags", pa.string()),
        ("mane", pa.string()),
        ("canonical", pa.bool_()),
        ("strand", pa.int8()),
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("coding_start", pa.int32()),
        ("coding_end", pa.int32()),
        ("phase", pa.int8()),
        ("exon_starts", pa.list_(pa.int32())),
        ("exon_ends", pa.list_(pa.int32())),
        ("selenocysteines", pa.list_(pa.int32())),
        ("slip", pa.int32()),
    ]
)
#: Columns that came later: a file without them is read, and has none of what they tell.
LATER_COLUMNS = ("slip",)
#: Tags that go to CSQ's FLAGS.
FLAG_TAGS = ("cds_start_NF", "cds_end_NF")
CANONICAL_TAGS = frozenset({"Ensembl_canonical", "RefSeq_Select", "MANE_Select"})


@dataclass
class _Row:
    attributes: dict[str, str]
    strand: int
    start: int
    end: int
    exons: list[tuple[int, int]] = field(default_factory=list)
    cds: list[tuple[int, int, int]] = field(default_factory=list)
    protein: str = ""

    def values(self, genes: dict[str, dict[str, str]]) -> dict[str, object]:
        name = self.attributes["ID"].removeprefix("transcript:")
        version = self.attributes.get("version", "")
        if version and not name.endswith("." + version):
            name += "." + version
        parent = self.attributes.get("Parent", "")
        gene = genes.get(parent, {})
        tags = self.attributes.get("tag", "").split(",")
        self.exons.sort()
        self.cds.sort()
        first = (self.cds[0] if self.strand > 0 else self.cds[-1]) if self.cds else (0, 0, 0)
        return {
            "id": name,
            "gene": gene.get("gene_id", parent.removeprefix("gene:")),
            "symbol": gene.get("Name", ""),
            "biotype": self.attributes.get("source_biotype") or self.attributes.get("biotype", ""),
            "protein": (self.attributes.get("protein_id") or self.protein or name) if self.cds else "",
            "flags": "&".join(tag for tag in FLAG_TAGS if tag in tags),
            "mane": self.attributes.get("mane_select", ""),
            "canonical": not CANONICAL_TAGS.isdisjoint(tags),
            "strand": self.strand,
            "start": self.start,
            "end": self.end,
            "coding_start": self.cds[0][0] if self.cds else 0,
            "coding_end": self.cds[-1][1] if self.cds else 0,
            # Ensembl's phase: bases of the first codon that lie before the sequence begins.
            "phase": (3 - first[2]) % 3,
            "exon_starts": [start for start, _ in self.exons] or [self.start],
            "exon_ends": [end for _, end in self.exons] or [self.end],
            "selenocysteines": sorted(map(int, filter(None, self.attributes.get("selenocysteine", "").split(",")))),
            "slip": int(self.attributes.get("slip", 0)) or None,
        }


def compile_models(gff3: Path, contigs: Sequence[Contig], out: Path) -> None:
    """Write the gene models of a reference in the form that :class:`GeneModels` opens.

    Args:
        gff3: models in Ensembl's style (``gene:`` and ``transcript:`` identifiers), plain or compressed; rows of a
            transcript follow it.
        contigs: contigs of the reference; rows on others are left out.
        out: the Arrow file, replaced when it is there.

    Raises:
        BundleError: a line cannot be read.
    """
    wanted = {contig.name for contig in contigs}
    rows: dict[str, dict[str, _Row]] = {}
    genes: dict[str, dict[str, str]] = {}
    try:
        with (gzip.open if gff3.suffix == ".gz" else open)(gff3, "rt", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("#") or not line.strip():
                    continue
                _take(line, wanted, rows, genes)
    except LIBRARY_ERRORS as error:
        raise BundleError("reference_models", in_words(error, f"{gff3.name} cannot be read")) from error
    names = [contig.name for contig in contigs if contig.name in rows]
    schema = SCHEMA.with_metadata({"format": FORMAT, "contigs": json.dumps(names)})
    with pa.OSFile(str(out), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for name in names:
            values = [row.values(genes) for row in rows[name].values()]
            values.sort(key=lambda one: (one["start"], one["end"], one["id"]))
            writer.write_batch(pa.RecordBatch.from_pylist(values, schema=schema))


def _take(line: str, wanted: set[str], rows: dict[str, dict[str, _Row]], genes: dict[str, dict[str, str]]) -> None:
    contig, _, kind, first, last, _, strand, phase, text = line.rstrip("\n").split("\t")
    if contig not in wanted:
        return
    attributes = {key: unquote(value) for key, _, value in (item.partition("=") for item in text.split(";"))}
    name, parent = attributes.get("ID", ""), attributes.get("Parent", "")
    if name.startswith("gene:"):
        genes[name] = attributes
    elif name.startswith("transcript:"):
        row = _Row(attributes, -1 if strand == "-" else 1, int(first), int(last))
        rows.setdefault(contig, {})[name] = row
    elif kind in ("exon", "CDS") and parent in rows.get(contig, {}):
        owner = rows[contig][parent]
        if kind == "exon":
            owner.exons.append((int(first), int(last)))
        else:
            owner.cds.append((int(first), int(last), int(phase) if phase.isdigit() else 0))
            owner.protein = owner.protein or attributes.get("protein_id", "")
