"""SARS-CoV-2 as NCBI writes it: two proteins of ORF1ab, one of them with a slip, cut into mature peptides."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotator.engine import Outputs, Reference, annotate
from annotator.engine.reference.gene_models import GeneModels
from tests.unit.engine.built_references.conftest import DATA, Build
from tests.unit.engine.built_references.translation import codings, differences, sequences
from tests.unit.engine.conftest import Result, take_apart

CONTIG = "NC_045512.2"
FASTA, MODELS = DATA / f"{CONTIG}.fasta", DATA / f"{CONTIG}.gff3"
ORF1AB, ORF1A = "YP_009724389.1", "YP_009725295.1"
SPIKE, NUCLEOCAPSID, ORF8 = (f"gene-GU280_gp{number}" for number in ("02", "10", "09"))
RDRP = "RNA-dependent_RNA_polymerase_(nsp12)"


@pytest.fixture(scope="module")
def reference(build: Build) -> Reference:
    return build(FASTA, MODELS)


def test_every_substitution_in_coding_bases(reference: Reference) -> None:
    models = GeneModels.load(reference.compiled).contig(CONTIG)
    ids = {row["protein"]: row["id"] for row in models.table.to_pylist()}
    wanted = {ids[name]: coding for name, coding in codings(MODELS, CONTIG, "protein_id").items()}
    assert len(wanted) == 12
    count, wrong = differences(reference, CONTIG, sequences(FASTA)[CONTIG], wanted)
    assert wrong == []
    assert count == 127_446


KNOWN = [
    # Position, REF, ALT, transcript, HGVSp, mature peptide. The names are those of the literature.
    (3037, "C", "T", ORF1AB, "p.Phe924%3D", "nsp3:106"),
    (3037, "C", "T", ORF1A, "p.Phe924%3D", "nsp3:106"),
    (10029, "C", "T", ORF1AB, "p.Thr3255Ile", "nsp4:492"),  # nsp4 T492I
    (11287, "GTCTGGTTTT", "G", ORF1AB, "p.Ser3675_Phe3677del", "nsp6:106-108"),  # nsp6 S106_F108del
    (14408, "C", "T", ORF1AB, "p.Pro4715Leu", f"{RDRP}:323"),  # RdRp P323L
    (15451, "G", "A", ORF1AB, "p.Gly5063Ser", f"{RDRP}:671"),  # RdRp G671S
    (17747, "C", "T", ORF1AB, "p.Pro5828Leu", "helicase:504"),  # nsp13 P504L
    (17858, "A", "G", ORF1AB, "p.Tyr5865Cys", "helicase:541"),  # nsp13 Y541C
    (18163, "A", "G", ORF1AB, "p.Ile5967Val", "3'-to-5'_exonuclease:42"),  # nsp14 I42V
    (19955, "C", "T", ORF1AB, "p.Thr6564Ile", "endoRNAse:112"),  # nsp15 T112I
    (21764, "ATACATG", "A", SPIKE, "p.His69_Val70del", ""),
    (23063, "A", "T", SPIKE, "p.Asn501Tyr", ""),
    (23403, "A", "G", SPIKE, "p.Asp614Gly", ""),
    (27972, "C", "T", ORF8, "p.Gln27Ter", ""),
    (28881, "G", "A", NUCLEOCAPSID, "p.Arg203Lys", ""),
    (28881, "GGG", "AAC", NUCLEOCAPSID, "p.Arg203_Gly204delinsLysArg", ""),
    (28882, "G", "A", NUCLEOCAPSID, "p.Arg203%3D", ""),
    (28883, "G", "C", NUCLEOCAPSID, "p.Gly204Arg", ""),
]


@pytest.fixture(scope="module")
def result(reference: Reference, tmp_path_factory: pytest.TempPathFactory) -> Result:
    directory: Path = tmp_path_factory.mktemp("annotated")
    lines = ["##fileformat=VCFv4.2", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"]
    lines += [f"{CONTIG}\t{at}\t.\t{ref}\t{alt}\t.\t.\t." for at, ref, alt, *_ in KNOWN]
    (directory / "known.vcf").write_text("\n".join(lines) + "\n", "ascii")
    outputs = Outputs.beside(directory / "known.annot.vcf.gz")
    return take_apart(outputs, annotate(directory / "known.vcf", reference, outputs, temporary=directory))


@pytest.mark.parametrize("index", range(len(KNOWN)))
def test_well_known_changes(result: Result, index: int) -> None:
    *_, transcript, protein, peptide = KNOWN[index]
    names = next(line for line in result.header if line.startswith("##INFO=<ID=CSQ")).split("Format: ")[1].split('"')[0]
    entries = [dict(zip(names.split("|"), one.split("|"), strict=True)) for one in result.info(index)["CSQ"].split(",")]
    (entry,) = [one for one in entries if one["Feature"] == transcript]
    assert entry["HGVSp"].partition(":")[2] == protein
    assert entry["MATURE_PEPTIDE"] == peptide
    assert entry["FLAGS"] == ("ribosomal_slippage" if transcript == ORF1AB else "")


def test_peptides_have_the_residues_that_ncbi_gives_them(reference: Reference) -> None:
    """NCBI's IDs state them: ``id-YP_009724389.1:4393..5324``."""
    stated: dict[str, set[tuple[int, int]]] = {ORF1AB: set(), ORF1A: set()}
    for line in MODELS.read_text("utf-8").splitlines():
        if "\tmature_protein_region_of_CDS\t" in line:
            protein, _, span = line.partition("ID=id-")[2].partition(";")[0].partition(":")
            first, _, last = span.partition("..")
            stated[protein].add((int(first), int(last)))
    table = GeneModels.load(reference.compiled).contig(CONTIG).table.to_pylist()
    found = {row["id"]: set(zip(row["peptide_starts"], row["peptide_ends"], strict=True)) for row in table}
    assert {name: found[name] for name in stated} == stated
