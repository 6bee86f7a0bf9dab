"""Queue `archive` (completed jobs of free users; users whose premium ended) -> the archive."""
from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from chalicelib.domain.messages import ArchiveMessage, reader
from chalicelib.services import Services
from chalicelib.usecases.archive.archive_results import Archived, archive_results
from lambdas._handler import queue_handler

services = Services.from_environment("archive")


@queue_handler(reader(ArchiveMessage), {Archived.ARCHIVED: ["ResultsArchived"]})
def handler(message: ArchiveMessage, context: LambdaContext) -> Archived:
    """Archive a job's results file, or all of a user's."""
    return archive_results(services, message, owner=services.new_id())
