"""References from the bucket: published, brought to local disk once, verified, and used by jobs."""
from __future__ import annotations

import json
import os
import random
import re
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from annotator.engine import Reference
from annotator.engine.reference.build.bundle_builder import Recipe, build
from annotator.worker.choose_reference import choose_reference
from annotator.worker.loop import Worker
from annotator.worker.reference_store import ReferenceStore
from annotator.worker.settings import WorkerSettings
from chalicelib.aws.job_request_queue import JobRequestsQueue
from chalicelib.domain.jobs import Job, JobStatus
from chalicelib.domain.messages import JobRequest
from chalicelib.domain.references import AUTO, ReferenceInfo
from chalicelib.exceptions import JobFailure, LeaseLostError, ReferenceUnavailableError, WorkerOutOfDiskError
from chalicelib.services import Services
from chalicelib.usecases.references import find_reference
from infra.aws.references import References
from infra.aws.service_stack import Deployment
from infra.errors import OperatorError
from tests.conftest import HeldClock
from tests.integration.support.jobs_made import job_id, make_job

FILES = 7
"""Of a bundle without layers: manifest, sequence and models with their indexes, compiled models."""
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
GENE = "1\tx\t{kind}\t1001\t1030\t.\t+\t{phase}\t{text}\n"


def nothing(_: int) -> None:
    """No one asks the download to end."""


def genome(seed: int) -> str:
    chance = random.Random(seed)
    bases = [chance.choice("ACGT") for _ in range(5000)]
    bases[1000:1030] = "ATG" + "TGG" * 8 + "TAA"
    return "".join(bases)


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two builds of a small genome, and a second version of the second one."""
    directory = tmp_path_factory.mktemp("bundles")
    rows = [("gene", ".", "ID=gene:G;Name=G;biotype=protein_coding"),
            ("mRNA", ".", "ID=transcript:T;Parent=gene:G;biotype=protein_coding"),
            ("exon", ".", "Parent=transcript:T"), ("CDS", "0", "Parent=transcript:T")]
    (directory / "models").write_text("##gff-version 3\n" + "".join(
        GENE.format(kind=kind, phase=phase, text=text) for kind, phase, text in rows))
    for name, assembly, title in (("GRCh37", "GRCh37", ""), ("GRCh38", "GRCh38", ""), ("GRCh38", "GRCh38", "second")):
        fasta = directory / "fa"
        fasta.write_text(f">1\n{genome(int(name[-2:]))}\n")
        build(Recipe(name=name, fasta=fasta, models=directory / "models", assembly=assembly, title=title),
              directory / f"{name}{title}", lambda _: None)
    return {path.name: path for path in directory.iterdir() if path.is_dir()}


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def published(services: Services, said: list[str], bundles: dict[str, Path]) -> References:
    references = References(Deployment(session=boto3.Session(), stage="test"), said.append)
    references.publish(bundles["GRCh37"])
    references.publish(bundles["GRCh38"])
    return references


@pytest.fixture(autouse=True)
def _stack_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Deployment(session=boto3.Session(), stage="test").stack_name == "gas-test"


@pytest.fixture
def store(services: Services, tmp_path: Path) -> ReferenceStore:
    return ReferenceStore(services.references, tmp_path / "references")


def info(services: Services, name: str) -> ReferenceInfo:
    found = find_reference(services, name)
    assert found is not None
    return found


def later(services: Services) -> None:
    """Long enough for the catalogue to be read again."""
    clock: Any = services.clock
    assert isinstance(clock, HeldClock)
    clock.now += 60


class Counted:
    """A catalogue that counts what is downloaded."""

    def __init__(self, services: Services, gate: threading.Event | None = None) -> None:
        self._inner, self._gate = services.references, gate
        self.names: list[str] = []

    def download(self, reference: ReferenceInfo, name: str, path: Path, on_bytes: Callable[[int], None]) -> bool:
        self.names.append(name)
        if self._gate is not None:
            assert self._gate.wait(20)
        return self._inner.download(reference, name, path, on_bytes)


def counted(services: Services, tmp_path: Path, gate: threading.Event | None = None) -> tuple[ReferenceStore, Counted]:
    catalogue: Any = Counted(services, gate)
    return ReferenceStore(catalogue, tmp_path / "references"), catalogue


# ---- the operator's command ----------------------------------------------------------------------------------
def test_published_references_can_be_chosen(services: Services, published: References, said: list[str]) -> None:
    found = info(services, "GRCh38")
    assert (found.assembly, dict(found.contigs), found.label) == ("GRCh38", {"1": 5000}, "GRCh38")
    assert said[-1] == "GRCh38 can be chosen, within a minute"
    assert [one.name for one in published.catalogue()] == ["GRCh37", "GRCh38"]


def test_a_new_version_takes_the_place_of_the_old(services: Services, published: References, said: list[str],
                                                  bundles: dict[str, Path]) -> None:
    before = info(services, "GRCh38")
    published.publish(bundles["GRCh38second"])
    later(services)
    assert info(services, "GRCh38").label == "second (GRCh38)"
    assert said[-1].startswith(f"the older version stays at {before.prefix}/")
    keys = {one.key.rpartition("/")[0] for one in services.files.walk(published.bucket)}
    assert before.prefix in keys
    assert published.clean() == FILES
    keys = {one.key.rpartition("/")[0] for one in services.files.walk(published.bucket)}
    assert keys == {"", info(services, "GRCh38").prefix, info(services, "GRCh37").prefix}


def test_a_withdrawn_reference(services: Services, published: References) -> None:
    published.withdraw("GRCh37")
    later(services)
    assert find_reference(services, "GRCh37") is None
    with pytest.raises(OperatorError, match="no reference GRCh37"):
        published.withdraw("GRCh37")


def test_a_damaged_bundle_is_not_published(published: References, bundles: dict[str, Path], tmp_path: Path) -> None:
    copy = Path(shutil.copytree(bundles["GRCh37"], tmp_path / "copy"))
    (copy / "models.gff3.gz.tbi").write_bytes(b"other")
    with pytest.raises(OperatorError, match="is not sound"):
        published.publish(copy)
    with pytest.raises(OperatorError, match="There is no reference"):
        published.publish(tmp_path / "none")


# ---- on local disk -------------------------------------------------------------------------------------------
def test_a_reference_is_brought_once(services: Services, published: References, tmp_path: Path) -> None:
    store, catalogue = counted(services, tmp_path)
    for _ in range(2):
        with store.opened(info(services, "GRCh38"), nothing) as folder:
            assert Reference.load(folder).name == "GRCh38"
    assert len(catalogue.names) == len(set(catalogue.names)) == FILES
    assert catalogue.names[0] == "manifest.json"
    assert {name.partition(".")[0] for name in catalogue.names[1:]} == {"models", "sequence"}


def test_the_bundled_reference_needs_no_bucket(services: Services, tmp_path: Path) -> None:
    store, catalogue = counted(services, tmp_path)
    with store.opened(info(services, "rCRS"), nothing) as folder:
        assert Reference.load(folder).name == "rCRS"
    assert catalogue.names == []
    assert not (tmp_path / "references").exists()


def test_two_workers_bring_it_once(services: Services, published: References, tmp_path: Path) -> None:
    gate = threading.Event()
    one, first = counted(services, tmp_path, gate)
    two, second = counted(services, tmp_path)
    wanted = info(services, "GRCh37")
    waited = threading.Event()
    found: list[str] = []

    def use(store: ReferenceStore, check: Callable[[int], None]) -> None:
        with store.opened(wanted, check) as folder:
            found.append(folder.name)

    def waiting(_: int) -> None:
        waited.set()

    threads = [threading.Thread(target=use, args=(one, nothing))]
    threads[0].start()
    while not first.names:
        assert threads[0].is_alive()
    threads.append(threading.Thread(target=use, args=(two, waiting)))
    threads[1].start()
    assert waited.wait(20)
    gate.set()
    for thread in threads:
        thread.join(20)
    assert found == [f"GRCh37@{wanted.manifest_sha256[:16]}"] * 2
    assert (len(first.names), second.names) == (FILES, [])


def test_what_was_cut_off_goes_on(services: Services, published: References, tmp_path: Path) -> None:
    """The worker is stopped when all files but one are there."""
    late = "sequence.fa.gz"
    gate = threading.Event()
    wanted = info(services, "GRCh38")
    part = tmp_path / "references" / f".GRCh38@{wanted.manifest_sha256[:16]}.part"

    class LateFile(Counted):
        def download(self, reference: ReferenceInfo, name: str, path: Path, on_bytes: Callable[[int], None]) -> bool:
            if name == late:
                assert gate.wait(20)
            return super().download(reference, name, path, on_bytes)

    def stop(_: int) -> None:
        if len([path for path in part.iterdir() if path.suffix in (".json", ".gz", ".arrow", ".tbi", ".fai", ".gzi")]
               ) == FILES - 1:
            threading.Timer(0.2, gate.set).start()
            raise LeaseLostError()

    first: Any = LateFile(services)
    with pytest.raises(LeaseLostError), ReferenceStore(first, tmp_path / "references").opened(wanted, stop):
        pytest.fail("it is not there")
    assert not [path for path in (tmp_path / "references").glob("GRCh38@*") if path.is_dir()]
    again, second = counted(services, tmp_path)
    with again.opened(wanted, nothing) as folder:
        assert Reference.load(folder).name == "GRCh38"
    assert second.names == [late]


@pytest.mark.parametrize("name", ["manifest.json", "sequence.fa.gz"])
def test_a_damaged_file_is_not_used(services: Services, published: References, store: ReferenceStore,
                                    name: str) -> None:
    wanted = info(services, "GRCh38")
    boto3.client("s3").put_object(Bucket=published.bucket, Key=f"{wanted.prefix}/{name}", Body=b"other")
    with pytest.raises(ReferenceUnavailableError, match="SHA-256"), store.opened(wanted, nothing):
        pytest.fail("it is damaged")


def test_a_file_that_is_missing(services: Services, published: References, store: ReferenceStore) -> None:
    wanted = info(services, "GRCh38")
    services.files.delete(published.bucket, f"{wanted.prefix}/models.gff3.gz")
    with pytest.raises(ReferenceUnavailableError, match=r"lacks models\.gff3\.gz"), store.opened(wanted, nothing):
        pytest.fail("it is incomplete")


def test_too_little_disk(services: Services, published: References, store: ReferenceStore) -> None:
    wanted = replace(info(services, "GRCh38"), size=10**18)
    with pytest.raises(WorkerOutOfDiskError), store.opened(wanted, nothing):
        pytest.fail("there is no room")


def test_references_that_nobody_uses_make_room_those_used_longest_ago_first(
        services: Services, published: References, store: ReferenceStore, tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tmp_path / "references"
    for name in ("GRCh38", "GRCh37"):
        with store.opened(info(services, name), nothing):
            pass
    locks = {path.name.partition("@")[0]: path for path in directory.glob("*.lock")}
    os.utime(locks["GRCh37"], (1, 1))

    def there() -> set[str]:
        return {path.name.partition("@")[0] for path in directory.glob("[!.]*@*") if path.is_dir()}

    usage = type("usage", (), {"free": 1000})
    monkeypatch.setattr("annotator.worker.reference_store.shutil.disk_usage",
                        lambda _: type("usage", (), {"free": 1000 if len(there()) > 1 else 2000}))
    store.make_room(1000, tmp_path)
    assert there() == {"GRCh37", "GRCh38"}
    store.make_room(1500, tmp_path)
    assert there() == {"GRCh38"}
    monkeypatch.setattr("annotator.worker.reference_store.shutil.disk_usage", lambda _: usage)
    with store.opened(info(services, "GRCh38"), nothing):
        store.make_room(1500, tmp_path)
        assert there() == {"GRCh38"}, "it is in use"
    store.make_room(1500, tmp_path)
    assert there() == set()


def test_an_older_version_stays_while_it_is_used(services: Services, published: References, store: ReferenceStore,
                                                 bundles: dict[str, Path], tmp_path: Path) -> None:
    def there() -> int:
        return sum(path.is_dir() for path in (tmp_path / "references").glob("GRCh38@*"))

    old = info(services, "GRCh38")
    with store.opened(old, nothing) as used:
        published.publish(bundles["GRCh38second"])
        later(services)
        new = info(services, "GRCh38")
        with store.opened(new, nothing):
            assert used.is_dir()
    with store.opened(new, nothing) as now:
        assert Reference.load(now).title == "second"
        assert there() == 1


# ---- which one a job takes -----------------------------------------------------------------------------------
def vcf(path: Path, bases: str, count: int, header: str = "", contig: str = "1") -> Path:
    places = range(100, 100 + 10 * count, 10)
    records = "".join(f"{contig}\t{at}\t.\t{bases[at - 1]}\t{'ACGT'[bases[at - 1] == 'A']}\t.\t.\t.\n" for at in places)
    path.write_text(f"##fileformat=VCFv4.2\n{header}{COLUMNS}\n{records}")
    return path


@pytest.fixture
def choose(services: Services, published: References, store: ReferenceStore) -> Callable[..., Any]:
    return lambda wish, path: choose_reference(wish, path, store, services.clock(), nothing)


def test_the_build_is_found_by_ref(choose: Callable[..., Any], tmp_path: Path) -> None:
    choice = choose(AUTO, vcf(tmp_path / "in.vcf", genome(38), 40, contig="chr1"))
    assert (choice.info.name, choice.found) == ("GRCh38", "detected from REF: 40 of the first 40 records agree")


def test_lengths_in_the_header_tell(choose: Callable[..., Any], tmp_path: Path) -> None:
    header = "##contig=<ID=1,length=249250621>\n"
    choice = choose(AUTO, vcf(tmp_path / "in.vcf", genome(37), 3, header))
    assert (choice.info.name, choice.found) == ("GRCh37", "detected from 1 contig length")


def test_the_mitochondrion_alone_is_the_bundled_one(choose: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "in.vcf").write_text(f"{COLUMNS}\nchrM\t73\t.\tA\tG\t.\t.\t.\n")
    choice = choose(AUTO, tmp_path / "in.vcf")
    assert choice.info.name == "rCRS"
    assert choice.found == "detected from REF: 1 of the first 1 records agree"


@pytest.mark.parametrize("contig", ["MN908947.3", "NC_045512.2"])
def test_sars_cov_2_by_either_name(choose: Callable[..., Any], tmp_path: Path, contig: str) -> None:
    (tmp_path / "in.vcf").write_text(f"{COLUMNS}\n{contig}\t23403\t.\tA\tG\t.\t.\t.\n")
    choice = choose(AUTO, tmp_path / "in.vcf")
    assert (choice.info.name, choice.found) == ("SARS-CoV-2", f"all records are on {contig}")


def test_a_file_without_records_is_left_to_the_engine(choose: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "in.vcf").write_text("no VCF\n")
    assert choose(AUTO, tmp_path / "in.vcf").info.name == "rCRS"


@pytest.mark.parametrize(("header", "seed", "count", "code", "hint"), [
    ("##contig=<ID=1,length=247249719>\n", 36, 30, "no_reference_for_build", "Lift the file over to GRCh37 or GRCh38."),
    ("", 36, 30, "no_reference_fits", "The available references are: rCRS, SARS-CoV-2, GRCh37, GRCh38.")])
def test_no_reference_fits(choose: Callable[..., Any], tmp_path: Path, header: str, seed: int, count: int, code: str,
                           hint: str) -> None:
    with pytest.raises(JobFailure) as caught:
        choose(AUTO, vcf(tmp_path / "in.vcf", genome(seed), count, header))
    assert (caught.value.code, caught.value.hint) == (code, hint)


def test_nobody_is_told_to_lift_a_genome_over_to_the_mitochondrion(services: Services, store: ReferenceStore,
                                                                   tmp_path: Path) -> None:
    file = vcf(tmp_path / "in.vcf", genome(36), 30, "##contig=<ID=1,length=247249719>\n")
    with pytest.raises(JobFailure) as caught:
        choose_reference(AUTO, file, store, services.clock(), nothing)
    assert "appears to use NCBI36" in caught.value.message
    assert caught.value.hint == "The available references are: rCRS, SARS-CoV-2."


@pytest.mark.parametrize("wish", ["rCRS", AUTO])
def test_a_mitochondrion_with_other_bases_does_not_seem_to_be_what_it_is_not(choose: Callable[..., Any], wish: str,
                                                                             tmp_path: Path) -> None:
    with pytest.raises(JobFailure) as caught:
        choose(wish, vcf(tmp_path / "in.vcf", "T" * 5000, 200, contig="MT"))
    assert re.search(r"REF agrees with \w+ in \d+ of the first 200 records\.$", caught.value.message)
    assert caught.value.hint.startswith("Check that REF has the bases of the reference")
    assert caught.value.reason.references == ()


def test_a_file_that_fits_two_builds(choose: Callable[..., Any], tmp_path: Path) -> None:
    both = [at for at in range(1, 4000) if genome(37)[at - 1] == genome(38)[at - 1]][:2]
    records = "".join(f"1\t{at}\t.\t{genome(37)[at - 1]}\tN\t.\t.\t.\n" for at in both)
    (tmp_path / "in.vcf").write_text(f"{COLUMNS}\n{records}")
    with pytest.raises(JobFailure) as caught:
        choose(AUTO, tmp_path / "in.vcf")
    assert caught.value.code == "reference_undecided"
    assert "GRCh37, GRCh38" in caught.value.message
    assert caught.value.reason.references == ("GRCh37", "GRCh38")


def test_a_wrong_choice_is_refused_with_the_right_one(choose: Callable[..., Any], tmp_path: Path) -> None:
    header = "##contig=<ID=1,length=249250621>\n"
    with pytest.raises(JobFailure) as caught:
        choose("GRCh38", vcf(tmp_path / "in.vcf", genome(37), 40, header))
    assert caught.value.code == "wrong_build"
    assert "The file was not called on GRCh38: REF agrees with it in" in caught.value.message
    assert "appears to use GRCh37 (detected from 1 contig length)" in caught.value.message
    assert caught.value.hint == "Annotate it with GRCh37."
    assert caught.value.reason.references == ("GRCh37",)


def test_a_right_choice_stands_whatever_the_header_says(choose: Callable[..., Any], tmp_path: Path) -> None:
    header = "##reference=hg19.fa\n##contig=<ID=1,length=249250621>\n"
    choice = choose("GRCh38", vcf(tmp_path / "in.vcf", genome(38), 40, header))
    assert (choice.info.name, choice.found) == ("GRCh38", None)


def test_a_choice_that_is_gone(choose: Callable[..., Any], published: References, services: Services,
                               tmp_path: Path) -> None:
    published.withdraw("GRCh37")
    later(services)
    with pytest.raises(JobFailure) as caught:
        choose("GRCh37", vcf(tmp_path / "in.vcf", genome(37), 5))
    assert caught.value.code == "reference_unknown"


# ---- a whole job ---------------------------------------------------------------------------------------------
def work(services: Services, tmp_path: Path, content: bytes, reference: str) -> Job:
    job = make_job(services, content=content, reference=reference)
    services.topics.request_job(JobRequest(job_id=job.job_id, user_id=job.user_id))
    settings = WorkerSettings(work_dir=tmp_path / "work", references_dir=tmp_path / "references", time_limit=60)
    worker = Worker(services, JobRequestsQueue(services.settings.job_requests_queue_url), settings, "w1")
    try:
        assert worker.work_once(0)
    finally:
        worker.workspace.close()
    done = services.jobs.get(job_id())
    assert done is not None
    return done


def test_a_job_finds_its_reference(services: Services, published: References, tmp_path: Path) -> None:
    done = work(services, tmp_path, vcf(tmp_path / "in.vcf", genome(38), 40).read_bytes(), AUTO)
    assert (done.job_status, done.reference, done.reference_title) == (JobStatus.COMPLETED, "GRCh38", "GRCh38")
    assert done.reference_found == "detected from REF: 40 of the first 40 records agree"
    summary = boto3.client("s3").get_object(Bucket=services.files.results_bucket, Key=done.file("summary").key)
    assert json.loads(summary["Body"].read())["reference"]["name"] == "GRCh38"


def test_a_job_on_the_wrong_reference_fails(services: Services, published: References, tmp_path: Path) -> None:
    done = work(services, tmp_path, vcf(tmp_path / "in.vcf", genome(37), 40).read_bytes(), "GRCh38")
    assert done.error is not None
    assert (done.job_status, done.error.code, done.error.references) == (JobStatus.FAILED, "wrong_build", ("GRCh37",))


def test_a_job_whose_contigs_the_reference_lacks_names_one_that_has_them(services: Services, published: References,
                                                                         tmp_path: Path) -> None:
    done = work(services, tmp_path, vcf(tmp_path / "in.vcf", genome(37), 40).read_bytes(), "rCRS")
    assert done.error is not None
    assert (done.error.code, done.error.references) == ("no_known_contig", ("GRCh37", "GRCh38"))


def test_a_damaged_reference_leaves_the_job_waiting(services: Services, published: References, tmp_path: Path) -> None:
    wanted = info(services, "GRCh38")
    boto3.client("s3").put_object(Bucket=published.bucket, Key=f"{wanted.prefix}/sequence.fa.gz", Body=b"other")
    done = work(services, tmp_path, vcf(tmp_path / "in.vcf", genome(38), 40).read_bytes(), "GRCh38")
    assert (done.job_status, done.run.attempt) == (JobStatus.PENDING, 0)
