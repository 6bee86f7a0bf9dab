"""Building a reference bundle from public files: a sequence, gene models, and any number of layers."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pysam

from annotator.engine.bgzf import BgzfWriter
from annotator.engine.codes import STARTS
from annotator.engine.consequence.compiling import compile_models
from annotator.engine.detection import synonyms
from annotator.engine.errors import BundleError
from annotator.engine.gene_tables import read_gene_table
from annotator.engine.known_variants import KNOWN_IN, VariantSource, merge_variants
from annotator.engine.model_building import check_models, place, write_models
from annotator.engine.reference import SCHEMA, Contig, Sequence
from annotator.engine.region_building import RegionSource, merge_regions
from annotator.engine.signs import chromosome
from annotator.engine.verify import sha256

#: Bases of a line of the sequence.
LINE = 60
_BASES = re.compile(r"[ACGTURYKMSWBDHVN]*")


@dataclass
class Recipe:
    """What a bundle is made from.

    Attributes:
        name: of the bundle; letters, digits, ``.``, ``_`` and ``-``.
        fasta: sequence, plain, gzip or bgzip.
        models: GFF3, GTF or genePred, plain or gzip.
        codes: genetic code by contig, 1 where none is given.
        circular: contigs that are circular; the mitochondrion is in any case.
        aliases: other names of contigs, to the name in ``fasta``.
        facts: ``version``, ``licence`` and ``url`` of each source, by part: ``fasta``, ``gff`` or a name of a layer.
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


def build(recipe: Recipe, out: Path, say: Callable[[str], None]) -> None:
    """Build a bundle; its directory appears when all of it is complete and was found sound.

    Args:
        recipe: what it is made from.
        out: the directory, which must not exist.
        say: receives what was done and found, line by line.

    Raises:
        BundleError: something cannot be read or does not belong together.
        OSError: a file cannot be read or written.
    """
    _check_recipe(recipe, out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as directory:
        bundle = Path(directory) / "bundle"
        work = Path(directory) / "work"
        bundle.mkdir()
        work.mkdir()
        manifest = _compile(recipe, bundle, work, say)
        (bundle / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", "utf-8")
        shutil.move(bundle, out)


def _check_recipe(recipe: Recipe, out: Path) -> None:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", recipe.name):
        raise BundleError("reference_build", f"{recipe.name!r} is no name for a reference.")
    if out.exists():
        raise BundleError("reference_build", f"{out} is there already.")
    for path in (recipe.fasta, recipe.models):
        if not path.is_file():
            raise BundleError("reference_build", f"There is no file {path}.")
    parts = ["fasta", "gff", *(source.name for source in recipe.variants), *(source.name for source in recipe.regions)]
    if len(set(parts)) != len(parts):
        raise BundleError("reference_build", "Two sources have one name.")
    for part in recipe.facts:
        if part not in parts:
            raise BundleError("reference_build", f"There is no source {part!r}; there are {', '.join(parts)}.")
    for code in recipe.codes.values():
        if code not in STARTS:
            known = ", ".join(map(str, STARTS))
            raise BundleError("reference_build", f"Genetic code {code} is not known; known: {known}.")


def _compile(recipe: Recipe, bundle: Path, work: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Write the files of a bundle; returns the manifest."""
    fasta, models = bundle / "sequence.fa.gz", bundle / "models.gff3.gz"
    lengths = _copy_sequence(recipe.fasta, fasta)
    contigs, names = _contigs(recipe, lengths)
    say(f"sequence: {len(contigs):,} contigs, {sum(lengths.values()):,} bases")
    table = read_gene_table(recipe.models)
    placed, missing = place(table, contigs, names)
    write_models(models, placed)
    compiled = bundle / "models.arrow"
    compile_models(models, contigs, compiled)
    say(f"gene models ({table.kind}): {len(placed):,} transcripts on {len({one.contig for one in placed}):,} contigs")
    if missing:
        listed = ", ".join(f"{name} ({count:,})" for name, count in missing.most_common(8))
        say(f"left out: {missing.total():,} transcripts on {len(missing):,} contigs without sequence: {listed}")
    if table.left_out:
        say(f"left out: {table.left_out:,} transcripts without strand or exons")
    sequence = Sequence(fasta)
    fit = check_models(models, placed, contigs, sequence)
    say(fit.figures() if fit.coding else "no coding transcript: nothing says that models and sequence belong together")
    layers = []
    if recipe.variants:
        file = bundle / "known_variants.tsv.gz"
        fields = merge_variants(recipe.variants, file, contigs, names, fasta, work)
        layers = [{"name": "known variants", "file": file.name, "known": KNOWN_IN, "fields": fields}]
        for source in recipe.variants:
            say(f"known variants {source.name}: {source.used:,} alleles{_left_out(source.left_out)}")
    regions = None
    if recipe.regions:
        file = bundle / "regions.tsv.gz"
        regions = {"file": file.name, "tracks": merge_regions(recipe.regions, file, contigs, names, work)}
        for track in recipe.regions:
            say(f"regions {track.name}: {track.used:,}{_left_out(track.left_out)}")
    checks = {
        "coding_transcripts": fit.coding,
        "start_codon": [fit.starts, fit.asked_start],
        "stop_codon": [fit.stops, fit.asked_stop],
        "internal_stop": fit.internal,
    }
    title = recipe.title or recipe.name
    return {
        "schema": SCHEMA,
        "name": recipe.name,
        "title": title,
        "assembly": recipe.assembly or recipe.name,
        "genome": title,
        "fasta": fasta.name,
        "models": models.name,
        "compiled": compiled.name,
        "contigs": [
            {
                "name": one.name,
                "length": one.length,
                "circular": one.circular,
                "genetic_code": one.genetic_code,
                "start_codons": sorted(one.start_codons),
                "aliases": list(one.aliases),
            }
            for one in contigs
        ],
        "layers": layers,
        "regions": regions,
        "sources": _sources(recipe),
        "checks": checks,
        "exceptions": sorted(fit.exceptions),
        "sha256": {path.name: sha256(path) for path in sorted(bundle.iterdir())},
    }


def _left_out(counts: Counter[str]) -> str:
    return "".join(f", {count:,} left out ({reason})" for reason, count in sorted(counts.items()))


def _copy_sequence(source: Path, out: Path) -> dict[str, int]:
    """Write a sequence in upper case, bgzipped and indexed; returns the length of each contig."""
    with source.open("rb") as stream:
        zipped = stream.read(2) == b"\x1f\x8b"
    lengths: dict[str, int] = {}
    name, waiting = "", ""
    writer = BgzfWriter(out)
    try:
        with gzip.open(source, "rt", encoding="ascii") if zipped else source.open(encoding="ascii") as lines:
            for number, line in enumerate(lines, start=1):
                if line.startswith(">"):
                    writer.write(f"{waiting}\n".encode() if waiting else b"")
                    name, waiting = (line[1:].split() or [""])[0], ""
                    if not name or name in lengths:
                        message = f"{source.name}, line {number}: no name, or one seen before."
                        raise BundleError("reference_fasta", message)
                    lengths[name] = 0
                    writer.write(f">{name}\n".encode())
                    continue
                bases = line.strip().upper()
                if not _BASES.fullmatch(bases) or (bases and not name):
                    raise BundleError("reference_fasta", f"{source.name}, line {number}: not a sequence of bases.")
                lengths[name] = lengths.get(name, 0) + len(bases)
                waiting += bases
                whole = len(waiting) - len(waiting) % LINE
                writer.write("".join(waiting[at : at + LINE] + "\n" for at in range(0, whole, LINE)).encode())
                waiting = waiting[whole:]
        writer.write(f"{waiting}\n".encode() if waiting else b"")
        writer.close()
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile) as error:
        raise BundleError("reference_fasta", f"{source.name} cannot be read: {error}") from error
    finally:
        writer.abandon()
    empty = [name for name, length in lengths.items() if not length]
    if empty or not lengths:
        raise BundleError("reference_fasta", f"{source.name} has no bases{' of ' + empty[0] if empty else ''}.")
    pysam.faidx(str(out))
    return lengths


def _contigs(recipe: Recipe, lengths: dict[str, int]) -> tuple[list[Contig], dict[str, str]]:
    """The contigs of a reference, and the name of each by all of its names."""
    given = {**dict.fromkeys([*recipe.codes, *recipe.circular]), **dict.fromkeys(recipe.aliases.values())}
    names = {name: name for name in lengths}
    for name, length in lengths.items():
        for other in synonyms(name, length):
            names.setdefault(other, name)
    unknown = [name for name in given if name not in names]
    if unknown:
        raise BundleError("reference_build", f"The sequence has no contig {unknown[0]}; it has {', '.join(lengths)}.")
    names |= {alias: names[name] for alias, name in recipe.aliases.items() if alias not in lengths}
    codes = {names[name]: code for name, code in recipe.codes.items()}
    circular = {names[name] for name in recipe.circular} | {name for name in lengths if chromosome(name) == "MT"}
    contigs = [
        Contig(
            name,
            length,
            codes.get(name, 1),
            frozenset(STARTS[codes.get(name, 1)]),
            name in circular,
            tuple(alias for alias, owner in names.items() if owner == name and alias != name),
        )
        for name, length in lengths.items()
    ]
    return contigs, names


def _sources(recipe: Recipe) -> list[dict[str, str]]:
    files = [("fasta", "sequence", recipe.fasta), ("gff", "gene models", recipe.models)]
    files += [(source.name, source.name, path) for source in recipe.variants for path in source.paths]
    files += [(track.name, track.name, track.path) for track in recipe.regions]
    return [
        {
            "name": name,
            "version": "not given",
            "licence": "not given",
            **recipe.facts.get(part, {}),
            "from": path.name,
            "sha256": sha256(path),
        }
        for part, name, path in files
    ]
