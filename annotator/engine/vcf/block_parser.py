"""Records of a block, parsed and checked all at once.

Nearly all records are plain: bases in REF and ALT, on a contig of the reference, REF as the reference has it. Those are
recognised and taken apart by columns. What is not plainly so goes through
:class:`annotator.engine.vcf.record_parser.RecordParser` one by one, which knows every rule and words every fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.bounds import LARGEST_POSITION, LONGEST_NAME, MOST_REF_BASES
from annotator.engine.byte_columns import bytes_of, cut, every, letters, replaced, spread
from annotator.engine.errors import SKIPS
from annotator.engine.reference.bundle import Reference
from annotator.engine.reference.ref_alleles import agreeing
from annotator.engine.vcf.genotypes import bad_genotypes
from annotator.engine.vcf.header import Header
from annotator.engine.vcf.reader import Block
from annotator.engine.vcf.record_parser import BREAKEND, CONTIG, SYMBOLIC, TELOMERE, Record, RecordParser

SKIP_CODES = tuple(SKIPS)
COLUMNS = 9
PART_BYTES = 5_000_000
"""Size of a part of a block, where an allele counts as :data:`ALLELE_BYTES` and four times its bases, and each of its
transcripts as :data:`PAIR_BYTES` and half of its bases. Annotating a part takes some forty times as much memory."""
ALLELE_BYTES, PAIR_BYTES = 300, 20
PER_RECORD = (
    "ordinal", "line", "chrom", "pos", "end", "reach", "skip", "ambiguous", "unsized", "overlong", "bad_genotype",
    "quality", "bad_quality", "bad_length", "lengths_differ", "allele_count",
)  # fmt: skip
"""Attributes of :class:`Records` that are arrays with a value for each record."""
LONGEST_ALT, LONGEST_REF = 20_000, 1_000_000
"""Longer alleles are left to the record parser: bytes of ALT and of REF of a record that is taken apart by columns."""
_NUMBER = re.compile(rb"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?(?:inf|infinity|nan)", re.I)
"""Numbers of VCF (4.3, section 1.3); Python's float would take more, such as 1_0."""
_DIGITS, _BASES, _LIST = letters(b"0123456789"), letters(b"ACGT"), letters(b"ACGT,")


@dataclass
class RecordAlleles:
    """Alternate alleles of the records of a block, record by record in the order of ALT.

    Attributes:
        record: index of the record in the block.
        number: index of the allele in ALT.
        alt: in upper case where it is of plain bases.
        plain: it is of plain bases and differs from REF.
        asked: it gets consequences: it is plain, symbolic, a breakend or ``*``, and its record is not skipped.
    """

    record: np.ndarray
    number: np.ndarray
    alt: pa.BinaryArray
    plain: np.ndarray
    asked: np.ndarray


@dataclass
class Records:
    """The records of a block.

    Attributes:
        ordinal: number of each record's line in the text of the blocks.
        line: number of its line in the user's file; another one where the text was sorted.
        fields: the columns as they are in the file; the ninth is FORMAT and the samples, null where there are none.
        chroms: names of contigs in the order in which they appear; ``chrom`` has the index of each record's.
        contigs: the reference's names of the same contigs, None where it has no such contig.
        pos: 1-based.
        ref: in upper case; the reference's bases where the file has IUPAC letters.
        end: last reference base touched, 1-based.
        reach: the same, or INFO/END, for an index.
        skip: index into :data:`SKIP_CODES`, or -1.
        ambiguous: REF has IUPAC letters.
        unsized: a symbolic deletion, duplication or the like says nowhere where it ends.
        overlong: INFO/END of an annotated record lies beyond the contig.
        bad_genotype: a genotype is not one, or a sample has more values than FORMAT has keys.
        bad_quality: QUAL is not a number.
        bad_length: INFO/SVLEN is longer than any contig.
        lengths_differ: INFO/END and INFO/SVLEN give a symbolic allele different lengths.
        quality: NaN where there is none.
        details: of the skipped records, by index: what a warning says of it.
        blank: numbers of lines without a record.
    """

    ordinal: np.ndarray
    line: np.ndarray
    fields: list[pa.BinaryArray]
    chroms: list[bytes]
    contigs: list[str | None]
    chrom: np.ndarray
    pos: np.ndarray
    ref: pa.BinaryArray
    end: np.ndarray
    reach: np.ndarray
    skip: np.ndarray
    ambiguous: np.ndarray
    unsized: np.ndarray
    overlong: np.ndarray
    bad_genotype: np.ndarray
    quality: np.ndarray
    bad_quality: np.ndarray
    bad_length: np.ndarray
    lengths_differ: np.ndarray
    allele_count: np.ndarray
    alleles: RecordAlleles
    details: dict[int, str | None]
    blank: list[int]

    def __len__(self) -> int:
        return len(self.line)

    def parts(self, transcripts: np.ndarray) -> Iterator[Records]:
        """The same records in parts that are small enough to be annotated at once.

        Most blocks are one part; those of huge alleles, or of genes with many transcripts, are several.

        Args:
            transcripts: ``(n,) int64``, number of transcripts near each allele.
        """
        alleles = self.alleles
        size = np.diff(bytes_of(alleles.alt)[1]).astype(np.int64)
        size += np.diff(bytes_of(self.ref)[1]).astype(np.int64)[alleles.record] * (transcripts > 0)
        weight = ALLELE_BYTES + 4 * size + transcripts * (PAIR_BYTES + size // 2)
        before = np.concatenate([[0], np.cumsum(weight)])
        weight = before[np.searchsorted(alleles.record, np.arange(len(self) + 1))]
        # Parts as large as each other: each takes some time of its own.
        total = weight[-1].item() if len(self) else 0
        each = -(-total // max(1, -(-total // PART_BYTES)))
        first = 0
        while first < len(self):
            last = int(np.searchsorted(weight, weight[first] + each, "right")) - 1
            last = min(max(last, first + 1), len(self))
            yield self._part(first, last)
            first = last

    def _part(self, first: int, last: int) -> Records:
        if first == 0 and last == len(self):
            return self
        alleles, here = self.alleles, slice(first, last)
        begin, end = np.searchsorted(alleles.record, [first, last]).tolist()
        of_alleles = slice(begin, end)
        return replace(
            self,
            **{name: getattr(self, name)[here] for name in PER_RECORD},
            fields=[column.slice(first, last - first) for column in self.fields],
            ref=self.ref.slice(first, last - first),
            alleles=RecordAlleles(
                alleles.record[of_alleles] - first,
                alleles.number[of_alleles],
                alleles.alt.slice(begin, end - begin),
                alleles.plain[of_alleles],
                alleles.asked[of_alleles],
            ),
            details={},
            blank=[],
        )

    def compared(self) -> np.ndarray:
        """Records whose REF was compared with the reference."""
        known = np.array([contig is not None for contig in self.contigs], bool)
        apart = [SKIP_CODES.index(code) for code in ("position_outside_contig", "contig_named_twice")]
        found: np.ndarray = known[self.chrom] & ~np.isin(self.skip, apart) if len(self) else np.zeros(0, bool)
        return found


class BlockParser:
    """Parses blocks of one file against one reference.

    Args:
        header: of the file.
        reference: to compare with.
        numbered: each line starts with its number in the user's file and a tab (the lines were sorted).
    """

    def __init__(self, header: Header, reference: Reference, numbered: bool = False) -> None:
        self._header = header
        self._reference = reference
        self._numbered = numbered
        self._sequence = reference.sequence()
        self._lengths = {contig.name: contig.length for contig in reference.contigs}

    def parse(self, block: Block, named: dict[str, bytes]) -> Records:
        """Parse and check the records of a block.

        Args:
            block: of the file.
            named: the names that the file used in earlier blocks for contigs of the reference.

        Raises:
            InputError: a part of a record cannot be understood; the first such record of the block is named.
        """
        parser = RecordParser(self._header, self._reference, named)
        text = block.text
        starts, ends, tabs, straight, ordinal, number, blank = self._lines(block)
        odd = ~straight
        fields, chrom, chroms = self._columns(text, starts, ends, tabs)
        contigs = self._contigs(chroms, parser)
        fine, pos, last, alts, owner = self._plain(fields, chrom, chroms, contigs, parser)
        odd |= ~fine
        at = np.flatnonzero(odd)
        slow: list[Record] = []
        lines = number.tolist()
        for index in at.tolist():
            whole = block.unfinished and index == len(starts) - 1
            slow.append(parser.parse(text[starts[index] : ends[index]], lines[index], whole))
        return self._together(ordinal, number, fields, chroms, chrom, contigs, pos, last, alts, owner, at, slow, blank)

    def _lines(self, block: Block) -> tuple[np.ndarray, ...]:
        """Where lines start and end, their first eight tabs, whether they have all, their numbers, and blank ones."""
        data = np.frombuffer(block.text, np.uint8)
        ends = np.flatnonzero(data == 10)
        starts = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
        tabs = np.flatnonzero(data == 9)
        first = np.searchsorted(tabs, starts)
        count = np.searchsorted(tabs, ends) - first
        number = ordinal = block.line + np.arange(len(ends))
        if self._numbered:
            number = pc.cast(cut(block.text, starts, tabs[first]).cast(pa.string()), pa.int64()).to_numpy()
            starts, first, count = tabs[first] + 1, first + 1, count - 1
        straight = np.isin(count, self._header.tabs)
        used = np.zeros((len(ends), COLUMNS - 1), np.int64)
        for some in self._header.tabs:
            alike, wanted = count == some, min(some, COLUMNS - 1)
            used[alike, :wanted] = tabs[first[alike, None] + np.arange(wanted)]
        blank = [index for index in np.flatnonzero(~straight | (data[starts] == 9)).tolist()
                 if not block.text[starts[index] : ends[index]].strip()]  # fmt: skip
        if blank:
            keep = np.ones(len(ends), bool)
            keep[blank] = False
            kept = (starts[keep], ends[keep], used[keep], straight[keep], ordinal[keep], number[keep])
            return (*kept, number[blank])
        return starts, ends, used, straight, ordinal, number, number[:0]

    def _columns(
        self, text: bytes, starts: np.ndarray, ends: np.ndarray, tabs: np.ndarray
    ) -> tuple[list[pa.BinaryArray], np.ndarray, list[bytes]]:
        """The columns; those of lines with too few tabs are empty, which is fine nowhere. FORMAT may be null."""
        broken, short = tabs[:, 6] == 0, tabs[:, 7] == 0
        begins = np.concatenate([starts[:, None], tabs + 1], axis=1)
        stops = np.concatenate([tabs, ends[:, None]], axis=1)
        stops[short, 7], begins[short, 8] = ends[short], ends[short]
        if broken.any():
            begins[broken], stops[broken] = 0, 0
        fields = [cut(text, begins[:, at], stops[:, at]) for at in range(COLUMNS)]
        if short.any():
            fields[8] = pc.if_else(pa.array(short), pa.scalar(None, pa.binary()), fields[8])
        coded = fields[0].dictionary_encode()
        return fields, coded.indices.to_numpy(), coded.dictionary.to_pylist()

    @staticmethod
    def _contigs(chroms: list[bytes], parser: RecordParser) -> list[str | None]:
        """The reference's contigs; names that no contig can have are left to the parser, which refuses them."""
        return [
            parser.contig(chrom) if len(chrom) <= LONGEST_NAME and CONTIG.fullmatch(chrom) and chrom != b"." else None
            for chrom in chroms
        ]

    def _plain(
        self,
        fields: list[pa.BinaryArray],
        chrom: np.ndarray,
        chroms: list[bytes],
        contigs: list[str | None],
        parser: RecordParser,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, pa.BinaryArray, np.ndarray]:
        """Tell which records are plain; their positions, last positions, and alleles with the record of each."""
        data, starts = bytes_of(fields[1])
        size = np.diff(starts)
        fine = (size > 0) & (size < 10) & every(_DIGITS[data], starts)
        fine[fine] &= data[starts[:-1][fine]] != 48
        digits = pc.if_else(pa.array(fine), fields[1], pa.scalar(b"1", pa.binary())).cast(pa.string())
        pos = pc.cast(digits, pa.int64()).to_numpy()
        data, starts = bytes_of(fields[3])
        size = np.diff(starts)
        last = pos + size - 1
        fine &= (size > 0) & every(_BASES[data], starts) & (last <= LARGEST_POSITION)
        of_alt, alt_starts = bytes_of(fields[4])
        alt_size = np.diff(alt_starts)
        fine &= (alt_size > 0) & every(_LIST[of_alt], alt_starts)
        small = (alt_size <= LONGEST_ALT) & (size <= LONGEST_REF) & (alt_size.astype(np.int64) * size <= MOST_REF_BASES)
        fine &= small
        fine &= ~pc.match_substring(fields[7], "END=").to_numpy(zero_copy_only=False)
        named = [contig is not None and parser.named(contig) == name
                 for contig, name in zip(contigs, chroms, strict=True)]  # fmt: skip
        lengths = np.array([self._lengths.get(contig or "", 0) if ours else 0
                            for contig, ours in zip(contigs, named, strict=True)], np.int64)  # fmt: skip
        if len(chrom):
            fine &= last <= lengths[chrom]
        fine &= self._agree(fine, chrom, contigs, pos, data, starts)
        column = fields[4] if small.all() else pc.if_else(pa.array(small), fields[4], pa.scalar(b".", pa.binary()))
        split = pc.split_pattern(column, ",")
        alts = split.flatten()
        owner = pc.list_parent_indices(split).to_numpy()
        length = pc.binary_length(alts).to_numpy()
        fine[owner[length == 0]] = False
        # REF is put beside alleles of its length alone: beside all it would be copied as often as there are alleles.
        alike = np.flatnonzero(length == size[owner])
        same = pc.equal(alts.take(pa.array(alike)), fields[3].take(pa.array(owner[alike])))
        fine[owner[alike[same.to_numpy(zero_copy_only=False)]]] = False
        return fine, pos, last, alts, owner

    def _agree(
        self,
        fine: np.ndarray,
        chrom: np.ndarray,
        contigs: list[str | None],
        pos: np.ndarray,
        data: np.ndarray,
        starts: np.ndarray,
    ) -> np.ndarray:
        """Tell for which of the fine records REF is what the reference has."""
        agree = np.zeros(len(pos), bool)
        at = np.flatnonzero(fine)
        for part in np.split(at, np.flatnonzero(np.diff(chrom[at])) + 1) if len(at) else ():
            contig = contigs[chrom[part[0]]]
            assert contig is not None
            offsets = np.concatenate([[0], np.cumsum(np.diff(starts)[part])])
            refs = data[spread(starts[:-1][part], offsets)]
            agree[part] = agreeing(self._sequence, contig, pos[part], refs, offsets)
        return agree

    def _together(
        self,
        ordinal: np.ndarray,
        number: np.ndarray,
        fields: list[pa.BinaryArray],
        chroms: list[bytes],
        chrom: np.ndarray,
        contigs: list[str | None],
        pos: np.ndarray,
        last: np.ndarray,
        alts: pa.BinaryArray,
        owner: np.ndarray,
        at: np.ndarray,
        slow: list[Record],
        blank: np.ndarray,
    ) -> Records:
        """Join what was found by columns with the records that were parsed one by one."""
        count = len(number)
        skip = np.full(count, -1, np.int8)
        ambiguous, unsized, overlong, bad_length, lengths_differ = (np.zeros(count, bool) for _ in range(5))
        pos, last = pos.copy(), last.copy()
        details: dict[int, str | None] = {}
        reach = last.copy()
        plain, asked = np.ones(len(owner), bool), np.ones(len(owner), bool)
        if slow:
            indices = at.tolist()
            for index, record in zip(indices, slow, strict=True):
                pos[index], last[index], ambiguous[index] = record.pos, record.end, record.ambiguous
                reach[index], bad_length[index] = record.reach, record.bad_length
                lengths_differ[index] = record.lengths_differ
                if record.skip is None:
                    unsized[index] = record.unsized
                    overlong[index] = record.end > self._lengths[record.contig or ""]
                else:
                    skip[index] = SKIP_CODES.index(record.skip)
                    details[index] = self._detail(record)
            keep = ~np.isin(owner, at)
            texts = [alt for record in slow for alt in record.alts]
            plains = [frozenset(record.plain) for record in slow]
            bare = [number in these for record, these in zip(slow, plains, strict=True)
                    for number in range(len(record.alts))]  # fmt: skip
            taken = [record.skip is None and (number in these or _structural(alt))
                     for record, these in zip(slow, plains, strict=True)
                     for number, alt in enumerate(record.alts)]  # fmt: skip
            owner = np.concatenate([owner[keep], np.repeat(at, [len(record.alts) for record in slow])])
            order = np.argsort(owner, kind="stable")
            owner = owner[order]
            alts = pa.concat_arrays([alts.filter(pa.array(keep)), pa.array(texts, pa.binary())]).take(pa.array(order))
            plain = np.concatenate([plain[keep], np.array(bare, bool)])[order]
            asked = np.concatenate([asked[keep], np.array(taken, bool)])[order]
        quality, bad_quality = _qualities(fields[5])
        per_record = np.bincount(owner, minlength=count).astype(np.int32)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(per_record) - per_record, per_record)
        return Records(
            ordinal=ordinal,
            line=number,
            fields=fields,
            chroms=chroms,
            contigs=contigs,
            chrom=chrom,
            pos=pos,
            ref=replaced(fields[3], at.tolist(), [record.ref for record in slow]),
            end=last,
            reach=reach,
            skip=skip,
            ambiguous=ambiguous,
            unsized=unsized,
            overlong=overlong,
            bad_genotype=bad_genotypes(fields[8]) if self._header.samples else np.zeros(count, bool),
            quality=quality,
            bad_quality=bad_quality,
            bad_length=bad_length,
            lengths_differ=lengths_differ,
            allele_count=per_record,
            alleles=RecordAlleles(owner.astype(np.int32), within.astype(np.int32), alts, plain, asked),
            details=details,
            blank=blank.tolist(),
        )

    def _detail(self, record: Record) -> str | None:
        place = f"{record.chrom.decode('latin-1')}:{record.pos}"
        if record.skip == "ref_mismatch":
            assert record.contig is not None
            shown = self._sequence.fetch(record.contig, record.pos, min(len(record.ref), 20))
            return f"{place} REF {record.ref[:20].decode()}, reference {shown.decode()}"
        return place if record.skip != "no_alternate_allele" else None


def _structural(alt: bytes) -> bool:
    """Tell whether an allele that is not of plain bases can be annotated by overlap."""
    if alt in (b"<NON_REF>", b"<*>", b"<X>", b"<DEL:*>"):
        return False
    return alt == b"*" or any(kind.fullmatch(alt) for kind in (SYMBOLIC, BREAKEND, TELOMERE))


def _qualities(column: pa.BinaryArray) -> tuple[np.ndarray, np.ndarray]:
    """QUAL as numbers, NaN where it is missing, and which of them are none."""
    absent = pc.equal(column, b".")
    bad = np.zeros(len(column), bool)
    try:
        numbers = pc.cast(pc.if_else(absent, pa.scalar(None, pa.binary()), column).cast(pa.string()), pa.float64())
    except pa.ArrowInvalid:
        values = []
        for index, text in enumerate(column.to_pylist()):
            fine = _NUMBER.fullmatch(text) is not None
            bad[index] = not fine and text != b"."
            values.append(float(text) if fine else float("nan"))
        return np.array(values, np.float64), bad
    return numbers.fill_null(float("nan")).to_numpy(zero_copy_only=False), bad
