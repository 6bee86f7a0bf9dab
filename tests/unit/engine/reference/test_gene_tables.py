"""What gene models of each format tell beside the places of exons: versions, tags, proteins, selenocysteines."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from annotator.engine import Reference
from annotator.engine.reference.build.gene_tables import read_gene_table
from annotator.engine.reference.gene_models import GeneModels
from annotator.engine.reference.verify import verify
from tests.unit.engine.small_genome import GENES, gff3, gtf

ENSEMBL = """##gff-version 3
1\te\tgene\t1001\t1300\t.\t+\t.\tID=gene:ENSG1;Name=PLUS;biotype=protein_coding;gene_id=ENSG1;version=3
1\te\tmRNA\t1001\t1300\t.\t+\t.\tID=transcript:ENST1;Parent=gene:ENSG1;biotype=protein_coding;\
tag=basic,Ensembl_canonical,MANE_Select;transcript_id=ENST1;version=7
1\te\texon\t1001\t1060\t.\t+\t.\tParent=transcript:ENST1
1\te\tCDS\t1011\t1060\t.\t+\t0\tID=CDS:ENSP1;Parent=transcript:ENST1;protein_id=ENSP1;version=2
1\te\tlnc_RNA\t1001\t1300\t.\t+\t.\tID=transcript:ENST2;Parent=gene:ENSG1;biotype=artifact;transcript_id=ENST2;version=1
1\te\texon\t1001\t1060\t.\t+\t.\tParent=transcript:ENST2
"""
REFSEQ = """##gff-version 3
NC_1\tr\tgene\t1001\t1300\t.\t-\t.\tID=gene-PLUS;Name=PLUS;gene=PLUS;gene_biotype=protein_coding
NC_1\tr\tmRNA\t1001\t1300\t.\t-\t.\tID=rna-NM_1.4;Parent=gene-PLUS;Dbxref=GeneID:1,Ensembl:ENST1.7,GenBank:NM_1.4;\
tag=MANE Select;transcript_id=NM_1.4
NC_1\tr\texon\t1001\t1060\t.\t-\t.\tParent=rna-NM_1.4
NC_1\tr\tCDS\t1011\t1060\t.\t-\t0\tID=cds-NP_1.2;Parent=rna-NM_1.4;protein_id=NP_1.2;\
transl_except=(pos:complement(1020..1022)%2Caa:Sec),(pos:1030..1032%2Caa:Sec),(pos:1040..1042%2Caa:Other)
"""
GENCODE_GTF = """1\te\tgene\t1001\t1060\t.\t+\t.\tgene_id "ENSG1.3"; gene_name "PLUS";
1\te\ttranscript\t1001\t1060\t.\t+\t.\tgene_id "ENSG1.3"; transcript_id "ENST1.7"; gene_name "PLUS"; tag "MANE_Select";
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
        wanted = ("id", "version", "tags", "mane_select", "protein", "selenocysteines", "biotype", "source_biotype")
        return [{name: getattr(one, name) for name in wanted} for one in read_gene_table(path).models]

    return models


Read = Callable[[str], list[dict[str, object]]]


def test_ensembl(read: Read) -> None:
    coding, other = read(ENSEMBL)
    assert (coding["id"], coding["version"], coding["protein"]) == ("ENST1", "7", "ENSP1.2")
    assert coding["tags"] == ("basic", "Ensembl_canonical", "MANE_Select")
    assert (other["biotype"], other["source_biotype"]) == ("misc_RNA", "artifact")


def test_refseq(read: Read) -> None:
    (one,) = read(REFSEQ)
    assert (one["id"], one["version"], one["protein"]) == ("NM_1.4", "", "NP_1.2")
    assert (one["tags"], one["mane_select"]) == (("MANE_Select",), "ENST1.7")
    assert one["selenocysteines"] == (1020, 1030)


def test_gencode(read: Read) -> None:
    (one,) = read(GENCODE_GTF)
    assert (one["id"], one["version"], one["protein"]) == ("ENST1.7", "", "ENSP1.2")
    assert (one["tags"], one["selenocysteines"]) == (("MANE_Select", "basic", "cds_start_NF"), (1020,))


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
