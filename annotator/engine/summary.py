"""Counts of one annotated file, for the summary JSON, the log and the pages."""

from __future__ import annotations

from collections import Counter
from typing import Any

from annotator.engine.consequences import RANK, Judgement
from annotator.engine.progress import Warnings
from annotator.engine.records import Record
from annotator.engine.reference import Reference

#: Genes listed in the summary.
MOST_GENES = 50
TRANSITIONS = frozenset({(b"A", b"G"), (b"G", b"A"), (b"C", b"T"), (b"T", b"C")})
#: Entries that name a gene in which the variant does not lie.
BESIDE = frozenset({"upstream_gene_variant", "downstream_gene_variant"})
_BASES = frozenset(b"ACGT")


class Counts:
    """Counts of records and alleles, collected while the results are written."""

    def __init__(self) -> None:
        self.total: Counter[str] = Counter()
        self.contigs: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()
        self.consequences: Counter[str] = Counter()
        self.most_severe: Counter[str] = Counter()
        self.impacts: Counter[str] = Counter()
        self.locations: Counter[str] = Counter()
        self.genes: Counter[str] = Counter()

    def add_record(self, record: Record) -> None:
        """Count a record and its alleles, whether annotated or not."""
        total = self.total
        total["records"] += 1
        self.contigs[record.chrom.decode("latin-1")] += 1
        if record.skip is not None:
            self.skipped[record.skip] += 1
            if record.skip == "no_alternate_allele":
                return
        total["alleles"] += len(record.alts)
        total["multi_allelic"] += len(record.alts) > 1
        ref = record.ref
        for alt in record.alts:
            if len(alt) == len(ref) == 1 and alt in b"ACGT":
                total["snvs"] += 1
                total["ti" if (ref, alt) in TRANSITIONS else "tv"] += 1
            elif not _BASES.issuperset(alt):
                total["other"] += 1
            elif len(alt) != len(ref):
                total["indels"] += 1
            else:
                total["mnvs"] += 1

    def add_annotation(self, entries: list[str], judgement: Judgement, known: bool) -> None:
        """Count the consequences of an annotated record.

        Args:
            entries: of BCSQ.
            judgement: of the record.
            known: at least one of its alleles is a known variant.
        """
        self.total["known" if known else "novel"] += 1
        for term in judgement.terms:
            self.consequences[term] += 1
        self.most_severe[judgement.worst] += 1
        self.impacts[judgement.impact] += 1
        self.locations[judgement.location] += 1
        genes = set()
        for entry in entries:
            names, bar, rest = entry.partition("|")
            if bar and names not in BESIDE:
                genes.add(rest.partition("|")[0])
        for gene in genes:
            if gene:
                self.genes[gene] += 1

    def summary(
        self, reference: Reference, warnings: Warnings, samples: int, haplotypes: bool, engine_version: str
    ) -> dict[str, Any]:
        """Everything, ready for JSON; see ``docs/annotation.md`` for what each count means."""
        total = self.total
        plain = ("records", "alleles", "snvs", "indels", "mnvs", "other", "multi_allelic", "ti", "tv")
        return {
            **{name: total[name] for name in plain},
            "titv": round(total["ti"] / total["tv"], 3) if total["tv"] else None,
            "known": total["known"],
            "novel": total["novel"],
            "skipped": dict(sorted(self.skipped.items())),
            "samples": samples,
            "haplotypes": haplotypes,
            "contigs": dict(self.contigs),
            "consequences": _by_severity(self.consequences),
            "most_severe": _by_severity(self.most_severe),
            "impacts": {name: self.impacts[name] for name in ("HIGH", "MODERATE", "LOW", "MODIFIER")},
            "locations": dict(sorted(self.locations.items(), key=lambda item: (-item[1], item[0]))),
            "genes": dict(sorted(self.genes.items(), key=lambda item: (-item[1], item[0]))[:MOST_GENES]),
            "warnings": warnings.as_list(),
            "reference": {
                "name": reference.name,
                "title": reference.title,
                "assembly": reference.assembly,
                "sources": list(reference.sources),
            },
            "engine": engine_version,
        }


def _by_severity(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (RANK.get(item[0], len(RANK)), item[0])))
