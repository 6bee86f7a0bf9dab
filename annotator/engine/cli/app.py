"""The engine's command line: ``python -m annotator annotate`` and ``python -m annotator reference``."""

from __future__ import annotations

import argparse
import errno
import json
import logging
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import pysam

from annotator.engine.cli.command_errors import file_error_words, limit_process
from annotator.engine.errors import EngineError, InputError
from annotator.engine.pipeline.annotate import Outputs, annotate
from annotator.engine.progress import Progress
from annotator.engine.reference.bundle import Reference
from annotator.engine.vcf.reader import Limits

PROGRAM, REFERENCE, COMPARE = "python -m annotator", "reference", "compare"
OK, OUR_FAULT, INPUT_FAULT = 0, 1, 2
#: Exit code of a process that SIGTERM ended, as shells give it.
TERMINATED = 128 + signal.SIGTERM
OUT_OF_MEMORY = "The annotation needed more memory than it may take."
#: What is said of a fault that was not foreseen.
INTERNAL = "The engine failed in a way that was not foreseen: a fault of ours. With --progress it prints where."
#: Seconds between two progress lines of one stage.
PROGRESS_EVERY = 0.4
#: Counts of the summary that the last progress line repeats.
MAIN_COUNTS = ("records", "alleles", "snvs", "indels", "mnvs", "other", "known", "novel", "samples", "titv", "skipped")


class Terminated(BaseException):
    """SIGTERM came; not an Exception, so that nothing on the way catches it."""


class Parser(argparse.ArgumentParser):
    """A parser whose usage errors are not taken for faults of the input file: argparse would exit with 2."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(OUR_FAULT, f"{self.prog}: error: {message}\n")


class ProgressLines:
    """Progress as JSON lines on a stream, a few a second at most.

    Args:
        write: writes one line, flushed.
        clock: seconds, monotonic.
    """

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._write = write
        self._clock = clock
        self._stage = ""
        self._next = 0.0

    def report(self, progress: Progress) -> None:
        now = self._clock()
        if progress.stage == self._stage and now < self._next:
            return
        self._stage, self._next = progress.stage, now + PROGRESS_EVERY
        self.last(
            {
                "stage": progress.stage,
                "records": progress.records,
                "total": progress.total,
                "warnings": progress.warnings,
            }
        )

    def last(self, message: dict[str, Any]) -> None:
        """Write a line whatever the time."""
        self._write(json.dumps(message, ensure_ascii=False))


class ProgressWords:
    """Progress for people, on standard error: a line a stage, and the end."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._stage = ""

    def report(self, progress: Progress) -> None:
        if progress.stage != self._stage:
            self._stage = progress.stage
            known = "" if progress.total is None else f" {progress.total:,} records"
            self._write(f"{progress.stage}{known} ...")

    def last(self, message: dict[str, Any]) -> None:
        if "done" in message:
            done = message["done"]
            self._write(
                f"Annotated {done['records']:,} records: {done['known']:,} known, {done['novel']:,} novel, "
                f"{sum(done['skipped'].values()):,} left as they are."
            )
            return
        error = message["error"]
        where = "" if error.get("line") is None else f"line {error['line']}: "
        self._write(f"error: {where}{error['message']}")
        if error.get("text"):
            self._write(f"  {error['text']}")
        if error.get("hint"):
            self._write(f"  {error['hint']}")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    pysam.set_verbosity(0)  # htslib writes to standard error itself; what it finds is reported in our words
    if words[:1] == [REFERENCE]:
        # What builds and fetches references takes longer to load than a small file to annotate.
        from annotator.engine.cli.reference import run_reference

        return run_reference(words[1:], Parser(prog=f"{PROGRAM} {REFERENCE}"))
    if words[:1] == [COMPARE]:
        from annotator.engine.cli.compare import run_compare

        return run_compare(words[1:], Parser(prog=f"{PROGRAM} {COMPARE}"))
    options = _parser().parse_args(words)
    run: Callable[[argparse.Namespace], int] = options.run
    return run(options)


def _parser() -> Parser:
    parser = Parser(prog=PROGRAM, description="Annotate VCF files.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    one = commands.add_parser("annotate", help="annotate a VCF file")
    one.add_argument("input", type=Path, metavar="IN", help="VCF file: plain, gzip or bgzip")
    one.add_argument("--reference", required=True, help="name of a reference, or the directory of a bundle")
    one.add_argument("--out", required=True, type=Path, help="results file, .vcf.gz")
    one.add_argument("--log", type=Path, help="log file (default: beside the results, .count.log)")
    one.add_argument("--summary", type=Path, help="summary file (default: beside the results, .summary.json)")
    one.add_argument("--variants", type=Path, help="table of variants (default: beside the results, .variants.parquet)")
    one.add_argument("--name", help="name of the user's file, for the log")
    one.add_argument("--progress", action="store_true", help="JSON lines on standard output")
    one.add_argument("--tmp", type=Path, help="directory for working files")
    one.add_argument("--memory-limit", type=int, metavar="BYTES", help="address space that each process may take")
    one.add_argument("--cpu-limit", type=int, metavar="SECONDS", help="processor time that each process may take")
    one.add_argument("--processes", type=int, metavar="N", help="that share the work (default: one a processor)")
    one.add_argument("--max-uncompressed", type=int, metavar="BYTES", help="largest input, uncompressed")
    one.add_argument("--max-records", type=int, metavar="N", help="most records of the input (default: any number)")
    one.add_argument("--max-results", type=int, metavar="BYTES", help="largest results (default: of any size)")
    one.add_argument(
        "--replace-annotations",
        action="store_true",
        help="drop CSQ and BCSQ of other tools (default: keep them under other names)",
    )
    one.set_defaults(run=_annotate)
    commands.add_parser(REFERENCE, help="list, verify, build and fetch references", add_help=False)
    commands.add_parser(COMPARE, help="compare an annotation with Ensembl VEP's", add_help=False)
    return parser


def _annotate(options: argparse.Namespace) -> int:
    signal.signal(signal.SIGTERM, _terminate)
    limit_process(options.memory_limit, options.cpu_limit)
    if options.progress:
        logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    progress = ProgressLines(_say, time.monotonic) if options.progress else ProgressWords(_whisper)
    defaults = Limits()
    limits = Limits(
        uncompressed=options.max_uncompressed or defaults.uncompressed,
        records=options.max_records,
        results=options.max_results,
    )
    try:
        summary = annotate(
            options.input,
            Reference.load(options.reference),
            Outputs.beside(options.out, options.log, options.summary, options.variants),
            name=options.name,
            temporary=options.tmp,
            limits=limits,
            processes=options.processes,
            replace=options.replace_annotations,
            report=progress.report,
        )
    except InputError as error:
        progress.last({"error": error.as_dict()})
        return INPUT_FAULT
    except EngineError as error:
        progress.last(_fault(error.code, error.message))
        return OUR_FAULT
    except MemoryError:
        progress.last(_fault("out_of_memory", OUT_OF_MEMORY))
        return OUR_FAULT
    except OSError as error:
        if error.errno == errno.ENOMEM:
            progress.last(_fault("out_of_memory", OUT_OF_MEMORY))
        else:
            progress.last(_fault("file_error", file_error_words(error)))
        return OUR_FAULT
    except Terminated:
        return TERMINATED
    except Exception:  # noqa: BLE001 - whatever it is, people get a message of ours
        progress.last(_fault("internal_error", INTERNAL))
        if options.progress:  # standard error is a log then; people are not shown what they cannot use
            traceback.print_exc()
        return OUR_FAULT
    progress.last({"done": {name: summary[name] for name in MAIN_COUNTS}})
    return OK


def _fault(code: str, message: str) -> dict[str, Any]:
    empty = dict.fromkeys(("line", "column", "field", "text", "hint"))
    return {"error": {"code": code, "message": message, **empty}}


def _terminate(_: int, __: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the clean-up is short; a second signal must not break it
    raise Terminated


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _whisper(line: str) -> None:
    sys.stderr.write(line + "\n")
