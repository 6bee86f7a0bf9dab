"""Queue `thaw` (topic `job_thaw`: retrievals that either archive has finished) -> the results bucket."""
from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from chalicelib.aws.archive.base import Retrieval
from chalicelib.aws.archive.notifications import read_retrievals
from chalicelib.domain.messages import ThawJob
from chalicelib.services import Services
from chalicelib.usecases.archive.thaw_results import Thawed, thaw_results
from lambdas._handler import queue_handler

services = Services.from_environment("thaw")


@queue_handler(read_retrievals, {Thawed.THAWED: ["ResultsThawed"]})
def handler(message: Retrieval | ThawJob, context: LambdaContext) -> Thawed:
    """Bring back a results file that the archive has ready."""
    return thaw_results(services, message, owner=services.new_id())
