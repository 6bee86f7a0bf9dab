"""Finds the alleles of rs numbers in the known variants of a reference: one scan of each table for all of a list."""

from __future__ import annotations

from collections import defaultdict

import pyarrow as pa

from annotator.engine.library_errors import VERIFY, step
from annotator.engine.reference.bundle import Reference
from annotator.engine.reference.info_encoding import IDENTIFIERS
from annotator.engine.reference.known_variants import open_alleles
from annotator.engine.variant_list.change import GenomicChange


def has_identifiers(reference: Reference) -> bool:
    """Whether the known variants of a reference have identifiers."""
    return any(one.info.endswith(IDENTIFIERS) for layer in reference.layers for one in layer.fields)


def alleles_of(reference: Reference, wanted: set[str]) -> dict[str, list[GenomicChange]]:
    """The alleles of identifiers.

    The tables are sorted by position, so all of them is read; a table of a billion rows takes minutes.

    Args:
        reference: its layers are searched.
        wanted: identifiers, in lower case.

    Returns:
        Alleles by identifier, by contig and position, each once; nothing of an identifier that no table has.

    Raises:
        BundleError: a table cannot be read.
    """
    found: dict[str, dict[GenomicChange, None]] = defaultdict(dict)
    names = pa.array(sorted(wanted), pa.string())
    for layer in reference.layers if wanted else ():
        fields = [one.column for one in layer.fields if one.info.endswith(IDENTIFIERS)]
        for contig, path in layer.files.items() if fields else ():
            table = open_alleles(layer, contig)
            with step("reference_layer", f"{path.name} cannot be read", VERIFY):
                rows = sorted(row for field in fields for row in table.rows_with(field, names))
            for pos, ref, alt, listed in rows:
                change = GenomicChange(contig, pos, len(ref), "delins", ref, alt)
                for name in wanted.intersection(listed.split("&")):
                    found[name][change] = None
    return {name: list(changes) for name, changes in found.items()}
