"""Reads one line of a list of variants, without the reference: which notation it is in, and what it says.

The notations are HGVS (https://hgvs-nomenclature.org), SPDI (Holmes et al., "SPDI: data model for variants and
applications at NCBI", Bioinformatics 36(6), 2020), rs numbers of dbSNP, and contig, position, REF and ALT.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from annotator.engine.bounds import whole_number
from annotator.engine.consequence.hgvs import Position

Edit = Literal["delins", "dup", "ins", "inv"]
"""What HGVS says happens at a place; a substitution and a deletion are ``delins`` of as many bases and of none."""
Stated = str | int | None
"""What a line says of the reference bases: their letters, their number, or nothing."""

NOTATIONS = (
    "Write one variant per line: chr:pos:ref:alt, SPDI (NC_000001.11:12344:A:G), an rs number, "
    "or HGVS (NC_000001.11:g.12345A>G, NM_000059.4:c.68_69del)."
)


class UnresolvedError(Exception):
    """A line cannot be resolved to a variant of the reference.

    Args:
        reason: why, as a sentence.
        hint: what the user can do about it.
    """

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


class UnknownNotationError(UnresolvedError):
    """A line is in none of the notations."""


@dataclass(frozen=True)
class Replacement:
    """Bases of a sequence and what replaces them, as SPDI and chr:pos:ref:alt have it.

    Attributes:
        sequence: any name of the contig.
        start: the first replaced base, 1-based; where none is replaced, the base before which bases are inserted.
        stated: the replaced bases, or how many they are.
        inserted: the bases that replace them.
        spdi: the notation, which decides what to suggest when the bases do not fit.
    """

    sequence: str
    start: int
    stated: str | int
    inserted: str
    spdi: bool = False


@dataclass(frozen=True)
class RsNumber:
    """An identifier of dbSNP, in lower case."""

    name: str


@dataclass(frozen=True)
class Hgvs:
    """A description in HGVS nomenclature of a change of DNA.

    Attributes:
        name: of the sequence or gene; empty where the line has none.
        kind: ``c``, ``n``, or ``g``, which ``m`` and ``o`` are read as.
        start: first base of the change; of an insertion the base before it.
        end: last base of the change; of an insertion the base after it.
        edit: what happens there.
        stated: what the line says of the reference bases from ``start`` to ``end``.
        inserted: the new bases, of ``delins`` and ``ins``.
    """

    name: str
    kind: str
    start: Position
    end: Position
    edit: Edit
    stated: Stated = None
    inserted: str = ""

    @property
    def is_substitution(self) -> bool:
        """Whether one base replaces another."""
        return isinstance(self.stated, str) and self.edit == "delins" and len(self.stated) == len(self.inserted) == 1


Description = Replacement | RsNumber | Hgvs

_RS = re.compile(r"rs[0-9]{1,12}", re.I)
_NUMBER = re.compile(r"[0-9]{1,10}")
_ACCESSION = re.compile(r"[A-Z]{2}_[0-9]+(?:\.[0-9]+)?")
_COLONS = re.compile(r"(?P<sequence>.+):(?P<start>[0-9]{1,10}):(?P<ref>[^:]*):(?P<alt>[^:]*)")
# An allele may be a hyphen itself: 1-100---A inserts A.
_HYPHENS = re.compile(r"(?P<sequence>.+?)-(?P<start>[0-9]{1,10})-(?P<ref>-|\.|[A-Za-z]*)-(?P<alt>-|\.|[A-Za-z]*)")
_BASES = re.compile(r"[ACGTN]*")
_ALLELE = re.compile(r"[ACGTNRYSWKMBDHVU*.,-]*|<\S*>", re.I)
"""What is meant as an allele, whether it can be read or not: a log, a table or prose has other things between
colons."""
_PROTEIN_SUFFIX = re.compile(r"\s+\(p\.[^()]*(?:\([^()]*\))?[^()]*\)$")
"""What ClinVar adds to the name of a variant, such as " (p.Gly12Asp)"."""
_HGVS = re.compile(r"(?:(?P<name>[^\s:]+):)?\(?(?P<kind>[gmocnrp])\.(?P<change>\S+)")
_NAME = re.compile(r"(?P<outer>[^()]+)\((?P<inner>[^()]+)\)")
_GENOMIC = re.compile(r"(?:N[CGTW]_|LRG_[0-9]+$|chr)", re.I)
_POSITION = r"[-*]?[0-9]{1,10}(?:[+-][0-9]{1,10})?"
_CHANGE = re.compile(rf"(?P<start>{_POSITION})(?:_(?P<end>{_POSITION}))?(?P<edit>[^0-9_].*)")
_EDIT = re.compile(
    r"(?P<old>[ACGTN]+)>(?P<new>[ACGTN]+)"
    r"|(?P<kind>del|dup|inv)(?P<stated>[ACGTN]+|[0-9]{1,9})?"
    r"|del(?P<replaced>[ACGTN]+|[0-9]{1,9})?ins(?P<replacing>[ACGTN]+)"
    r"|ins(?P<inserted>[ACGTN]+)",
    re.I,
)
_UNREAD: list[tuple[re.Pattern[str], str, str]] = [
    (re.compile(r".*;"), "The line describes several changes.", "Write one change per line."),
    (
        re.compile(r".*[?(]"),
        "The description leaves open where the change is.",
        "Write exact positions, without question marks and parentheses.",
    ),
    (
        re.compile(r".*(?:ins|[ACGTN])\[|.*\[[0-9]+\]"),
        "Repeated sequences and insertions in brackets are not read.",
        "Write the change with its bases, as dup, ins, del or delins.",
    ),
    (re.compile(r".*ins[0-9_A-Z]"), "The inserted sequence is not given in bases.", "Write the inserted bases."),
    (re.compile(r".*con"), "Conversions are not read.", "Write the change as delins with its bases."),
    (re.compile(r".*="), "The description says that nothing changes.", ""),
]
"""Forms of HGVS that are not read, in the order in which they are looked for: pattern, reason, hint."""


def parse(text: str) -> Description:
    """Read one line.

    Args:
        text: the line, without space around it.

    Raises:
        UnknownNotationError: it is in none of the notations.
        UnresolvedError: it is in one of them, and cannot describe a variant.
    """
    if _RS.fullmatch(text):
        return RsNumber(text.lower())
    text = _PROTEIN_SUFFIX.sub("", text)
    columns = [column.strip() for column in text.split("\t")] if "\t" in text else text.split()
    if found := _COLONS.fullmatch(text):
        if _ACCESSION.fullmatch(found["sequence"]):
            return _spdi(found["sequence"], found["start"], found["ref"], found["alt"])
        columns = list(found.groups())
    if len(columns) == 4 and _NUMBER.fullmatch(columns[1]) and all(_ALLELE.fullmatch(one) for one in columns[2:]):
        return _replacement(*columns)
    if found := _HGVS.fullmatch(text):
        return _hgvs(found["name"] or "", found["kind"], found["change"])
    if found := _HYPHENS.fullmatch(text):
        return _replacement(*found.groups())
    if len(columns) > 4 and _NUMBER.fullmatch(columns[1]):
        raise UnknownNotationError(
            f"The line has {len(columns)} columns.",
            "A list has contig, position, REF and ALT alone; a table with more columns must be VCF.",
        )
    raise UnknownNotationError("The line is in none of the notations.", NOTATIONS)


def _replacement(sequence: str, start: str, ref: str, alt: str) -> Replacement:
    """Contig, position, REF and ALT; an allele that is empty, ``-`` or ``.`` has no bases."""
    stated, inserted = ("" if allele in ("-", ".") else _bases(allele) for allele in (ref, alt))
    return Replacement(sequence, int(start), stated, inserted)


def _spdi(sequence: str, start: str, deleted: str, inserted: str) -> Replacement:
    number = whole_number(deleted)
    stated = _bases(deleted) if number is None else number
    return Replacement(sequence, int(start) + 1, stated, _bases(inserted), spdi=True)


def _bases(text: str) -> str:
    if not _BASES.fullmatch(text.upper()):
        if "," in text:
            raise UnresolvedError("The line has several alternate alleles.", "Write one allele per line.")
        raise UnresolvedError(
            "An allele has characters other than bases.",
            "Write A, C, G, T or N; symbolic alleles such as <DEL> are read from VCF files.",
        )
    return text.upper()


def _hgvs(name: str, kind: str, change: str) -> Hgvs:
    if kind == "p":
        raise UnresolvedError(
            "It names a change of a protein, which several changes of DNA can cause.",
            "Write the change of DNA: NM_...:c. or NC_...:g.",
        )
    if kind == "r":
        raise UnresolvedError("It names a change of RNA.", "Write the change of DNA: NM_...:c. or NC_...:g.")
    found = _CHANGE.fullmatch(change)
    edit = _EDIT.fullmatch(found["edit"]) if found else None
    if found is None or edit is None:
        for pattern, reason, hint in _UNREAD:
            if pattern.match(change):
                raise UnresolvedError(reason, hint)
        raise UnresolvedError(
            "The description is not in a form of HGVS that is read.",
            "Read are substitutions (123A>G), del, dup, ins with bases, delins and inv.",
        )
    start = _position(found["start"])
    end = _position(found["end"]) if found["end"] else start
    stated = (edit["old"] or edit["stated"] or edit["replaced"] or "").upper()
    number, replacing = whole_number(stated), edit["new"] or edit["replacing"]
    what: Edit = "delins"
    if edit["inserted"]:
        what, replacing = "ins", edit["inserted"]
    elif (edit["kind"] or "").lower() == "dup":
        what = "dup"
    elif (edit["kind"] or "").lower() == "inv":
        what = "inv"
    return Hgvs(
        name=_sequence_named(name, kind),
        kind="g" if kind in "gmo" else kind,
        start=start,
        end=end,
        edit=what,
        stated=(stated or None) if number is None else number,
        inserted=(replacing or "").upper(),
    )


def _sequence_named(name: str, kind: str) -> str:
    """The sequence that positions refer to: NM_1.2 in ``NM_1.2(GENE):c.`` and in ``NC_1.2(NM_1.2):c.``."""
    found = _NAME.fullmatch(name)
    if not found:
        if not name and kind != "m":
            raise UnresolvedError(
                "The description does not say which sequence it belongs to.",
                "Write the sequence before it, such as NM_000059.4:c.68_69del.",
            )
        return name
    return found["inner"] if kind in "cn" and _GENOMIC.match(found["outer"]) else found["outer"]


def _position(text: str) -> Position:
    found = re.fullmatch(r"([-*]?)([0-9]+)([+-][0-9]+)?", text)
    assert found is not None
    base = int(found[2])
    if not base:
        raise UnresolvedError("There is no position 0 in HGVS.", "Positions count from 1, and before it from -1.")
    return Position(-base if found[1] == "-" else base, int(found[3] or 0), found[1] == "*")
