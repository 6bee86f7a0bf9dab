"""Looking into results: links by which the pages read parts of a job's files, straight from the bucket."""
from __future__ import annotations

from dataclasses import dataclass

from chalicelib.exceptions import FileNotAvailableError
from chalicelib.services import Services
from chalicelib.usecases.annotations import get_job

READING_LINK_SECONDS = 300
"""How long a link is good for. A page asks for new ones as long as its reader may have them."""


@dataclass(frozen=True)
class ReadingLinks:
    """Links to the parts of a job's results that pages look into.

    :param variants: the table of variants (Parquet)
    :param variants_size: its size in bytes: a reader begins at the end
    :param results: the annotated VCF, bgzipped
    :param index: its tabix index
    :param seconds: how long the links are good for
    """

    variants: str
    variants_size: int
    results: str
    index: str
    seconds: int


def reading_links(services: Services, user_id: str, job_id: str) -> ReadingLinks:
    """Links to read a job's results with, for its owner.

    :raises JobNotFoundError: the job is not this user's
    :raises FileNotAvailableError: there is no table of variants (yet), or it is in the archive
    """
    job = get_job(services, user_id, job_id)
    bucket, variants = job.s3_results_bucket, job.s3_key_variants_file
    if not bucket or not variants or not job.s3_key_result_file or not job.s3_key_index_file:
        raise FileNotAvailableError()
    size = services.files.size(bucket, variants)
    if size is None:
        raise FileNotAvailableError()

    def link(key: str) -> str:
        return services.files.presign_reading(bucket, key, READING_LINK_SECONDS)

    return ReadingLinks(variants=link(variants), variants_size=size, results=link(job.s3_key_result_file),
                        index=link(job.s3_key_index_file), seconds=READING_LINK_SECONDS)
