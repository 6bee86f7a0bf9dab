"""The parts a use case works with, put together once a function starts."""
from __future__ import annotations

from dataclasses import dataclass

from chalicelib.aws.files import FileStore
from chalicelib.aws.job_table import JobTable
from chalicelib.aws.profile_table import ProfileTable
from chalicelib.aws.secrets import Secrets
from chalicelib.aws.session_table import SessionTable
from chalicelib.aws.topics import Topics
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
    topics: Topics
    secrets: Secrets
    clock: Clock = system_clock
    new_id: NewId = random_id
    new_token: NewToken = random_token

    @property
    def plans(self) -> Plans:
        """The terms of both roles."""
        return self.settings.plans

    @classmethod
    def from_environment(cls) -> Services:
        """The real thing. Clients connect when first used, so what a function does not use costs it nothing."""
        settings = Settings.from_environment()
        return cls(
            settings=settings,
            jobs=JobTable(settings.annotations_table),
            profiles=ProfileTable(settings.profiles_table),
            sessions=SessionTable(settings.sessions_table),
            files=FileStore(inputs_bucket=settings.inputs_bucket, results_bucket=settings.results_bucket),
            topics=Topics(requests_arn=settings.job_requests_topic, results_arn=settings.job_results_topic),
            secrets=Secrets(settings.globus_secret_name),
        )
