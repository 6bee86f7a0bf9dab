"""`make demo FILE=x.vcf OUT=dir`: signs in, uploads a file, waits, and brings the results home."""
from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from annotator.engine.cli.progress import say
from chalicelib.domain.references import AUTO
from chalicelib.domain.result_files import INPUT
from infra.errors import OperatorError
from infra.local.browser import Browser
from infra.local.people import DEMO_PERSON
from infra.local.run import ending_on_signals, settings
from infra.local.running import running_stack
from infra.local.settings import DEFAULT_PORT, any_free_port, port_is_free
from infra.local.stack import LocalStack
from infra.template.package import default_builder


class ProgressLine:
    """One line with the progress of a job: rewritten on a terminal, else printed when it changes."""

    def __init__(self) -> None:
        self._last = ""
        self._rewrite = sys.stdout.isatty()

    def show(self, job: dict[str, Any]) -> None:
        """Show the state of a job."""
        progress = job.get("progress") or {}
        line = job["job_status"].lower()
        if line == "running" and progress:
            line += f": {progress['stage']}"
            if progress.get("records"):
                total = f" of {progress['total']:,}" if progress.get("total") else ""
                line += f", {progress['records']:,}{total} records"
        if line != self._last:
            sys.stdout.write(f"\r\033[K  {line}" if self._rewrite else f"  {line}\n")
            sys.stdout.flush()
            self._last = line

    def end(self) -> None:
        """Leaves the line."""
        if self._rewrite and self._last:
            sys.stdout.write("\n")


@contextlib.contextmanager
def some_site(home: Path) -> Iterator[str]:
    """A running stack's address; when none runs, one that is started for this and stopped afterwards."""
    running = running_stack(home)
    if running is not None:
        yield str(running["site"])
        return
    default_builder(lambda line: say(f"  {line}")).build()
    port = DEFAULT_PORT if port_is_free(DEFAULT_PORT) else any_free_port()
    with LocalStack(settings(home, port, workers=1), say=lambda line: say(f"  {line}")) as stack:
        yield stack.settings.site


def annotate(browser: Browser, file: Path, out: Path, timeout: float) -> str:
    """The whole way of one file, whose reference is determined from it.

    Args:
        browser: Of somebody who is signed in.
        out: Directory for what comes back.
        timeout: Seconds until the job must have ended.

    Returns:
        The job's id.

    Raises:
        OperatorError: The file was not annotated.
    """
    job_id = browser.upload(file, reference=AUTO)
    say(f"uploaded {file.name}: {browser.site}/annotations/{job_id}")
    line = ProgressLine()
    try:
        job = browser.wait(job_id, timeout, seen=line.show)
    finally:
        line.end()
    out.mkdir(parents=True, exist_ok=True)
    for kept in job.get("files", []):
        if kept["kind"] != INPUT:  # which is there already
            target = out / Path(kept["name"]).name
            size = browser.download(kept["href"], target)
            say(f"  {target}  {size:,} bytes")
    if job["job_status"] == "COMPLETED":
        return job_id
    error = job.get("error") or {}
    where = f" (line {error['line']})" if error.get("line") else ""
    raise OperatorError(f"{file.name} was not annotated: {error.get('message') or job['job_status'].lower()}{where}",
                        error.get("hint") or "")


def walk(file: Path, out: Path, home: Path, timeout: float) -> None:
    """Sign in, annotate a file and download the results.

    Args:
        out: Directory for the results.
        home: Directory of the local stack; one that runs there is used.
        timeout: Seconds until the job must have ended.

    Raises:
        OperatorError: It does not work.
        EndedByOperator: Ctrl-C or SIGTERM came.
    """
    if not file.is_file():
        raise OperatorError(f"There is no file {file}.")
    with ending_on_signals(), some_site(home) as site:
        browser = Browser(site)
        browser.sign_in(DEMO_PERSON)
        say(f"signed in as {DEMO_PERSON.name} at {site}/")
        annotate(browser, file, out, timeout)
