"""One transcript: its regions, its spliced sequences, and where positions of the genome lie in it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field

from annotator.engine.lazy import lazy
from annotator.engine.reference.genetic_code import STARTS
from annotator.engine.reference.translation import reverse_complement, translate

Interval = tuple[int, int]
#: A stretch of transcript positions, or None for bases of the genome that are not in it.
Piece = Interval | None
#: Introns of at most so many bases are frameshifts of the models.
_SHORT = 13


@dataclass
class Transcript:
    """A transcript; positions of the genome are 1-based and inclusive, ``exons`` ascend.

    ``phase`` is the number of bases of the first codon that lie before the sequence begins. ``protein`` is empty, and
    ``coding_start`` and ``coding_end`` are 0, for one that is not translated. From ``slip`` on, in the direction of
    translation, codons cannot be read (ribosomal slippage); None where all can be.
    """

    id: str
    protein: str
    biotype: str
    strand: int
    start: int
    end: int
    coding_start: int
    coding_end: int
    phase: int
    exons: list[Interval]
    selenocysteines: frozenset[int] = frozenset()
    start_unknown: bool = False
    end_unknown: bool = False
    slip: int | None = None
    _spliced: str = field(default="", repr=False)
    _peptides: dict[int, str] = field(default_factory=dict, repr=False)

    @property
    def coding(self) -> bool:
        """Whether it is translated."""
        return bool(self.protein)

    @lazy
    def introns(self) -> list[Interval]:
        """Introns in ascending order; exons that touch have none between them."""
        pairs = zip(self.exons, self.exons[1:], strict=False)
        return [(left[1] + 1, right[0] - 1) for left, right in pairs if left[1] + 1 <= right[0] - 1]

    def exons_near(self, start: int, end: int) -> range:
        """Indices of the exons that a range of the genome, widened by 20 bases, touches or has next to it."""
        first = max(0, bisect_left(self.exon_ends, start - 20) - 1)
        return range(first, min(len(self.exons), bisect_right(self.exon_starts, end + 20) + 1))

    def introns_near(self, start: int, end: int) -> list[Interval]:
        """Introns that a range of the genome touches or comes within 20 bases of, and maybe one more on each side."""
        near = self.exons_near(start, end)
        found = []
        for at in range(near.start, near.stop - 1):
            first, last = self.exons[at][1] + 1, self.exons[at + 1][0] - 1
            if first <= last:
                found.append((first, last))
        return found

    @lazy
    def has_frameshift_intron(self) -> bool:
        """Whether one of its introns is too short to be one."""
        return any(last - first < _SHORT for first, last in self.introns)

    @lazy
    def exon_starts(self) -> list[int]:
        """First base of each exon."""
        return [first for first, _ in self.exons]

    @lazy
    def exon_ends(self) -> list[int]:
        """Last base of each exon."""
        return [last for _, last in self.exons]

    @lazy
    def _before(self) -> list[int]:
        """Bases of the exons before each exon, in ascending order of the genome."""
        total, found = 0, []
        for first, last in self.exons:
            found.append(total)
            total += last - first + 1
        return [*found, total]

    @property
    def length(self) -> int:
        """Bases of the spliced transcript."""
        return self._before[-1]

    def cdna(self, position: int) -> int:
        """Position in the spliced transcript of a base of an exon, from 1; 0 for a base in no exon."""
        at = bisect_right(self.exon_starts, position) - 1
        if at < 0 or position > self.exons[at][1]:
            return 0
        offset = self._before[at] + position - self.exons[at][0]
        return offset + 1 if self.strand > 0 else self.length - offset

    def cdna_in(self, exon: int, position: int) -> int:
        """Position in the spliced transcript of a base of a known exon, from 1."""
        offset = self._before[exon] + position - self.exons[exon][0]
        return offset + 1 if self.strand > 0 else self.length - offset

    def position(self, cdna: int) -> int:
        """The base of the genome, 1-based, that is at a position of the spliced transcript, from 1 to its length."""
        offset = cdna - 1 if self.strand > 0 else self.length - cdna
        exon = bisect_right(self._before, offset, hi=len(self.exons)) - 1
        return self.exons[exon][0] + offset - self._before[exon]

    @lazy
    def cdna_coding(self) -> Interval:
        """First and last position of the coding sequence in the spliced transcript."""
        ends = self.cdna(self.coding_start), self.cdna(self.coding_end)
        return min(ends), max(ends)

    def pieces(self, start: int, end: int) -> list[Piece]:
        """Where a range of the genome lies in the spliced transcript, in the transcript's direction.

        An insertion (``start`` is ``end + 1``) that touches an exon has one piece, whose start is its end + 1.
        """
        if start > end:
            return self._insertion(end, start)
        found: list[Piece] = []
        at, here = bisect_left(self.exon_ends, start), start
        while here <= end:
            if at >= len(self.exons) or self.exons[at][0] > end:
                found.append(None)
                break
            first, last = self.exons[at]
            if here < first:
                found.append(None)
                here = first
            upto = min(last, end)
            ends = self.cdna(here), self.cdna(upto)
            found.append((min(ends), max(ends)))
            here, at = upto + 1, at + 1
        return found if self.strand > 0 else found[::-1]

    def _insertion(self, left: int, right: int) -> list[Piece]:
        before, after = (left, right) if self.strand > 0 else (right, left)
        previous, following = self.cdna(before), self.cdna(after)
        if previous:
            return [(previous + 1, previous)]
        return [(following, following - 1)] if following else [None]

    def coding_pieces(self, pieces: list[Piece]) -> list[Piece]:
        """The same pieces in positions of the coding sequence, with what lies outside it as None."""
        first, last = self.cdna_coding
        found: list[Piece] = []
        for piece in pieces if self.coding else []:
            if piece is None or piece[1] < first or piece[0] > last:
                found.append(None)
                continue
            begin, end = piece
            if begin < first:
                found.append(None)
                begin = first
            cut = min(end, last)
            found.append((begin - first + 1, cut - first + 1))
            if end > last:
                found.append(None)
        return found

    # Sequences

    def load(self, fetch: Callable[[int, int], bytes]) -> None:
        """Read the spliced sequence once; ``fetch`` gives the bases of a start and an end."""
        if not self._spliced:
            bases = "".join([fetch(first, last).decode("ascii") for first, last in self.exons])
            bases = bases if self.strand > 0 else reverse_complement(bases)
            if self.slip is not None:
                # Unknown bases make unknown codons, so that nothing is said of what cannot be read.
                known = self.cdna(self.slip) - 1
                bases = bases[:known] + "N" * (len(bases) - known)
            self._spliced = bases

    def behind_slip(self, pieces: list[Piece]) -> bool:
        """Whether a change, by its pieces of the spliced transcript, touches codons that cannot be read."""
        if self.slip is None:
            return False
        first = self.cdna(self.slip)
        return any(piece is not None and max(piece) >= first for piece in pieces)

    @property
    def spliced(self) -> str:
        """The spliced sequence; :meth:`load` comes first."""
        return self._spliced

    @lazy
    def cds(self) -> str:
        """Coding sequence, with an N for each base of the first codon that is unknown."""
        first, last = self.cdna_coding
        return "N" * self.phase + self._spliced[first - 1 : last]

    @lazy
    def five_prime(self) -> str:
        """Sequence before the coding sequence."""
        return self._spliced[: self.cdna_coding[0] - 1]

    @lazy
    def three_prime(self) -> str:
        """Sequence after the coding sequence."""
        return self._spliced[self.cdna_coding[1] :]

    @lazy
    def selenocysteine_codons(self) -> frozenset[int]:
        """Numbers, from 1, of the stop codons that are read as selenocysteine."""
        found = set()
        for lowest in self.selenocysteines:
            first = self.cdna(lowest) if self.strand > 0 else self.cdna(lowest) - 2
            found.add((first - self.cdna_coding[0] + self.phase) // 3 + 1)
        return frozenset(found)

    def start_known(self, code: int) -> bool:
        """Whether translation is known to begin at the first codon.

        It is unless the models say otherwise: where the first codon is no start codon of the genetic code and nothing
        of the transcript comes before it, the models are taken to be cut off.
        """
        if not self.coding or self.start_unknown or self.phase or len(self.cds) < 3:
            return False
        return bool(self.five_prime) or self.cds[:3] in STARTS[code]

    def starts_at(self, codon: str, code: int) -> bool:
        """Whether translation would begin at a codon in the place of the first one."""
        return codon in STARTS[code] or codon == self.cds[:3]

    def has_stop(self, code: int) -> bool:
        """Whether the last codon is a stop."""
        return len(self.cds) % 3 == 0 and translate(self.cds[-3:], code) == "*"

    def peptide(self, code: int) -> str:
        """The protein without the final stop; it begins with Met whatever its start codon is."""
        if code not in self._peptides:
            self._peptides[code] = self._translate(code)
        return self._peptides[code]

    def _translate(self, code: int) -> str:
        whole = translate(self.cds, code)
        if len(self.cds) % 3 == 0 and whole.endswith("*"):
            whole = whole[:-1]
        for number in self.selenocysteine_codons:
            if whole[number - 1 : number] == "*":
                whole = whole[: number - 1] + "U" + whole[number:]
        return "M" + whole[1:] if self.start_known(code) else whole
