"""One record of a VCF file: split, checked, and compared with the reference."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from annotator.engine.bounds import LARGEST_POSITION, LONGEST_NAME, too_large, whole_number
from annotator.engine.errors import VALUE_LENGTH, InputError, in_message, quote
from annotator.engine.reference.bundle import Reference
from annotator.engine.vcf.header import FIXED, Header
from annotator.engine.vcf.structural_alleles import disagreement, end_of, is_sized, spans, too_long

PLAIN = re.compile(rb"[ACGTacgt]+")
PLAIN_LIST = re.compile(rb"[ACGT]+(?:,[ACGT]+)*")
SEQUENCE = re.compile(rb"[ACGTN]+")
IUPAC = re.compile(rb"[ACGTUNRYSWKMBDHVacgtunryswkmbdhv]+")
CONTIG = re.compile(
    rb"[0-9A-Za-z!#$%&+./:;?@^_|~-][0-9A-Za-z!#$%&*+./:;=?@^_|~-]*"
    rb"|<[0-9A-Za-z!#$%&+./:;?@^_|~-][0-9A-Za-z!#$%&*+./:;=?@^_|~-]*>"
)
"""Names of contigs (VCF 4.3, section 1.4.7), which may stand in angle brackets: contigs of the assembly file (section
1.6.1). Others break the header for every reader."""
SYMBOLIC = re.compile(rb"<[^<>,\s]+>")
BREAKEND = re.compile(
    rb"[ACGTNacgtn]+[\[\]][^\[\],\s]+[\[\]]|[\[\]][^\[\],\s]+[\[\]][ACGTNacgtn]+|\.[ACGTNacgtn]+|[ACGTNacgtn]+\."
)
"""Breakends (joined or single), as in the VCF specification, section 5.4."""
TELOMERE = re.compile(rb"\.[\[\]][^\[\],\s]+[\[\]]|[\[\]][^\[\],\s]+[\[\]]\.")
"""Breakends at a telomere (section 5.4.5): a base that does not exist, before the first or behind the last of a
contig."""
IUPAC_BASES = {
    65: b"A", 67: b"C", 71: b"G", 84: b"T", 85: b"T", 78: b"ACGTN", 82: b"AG", 89: b"CT", 83: b"CG", 87: b"AT",
    75: b"GT", 77: b"AC", 66: b"CGT", 68: b"AGT", 72: b"ACT", 86: b"ACG",
}  # fmt: skip
"""Bases that each IUPAC letter stands for."""
POSITION = re.compile(rb"0|[1-9][0-9]{0,9}")
LONGEST_END = 20
"""Digits of an END that is too large to be read as a number, in a message."""
END = re.compile(rb"(?:^|;)END=([^;]*)")
NO_VARIANT = frozenset({b".", b"<NON_REF>", b"<*>", b"<X>", b""})
"""Alleles that mark a site without a variant: a reference site, or the rest of a gVCF block."""


@dataclass(slots=True)
class Record:
    """One record.

    Attributes:
        fields: the line split at its first eight tabs; the ninth piece is FORMAT and the samples.
        chrom: contig name as the file has it.
        contig: canonical name in the reference; None when it has no such contig.
        pos: 1-based position.
        ref: reference allele in upper case; the reference's own bases where the file has IUPAC letters.
        alts: alternate alleles, upper case where they are plain bases; none where they are too large to be annotated.
        plain: indices into ``alts`` of the alleles of plain bases that differ from ``ref``.
        structural: there are symbolic alleles or breakends.
        skip: one of :data:`annotator.engine.errors.SKIPS`, or None.
        ambiguous: REF has IUPAC letters.
        version: of VCF.
    """

    fields: list[bytes]
    chrom: bytes
    contig: str | None
    pos: int
    ref: bytes
    alts: list[bytes]
    plain: list[int]
    structural: bool
    skip: str | None
    ambiguous: bool
    version: tuple[int, int]

    @property
    def end(self) -> int:
        """Last reference position (1-based): of REF, or INFO/END or SVLEN for symbolic deletions and the like."""
        last = self.pos + len(self.ref) - 1
        if not any(alt.startswith(b"<") for alt in self.alts):
            return last
        longest = max((span for span in self.spans if span), default=None)
        if longest is None:
            return max(last, end_of(self.fields[7]) or 0)  # of a gVCF block
        return max(last, min(self.pos + longest, LARGEST_POSITION))

    @property
    def spans(self) -> list[int | None]:
        """How many bases behind POS each allele takes; None for alleles that are no symbol or do not say."""
        return spans(self.alts, self.pos, self.fields[7], self.version)

    @property
    def unsized(self) -> bool:
        """Whether a symbolic deletion, duplication or the like says nowhere where it ends."""
        if not any(map(is_sized, self.alts)):
            return False
        return any(is_sized(alt) and not span for alt, span in zip(self.alts, self.spans, strict=True))

    @property
    def reach(self) -> int:
        """Last reference position (1-based) for an index: readers of VCF take INFO/END of any record for it."""
        end = end_of(self.fields[7])
        return self.end if end is None else max(self.end, end)

    @property
    def bad_length(self) -> bool:
        """INFO/SVLEN is longer than any contig, and was not used."""
        return b"SVLEN=" in self.fields[7] and too_long(self.fields[7])

    @property
    def lengths_differ(self) -> bool:
        """INFO/END and INFO/SVLEN give a symbolic allele different lengths."""
        return self.structural and disagreement(self.alts, self.pos, self.fields[7]) is not None


class RecordParser:
    """Parses records of one file against one reference.

    Args:
        header: of the file.
        reference: to compare with.
        named: names of contigs that earlier records used, by the reference's names.
    """

    def __init__(self, header: Header, reference: Reference, named: dict[str, bytes] | None = None) -> None:
        self._tabs = header.tabs
        self._version = header.version
        self._reference = reference
        self._sequence = reference.sequence()
        self._lengths = {contig.name: contig.length for contig in reference.contigs}
        self._contigs: dict[bytes, str | None] = {}
        self._named: dict[str, bytes] = dict(named or {})

    def contig(self, chrom: bytes) -> str | None:
        """The reference's name of a contig; the first name that is used for it is noted as the file's."""
        contig = self._reference.canonical(chrom.decode("latin-1"))
        if contig is not None:
            self._named.setdefault(contig, chrom)
        return contig

    def named(self, contig: str) -> bytes | None:
        """The file's name of a contig of the reference."""
        return self._named.get(contig)

    def parse(self, line: bytes, number: int, unfinished: bool = False) -> Record:
        """Split and check one record.

        Args:
            line: without its line end.
            number: of the line in the file, for messages.
            unfinished: the line is the last and has no line end, as in a file that was cut off.

        Raises:
            InputError: a part of the record cannot be understood.
        """
        fields = line.split(b"\t", 8)
        if line.count(b"\t") not in self._tabs:
            raise self._wrong_columns(line, number, unfinished)
        chrom, pos_text, _, ref = fields[:4]
        if chrom not in self._contigs:
            if chrom.startswith(b"#"):
                raise self._wrong_columns(line, number, unfinished)
            self._note_contig(chrom, number)
        contig = self._contigs[chrom]
        # A leading zero is refused: tabix would read an octal number.
        pos = whole_number(pos_text, LARGEST_POSITION) if POSITION.fullmatch(pos_text) else None
        if pos is None:
            raise self._bad("bad_position", fields, 1, number)
        telomere = ref == b"." and all(map(TELOMERE.fullmatch, fields[4].split(b",")))
        if not telomere and not SEQUENCE.fullmatch(ref) and not IUPAC.fullmatch(ref):
            raise self._bad("bad_ref", fields, 3, number)

        found = END.search(fields[7]) if b"END=" in fields[7] else None
        if found is not None and found[1].isdigit() and whole_number(found[1], LARGEST_POSITION) is None:
            end = whole_number(found[1])
            shown = quote(found[1], LONGEST_END) if end is None else f"{end:,}"
            raise InputError.of("end_too_large", line=number, column=8, field="INFO", text=fields[7], end=shown)

        alts, plain, useless = self._alternates(fields, number)
        structural = useless is None
        record = Record(fields, chrom, contig, pos, ref.upper(), alts, plain, structural, None, False, self._version)
        if contig is None:
            record.skip = "contig_not_in_reference"
        elif self._named[contig] != chrom:
            record.skip = "contig_named_twice"
        elif pos < 1 or pos + len(ref) - 1 > self._lengths[contig]:
            record.skip = "position_outside_contig"
        elif telomere:
            raise self._bad("bad_ref", fields, 3, number)
        else:
            self._compare(record)
        if plain and record.skip is None:
            record.plain = [at for at in plain if alts[at] != record.ref]
        if not record.plain and record.skip is None:
            record.skip = useless
        return record

    def _alternates(self, fields: list[bytes], number: int) -> tuple[list[bytes], list[int], str | None]:
        """Split ALT; return alleles, indices of the plain ones, and why the record is skipped if none is of use."""
        alt = fields[4]
        if too_large(fields[3], alt):
            return [], [], "alleles_too_large"
        if PLAIN_LIST.fullmatch(alt):
            alts = alt.split(b",")
            return alts, list(range(len(alts))), "no_alternate_allele"
        alts, plain, kinds = alt.split(b","), [], set()
        for at, allele in enumerate(alts):
            if PLAIN.fullmatch(allele):
                plain.append(at)
                alts[at] = allele.upper()
            elif allele in NO_VARIANT and (allele or alt == b""):
                kinds.add("no_alternate_allele")
            elif allele == b"<DEL:*>":
                kinds.add("spanning_deletion")
            elif allele == b"*" or any(kind.fullmatch(allele) for kind in (SYMBOLIC, BREAKEND, TELOMERE)):
                kinds.add("structural")
            elif IUPAC.fullmatch(allele):
                kinds.add("ambiguous_allele")
            else:
                raise self._bad("bad_alt", fields, 4, number, allele)
        if "structural" in kinds:
            return alts, plain, None  # annotated by overlap
        order = ("ambiguous_allele", "spanning_deletion", "no_alternate_allele")
        return alts, plain, next((kind for kind in order if kind in kinds), "no_alternate_allele")

    def _compare(self, record: Record) -> None:
        """Compare REF with the reference sequence."""
        assert record.contig is not None
        bases = self._sequence.fetch(record.contig, record.pos, len(record.ref))
        if record.ref == bases:
            return
        if SEQUENCE.fullmatch(record.ref) and b"N" not in record.ref:
            record.skip = "ref_mismatch"
            return
        if all(base in IUPAC_BASES[letter] for letter, base in zip(record.ref, bases, strict=True)):
            record.ref = bases
            record.ambiguous = True
        else:
            record.skip = "ref_mismatch"

    def _note_contig(self, chrom: bytes, number: int) -> None:
        place: dict[str, Any] = {"line": number, "column": 1, "field": "CHROM", "text": chrom}
        if len(chrom) > LONGEST_NAME:
            quoted = quote(chrom, VALUE_LENGTH)
            raise InputError.of("contig_name_too_long", **place, length=len(chrom), quoted=quoted)
        if not chrom:
            raise InputError.of("no_contig", **place)
        if not CONTIG.fullmatch(chrom) or chrom == b".":
            raise InputError.of("bad_contig", **place, value=in_message(chrom))
        contig = self.contig(chrom)
        if len(self._contigs) > 100_000:
            self._contigs.clear()  # a cache; no real genome comes near
        self._contigs[chrom] = contig

    def _wrong_columns(self, line: bytes, number: int, unfinished: bool) -> InputError:
        found, wanted = line.count(b"\t") + 1, self._tabs[-1] + 1
        if line.startswith(b"#"):
            return InputError.of("header_among_records", line=number, text=line)
        finding = "column_count"
        if found == 1 and len(line.split()) >= len(FIXED):
            finding = "blanks_in_record"
        elif unfinished:
            finding = "last_record_cut_off"
        counted = f"{found} column{'' if found == 1 else 's'}"
        return InputError.of(finding, line=number, text=line, found=counted, wanted=wanted)

    @staticmethod
    def _bad(finding: str, fields: list[bytes], at: int, number: int, text: bytes | None = None) -> InputError:
        value = fields[at] if text is None else text
        field = FIXED[at].decode()
        return InputError.of(finding, line=number, column=at + 1, field=field, text=value, value=in_message(value))
