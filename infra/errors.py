"""What goes wrong for whoever packages, deploys or runs GAS, told in one line."""
from __future__ import annotations

import sys
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError


class OperatorError(Exception):
    """Something the operator can mend.

    :param message: what is wrong, one sentence
    :param remedy: what to do about it, one sentence
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(f"{message} {remedy}".strip())
        self.message = message
        self.remedy = remedy


def exit_code(command: Callable[[], object]) -> int:
    """Run an operator's command; what goes wrong is told on standard error.

    :returns: 0, or 1 when it could not be done
    """
    try:
        command()
    except OperatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except (ClientError, BotoCoreError) as error:
        print(f"error: AWS refused or could not be reached: {error}", file=sys.stderr)
        return 1
    return 0
