"""What the operator set, as each function or worker finds it in its environment."""
from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.domain.plans import Plans
from chalicelib.exceptions import MissingSettingsError

_JOBS = ("ANNOTATIONS_TABLE", "PROFILES_TABLE")
_TOPICS = ("JOB_REQUESTS_TOPIC", "JOB_RESULTS_TOPIC")
_MOVES = (*_JOBS, "RESULTS_BUCKET", "ARCHIVE_BUCKET")
NEEDED: dict[str, tuple[str, ...]] = {
    "api": (*_MOVES, "SESSIONS_TABLE", "INPUTS_BUCKET", "REFERENCES_BUCKET", "RESTORE_QUEUE_URL", "ARCHIVE_QUEUE_URL",
            "ERASE_QUEUE_URL", "NOTIFY_QUEUE_URL", "UPLOADS_QUEUE_URL", "JOB_RESULTS_TOPIC", "GLOBUS_SECRET_NAME"),
    "submit": (*_JOBS, "INPUTS_BUCKET", "RESULTS_BUCKET", "REFERENCES_BUCKET", *_TOPICS),
    "notify": (*_JOBS, "SITE_URL", "MAIL_SENDER"),
    "archive": (*_MOVES, "INPUTS_BUCKET", "ARCHIVE_QUEUE_URL", "RESTORE_QUEUE_URL", "NOTIFY_QUEUE_URL"),
    "restore": (*_MOVES, "JOB_THAW_TOPIC", "RESTORE_QUEUE_URL", "THAW_QUEUE_URL"),
    "thaw": (*_MOVES, "JOB_THAW_TOPIC", "ARCHIVE_QUEUE_URL", "RESTORE_QUEUE_URL", "NOTIFY_QUEUE_URL"),
    "erase": (*_MOVES, "SESSIONS_TABLE", "INPUTS_BUCKET", "ERASE_QUEUE_URL"),
    "sweep": (*_MOVES, "INPUTS_BUCKET", "UPLOADS_QUEUE_URL", "ARCHIVE_QUEUE_URL", "RESTORE_QUEUE_URL",
              "JOB_REQUESTS_QUEUE_URL", *_TOPICS),
    "annotator": (*_JOBS, "INPUTS_BUCKET", "RESULTS_BUCKET", "JOB_REQUESTS_QUEUE_URL", "JOB_RESULTS_TOPIC"),
}
"""The environment variables without which a part of GAS cannot work; the templates set them."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One function's settings. A name that a function is not given is "", and it has no right to use the thing.

    Attributes:
        site_url: Where browsers find the site, without a slash at the end; "" for API Gateway's own address.
        plans: Limits and retention of both roles.
        archive_store: Where new results go cold, "s3" for Glacier Flexible Retrieval, "vault" for a Glacier vault.
        archive_vault: The vault's name, also where only older results are in it, "" for none.
        downgrade_grace: Seconds that results stay after premium ended.
        billing_provider: "none" for Premium that costs nothing, "stripe".
        stripe_price: Id of the recurring price that Premium costs.
        stripe_api: Address of what stands in for Stripe in tests; no template sets it.
        references_bucket: Bucket of references beside those that come with GAS.
        default_reference: Name of the reference that uploads are annotated with whose users choose none; "auto" has the
            annotator find out.
    """

    stage: str
    site_url: str
    annotations_table: str
    profiles_table: str
    sessions_table: str
    inputs_bucket: str
    results_bucket: str
    references_bucket: str
    job_requests_topic: str
    job_results_topic: str
    job_requests_queue_url: str
    archive_bucket: str
    archive_store: str
    archive_vault: str
    job_thaw_topic: str
    archive_queue_url: str
    restore_queue_url: str
    thaw_queue_url: str
    notify_queue_url: str
    erase_queue_url: str
    uploads_queue_url: str
    mail_sender: str
    downgrade_grace: int
    billing_provider: str
    stripe_secret_name: str
    stripe_price: str
    stripe_api: str
    globus_secret_name: str
    default_reference: str
    plans: Plans

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ, part: str | None = None) -> Settings:
        """Settings from environment variables, whose names `infra/functions.yaml` shares.

        Args:
            part: Whose settings they are, a key of `NEEDED`; None for no part's.

        Raises:
            MissingSettingsError: The part cannot work with these.
            ValueError: For a limit that is not a whole number.
        """
        missing = [name for name in NEEDED.get(part or "", ()) if not environment.get(name)]
        if missing:
            raise MissingSettingsError(f"These environment variables are missing: {', '.join(missing)}.")
        return cls(
            stage=environment.get("STAGE", "prod"),
            site_url=environment.get("SITE_URL", "").rstrip("/"),
            annotations_table=environment.get("ANNOTATIONS_TABLE", ""),
            profiles_table=environment.get("PROFILES_TABLE", ""),
            sessions_table=environment.get("SESSIONS_TABLE", ""),
            inputs_bucket=environment.get("INPUTS_BUCKET", ""),
            results_bucket=environment.get("RESULTS_BUCKET", ""),
            references_bucket=environment.get("REFERENCES_BUCKET", ""),
            job_requests_topic=environment.get("JOB_REQUESTS_TOPIC", ""),
            job_results_topic=environment.get("JOB_RESULTS_TOPIC", ""),
            job_requests_queue_url=environment.get("JOB_REQUESTS_QUEUE_URL", ""),
            archive_bucket=environment.get("ARCHIVE_BUCKET", ""),
            archive_store=environment.get("ARCHIVE_STORE", "s3"),
            archive_vault=environment.get("ARCHIVE_VAULT", ""),
            job_thaw_topic=environment.get("JOB_THAW_TOPIC", ""),
            archive_queue_url=environment.get("ARCHIVE_QUEUE_URL", ""),
            restore_queue_url=environment.get("RESTORE_QUEUE_URL", ""),
            thaw_queue_url=environment.get("THAW_QUEUE_URL", ""),
            notify_queue_url=environment.get("NOTIFY_QUEUE_URL", ""),
            erase_queue_url=environment.get("ERASE_QUEUE_URL", ""),
            uploads_queue_url=environment.get("UPLOADS_QUEUE_URL", ""),
            mail_sender=environment.get("MAIL_SENDER", "gas@example.org"),
            downgrade_grace=int(environment.get("DOWNGRADE_GRACE_SECONDS", "604800")),
            billing_provider=environment.get("BILLING_PROVIDER", "none"),
            stripe_secret_name=environment.get("STRIPE_SECRET_NAME", ""),
            stripe_price=environment.get("STRIPE_PRICE", ""),
            stripe_api=environment.get("STRIPE_API", ""),
            globus_secret_name=environment.get("GLOBUS_SECRET_NAME", ""),
            default_reference=environment.get("DEFAULT_REFERENCE", "auto"),
            plans=Plans(
                free_upload_limit=int(environment.get("FREE_UPLOAD_LIMIT", "153600")),
                premium_upload_limit=int(environment.get("PREMIUM_UPLOAD_LIMIT", "5368709120")),
                free_retention=int(environment.get("FREE_RETENTION_SECONDS", "300")),
                free_uncompressed_limit=int(
                    environment.get("FREE_UNCOMPRESSED_LIMIT", Plans.free_uncompressed_limit)),
                premium_uncompressed_limit=int(
                    environment.get("PREMIUM_UNCOMPRESSED_LIMIT", Plans.premium_uncompressed_limit)),
                free_record_limit=int(environment.get("FREE_RECORD_LIMIT", Plans.free_record_limit)),
                premium_record_limit=int(environment.get("PREMIUM_RECORD_LIMIT", Plans.premium_record_limit)),
                free_processor_limit=int(environment.get("FREE_PROCESSOR_SECONDS", Plans.free_processor_limit)),
                premium_processor_limit=int(
                    environment.get("PREMIUM_PROCESSOR_SECONDS", Plans.premium_processor_limit)),
                free_storage_limit=int(environment.get("FREE_STORAGE_LIMIT", Plans.free_storage_limit)),
                premium_storage_limit=int(environment.get("PREMIUM_STORAGE_LIMIT", Plans.premium_storage_limit)),
                free_open_limit=int(environment.get("FREE_OPEN_LIMIT", Plans.free_open_limit)),
                premium_open_limit=int(environment.get("PREMIUM_OPEN_LIMIT", Plans.premium_open_limit)),
            ),
        )
