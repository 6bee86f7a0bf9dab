"""What goes wrong when GAS is packaged, deployed or run. `infra.cli.main` reports it in one line."""
from __future__ import annotations


class OperatorError(Exception):
    """Something that the operator can put right.

    Args:
        message: What is wrong, one sentence.
        remedy: What to do about it, one sentence.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(f"{message} {remedy}".strip())
        self.message = message
        self.remedy = remedy
