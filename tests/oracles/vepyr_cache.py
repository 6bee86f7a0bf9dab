"""The cache that vepyr reads in place of Ensembl VEP's, written from a genome's own gene models.

vepyr converts VEP's caches to Parquet. This writes the converted form: ``transcript``, ``exon`` and
``translation_core`` from the models, and the others empty.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.oracles.genomes import COMPLEMENT, Genome, Transcript

VERSION = "116"
_TEXT, _INT, _BYTE, _LONG, _FLAG = pa.string(), pa.int32(), pa.int8(), pa.int64(), pa.bool_()
_SOURCE = {
    "species": "homo_sapiens", "assembly": "GRCh38", "cache_version": VERSION, "serializer_type": "storable",
    "source_cache_path": "made", "source_file": "made", "source_assembly": "GRCh38",
}  # fmt: skip
_NOT_NULL = {
    "chrom", "start", "end", "strand", "transcript_id", "exon_number", "species", "assembly", "cache_version",
    "source_cache_path", "source_file", "transcript_uid", "is_gencode_basic", "is_gencode_primary", "allele_string",
    "failed", "phenotype_or_disease", "somatic", "tier", "key", "sift", "poly",
}  # fmt: skip


def _fields(*groups: tuple[pa.DataType, str]) -> list[tuple[str, pa.DataType]]:
    return [(name, kind) for kind, names in groups for name in names.split()]


def _struct(*groups: tuple[pa.DataType, str]) -> pa.DataType:
    return pa.list_(pa.struct([pa.field(name, kind, nullable=False) for name, kind in _fields(*groups)]))


_SOURCE_FIELDS = _fields(
    (_TEXT, "species assembly cache_version serializer_type source_cache_path source_file source_assembly"),
    (_TEXT, "source_clinvar source_cosmic source_dbsnp source_gencode source_genebuild source_gnomade source_gnomadg"),
    (_TEXT, "source_hgmd_public source_polyphen source_regbuild source_sift source_src_1000genomes"),
)
_PLACE = _fields((_TEXT, "chrom"), (_LONG, "start end"), (_BYTE, "strand"), (_TEXT, "stable_id"))
SCHEMAS: dict[str, list[tuple[str, pa.DataType]]] = {
    "transcript": [
        *_PLACE,
        *_fields((_LONG, "db_id"), (_INT, "version"), (_TEXT, "biotype source"), (_FLAG, "is_canonical"),
                 (_TEXT, "gene_stable_id gene_symbol gene_symbol_source gene_hgnc_id gene_hgnc_id_native"),
                 (_TEXT, "refseq_id display_xref_id source_cache refseq_match")),
        ("refseq_edits", pa.list_(pa.struct([
            pa.field("start", _LONG, nullable=False), pa.field("end", _LONG, nullable=False),
            pa.field("replacement_len", _LONG), pa.field("skip_refseq_offset", _FLAG, nullable=False)]))),
        *_fields((_FLAG, "is_gencode_basic is_gencode_primary"),
                 (_LONG, "cds_start cds_end cdna_coding_start cdna_coding_end"), (_TEXT, "translation_stable_id"),
                 (_LONG, "translation_start translation_end"), (_INT, "exon_count")),
        ("exons", _struct((_LONG, "start end"), (_BYTE, "phase"))),
        *_fields((_TEXT, "cdna_seq peptide_seq"), (_INT, "codon_table tsl"),
                 (_TEXT, "appris mane_select mane_plus_clinical"), (_FLAG, "gene_phenotype"),
                 (_TEXT, "ccds swissprot trembl uniparc uniprot_isoform"), (_FLAG, "cds_start_nf cds_end_nf")),
        ("mature_mirna_regions", _struct((_LONG, "start end"))),
        *_fields((_TEXT, "ncrna_structure translateable_seq three_prime_utr_seq five_prime_utr_seq")),
        ("cdna_mapper_segments", _struct((_LONG, "genomic_start genomic_end cdna_start cdna_end"), (_BYTE, "ori"))),
        *_fields((_TEXT, "bam_edit_status"), (_FLAG, "has_non_polya_rna_edit"), (_TEXT, "spliced_seq flags_str")),
        *_SOURCE_FIELDS,
        ("transcript_uid", pa.uint32()),
    ],
    "exon": [*_PLACE, *_fields((_INT, "version"), (_BYTE, "phase end_phase"), (_FLAG, "is_current is_constitutive"),
                               (_TEXT, "transcript_id gene_stable_id"), (_INT, "exon_number")), *_SOURCE_FIELDS],
    "translation_core": [
        *_fields((_TEXT, "transcript_id stable_id"), (_INT, "version"), (_LONG, "cds_len protein_len"),
                 (_TEXT, "translation_seq cds_sequence translation_seq_canonical cds_sequence_canonical")),
        ("protein_features", pa.list_(pa.struct([("analysis", _TEXT), ("hseqname", _TEXT), ("start", _LONG),
                                                 ("end", _LONG)]))),
    ],
    "translation_sift": _fields((pa.uint64(), "key"), (pa.binary(), "sift poly")),
    "regulatory": [*_PLACE, *_fields((_LONG, "db_id"), (_TEXT, "feature_type"), (_INT, "epigenome_count"),
                                     (_LONG, "regulatory_build_id"), (_TEXT, "cell_types")), *_SOURCE_FIELDS],
    "variation": [
        *_fields((_TEXT, "chrom"), (pa.uint32(), "start end"), (_TEXT, "allele_string"), (_FLAG, "failed"),
                 (_TEXT, "variation_name clin_sig clin_sig_allele"), (_BYTE, "strand"), (_TEXT, "clinical_impact"),
                 (_FLAG, "phenotype_or_disease"), (_TEXT, "pubmed"), (_FLAG, "somatic"), (_TEXT, "minor_allele"),
                 (pa.float64(), "minor_allele_freq"), (_TEXT, "clinvar_ids cosmic_ids dbsnp_ids"), (_BYTE, "tier")),
        *((f"af_{source}_{kind}", pa.list_(_TEXT if kind == "alleles" else pa.float32()))
          for source in ("global", "gnomade", "gnomadg") for kind in ("alleles", "freqs")),
    ],
}  # fmt: skip
"""Columns of each table."""


def write_cache(genome: Genome, folder: Path) -> Path:
    """Write the cache of a genome.

    Returns:
        The folder to give to vepyr as ``cache_dir``.
    """
    place = folder / f"{VERSION}_GRCh38_ensembl"
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in SCHEMAS}
    # A table without rows has no page index, which vepyr asks for.
    rows["variation"] = [{"chrom": genome.contig, "start": 1, "end": 1, "allele_string": "N/A", "failed": True,
                          "strand": 1, "phenotype_or_disease": False, "somatic": False, "tier": 0}]  # fmt: skip
    rows["translation_sift"] = [{"key": 0, "sift": b"", "poly": b""}]
    ordered = sorted(genome.transcripts.values(), key=lambda one: (one.start, one.end, one.name))
    for number, one in enumerate(ordered):
        for name, found in _rows(genome, one, number).items():
            rows[name] += found
    policy = {"schema_version": 1, "cache_source_type": "ensembl", "cache_version": VERSION, "bam_edited": False}
    for name, fields in SCHEMAS.items():
        metadata = {
            "bio.coordinate_system_zero_based": "false", "bio.vep.cache_bam_edited": "false",
            "bio.vep.cache_source_type": "ensembl", "bio.vep.cache_version": VERSION,
            "bio.vep.chromosomes": json.dumps([genome.contig]),
            **({"bio.vep.sift_blob_version": "2"} if name == "translation_sift" else {}),
        }  # fmt: skip
        schema = pa.schema([pa.field(key, kind, nullable=key not in _NOT_NULL) for key, kind in fields], metadata)
        (place / name).mkdir(parents=True)
        file = place / name / f"chr{genome.contig}.parquet"
        pq.write_table(pa.Table.from_pylist(rows[name], schema), file, write_page_index=True)
        entry = {"chrom": f"chr{genome.contig}", "dataset": f"chr{genome.contig}.parquet", "rows": len(rows[name])}
        (place / name / "chrom_manifest.json").write_text(json.dumps([entry]))
    (place / "motif").mkdir()
    (place / "motif" / "chrom_manifest.json").write_text("[]")
    (place / "reference_policy.json").write_text(json.dumps(policy))
    return place


def _rows(genome: Genome, one: Transcript, number: int) -> dict[str, list[dict[str, Any]]]:
    """Rows of a transcript by table."""
    order = one.exons[::-1] if one.reverse else one.exons
    strand = -1 if one.reverse else 1
    spliced, segments, exons, exon_rows = "", [], [], []
    coding_first, coding_last = (one.coding[0][0], one.coding[-1][1]) if one.coding else (0, -1)
    done = -one.phase  # coding bases before the exon
    for at, (start, end) in enumerate(order, 1):
        bases = genome.bases[start - 1 : end]
        segments.append({"genomic_start": start, "genomic_end": end, "cdna_start": len(spliced) + 1,
                         "cdna_end": len(spliced) + end - start + 1, "ori": strand})  # fmt: skip
        spliced += bases.translate(COMPLEMENT)[::-1] if one.reverse else bases
        inside = max(0, min(end, coding_last) - max(start, coding_first) + 1) if one.coding else 0
        enters = (end <= coding_last if one.reverse else start >= coding_first) and inside
        leaves = (start >= coding_first if one.reverse else end <= coding_last) and inside
        phase = done % 3 if enters else -1
        done += inside
        end_phase = done % 3 if leaves else -1
        exons.append({"start": start, "end": end, "phase": phase})
        exon_rows.append({
            "chrom": genome.contig, "start": start, "end": end, "strand": strand, "stable_id": f"{one.name}.e{at}",
            "phase": phase, "end_phase": end_phase, "transcript_id": one.name, "gene_stable_id": one.gene,
            "exon_number": at, **_SOURCE,
        })  # fmt: skip
    row: dict[str, Any] = {
        "chrom": genome.contig, "start": one.start, "end": one.end, "strand": strand, "stable_id": one.name,
        "biotype": one.biotype, "source": "made", "gene_stable_id": one.gene, "gene_symbol": one.gene,
        "is_gencode_basic": True, "is_gencode_primary": True, "exon_count": len(exons), "exons": exons,
        "gene_phenotype": False, "cds_start_nf": bool(one.phase), "cds_end_nf": False, "cdna_mapper_segments": segments,
        "has_non_polya_rna_edit": False, "codon_table": genome.code, "transcript_uid": number, **_SOURCE,
    }  # fmt: skip
    if not one.coding:
        return {"transcript": [row], "exon": sorted(exon_rows, key=lambda found: found["start"])}
    first = _cdna(segments, coding_last if one.reverse else coding_first)
    last = _cdna(segments, coding_first if one.reverse else coding_last)
    coding = spliced[first - 1 : last]
    padded = "N" * (-one.phase % 3) + coding
    protein = genome.proteins[one.name]
    first_exon, last_exon = order[_exon_of(segments, first)], order[_exon_of(segments, last)]
    row |= {
        "cds_start": coding_first, "cds_end": coding_last, "cdna_coding_start": first, "cdna_coding_end": last,
        "translation_stable_id": one.protein,
        "translation_start": (first_exon[1] - coding_last if one.reverse else coding_first - first_exon[0]) + 1,
        "translation_end": (last_exon[1] - coding_first if one.reverse else coding_last - last_exon[0]) + 1,
        "cdna_seq": padded, "peptide_seq": protein, "translateable_seq": padded,
        "three_prime_utr_seq": spliced[last:] or None, "five_prime_utr_seq": spliced[: first - 1] or None,
    }  # fmt: skip
    translation = {
        "transcript_id": one.name, "stable_id": one.protein, "cds_len": len(padded),
        "translation_seq": protein, "cds_sequence": padded, "translation_seq_canonical": protein,
        "cds_sequence_canonical": padded, "protein_features": [],
    }  # fmt: skip
    return {
        "transcript": [row],
        "exon": sorted(exon_rows, key=lambda found: found["start"]),
        "translation_core": [translation],
    }


def _cdna(segments: list[dict[str, int]], position: int) -> int:
    """Position in the spliced transcript of a base of the genome, 1-based."""
    one = next(one for one in segments if one["genomic_start"] <= position <= one["genomic_end"])
    offset = position - one["genomic_start"] if one["ori"] == 1 else one["genomic_end"] - position
    return one["cdna_start"] + offset


def _exon_of(segments: list[dict[str, int]], cdna: int) -> int:
    return next(at for at, one in enumerate(segments) if one["cdna_start"] <= cdna <= one["cdna_end"])
