"""The figures of `make bench-genome` as a section of docs/performance.md, and as plots."""

from __future__ import annotations

from typing import Any

from tests.performance.plots import Panel, plot

BEGIN, END = "<!-- figures of make bench-genome -->", "<!-- end of these figures -->"
GROWTHS = {
    "records": "records",
    "transcripts": "transcripts",
    "layers": "layers of known variants",
    "processes": "processes",
}
"""What time and memory are measured against, and how the plots call it."""
ROWS = {
    "bundle": "bundle from sequence, gene models and regions",
    "known bundle": "bundle with known variants as well",
    "csq": "`bcftools csq -l`, one process",
    "annotation": "annotation with one track of regions",
    "known annotation": "annotation with known variants as well",
}
"""Steps whose figures the table has, and what it calls them."""
Figures = dict[str, Any]
"""What each step has found, by its name."""


def section(figures: Figures) -> str:
    """The section's text in Markdown."""
    about = figures["about"]
    intro = (
        f"The genome has {about['bases'] / 1e9:.3g} Gb ({about['scale']} of the human one), {about['transcripts']:,} "
        f"transcripts, {about['records']:,} records of one sample, and {about['known']:,} known variants at every "
        f"{about['every']} bases. Machine: {about['machine']}, {about['processors']} processors, load average "
        f"{about['load']} after building. Python {about['python']}, engine {about['engine']}, bcftools "
        f"{about['bcftools']}."
    )
    lines = [
        intro,
        "",
        "| what | processor seconds | seconds | memory of all processes, MB | output, MB |",
        "|---|---|---|---|---|",
    ]
    for step, name in ROWS.items():
        one = figures[step]
        cells = (one["processor"], one["passed"], one["memory"] / 1e6, one["size"] / 1e6)
        lines.append(f"| {name} | {' | '.join(f'{cell:,.0f}' for cell in cells)} |")
    return "\n".join([*lines, "", *_ratios(figures), "", _growth(figures)])


def _ratios(figures: Figures) -> list[str]:
    """Sentences that compare the programs, by processor time."""
    taken = {step: figures[step]["processor"] for step in ROWS}
    pass_and_csq = (
        f"- Annotation takes {taken['annotation'] / taken['csq']:.2f} times the processor time of `bcftools csq -l` on "
        f"the same file, and {taken['known annotation'] / taken['csq']:.2f} times with known variants, which is "
        f"{taken['known annotation'] / taken['annotation']:.2f} times the pass without them."
    )
    vepyr = figures["vepyr"]
    if "missing" in vepyr:
        return [pass_and_csq, f"- vepyr is left out: {vepyr['missing']}."]
    beside_vepyr = (
        f"- On the {vepyr['records']:,} records of one chromosome vepyr {vepyr['version']} takes "
        f"{vepyr['processor']:,.1f} processor seconds and the engine {vepyr['ours']:,.1f}; their ratio is "
        f"{vepyr['processor'] / vepyr['ours']:.1f}."
    )
    return [pass_and_csq, beside_vepyr]


def _growth(figures: Figures) -> str:
    """A sentence about how time and memory grow."""
    parts = []
    for name, called in GROWTHS.items():
        first, *_, last = figures[name]
        parts.append(
            f"from {first['size']:,} to {last['size']:,} {called} {first['processor']:.1f} to {last['processor']:.1f} "
            f"processor seconds and {first['memory'] / 1e6:.0f} to {last['memory'] / 1e6:.0f} MB"
        )
    return f"On a genome of a tenth of that size: {'; '.join(parts)}."


def plots(figures: Figures) -> str:
    """Time and memory against each of :data:`GROWTHS`, as SVG."""
    panels = []
    for name, called in GROWTHS.items():
        points = figures[name]
        times = {
            "processor time": [(one["size"], one["processor"]) for one in points],
            "time": [(one["size"], one["passed"]) for one in points],
        }
        memory = {"memory": [(one["size"], one["memory"] / 1e6) for one in points]}
        panels += [Panel(f"Time against {called}", called, "s", times)]
        panels += [Panel(f"Memory against {called}", called, "MB", memory)]
    return plot(panels)


def with_section(page: str, text: str) -> str:
    """A page with this text between its markers.

    Raises:
        ValueError: the page does not have each marker once, in order.
    """
    before, begin, rest = page.partition(BEGIN)
    old, end, after = rest.partition(END)
    if not begin or not end or BEGIN in old + after or END in before + after:
        raise ValueError(f"The page needs the markers {BEGIN} and {END}, once each and in this order.")
    return f"{before}{BEGIN}\n{text}\n{END}{after}"
