"""Consequences from ``bcftools csq``, run on the slim file in a child process, and read back record by record."""

from __future__ import annotations

import contextlib
import heapq
import logging
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow.compute as pc

from annotator.engine import bcftools_child
from annotator.engine.errors import EngineError
from annotator.engine.indexes import index_of
from annotator.engine.reference.bundle import Reference
from annotator.engine.reference.gene_models import GeneModels
from annotator.engine.reference.gene_models_gff import model_lines, without_transcripts
from annotator.engine.reference.transcript_choice import EVERY_TRANSCRIPT, TranscriptChoice

_LOG = logging.getLogger(__name__)
MOST_CONSEQUENCES = 256
"""Consequences kept for one haplotype at one site; csq cuts its list silently beyond."""
LONGEST_PROTEIN = 16
"""Amino acids written of a changed protein before csq abbreviates it."""
POLL = 0.2
"""Seconds between two looks at the child."""


def run_csq(
    slim: Path,
    out: Path,
    reference: Reference,
    *,
    haplotypes: bool,
    errors: Path,
    tick: Callable[[], None],
    choice: TranscriptChoice = EVERY_TRANSCRIPT,
) -> None:
    """Run the caller and wait for it: once for each genetic code, as it knows only one at a time.

    Args:
        slim: input, as :mod:`annotator.engine.haplotypes.slim_vcf` writes it; it is left as it is.
        out: output, VCF records in the order of ``slim``; records on contigs without gene models are left out, so that
            it may be empty.
        reference: its sequence, models and genetic codes are used; of indexed models, those of the file's contigs.
        haplotypes: use the genotypes of ``slim`` to see neighbouring variants together; otherwise each alone.
        errors: receives what the child says.
        tick: called a few times a second while it runs.
        choice: transcripts to use.

    Raises:
        EngineError: the child failed; its last words go to the log.
    """
    codes = {contig.name: contig.genetic_code for contig in reference.contigs}
    if index_of(reference.models) is None and len(set(codes.values())) == 1 and not choice:
        _run(slim, out, reference.fasta, reference.models, codes.popitem()[1], haplotypes, errors, tick)
        return
    # csq fails on the whole file if one contig has no models, so it is not given records of such contigs.
    with_models = _contigs_with_models(reference, choice)
    excluded = reference.unread_by_csq | _left_out(reference, choice)
    parts: list[Path] = []
    for code, (part, contigs) in _split(slim, {name: codes[name] for name in codes if name in with_models}).items():
        models = part.with_name(part.name + ".gff3")
        with models.open("w", encoding="utf-8") as stream:
            lines = without_transcripts(model_lines(reference.models, contigs), excluded)
            stream.writelines(line.rstrip("\n") + "\n" for line in lines)
        parts.append(part.with_name(part.name + ".csq.vcf"))
        _run(part, parts[-1], reference.fasta, models, code, haplotypes, errors, tick)
        models.unlink()
        part.unlink()
    with out.open("wb", buffering=1 << 18) as merged:
        # Each is in the order of the records but for some at one position, which the reader puts right.
        streams = [_records(part) for part in parts]
        merged.writelines(heapq.merge(*streams, key=lambda line: int(line.split(b"\t", 3)[2])))
    for part in parts:
        part.unlink()


def _left_out(reference: Reference, choice: TranscriptChoice) -> frozenset[str]:
    """Ids of the transcripts that are not chosen, with and without their versions, as GFF3 may have either."""
    if not choice:
        return frozenset()
    models = GeneModels.load(reference.compiled)
    left_out: set[str] = set()
    kept: set[str] = set()
    for table in (models.contig(name).table for name in models.contigs):
        chosen = choice.chosen(table)
        kept.update(table["id"].filter(chosen).to_pylist())
        left_out.update(table["id"].filter(pc.invert(chosen)).to_pylist())
    return frozenset(left_out | {one.rpartition(".")[0] for one in left_out} - kept)


def _contigs_with_models(reference: Reference, choice: TranscriptChoice) -> set[str]:
    """Names of the contigs that have a transcript which csq can read."""
    models = GeneModels.load(reference.compiled, choice)
    found = set(models.contigs)
    for contig in reference.contigs if reference.unread_by_csq or choice else ():
        table = models.contig(contig.name).table
        special = pc.or_(pc.greater(pc.list_value_length(table["slips"]), 0), pc.not_equal(table["genetic_code"], 0))
        readable = pc.and_not(pc.less_equal(table["end"], contig.length), special)
        if not pc.any(readable).as_py():
            found.discard(contig.name)
    return found


def _split(slim: Path, codes: dict[str, int]) -> dict[int, tuple[Path, list[str]]]:
    """Write the records of each genetic code to a new file.

    Args:
        slim: VCF file; it is left as it is.
        codes: genetic code by contig; records on other contigs are left out.

    Returns:
        The file and the names of its contigs, by genetic code; nothing for codes without records.
    """
    found: dict[int, tuple[Path, list[str]]] = {}
    header: list[bytes] = []
    streams: dict[int, BinaryIO] = {}
    contig, stream = b"", None
    with contextlib.ExitStack() as files, slim.open("rb", buffering=1 << 18) as lines:
        for line in lines:
            if line.startswith(b"#"):
                header.append(line)
                continue
            chrom = line.partition(b"\t")[0]
            if chrom != contig:
                contig, name = chrom, chrom.decode()
                code = codes.get(name)
                if code is None:
                    stream = None
                    continue
                part, contigs = found.setdefault(code, (slim.with_name(f"{slim.stem}.{code}.vcf"), []))
                if code not in streams:
                    streams[code] = files.enter_context(part.open("wb", buffering=1 << 18))
                    streams[code].writelines(header)
                stream = streams[code]
                if name not in contigs:
                    contigs.append(name)
            if stream is not None:
                stream.write(line)
    return found


def _records(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=1 << 18) as lines:
        for line in lines:
            if not line.startswith(b"#"):
                yield line


def _run(
    slim: Path,
    out: Path,
    fasta: Path,
    models: Path,
    code: int,
    haplotypes: bool,
    errors: Path,
    tick: Callable[[], None],
) -> None:
    # The table's number in NCBI's list is 1 for the standard code, which csq calls 0; the others have their numbers.
    mode = ["-p", "a"] if haplotypes else ["-l", "-s", "-"]
    command = bcftools_child.command(
        *["csq", "-f", str(fasta), "-g", str(models), "-C", str(0 if code == 1 else code)],
        *[*mode, "-G", "1", "-n", str(MOST_CONSEQUENCES), "-B", str(LONGEST_PROTEIN)],
        *["-v", "0", "--no-version", "-Ov", "-o", str(out), str(slim)],
    )
    with errors.open("wb") as said:
        # A signal whose handler raises must not come between the start of the child and the knowledge of it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
        child = None
        try:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            while (status := _wait(child)) is None:
                tick()
        finally:
            if child is not None and child.poll() is None:
                child.kill()
                child.wait()
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    if status != 0:
        words = errors.read_text("utf-8", "replace").strip().splitlines()[-3:]
        ended = f"signal {-status}" if status < 0 else f"status {status}"
        _LOG.info("bcftools csq ended with %s: %s", ended, " / ".join(words))
        raise EngineError("consequence_caller_failed", f"bcftools csq ended with {ended}.")


def _wait(child: subprocess.Popen[bytes]) -> int | None:
    try:
        return child.wait(POLL)
    except subprocess.TimeoutExpired:
        return None
