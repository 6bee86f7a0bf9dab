"""Options of ``annotate`` that say what is reported: sub-fields of CSQ, entries, transcripts."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import click

from annotator.engine.cli.command_errors import file_error_words
from annotator.engine.cli.run import PATH
from annotator.engine.consequence.output.csq_fields import FIELDS
from annotator.engine.consequence.pick import PICK_ORDER
from annotator.engine.consequence.reporting import RESTRICTED, Entries, Reporting
from annotator.engine.files import open_text
from annotator.engine.reference.gene_models import FLANK
from annotator.engine.reference.transcript_choice import TranscriptChoice

EVERY_FIELD = "all"
"""Value of ``--fields`` for all of them."""


class _Names(click.ParamType):
    """Several of some names, separated by commas, each once.

    Args:
        known: the names.
    """

    name = "names"

    def __init__(self, known: Collection[str]) -> None:
        self._known = known

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The names in their order; a usage error for a name that is unknown or there twice."""
        if isinstance(value, tuple):
            return value
        names = tuple(name.strip() for name in value.split(","))
        unknown = [name for name in names if name not in self._known]
        if unknown:
            self.fail(f"there is no {', '.join(map(repr, unknown))}; known are {', '.join(self._known)}.", param, ctx)
        if len(set(names)) < len(names):
            self.fail("a name is there twice.", param, ctx)
        return names


class _Fields(_Names):
    """Sub-fields of CSQ, or :data:`EVERY_FIELD`."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As of any names."""
        return tuple(self._known) if value == EVERY_FIELD else super().convert(value, param, ctx)


def _list_fields(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print all sub-fields of CSQ and end."""
    if wanted and not ctx.resilient_parsing:
        width = max(len(field.name) for field in FIELDS)
        for field in FIELDS:
            click.echo(f"{field.name:{width}}  {'' if field.default else '(only with --fields) '}{field.description}")
        ctx.exit()


_OPTIONS = (
    click.option(
        "--fields", type=_Fields([field.name for field in FIELDS]), metavar="A,B,...",
        help="Sub-fields of CSQ, in this order, or all (default: those without a mark in --list-fields).",
    ),
    click.option(
        "--list-fields", is_flag=True, is_eager=True, expose_value=False, callback=_list_fields,
        help="Print the sub-fields of CSQ and exit.",
    ),
    click.option("--bcsq", is_flag=True, help="Write BCSQ, too: consequences in the format of bcftools csq."),
    click.option(
        "--shift-3prime", is_flag=True,
        help="Consequences of insertions and deletions at their 3' end in each transcript (default: left-aligned).",
    ),
    click.option("--pick", is_flag=True, help="Only the picked entry of each allele."),
    click.option("--per-gene", is_flag=True, help="Only one entry per allele and gene."),
    click.option("--most-severe", is_flag=True, help="Only the most severe term of each record, without a transcript."),
    click.option(
        "--pick-order", type=_Names(PICK_ORDER), default=",".join(PICK_ORDER), metavar="A,B,...", show_default=True,
        help="Criteria by which an entry is picked.",
    ),
    click.option("--transcripts", type=PATH, metavar="FILE", help="Use only the transcripts with these ids."),
    click.option("--gencode-basic", is_flag=True, help="Use only transcripts tagged as GENCODE basic."),
    click.option(
        "--flank", type=click.IntRange(min=0), default=FLANK, metavar="N", show_default=True,
        help="Bases beyond a transcript that are upstream or downstream of it.",
    ),
)  # fmt: skip


def reporting_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command; it passes their values to :func:`reporting_of`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def reporting_of(
    fields: tuple[str, ...] | None,
    pick: bool,
    per_gene: bool,
    most_severe: bool,
    pick_order: tuple[str, ...],
    transcripts: Path | None,
    gencode_basic: bool,
    flank: int,
    shift_3prime: bool,
    bcsq: bool,
) -> Reporting:
    """What the options say.

    Raises:
        click.UsageError: options exclude each other, or the file of transcripts cannot be used.
    """
    given = zip(RESTRICTED, (pick, per_gene, most_severe), strict=True)
    asked: list[Entries] = [name for name, is_given in given if is_given]
    if len(asked) > 1:
        raise click.UsageError(f"{' and '.join(f'--{name}' for name in asked)} exclude each other.")
    choice = TranscriptChoice(None if transcripts is None else _names_in(transcripts), gencode_basic)
    shown = {} if fields is None else {"fields": fields}
    return Reporting(
        pick_order=pick_order,
        entries=asked[0] if asked else "all",
        transcripts=choice,
        flank=flank,
        shift_3prime=shift_3prime,
        bcsq=bcsq,
        **shown,
    )


def _names_in(path: Path) -> frozenset[str]:
    """The first word of each line of a file, apart from blank lines and those that begin with ``#``."""
    try:
        with open_text(path) as lines:
            words = (line.split() for line in lines if not line.startswith("#"))
            names = frozenset(found[0] for found in words if found)
    except OSError as error:
        raise click.UsageError(file_error_words(error)) from error
    if not names:
        raise click.UsageError(f"{path} has no names of transcripts.")
    return names
