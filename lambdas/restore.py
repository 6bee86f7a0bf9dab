"""Queue `restore` (users who subscribed) -> retrievals of all their results that are archived."""
from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from chalicelib.domain.messages import RestoreMessage, reader
from chalicelib.services import Services
from chalicelib.usecases.archive.restore_results import Restored, restore_results
from lambdas._handler import queue_handler

services = Services.from_environment("restore")


@queue_handler(reader(RestoreMessage), {
    Restored.REQUESTED: ["RetrievalsRequested"],
    Restored.REQUESTED_STANDARD: ["RetrievalsRequested", "StandardFallbacks"],
    Restored.READY: ["RetrievalsRequested"],
})
def handler(message: RestoreMessage, context: LambdaContext) -> Restored:
    """Request the retrieval of a job's results file, or of all of a user's."""
    return restore_results(services, message)
