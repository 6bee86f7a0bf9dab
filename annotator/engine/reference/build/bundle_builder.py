"""Builds a reference bundle from public files: a sequence, gene models, known variants and regions."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from annotator.engine.errors import BundleError
from annotator.engine.files import sha256_of
from annotator.engine.library_errors import step
from annotator.engine.reference.build.compile_models import by_contig, transcript_tables
from annotator.engine.reference.build.contigs import contigs_of, with_model_facts
from annotator.engine.reference.build.gene_formats import GeneModel
from annotator.engine.reference.build.gene_tables import read_gene_table
from annotator.engine.reference.build.known_variants import KNOWN_IN, merge_variants
from annotator.engine.reference.build.model_checks import ModelFit, check_models
from annotator.engine.reference.build.place_models import place
from annotator.engine.reference.build.recipe import Recipe
from annotator.engine.reference.build.regions import merge_regions
from annotator.engine.reference.build.sequence import copy_sequence
from annotator.engine.reference.build.write_gff3 import write_gff3
from annotator.engine.reference.bundle import SCHEMA, UNREAD_BY_CSQ, Contig, Sequence
from annotator.engine.reference.genetic_code import STARTS
from annotator.engine.reference.transcript_table import write_transcripts

MOST_LISTED = 10
"""Most transcripts that a line of the output lists."""


def build(recipe: Recipe, out: Path, say: Callable[[str], None]) -> None:
    """Build a bundle. Its directory appears when the bundle is complete and has passed the checks.

    Args:
        recipe: what it is made from.
        out: the directory, which must not exist.
        say: receives the report, line by line.

    Raises:
        BundleError: a source cannot be read, or does not belong to the sequence.
        OSError: a file cannot be read or written.
    """
    _check_recipe(recipe, out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as directory:
        bundle = Path(directory) / "bundle"
        work = Path(directory) / "work"
        bundle.mkdir()
        work.mkdir()
        with step("reference_build", f"The reference {recipe.name} cannot be built; one of its files cannot be used"):
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
    parts = ["fasta", "gff", *(source.name for source in recipe.layers)]
    if len(set(parts)) != len(parts):
        raise BundleError("reference_build", "Two sources have one name.")
    for part in recipe.facts:
        if part not in parts:
            raise BundleError("reference_build", f"There is no source {part!r}; there are {', '.join(parts)}.")
    for code in [*recipe.codes.values(), *([] if recipe.code is None else [recipe.code])]:
        if code not in STARTS:
            known = ", ".join(map(str, STARTS))
            raise BundleError("reference_build", f"Genetic code {code} is not known; known: {known}.")


def _compile(recipe: Recipe, bundle: Path, work: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Write the files of a bundle.

    Args:
        recipe: of the reference.
        bundle: directory for the files.
        work: directory for temporary files.
        say: receives the report, line by line.

    Returns:
        The manifest.
    """
    fasta, models, compiled = (bundle / name for name in ("sequence.fa.gz", "models.gff3.gz", "models.arrow"))
    lengths = copy_sequence(recipe.fasta, fasta)
    table = read_gene_table(recipe.models)
    contigs, names = contigs_of(recipe, lengths)
    contigs = with_model_facts(recipe, contigs, names, table, say)
    say(f"sequence: {len(contigs):,} contigs, {sum(lengths.values()):,} bases")
    placed, missing = place(table, contigs, names)
    write_gff3(models, placed, contigs)
    by_name = by_contig(placed)
    tables = transcript_tables(by_name)
    write_transcripts(tables, compiled)
    say(f"gene models ({table.kind}): {len(placed):,} transcripts on {len(by_name):,} contigs")
    if missing:
        listed = ", ".join(f"{name} ({count:,})" for name, count in missing.most_common(8))
        first = ", ".join(table.left_out.first("contig_without_sequence"))
        on = f"{missing.total():,} transcripts on {len(missing):,} contigs without sequence"
        say(f"left out: {on}: {listed}; first {first}")
    for line in table.left_out.lines(but="contig_without_sequence"):
        say(f"left out: {line}")
    special = _special(placed, contigs, say)
    fit, contradiction = check_models(by_name, tables, contigs, Sequence(fasta))
    notes = _notes_on_fit(recipe, fit, contradiction, say)
    layers, regions = [], None
    if recipe.variants:
        files, fields = merge_variants(recipe.variants, bundle, contigs, names, fasta, work)
        layers = [{"name": "known variants", "files": files, "known": KNOWN_IN, "fields": fields}]
        for source in recipe.variants:
            say(f"known variants {source.name}: {source.words('alleles')}")
    if recipe.regions:
        file = bundle / "regions.tsv.gz"
        regions = {"file": file.name, "tracks": merge_regions(recipe.regions, file, contigs, names.get, work)}
        for track in recipe.regions:
            say(f"regions {track.name}: {track.words()}")
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
        "checks": fit.checks(),
        "exceptions": sorted(fit.exceptions),
        "notes": notes,
        "left_out": [
            *({"part": "gff", **entry} for entry in table.left_out.entries()),
            *(
                {"part": source.name, "reason": reason, "count": count}
                for source in recipe.layers
                for reason, count in sorted(source.left_out.items())
            ),
        ],
        **special,
        "sha256": {path.name: sha256_of(path) for path in sorted(bundle.iterdir())},
    }


def _special(placed: list[GeneModel], contigs: list[Contig], say: Callable[[str], None]) -> dict[str, Any]:
    """Report transcripts that :data:`UNREAD_BY_CSQ` lists; returns their entries of the manifest."""
    lengths = {contig.name: contig.length for contig in contigs}
    slips = {one.id: one.slips for one in placed if one.slips}
    across = [one.id for one in placed if one.end > lengths[one.contig]]
    codes = {one.id: one.genetic_code for one in placed if one.genetic_code and one.cds}
    for ids, what in (
        (list(slips), "coding sequences are read with ribosomal slippage"),
        (across, "transcripts lie across the origin of a circular contig"),
        (list(codes), "coding sequences have another genetic code than their contig"),
    ):
        if ids:
            listed = ", ".join(ids[:MOST_LISTED]) + (", ..." if len(ids) > MOST_LISTED else "")
            say(f"note: {len(ids):,} {what}: {listed}")
    return dict(zip(UNREAD_BY_CSQ, (slips, across, codes), strict=True))


def _notes_on_fit(recipe: Recipe, fit: ModelFit, contradiction: str, say: Callable[[str], None]) -> list[str]:
    """Report how models and sequence fit each other.

    Returns:
        Notes for the manifest, which every log of an annotation repeats.

    Raises:
        BundleError: they do not fit, and the recipe does not accept that.
    """
    if contradiction and not recipe.accept_models:
        remedy = (
            "If they do, set the genetic code (--genetic-code NUMBER or CONTIG=NUMBER), or build the reference anyway "
            "with --accept-models."
        )
        message = f"Models and sequence do not belong together: {contradiction}. {remedy}"
        raise BundleError("reference_mismatch", message)
    say(fit.figures() if fit.coding else "no coding transcript: nothing says that models and sequence belong together")
    if fit.seems_bacterial():
        what = f"{fit.bacterial_starts:,} coding transcripts start on a start codon of genetic code 11"
        say(f"note: {what}; if they are of bacteria, archaea or plastids, build with --genetic-code 11")
    if not contradiction:
        return []
    note = f"The gene models do not fit the sequence and were accepted with --accept-models: {contradiction}."
    say(f"warning: {note}")
    return [note]


def _sources(recipe: Recipe) -> list[dict[str, str]]:
    """The files that the bundle is built from, as the manifest lists them."""
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
            "sha256": sha256_of(path),
        }
        for part, name, path in files
    ]
