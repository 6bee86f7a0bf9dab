"""Known defects of Ensembl VEP, so that a comparison counts them apart from other differences.

Each row of :data:`ERRATA` is a heading of ``docs/vep-errata.md``, which has an example, the reason and public reports.
Where two answers alone show that they differ by a defect, the row has a rule. A difference that no rule explains is
counted as an ordinary one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

Entry = dict[str, str]
"""Sub-fields of an entry of CSQ by their names."""
Rule = Callable[["Sides"], bool]

TERMS = ("Consequence", "IMPACT")
HGVS = ("HGVSc", "HGVSp")
CODONS = ("Amino_acids", "Codons")
SPLICE = frozenset(
    (
        *("splice_acceptor_variant", "splice_donor_variant", "splice_region_variant"),
        *("splice_donor_5th_base_variant", "splice_donor_region_variant", "splice_polypyrimidine_tract_variant"),
    )
)
UTRS = frozenset(("5_prime_UTR_variant", "3_prime_UTR_variant"))
INTRON = frozenset(("intron_variant",))
START, START_KEPT, STOP, STOP_KEPT = "start_lost", "start_retained_variant", "stop_lost", "stop_retained_variant"
FRAMESHIFT, GAINED = "frameshift_variant", "stop_gained"
OF_CODONS = frozenset(
    (
        *(START, START_KEPT, STOP, STOP_KEPT, FRAMESHIFT, GAINED, "inframe_insertion", "inframe_deletion"),
        *("missense_variant", "protein_altering_variant", "synonymous_variant", "coding_sequence_variant"),
    )
)
BY_OVERLAP = frozenset(("feature_truncation", "feature_elongation"))
SYMBOLIC = frozenset(("deletion", "duplication", "insertion", "inversion", "copy_number_variation"))
BASES = re.compile(r"[ACGTN]+")
DISTANCE = re.compile(r"(?<=Ter)(?:\d+|\?)$")
"""The distance at the end of a frameshift or extension."""

RUN = re.compile(r"\d(?:del|dup|ins[A-Za-z]+)$")
"""The end of the name of residues that are added or lost."""


class Sides:
    """What both annotations say of an allele and a transcript; of a side that says nothing every field is empty."""

    def __init__(self, ours: Entry | None, theirs: Entry | None) -> None:
        self.only_ours, self.only_theirs = theirs is None, ours is None
        self.ours, self.theirs = ours or {}, theirs or {}
        self.allele = (ours or theirs or {}).get("Allele", "")
        self.mine = frozenset(self.ours.get("Consequence", "").split("&"))
        self.other = frozenset(self.theirs.get("Consequence", "").split("&"))
        self.added, self.missing = self.mine - self.other, self.other - self.mine

    @property
    def both(self) -> bool:
        """Whether both sides say something."""
        return not (self.only_ours or self.only_theirs)

    def beyond_exon(self) -> bool:
        """Whether an end of the variant lies in no exon, or not in the coding sequence."""
        return any("?" in self.theirs.get(name, "") for name in ("cDNA_position", "CDS_position"))


class Erratum(NamedTuple):
    """A known defect of VEP.

    Attributes:
        id: heading in ``docs/vep-errata.md``.
        fields: sub-fields of CSQ that it concerns.
        applies: says whether two answers differ by it; None where they do not show it.
    """

    id: str
    fields: tuple[str, ...]
    applies: Rule | None = None


def _symbolic(kind: str, *, ours: frozenset[str], theirs: frozenset[str]) -> Rule:
    """A rule for symbolic alleles of a class, by the terms that only one side may have."""
    return lambda it: it.both and it.allele == kind and it.added <= ours and it.missing <= theirs


def _hgvs(name: str, ours: str, theirs: str) -> Rule:
    """A rule for what both sides say in a field of HGVS."""
    one, two = re.compile(ours), re.compile(theirs)
    return lambda it: bool(one.search(it.ours.get(name, "")) and two.search(it.theirs.get(name, "")))


def _start_exclusive(it: Sides) -> bool:
    return {START, START_KEPT} <= it.other and not {START, START_KEPT} <= it.mine and it.allele not in SYMBOLIC


def _splice_region_lost(it: Sides) -> bool:
    return it.added == {"splice_region_variant"} and not it.missing and len(it.allele) > 1


def _codon_beyond_exon(it: Sides) -> bool:
    gained = it.added & {START, STOP}
    return bool(gained) and it.added == gained and it.missing <= UTRS | {"coding_sequence_variant"} and it.beyond_exon()


def _stop_kept_by_insertion(it: Sides) -> bool:
    return STOP_KEPT in it.missing and FRAMESHIFT not in it.other and bool(it.added & {FRAMESHIFT, GAINED})


def _protein_kept(it: Sides) -> bool:
    return (
        it.mine & OF_CODONS == {STOP_KEPT}
        and bool(it.missing)
        and it.missing <= OF_CODONS
        and not it.added - {STOP_KEPT}
    )


def _distance(it: Sides) -> bool:
    ours, theirs = it.ours.get("HGVSp", ""), it.theirs.get("HGVSp", "")
    alike = DISTANCE.sub("", ours) == DISTANCE.sub("", theirs) and ours != theirs
    return alike and bool(DISTANCE.search(ours)) and it.theirs.get("STRAND") == "-1"


def _unknown_residue(it: Sides) -> bool:
    return all("X" in side.get("Amino_acids", "") for side in (it.ours, it.theirs)) and FRAMESHIFT not in it.mine


def _moved_out(it: Sides) -> bool:
    return it.both and bool(it.ours.get("HGVSp")) and not it.theirs.get("HGVSp") and bool(it.mine & OF_CODONS)


def _end_of_protein(it: Sides) -> bool:
    moved = all(RUN.search(one.get("HGVSp", "")) for one in (it.ours, it.theirs))
    return moved and it.ours.get("HGVSc") == it.theirs.get("HGVSc") and it.mine == it.other


ERRATA: tuple[Erratum, ...] = (
    # Terms
    Erratum("start-lost-and-retained", (*TERMS, *HGVS, *CODONS), _start_exclusive),
    Erratum("splice-region-overwritten", TERMS, _splice_region_lost),
    Erratum("stop-retained-by-insertion", TERMS, _stop_kept_by_insertion),
    Erratum(
        "stop-gained-by-frameshift", TERMS, lambda it: it.added == {GAINED} and FRAMESHIFT in it.mine and not it.missing
    ),
    Erratum("protein-unchanged-at-stop", (*TERMS, "HGVSp"), _protein_kept),
    Erratum("stop-retained-without-stop", TERMS, lambda it: it.missing == {STOP_KEPT} and not it.added),
    Erratum("codon-beyond-exon", (*TERMS, "HGVSp"), _codon_beyond_exon),
    Erratum(
        "utr-without-bases",
        TERMS,
        lambda it: bool(it.missing) and it.missing <= UTRS and not it.added and it.beyond_exon(),
    ),
    Erratum(
        "tract-beside-short-intron",
        TERMS,
        lambda it: it.added == {"splice_polypyrimidine_tract_variant"} and not it.missing,
    ),
    Erratum("replacement-by-position", TERMS),
    Erratum("stop-in-front-of-the-stop", (*TERMS, "HGVSp")),
    Erratum("spelling-decides", (*TERMS, *HGVS, *CODONS)),
    Erratum(
        "selenocysteine",
        (*TERMS, *CODONS, "HGVSp"),
        lambda it: "U" in it.ours.get("Amino_acids", "") and "*" in it.theirs.get("Amino_acids", ""),
    ),
    Erratum("start-codons-of-the-code", (*TERMS, *CODONS, "HGVSp")),
    # Structural variants
    Erratum(
        "symbolic-deletion",
        TERMS,
        _symbolic("deletion", ours=SPLICE | OF_CODONS, theirs=BY_OVERLAP | OF_CODONS),
    ),
    Erratum("symbolic-duplication", TERMS, _symbolic("duplication", ours=OF_CODONS, theirs=BY_OVERLAP | OF_CODONS)),
    Erratum(
        "symbolic-inversion", TERMS, _symbolic("inversion", ours=SPLICE | OF_CODONS | BY_OVERLAP, theirs=OF_CODONS)
    ),
    Erratum(
        "symbolic-insertion",
        TERMS,
        _symbolic("insertion", ours=SPLICE | INTRON, theirs=BY_OVERLAP | OF_CODONS | UTRS | SPLICE),
    ),
    Erratum("long-variants-skipped", (*TERMS, "DISTANCE"), lambda it: it.only_ours and it.allele in SYMBOLIC),
    Erratum(
        "breakends-by-coordinate",
        TERMS,
        lambda it: it.only_theirs and ("[" in it.allele or "]" in it.allele),
    ),
    Erratum("skipped-by-neighbours", TERMS, lambda it: it.only_theirs and it.allele.strip("<>") in ("NON_REF", "*")),
    Erratum("across-the-origin", (*TERMS, "DISTANCE")),
    # HGVS
    Erratum("utr-from-the-wrong-end", ("HGVSp",), _distance),
    Erratum("code-behind-frameshift", ("HGVSp",)),
    Erratum("amino-acid-zero", ("HGVSp",), _hgvs("HGVSp", r"^$|p\.(?:Met1\?|Met1)", r"[A-Z?]0|_\?0|[a-z]0_")),
    Erratum("name-of-a-lost-start", ("HGVSp",), _hgvs("HGVSp", r"p\.Met1\?$", r"^$|1_\?\d+$")),
    Erratum("first-change-is-a-stop", ("HGVSp",), _hgvs("HGVSp", r"[a-z]\d+Ter$", r"delins\w*Ter$")),
    Erratum("stop-lost-with-codons", ("HGVSp",), _hgvs("HGVSp", r"Ter\d+[A-Z]\w+ext", r"Ter\d+(?:del|ins)")),
    Erratum("unknown-residue-as-stop", ("HGVSp", *CODONS), _unknown_residue),
    Erratum("moved-out-of-the-coding-sequence", ("HGVSp",), _moved_out),
    Erratum("run-at-the-end-of-a-protein", ("HGVSp",), _end_of_protein),
    Erratum("intron-behind-stop", ("HGVSc",), _hgvs("HGVSc", r"c\.\d+[+-]", r"c\.\*\d")),
    Erratum("duplication-of-several-alleles", ("HGVSc",), _hgvs("HGVSc", r"dup$", r"ins[ACGT]+$")),
    Erratum("shift-of-an-earlier-allele", HGVS),
)
"""The defects, in the order of ``docs/vep-errata.md``; the first whose rule applies is counted."""


def erratum(name: str, ours: Entry | None, theirs: Entry | None) -> str | None:
    """The id of the known defect by which two answers differ in a sub-field; None if there is none.

    Args:
        name: of the sub-field.
        ours: our entry for an allele and a transcript; None if there is none.
        theirs: VEP's entry.
    """
    sides = Sides(ours, theirs)
    return next((one.id for one in ERRATA if name in one.fields and one.applies and one.applies(sides)), None)
