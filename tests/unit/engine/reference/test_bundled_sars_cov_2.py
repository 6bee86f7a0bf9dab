"""The bundled SARS-CoV-2: it is what its sources give, and names well-known changes as everybody does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from annotator.engine import Reference
from annotator.engine.cli.app import main
from annotator.engine.consequence import CSQ_FIELDS
from annotator.engine.reference.verify import verify
from reference import build_sars_cov_2
from tests.unit.engine.conftest import PROJECT, Result

BUNDLE = PROJECT / "reference" / "SARS-CoV-2"


@pytest.fixture(scope="module")
def virus() -> Reference:
    return Reference.load(BUNDLE)


def test_the_committed_bundle_is_what_the_sources_give(tmp_path: Path) -> None:
    """If this fails, the engine builds another bundle than before: run ``python -m reference.build_sars_cov_2``."""
    build_sars_cov_2.build_bundle(tmp_path)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert {"manifest.json", "models.arrow", "sample.vcf"} < set(made)
    assert [name for name, content in made.items() if (BUNDLE / name).read_bytes() != content] == []


def test_it_is_valid(virus: Reference) -> None:
    assert verify(virus).failed == []
    assert [contig.circular for contig in virus.contigs] == [False]


@pytest.mark.parametrize("contig", ["NC_045512.2", "MN908947.3", "NC_045512v2"])
def test_files_may_use_any_name_of_the_sequence(virus: Reference, contig: str) -> None:
    assert virus.canonical(contig) == "NC_045512.2"


def test_adjacent_substitutions_read_as_one_record_does(
    run_on: Callable[..., Result], vcf: Callable[..., Path], virus: Reference
) -> None:
    """GGG > AAC in codons 203 and 204 of N, as a caller writes it: three substitutions of a haploid sample."""
    sites = [(28881, "G", "A"), (28882, "G", "A"), (28883, "G", "C")]
    lines = [(*site, ".", "GT", "1") for site in sites]
    result = run_on(vcf(lines, contig="NC_045512.2", samples=("s",)), virus)
    for index in range(3):
        found = [entry.split("|") for entry in result.info(index)["CSQ"].split(",")]
        named = {one[CSQ_FIELDS.index("HGVSp")].partition(":")[2]: one for one in found if one[3] == "N"}
        together = named["p.Arg203_Gly204delinsLysArg"]
        others = [f"{pos}:{ref}>{alt}" for at, (pos, ref, alt) in enumerate(sites) if at != index]
        assert together[CSQ_FIELDS.index("HAPLOTYPE")] == "&".join(others)
        assert together[CSQ_FIELDS.index("HGVSc")].endswith(":c.608_610delinsAAC")
        assert ("p.Arg203Lys" in named) is (index < 2)


@pytest.mark.parametrize("contig", ["NC_045512.2", "MN908947.3"])
@pytest.mark.parametrize(
    ("pos", "ref", "alt", "change"),
    [
        (23063, "A", "T", "p.Asn501Tyr"),
        (23403, "A", "G", "p.Asp614Gly"),
        (27972, "C", "T", "p.Gln27Ter"),
        (28881, "GGG", "AAC", "p.Arg203_Gly204delinsLysArg"),
    ],
)
def test_well_known_changes(run_on: Callable[..., Result], vcf: Callable[..., Path], virus: Reference,
                            contig: str, pos: int, ref: str, alt: str, change: str) -> None:  # fmt: skip
    result = run_on(vcf([(pos, ref, alt)], contig=contig), virus)
    assert result.records[0][:5] == [contig, str(pos), ".", ref, alt]
    assert f":{change}|" in result.records[0][7]


def test_without_known_variants_nothing_is_novel(
    run_on: Callable[..., Result], vcf: Callable[..., Path], virus: Reference
) -> None:
    result = run_on(vcf([(23403, "A", "G")], contig="NC_045512.2"), virus)
    assert [result.summary[name] for name in ("known", "novel", "known_fraction")] == [None, None, None]
    assert "  The reference has no known variants.\n" in result.log
    assert "novel" not in result.log
    assert pq.read_table(result.path.with_name("input.variants.parquet"))["known"].to_pylist() == [None]


def test_the_table_names_mature_peptides(
    run_on: Callable[..., Result], vcf: Callable[..., Path], virus: Reference
) -> None:
    result = run_on(vcf([(241, "C", "T"), (14408, "C", "T"), (23403, "A", "G")], contig="NC_045512.2"), virus)
    rows = pq.read_table(result.path.with_name("input.variants.parquet")).to_pylist()
    assert [(row["gene"], row["mature_peptide"]) for row in rows] == [
        ("ORF1ab", None),
        ("ORF1ab", "RNA-dependent_RNA_polymerase_(nsp12):323"),
        ("S", None),
    ]


def test_its_last_line_counts_no_novel_variants(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["annotate", str(BUNDLE / "sample.vcf"), "--reference", str(BUNDLE), "--out", str(tmp_path / "x.vcf.gz")]
    assert main(words) == 0
    assert capsys.readouterr().err.endswith("records: 0 left as they are.\n")
