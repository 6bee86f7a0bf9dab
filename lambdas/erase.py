"""Queue `erase` -> accounts deleted, with everything that belongs to them."""
from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from chalicelib.domain.messages import EraseUser, reader
from chalicelib.services import Services
from chalicelib.usecases.account.erase_account import Erased, erase_account
from lambdas._handler import queue_handler

services = Services.from_environment("erase")

STOP_BEFORE_END = 60_000
"""Milliseconds that are left for one annotation, the last files and the end of the function."""


@queue_handler(reader(EraseUser), {Erased.WHOLLY: ["AccountsErased"]})
def handler(message: EraseUser, context: LambdaContext) -> Erased:
    """Delete as much of an account as time allows."""
    return erase_account(services, message.user_id,
                         lambda: context.get_remaining_time_in_millis() > STOP_BEFORE_END)
