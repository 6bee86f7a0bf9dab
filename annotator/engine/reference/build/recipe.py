"""What a reference bundle is made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from annotator.engine.reference.build.gene_source import GeneSource
from annotator.engine.reference.build.position_scores import PositionSource
from annotator.engine.reference.build.regions import RegionSource
from annotator.engine.reference.build.variant_source import VariantSource


@dataclass
class Recipe:
    """What a bundle is made from.

    Attributes:
        name: of the bundle; letters, digits, ``.``, ``_`` and ``-``.
        fasta: sequence, plain, gzip or bgzip.
        models: GFF3, GTF or genePred, plain or gzip.
        variants: sources of known variants.
        scores: sources of scores by allele.
        positions: sources of scores by position.
        genes: tables of what is known about genes.
        regions: sources of regions.
        codes: number of the genetic code by name of a contig.
        circular: names of circular contigs, beside the mitochondrion and those that the models call circular.
        aliases: names in ``fasta`` by other names of contigs.
        title: of the reference; by default its name.
        assembly: name of the assembly; by default that of the reference.
        facts: ``version``, ``licence`` and ``url`` of each source, by ``fasta``, ``gff`` or its name.
        code: number of the genetic code of all other contigs; None for that of the models (``transl_table``), else 1.
        accept_models: build although models and sequence do not fit each other.
    """

    name: str
    fasta: Path
    models: Path
    variants: list[VariantSource] = field(default_factory=list)
    scores: list[VariantSource] = field(default_factory=list)
    positions: list[PositionSource] = field(default_factory=list)
    genes: list[GeneSource] = field(default_factory=list)
    regions: list[RegionSource] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=dict)
    circular: tuple[str, ...] = ()
    aliases: dict[str, str] = field(default_factory=dict)
    title: str = ""
    assembly: str = ""
    facts: dict[str, dict[str, str]] = field(default_factory=dict)
    code: int | None = None
    accept_models: bool = False

    @property
    def layers(self) -> list[VariantSource | PositionSource | GeneSource | RegionSource]:
        """The sources of known variants, scores, genes and regions."""
        return [*self.variants, *self.scores, *self.positions, *self.genes, *self.regions]

    def add_scores(self, source: VariantSource | PositionSource) -> None:
        """Add a source of scores, by allele or by position."""
        if isinstance(source, PositionSource):
            self.positions.append(source)
        else:
            self.scores.append(source)
