"""``python -m annotator reference``: list, verify, build, fetch; detect the build of a file."""

from __future__ import annotations

import json
from pathlib import Path

import click

from annotator.engine.cli import build, fetch
from annotator.engine.cli.command_errors import DONE, FAILED, limit_process, refused
from annotator.engine.cli.progress import say
from annotator.engine.cli.run import PATH, SETTINGS, exit_codes
from annotator.engine.errors import EngineError
from annotator.engine.reference.build_detection import DetectionReport, fit
from annotator.engine.reference.build_evidence import read_evidence
from annotator.engine.reference.bundle import Reference, reference_names
from annotator.engine.reference.presets import load_preset, preset_names
from annotator.engine.reference.verify import verify


@click.group(context_settings=SETTINGS, epilog=exit_codes("0 done", "1 failed, or wrong usage"))
def command() -> None:
    """List, verify, build and fetch references; detect a file's build."""


command.add_command(build.command, "build")
command.add_command(fetch.command, "fetch")


@command.command("list")
def _list() -> int:
    """Show the references that are here, and those that can be fetched."""
    names = reference_names()
    try:
        for name in names:
            reference = Reference.load(name)
            say(f"{reference.name}\t{reference.assembly}\t{reference.title}")
    except EngineError as error:
        return refused(error)
    for name in preset_names():
        preset = load_preset(name)
        if name not in names:
            say(f"{preset.name}\t{preset.assembly}\t{preset.title} (can be fetched)")
    return DONE


@command.command(
    "verify", epilog=exit_codes("0 sound", "1 a check failed, the reference cannot be read, or wrong usage")
)
@click.argument("reference")
def _verify(reference: str) -> int:
    """Check a bundle: checksums, and gene models against the sequence.

    REFERENCE is a name or a directory.
    """
    try:
        findings = verify(Reference.load(reference))
    except EngineError as error:
        return refused(error)
    for line in findings.passed:
        say(f"ok      {line}")
    for line in findings.failed:
        say(f"FAILED  {line}")
    return FAILED if findings.failed else DONE


@command.command(
    "detect", epilog=exit_codes("0 the file was read, whatever was found", "1 it cannot be read, or wrong usage")
)
@click.argument("input_file", metavar="IN", type=PATH)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.option(
    "--reference",
    "references",
    multiple=True,
    metavar="NAME",
    help="Compare REF with this one (may be repeated; default: all that are here, none with --json).",
)
@click.option("--memory-limit", type=int, metavar="BYTES", help="Address space that the process may take.")
@click.option("--cpu-limit", type=int, metavar="SECONDS", help="Processor time that the process may take.")
def _detect(
    input_file: Path, as_json: bool, references: tuple[str, ...], memory_limit: int | None, cpu_limit: int | None
) -> int:
    """Detect the genome build that a VCF file was called on.

    IN may be plain, gzip or bgzip.
    """
    limit_process(memory_limit, cpu_limit)
    try:
        evidence = read_evidence(input_file)
        names = references or (() if as_json else reference_names())
        fits = {name: fit(evidence, Reference.load(name)) for name in names}
    except (EngineError, OSError) as error:
        if as_json and isinstance(error, EngineError):
            say(json.dumps({"error": {"code": error.code, "message": error.message}}))
        return refused(error)
    report = DetectionReport.of(evidence, fits)
    if as_json:
        say(json.dumps(report.as_dict()))
        return DONE
    detection = report.detection
    say(f"build: {detection.words}")
    for build_name, reason in detection.excluded.items():
        say(f"not {build_name}: {reason}")
    for name, found in fits.items():
        lengths = f", {len(found.wrong_lengths):,} contigs of another length" if found.wrong_lengths else ""
        say(
            f"reference {name}: {found.on_contigs:,} of {found.total:,} records on its contigs, "
            f"REF agrees in {found.agreeing:,} of {found.compared:,}{lengths}"
        )
    return DONE
