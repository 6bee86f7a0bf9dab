"""The gene models of a new reference compiled, written for csq and checked, some contigs at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import pyarrow as pa

from annotator.engine.reference.build.compile_models import by_contig, transcript_table
from annotator.engine.reference.build.gene_formats import GeneModel
from annotator.engine.reference.build.model_checks import ModelFit, check_contig
from annotator.engine.reference.build.processes import in_processes
from annotator.engine.reference.build.write_gff3 import gff3_rows, write_gff3
from annotator.engine.reference.bundle import Contig
from annotator.engine.reference.bundle import Sequence as Bases
from annotator.engine.reference.transcript_table import SCHEMA, write_transcripts

TOGETHER = 2_000
"""Least number of transcripts that one process works on at once: those of one chromosome or of many small contigs."""


def write_models(
    placed: Sequence[GeneModel], contigs: Sequence[Contig], sequence: Path, gff3: Path, compiled: Path, work: Path
) -> dict[str, ModelFit]:
    """Write the gene models of a bundle, and compare them with the sequence.

    Args:
        placed: as :func:`annotator.engine.reference.build.place_models.place` returns them.
        contigs: of the reference.
        sequence: its FASTA file.
        gff3, compiled: the files to write.
        work: directory for the parts of both files until all are there.

    Returns:
        How the coding transcripts of each contig fit, in the order of the contigs.

    Raises:
        BundleError: a file cannot be indexed or read.
        OSError: a file cannot be written.
    """
    described = {contig.name: contig for contig in contigs}
    parts = list(_parts(placed))
    texts = [work / f"models.{number}.gff3" for number in range(len(parts))]
    tables = [work / f"models.{number}.arrow" for number in range(len(parts))]

    def compile_part(number: int) -> dict[str, ModelFit]:
        bases, fits = Bases(sequence), {}
        with (
            texts[number].open("wb") as text,
            pa.OSFile(str(tables[number]), "wb") as sink,
            pa.ipc.new_file(sink, SCHEMA) as writer,
        ):
            for name, models in parts[number].items():
                text.write(gff3_rows(models).encode())
                models = by_contig(models)[name]
                table = transcript_table(models)
                writer.write_table(table)
                fits[name] = check_contig(models, table, described[name], bases)
        return fits

    order = sorted(range(len(parts)), key=lambda number: -sum(map(len, parts[number].values())))
    found: list[dict[str, ModelFit]] = [{} for _ in parts]
    for at, fits in in_processes(compile_part, order, sequence.stat().st_size):
        found[order[at]] = fits
    write_gff3(gff3, (path.read_bytes() for path in texts), contigs)
    opened = [pa.ipc.open_file(pa.memory_map(str(path))) for path in tables]
    by_name = {
        name: pa.Table.from_batches([file.get_batch(at)])
        for file, fits in zip(opened, found, strict=True)
        for at, name in enumerate(fits)
    }
    write_transcripts(by_name, compiled)
    for path in (*texts, *tables):
        path.unlink()
    return {name: fit for fits in found for name, fit in fits.items()}


def _parts(placed: Sequence[GeneModel]) -> Iterator[dict[str, list[GeneModel]]]:
    """The models by contig, divided into parts of whole contigs."""
    part: dict[str, list[GeneModel]] = {}
    count = 0
    for contig, models in groupby(placed, key=lambda one: one.contig):
        part[contig] = list(models)
        count += len(part[contig])
        if count >= TOGETHER:
            yield part
            part, count = {}, 0
    if part:
        yield part
