"""Agreement of two annotations of the same variants, field by field of CSQ, and what the differences are.

A pair is one allele of a record and one transcript (or none, between genes). The other annotation, as a rule Ensembl
VEP's, is the one that is asked for; a pair that only one of the two has agrees in no field.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from annotator.engine.bounds import LARGEST_POSITION, whole_number
from annotator.engine.compare.errata import erratum
from annotator.engine.errors import BundleError, quote
from annotator.engine.files import open_bytes
from annotator.engine.library_errors import step

COMPARED = (
    "Consequence",
    "IMPACT",
    "SYMBOL",
    "BIOTYPE",
    "EXON",
    "INTRON",
    "HGVSc",
    "HGVSp",
    "cDNA_position",
    "CDS_position",
    "Protein_position",
    "Amino_acids",
    "Codons",
    "DISTANCE",
    "STRAND",
    "FLAGS",
    "HGVS_OFFSET",
)
"""Sub-fields of CSQ that are compared, where both files have them."""
MOST_EXAMPLES = 3
"""Examples kept of one class of difference."""
_FORMAT = re.compile(rb'##INFO=<ID=CSQ,.*Format: ([^">]+)"')

Site = tuple[str, int, str, str]
"""Contig, position, REF and ALT as in the file; "chr" is not part of the contig's name here."""
Entries = dict[tuple[str, str], dict[str, str]]
"""Entries of a site by allele and transcript."""


@dataclass(frozen=True)
class Example:
    """One difference: where, in which transcript, and what either says."""

    site: str
    transcript: str
    ours: str
    theirs: str


@dataclass
class Agreement:
    """What came out of a comparison.

    Attributes:
        sites: records that both have.
        pairs: alleles and transcripts that either has, at those records.
        only_ours: pairs that the other annotation lacks.
        only_theirs: pairs that ours lacks.
        missing_sites: records of the other annotation that ours lacks.
        same: pairs that agree, by field.
        errata: count of the pairs that differ by a known defect of VEP, by field and id of the defect
            (:mod:`annotator.engine.compare.errata`).
        classes: count of each class of the other differences by field.
        examples: some of each class and of each defect.
    """

    sites: int = 0
    pairs: int = 0
    only_ours: int = 0
    only_theirs: int = 0
    missing_sites: int = 0
    same: Counter[str] = field(default_factory=Counter)
    errata: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    classes: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    examples: dict[tuple[str, str], list[Example]] = field(default_factory=lambda: defaultdict(list))

    def share(self, name: str) -> float:
        """Part of the pairs that agree in a field, from 0 to 1; 1 where there are none."""
        return self.same[name] / self.pairs if self.pairs else 1.0

    def share_without_errata(self, name: str) -> float:
        """The same of the pairs that do not differ by a known defect of VEP."""
        pairs = self.pairs - self.errata[name].total()
        return self.same[name] / pairs if pairs else 1.0

    def as_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return {
            **{name: getattr(self, name) for name in ("sites", "pairs", "only_ours", "only_theirs", "missing_sites")},
            "fields": {
                name: {
                    "same": self.same[name],
                    "share": round(self.share(name), 6),
                    "share_without_errata": round(self.share_without_errata(name), 6),
                    "errata": self._listed(name, self.errata[name], "id"),
                    "differences": self._listed(name, self.classes[name], "class"),
                }
                for name in self.same
            },
        }

    def _listed(self, name: str, counts: Counter[str], key: str) -> list[dict[str, Any]]:
        return [
            {key: kind, "count": count, "examples": [vars(one) for one in self.examples[name, kind]]}
            for kind, count in counts.most_common()
        ]


def compare(ours: Path, theirs: Path) -> Agreement:
    """Compare two annotated VCF files, plain or gzip.

    Args:
        ours: the file to judge.
        theirs: the file to judge it by.

    Raises:
        BundleError: a file has no CSQ whose description names its sub-fields.
        OSError: a file cannot be read.
    """
    our_names, our_sites = _read(ours)
    their_names, their_sites = _read(theirs)
    names = [name for name in COMPARED if name in our_names and name in their_names]
    agreement = Agreement(same=Counter(dict.fromkeys(names, 0)))
    # One file is kept, a site a line as it was read; the other streams by.
    known = dict(their_sites)
    for site, text in our_sites:
        other = known.pop(site, None)
        if other is not None:
            agreement.sites += 1
            _compare_site(agreement, site, _entries(text, our_names), _entries(other, their_names), names)
    agreement.missing_sites = len(known)
    return agreement


def _compare_site(agreement: Agreement, site: Site, ours: Entries, theirs: Entries, names: list[str]) -> None:
    where = f"{site[0]}:{site[1]} {site[2]}>{site[3]}"
    for pair in dict.fromkeys([*theirs, *ours]):
        agreement.pairs += 1
        mine, other = ours.get(pair), theirs.get(pair)
        if mine is None or other is None:
            agreement.only_ours += other is None
            agreement.only_theirs += mine is None
        for name in names:
            said = "" if mine is None else mine[name], "" if other is None else other[name]
            if mine is not None and other is not None and said[0] == said[1]:
                agreement.same[name] += 1
                continue
            known = erratum(name, mine, other)
            counts = (agreement.errata if known else agreement.classes)[name]
            _count(agreement, counts, name, known or _kind(name, mine, other), Example(where, pair[1], *said))


def _kind(name: str, mine: dict[str, str] | None, other: dict[str, str] | None) -> str:
    """The class of a difference: of terms both sides, of other fields which side is silent, and where it lies."""
    if mine is None or other is None:
        return f"only {'theirs' if mine is None else 'ours'}: {(mine or other or {})['Consequence']}"
    if name == "Consequence":
        return f"{other[name]} -> {mine[name]}"
    state = "missing" if not mine[name] else "added" if not other[name] else "different"
    return f"{state} in {other['Consequence']}"


def _count(agreement: Agreement, counts: Counter[str], name: str, kind: str, example: Example) -> None:
    counts[kind] += 1
    examples = agreement.examples[name, kind]
    if len(examples) < MOST_EXAMPLES:
        examples.append(example)


def _read(path: Path) -> tuple[list[str], Iterator[tuple[Site, str]]]:
    """Names of the sub-fields of CSQ, and an iterator over the records."""
    stream = open_bytes(path)  # the iterator closes it
    names: list[str] = []
    for line in stream:
        if found := _FORMAT.match(line):
            names = found[1].decode().strip().split("|")
        if line.startswith(b"#CHROM"):
            break
    if not {"Consequence", "Allele", "Feature"} <= set(names):
        stream.close()
        raise BundleError("comparison", f"{path.name} has no INFO field CSQ whose description gives its format.")

    def sites() -> Iterator[tuple[Site, str]]:
        with stream, step("comparison", f"{path.name} cannot be read"):
            for line in stream:
                columns = line.rstrip(b"\r\n").split(b"\t", 8)
                pos = whole_number(columns[1], LARGEST_POSITION) if len(columns) > 7 else None
                if pos is None:
                    raise BundleError("comparison", f"{path.name}: {quote(line, 60)} is not a record of VCF.")
                chrom, _, _, ref, alt, _, _, info = columns[:8]
                text = next((one[4:] for one in info.split(b";") if one.startswith(b"CSQ=")), b"")
                contig = chrom.decode().removeprefix("chr")
                yield (contig, pos, ref.decode().upper(), alt.decode().upper()), text.decode()

    return names, sites()


def _entries(text: str, names: list[str]) -> Entries:
    entries: Entries = {}
    for one in text.split(",") if text else []:
        # "%3D" stands for "=" in INFO; some write it as it is.
        values = dict(zip(names, one.replace("%3D", "=").split("|"), strict=False))
        entries[values["Allele"], values["Feature"]] = values
    return entries
