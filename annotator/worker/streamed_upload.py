"""Large result files on their way from the engine's process to S3, without a copy on local disk."""
from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from types import TracebackType

from annotator.engine.output.streaming import read_stream
from chalicelib.aws.s3.result_upload import ResultUpload


class StreamedUpload:
    """Uploads what comes through a pipe, from a thread of its own, as long as the `with` block lasts.

    Args:
        uploads: What receives the files, by the engine's names of them (`annotator.engine.output.streaming.STREAMED`).
            They are abandoned at the end of the block, unless they were completed.

    Attributes:
        writing: The end of the pipe for the engine; our copy is to be closed once it has its own.
    """

    def __init__(self, uploads: Mapping[str, ResultUpload]) -> None:
        self._uploads = uploads
        reading, writing = os.pipe()
        self._reading = os.fdopen(reading, "rb")
        self.writing = os.fdopen(writing, "wb")
        self._refused: Exception | None = None
        self._cut_off: EOFError | None = None
        self._thread = threading.Thread(target=self._run, name="results", daemon=True)
        self._resources = ExitStack()

    @property
    def refused(self) -> bool:
        """True once S3 did not take something: nothing more is read then."""
        return self._refused is not None

    def raise_refusal(self) -> None:
        """Raise what S3 said if it did not take something.

        Raises:
            BotoCoreError, ClientError: S3's answer.
        """
        if self._refused is not None:
            raise self._refused

    def finish(self) -> None:
        """Wait until all that a finished engine sent was taken.

        Raises:
            BotoCoreError, ClientError: S3 did not take something.
            EOFError: The stream is incomplete.
        """
        self.writing.close()
        self._thread.join()
        self.raise_refusal()
        if self._cut_off is not None:
            raise self._cut_off

    def _run(self) -> None:
        try:
            for kind, data in read_stream(self._reading):
                if data:
                    self._uploads[kind].write(data)
                else:
                    self._uploads[kind].restart()
        except EOFError as error:
            self._cut_off = error
        except Exception as error:  # noqa: BLE001 - whatever it is, the thread of the job raises it
            self._refused = error

    def __enter__(self) -> StreamedUpload:
        for upload in self._uploads.values():
            self._resources.enter_context(upload)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.writing.close()
        self._thread.join()
        self._reading.close()
        self._resources.close()
