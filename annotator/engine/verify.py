"""Checks of a reference bundle: its files are whole, and its models and layers agree with its sequence."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import pysam

from annotator.engine.models import Models, Transcript
from annotator.engine.reference import Contig, LayerSpec, Reference, Sequence

COMPLEMENT = bytes.maketrans(b"ACGT", b"TGCA")
#: Stop codons by the number of the genetic code in NCBI's list; others are taken to be as the standard code.
STOPS: dict[int, frozenset[bytes]] = {2: frozenset({b"TAA", b"TAG", b"AGA", b"AGG"})}
STANDARD_STOPS = frozenset({b"TAA", b"TAG", b"TGA"})


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
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "missing"
        findings.note([] if digest == wanted else [f"sha256 is {digest}"], f"file {name}")
    with pysam.FastaFile(str(reference.fasta)) as fasta:
        lengths = dict(zip(fasta.references, fasta.lengths, strict=True))
    sequence = reference.sequence()
    models = Models.load(reference.models, reference.contigs)
    for contig in reference.contigs:
        got = lengths.get(contig.name)
        findings.note([] if got == contig.length else [f"the sequence has {got} bases"], f"contig {contig.name}")
        transcripts = models.transcripts(contig.name)
        problems = [text for one in transcripts if one.cds for text in _check_coding(one, contig, sequence)]
        coding = sum(bool(one.cds) for one in transcripts)
        findings.note(problems, f"models of {contig.name}: {len(transcripts)} transcripts, {coding} coding")
    for layer in reference.layers:
        count, problems = _check_layer(layer, sequence)
        findings.note(problems, f"layer {layer.name}: {count} alleles")
    return findings


def coding_sequence(one: Transcript, contig: str, sequence: Sequence) -> bytes:
    """The coding sequence of a transcript, in the direction of translation."""
    bases = b"".join(sequence.fetch(contig, first, last - first + 1) for first, last in one.cds)
    return bases if one.strand == "+" else bases.translate(COMPLEMENT)[::-1]


def _check_coding(one: Transcript, contig: Contig, sequence: Sequence) -> list[str]:
    """Start and stop codons; a last codon that is incomplete is completed by A, as polyadenylation does."""
    bases = coding_sequence(one, contig.name, sequence)
    bases += b"A" * (-len(bases) % 3)
    codons = [bases[at : at + 3] for at in range(0, len(bases), 3)]
    stops = STOPS.get(contig.genetic_code, STANDARD_STOPS)
    problems = []
    if codons[0].decode() not in contig.start_codons:
        problems.append(f"{one.id} starts with {codons[0].decode()}")
    if codons[-1] not in stops:
        problems.append(f"{one.id} ends with {codons[-1].decode()}")
    inner = [at for at, codon in enumerate(codons[:-1], start=1) if codon in stops]
    if inner:
        problems.append(f"{one.id} has a stop at codon {inner[0]} of {len(codons)}")
    return problems


def _check_layer(layer: LayerSpec, sequence: Sequence) -> tuple[int, list[str]]:
    """Every REF of a layer is what the sequence has."""
    count, problems = 0, []
    with pysam.TabixFile(str(layer.path), encoding="utf-8") as table:
        for row in table.fetch():
            contig, pos, ref = row.split("\t", 3)[:3]
            count += 1
            if sequence.fetch(contig, int(pos), len(ref)) != ref.encode():
                problems.append(f"{contig}:{pos} REF {ref}")
    return count, problems
