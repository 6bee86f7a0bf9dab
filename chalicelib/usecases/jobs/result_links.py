"""Looking into results: links by which the pages read parts of a job's files, straight from the bucket."""
from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.references import ReferenceInfo
from chalicelib.domain.result_files import INDEX, RESULTS, VARIANTS
from chalicelib.exceptions import FileNotAvailableError
from chalicelib.services import Services
from chalicelib.usecases.jobs.user_jobs import get_job
from chalicelib.usecases.references import find_reference

READING_LINK_SECONDS = 300
"""How long a link is good for. A page asks for new ones as long as its reader may have them."""
REFERENCE_LINK_SECONDS = 3600
"""Of a reference's files, which are the same for everybody."""


@dataclass(frozen=True)
class ReferenceLinks:
    """Where a browser finds the sequence and the genes of a reference.

    Attributes:
        sequence: Bgzipped FASTA, with its two indexes.
        genes: Bgzipped GFF3, with its index.
    """

    sequence: str
    sequence_index: str
    sequence_blocks: str
    genes: str
    genes_index: str


@dataclass(frozen=True)
class ReadingLinks:
    """Links to the parts of a job's results that pages look into.

    Attributes:
        variants: The table of variants (Parquet).
        variants_size: Its size in bytes: a reader begins at the end.
        results: The annotated VCF, bgzipped.
        index: Its tabix index.
        seconds: How long the links are good for.
    """

    variants: str
    variants_size: int
    results: str
    index: str
    seconds: int


def reading_links(services: Services, user_id: str, job_id: str) -> ReadingLinks:
    """Links to read a job's results with, for its owner.

    Raises:
        JobNotFoundError: The job is not this user's.
        FileNotAvailableError: There is no table of variants (yet), or it is in the archive.
    """
    job = get_job(services, user_id, job_id)
    bucket = job.results_bucket
    results, index, variants = (job.file(kind).key for kind in (RESULTS, INDEX, VARIANTS))
    if not bucket or not results or not index or not variants:
        raise FileNotAvailableError()
    size = services.files.size(bucket, variants)
    if size is None:
        raise FileNotAvailableError()

    def link(key: str) -> str:
        return services.files.presign_reading(bucket, key, READING_LINK_SECONDS)

    return ReadingLinks(variants=link(variants), variants_size=size, results=link(results),
                        index=link(index), seconds=READING_LINK_SECONDS)


def reference_of(services: Services, user_id: str, job_id: str) -> ReferenceInfo:
    """The reference that a job was annotated with.

    Raises:
        JobNotFoundError: The job is not this user's.
        FileNotAvailableError: The reference is not there any more.
    """
    job = get_job(services, user_id, job_id)
    found = find_reference(services, job.reference)
    if found is None:
        raise FileNotAvailableError("The reference of this job is no longer available.")
    return found


def reference_links(services: Services, reference: ReferenceInfo) -> ReferenceLinks | None:
    """Links into the bucket of references; None for a reference that comes with GAS."""
    if not reference.prefix:
        return None

    def link(name: str) -> str:
        return services.files.presign_reading(services.references.bucket, f"{reference.prefix}/{name}",
                                              REFERENCE_LINK_SECONDS)

    return ReferenceLinks(link("sequence.fa.gz"), link("sequence.fa.gz.fai"), link("sequence.fa.gz.gzi"),
                          link("models.gff3.gz"), link(f"models.gff3.gz{reference.index_ending}"))
