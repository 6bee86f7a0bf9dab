"""Agreement as a page: figures by program and field, and the classes of differences with examples and verdicts."""

from __future__ import annotations

import datetime

from annotator.engine.version import ENGINE_VERSION
from tests.oracles.comparison import UNKNOWN, Result, rules
from tests.oracles.program import Program

KINDS = ("SNV", "MNV", "deletion", "insertion", "delins")
RIGHT = {"ours": "here", "theirs": "there", "both": "a choice", "open": "open"}
"""Who is right, in the page's words."""


def page(results: dict[Program, Result], missing: dict[str, str], seconds: float) -> str:
    """The page, in Markdown."""
    total = sum(result.pairs for result in results.values())
    flanking = sum(result.flanking for result in results.values())
    today = datetime.datetime.now(datetime.UTC).date()
    lines = [
        "# Agreement with other programs",
        "",
        "`make oracles` asks other programs about the same variants on the same gene models and writes this page; see",
        "[testing](testing.md#oracles). A pair is an allele and a transcript of which either side has an answer. Every",
        "difference is in a class of `tests/oracles/differences.toml`, with who is right and why. The last column",
        "counts the differences in which the engine is right, or which are a choice, as agreement.",
        "",
        f"{today:%d %B %Y}, {ENGINE_VERSION}: {total:,} pairs ({flanking:,} of them up- or downstream of the",
        f"transcript), {seconds:.0f} s of processor time.",
        "",
        "| program | version | pairs | field | the same | in % | or right here, in % |",
        "|---|---|---|---|---|---|---|",
    ]
    for program, result in results.items():
        for at, key in enumerate(("entry", *program.fields)):
            name = [program.name, program.version(), f"{result.pairs:,}"] if not at else ["", "", ""]
            label, shares = "answered by both" if key == "entry" else f"`{key}`", (
                _share(result.same[key], result.pairs), _share(result.right(program, key), result.pairs))  # fmt: skip
            lines.append(f"| {' | '.join(name)} | {label} | {result.same[key]:,} | {' | '.join(shares)} |")
    lines += [f"| {name} | left out: {why} | | | | | |" for name, why in missing.items()]
    lines += ["", *_kinds(results)]
    for program, result in results.items():
        lines += ["", f"## {program.name}", "", *_classes(program, result)]
    return "\n".join(lines) + "\n"


def _share(count: int, pairs: int) -> str:
    return f"{100 * count / max(1, pairs):.3f}"


def _kinds(results: dict[Program, Result]) -> list[str]:
    """Pairs by kind of variant, and how many of them agree in every field."""
    lines = ["| pairs that agree in every field | " + " | ".join(KINDS) + " |", "|---|" + "---|" * len(KINDS)]
    for program, result in results.items():
        cells = [f"{_share(result.by_kind[f'{kind} same'], result.by_kind[kind])} % of {result.by_kind[kind]:,}"
                 if result.by_kind[kind] else "" for kind in KINDS]  # fmt: skip
        lines.append(f"| {program.name} | {' | '.join(cells)} |")
    return lines


def _classes(program: Program, result: Result) -> list[str]:
    if not result.classes:
        return ["No differences."]
    known = {rule.name: rule for rule in rules(program)}
    lines = ["| class, field | pairs | right | example | why |", "|---|---|---|---|---|"]
    for (key, kind), count in result.classes.most_common():
        one, rule = result.examples[key, kind][0], known.get(kind)
        example = f"{one.genome} {one.variant} {one.transcript}: here {_cell(one.ours)}, there {_cell(one.theirs)}"
        right, why = (RIGHT[rule.right], rule.why) if rule else ("open", UNKNOWN)
        lines.append(f"| {kind}, `{key}` | {count:,} | {right} | {example} | {_text(why)} |")
    return lines


def _cell(value: str) -> str:
    return f"`{_text(value[:60])}`" if value else "nothing"


def _text(value: str) -> str:
    return value.replace("|", "\\|")
