"""Counts of an annotated file, for the summary, the log and the pages: taken block by block and added up."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.byte_columns import bytes_of, every, letters
from annotator.engine.consequence.chunk import COMPOUND, LESS_SEVERE, MORE_SEVERE
from annotator.engine.consequence.so_terms import BIT, IMPACTS, TERMS
from annotator.engine.progress import Warnings
from annotator.engine.reference.bundle import Reference
from annotator.engine.vcf.block_parser import SKIP_CODES, Records
from annotator.engine.vcf.header import Header

MOST_GENES = 50
"""Genes listed in the summary."""
DENSITY_BINS, DENSITY_CONTIGS = 100, 40
"""Bins of a contig, and contigs that have them, in the summary."""
BESIDE = ("upstream_gene_variant", "downstream_gene_variant", "intergenic_variant")
"""Terms that name a gene in which the variant does not lie."""
ISLANDS = "CPG_ISLAND"
"""INFO field of the track of CpG islands."""
COMPOUND_EFFECTS = {"records": COMPOUND, "more_severe": MORE_SEVERE, "less_severe": LESS_SEVERE}
"""What is counted of records whose alleles change a protein together with those of others."""
LOCATIONS: dict[str, str] = {
    "5_prime_UTR_variant": "UTR",
    "3_prime_UTR_variant": "UTR",
    "mature_miRNA_variant": "non-coding RNA gene",
    "non_coding_transcript_exon_variant": "non-coding RNA gene",
    "non_coding_transcript_variant": "non-coding RNA gene",
    "intron_variant": "intron",
    "splice_acceptor_variant": "splice site",
    "splice_donor_variant": "splice site",
    "splice_donor_5th_base_variant": "splice site",
    "splice_region_variant": "splice site",
    "splice_donor_region_variant": "splice site",
    "splice_polypyrimidine_tract_variant": "splice site",
    "upstream_gene_variant": "near a gene",
    "downstream_gene_variant": "near a gene",
    "intergenic_variant": "between genes",
}
"""Where a variant lies, by its most severe term; the other terms are of coding sequence."""
_BASES = letters(b"ACGT")
_RING = np.zeros(256, np.uint8)
"""Purine or pyrimidine, by base: transitions stay within one of them."""
_RING[list(b"CT")] = 1


@dataclass
class Counts:
    """Counts of records and alleles.

    Attributes:
        matched: alleles for which a layer has something, by its first INFO field, and records that overlap a region of
            a track, by its INFO field.
    """

    total: Counter[str] = field(default_factory=Counter)
    contigs: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    consequences: Counter[str] = field(default_factory=Counter)
    most_severe: Counter[str] = field(default_factory=Counter)
    genes: Counter[str] = field(default_factory=Counter)
    matched: Counter[str] = field(default_factory=Counter)
    density: dict[str, np.ndarray] = field(default_factory=dict)

    def add(self, other: Counts) -> None:
        """Add the counts of other records."""
        for name in ("total", "contigs", "skipped", "consequences", "most_severe", "genes", "matched"):
            getattr(self, name).update(getattr(other, name))
        for contig, counts in other.density.items():
            self.density[contig] = self.density[contig] + counts if contig in self.density else counts

    def summary(
        self, reference: Reference, header: Header, warnings: Warnings, haplotypes: bool, engine_version: str
    ) -> dict[str, Any]:
        """Everything, ready for JSON; see ``docs/annotation.md`` for what each count means."""
        total = self.total
        plain = ("records", "alleles", "snvs", "indels", "mnvs", "other", "multi_allelic", "ti", "tv")
        impacts, locations = Counter[str](), Counter[str]()
        for term, count in self.most_severe.items():
            impacts[IMPACTS[TERMS.index(term)]] += count
            locations[LOCATIONS.get(term, "coding sequence")] += count
        # Without known variants nothing is known or novel.
        known, novel = (total["known"], total["novel"]) if reference.lists_known else (None, None)
        annotated = total["known"] + total["novel"]
        summary = {
            **{name: total[name] for name in plain},
            "titv": round(total["ti"] / total["tv"], 3) if total["tv"] else None,
            "known": known,
            "novel": novel,
            "known_fraction": round(known / annotated, 4) if known is not None and annotated else None,
            "high_impact": impacts["HIGH"],
            "genes_hit": len(self.genes),
            "skipped": dict(sorted(self.skipped.items())),
            "samples": header.samples,
            "haplotypes": haplotypes,
            "compound_effects": {name: total[f"compound_{name}"] for name in COMPOUND_EFFECTS},
            "contigs": dict(self.contigs),
            "consequences": {term: self.consequences[term] for term in TERMS if self.consequences[term]},
            "most_severe": {term: self.most_severe[term] for term in TERMS if self.most_severe[term]},
            "impacts": {name: impacts[name] for name in ("HIGH", "MODERATE", "LOW", "MODIFIER")},
            "locations": _most_first(locations),
            "genes": dict(list(_most_first(self.genes).items())[:MOST_GENES]),
            "density": {
                contig: {"length": length_of(contig, reference, header), "bin": bin_of(contig, reference, header),
                         "counts": counts.tolist()}
                for contig, counts in list(self.density.items())[:DENSITY_CONTIGS]
            },
            "warnings": warnings.as_list(),
            "reference": {
                "name": reference.name,
                "title": reference.title,
                "assembly": reference.assembly,
                "sources": list(reference.sources),
                "notes": list(reference.notes),
            },
            "engine": engine_version,
        }  # fmt: skip
        if any(track.info == ISLANDS for track in reference.tracks):
            summary["promoters_in_cpg_islands"] = total["promoters_in_cpg_islands"]
        return summary


def _most_first(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def length_of(contig: str, reference: Reference, header: Header) -> int | None:
    """Length in bases of a contig as the file names it, from the reference, else from the file's header."""
    found = reference.canonical(contig)
    return header.contigs.get(contig) if found is None else reference.contig(found).length


def bin_of(contig: str, reference: Reference, header: Header) -> int | None:
    """Bases of one bin of a contig's density; None where its length is not known."""
    length = length_of(contig, reference, header)
    return None if not length else -(-length // DENSITY_BINS)


def count_block(
    records: Records,
    terms: np.ndarray,
    compound: np.ndarray,
    known: np.ndarray,
    genes: tuple[np.ndarray, pa.StringArray, pa.StringArray],
    islands: np.ndarray | None,
    reference: Reference,
    header: Header,
) -> Counts:
    """Count the records of a block.

    Args:
        records: of the block.
        terms: of each record, as in :mod:`annotator.engine.consequence.so_terms`; 0 for records that were skipped.
        compound: of each record, what alleles of others add (:attr:`annotator.engine.consequence.Called.compound`).
        known: records with a known allele.
        genes: record, reported gene and most severe term of each allele that has consequences.
        islands: records in CpG islands; None where the reference has no such track.
        reference: for lengths of contigs.
        header: of the file, for the same.
    """
    counts = Counts()
    total = counts.total
    total["records"] = len(records)
    per_contig = np.bincount(records.chrom, minlength=len(records.chroms)).tolist()
    names = [chrom.decode("latin-1") for chrom in records.chroms]
    counts.contigs.update({name: number for name, number in zip(names, per_contig, strict=True) if number})
    for at, number in enumerate(np.bincount(records.skip + 1, minlength=len(SKIP_CODES) + 1)[1:].tolist()):
        if number:
            counts.skipped[SKIP_CODES[at]] = number
    compared = records.compared()
    total["compared"] = int(compared.sum())
    total["mismatched"] = int((records.skip == SKIP_CODES.index("ref_mismatch"))[compared].sum())
    _count_alleles(records, total)
    annotated = terms != 0
    total["known"] = int((known & annotated).sum())
    total.update({f"compound_{name}": int((compound & bit > 0).sum()) for name, bit in COMPOUND_EFFECTS.items()})
    total["novel"] = int(annotated.sum()) - total["known"]
    for at, term in enumerate(TERMS):
        number = int(((terms >> at) & 1).sum())
        if number:
            counts.consequences[term] = number
    worst = terms[annotated] & -terms[annotated]
    values, numbers = np.unique(worst, return_counts=True)
    for value, number in zip(values.tolist(), numbers.tolist(), strict=True):
        counts.most_severe[TERMS[value.bit_length() - 1]] = number
    if islands is not None:
        upstream = (terms & BIT["upstream_gene_variant"]) != 0
        total["promoters_in_cpg_islands"] = int((islands & upstream).sum())
    _count_genes(counts, *genes)
    for code, name in enumerate(names):
        size = bin_of(name, reference, header)
        if size:
            place = np.clip((records.pos[records.chrom == code] - 1) // size, 0, DENSITY_BINS - 1)
            counts.density[name] = np.bincount(place, minlength=DENSITY_BINS)
    return counts


def _count_alleles(records: Records, total: Counter[str]) -> None:
    """Count alleles by kind; those of reference sites and gVCF blocks are none."""
    alleles = records.alleles
    none = SKIP_CODES.index("no_alternate_allele")
    counted = records.skip != none
    total["multi_allelic"] = int((counted & (records.allele_count > 1)).sum())
    use = counted[alleles.record]
    data, starts = bytes_of(alleles.alt)
    ref_data, ref_starts = bytes_of(records.ref)
    size, ref_size = np.diff(starts), np.diff(ref_starts)[alleles.record]
    bases = every(_BASES[data], starts)
    single = use & bases & (size == 1) & (ref_size == 1)
    first, ref_first = data[starts[:-1][single]], ref_data[ref_starts[:-1][alleles.record[single]]]
    transitions = int((_RING[first] == _RING[ref_first]).sum())
    total["alleles"] = int(use.sum())
    total["snvs"] = int(single.sum())
    total["ti"], total["tv"] = transitions, total["snvs"] - transitions
    total["other"] = int((use & ~bases).sum())
    total["indels"] = int((use & bases & (size != ref_size)).sum())
    total["mnvs"] = int((use & bases & (size == ref_size) & (size > 1)).sum())


def _count_genes(counts: Counts, record: np.ndarray, gene: pa.StringArray, term: pa.StringArray) -> None:
    """Count the records in each gene."""
    inside = pc.and_(
        pc.invert(pc.is_in(term, value_set=pa.array(BESIDE))), pc.and_(gene.is_valid(), pc.not_equal(gene, ""))
    )
    inside = inside.fill_null(False)
    coded = gene.filter(inside).dictionary_encode()
    if not len(coded):
        return
    code = coded.indices.to_numpy().astype(np.int64)
    pairs = np.unique(record[inside.to_numpy(zero_copy_only=False)] * len(coded.dictionary) + code)
    numbers = np.bincount(pairs % len(coded.dictionary)).tolist()
    counts.genes.update(dict(zip(coded.dictionary.to_pylist(), numbers, strict=True)))
