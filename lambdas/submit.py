"""Queue `uploads` (S3's ObjectCreated events, and requests to annotate a file again) -> jobs."""
from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from chalicelib.aws.s3.events import ObjectEvent
from chalicelib.domain.messages import CopyInput
from chalicelib.services import Services
from chalicelib.usecases.upload.receive_upload import Received, read_uploads, receive_upload
from lambdas._handler import queue_handler

services = Services.from_environment("submit")


@queue_handler(read_uploads, {Received.SUBMITTED: ["JobsSubmitted"], Received.COPIED: ["FilesCopied"]})
def handler(message: ObjectEvent | CopyInput, context: LambdaContext) -> Received:
    """Make a job of an uploaded file, or a copy of one that is annotated again."""
    return receive_upload(services, message)
