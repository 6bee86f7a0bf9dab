"""Symbolic alleles of a record: how much of the reference each takes, and its bases where the record gives them.

The fields are those of the VCF specification (4.5, sections 3 and 5): SVLEN, END, IMPRECISE, CIPOS, SVCLAIM, CN and the
fields of tandem repeats. An allele that a record describes completely is written out, so that it gets the same
annotation as if the caller had written its bases into REF and ALT.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import NamedTuple

from annotator.engine.bounds import LARGEST_POSITION, whole_number
from annotator.engine.lazy import lazy

LONGEST_WRITTEN_OUT = 1_000
"""Bases of a deletion up to which it is written out, so that it has names on the genome, too. Longer ones are aligned
in the same way and have the same terms, but need no memory for their bases."""
MOST_WRITTEN_OUT = 30_000
"""Bases that may be written out for all alleles of a record together, so that short lines need no more memory than
long ones."""
BY_ALLELE = (4, 4)
"""From this version on, SVLEN is the length of each allele and END follows from it, and INFO/CN is that of the allele,
of which the reference has one. Before, END counts, and INFO/CN is that of the sample, which usually has two."""
BREAKENDS = (b"<BND", b"<TRA", b"<CTX")
"""Symbols that some callers write for one side of a junction, instead of a breakend."""
NO_LENGTH = (b"<INS", *BREAKENDS, b"<NON_REF>", b"<*>", b"<X>", b"<DEL:*>")
"""Symbolic alleles that take no stretch of the reference: insertions, junctions, and what is no variant."""
TANDEM_REPEAT = b"<CNV:TR"
SEQUENCE_KEYS = (b"SVINSSEQ", b"SEQ", b"INSSEQ", b"INS_SEQ")
"""INFO keys in which callers give the inserted sequence of ``<INS>``: Manta's, Sniffles', and others."""
COPY_NUMBER = re.compile(rb"<CN=?(\d+)>")
MATE = re.compile(rb"[\[\]](.+):(\d+)[\[\]]")
BASES = re.compile(rb"[ACGTacgt]+")
LOSS, GAIN = b"<DEL>", b"<DUP>"

Fetch = Callable[[int, int], bytes]
"""Gives so many reference bases from a 1-based position on."""


class Allele(NamedTuple):
    """An alternate allele as the consequence caller gets it.

    Attributes:
        ref: bases from POS on that it replaces, the base before the variant included.
        alt: bases, or a symbol: ``<DEL>`` and ``<DUP>`` for copy numbers that are a loss or a gain.
        end: last base of the reference that it takes, 1-based; 0 if the record does not say.
        exact: its bounds are those of a junction, exact to the base; those of a change in copy number are not.
        symbol: the symbol by which CSQ's Allele names it although ``alt`` has its bases; None for that of ``alt``.
    """

    ref: bytes
    alt: bytes
    end: int
    exact: bool = True
    symbol: bytes | None = None


def is_sized(alt: bytes) -> bool:
    """Whether an allele is a symbol for a stretch of the reference (``<DEL>``, ``<DUP>``, ``<INV>``, ``<CNV>`` ...)."""
    return alt.startswith(b"<") and not alt.startswith(NO_LENGTH)


def values(info: bytes, key: bytes) -> list[bytes]:
    """The values of a key of INFO; none where it is missing."""
    found = re.search(rb"(?:^|;)" + key + rb"=([^;]*)", info)
    return found[1].split(b",") if found else []


def end_of(info: bytes) -> int | None:
    """INFO/END; None where it is missing or no position."""
    found = values(info, b"END")
    return whole_number(found[0], LARGEST_POSITION) if len(found) == 1 else None


def lengths(info: bytes) -> list[int | None]:
    """The values of INFO/SVLEN without their signs; None for those that are missing, 0 or longer than any contig."""
    return [whole_number(one.removeprefix(b"-"), LARGEST_POSITION) or None for one in values(info, b"SVLEN")]


def too_long(info: bytes) -> bool:
    """Whether a value of INFO/SVLEN is longer than any contig."""
    digits = (one.removeprefix(b"-") for one in values(info, b"SVLEN"))
    return any(one.isdigit() and whole_number(one, LARGEST_POSITION) is None for one in digits)


def spans(alts: Sequence[bytes], pos: int, info: bytes, version: tuple[int, int]) -> list[int | None]:
    """How many bases behind POS each allele takes; None for alleles that are no such symbol or do not say.

    SVLEN has a value for each allele, END one for the longest of them. Where they disagree, END counts in files before
    VCF 4.4, and SVLEN in later ones.
    """
    sized = [is_sized(alt) for alt in alts]
    end = end_of(info)
    by_end = end - pos if end is not None and end > pos else None
    given = lengths(info)
    given = given if len(given) == len(alts) else given * len(alts) if len(given) == 1 else [None] * len(alts)
    if by_end is not None and version < BY_ALLELE and _longest(given, sized) not in (None, by_end):
        given = [None] * len(alts)
    return [(length or by_end) if one else None for one, length in zip(sized, given, strict=True)]


def _longest(given: list[int | None], sized: list[bool]) -> int | None:
    return max((length for length, one in zip(given, sized, strict=True) if one and length), default=None)


def disagreement(alts: Sequence[bytes], pos: int, info: bytes) -> tuple[int, int] | None:
    """The lengths by END and by SVLEN of the longest allele, where both are given and differ."""
    sized = [is_sized(alt) for alt in alts]
    end, given = end_of(info), lengths(info)
    if end is None or end <= pos or len(given) not in (1, len(alts)) or not any(sized):
        return None
    longest = _longest(given * len(alts) if len(given) == 1 else given, sized)
    return None if longest in (None, end - pos) else (end - pos, longest)


def mate_of(alt: bytes, info: bytes) -> tuple[bytes, int] | None:
    """Contig, as the file names it, and position (1-based) of a breakend's mate; None where there is none.

    Args:
        alt: a breakend (VCF 4.5, section 5.4), or a symbol for one with the mate in INFO (CHR2, and POS2, END2 or END).
        info: INFO of the record.
    """
    found = MATE.search(alt)
    if found is not None:
        contig, pos = found[1], whole_number(found[2], LARGEST_POSITION)
    elif alt.startswith(BREAKENDS):
        contig = b"".join(values(info, b"CHR2")[:1])
        places = (values(info, key) for key in (b"POS2", b"END2", b"END"))
        pos = next((whole_number(one[0], LARGEST_POSITION) for one in places if one), None)
    else:
        return None
    return None if pos is None or not contig else (contig, pos)


class StructuralRecord:
    """A record with symbolic alleles.

    Args:
        pos: 1-based.
        ref: in upper case.
        alts: all alternate alleles.
        info: INFO.
        samples: FORMAT and the samples as in the file; None where there are none.
        version: of VCF.
        length: of the contig, in bases.
        fetch: bases of the contig.
    """

    def __init__(
        self,
        pos: int,
        ref: bytes,
        alts: Sequence[bytes],
        info: bytes,
        samples: bytes | None,
        version: tuple[int, int],
        length: int,
        fetch: Fetch,
    ) -> None:
        self._pos, self._ref, self._alts, self.info = pos, ref, alts, info
        self._samples, self._version, self._length, self._fetch = samples, version, length, fetch
        self._spans = spans(alts, pos, info, version)
        self._values: dict[bytes, list[bytes]] = {}

    def allele(self, number: int) -> Allele:
        """An allele by its index in ALT."""
        alt, span = self._alts[number], self._spans[number]
        if not alt.startswith(b"<"):
            return Allele(self._ref, alt, self._pos + len(self._ref) - 1)
        if alt.startswith(b"<INS"):
            sequence = self._inserted(number)
            if sequence:
                return Allele(self._ref, self._ref + sequence, self._pos + len(self._ref) - 1, True, alt)
            return Allele(self._ref, alt, self._pos + len(self._ref) - 1)
        if span is None:
            return Allele(self._ref, self._resolved(number), 0 if is_sized(alt) else self._pos + len(self._ref) - 1)
        end = min(self._pos + span, LARGEST_POSITION)
        if alt.startswith(TANDEM_REPEAT):
            repeats = self._repeats(number) if end <= self._length else None
            if repeats is not None:
                bases = self._fetch(self._pos, span + 1)
                return Allele(bases, bases[:1] + repeats, end)
        symbol = self._resolved(number)
        exact = symbol == alt and self._exact(number)
        if symbol.startswith(b"<DEL") and exact and span <= self._longest(LONGEST_WRITTEN_OUT) and end <= self._length:
            bases = self._fetch(self._pos, span + 1)
            return Allele(bases, bases[:1], end, True, symbol)
        return Allele(self._ref, symbol, end, exact)

    def _all(self, key: bytes) -> list[bytes]:
        """The values of a key of INFO; they are looked up once, as there may be thousands of alleles."""
        if key not in self._values:
            self._values[key] = values(self.info, key)
        return self._values[key]

    def _own(self, key: bytes, number: int, each: int = 1) -> list[bytes]:
        """The values of a key with ``each`` values for an allele; those of the allele, or none."""
        found = self._all(key)
        if len(found) == each * len(self._alts):
            return found[each * number : each * (number + 1)]
        return found if len(found) == each else []

    def _exact(self, number: int) -> bool:
        """Whether the bounds of an allele are exact to the base and not those of a change in depth."""
        if self._own(b"SVCLAIM", number) == [b"D"]:
            return False
        if b"IMPRECISE" not in self.info.split(b";"):
            return True
        return self._own(b"CIPOS", number, 2) == [b"0", b"0"]

    # Copy numbers

    def _resolved(self, number: int) -> bytes:
        """The symbol of an allele; ``<DEL>`` or ``<DUP>`` for a copy number that is a loss or a gain."""
        alt = self._alts[number]
        named = COPY_NUMBER.fullmatch(alt)
        if named is None and not (alt.startswith(b"<CNV") and not alt.startswith(TANDEM_REPEAT)):
            return alt
        if named is not None:
            change = _change(_number(named[1]) or 0, 1)
        else:
            change = self._change_by_info(number) or self._change_by_samples(number)
            kind = self._all(b"SVTYPE")[:1]
            change = change or {b"DEL": -1, b"DUP": 1}.get(kind[0] if kind else b"", 0)
        return {-1: LOSS, 1: GAIN}.get(change, b"<CNV>")

    def _change_by_info(self, number: int) -> int:
        found = [_number(one) for one in self._own(b"CN", number)]
        usual = 1 if self._version >= BY_ALLELE else 2
        return _change(found[0], usual) if found and found[0] is not None else 0

    def _change_by_samples(self, number: int) -> int:
        """-1 or 1 where every sample with another copy number than its ploidy has fewer, or more, copies; else 0."""
        if self._samples is None:
            return 0
        form, *samples = self._samples.split(b"\t")
        keys = form.split(b":")
        if b"CN" not in keys:
            return 0
        changes = set()
        for sample in samples:
            of = dict(zip(keys, sample.split(b":"), strict=False))
            copies = _number(of.get(b"CN", b"."))
            genotype = re.split(rb"[/|]", of.get(b"GT", b"."))
            known = b"." not in genotype
            if copies is None or (known and b"%d" % (number + 1) not in genotype):
                continue
            changes.add(_change(copies, len(genotype) if known else 2))
        changes.discard(0)
        return changes.pop() if len(changes) == 1 else 0

    # Sequences

    def _inserted(self, number: int) -> bytes:
        """The inserted sequence of ``<INS>``, in upper case; empty where the record does not give it."""
        for key in SEQUENCE_KEYS:
            for one in self._own(key, number):
                if BASES.fullmatch(one):
                    return one.upper()
        return b""

    def _longest(self, limit: int) -> int:
        """How many bases of an allele may be written out, of ``limit`` at most."""
        return min(limit, MOST_WRITTEN_OUT // len(self._alts))

    def _repeats(self, number: int) -> bytes | None:
        """The sequence of a tandem repeat; None where the record leaves a part of it open, or it is too long."""
        if self._first_repeats is None or self._first_repeats[number] == self._first_repeats[number + 1]:
            return None
        longest, found = self._longest(MOST_WRITTEN_OUT), b""
        if (self._spans[number] or 0) > longest:
            return None
        for at in range(*self._first_repeats[number : number + 2]):
            unit = self._at(b"RUS", at)
            bases = self._repeat_length(number, at, len(unit))
            if not BASES.fullmatch(unit) or bases is None or not 0 <= bases <= longest - len(found):
                return None
            found += (unit.upper() * (bases // len(unit) + 1))[:bases]
        return found

    @lazy
    def _first_repeats(self) -> list[int] | None:
        """The index of each allele's first repeat sequence, and their number; None where RN is none."""
        counts = self._all(b"RN") or [b"1" if alt.startswith(TANDEM_REPEAT) else b"0" for alt in self._alts]
        numbers = [0 if one == b"." else whole_number(one, MOST_WRITTEN_OUT) for one in counts]
        known = [one for one in numbers if one is not None]
        return list(accumulate(known, initial=0)) if len(known) == len(self._alts) == len(numbers) else None

    def _repeat_length(self, number: int, at: int, unit: int) -> int | None:
        """How many bases a repeat sequence has: RB, or RUC of its units, or INFO/CN of the bases of the reference."""
        for key, interval, scale in ((b"RB", b"CIRB", 1), (b"RUC", b"CIRUC", unit)):
            length = _number(self._at(key, at))
            if length is not None:
                doubt = [_number(self._at(interval, 2 * at + end)) for end in (0, 1)]
                return None if any(doubt) else round(length * scale)
        copies, span = _number(*(self._own(b"CN", number) or [b"."])), self._spans[number]
        first, last = self._first_repeats[number : number + 2] if self._first_repeats else (0, 0)
        return round(copies * span) if copies is not None and span and last - first == 1 else None

    def _at(self, key: bytes, index: int) -> bytes:
        found = self._all(key)
        return found[index] if index < len(found) else b"."


def _number(text: bytes) -> float | None:
    """A copy number or count; None where it is missing or none that can be."""
    if not re.fullmatch(rb"-?\d{1,9}(?:\.\d{1,9})?", text):
        return None
    return float(text)


def _change(copies: float, usual: float) -> int:
    """-1 for fewer copies than usual, 1 for more, 0 for as many."""
    return (copies > usual) - (copies < usual)
