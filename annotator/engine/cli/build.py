"""``python -m annotator reference build``."""

from __future__ import annotations

from pathlib import Path

import click

from annotator.engine.bounds import whole_number
from annotator.engine.cli.command_errors import DONE, refused
from annotator.engine.cli.progress import steps
from annotator.engine.cli.run import PATH, SETTINGS, exit_codes
from annotator.engine.errors import BundleError, EngineError
from annotator.engine.reference.build.bundle_builder import Recipe, build
from annotator.engine.reference.build.gene_formats import LARGEST_CODE
from annotator.engine.reference.build.gene_source import GeneSource
from annotator.engine.reference.build.regions import RegionSource
from annotator.engine.reference.build.score_sources import parse_scores
from annotator.engine.reference.build.variant_source import VariantSource

Texts = tuple[str, ...]


@click.command(
    context_settings=SETTINGS,
    epilog=exit_codes("0 built", "1 not built, or wrong usage"),
)
@click.option("--name", required=True, help="Name of the bundle.")
@click.option("--fasta", required=True, type=PATH, help="Sequence: plain, gzip or bgzip.")
@click.option("--gff", required=True, type=PATH, help="Gene models: GFF3, GTF or genePred, plain or gzip.")
@click.option("--out", required=True, type=PATH, metavar="DIR", help="Directory of the new bundle.")
@click.option("--title", default="", help="Title (default: the name).")
@click.option("--assembly", default="", help="Name of the assembly (default: the name).")
@click.option(
    "--variants",
    multiple=True,
    metavar="NAME=VCF:FIELD,...",
    help="* Known variants, and the INFO fields (or ID) to take from them.",
)
@click.option(
    "--scores",
    multiple=True,
    metavar="NAME=FILE:COLUMN,...",
    help="* Scores by allele (table, VCF) or by position (table, bigWig), and the columns to take from them.",
)
@click.option(
    "--genes",
    multiple=True,
    metavar="NAME=FILE:COLUMN,...",
    help="* A table with a row for each gene, and the columns to take from it.",
)
@click.option(
    "--regions",
    multiple=True,
    metavar="NAME=BED[:COLUMN,...]",
    help="* Regions (bands, islands, ...): BED or a table like it, plain or gzip.",
)
@click.option(
    "--describe",
    multiple=True,
    metavar="NAME=TEXT",
    help="* What the regions of that name are, for the header of results.",
)
@click.option(
    "--genetic-code",
    multiple=True,
    metavar="[CONTIG=]NUMBER",
    help="* NCBI's number of the genetic code of a contig, or of all others.",
)
@click.option(
    "--circular", multiple=True, metavar="CONTIG", help="* A circular contig (the mitochondrion is taken to be one)."
)
@click.option("--alias", multiple=True, metavar="ALIAS=CONTIG", help="* Another name of a contig.")
@click.option(
    "--source",
    multiple=True,
    metavar="PART=VERSION",
    help="* Version of a source; PART is fasta, gff or the NAME of a layer.",
)
@click.option("--licence", multiple=True, metavar="PART=LICENCE", help="* Licence of a source.")
@click.option("--url", multiple=True, metavar="PART=URL", help="* Address of a source.")
@click.option("--accept-models", is_flag=True, help="Build although gene models and sequence do not fit each other.")
def command(
    name: str,
    fasta: Path,
    gff: Path,
    out: Path,
    title: str,
    assembly: str,
    variants: Texts,
    scores: Texts,
    genes: Texts,
    regions: Texts,
    describe: Texts,
    genetic_code: Texts,
    circular: Texts,
    alias: Texts,
    source: Texts,
    licence: Texts,
    url: Texts,
    accept_models: bool,
) -> int:
    """Build a reference from public files.

    Options marked * may be repeated. docs/references.md explains formats and checks.
    """
    try:
        code, codes = _codes(genetic_code)
        recipe = Recipe(
            name=name,
            fasta=fasta,
            models=gff,
            variants=[VariantSource.parse(text) for text in variants],
            genes=[GeneSource.parse(text) for text in genes],
            regions=_regions(regions, describe),
            codes=codes,
            code=code,
            circular=circular,
            aliases=_pairs("--alias", alias),
            title=title,
            assembly=assembly,
            facts=_facts(source, licence, url),
            accept_models=accept_models,
        )
        for text in scores:
            recipe.add_scores(parse_scores(text))
        with steps() as say:
            build(recipe, out, say)
            say(f"built {out}")
    except (EngineError, OSError) as error:
        return refused(error)
    return DONE


def _facts(source: Texts, licence: Texts, url: Texts) -> dict[str, dict[str, str]]:
    """Version, licence and address of the sources, by part."""
    facts: dict[str, dict[str, str]] = {}
    given = (("--source", "version", source), ("--licence", "licence", licence), ("--url", "url", url))
    for option, fact, texts in given:
        for part, value in _pairs(option, texts).items():
            facts.setdefault(part, {})[fact] = value
    return facts


def _codes(texts: Texts) -> tuple[int | None, dict[str, int]]:
    """The genetic code of all contigs (None: not given), and those of single ones."""
    general = [text for text in texts if "=" not in text]
    pairs = _pairs("--genetic-code", tuple(text for text in texts if "=" in text))
    codes = {contig: _code(text) for contig, text in pairs.items()}
    if len(general) > 1:
        message = f"--genetic-code {general[1]}: give one NUMBER for all contigs, or CONTIG=NUMBER for each."
        raise BundleError("reference_build", message)
    return (_code(general[0]) if general else None), codes


def _regions(texts: Texts, descriptions: Texts) -> list[RegionSource]:
    regions = [RegionSource.parse(text) for text in texts]
    described = _pairs("--describe", descriptions)
    for one in regions:
        one.description = described.pop(one.name, "")
    if described:
        raise BundleError("reference_build", f"--describe {next(iter(described))}: there are no regions of that name.")
    return regions


def _code(text: str) -> int:
    code = whole_number(text, LARGEST_CODE)
    if code is None:
        message = f"--genetic-code {text}: expected NUMBER or CONTIG=NUMBER, such as 11 or MT=2."
        raise BundleError("reference_build", message)
    return code


def _pairs(option: str, texts: Texts) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key or not value or key in pairs:
            raise BundleError("reference_build", f"{option} {text}: NAME=VALUE is wanted, once a name.")
        pairs[key] = value
    return pairs
