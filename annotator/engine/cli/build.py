"""The command line of ``python -m annotator reference build``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TextIO

from annotator.engine.bounds import whole_number
from annotator.engine.cli.command_errors import refused
from annotator.engine.errors import BundleError, EngineError
from annotator.engine.reference.build.bundle_builder import Recipe, build
from annotator.engine.reference.build.gene_formats import LARGEST_CODE
from annotator.engine.reference.build.known_variants import VariantSource
from annotator.engine.reference.build.regions import RegionSource


def add_build_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("--name", required=True, help="name of the bundle")
    parser.add_argument("--fasta", required=True, type=Path, help="sequence: plain, gzip or bgzip")
    parser.add_argument("--gff", required=True, type=Path, help="gene models: GFF3, GTF or genePred, plain or gzip")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="directory of the new bundle")
    parser.add_argument("--title", default="", help="title (default: the name)")
    parser.add_argument("--assembly", default="", help="name of the assembly (default: the name)")
    for option, metavar, text in (
        ("--variants", "NAME=VCF:FIELD,...", "known variants and the INFO fields (or ID) to take from them"),
        ("--regions", "NAME=BED[:COLUMN,...]", "regions (bands, islands, ...): BED or a table like it, plain or gzip"),
        ("--describe", "NAME=TEXT", "what the regions of that name are, for the header of results"),
        ("--genetic-code", "[CONTIG=]NUMBER", "NCBI's number of the genetic code of a contig, or of all others"),
        ("--circular", "CONTIG", "a circular contig (the mitochondrion is taken to be one)"),
        ("--alias", "ALIAS=CONTIG", "another name of a contig"),
        ("--source", "PART=VERSION", "version of a source; PART is fasta, gff or a NAME of a layer"),
        ("--licence", "PART=LICENCE", "licence of a source"),
        ("--url", "PART=URL", "address of a source"),
    ):
        parser.add_argument(option, action="append", default=[], metavar=metavar, help=f"{text}; may be repeated")
    parser.add_argument(
        "--accept-models", action="store_true", help="build although gene models and sequence do not fit each other"
    )


def run_build(options: argparse.Namespace) -> int:
    """Build a bundle; returns the exit code: 0, or 1 with the reason on standard error."""
    try:
        build(_recipe(options), options.out, lambda line: _write(sys.stdout, line))
    except (EngineError, OSError) as error:
        return refused(error)
    _write(sys.stdout, f"built {options.out}")
    return 0


def _recipe(options: argparse.Namespace) -> Recipe:
    facts: dict[str, dict[str, str]] = {}
    for option, fact in (("source", "version"), ("licence", "licence"), ("url", "url")):
        for part, value in _pairs(options, option).items():
            facts.setdefault(part, {})[fact] = value
    general = [text for text in options.genetic_code if "=" not in text]
    options.genetic_code = [text for text in options.genetic_code if "=" in text]
    codes = {contig: _code(text) for contig, text in _pairs(options, "genetic_code").items()}
    if len(general) > 1:
        message = f"--genetic-code {general[1]}: give one NUMBER for all contigs, or CONTIG=NUMBER for each."
        raise BundleError("reference_build", message)
    regions = [RegionSource.parse(text) for text in options.regions]
    described = _pairs(options, "describe")
    for one in regions:
        one.description = described.pop(one.name, "")
    if described:
        raise BundleError("reference_build", f"--describe {next(iter(described))}: there are no regions of that name.")
    return Recipe(
        name=options.name,
        fasta=options.fasta,
        models=options.gff,
        variants=[VariantSource.parse(text) for text in options.variants],
        regions=regions,
        codes=codes,
        code=_code(general[0]) if general else None,
        circular=tuple(options.circular),
        aliases=_pairs(options, "alias"),
        title=options.title,
        assembly=options.assembly,
        facts=facts,
        accept_models=options.accept_models,
    )


def _code(text: str) -> int:
    code = whole_number(text, LARGEST_CODE)
    if code is None:
        message = f"--genetic-code {text}: expected NUMBER or CONTIG=NUMBER, such as 11 or MT=2."
        raise BundleError("reference_build", message)
    return code


def _pairs(options: argparse.Namespace, option: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in getattr(options, option):
        key, equals, value = text.partition("=")
        if not equals or not key or not value or key in pairs:
            message = f"--{option.replace('_', '-')} {text}: NAME=VALUE is wanted, once a name."
            raise BundleError("reference_build", message)
        pairs[key] = value
    return pairs


def _write(stream: TextIO, line: str) -> None:
    stream.write(line + "\n")
    stream.flush()
