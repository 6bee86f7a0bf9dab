"""Agreement of two annotations: what counts as a pair, and what is told of differences."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from annotator.engine.cli.app import main
from annotator.engine.compare.concordance import compare
from annotator.engine.errors import BundleError

NAMES = "Allele|Consequence|IMPACT|Feature|HGVSp"


def annotated(path: Path, *records: tuple[str, str], names: str = NAMES) -> Path:
    """A VCF with these records: the first five columns, blanks for tabs, and CSQ."""
    head = f'##fileformat=VCFv4.2\n##INFO=<ID=CSQ,Number=.,Type=String,Description="By us. Format: {names}">\n'
    lines = ["\t".join([*site.split(), ".", ".", f"DP=1;CSQ={csq};AF=0.5"]) for site, csq in records]
    text = head + "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n" + "".join(line + "\n" for line in lines)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.fixture
def vep(tmp_path: Path) -> Path:
    csq = "G|missense_variant|MODERATE|T1|P:p.%3D,G|intron_variant|MODIFIER|T2|"
    between = "T|intergenic_variant|MODIFIER||"
    return annotated(tmp_path / "vep.vcf.gz", ("22 100 . A G", csq), ("22 200 . C T", between))


def test_the_same_annotation_agrees_whole_whatever_the_order_of_entries_and_names(tmp_path: Path, vep: Path) -> None:
    csq = "T2|intron_variant|MODIFIER|G|,T1|missense_variant|MODERATE|G|P:p.="
    ours = annotated(
        tmp_path / "ours.vcf",
        ("chr22 100 rs1 A G", csq),
        ("chr22 200 . C T", "|intergenic_variant|MODIFIER|T|"),
        names="Feature|Consequence|IMPACT|Allele|HGVSp",
    )
    agreement = compare(ours, vep)
    assert (agreement.sites, agreement.pairs, agreement.missing_sites) == (2, 3, 0)
    assert {name: agreement.share(name) for name in agreement.same} == {"Consequence": 1, "IMPACT": 1, "HGVSp": 1}


def test_differences_are_counted_by_class_with_examples(tmp_path: Path, vep: Path) -> None:
    csq = "G|synonymous_variant|LOW|T1|,G|intron_variant|MODIFIER|T2|"
    ours = annotated(tmp_path / "ours.vcf", ("22 100 . A G", csq))
    agreement = compare(ours, vep)
    assert agreement.missing_sites == 1
    assert agreement.same == {"Consequence": 1, "IMPACT": 1, "HGVSp": 1}
    assert agreement.classes["Consequence"] == {"missense_variant -> synonymous_variant": 1}
    assert agreement.classes["HGVSp"] == {"missing in missense_variant": 1}
    [example] = agreement.examples["HGVSp", "missing in missense_variant"]
    assert vars(example) == {"site": "22:100 A>G", "transcript": "T1", "ours": "", "theirs": "P:p.="}


def test_a_pair_that_one_side_lacks_agrees_in_no_field(tmp_path: Path, vep: Path) -> None:
    ours = annotated(tmp_path / "ours.vcf", ("22 100 . A G", "G|missense_variant|MODERATE|T1|P:p.%3D,G|x|y|T3|"))
    agreement = compare(ours, vep)
    assert (agreement.pairs, agreement.only_ours, agreement.only_theirs) == (3, 1, 1)
    assert agreement.same["Consequence"] == 1
    assert agreement.classes["IMPACT"] == {"only theirs: intron_variant": 1, "only ours: x": 1}


def test_a_file_without_a_described_csq_is_told(tmp_path: Path, vep: Path) -> None:
    plain = tmp_path / "plain.vcf"
    plain.write_text("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
    with pytest.raises(BundleError, match=r"plain\.vcf has no INFO field CSQ"):
        compare(plain, vep)


def test_pairs_that_differ_by_a_known_defect_are_counted_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = "-|frameshift_variant&start_lost&start_retained_variant|HIGH|T1|,-|intron_variant|MODIFIER|T2|"
    ours = "-|start_retained_variant&5_prime_UTR_variant|LOW|T1|,-|splice_donor_variant|HIGH|T2|"
    site = "22 100 . AT A"
    paths = annotated(tmp_path / "ours.vcf", (site, ours)), annotated(tmp_path / "vep.vcf", (site, theirs))
    agreement = compare(*paths)
    assert agreement.errata["Consequence"] == {"start-lost-and-retained": 1}
    assert agreement.errata["IMPACT"] == {"start-lost-and-retained": 1}
    assert agreement.classes["Consequence"] == {"intron_variant -> splice_donor_variant": 1}
    assert (agreement.same["Consequence"], agreement.share("Consequence")) == (0, 0)
    assert (agreement.same["HGVSp"], agreement.errata["HGVSp"].total()) == (2, 0)
    [example] = agreement.examples["Consequence", "start-lost-and-retained"]
    assert (example.site, example.transcript) == ("22:100 AT>A", "T1")
    [listed] = agreement.as_dict()["fields"]["Consequence"]["errata"]
    assert (listed["id"], listed["count"]) == ("start-lost-and-retained", 1)
    assert main(["compare", "--ours", str(paths[0]), "--vep", str(paths[1])]) == 0
    assert "Consequence: 1 by VEP erratum start-lost-and-retained" in capsys.readouterr().out


def test_the_least_share_leaves_known_defects_out(tmp_path: Path) -> None:
    theirs = "-|start_lost&start_retained_variant|HIGH|T1|,-|intron_variant|MODIFIER|T2|"
    ours = "-|start_retained_variant|LOW|T1|,-|intron_variant|MODIFIER|T2|"
    paths = [
        str(annotated(tmp_path / f"{name}.vcf", ("22 100 . AT A", csq)))
        for name, csq in (("ours", ours), ("vep", theirs))
    ]
    assert compare(Path(paths[0]), Path(paths[1])).share("Consequence") == 0.5
    assert main(["compare", "--ours", paths[0], "--vep", paths[1], "--least", "100"]) == 0


def test_the_command_tells_shares_and_fails_below_the_least(
    tmp_path: Path, vep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    csq = "G|synonymous_variant|LOW|T1|,G|intron_variant|MODIFIER|T2|"
    ours = annotated(tmp_path / "ours.vcf", ("22 100 . A G", csq))
    words = ["compare", "--ours", str(ours), "--vep", str(vep)]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "Consequence         50.000%             1" in said
    assert "Consequence: 1 missense_variant -> synonymous_variant" in said
    assert main([*words, "--json", "--least", "99.5"]) == 1
    assert json.loads(capsys.readouterr().out)["fields"]["IMPACT"]["share"] == 0.5
    assert main(["compare", "--ours", str(tmp_path / "none.vcf"), "--vep", str(vep)]) == 1
    assert capsys.readouterr().err.startswith("error: No such file or directory")
