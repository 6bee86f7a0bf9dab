"""Rows of CSQ for many insertions and deletions inside coding sequences at once.

The answers are those of :meth:`annotator.engine.consequence.scalar.rows.ScalarRows.row`, to which the unusual is left.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.consequence.hgvs import HgvsPColumns, protein_parts
from annotator.engine.consequence.output.csq_rows import Rows, span_texts
from annotator.engine.consequence.overlaps import Alleles, Pairs
from annotator.engine.consequence.so_terms import BIT
from annotator.engine.consequence.vector import coding_indel_hgvs as hgvs
from annotator.engine.consequence.vector.coding_indel import CodingIndels, altered_residues, find, shifted
from annotator.engine.consequence.vector.ragged_text import stitched
from annotator.engine.consequence.vector.reading_frames import STOP, FrameReader, Frames
from annotator.engine.reference.gene_models import ContigModels


class CodingIndelRows:
    """Makes rows of insertions and deletions for the transcripts of one contig.

    Args:
        models: the transcripts.
        reader: reads their sequences.
        code: number of the genetic code.
        names: of transcripts, with ``:c.``.
        proteins: names of proteins, with ``:p.``.
    """

    def __init__(
        self, models: ContigModels, reader: FrameReader, code: int, names: pa.Array, proteins: pa.Array
    ) -> None:
        self._models = models
        self._reader = reader
        self._code = code
        self._names = names
        self._proteins = proteins

    def rows(self, alleles: Alleles, pairs: Pairs, at: np.ndarray) -> tuple[list[Rows], np.ndarray]:
        """Rows of some overlaps, none of them in an odd spot.

        Args:
            alleles: of the chunk.
            pairs: overlaps of alleles and transcripts.
            at: ``(m,) int64``, indices of the overlaps.

        Returns:
            The rows of most, and the indices of the others, which are left to the scalar path.
        """
        indels, frames = find(alleles, pairs, at, self._models, self._reader)
        most_3prime, usual = shifted(indels, frames)
        residues = altered_residues(indels, frames, self._code)
        column = np.arange(residues.shape[1])
        stops = ((residues == STOP) & (column < (indels.grown // 3)[:, None])).any(axis=1)
        # A stop behind an amino acid that is still the same may count as one that stays.
        same = (indels.count == 1) & (residues[:, 0] == frames.peptides[indels.offset // 3 + indels.first])
        inframe = indels.growth % 3 == 0
        usual &= np.where(inframe, ~stops & ~_repeats_to_end(indels, frames), ~(stops & same))
        made = []
        left = np.ones(len(pairs), dtype=bool)
        for kind, describe in (
            (~inframe, hgvs.frameshift),
            (inframe & (indels.growth < 0), hgvs.deletion),
            (inframe & (indels.growth > 0), hgvs.insertion),
        ):
            where = np.flatnonzero(usual & kind)
            shown = most_3prime.take(where)
            protein, described = describe(shown, frames, altered_residues(shown, frames, self._code))
            where, shown, protein = where[described], shown.take(described), protein.filter(described)
            gained = stops[where]
            if describe is hgvs.frameshift:  # the first residue that differs may be a stop behind the changed codons
                gained = gained | pc.equal(protein.alt, "*").to_numpy(zero_copy_only=False)
            made.append(self._rows(indels.take(where), shown, frames, residues[where], gained, protein))
            left[made[-1].pair] = False
        return [one for one in made if len(one)], at[left[at]]

    def _rows(
        self,
        indels: CodingIndels,
        most_3prime: CodingIndels,
        frames: Frames,
        residues: np.ndarray,
        stops: np.ndarray,
        protein: HgvsPColumns,
    ) -> Rows:
        models, transcript = self._models, indels.transcript
        inframe = np.where(indels.growth > 0, _insertion_terms(indels, frames, residues), BIT["inframe_deletion"])
        terms = np.where(indels.growth % 3 != 0, BIT["frameshift_variant"], inframe)
        terms |= np.where(stops, BIT["stop_gained"], 0)
        terms |= np.where(indels.splice, BIT["splice_region_variant"], 0)
        terms |= np.where(models.decay[transcript], BIT["NMD_transcript_variant"], 0)
        owner, first = pa.array(transcript), indels.first + 1
        return Rows(
            indels.pair,
            terms,
            {
                "exon": models.exon_labels.take(pa.array(indels.exon)),
                "hgvsc": [self._names.take(owner), *hgvs.on_transcript(most_3prime, frames)],
                "hgvsp": [self._proteins.take(owner), *protein_parts(protein)],
                "cdna": span_texts(pa.array(indels.cdna), pa.array(indels.cdna + indels.end - indels.start)),
                "cds": span_texts(pa.array(indels.start), pa.array(indels.end)),
                "protein": span_texts(pa.array(first), pa.array(first + indels.count - 1)),
                "amino_acids": _amino_acids(indels, frames, residues),
                "codons": _codons(indels, frames),
            },
        )


def _repeats_to_end(indels: CodingIndels, frames: Frames) -> np.ndarray:
    """Which insertions of one or two amino acids may repeat what follows up to the end: these may keep its stop."""
    beyond = indels.growth // 3
    last = (indels.offset // 3 + indels.protein - 1)[:, None] - np.arange(6)
    few = (beyond > 0) & (beyond < 3)
    same = frames.peptides[last] == frames.peptides[last - np.where(few, beyond, 0)[:, None]]
    near = last - beyond[:, None] < (indels.offset // 3 + indels.first + indels.count)[:, None]
    repeats: np.ndarray = few & (same | near).all(axis=1)
    return repeats


def _insertion_terms(indels: CodingIndels, frames: Frames, residues: np.ndarray) -> np.ndarray:
    """``inframe_insertion`` where the codon that an insertion of whole codons cuts is still there, as a bit."""
    rows = np.arange(len(indels))
    before = frames.peptides[indels.offset // 3 + indels.first]
    last = np.minimum(np.maximum(indels.grown // 3 - 1, 0), residues.shape[1] - 1)
    kept = (indels.count == 0) | (residues[:, 0] == before) | (residues[rows, last] == before)
    return np.where(kept, BIT["inframe_insertion"], BIT["protein_altering_variant"])


def _codons(indels: CodingIndels, frames: Frames) -> pa.StringArray:
    """Codons before and after, with the changed bases in capitals."""
    bases, width = frames.bases, indels.alt.shape[1]
    pool = np.concatenate([bases, bases | 32, indels.alt.ravel(), np.frombuffer(b"/-", np.uint8)])
    alt, slash = 2 * len(bases), len(pool) - 2
    lower = len(bases) + indels.offset
    front = (lower + 3 * indels.first, indels.start - 1 - 3 * indels.first)
    back = (lower + indels.end, 3 * (indels.first + indels.count) - indels.end)
    pieces = [
        *(front, (indels.offset + indels.start - 1, indels.end - indels.start + 1), back),
        *((slash + 1, indels.count == 0), (slash, 1)),
        *(front, (alt + np.arange(len(indels)) * width, indels.size), back),
        (slash + 1, indels.grown == 0),
    ]
    return stitched(pool, pieces, len(indels))


def _amino_acids(indels: CodingIndels, frames: Frames, residues: np.ndarray) -> pa.StringArray:
    """Amino acids before and after; X for a part of a codon."""
    pool = np.concatenate([frames.peptides, residues.ravel(), np.frombuffer(b"/-X", np.uint8)])
    after, slash = len(frames.peptides), len(pool) - 3
    # A stop alone is not followed by what is left of a codon.
    ends = (indels.grown // 3 == 1) & (residues[:, 0] == STOP)
    pieces = [
        (indels.offset // 3 + indels.first, indels.count),
        *((slash + 1, indels.count == 0), (slash, 1)),
        (after + np.arange(len(indels)) * residues.shape[1], indels.grown // 3),
        *((slash + 2, (indels.grown % 3 > 0) & ~ends), (slash + 1, indels.grown == 0)),
    ]
    return stitched(pool, pieces, len(indels))
