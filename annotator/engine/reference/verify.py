"""Checks of a reference bundle: its files are whole, and its models and layers agree with its sequence."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pysam

from annotator.engine.indexes import index_of, open_table
from annotator.engine.library_errors import LIBRARY_ERRORS, in_words
from annotator.engine.reference.bundle import Contig, LayerSpec, Reference, RegionSpec, Sequence
from annotator.engine.reference.gene_models import GeneModels
from annotator.engine.reference.gene_models_gff import Models, Transcript
from annotator.engine.reference.genetic_code import STOPS
from annotator.engine.reference.nucleotides import reverse_complement


@dataclass
class Findings:
    """What was checked, in words: passed and failed."""

    passed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def note(self, problems: list[str], subject: str) -> None:
        """Add one subject: passed when it has no problems."""
        if problems:
            self.failed.append(f"{subject}: {'; '.join(problems[:10])}")
        else:
            self.passed.append(subject)


def verify(reference: Reference) -> Findings:
    """Check a bundle: checksums, contigs, gene models against the sequence, layers against the sequence."""
    findings = Findings()
    for name, wanted in reference.checksums.items():
        path = reference.directory / name
        digest = sha256(path) if path.is_file() else "missing"
        findings.note([] if digest == wanted else [f"sha256 is {digest}"], f"file {name}")
    tables = [reference.models] if index_of(reference.models) else []
    tables += [layer.path for layer in reference.layers] + ([reference.regions.path] if reference.regions else [])
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
    models = Models.load(reference.models, reference.contigs)
    compiled = GeneModels.load(reference.compiled)
    for contig in reference.contigs:
        got = lengths.get(contig.name)
        findings.note([] if got == contig.length else [f"the sequence has {got} bases"], f"contig {contig.name}")
        transcripts = models.transcripts(contig.name)
        problems = [
            text
            for one in transcripts
            if one.cds and one.id not in reference.exceptions
            for text in coding_faults(one, contig, sequence).values()
        ]
        ready = compiled.contig(contig.name).size
        if ready != len(transcripts):
            problems.append(f"{ready} of {len(transcripts)} transcripts are compiled")
        coding = sum(bool(one.cds) for one in transcripts)
        subject = f"models of {contig.name}: {len(transcripts)} transcripts, {coding} coding"
        apart = sum(one.id in reference.exceptions for one in transcripts)
        findings.note(problems, subject + (f", {apart} known not to fit" if apart else ""))
    for layer in reference.layers:
        count, problems = _check_layer(layer, sequence)
        findings.note(problems, f"layer {layer.name}: {count} alleles")
    if reference.regions:
        counts, problems = _check_regions(reference.regions, reference.contigs)
        listed = ", ".join(f"{track.name} {counts[track.name]:,}" for track in reference.regions.tracks)
        findings.note(problems, f"regions: {listed}")


def sha256(path: Path) -> str:
    """Checksum of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def coding_sequence(one: Transcript, contig: Contig, sequence: Sequence) -> str:
    """The coding sequence of a transcript, in the direction of translation."""
    bases = b"".join(sequence.fetch_on(contig, first, last - first + 1) for first, last in one.cds).decode("ascii")
    return bases if one.strand == "+" else reverse_complement(bases)


def coding_faults(one: Transcript, contig: Contig, sequence: Sequence) -> dict[str, str]:
    """What is wrong with a coding sequence, in words, by kind: ``start``, ``stop`` and ``internal``.

    A last codon that is incomplete is completed by A, as polyadenylation does.
    """
    bases = coding_sequence(one, contig, sequence)[one.phase :]
    bases += "A" * (-len(bases) % 3)
    codons = [bases[at : at + 3] for at in range(0, len(bases), 3)] or [""]
    stops = STOPS[contig.genetic_code]
    faults = {}
    if codons[0] not in contig.start_codons:
        faults["start"] = f"{one.id} starts with {codons[0]}"
    if codons[-1] not in stops:
        faults["stop"] = f"{one.id} ends with {codons[-1]}"
    inner = next((at for at in _internal_stops(codons, stops) if at not in _selenocysteines(one)), None)
    if inner:
        faults["internal"] = f"{one.id} has a stop at codon {inner} of {len(codons)}"
    return faults


def _internal_stops(codons: list[str], stops: frozenset[str]) -> list[int]:
    return [at for at, codon in enumerate(codons[:-1], start=1) if codon in stops]


def _selenocysteines(one: Transcript) -> set[int]:
    """Numbers of the codons that are read as selenocysteine."""
    if not one.selenocysteines:
        return set()
    positions = one.coding_positions()[one.phase :]
    return {at // 3 + 1 for at in range(0, len(positions) - 2, 3) if min(positions[at : at + 3]) in one.selenocysteines}


def _check_layer(layer: LayerSpec, sequence: Sequence) -> tuple[int, list[str]]:
    """Every REF of a layer is what the sequence has."""
    count, problems = 0, []
    with open_table(layer.path) as table:
        for row in table.fetch():
            contig, pos, ref = row.split("\t", 3)[:3]
            count += 1
            if sequence.fetch(contig, int(pos), len(ref)) != ref.encode():
                problems.append(f"{contig}:{pos} REF {ref}")
    return count, problems


def _check_regions(spec: RegionSpec, contigs: Iterable[Contig]) -> tuple[Counter[str], list[str]]:
    """Every region lies on its contig and belongs to a declared track."""
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
