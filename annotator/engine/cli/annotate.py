"""``python -m annotator annotate``: one file, for people and for the worker."""

from __future__ import annotations

import errno
import logging
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, get_args

import click

from annotator.engine.cli.command_errors import DONE, FAILED, file_error_words, limit_process
from annotator.engine.cli.progress import reporting
from annotator.engine.cli.reporting_options import reporting_of, reporting_options
from annotator.engine.cli.run import PATH, SETTINGS, exit_codes
from annotator.engine.errors import EngineError, InputError
from annotator.engine.pipeline.annotate import InputFormat, Outputs, annotate
from annotator.engine.pipeline.user_layers import UserLayer
from annotator.engine.reference.bundle import Reference
from annotator.engine.vcf.reader import Limits

INPUT_FAULT = 2
"""Exit code for a file that cannot be annotated."""
TERMINATED = 128 + signal.SIGTERM
"""Exit code of a process that SIGTERM ended, as shells give it."""
OUT_OF_MEMORY = "The annotation needed more memory than it may take."
INTERNAL = "The engine failed in a way that was not foreseen: a fault of ours. With --progress it prints where."
"""The message for an error that was not foreseen."""
MAIN_COUNTS = ("records", "alleles", "snvs", "indels", "mnvs", "other", "known", "novel", "samples", "titv", "skipped")
"""Counts of the summary that the last progress line repeats."""


class Terminated(BaseException):
    """SIGTERM came; not an Exception, so that nothing on the way catches it."""


@click.command(
    context_settings=SETTINGS,
    epilog=exit_codes(
        "0 annotated",
        "1 failed, or wrong usage",
        "2 IN cannot be annotated; the message says why",
        "130 ended by Ctrl-C",
        "143 ended by SIGTERM",
    ),
)
@click.argument("input_file", metavar="IN", type=PATH)
@click.option("--reference", required=True, help="Name of a reference, or the directory of a bundle.")
@click.option("--out", required=True, type=PATH, help="Results file, .vcf.gz.")
@click.option(
    "--input-format",
    type=click.Choice(get_args(InputFormat)),
    default="auto",
    help="What IN is (default: auto, by its content).",
)
@click.option("--log", type=PATH, help="Log file (default: beside the results, .count.log).")
@click.option("--summary", type=PATH, help="Summary file (default: beside the results, .summary.json).")
@click.option("--variants", type=PATH, help="Table of variants (default: beside the results, .variants.parquet).")
@click.option("--name", help="Name of the user's file, for the log.")
@click.option("--progress", is_flag=True, help="JSON lines on standard output, for programs.")
@click.option("--tmp", type=PATH, help="Directory for working files.")
@click.option("--memory-limit", type=int, metavar="BYTES", help="Address space that each process may take.")
@click.option("--cpu-limit", type=int, metavar="SECONDS", help="Processor time that each process may take.")
@click.option("--processes", type=int, metavar="N", help="Processes that share the work (default: one a processor).")
@click.option("--max-uncompressed", type=int, metavar="BYTES", help="Largest input, uncompressed.")
@click.option("--max-records", type=int, metavar="N", help="Most records of the input (default: any number).")
@click.option("--max-results", type=int, metavar="BYTES", help="Largest results (default: any size).")
@click.option(
    "--replace-annotations",
    is_flag=True,
    help="Drop CSQ and BCSQ of other tools (default: keep them under other names).",
)
@click.option(
    "--layer",
    multiple=True,
    metavar="NAME=FILE[:FIELD,...]",
    help="Your own annotations, VCF or BED, and the INFO fields (or ID) or columns to take; may be repeated.",
)
@reporting_options
def command(
    input_file: Path,
    reference: str,
    out: Path,
    input_format: InputFormat,
    log: Path | None,
    summary: Path | None,
    variants: Path | None,
    name: str | None,
    progress: bool,
    tmp: Path | None,
    memory_limit: int | None,
    cpu_limit: int | None,
    processes: int | None,
    max_uncompressed: int | None,
    max_records: int | None,
    max_results: int | None,
    replace_annotations: bool,
    layer: tuple[str, ...],
    **selection: Any,
) -> int:
    """Annotate a VCF file, or a list of variants.

    A list has one variant per line: HGVS, SPDI, rs number or chr:pos:ref:alt. IN may be plain, gzip or bgzip.
    """
    selected = reporting_of(**selection)
    signal.signal(signal.SIGTERM, _terminate)
    limit_process(memory_limit, cpu_limit)
    if progress:
        logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    limits = Limits(uncompressed=max_uncompressed or Limits().uncompressed, records=max_records, results=max_results)
    with reporting(for_programs=progress) as reporter:
        try:
            done = annotate(
                input_file,
                Reference.load(reference),
                Outputs.beside(out, log, summary, variants),
                input_format=input_format,
                name=name,
                temporary=tmp,
                limits=limits,
                processes=processes,
                replace=replace_annotations,
                reporting=selected,
                layers=[UserLayer.parse(text) for text in layer],
                report=reporter.report,
            )
        except InputError as error:
            reporter.last({"error": error.as_dict()})
            return INPUT_FAULT
        except EngineError as error:
            reporter.last(_fault(error.code, error.message))
            return FAILED
        except MemoryError:
            reporter.last(_fault("out_of_memory", OUT_OF_MEMORY))
            return FAILED
        except OSError as error:
            if error.errno == errno.ENOMEM:
                reporter.last(_fault("out_of_memory", OUT_OF_MEMORY))
            else:
                reporter.last(_fault("file_error", file_error_words(error)))
            return FAILED
        except Terminated:
            return TERMINATED
        except Exception:  # noqa: BLE001 - whatever it is, people get a message of ours
            reporter.last(_fault("internal_error", INTERNAL))
            if progress:  # standard error is a log then; people are not shown what they cannot use
                traceback.print_exc()
            return FAILED
        reporter.last({"done": {count: done[count] for count in MAIN_COUNTS}})
    return DONE


def _fault(code: str, message: str) -> dict[str, Any]:
    empty = dict.fromkeys(("line", "column", "field", "text", "hint"))
    return {"error": {"code": code, "message": message, **empty}}


def _terminate(_: int, __: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the clean-up is short; a second signal must not break it
    raise Terminated
