"""Codons, amino acids and names of proteins of many single-base changes at once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.consequence.scalar.rows import ExactRows
from annotator.engine.consequence.so_terms import BIT
from annotator.engine.reference.gene_models import ContigModels
from annotator.engine.reference.genetic_code import THREE_LETTERS, amino_acid_codes, codons_to_stop
from annotator.engine.reference.nucleotides import BASE_INDEX, COMPLEMENT

_LETTERS = sorted(THREE_LETTERS)
_LETTER_AT = np.zeros(256, dtype=np.int64)
for _at, _letter in enumerate(_LETTERS):
    _LETTER_AT[ord(_letter)] = _at
_LONG = pa.array([THREE_LETTERS[letter] for letter in _LETTERS] + ["%3D", "?"])
_SAME = len(_LETTERS)
_UNKNOWN = _SAME + 1
#: ``A`` for two that are the same, ``A/V`` otherwise, by index of the first * number of letters + index of the second.
_CHANGES = pa.array([one if one == two else f"{one}/{two}" for one in _LETTERS for two in _LETTERS])


@dataclass
class CodonChanges:
    """Changes of codons, one element a pair; ``usual`` tells those that the other columns are right for."""

    usual: np.ndarray
    terms: np.ndarray
    position: np.ndarray
    before: np.ndarray
    after: np.ndarray
    codons: np.ndarray
    #: Index of the transcript where a stop is lost, -1 elsewhere.
    lost: np.ndarray
    extensions: dict[int, str]

    def texts(self, proteins: pa.StringArray) -> dict[str, pa.Array | list[pa.Array | pa.Scalar | str]]:
        """Texts of CSQ's fields; all pairs must be usual. ``proteins`` are the names of the proteins with ``:p.``."""
        cds = pa.array(self.position).cast(pa.string())
        number = pa.array((self.position + 2) // 3).cast(pa.string())
        before, after = _LETTER_AT[self.before], _LETTER_AT[self.after]
        shown = np.where(before == after, _SAME, np.where(self.terms == BIT["start_lost"], _UNKNOWN, after))
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
                _LONG.take(pa.array(before)),
                number,
                _LONG.take(pa.array(shown)),
                behind.take(pa.array(chosen)),
            ],
        }

    def take(self, chosen: np.ndarray) -> CodonChanges:
        """Some of the pairs."""
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
    """Texts of one length each, from a matrix of their bytes."""
    count, width = letters.shape
    offsets = np.arange(count + 1, dtype=np.int32) * width
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(letters)))


class CodingSequences:
    """Coding sequences of the transcripts of a contig, read once each."""

    def __init__(self, models: ContigModels, exact: ExactRows) -> None:
        self._models = models
        self._exact = exact
        self._bases: dict[int, np.ndarray] = {}

    def _of(self, at: int) -> np.ndarray:
        if at not in self._bases:
            transcript = self._models.transcript(at)
            self._exact.load(transcript)
            self._bases[at] = np.frombuffer(transcript.cds.encode("ascii"), dtype=np.uint8)
        return self._bases[at]

    def _extension(self, at: int, code: int) -> str:
        """What HGVS says of a protein that goes on behind its lost stop: how many amino acids to the next one."""
        return f"extTer{codons_to_stop(self._models.transcript(at).three_prime, code) or '?'}"

    def changes(self, transcript: np.ndarray, cds: np.ndarray, alt: np.ndarray, code: int) -> CodonChanges:
        """What single bases do to codons.

        Args:
            transcript: one a change.
            cds: position of the base in the coding sequence, with the bases of a first codon that are unknown.
            alt: byte of the new base, on the forward strand.
            code: number of the genetic code.
        """
        used, index = np.unique(transcript, return_inverse=True)
        sequences = [self._of(int(at)) for at in used]
        length = np.array([len(one) for one in sequences], dtype=np.int64)
        joined = np.concatenate([*sequences, np.zeros(3, dtype=np.uint8)])
        offset = (np.cumsum(length) - length)[index]
        first = (cds - 1) // 3 * 3
        frame = cds - 1 - first
        before = joined[(offset + first)[:, None] + np.arange(3)]
        new = np.where(self._models.strand[transcript] > 0, alt, COMPLEMENT[alt])
        after = before.copy()
        rows = np.arange(len(cds))
        after[rows, frame] = new
        table = amino_acid_codes(code)
        weights = np.array([25, 5, 1])
        old_acid = table[BASE_INDEX[before].astype(np.int64) @ weights]
        new_acid = table[BASE_INDEX[after].astype(np.int64) @ weights]
        stop, last = old_acid == ord("*"), first + 3 == length[index]
        begins = (first == 0) & ~self._models.start_unknown[transcript]
        # Other starts than ATG, codes in which ATG is not the only methionine, unknown bases, a last codon that has not
        # three bases, and stops inside are looked at one by one.
        usual = (first + 3 <= length[index]) & (stop == last) & (old_acid != ord("X")) & (new_acid != ord("X"))
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
