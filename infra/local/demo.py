"""`make demo FILE=x.vcf OUT=dir`: signs in, uploads a file, waits, and brings the results home."""
from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

from chalicelib.domain.result_files import INPUT
from infra.errors import OperatorError
from infra.local.browser import Browser
from infra.local.people import DEMO_PERSON
from infra.local.run import EndedByOperator, ending_on_signals, say, settings
from infra.local.settings import DEFAULT_PORT, PROJECT, any_free_port, port_is_free, read_run_file
from infra.local.stack import LocalStack
from infra.template.package import default_builder


class ProgressLine:
    """One line that tells how far the job is: rewritten on a terminal, else printed when it changes."""

    def __init__(self) -> None:
        self._last = ""
        self._rewrite = sys.stdout.isatty()

    def show(self, job: dict[str, Any]) -> None:
        """Tells of a job."""
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


def running_site(home: Path) -> str | None:
    """The address of a stack that runs from a directory, or None."""
    run = read_run_file(home)
    if run is None:
        return None
    try:
        os.kill(run["pid"], 0)
        requests.get(f"{run['endpoint']}/", headers={"Host": run["site_host"]}, timeout=10)
    except (ProcessLookupError, requests.RequestException):
        return None
    return str(run["site"])


@contextlib.contextmanager
def some_site(home: Path) -> Iterator[str]:
    """A running stack's address; when none runs, one that is started for this and stopped afterwards."""
    site = running_site(home)
    if site is not None:
        yield site
        return
    default_builder(lambda line: say(f"  {line}")).build()
    port = DEFAULT_PORT if port_is_free(DEFAULT_PORT) else any_free_port()
    with LocalStack(settings(home, port, workers=1), say=lambda line: say(f"  {line}")) as stack:
        yield stack.settings.site


def annotate(browser: Browser, file: Path, out: Path, timeout: float) -> str:
    """The whole way of one file.

    :param browser: of somebody who is signed in
    :param out: directory for what comes back
    :param timeout: seconds until the job must have ended
    :returns: the job's id
    :raises OperatorError: the file was not annotated
    """
    job_id = browser.upload(file)
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


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.demo", description=__doc__)
    parser.add_argument("file", type=Path, help="a VCF file")
    parser.add_argument("out", type=Path, help="directory for the results")
    parser.add_argument("--state", type=Path, default=PROJECT / ".gas", help="directory of the local stack (.gas)")
    parser.add_argument("--timeout", type=float, default=3600, help="seconds until the job must have ended (3600)")
    options = parser.parse_args(arguments)
    try:
        if not options.file.is_file():
            raise OperatorError(f"There is no file {options.file}.")
        with ending_on_signals(), some_site(options.state.resolve()) as site:
            browser = Browser(site)
            browser.sign_in(DEMO_PERSON)
            say(f"signed in as {DEMO_PERSON.name} at {site}/")
            annotate(browser, options.file, options.out, options.timeout)
            return 0
    except OperatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except EndedByOperator:
        say("stopped")
        return 130


if __name__ == "__main__":
    sys.exit(main())
