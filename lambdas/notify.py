"""Queue `notify` (topic `job_results`, and requests for other mails) -> SES."""
from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from chalicelib.domain.messages import NotifyMessage, reader
from chalicelib.services import Services
from chalicelib.usecases.mail.notify_user import Notified, notify_user
from lambdas._handler import queue_handler

services = Services.from_environment("notify")


@queue_handler(reader(NotifyMessage), {Notified.SENT: ["MailsSent"]})
def handler(message: NotifyMessage, context: LambdaContext) -> Notified:
    """Write a mail, once."""
    return notify_user(services, message)
