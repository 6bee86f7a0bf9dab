"""Single-base changes, many at once: codons, amino acids and names of proteins.

Terms that follow from the position alone are those of :mod:`annotator.engine.consequence.vector.region_terms`. Changes
that this module cannot do are marked as such, and are left to the scalar path.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.consequence.allele import SUBSTITUTION
from annotator.engine.consequence.hgvs import single_residues, three_letters
from annotator.engine.consequence.overlaps import Alleles
from annotator.engine.consequence.scalar.rows import ScalarRows
from annotator.engine.consequence.so_terms import BIT
from annotator.engine.reference.bundle import bases_at
from annotator.engine.reference.gene_models import ContigModels
from annotator.engine.reference.genetic_code import THREE_LETTERS, amino_acid_codes, codons_to_stop
from annotator.engine.reference.nucleotides import BASE_INDEX, COMPLEMENT
from annotator.engine.reference.transcript import Fetch

_LETTERS = sorted(THREE_LETTERS)
_LETTER_AT = np.zeros(256, dtype=np.int64)
for _at, _letter in enumerate(_LETTERS):
    _LETTER_AT[ord(_letter)] = _at
_CHANGES = pa.array([one if one == two else f"{one}/{two}" for one in _LETTERS for two in _LETTERS])
"""``A`` for two that are the same, ``A/V`` otherwise, by index of the first * number of letters + index of the
second."""


def plain_single_bases(alleles: Alleles) -> np.ndarray:
    """Whether alleles replace one base of A, C, G and T by another: (number of alleles,) bool."""
    plain: np.ndarray = alleles.kind == SUBSTITUTION
    for texts in (alleles.ref, alleles.alt):
        plain &= base_index(texts, plain) < 4
    return plain


def base_index(texts: pa.StringArray, single: np.ndarray) -> np.ndarray:
    """Indices of bases: 0 to 3 for A, C, G and T, 4 for other letters and for texts that are no single base.

    Args:
        texts: n alleles.
        single: (n,) bool, whether each has one letter.

    Returns:
        (n,) int64.
    """
    offsets = np.frombuffer(texts.buffers()[1], dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1]
    data = np.frombuffer(texts.buffers()[2] or b"", dtype=np.uint8)
    found = np.full(len(texts), 4, dtype=np.int64)
    found[single] = BASE_INDEX[data[offsets[:-1][single]]]
    return found


@dataclass
class CodonChanges:
    """Codons that a base is changed in, one element a pair of allele and transcript.

    Attributes:
        usual: (n,) bool, whether the other columns are right; where not, the scalar path has to decide.
        terms: (n,) int64, bits of the term of the codon.
        position: (n,) int64, of the base in the coding sequence, from 1, unknown bases of the first codon included.
        before: (n,) uint8, letter of the amino acid of the reference; ``*`` is a stop.
        after: (n,) uint8, letter of the new one.
        codons: (n, 7) uint8, text such as ``aCg/aTg``.
        lost: (n,) int64, index of the transcript where its stop is lost, -1 elsewhere.
        extensions: what follows in HGVS when the stop of a transcript is lost (``extTer12``), by its index.
    """

    usual: np.ndarray
    terms: np.ndarray
    position: np.ndarray
    before: np.ndarray
    after: np.ndarray
    codons: np.ndarray
    lost: np.ndarray
    extensions: dict[int, str]

    def texts(self, proteins: pa.StringArray) -> dict[str, pa.Array | list[pa.Array | pa.Scalar | str]]:
        """Texts of CSQ's fields, of pairs that are all usual.

        Args:
            proteins: n names of proteins with ``:p.``.
        """
        cds = pa.array(self.position).cast(pa.string())
        number = pa.array((self.position + 2) // 3).cast(pa.string())
        before, after = _LETTER_AT[self.before], _LETTER_AT[self.after]
        lost_start = self.terms == BIT["start_lost"]
        shown = np.where(before == after, ord("="), np.where(lost_start, ord("?"), self.after)).astype(np.uint8)
        behind = pa.array(["", *self.extensions.values()])
        index = {-1: 0, **{one: at + 1 for at, one in enumerate(self.extensions)}}
        ends, places = np.unique(self.lost, return_inverse=True)
        chosen = np.array([index[int(one)] for one in ends], dtype=np.int64)[places]
        return {
            "cds": cds,
            "protein": number,
            "amino_acids": _CHANGES.take(pa.array(before * len(_LETTERS) + after)),
            "codons": _fixed(self.codons),
            "hgvsp": [
                proteins,
                three_letters(single_residues(self.before)),
                number,
                three_letters(single_residues(shown)),
                behind.take(pa.array(chosen)),
            ],
        }

    def take(self, chosen: np.ndarray) -> CodonChanges:
        """Some of the pairs, by their indices."""
        return replace(
            self,
            usual=self.usual[chosen],
            terms=self.terms[chosen],
            position=self.position[chosen],
            before=self.before[chosen],
            after=self.after[chosen],
            codons=self.codons[chosen],
            lost=self.lost[chosen],
        )


def _fixed(letters: np.ndarray) -> pa.StringArray:
    """Texts of the same length, from an (n, length) uint8 matrix of their bytes."""
    count, width = letters.shape
    offsets = np.arange(count + 1, dtype=np.int32) * width
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(letters)))


class CodingSequences:
    """Codons of the transcripts of a contig.

    Args:
        models: transcripts of the contig.
        exact: reads the sequences of those whose bases are not read one after the other.
        fetch: bases of the contig, around the origin of a circular one.
    """

    def __init__(self, models: ContigModels, exact: ScalarRows, fetch: Fetch) -> None:
        self._models = models
        self._exact = exact
        self._fetch = fetch

    def _codons(self, transcript: np.ndarray, first: np.ndarray, length: np.ndarray) -> np.ndarray:
        """Bases of codons.

        Args:
            transcript: (n,) int64, indices of transcripts.
            first: (n,) int64, position of the first base of each codon in the coding sequence, from 0.
            length: (n,) int64, bases of the coding sequences.

        Returns:
            (n, 3) uint8; for a codon that is not complete, any bases take the place of those that it lacks.
        """
        models, frame = self._models, self._models.start_frame[transcript]
        within = np.clip(first[:, None] + np.arange(3), frame[:, None], length[:, None] - 1)
        spliced = models.cdna_coding[0][transcript, None] + within - frame[:, None]
        position = models.position(np.repeat(transcript, 3), spliced.ravel())
        found = bases_at(self._fetch, position).reshape(-1, 3)
        found = np.where(models.strand[transcript, None] > 0, found, COMPLEMENT[found])
        for at in np.flatnonzero(models.slipping[transcript]).tolist():
            one = models.transcript(int(transcript[at]))
            self._exact.load(one)
            codon = one.cds[first[at] : first[at] + 3].encode("ascii")
            found[at, : len(codon)] = np.frombuffer(codon, np.uint8)
        return found

    def _extension(self, at: int, code: int) -> str:
        """What HGVS says of a protein that goes on behind its lost stop: how many amino acids to the next one."""
        transcript = self._models.transcript(at)
        self._exact.load(transcript)
        return f"extTer{codons_to_stop(transcript.three_prime, code) or '?'}"

    def changes(self, transcript: np.ndarray, cds: np.ndarray, alt: np.ndarray, code: int) -> CodonChanges:
        """What the replacement of single bases does to their codons.

        Args:
            transcript: (n,) int64, indices of transcripts.
            cds: (n,) int64, position of the base in the coding sequence, from 1, unknown bases of the first codon
                included.
            alt: (n,) uint8, letter of the new base on the forward strand.
            code: number of the genetic code in NCBI's table.
        """
        length = self._models.cds_length[transcript]
        first = (cds - 1) // 3 * 3
        frame = cds - 1 - first
        before = self._codons(transcript, first, length)
        new = np.where(self._models.strand[transcript] > 0, alt, COMPLEMENT[alt])
        after = before.copy()
        rows = np.arange(len(cds))
        after[rows, frame] = new
        table = amino_acid_codes(code)
        weights = np.array([25, 5, 1])
        old_acid = table[BASE_INDEX[before].astype(np.int64) @ weights]
        new_acid = table[BASE_INDEX[after].astype(np.int64) @ weights]
        stop, last = old_acid == ord("*"), first + 3 == length
        begins = (first == 0) & ~self._models.start_unknown[transcript]
        # Left to the scalar path: other start codons than ATG, codes with several codons of methionine, unknown bases,
        # a last codon of fewer than three bases, stop codons within the protein.
        usual = (first + 3 <= length) & (stop == last) & (old_acid != ord("X")) & (new_acid != ord("X"))
        usual &= ~self._models.recoded[transcript]
        usual &= ~begins | ((old_acid == ord("M")) & (code == 1) & ~last)
        gained = new_acid == ord("*")
        terms = np.where(old_acid == new_acid, BIT["synonymous_variant"], BIT["missense_variant"])
        terms = np.where(gained, BIT["stop_gained"], terms)
        terms = np.where(stop, np.where(gained, BIT["stop_retained_variant"], BIT["stop_lost"]), terms)
        terms = np.where(begins, BIT["start_lost"], terms)
        lost = np.where(usual & stop & ~gained, transcript, -1)
        extensions = {int(at): self._extension(int(at), code) for at in np.unique(lost) if at >= 0}
        letters = np.full((len(cds), 7), ord("/"), dtype=np.uint8)
        letters[:, :3] = before | 32
        letters[:, 4:] = after | 32
        letters[rows, frame] &= 223
        letters[rows, frame + 4] &= 223
        return CodonChanges(usual, terms, cds, old_acid, new_acid, letters, lost, extensions)


def protein_prefixes(models: ContigModels) -> pa.StringArray:
    """``<protein>:p.`` of each transcript."""
    return pc.binary_join_element_wise(models.strings("protein"), "p.", ":")
