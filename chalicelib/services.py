"""The parts a use case works with, put together once a function starts."""
from __future__ import annotations

from dataclasses import dataclass

from chalicelib.aws.archive.base import ArchiveStore
from chalicelib.aws.archive.composite import CompositeArchive
from chalicelib.aws.archive.glacier import GlacierArchive
from chalicelib.aws.archive.s3 import S3Archive
from chalicelib.aws.dynamodb.archive_moves import ArchiveMoves
from chalicelib.aws.dynamodb.job_search import JobSearch
from chalicelib.aws.dynamodb.jobs import JobTable
from chalicelib.aws.dynamodb.last_starts import LastStarts
from chalicelib.aws.dynamodb.orphan_sightings import OrphanSightings
from chalicelib.aws.dynamodb.profiles import ProfileTable
from chalicelib.aws.dynamodb.sessions import SessionTable
from chalicelib.aws.dynamodb.storage_usage import StorageUsage
from chalicelib.aws.dynamodb.sweep_position import SweepPositionRecord
from chalicelib.aws.dynamodb.throughput import ThroughputRecord
from chalicelib.aws.job_request_queue import JobRequestsQueue
from chalicelib.aws.s3.files import FileStore
from chalicelib.aws.s3.references import ReferenceCatalogue
from chalicelib.aws.secrets import Secrets
from chalicelib.aws.ses import Mailer
from chalicelib.aws.sns import Topics
from chalicelib.aws.sqs import WorkQueue
from chalicelib.billing.no_billing import NoBilling
from chalicelib.billing.service import Billing
from chalicelib.billing.stripe_billing import StripeBilling
from chalicelib.clock import Clock, NewId, NewToken, random_id, random_token, system_clock
from chalicelib.domain.plans import Plans
from chalicelib.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Services:
    """Everything outside the domain: AWS, time, ids and randomness. Use cases take it as their first argument."""

    settings: Settings
    jobs: JobTable
    profiles: ProfileTable
    sessions: SessionTable
    files: FileStore
    references: ReferenceCatalogue
    topics: Topics
    secrets: Secrets
    archive_table: ArchiveMoves
    archive_store: ArchiveStore
    archive_queue: WorkQueue
    restore_queue: WorkQueue
    thaw_queue: WorkQueue
    notify_queue: WorkQueue
    erase_queue: WorkQueue
    uploads_queue: WorkQueue
    job_requests_queue: JobRequestsQueue
    mailer: Mailer
    billing: Billing
    clock: Clock = system_clock
    new_id: NewId = random_id
    new_token: NewToken = random_token

    @property
    def job_search(self) -> JobSearch:
        """Searches the jobs of a user through lean indexes."""
        return JobSearch(self.jobs)

    @property
    def last_starts(self) -> LastStarts:
        """When each user's last job was started."""
        return LastStarts(self.jobs, self.new_id)

    @property
    def throughput(self) -> ThroughputRecord:
        """How fast annotations ran lately."""
        return ThroughputRecord(self.jobs, self.new_id)

    @property
    def storage_usage(self) -> StorageUsage:
        """How many bytes each user has stored."""
        return StorageUsage(self.jobs, self.new_id)

    @property
    def orphan_sightings(self) -> OrphanSightings:
        """Files that no record names, with the time at which the sweep first saw them."""
        return OrphanSightings(self.jobs, self.new_id)

    @property
    def sweep_position(self) -> SweepPositionRecord:
        """How far the sweep of files has come."""
        return SweepPositionRecord(self.jobs, self.new_id)

    @property
    def plans(self) -> Plans:
        """The terms of both roles."""
        return self.settings.plans

    @classmethod
    def from_environment(cls, part: str | None = None) -> Services:
        """The real thing. Clients connect when first used, so what a function does not use costs it nothing.

        Args:
            part: Which part of GAS this is, a key of `settings.NEEDED`; None for one without needs.

        Raises:
            MissingSettingsError: The environment lacks what this part needs.
        """
        settings = Settings.from_environment(part=part)
        jobs = JobTable(settings.annotations_table)
        files = FileStore(inputs_bucket=settings.inputs_bucket, results_bucket=settings.results_bucket,
                          archive_bucket=settings.archive_bucket)
        secrets = Secrets(settings.globus_secret_name, settings.stripe_secret_name)
        return cls(
            settings=settings,
            jobs=jobs,
            profiles=ProfileTable(settings.profiles_table),
            sessions=SessionTable(settings.sessions_table),
            files=files,
            references=ReferenceCatalogue(files, settings.references_bucket),
            topics=Topics(requests_arn=settings.job_requests_topic, results_arn=settings.job_results_topic),
            secrets=secrets,
            archive_table=ArchiveMoves(jobs),
            archive_store=_archive_store(settings),
            archive_queue=WorkQueue(settings.archive_queue_url),
            restore_queue=WorkQueue(settings.restore_queue_url),
            thaw_queue=WorkQueue(settings.thaw_queue_url),
            notify_queue=WorkQueue(settings.notify_queue_url),
            erase_queue=WorkQueue(settings.erase_queue_url),
            uploads_queue=WorkQueue(settings.uploads_queue_url),
            job_requests_queue=JobRequestsQueue(settings.job_requests_queue_url),
            mailer=Mailer(settings.mail_sender),
            billing=_billing(settings, secrets),
        )


def _billing(settings: Settings, secrets: Secrets) -> Billing:
    if settings.billing_provider == "stripe":
        return StripeBilling(secrets.stripe_keys, settings.stripe_price, system_clock, settings.stripe_api)
    return NoBilling()


def _archive_store(settings: Settings) -> ArchiveStore:
    s3 = S3Archive(settings.results_bucket, settings.archive_bucket)
    if not settings.archive_vault:
        return s3
    vault = GlacierArchive(settings.results_bucket, settings.archive_vault, settings.job_thaw_topic)
    return CompositeArchive(s3, vault, settings.archive_store == "vault")
