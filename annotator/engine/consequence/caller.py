"""Consequences of the alleles of a chunk on all transcripts near them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.consequence.allele import SUBSTITUTION
from annotator.engine.consequence.chunk import COMPOUND, LESS_SEVERE, MORE_SEVERE, AlleleChunk, Called
from annotator.engine.consequence.compound import Compound, CompoundCaller
from annotator.engine.consequence.genomic_names import GenomicNames
from annotator.engine.consequence.hgvs import hgvsc_texts, interval_parts
from annotator.engine.consequence.output.bcsq import BcsqWriter
from annotator.engine.consequence.output.csq import Assembler, following, joined
from annotator.engine.consequence.output.csq_fields import ContigFacts, Facts, fields_named
from annotator.engine.consequence.output.csq_rows import Overlaps, Rows, rows_of, span_texts
from annotator.engine.consequence.output.nearest_gene import NearestGenes
from annotator.engine.consequence.output.reported import reported
from annotator.engine.consequence.overlaps import Alleles, Pairs, find_pairs
from annotator.engine.consequence.pick import Picker
from annotator.engine.consequence.reporting import EVERYTHING, Reporting
from annotator.engine.consequence.restrict import most_severe_of_records, restricted
from annotator.engine.consequence.scalar.isoform_cache import IsoformCache
from annotator.engine.consequence.scalar.rows import ScalarRows
from annotator.engine.consequence.so_terms import INTERGENIC
from annotator.engine.consequence.tandem_copies import as_insertions, copies_within_exons
from annotator.engine.consequence.vector.coding_indel_rows import CodingIndelRows
from annotator.engine.consequence.vector.noncoding_indel import Ranges, outside_codons
from annotator.engine.consequence.vector.noncoding_indel_hgvs import IndelDescriber
from annotator.engine.consequence.vector.positions import cdna, locate, named
from annotator.engine.consequence.vector.reading_frames import FrameReader
from annotator.engine.consequence.vector.region_terms import in_odd_spot, outside_transcript, region_terms
from annotator.engine.consequence.vector.snv import (
    CodingSequences,
    base_index,
    plain_single_bases,
    protein_prefixes,
)
from annotator.engine.errors import EngineError
from annotator.engine.reference.bundle import around_origin
from annotator.engine.reference.gene_models import Bases, ContigModels
from annotator.engine.reference.transcript import Fetch

_SUBSTITUTIONS = pa.array([f"{one}>{two}" for one in "ACGT" for two in "ACGT"])
"""``A>C`` by 4 * index of the first + index of the second base."""


class ConsequenceCaller:
    """Calls consequences on one contig.

    Args:
        models: transcripts of the contig.
        bases: gives the sequence of the reference.
        genetic_code: number of NCBI's table by which the contig is translated.
        reporting: which entries and sub-fields are written; its choice of transcripts is that of ``models``.
        prefix: of HGVS names on the genome (:attr:`annotator.engine.reference.bundle.Contig.hgvs_prefix`).

    Example:
        >>> caller = ConsequenceCaller(models.contig("MT"), reference.sequence(), 2)
        >>> caller.call(chunk).csq[0].as_py()
        b'C|upstream_gene_variant|MODIFIER|...'
    """

    def __init__(
        self,
        models: ContigModels,
        bases: Bases,
        genetic_code: int,
        reporting: Reporting = EVERYTHING,
        prefix: str = "",
    ) -> None:
        self._models = models
        self._shift_3prime = reporting.shift_3prime
        self._code = genetic_code
        name = models.name
        self._fetch: Fetch = partial(bases.fetch, name)
        if models.circumference:
            self._fetch = around_origin(self._fetch, models.circumference)
        self._exact = ScalarRows(self._fetch, genetic_code, models.circumference)
        self._isoforms = IsoformCache(self._exact)
        self._sequences = CodingSequences(models, self._exact, self._fetch)
        names = GenomicNames(prefix or f"{name}:g.", self._fetch, models.circumference)
        self._contig = ContigFacts(names, NearestGenes(models), self._exact.shift)
        self._entries = reporting.entries
        self._picker = Picker(models, reporting.pick_order)
        self._assembler = Assembler(models, fields_named(reporting.fields))
        self._bcsq = BcsqWriter(models) if reporting.bcsq else None
        self._compounds = CompoundCaller(self._fetch, genetic_code, self._isoforms)
        self._proteins = protein_prefixes(models)
        numbering = np.where(models.is_coding, "c.", "n.")
        self._names = pc.binary_join_element_wise(models.strings("id"), pa.array(numbering, pa.string()), ":")
        self._describer = IndelDescriber(self._exact, self._fetch)
        reader = FrameReader(models, self._exact, genetic_code)
        self._coding_indels = CodingIndelRows(models, reader, genetic_code, self._names, self._proteins)

    def call(
        self,
        chunk: AlleleChunk,
        existing: pa.Array | None = None,
        compounds: Sequence[tuple[int, Compound]] = (),
    ) -> Called:
        """Call the consequences of a chunk.

        Args:
            chunk: alleles of the contig, records ascending.
            existing: for each allele the identifiers of known variants, joined by ``&``; null where there are none.
            compounds: what alleles of the chunk, given by their indices, do together with those of other records.
        """
        alleles = Alleles.of(chunk, self._fetch)
        placements = [alleles]
        if self._shift_3prime:
            placements = [alleles.shifted(strand, self._exact.shifted) for strand in (1, -1)]
        pairs = find_pairs(placements, self._models)
        alone = len(pairs)
        lonely, near = (np.flatnonzero(chosen) for chosen in (pairs.transcript < 0, pairs.transcript >= 0))
        rows = [Rows(lonely, np.full(len(lonely), INTERGENIC))]
        strand = self._models.strand[pairs.transcript[near]]
        for placed in placements:
            at = near[strand != -placed.strand]
            copies = copies_within_exons(placed, pairs, at, self._models, self._exact.shift)
            rows += self._rows(placed, pairs, at[~copies])
            if copies.any():
                inserted = as_insertions(placed, pairs.allele[at[copies]], self._fetch)
                rows += self._rows(inserted, pairs, at[copies])
        pairs, together = self._together(alleles, pairs, compounds)
        rows = [one for one in (*rows, together) if len(one)]
        if existing is not None:
            existing = existing.cast(pa.string())
        terms = np.zeros(len(pairs), dtype=np.int64)
        for one in rows:
            terms[one.pair] = one.terms
        self._check(terms, pairs, alleles)
        compound = _compared(terms, pairs, alone, alleles.record[pairs.allele], chunk.records)
        left = restricted(Overlaps(rows, pairs, terms, alone), placements, self._picker, self._entries)
        choice = self._picker.choose(placements, left.pairs, left.terms, left.alone)
        of_alleles = reported(left, choice, self._models)
        is_picked = np.zeros(len(left.pairs), dtype=bool)
        is_picked[choice.picked] = True
        if self._entries == "most-severe":
            left = left.kept(most_severe_of_records(alleles.record, left.terms))
            is_picked = np.zeros(len(left.pairs), dtype=bool)  # no transcript is reported
        rows, pairs, terms, alone = left
        record = alleles.record[pairs.allele]
        found = np.zeros(chunk.records, dtype=np.int64)
        np.bitwise_or.at(found, record, terms)
        facts = Facts(chunk, alleles, pairs, is_picked, self._models, existing, self._contig)
        follows = np.concatenate([following(record[:alone]), np.ones(len(pairs) - alone, dtype=bool)])
        entries = self._assembler.entries(rows, facts, follows)
        bcsq: pa.BinaryArray = pa.nulls(chunk.records, pa.binary())
        if self._bcsq is not None:
            separate = left if alone == len(pairs) else left.kept(np.arange(alone))
            entries_of_csq = self._bcsq.entries(chunk, separate.rows, separate.pairs, separate.terms)
            bcsq = _by_record(*entries_of_csq, record, chunk.records)
        return Called(
            csq=_by_record([one.pair for one in rows], entries, record, chunk.records),
            bcsq=bcsq,
            reported=of_alleles,
            terms=found,
            compound=compound,
        )

    def _together(
        self, alleles: Alleles, alone: Pairs, compounds: Sequence[tuple[int, Compound]]
    ) -> tuple[Pairs, Rows]:
        """The pairs with one more for each compound, and the rows of these."""
        rank = self._models.name_rank
        ordered = sorted(
            compounds, key=lambda one: (int(alleles.record[one[0]]), int(rank[one[1].transcript]), one[0], one[1].edits)
        )
        allele = np.array([one for one, _ in ordered], np.int64)
        transcript = np.array([one.transcript for _, one in ordered], np.int64)
        pairs = Pairs(np.concatenate([alone.allele, allele]), np.concatenate([alone.transcript, transcript]))
        found = [
            self._compounds.row(one.edits, one.transcript, self._models.transcript(one.transcript))
            for _, one in ordered
        ]
        owner = pa.array(transcript)
        at = np.arange(len(alone), len(pairs))
        rows = rows_of(at, found, self._names.take(owner), self._proteins.take(owner))
        rows.texts["haplotype"] = pa.array([one.partners for _, one in ordered], pa.string())
        return pairs, rows

    def _check(self, terms: np.ndarray, pairs: Pairs, alleles: Alleles) -> None:
        """Check that every pair has terms, and that no pair with a transcript is called intergenic.

        Raises:
            EngineError: a pair has none; this is a fault of the engine.
        """
        wrong = (terms == 0) | ((pairs.transcript >= 0) & (terms & INTERGENIC != 0))
        if wrong.any():
            at = int(np.argmax(wrong))
            transcript, allele = int(pairs.transcript[at]), int(pairs.allele[at])
            name = "no transcript" if transcript < 0 else self._models.strings("id")[transcript].as_py()
            place = f"{self._models.name}:{int(alleles.pos[allele]):,}"
            message = f"The engine found no consequence of an allele at {place} for {name}"
            raise EngineError("no_consequence", f"{message}. Please report this as a fault of GAS.")

    def _rows(self, alleles: Alleles, pairs: Pairs, near: np.ndarray) -> list[Rows]:
        """Rows of pairs with a transcript, each kind of pair in its own way; ``near`` is (n,) int64, their indices."""
        models = self._models
        transcript, allele = pairs.transcript[near], pairs.allele[near]
        start, end = alleles.start[allele], alleles.end[allele]
        touches = (end >= models.start[transcript]) & (start <= models.end[transcript])
        flank, inside = near[~touches], near[touches]
        terms, distance = outside_transcript(alleles, pairs, flank, models)
        found = [Rows(flank, terms, {"distance": pa.array(distance).cast(pa.string())})]
        transcript, start, end = transcript[touches], start[touches], end[touches]
        odd = in_odd_spot(models, transcript, np.minimum(start, end), np.maximum(start, end))
        single = plain_single_bases(alleles)[allele[touches]] & ~odd
        simple = ~single & ~odd
        simple[simple] = outside_codons(alleles, pairs, inside[simple], models)
        simple[simple] = ~self._shift_into_start_codons(alleles, pairs, inside[simple])
        singles, left = self._single_bases(alleles, pairs, inside[single])
        found += [*singles, self._indels(alleles, pairs, inside[simple])]
        coding, rest = self._coding_indels.rows(alleles, pairs, inside[~single & ~simple & ~odd])
        found += [*coding, self._one_by_one(alleles, pairs, np.concatenate([rest, left, inside[odd]]))]
        return found

    def _single_bases(self, alleles: Alleles, pairs: Pairs, at: np.ndarray) -> tuple[list[Rows], np.ndarray]:
        """Rows of single-base changes within transcripts, and the pairs that must be looked at one by one."""
        models = self._models
        transcript, allele = pairs.transcript[at], pairs.allele[at]
        position = alleles.start[allele]
        places = locate(models, transcript, position)
        terms = region_terms(models, places, position, position)
        coding = places.exonic & (position >= models.coding_start[transcript])
        coding &= (position <= models.coding_end[transcript]) & models.is_coding[transcript]
        forward = models.strand[transcript] > 0
        alt = base_index(alleles.alt, alleles.kind == SUBSTITUTION)[allele]
        ref = base_index(alleles.ref, alleles.kind == SUBSTITUTION)[allele]
        start_frame = models.start_frame[transcript]
        spliced = cdna(models, places)
        shift, times = models.read(transcript, spliced)
        cds = spliced - models.cdna_coding[0][transcript] + 1 + start_frame + shift
        read_otherwise = coding & (times != 1)
        inside = np.flatnonzero(coding & ~read_otherwise)
        codons = self._sequences.changes(
            transcript[inside], cds[inside], np.frombuffer(b"ACGT", np.uint8)[alt[inside]], self._code
        )
        terms[inside] |= codons.terms
        unusual = inside[~codons.usual]
        strange = np.zeros(len(at), dtype=bool)
        strange[unusual] = True
        strange |= (terms == 0) | read_otherwise
        # With an incomplete first codon, positions of the coding sequence begin before the first known base.
        strange |= coding & (start_frame > 0)
        change = np.where(forward, ref * 4 + alt, (3 - ref) * 4 + 3 - alt)
        found = []
        for group in (coding & ~strange, places.exonic & ~coding & ~strange, ~places.exonic & ~strange):
            chosen = np.flatnonzero(group)
            here = locate(models, transcript[chosen], position[chosen])
            owner = pa.array(transcript[chosen])
            index = pa.array(here.exon)
            name = [self._names.take(owner), *named(models, here), _SUBSTITUTIONS.take(pa.array(change[chosen]))]
            rows = Rows(at[chosen], terms[chosen], {"hgvsc": name})
            if len(chosen) and places.exonic[chosen[0]]:
                rows.texts["exon"] = models.exon_labels.take(index)
                rows.texts["cdna"] = pa.array(cdna(models, here)).cast(pa.string())
            else:
                rows.texts["intron"] = models.intron_labels.take(index)
            if len(chosen) and coding[chosen[0]]:
                usual = codons.take(np.flatnonzero(group[inside]))
                rows.texts |= usual.texts(self._proteins.take(owner))
            found.append(rows)
        return found, at[strange]

    def _indels(self, alleles: Alleles, pairs: Pairs, at: np.ndarray) -> Rows:
        """Rows of insertions and deletions that touch no codon, shifted for their names."""
        models = self._models
        transcript, allele = pairs.transcript[at], pairs.allele[at]
        forward = models.strand[transcript] > 0
        ranges = Ranges.of(alleles, pairs, at, models)
        rows = Rows(at, region_terms(models, ranges.places, ranges.start, ranges.end))
        if not len(at):
            return rows
        rows.texts |= self._numbers(ranges)
        key, index = np.unique(allele * 2 + forward, return_inverse=True)
        shifted = self._describer.describe(alleles, key // 2, key % 2 == 1)
        first, last = shifted.first[index], shifted.last[index]
        outside = (first < models.start[transcript]) | (last > models.end[transcript])
        one, two = (
            pc.binary_join_element_wise(
                *named(models, locate(models, transcript, np.where(outside, models.start[transcript], end))), ""
            )
            for end in (np.where(forward, first, last), np.where(forward, last, first))
        )
        edit = (column.take(pa.array(index)) for column in (shifted.kind, shifted.alt))
        names = self._names.take(pa.array(transcript))
        text = pc.binary_join_element_wise(names, *interval_parts(one, two), *edit, "")
        if outside.any():
            # At the end of a transcript the description depends on where it ends.
            pairs_there = zip(allele[outside].tolist(), transcript[outside].tolist(), strict=True)
            found = [self._exact.row(alleles.one(one), models.transcript(two)).hgvsc for one, two in pairs_there]
            mask = pa.array(outside)
            text = pc.replace_with_mask(text, mask, hgvsc_texts(found, names.filter(mask)))
        rows.texts["hgvsc"] = text
        return rows

    def _shift_into_start_codons(self, alleles: Alleles, pairs: Pairs, at: np.ndarray) -> np.ndarray:
        """Which insertions and deletions in 5' UTRs touch the first codon in another spelling of the same change."""
        models = self._models
        transcript, allele = pairs.transcript[at], pairs.allele[at]
        low = np.minimum(alleles.start[allele], alleles.end[allele])
        high = np.maximum(alleles.start[allele], alleles.end[allele])
        places = locate(models, transcript, np.maximum(low, models.start[transcript]))
        forward = models.strand[transcript] > 0
        distance = np.where(forward, models.coding_start[transcript] - high, low - models.coding_end[transcript])
        room = np.where(forward, places.from_right, places.from_left)
        near = models.is_coding[transcript] & places.exonic & (distance > 0) & (distance <= room)
        found: np.ndarray = np.zeros(len(at), dtype=bool)
        for one in np.flatnonzero(near).tolist():
            # An insertion lies beside its bases: it needs as many steps as a deletion of the base in front of it.
            steps = distance[one] + (alleles.start[allele[one]] > alleles.end[allele[one]])
            shift = self._exact.shift(alleles.one(int(allele[one])), 1 if forward[one] else -1)
            found[one] = shift >= steps
        return found

    def _numbers(self, ranges: Ranges) -> dict[str, pa.Array | list[pa.Array | pa.Scalar | str]]:
        """Numbers of exons or introns, and positions in the spliced transcript of those in exons."""
        models, exonic = self._models, ranges.places.exonic
        index, in_exon = pa.array(ranges.places.exon), pa.array(exonic)
        ends = []
        for position in (ranges.start, ranges.end):
            held = np.where(exonic, position, models.start[ranges.transcript])
            ends.append(cdna(models, locate(models, ranges.transcript, held)))
        return {
            "exon": pc.if_else(in_exon, models.exon_labels.take(index), ""),
            "intron": pc.if_else(in_exon, "", models.intron_labels.take(index)),
            "cdna": pc.if_else(in_exon, span_texts(*map(pa.array, ends)), ""),
        }

    def _one_by_one(self, alleles: Alleles, pairs: Pairs, at: np.ndarray) -> Rows:
        found = []
        current, allele = -1, None
        at = np.sort(at)
        for pair in at.tolist():
            index, transcript = int(pairs.allele[pair]), int(pairs.transcript[pair])
            if index != current or allele is None:
                current, allele = index, alleles.one(index)
            found.append(self._isoforms.row(allele, transcript, self._models.transcript(transcript)))
        owner = pa.array(pairs.transcript[at])
        return rows_of(at, found, self._names.take(owner), self._proteins.take(owner))


def _by_record(
    pairs: list[np.ndarray], entries: list[pa.StringArray], record: np.ndarray, records: int
) -> pa.BinaryArray:
    """Entries of the same record joined, in the order of their pairs, of which those of compounds are not by record."""
    if not any(len(one) for one in entries):
        return pa.nulls(records, pa.binary())
    pair = np.concatenate(pairs)
    order = np.argsort(record[pair] * len(record) + pair)
    return joined(pa.concat_arrays(entries).take(pa.array(order)), record[pair[order]], records)


def _compared(terms: np.ndarray, pairs: Pairs, alone: int, record: np.ndarray, records: int) -> np.ndarray:
    """What the compounds add to each record, as :attr:`Called.compound`.

    Args:
        terms: of each pair, those of compounds last.
        pairs: all of them.
        alone: number of pairs that are no compounds.
        record: of each pair.
        records: how many records the chunk has.
    """
    found = np.zeros(records, np.uint8)
    if alone == len(pairs):
        return found
    key = pairs.keys()
    order = np.argsort(key[:alone], kind="stable")
    own = order[np.searchsorted(key[:alone][order], key[alone:])]
    before, after = (mask & -mask for mask in (terms[own], terms[alone:]))
    for bit, holds in ((COMPOUND, after > 0), (MORE_SEVERE, after < before), (LESS_SEVERE, after > before)):
        np.bitwise_or.at(found, record[alone:][holds], np.uint8(bit))
    return found
