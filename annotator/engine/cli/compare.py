"""The command line of ``python -m annotator compare``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from annotator.engine.cli.command_errors import refused
from annotator.engine.compare.concordance import Agreement, compare
from annotator.engine.errors import EngineError

#: Classes of difference shown of one field.
MOST_CLASSES = 10


def run_compare(arguments: list[str], parser: argparse.ArgumentParser) -> int:
    """Compare two annotations and tell how far they agree.

    Args:
        arguments: those that follow ``compare``.
        parser: without options yet.

    Returns:
        The exit code: 0; 1 when a file cannot be compared, or a field agrees less than was asked for.
    """
    parser.description = "Compare the CSQ fields of two annotations of the same variants."
    parser.add_argument("--ours", required=True, type=Path, metavar="VCF", help="annotation to judge")
    parser.add_argument("--vep", required=True, type=Path, metavar="VCF", help="annotation by Ensembl VEP to judge by")
    parser.add_argument("--json", action="store_true", help="all of it as JSON, every class of difference")
    parser.add_argument("--least", type=float, metavar="PERCENT", help="exit with 1 when a field agrees in fewer pairs")
    options = parser.parse_args(arguments)
    try:
        agreement = compare(options.ours, options.vep)
    except (EngineError, OSError) as error:
        return refused(error)
    sys.stdout.write(json.dumps(agreement.as_dict(), indent=2) + "\n" if options.json else "\n".join(_words(agreement)))
    worst = min((agreement.share(name) for name in agreement.same), default=1.0)
    return int(options.least is not None and worst * 100 < options.least)


def _words(agreement: Agreement) -> list[str]:
    lines = [
        f"{agreement.sites:,} records in both, {agreement.missing_sites:,} only in theirs",
        f"{agreement.pairs:,} pairs of allele and transcript",
        f"{agreement.only_ours:,} pairs only in ours, {agreement.only_theirs:,} only in theirs",
        "",
    ]
    lines += [f"{name:18}{agreement.share(name):9.3%}{agreement.same[name]:14,}" for name in agreement.same]
    for name in agreement.same:
        for kind, count in agreement.classes[name].most_common(MOST_CLASSES):
            one = agreement.examples[name, kind][0]
            lines.append("")
            lines.append(f"{name}: {count:,} {kind}")
            lines.append(f"  {one.site} {one.transcript}: theirs {one.theirs or '-'}, ours {one.ours or '-'}")
    return [*lines, ""]
