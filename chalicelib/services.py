"""The parts a use case works with, put together once a function starts."""
from __future__ import annotations

from dataclasses import dataclass

from chalicelib.aws.archive.base import ArchiveStore
from chalicelib.aws.archive.composite import EitherArchive
from chalicelib.aws.archive.glacier import VaultArchive
from chalicelib.aws.archive.s3 import S3Archive
from chalicelib.aws.dynamodb.archive_moves import ArchiveTable
from chalicelib.aws.dynamodb.job_search import JobSearch
from chalicelib.aws.dynamodb.jobs import JobTable
from chalicelib.aws.dynamodb.last_starts import TurnRecord
from chalicelib.aws.dynamodb.orphan_sightings import UnnamedFiles
from chalicelib.aws.dynamodb.profiles import ProfileTable
from chalicelib.aws.dynamodb.sessions import SessionTable
from chalicelib.aws.dynamodb.storage_usage import UsageRecord
from chalicelib.aws.dynamodb.sweep_position import WalkRecord
from chalicelib.aws.dynamodb.throughput import PaceRecord
from chalicelib.aws.job_request_queue import JobRequestsQueue
from chalicelib.aws.s3.files import FileStore
from chalicelib.aws.s3.references import ReferenceCatalogue
from chalicelib.aws.secrets import Secrets
from chalicelib.aws.ses import Mailer
from chalicelib.aws.sns import Topics
from chalicelib.aws.sqs import OutgoingQueue
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
    archive_table: ArchiveTable
    archive_store: ArchiveStore
    archive_queue: OutgoingQueue
    restore_queue: OutgoingQueue
    thaw_queue: OutgoingQueue
    notify_queue: OutgoingQueue
    erase_queue: OutgoingQueue
    uploads_queue: OutgoingQueue
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
    def last_starts(self) -> TurnRecord:
        """When each user's last job was started."""
        return TurnRecord(self.jobs, self.new_id)

    @property
    def throughput(self) -> PaceRecord:
        """How fast annotations ran lately."""
        return PaceRecord(self.jobs, self.new_id)

    @property
    def storage_usage(self) -> UsageRecord:
        """How many bytes each user has stored."""
        return UsageRecord(self.jobs, self.new_id)

    @property
    def orphan_sightings(self) -> UnnamedFiles:
        """Files that no record names, with the time at which the sweep first saw them."""
        return UnnamedFiles(self.jobs, self.new_id)

    @property
    def sweep_position(self) -> WalkRecord:
        """How far the sweep of files has come."""
        return WalkRecord(self.jobs, self.new_id)

    @property
    def plans(self) -> Plans:
        """The terms of both roles."""
        return self.settings.plans

    @classmethod
    def from_environment(cls, part: str | None = None) -> Services:
        """The real thing. Clients connect when first used, so what a function does not use costs it nothing.

        :param part: which part of GAS this is, a key of `settings.NEEDED`; None for one without needs
        :raises MissingSettingsError: the environment lacks what this part needs
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
            archive_table=ArchiveTable(jobs),
            archive_store=_archive_store(settings),
            archive_queue=OutgoingQueue(settings.archive_queue_url),
            restore_queue=OutgoingQueue(settings.restore_queue_url),
            thaw_queue=OutgoingQueue(settings.thaw_queue_url),
            notify_queue=OutgoingQueue(settings.notify_queue_url),
            erase_queue=OutgoingQueue(settings.erase_queue_url),
            uploads_queue=OutgoingQueue(settings.uploads_queue_url),
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
    vault = VaultArchive(settings.results_bucket, settings.archive_vault, settings.job_thaw_topic)
    return EitherArchive(s3, vault, settings.archive_store == "vault")
