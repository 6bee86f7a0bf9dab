"""Coding sequences of transcripts read in all frames, for changes of many of them at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annotator.engine.consequence.scalar.rows import ScalarRows
from annotator.engine.reference.gene_models import ContigModels
from annotator.engine.reference.genetic_code import CONTEXT_STOPS, amino_acid_codes
from annotator.engine.reference.nucleotides import BASE_INDEX
from annotator.engine.reference.transcript import Transcript

STOP = ord("*")
MOST_FRAMES = 2000
"""Transcripts whose frames stay in memory."""
_CODON = np.array([25, 5, 1])


def acids_of(codons: np.ndarray, code: int) -> np.ndarray:
    """Amino acids of codons.

    Args:
        codons: ``(..., 3) uint8``, bases in upper or lower case.
        code: number of the genetic code.

    Returns:
        ``(...) uint8``, one-letter codes; ``X`` for a codon without one meaning.
    """
    found: np.ndarray = amino_acid_codes(code)[BASE_INDEX[codons].astype(np.int64) @ _CODON]
    return found


@dataclass
class Frames:
    """Coding sequences of ``t`` transcripts, each with what follows it in its transcript, one after the other.

    Attributes:
        bases: ``(m,) uint8``, with zeros between the sequences, so that each starts at a multiple of 3.
        acids: ``(m,) uint8``, amino acid of the codon that starts at each base; 0 where fewer than three bases follow.
        offset: ``(t,) int64``, index of the first coding base of each transcript.
        protein: ``(t,) int64``, its amino acids without the stop.
        usual: ``(t,) bool``, whether all bases are known, none precede the first codon, each is read once and by the
            genetic code of the contig, and no stop lies inside.
    """

    bases: np.ndarray
    acids: np.ndarray
    offset: np.ndarray
    protein: np.ndarray
    usual: np.ndarray

    @property
    def peptides(self) -> np.ndarray:
        """Amino acids in the reading frame, ``(m / 3,) uint8``: those of a transcript start at ``offset // 3``."""
        return self.acids[::3]


@dataclass
class _Frame:
    bases: np.ndarray
    acids: np.ndarray
    protein: int
    usual: bool


class FrameReader:
    """Reads the transcripts of a contig, most of them once: records come in the order of their positions.

    Args:
        models: the transcripts.
        exact: reads their sequences.
        code: number of the genetic code.
    """

    def __init__(self, models: ContigModels, exact: ScalarRows, code: int) -> None:
        self._models = models
        self._exact = exact
        self._code = code
        self._known: dict[int, _Frame] = {}

    def read(self, transcripts: np.ndarray, spare: int) -> Frames:
        """Frames of some transcripts.

        Args:
            transcripts: ``(t,) int64``, indices in the contig.
            spare: zeros that follow the last sequence.
        """
        if len(self._known) > MOST_FRAMES:
            self._known.clear()
        found = [self._of(int(at)) for at in transcripts]
        length = np.array([len(one.bases) for one in found], dtype=np.int64)
        end = np.zeros(spare, dtype=np.uint8)
        return Frames(
            np.concatenate([*(one.bases for one in found), end]),
            np.concatenate([*(one.acids for one in found), end]),
            np.cumsum(length) - length,
            np.array([one.protein for one in found], dtype=np.int64),
            np.array([one.usual for one in found], dtype=bool),
        )

    def _of(self, at: int) -> _Frame:
        if at not in self._known:
            transcript = self._models.transcript(at)
            self._exact.load(transcript)
            self._known[at] = self._frame(transcript)
        return self._known[at]

    def _frame(self, t: Transcript) -> _Frame:
        text = t.spliced[t.cdna_coding[0] - 1 :].encode("ascii")
        # At least one zero, so that reading codon by codon ends in any frame at one that has no amino acid.
        size = len(text) // 3 * 3 + 3
        bases = np.frombuffer(text.ljust(size, b"\0"), dtype=np.uint8)
        acids = np.zeros(size, dtype=np.uint8)
        index = BASE_INDEX[bases[: len(text)]]
        if len(text) > 2:
            acids[: len(text) - 2] = amino_acid_codes(self._code)[25 * index[:-2] + 5 * index[1:-1] + index[2:]]
        if t.start_known(self._code):
            acids[0] = ord("M")
        coding = t.cdna_coding[1] - t.cdna_coding[0] + 1
        protein = coding // 3
        if protein and coding % 3 == 0 and acids[3 * protein - 3] == STOP:
            protein -= 1
        special = t.start_frame or t.slips or t.recoded_codons or t.genetic_code or CONTEXT_STOPS[self._code]
        usual = not (special or (acids[: 3 * protein : 3] == STOP).any())
        usual &= bool((index < 4).all())
        return _Frame(bases, acids, protein, usual)
