"""What every substitution in a coding sequence does, worked out from the sequence with Biopython's tables alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from Bio.Data import CodonTable

from annotator.engine import Reference
from annotator.engine.consequence import CSQ_FIELDS, AlleleChunk, ConsequenceCaller, GeneModels

COMPLEMENT = str.maketrans("ACGT", "TGCA")
CHUNK = 5_000
"""Alleles that are called at once."""
Part = tuple[int, int]


@dataclass(frozen=True)
class Coding:
    """A coding sequence.

    Attributes:
        strand: ``+`` or ``-``.
        parts: first and last base of each part (1-based, inclusive), in the order of translation; a part across the
            origin of a circular contig ends beyond its length.
        code: number of the genetic code.
    """

    strand: str
    parts: tuple[Part, ...]
    code: int = 1

    def read(self, length: int) -> list[int]:
        """Positions of the bases in the order of translation, on a contig of ``length`` bases."""
        forward = self.strand == "+"
        return [
            (at - 1) % length + 1
            for first, last in self.parts
            for at in (range(first, last + 1) if forward else range(last, first - 1, -1))
        ]


def sequences(fasta: Path) -> dict[str, str]:
    """The bases of each contig of a FASTA file."""
    parts = fasta.read_text("ascii").split(">")[1:]
    return {part.split()[0]: "".join(part.splitlines()[1:]).upper() for part in parts}


def codings(gff3: Path, contig: str, key: str, code: int = 1) -> dict[str, Coding]:
    """Coding sequences of a contig in a GFF3 file.

    Args:
        gff3: the file.
        contig: its name.
        key: the attribute that names a coding sequence.
        code: number of the genetic code.
    """
    parts: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
    for line in gff3.read_text("utf-8").splitlines():
        columns = line.split("\t")
        if columns[0] == contig and columns[2] == "CDS":
            attributes = dict(one.partition("=")[::2] for one in columns[8].split(";"))
            parts[attributes[key]].append((columns[6], int(columns[3]), int(columns[4])))
    found = {}
    for name, rows in parts.items():
        strand = rows[0][0]
        ordered = sorted(((first, last) for _, first, last in rows), reverse=strand == "-")
        found[name] = Coding(strand, tuple(ordered), code)
    return found


@dataclass(frozen=True)
class Expected:
    """What CSQ should have for one allele and one coding sequence."""

    term: str
    cds: str
    protein: str
    amino_acids: str


def expected(bases: str, coding: Coding) -> Iterator[tuple[int, str, Expected]]:
    """Position, new base (on the forward strand), and consequence of every substitution of every base that is read.

    Args:
        bases: of the contig.
        coding: of a complete protein, with its stop codon.
    """
    read, table = coding.read(len(bases)), CodonTable.unambiguous_dna_by_id[coding.code]
    acids = {**dict.fromkeys(table.stop_codons, "*"), **table.forward_table}
    starts = set(table.start_codons) if coding.code != 1 else {"ATG"}
    along = "".join(bases[at - 1] for at in read)
    along = along if coding.strand == "+" else along.translate(COMPLEMENT)
    places: dict[int, list[int]] = defaultdict(list)
    for index, at in enumerate(read):
        places[at].append(index)
    for at, indices in places.items():
        first, last = indices[0] // 3, indices[-1] // 3
        for new in set("ACGT") - {bases[at - 1]}:
            stretch = list(along[3 * first : 3 * last + 3])
            for index in indices:
                stretch[index - 3 * first] = new if coding.strand == "+" else new.translate(COMPLEMENT)
            texts = along[3 * first : 3 * last + 3], "".join(stretch)
            codons = [[text[one : one + 3] for one in range(0, len(text), 3)] for text in texts]
            before, after = ("".join(acids[one] for one in two) for two in codons)
            if first == 0:
                before = "M" + before[1:]
                after = "M" + after[1:] if codons[1][0] in starts else after
                term = "start_retained_variant" if codons[1][0] in starts else "start_lost"
            elif 3 * last + 3 == len(read):
                term = "stop_retained_variant" if after.endswith("*") else "stop_lost"
            elif "*" in after:
                term = "stop_gained"
            else:
                term = "synonymous_variant" if before == after else "missense_variant"
            span = "-".join(dict.fromkeys((str(indices[0] + 1), str(indices[-1] + 1))))
            numbers = "-".join(dict.fromkeys((str(first + 1), str(last + 1))))
            yield at, new, Expected(term, span, numbers, before if before == after else f"{before}/{after}")


def differences(
    reference: Reference,
    contig: str,
    bases: str,
    wanted: Mapping[str, Coding],
) -> tuple[int, list[tuple[object, ...]]]:
    """Compare the caller's answers for every substitution in coding sequences with :func:`expected`.

    Args:
        reference: a bundle that was built.
        contig: of the coding sequences.
        bases: of the contig.
        wanted: coding sequences by the id of their transcripts.

    Returns:
        How many answers were compared, and those that differ: position, base, transcript, what was expected, and found.
    """
    answers: dict[tuple[int, str], dict[str, Expected]] = defaultdict(dict)
    for name, coding in wanted.items():
        for at, new, answer in expected(bases, coding):
            answers[at, new][name] = answer
    one = reference.contig(contig)
    models = GeneModels.load(reference.compiled).contig(contig, one.length, one.circular)
    caller = ConsequenceCaller(models, reference.sequence(), one.genetic_code)
    alleles, count, wrong = sorted(answers), 0, []
    for begin in range(0, len(alleles), CHUNK):
        some = alleles[begin : begin + CHUNK]
        for (at, new), csq in zip(some, caller.call(_chunk(some, bases)).csq.to_pylist(), strict=True):
            entries = [dict(zip(CSQ_FIELDS, entry.split("|"), strict=True)) for entry in csq.decode().split(",")]
            found: dict[str, list[dict[str, str]]] = defaultdict(list)
            for entry in entries:
                found[entry["Feature"]].append(entry)
            for name, answer in answers[at, new].items():
                count += 1
                if not _agrees(answer, found[name]):
                    wrong.append((at, new, name, answer, found[name]))
    return count, wrong


def _chunk(alleles: list[tuple[int, str]], bases: str) -> AlleleChunk:
    pos = np.array([at for at, _ in alleles], dtype=np.int64)
    ref, alt = [bases[at - 1].encode() for at, _ in alleles], [new.encode() for _, new in alleles]
    return AlleleChunk(np.arange(len(pos)), pos, pa.array(ref, pa.binary()), pa.array(alt, pa.binary()), pos, len(pos))


def _agrees(wanted: Expected, entries: list[dict[str, str]]) -> bool:
    if len(entries) != 1:
        return False
    (entry,) = entries
    fields = tuple(entry[name] for name in ("CDS_position", "Protein_position", "Amino_acids"))
    return wanted.term in entry["Consequence"].split("&") and fields == (wanted.cds, wanted.protein, wanted.amino_acids)
