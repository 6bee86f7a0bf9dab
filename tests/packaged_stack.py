"""The packaged service in the local stack, IAM enforced: started once for all end-to-end and browser tests."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.aws.artifact import Artifact
from infra.local.browser import Browser
from infra.local.people import DEMO_PERSON, Person
from infra.local.settings import LocalSettings, any_free_port
from infra.local.stack import LocalStack
from infra.template.package import default_builder

REGION = "eu-central-1"
"""Not us-east-1, whose addresses, buckets and links are those of no other region."""
HOMES: list[Path] = []
"""Directories of the stacks of this session."""


@contextmanager
def packaged_stack(home: Path, artifact: Artifact, workers: int = 1, **parameters: str) -> Iterator[LocalStack]:
    """A stack of its own, for tests that need other parameters than everybody's.

    Args:
        home: An empty directory.
        parameters: Of `infra/resources.yaml`.
    """
    settings = LocalSettings(home=home, port=any_free_port(), identity_port=any_free_port(), workers=workers,
                             package=artifact.directory, parameters=tuple(parameters.items()), region=REGION)
    HOMES.append(home)
    with LocalStack(settings) as stack:
        yield stack


@pytest.fixture(scope="session")
def artifact() -> Artifact:
    """What `chalice package` makes of this checkout; it is made anew only when something changed."""
    return default_builder(lambda _: None).build()


@pytest.fixture(scope="session")
def stack(artifact: Artifact, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """The whole service with one annotator. Tests leave it as they find it: each uses jobs of its own."""
    with packaged_stack(tmp_path_factory.mktemp("stack"), artifact) as running:
        yield running


@pytest.fixture
def sign_in(stack: LocalStack) -> Callable[..., Browser]:
    """Gives a signed-in person's browser: `sign_in(PEOPLE[1])`."""
    def signed_in(person: Person = DEMO_PERSON) -> Browser:
        browser = Browser(stack.settings.site)
        page = browser.sign_in(person)
        assert page.status_code == 200, page.text
        return browser
    return signed_in


@pytest.fixture
def a_vcf(tmp_path: Path) -> Path:
    """Three real mitochondrial variants, without samples and `##contig` lines."""
    path = tmp_path / "three variants.vcf"
    path.write_text("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
                    "MT\t3243\t.\tA\tG\t.\tPASS\t.\nMT\t8993\t.\tT\tG\t.\tPASS\t.\n"
                    "MT\t11778\t.\tG\tA\t.\tPASS\t.\n", encoding="ascii")
    return path
