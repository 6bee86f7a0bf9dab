"""Checks of a reference bundle: its files are intact, and its gene models and layers agree with its sequence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pysam

from annotator.engine.files import sha256_of
from annotator.engine.indexes import index_of, open_table
from annotator.engine.library_errors import LIBRARY_ERRORS, in_words
from annotator.engine.reference.bundle import Contig, LayerSpec, Reference, RegionSpec, Sequence
from annotator.engine.reference.gene_models import GeneModels
from annotator.engine.reference.gene_models_gff import count_transcripts
from annotator.engine.reference.gene_values import GeneValues
from annotator.engine.reference.genetic_code import CONTEXT_STOPS, STARTS, STOPS
from annotator.engine.reference.known_variants import open_alleles
from annotator.engine.reference.ref_alleles import fitting
from annotator.engine.reference.transcript import Transcript


@dataclass
class Findings:
    """The checks that passed and those that failed, as text."""

    passed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def note(self, problems: list[str], subject: str) -> None:
        """Add a check: it has passed when there are no problems."""
        if problems:
            self.failed.append(f"{subject}: {'; '.join(problems[:10])}")
        else:
            self.passed.append(subject)


def verify(reference: Reference) -> Findings:
    """Check a bundle: checksums, contigs, gene models against the sequence, layers against the sequence.

    Raises:
        BundleError: the gene models cannot be read.
    """
    findings = Findings()
    for name, wanted in reference.checksums.items():
        path = reference.directory / name
        digest = sha256_of(path) if path.is_file() else "missing"
        findings.note([] if digest == wanted else [f"sha256 is {digest}"], f"file {name}")
    tables = [reference.models] if index_of(reference.models) else []
    tables += [one.path for one in reference.regions]
    name = "the bundle"
    try:
        for path in tables:
            name = path.name
            open_table(path).close()
        name = "the contents of the bundle"
        _check_contents(reference, findings)
    except LIBRARY_ERRORS as error:
        findings.failed.append(_contents_failed(error, name))
    return findings


def _contents_failed(error: Exception, what: str) -> str:
    try:
        return in_words(error, f"{what} cannot be read")
    except OSError as system:
        return f"{what} cannot be read: {system.strerror}: {system.filename or ''}".rstrip(": ")


def _check_contents(reference: Reference, findings: Findings) -> None:
    with pysam.FastaFile(str(reference.fasta)) as fasta:
        lengths = dict(zip(fasta.references, fasta.lengths, strict=True))
    sequence = reference.sequence()
    models = GeneModels.load(reference.compiled)
    for_csq = count_transcripts(reference.models, [contig.name for contig in reference.contigs])
    for contig in reference.contigs:
        got = lengths.get(contig.name)
        findings.note([] if got == contig.length else [f"the sequence has {got} bases"], f"contig {contig.name}")
        transcripts = [Transcript.of(row) for row in models.contig(contig.name).table.to_pylist()]
        apart = [one for one in transcripts if reference.is_exception(one.id)]
        problems = [
            text
            for one in transcripts
            if one.coding and not reference.is_exception(one.id)
            for text in coding_faults(one, contig, sequence).values()
        ]
        if len(transcripts) != for_csq[contig.name]:
            problems.append(f"{len(transcripts)} of {for_csq[contig.name]} transcripts are compiled")
        coding = sum(one.coding for one in transcripts)
        subject = f"models of {contig.name}: {len(transcripts)} transcripts, {coding} coding"
        findings.note(problems, subject + (f", {len(apart)} known not to fit" if apart else ""))
    for layer in reference.layers:
        count, problems = _check_layer(layer, sequence, reference.contigs)
        findings.note(problems, f"layer {layer.name}: {count} alleles")
    if reference.positions:
        positions, problems = _check_positions(reference.positions, lengths)
        listed = ", ".join(one.info for one in reference.positions.fields)
        findings.note(problems, f"{reference.positions.name}: {listed}, {positions:,} positions")
    if reference.genes:
        GeneValues(reference.genes)
        findings.note([], f"genes: {', '.join(one.info for one in reference.genes.fields)}")
    for regions in reference.regions:
        counts, problems = _check_regions(regions, reference.contigs)
        listed = ", ".join(f"{track.name} {counts[track.name]:,}" for track in regions.tracks)
        findings.note(problems, f"regions: {listed}")


def coding_faults(transcript: Transcript, contig: Contig, sequence: Sequence) -> dict[str, str]:
    """What is wrong with the coding sequence of a transcript.

    A last codon that is incomplete is completed with A, as polyadenylation does.

    Args:
        transcript: with a coding sequence.
        contig: that it lies on.
        sequence: of the reference.

    Returns:
        Messages by kind: ``start``, ``stop`` and ``internal`` (a stop codon before the end).
    """
    transcript.load(partial(sequence.fetch_on, contig))
    # A first codon that is cut off cannot be checked.
    cut_off = 1 if transcript.start_frame else 0
    bases = transcript.cds[3 * cut_off :]
    bases += "A" * (-len(bases) % 3)
    code = transcript.genetic_code or contig.genetic_code
    stops, context_stops = STOPS[code], CONTEXT_STOPS[code]
    faults = {}
    if bases[:3] not in (STARTS[code] if transcript.genetic_code else contig.start_codons):
        faults["start"] = f"{transcript.id} starts with {bases[:3]}"
    if bases[-3:] not in stops:
        faults["stop"] = f"{transcript.id} ends with {bases[-3:]}"
    inner = [number for codon in stops - context_stops for number in _codons_with(codon, bases[:-3])]
    unread = [number for number in sorted(inner) if number + cut_off not in transcript.recoded_codons]
    if unread:
        faults["internal"] = f"{transcript.id} has a stop at codon {unread[0]} of {len(bases) // 3}"
    return faults


def _codons_with(codon: str, bases: str) -> Iterator[int]:
    """Numbers, from 1, of the codons of a sequence that are a given one."""
    at = bases.find(codon)
    while at >= 0:
        if at % 3 == 0:
            yield at // 3 + 1
        at = bases.find(codon, at + 1)


def _check_layer(layer: LayerSpec, sequence: Sequence, all_contigs: Iterable[Contig]) -> tuple[int, list[str]]:
    """Compare every REF of a layer with the sequence; returns the number of alleles and what is wrong."""
    contigs = {contig.name: contig for contig in all_contigs}
    count, problems = 0, list[str]()
    for contig in layer.files:
        for rows in open_alleles(layer, contig).batches(["pos", "ref"]):
            count += len(rows)
            pos, ref = rows["pos"].to_numpy(), rows["ref"].cast(pa.string()).cast(pa.binary()).combine_chunks()
            wrong = np.flatnonzero(~fitting(sequence, contigs[contig], pos, ref)).tolist()
            problems += [f"{contig}:{pos[at]} REF {ref[at].as_py().decode()}" for at in wrong]
    return count, problems


def _check_positions(layer: LayerSpec, lengths: dict[str, int]) -> tuple[int, list[str]]:
    """Check the lengths and columns of scores by position; returns the number of positions and what is wrong."""
    count, problems = 0, []
    for contig, path in layer.files.items():
        about = pq.read_schema(path)
        rows = pq.read_metadata(path).num_rows
        count += rows
        missing = [one.column for one in layer.fields if one.column not in about.names]
        problems += [f"{path.name} lacks {one}" for one in missing]
        if rows > lengths.get(contig, 0):
            problems.append(f"{path.name} has {rows} positions of {contig}")
    return count, problems


def _check_regions(spec: RegionSpec, contigs: Iterable[Contig]) -> tuple[Counter[str], list[str]]:
    """Check that regions lie on their contigs and belong to tracks; returns the number by track and what is wrong."""
    lengths = {contig.name: contig.length for contig in contigs}
    tracks = {track.name for track in spec.tracks}
    counts: Counter[str] = Counter()
    problems = []
    with open_table(spec.path) as table:
        for row in table.fetch():
            contig, start, end, track, _ = row.split("\t")
            counts[track] += 1
            if track not in tracks or not 0 <= int(start) < int(end) <= lengths.get(contig, 0):
                problems.append(f"{contig}:{start}-{end} of {track}")
    return counts, problems
