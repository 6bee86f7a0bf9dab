"""References that the operator publishes, in the packaged service with IAM enforced: offered, brought, found out."""
from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from annotator.engine.reference.build.bundle_builder import Recipe, build
from infra.aws.references import References
from infra.local.browser import Browser
from infra.local.stack import LocalStack

pytestmark = pytest.mark.e2e

HEADER = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
MODELS = """##gff-version 3
1\tx\tgene\t1001\t1030\t.\t+\t.\tID=gene:G;Name=G;biotype=protein_coding
1\tx\tmRNA\t1001\t1030\t.\t+\t.\tID=transcript:T;Parent=gene:G;biotype=protein_coding
1\tx\texon\t1001\t1030\t.\t+\t.\tParent=transcript:T
1\tx\tCDS\t1001\t1030\t.\t+\t0\tParent=transcript:T
"""


def genome() -> str:
    bases = random.Random(5).choices("ACGT", k=3000)
    bases[1000:1030] = "ATG" + "TGG" * 8 + "TAA"
    return "".join(bases)


@pytest.fixture
def made_up(stack: LocalStack, tmp_path: Path) -> str:
    """The name of a reference that is published for this test alone."""
    (tmp_path / "fa").write_text(f">1\n{genome()}\n")
    (tmp_path / "models").write_text(MODELS)
    build(Recipe(name="MadeUp", title="A made-up genome", fasta=tmp_path / "fa", models=tmp_path / "models"),
          tmp_path / "bundle", lambda _: None)
    References(stack.place, lambda _: None).publish(tmp_path / "bundle")
    return "MadeUp"


def test_a_published_reference_is_found_out_and_used(stack: LocalStack, sign_in: Callable[..., Browser], made_up: str,
                                                     tmp_path: Path) -> None:
    bases = genome()
    records = "".join(f"chr1\t{at}\t.\t{bases[at - 1]}\t{'ACGT'[bases[at - 1] == 'A']}\t.\t.\t.\n"
                      for at in range(1000, 1040, 2))
    path = tmp_path / "made up.vcf"
    path.write_text(HEADER + records)
    browser = sign_in()
    try:
        job = browser.wait(browser.upload(path, reference="auto"))
        assert job["job_status"] == "COMPLETED", job
        assert (job["reference"], job["reference_title"]) == (made_up, "A made-up genome (MadeUp)")
        assert job["reference_found"] == "detected from REF: 20 of the first 20 records agree"
        assert "A made-up genome (MadeUp) (detected from REF" in browser.get(f"/annotations/{job['job_id']}").text
        wrong = browser.wait(browser.upload(path, reference="rCRS"))
        assert (wrong["job_status"], wrong["error"]["code"]) == ("FAILED", "no_known_contig")
        unknown = browser.wait(browser.upload(path, reference="hg99"))
        assert unknown["error"]["code"] == "reference_unknown"
        assert "rCRS" in unknown["error"]["hint"]
    finally:
        references = References(stack.place, lambda _: None)
        references.withdraw(made_up)
        references.clean()
