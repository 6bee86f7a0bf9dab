"""What a reference bundle is made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from annotator.engine.reference.build.known_variants import VariantSource
from annotator.engine.reference.build.regions import RegionSource


@dataclass
class Recipe:
    """What a bundle is made from.

    Attributes:
        name: of the bundle; letters, digits, ``.``, ``_`` and ``-``.
        fasta: sequence, plain, gzip or bgzip.
        models: GFF3, GTF or genePred, plain or gzip.
        codes: genetic code by contig.
        code: genetic code of all other contigs; None for what the models say (``transl_table``), else 1.
        circular: contigs that are circular; the mitochondrion and those that the models call circular are in any case.
        aliases: other names of contigs, to the name in ``fasta``.
        facts: ``version``, ``licence`` and ``url`` of each source, by part: ``fasta``, ``gff`` or a name of a layer.
        accept_models: build although models and sequence do not fit each other.
    """

    name: str
    fasta: Path
    models: Path
    variants: list[VariantSource] = field(default_factory=list)
    regions: list[RegionSource] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=dict)
    circular: tuple[str, ...] = ()
    aliases: dict[str, str] = field(default_factory=dict)
    title: str = ""
    assembly: str = ""
    facts: dict[str, dict[str, str]] = field(default_factory=dict)
    code: int | None = None
    accept_models: bool = False
