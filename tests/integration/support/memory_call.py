"""A call of the AWS in memory: a step at which something can happen."""
from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from tests.aws_rules import refuse


class CutOffError(BaseException):
    """A function's end by force: nothing of it runs any more."""


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "Any")


def call(method: Callable[..., Any]) -> Callable[..., Any]:
    """A call of AWS: a step, at which something can happen.

    A "repeated" call is carried out, its answer is lost, and the SDK sends it again: it is carried out twice, and the
    caller sees the second answer only. What AWS would refuse is an error of the test.
    """
    operation = "".join(word.title() for word in method.__name__.split("_"))

    @functools.wraps(method)
    def called(self: Any, **arguments: Any) -> Any:
        refuse(type(self).__name__.removeprefix("Memory").lower(), operation, arguments)
        if self._aws.step():
            with contextlib.suppress(ClientError):  # what was refused is refused again
                method(self, **arguments)
        return method(self, **arguments)
    return called
