"""``python -m annotator compare``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from annotator.engine.cli.command_errors import DONE, FAILED, refused
from annotator.engine.cli.run import PATH, SETTINGS, exit_codes
from annotator.engine.compare.concordance import Agreement, compare
from annotator.engine.errors import EngineError

MOST_CLASSES = 10
"""Classes of difference shown of one field."""


@click.command(
    context_settings=SETTINGS,
    epilog=exit_codes(
        "0 compared",
        "1 a file cannot be compared, a field agrees in fewer pairs than --least asks for, or wrong usage",
    ),
)
@click.option("--ours", required=True, type=PATH, metavar="VCF", help="Annotation to judge.")
@click.option("--vep", required=True, type=PATH, metavar="VCF", help="Annotation by Ensembl VEP to judge by.")
@click.option("--json", "as_json", is_flag=True, help="All of it as JSON, with every class of difference.")
@click.option(
    "--least",
    type=float,
    metavar="PERCENT",
    help="Exit with 1 when a field agrees in fewer pairs, known defects of VEP excepted.",
)
def command(ours: Path, vep: Path, as_json: bool, least: float | None) -> int:
    """Compare an annotation with Ensembl VEP's.

    Both files have CSQ fields, of the same variants. Pairs that differ by a known defect of VEP
    (docs/vep-errata.md) are counted apart.
    """
    try:
        agreement = compare(ours, vep)
    except (EngineError, OSError) as error:
        return refused(error)
    sys.stdout.write(json.dumps(agreement.as_dict(), indent=2) + "\n" if as_json else "\n".join(_words(agreement)))
    worst = min((agreement.share_without_errata(name) for name in agreement.same), default=1.0)
    return FAILED if least is not None and worst * 100 < least else DONE


def _words(agreement: Agreement) -> list[str]:
    lines = [
        f"{agreement.sites:,} records in both, {agreement.missing_sites:,} only in theirs",
        f"{agreement.pairs:,} pairs of allele and transcript",
        f"{agreement.only_ours:,} pairs only in ours, {agreement.only_theirs:,} only in theirs",
        "",
    ]
    lines += [
        f"{name:18}{agreement.share(name):9.3%}{agreement.same[name]:14,}{agreement.errata[name].total():12,} errata"
        f"{agreement.share_without_errata(name):10.3%} without them"
        for name in agreement.same
    ]
    for name in agreement.same:
        lines += [f"{name}: {count:,} by VEP erratum {known}" for known, count in agreement.errata[name].most_common()]
    for name in agreement.same:
        for kind, count in agreement.classes[name].most_common(MOST_CLASSES):
            one = agreement.examples[name, kind][0]
            lines.append("")
            lines.append(f"{name}: {count:,} {kind}")
            lines.append(f"  {one.site} {one.transcript}: theirs {one.theirs or '-'}, ours {one.ours or '-'}")
    return [*lines, ""]
