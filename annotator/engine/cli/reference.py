"""The command line of ``python -m annotator reference``: list, verify, build, fetch; detect a file's."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from annotator.engine.cli.build import add_build_options, run_build
from annotator.engine.cli.command_errors import limit_process, refused
from annotator.engine.cli.fetch import add_fetch_options, run_fetch
from annotator.engine.errors import EngineError
from annotator.engine.reference.build_detection import DetectionReport, fit
from annotator.engine.reference.build_evidence import read_evidence
from annotator.engine.reference.bundle import Reference, reference_names
from annotator.engine.reference.presets import load_preset, preset_names
from annotator.engine.reference.verify import verify


def run_reference(arguments: list[str], parser: argparse.ArgumentParser) -> int:
    """Run one of the commands.

    Args:
        arguments: those that follow ``reference``.
        parser: without options yet.

    Returns:
        The exit code: 0, or 1 with the reason told.
    """
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="references at hand, and those that can be fetched")
    listing.set_defaults(run=_list)
    checking = actions.add_parser("verify", help="check a reference: checksums, models against sequence")
    checking.add_argument("reference", help="name or directory")
    checking.set_defaults(run=_verify)
    detecting = actions.add_parser("detect", help="tell which genome build a VCF file was called on")
    detecting.add_argument("input", type=Path, metavar="IN", help="VCF file: plain, gzip or bgzip")
    detecting.add_argument("--json", action="store_true", help="one JSON object on standard output")
    detecting.add_argument(
        "--reference",
        action="append",
        metavar="NAME",
        help="compare REF with this one (repeatable; default: all that are available, with --json none)",
    )
    detecting.add_argument("--memory-limit", type=int, metavar="BYTES", help="address space that the process may take")
    detecting.add_argument("--cpu-limit", type=int, metavar="SECONDS", help="processor time that the process may take")
    detecting.set_defaults(run=_detect)
    building = actions.add_parser("build", help="build a reference from public files")
    add_build_options(building)
    building.set_defaults(run=run_build)
    fetching = actions.add_parser("fetch", help="fetch public files and build a reference from them")
    add_fetch_options(fetching)
    fetching.set_defaults(run=run_fetch)
    options = parser.parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    return run(options)


def _list(_: argparse.Namespace) -> int:
    at_hand = reference_names()
    try:
        for name in at_hand:
            reference = Reference.load(name)
            _say(f"{reference.name}\t{reference.assembly}\t{reference.title}")
    except EngineError as error:
        return refused(error)
    for name in preset_names():
        preset = load_preset(name)
        if name not in at_hand:
            _say(f"{preset.name}\t{preset.assembly}\t{preset.title} (can be fetched)")
    return 0


def _verify(options: argparse.Namespace) -> int:
    try:
        findings = verify(Reference.load(options.reference))
    except EngineError as error:
        return refused(error)
    for line in findings.passed:
        _say(f"ok      {line}")
    for line in findings.failed:
        _say(f"FAILED  {line}")
    return 1 if findings.failed else 0


def _detect(options: argparse.Namespace) -> int:
    limit_process(options.memory_limit, options.cpu_limit)
    try:
        evidence = read_evidence(options.input)
        names = options.reference or ([] if options.json else reference_names())
        fits = {name: fit(evidence, Reference.load(name)) for name in names}
    except (EngineError, OSError) as error:
        if options.json and isinstance(error, EngineError):
            _say(json.dumps({"error": {"code": error.code, "message": error.message}}))
        return refused(error)
    report = DetectionReport.of(evidence, fits)
    if options.json:
        _say(json.dumps(report.as_dict()))
        return 0
    detection = report.detection
    _say(f"build: {detection.words}")
    for build, reason in detection.excluded.items():
        _say(f"not {build}: {reason}")
    for name, found in fits.items():
        lengths = f", {len(found.wrong_lengths):,} contigs of another length" if found.wrong_lengths else ""
        _say(
            f"reference {name}: {found.on_contigs:,} of {found.total:,} records on its contigs, "
            f"REF agrees in {found.agreeing:,} of {found.compared:,}{lengths}"
        )
    return 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
