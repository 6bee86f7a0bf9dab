"""The log file: what was noticed and counted, in words, warnings first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

LABELS = [
    ("records", "Records"),
    ("alleles", "Alternate alleles"),
    ("snvs", "Single-nucleotide variants"),
    ("indels", "Insertions and deletions"),
    ("mnvs", "Multi-nucleotide variants"),
    ("other", "Symbolic and other alleles"),
    ("multi_allelic", "Multi-allelic records"),
    ("ti", "Transitions"),
    ("tv", "Transversions"),
    ("titv", "Transitions per transversion"),
    ("samples", "Samples"),
    ("genes_hit", "Genes with variants"),
    ("high_impact", "Records of high impact"),
]

COMPOUND_LABELS = {
    "records": "Records with such an effect",
    "more_severe": "more severe than that of the record alone",
    "less_severe": "less severe than that of the record alone",
}

_LAYER_UNITS = {"alleles": "alleles that it lists", "regions": "records that overlap it"}


def render_log(summary: dict[str, Any], name: str, unresolved: Sequence[str] = ()) -> str:
    """Write the log of an annotated file.

    Args:
        summary: as :func:`annotator.engine.pipeline.annotate.annotate` returns it.
        name: of the user's file.
        unresolved: every line of a list that could not be resolved, and why.
    """
    reference = summary["reference"]
    lines = [
        f"Annotation of {name}",
        f"Reference: {reference['title']} ({reference['name']}, {reference['assembly']})",
        *(f"Note: {note}" for note in reference.get("notes", ())),
        f"Engine: {summary['engine']}",
        "Calls: record by record"
        + (", and together where genotypes say that alleles share a chromosome" if summary["haplotypes"] else ""),
        "Insertions and deletions: "
        + ("at their 3' end in each transcript, as in HGVS" if summary["shift_3prime"] else "left-aligned"),
        "",
        "Warnings",
    ]
    lines += [_warning(item) for item in summary["warnings"]] or ["  none"]
    if listed := summary.get("variant_list"):
        lines += ["", "Lines of the list"]
        lines += [_row(key.capitalize(), listed[key]) for key in ("resolved", "unresolved")]
        lines += [f"    {one}" for one in unresolved]
    lines += ["", "Counts"]
    lines += [_row(label, summary[key]) for key, label in LABELS if summary[key] is not None]
    lines += ["", "Known variants"]
    lines.append(_row("Annotated records", sum(summary["impacts"].values())))
    if summary["known"] is None:
        lines.append("  The reference has no known variants.")
    else:
        lines += [_row("with a known allele", summary["known"]), _row("without one (novel)", summary["novel"])]
    if layers := summary.get("layers"):
        lines += ["", "Your own annotations"]
        lines += [_row(f"{one['name']} ({one['file']}): {_LAYER_UNITS[one['kind']]}", one["matched"]) for one in layers]
    if "promoters_in_cpg_islands" in summary:
        lines.append(_row("upstream of a gene, in a CpG island", summary["promoters_in_cpg_islands"]))
    if summary["haplotypes"]:
        lines += ["", "Effects that variants of one chromosome have together"]
        lines += [_row(label, summary["compound_effects"][key]) for key, label in COMPOUND_LABELS.items()]
    for title, key in (
        ("Records left without consequences, by reason", "skipped"),
        ("Records by contig", "contigs"),
        ("Records by location (of the most severe consequence)", "locations"),
        ("Records by consequence (a record counts once for each of its terms)", "consequences"),
        ("Records by most severe consequence", "most_severe"),
        ("Records by impact", "impacts"),
        ("Records by gene", "genes"),
    ):
        if summary[key]:
            lines += ["", title]
            lines += [_row(label, count) for label, count in summary[key].items()]
    lines += ["", "Sources"]
    lines += [f"  {one['name']}, {one['version']}, {one['licence']}" for one in reference["sources"]]
    return "\n".join(lines) + "\n"


def _row(label: str, value: object) -> str:
    shown = f"{value:,}" if isinstance(value, int) else str(value)
    return f"  {label:<45} {shown:>12}"


def _warning(item: dict[str, Any]) -> str:
    text = f"  {item['count']:,} x {item['code']}: {item['message']}"
    if item["first_lines"]:
        text += f" (line{'s' if len(item['first_lines']) > 1 else ''} "
        text += ", ".join(str(line) for line in item["first_lines"])
        text += ", ...)" if item["count"] > len(item["first_lines"]) else ")"
    if item["details"]:
        text += "".join(f"\n      {detail}" for detail in item["details"])
    return text
