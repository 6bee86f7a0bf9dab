"""Whether a file was called on the reference that it is annotated with, judged from all of its records."""

from __future__ import annotations

from annotator.engine.errors import InputError, quote
from annotator.engine.output.summary import Counts
from annotator.engine.progress import Warnings
from annotator.engine.reference.bundle import Reference
from annotator.engine.vcf.header import Header

WRONG_BUILD_PART = 0.10
"""A file with more REF mismatches than this part of its comparable records was called on another reference..."""
WRONG_BUILD_LEAST = 5
"""... when there are at least so many: one or two slips in a small file are not another reference."""


def refuse_wrong_reference(counts: Counts, header: Header, reference: Reference, warnings: Warnings) -> None:
    """Refuse a file that was called on another reference, with figures.

    Raises:
        InputError: it was.
    """
    if counts.contigs and not any(reference.canonical(name) for name in counts.contigs):
        names = list(counts.contigs)
        ours = ", ".join(contig.name for contig in reference.contigs[:8])
        seen = ", ".join(quote(name.encode("latin-1"), 40) for name in names[:8])
        seen += f" and {len(names) - 8} more" if len(names) > 8 else ""
        raise InputError(
            "no_known_contig",
            f"No record is on a contig of {reference.name} ({ours}); the file has {seen}{_named(header)}.",
        )
    mismatched, compared = counts.total["mismatched"], counts.total["compared"]
    if mismatched >= WRONG_BUILD_LEAST and mismatched > WRONG_BUILD_PART * compared:
        first = warnings.by_code["ref_mismatch"]
        raise InputError(
            "wrong_build",
            f"REF differs from {reference.name} ({reference.assembly}) in {mismatched:,} of {compared:,} records, "
            f"first at {first.details[0]}: the variants were called on another reference{_named(header)}.",
            line=first.first_lines[0],
            column=4,
            field="REF",
        )
    for name in counts.contigs:
        _compare_length(name, counts, header, reference, warnings)


def _compare_length(name: str, counts: Counts, header: Header, reference: Reference, warnings: Warnings) -> None:
    """Take a contig length of the header that is not the reference's as a sign of another build."""
    canonical, said = reference.canonical(name), header.contigs.get(name)
    if canonical is None or said is None:
        return
    length = reference.contig(canonical).length
    if said == length:
        return
    message = f"the header gives {name} {said:,} bases, {reference.name} has {length:,}"
    if counts.total["mismatched"]:
        raise InputError("wrong_build", f"Called on another reference: {message}, and REF alleles differ.")
    warnings.add("contig_length", None, message)


def _named(header: Header) -> str:
    name = header.reference_named()
    return "" if name is None else f" (its header names {name})"
