"""What gene models of each format tell beside the places of exons: versions, tags, proteins, selenocysteines."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from annotator.engine import Reference
from annotator.engine.reference.build.curation import Curation
from annotator.engine.reference.build.gene_tables import read_gene_table
from annotator.engine.reference.gene_models import GeneModels
from annotator.engine.reference.transcript_table import CURATION_COLUMNS
from annotator.engine.reference.verify import verify
from tests.unit.engine.small_genome import GENES, gff3, gtf

ENSEMBL = """##gff-version 3
1\te\tgene\t1001\t1300\t.\t+\t.\tID=gene:ENSG1;Name=PLUS;biotype=protein_coding;gene_id=ENSG1;version=3
1\te\tmRNA\t1001\t1300\t.\t+\t.\tID=transcript:ENST1;Parent=gene:ENSG1;biotype=protein_coding;\
ccdsid=CCDS6.1;tag=basic,Ensembl_canonical,MANE_Select;transcript_id=ENST1;\
transcript_support_level=1 (assigned to previous version 6);version=7
1\te\texon\t1001\t1060\t.\t+\t.\tParent=transcript:ENST1
1\te\tCDS\t1011\t1060\t.\t+\t0\tID=CDS:ENSP1;Parent=transcript:ENST1;protein_id=ENSP1;version=2
1\te\tlnc_RNA\t1001\t1300\t.\t+\t.\tID=transcript:ENST2;Parent=gene:ENSG1;biotype=artifact;tag=gencode_basic;\
transcript_id=ENST2;transcript_support_level=NA;version=1
1\te\texon\t1001\t1060\t.\t+\t.\tParent=transcript:ENST2
"""
REFSEQ = """##gff-version 3
NC_1\tr\tgene\t1001\t1300\t.\t-\t.\tID=gene-PLUS;Name=PLUS;gene=PLUS;gene_biotype=protein_coding
NC_1\tr\tmRNA\t1001\t1300\t.\t-\t.\tID=rna-NM_1.4;Parent=gene-PLUS;Dbxref=GeneID:1,Ensembl:ENST1.7,GenBank:NM_1.4;\
tag=MANE Select;transcript_id=NM_1.4
NC_1\tr\texon\t1001\t1060\t.\t-\t.\tParent=rna-NM_1.4
NC_1\tr\tCDS\t1011\t1060\t.\t-\t0\tID=cds-NP_1.2;Parent=rna-NM_1.4;protein_id=NP_1.2;Dbxref=CCDS:CCDS6.1,GeneID:1;\
transl_except=(pos:complement(1020..1022)%2Caa:Sec),(pos:1030..1032%2Caa:Sec),(pos:1040..1042%2Caa:Other)
"""
GENCODE_GTF = """1\te\tgene\t1001\t1060\t.\t+\t.\tgene_id "ENSG1.3"; gene_name "PLUS";
1\te\ttranscript\t1001\t1060\t.\t+\t.\tgene_id "ENSG1.3"; transcript_id "ENST1.7"; gene_name "PLUS"; \
tag "MANE_Select"; tag "appris_alternative_2"; transcript_support_level "5"; ccdsid "CCDS6.1";
1\te\ttranscript\t1001\t1060\t.\t+\t.\tgene_id "ENSG1.3"; transcript_id "NO_EXONS";
1\te\texon\t1001\t1060\t.\t+\t.\tgene_id "ENSG1.3"; transcript_id "ENST1.7"; \
transcript_type "protein_coding"; gene_name "PLUS"; tag "basic"; tag "cds_start_NF";
1\te\tCDS\t1011\t1060\t.\t+\t2\tgene_id "ENSG1.3"; transcript_id "ENST1.7"; protein_id "ENSP1.2"; tag "basic"; \
tag "cds_start_NF";
1\te\tSelenocysteine\t1020\t1022\t.\t+\t.\tgene_id "ENSG1.3"; transcript_id "ENST1.7";
"""


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str], list[dict[str, object]]]:
    def models(text: str) -> list[dict[str, object]]:
        path = tmp_path / "models"
        path.write_text(text)
        wanted = ("id", "version", "tags", "curation", "protein", "selenocysteines", "biotype", "source_biotype")
        return [{name: getattr(one, name) for name in wanted} for one in read_gene_table(path).models]

    return models


Read = Callable[[str], list[dict[str, object]]]


def test_ensembl(read: Read) -> None:
    coding, other = read(ENSEMBL)
    assert (coding["id"], coding["version"], coding["protein"]) == ("ENST1", "7", "ENSP1.2")
    assert coding["tags"] == ("basic", "Ensembl_canonical", "MANE_Select")
    assert coding["curation"] == Curation(tsl="1", ccds="CCDS6.1")
    assert (other["biotype"], other["source_biotype"]) == ("misc_RNA", "artifact")
    assert other["curation"] == Curation()


def test_refseq(read: Read) -> None:
    (one,) = read(REFSEQ)
    assert (one["id"], one["version"], one["protein"]) == ("NM_1.4", "", "NP_1.2")
    assert (one["tags"], one["curation"]) == (("MANE_Select",), Curation(mane_select="ENST1.7", ccds="CCDS6.1"))
    assert one["selenocysteines"] == (1020, 1030)


def test_gencode(read: Read) -> None:
    (one,) = read(GENCODE_GTF)
    assert (one["id"], one["version"], one["protein"]) == ("ENST1.7", "", "ENSP1.2")
    assert one["tags"] == ("MANE_Select", "appris_alternative_2", "basic", "cds_start_NF")
    assert (one["selenocysteines"], one["curation"]) == ((1020,), Curation(tsl="5", appris="A2", ccds="CCDS6.1"))


def test_refseq_gtf(read: Read) -> None:
    transcript = 'gene_id "PLUS"; transcript_id "NM_1.4"; db_xref "GeneID:1"; db_xref "Ensembl:ENST1.7"; '
    transcript += 'tag "MANE Plus Clinical";'
    coding = 'gene_id "PLUS"; transcript_id "NM_1.4"; db_xref "CCDS:CCDS6.1"; db_xref "GeneID:1"; protein_id "NP_1.2";'
    rows = [("transcript", 1001, ".", transcript), ("exon", 1001, ".", transcript), ("CDS", 1011, "0", coding)]
    columns = (("NC_1", "r", kind, str(start), "1060", ".", "+", phase, text) for kind, start, phase, text in rows)
    (one,) = read("\n".join("\t".join(one) for one in columns) + "\n")
    assert one["curation"] == Curation(mane_plus_clinical="ENST1.7", ccds="CCDS6.1")


def test_standing_reaches_the_bundle(build: Callable[..., int], tmp_path: Path) -> None:
    """What no transcript has is not in the file, which old versions read as well."""
    words = 'transcript_id "PLUS.1"; tag "MANE_Plus_Clinical"; tag "gencode_basic"; tag "appris_principal_1";'
    assert build(models=gtf(GENES).replace('transcript_id "PLUS.1";', words)) == 0
    path = tmp_path / "bundle" / "models.arrow"
    with pa.ipc.open_file(str(path)) as reader:
        assert set(CURATION_COLUMNS) & set(reader.schema.names) == {"appris", "tags"}
    rows = GeneModels.load(path).contig("1").table.to_pylist()
    assert {row["id"]: row["tags"] for row in rows if row["tags"]} == {"PLUS.1": "basic&MANE_Plus_Clinical"}
    assert {(row["appris"], row["tsl"], row["ccds"]) for row in rows} == {("P1", "", ""), ("", "", "")}


def test_tags_reach_the_bundle(build: Callable[..., int], tmp_path: Path) -> None:
    tags = 'transcript_id "PLUS.1"; tag "MANE Select"; protein_id "P.2";'
    models = gtf(GENES).replace('transcript_id "PLUS.1";', tags).replace('"misc_RNA"', '"TEC"')
    assert build(models=models) == 0
    text = gzip.decompress((tmp_path / "bundle" / "models.gff3.gz").read_bytes()).decode()
    row = "ID=transcript:PLUS.1;Parent=gene:PLUS;biotype=protein_coding;transcript_id=PLUS.1"
    assert row + ";tag=MANE_Select;protein_id=P.2\n" in text
    assert "biotype=misc_RNA;source_biotype=TEC;transcript_id=RNA.1\n" in text


def test_a_known_selenocysteine_fits(build: Callable[..., int], tmp_path: Path) -> None:
    """S9 reads the stop codon at its fourth codon as selenocysteine: on the minus strand, 6949 to 6951."""
    models = gff3(GENES)
    row = next(line for line in models.splitlines() if "Parent=transcript:S9.1" in line and "\tCDS\t" in line)
    assert build(models=models.replace(row, row + ";transl_except=(pos:complement(6949..6951)%2Caa:Sec)")) == 0
    reference = Reference.load(tmp_path / "bundle")
    assert reference.exceptions == frozenset()
    assert verify(reference).failed == []
    models = GeneModels.load(reference.compiled).contig("1")
    assert models.transcript(models.strings("id").to_pylist().index("S9.1")).selenocysteines == {6949}
