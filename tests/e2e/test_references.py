"""References that the operator publishes, in the packaged service with IAM enforced: offered, brought, found out."""
from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from annotator.engine.reference.build.bundle_builder import Recipe, build
from infra.aws.references import References
from infra.local.browser import Browser
from infra.local.settings import PROJECT
from infra.local.stack import LocalStack
from tests.unit.engine.file_server import serving

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


def make_reference(stack: LocalStack, *arguments: str) -> str:
    """What `make reference` says, in an environment that knows nothing of AWS."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    state = f"ARGS=--state {stack.settings.home}"
    done = subprocess.run(
        ["make", "--old-file=.venv/run.stamp", "reference", f"PY={sys.executable}", state, *arguments], cwd=PROJECT,
        env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=300, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout


def choices(browser: Browser) -> str:
    """The upload form's page."""
    return browser.get("/annotate").text


def test_one_command_brings_a_genome_into_the_upload_form(stack: LocalStack, sign_in: Callable[..., Browser],
                                                          tmp_path: Path) -> None:
    files = {"genome.fa": f">1\n{genome()}\n".encode(), "models.gff3": MODELS.encode()}
    with serving(files) as server:
        preset = tmp_path / "Fetched.toml"
        preset.write_text("name = 'Fetched'\ntitle = 'A fetched genome'\nassembly = 'f'\nbuilt = 100_000\n" + "".join(
            f"[[files]]\npart = '{part}'\nname = '{part}'\nurl = '{server.url(name)}'\nversion = '1'\nlicence = 'CC0'\n"
            for part, name in (("fasta", "genome.fa"), ("gff", "models.gff3"))))
        named = f"NAME={preset}", f"ARGS=--state {stack.settings.home} --references {tmp_path / 'references'}"
        browser = sign_in()
        assert "A fetched genome" not in choices(browser)
        try:
            said = make_reference(stack, *named)
            assert "of disk are free" in said
            assert "A fetched genome (Fetched) can be chosen, within a minute" in said
            requests = len(server.requests)
            again = make_reference(stack, *named)
            assert "is built already" in again
            assert "uploaded" not in again
            assert len(server.requests) == requests, "nothing is fetched twice"
            References(stack.place, lambda _: None).withdraw("Fetched")
            assert "can be chosen" in make_reference(stack, f"DIR={tmp_path / 'references' / 'Fetched'}")
            deadline = time.monotonic() + 90  # the site reads the catalogue once a minute
            while "A fetched genome" not in (page := choices(browser)) and time.monotonic() < deadline:
                time.sleep(2)
            assert 'value="Fetched"' in page
        finally:
            references = References(stack.place, lambda _: None)
            if any(one.name == "Fetched" for one in references.catalogue()):
                references.withdraw("Fetched")
            references.clean()
