"""Gene models of a new reference: placed on its contigs, written for the engine, and checked against the sequence."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pysam

from annotator.engine.bgzf import BgzfWriter
from annotator.engine.errors import BundleError
from annotator.engine.gene_formats import GeneModel
from annotator.engine.gene_tables import GeneTable
from annotator.engine.models import Models
from annotator.engine.reference import Contig, Sequence
from annotator.engine.verify import coding_faults

#: Parts of the coding transcripts that must start and end as proteins do, and that may have a stop before the end.
#: Tables that do not say which transcripts are cut off have about one in eight that is; models on a wrong sequence
#: have a few in a hundred right.
LEAST_STARTS, LEAST_STOPS, MOST_INTERNAL = 0.8, 0.8, 0.1
#: Coding transcripts that a contig needs to be judged by itself.
JUDGED_ALONE = 10
_ORDER = {"gene": 0, "mRNA": 1, "exon": 2, "five_prime_UTR": 3, "CDS": 4, "three_prime_UTR": 5}


@dataclass
class Fit:
    """How coding transcripts fit a sequence. Those that the source calls cut off are not asked for that end."""

    coding: int = 0
    starts: int = 0
    asked_start: int = 0
    stops: int = 0
    asked_stop: int = 0
    internal: int = 0
    exceptions: list[str] = field(default_factory=list)

    def bad(self) -> bool:
        """Whether models and sequence do not belong together."""
        return (
            self.starts < LEAST_STARTS * self.asked_start
            or self.stops < LEAST_STOPS * self.asked_stop
            or self.internal > MOST_INTERNAL * self.coding
        )

    def figures(self) -> str:
        """The figures in words."""
        return (
            f"of {self.coding:,} coding transcripts {_part(self.starts, self.asked_start)} start on a start codon, "
            f"{_part(self.stops, self.asked_stop)} end on a stop codon, "
            f"{_part(self.internal, self.coding)} have a stop codon before the end"
        )

    def add(self, other: Fit) -> None:
        """Add the figures of another contig."""
        for name in ("coding", "starts", "asked_start", "stops", "asked_stop", "internal"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.exceptions += other.exceptions


def _part(count: int, total: int) -> str:
    return f"{count:,} of {total:,} ({count / total:.1%})" if total else "0 of 0"


def place(table: GeneTable, contigs: list[Contig], names: dict[str, str]) -> tuple[list[GeneModel], Counter[str]]:
    """Put models on the contigs of the reference.

    Args:
        table: as it was read.
        contigs: of the reference.
        names: the reference's name of a contig by each of its names.

    Returns:
        The models with the reference's contig names, unique transcript ids, in order; and the number of models by name
        of the contigs that the reference lacks.

    Raises:
        BundleError: no contig is the reference's, a model lies outside its contig, or the table gives a contig more
            bases than the sequence has.
    """
    lengths = {contig.name: contig.length for contig in contigs}
    for name, said in table.lengths.items():
        if name in names and said > lengths[names[name]]:
            message = f"the gene models give {name} {said:,} bases, the sequence has {lengths[names[name]]:,}"
            raise BundleError("reference_mismatch", f"Models and sequence do not belong together: {message}.")
    missing = Counter(one.contig for one in table.models if one.contig not in names)
    placed = [one for one in table.models if one.contig in names]
    if not placed:
        theirs, ours = ", ".join(list(missing)[:8]) or "none", ", ".join(list(lengths)[:8])
        message = f"No gene model is on a contig of the sequence: the models have {theirs}; the sequence has {ours}."
        raise BundleError("reference_mismatch", message)
    outside = []
    for one in placed:
        one.contig = names[one.contig]
        if one.exons[-1][1] > lengths[one.contig] or one.exons[0][0] < 1:
            outside.append(f"{one.id} ends at {one.contig}:{one.exons[-1][1]:,}")
    if outside:
        message = f"{len(outside):,} of {len(placed):,} gene models lie outside their contigs ({outside[0]})"
        raise BundleError("reference_mismatch", f"Models and sequence do not belong together: {message}.")
    rank = {contig.name: at for at, contig in enumerate(contigs)}
    placed.sort(key=lambda one: (rank[one.contig], one.exons[0][0], one.exons[-1][1], one.id))
    times: Counter[str] = Counter()
    for one in placed:
        times[one.id] += 1
        if times[one.id] > 1:  # a transcript that lies at several places
            one.id = f"{one.id}_{times[one.id]}"
    return placed, missing


def write_models(path: Path, models: list[GeneModel]) -> None:
    """Write placed models as GFF3 in Ensembl's style, bgzipped and indexed."""
    rows: dict[str, list[tuple[int, int, int, str]]] = defaultdict(list)
    for number, (gene, members) in enumerate(_genes(models)):
        for row in _gene_rows(gene, members):
            rows[members[0].contig].append((row[0], _ORDER[row[1]], number, row[2]))
    stream = BgzfWriter(path)
    try:
        stream.write(b"##gff-version 3\n")
        for contig in rows:
            stream.write("".join(text + "\n" for *_, text in sorted(rows[contig])).encode())
        stream.close()
    finally:
        stream.abandon()
    pysam.tabix_index(str(path), preset="gff", force=True)


def _genes(models: list[GeneModel]) -> Iterator[tuple[str, list[GeneModel]]]:
    """Genes with a unique id; transcripts of one name that do not overlap are different genes."""
    open_genes: dict[tuple[str, str, str], list[GeneModel]] = {}
    closed: list[list[GeneModel]] = []
    ends: dict[int, int] = {}
    for one in models:
        key = (one.contig, one.strand, one.gene)
        members = open_genes.get(key)
        if members is None or one.exons[0][0] > ends[id(members)]:
            members = open_genes[key] = []
            closed.append(members)
        members.append(one)
        ends[id(members)] = max(ends.get(id(members), 0), one.exons[-1][1])
    times: Counter[str] = Counter()
    for members in closed:
        gene = members[0].gene
        times[gene] += 1
        yield (gene if times[gene] == 1 else f"{gene}_{times[gene]}"), members


def _gene_rows(gene: str, members: list[GeneModel]) -> Iterator[tuple[int, str, str]]:
    """First position, kind and text of each row of a gene."""
    contig, strand = members[0].contig, members[0].strand

    def row(kind: str, first: int, last: int, attributes: str, phase: str = ".") -> tuple[int, str, str]:
        columns = [contig, "GAS", kind, str(first), str(last), ".", strand, phase, attributes]
        return first, kind, "\t".join(columns)

    coding = next((one for one in members if one.cds), members[0])
    first, last = min(one.exons[0][0] for one in members), max(one.exons[-1][1] for one in members)
    yield row("gene", first, last, f"ID=gene:{gene};Name={coding.symbol};biotype={coding.biotype};gene_id={gene}")
    for one in members:
        owner = f"Parent=transcript:{one.id}"
        yield row("mRNA", one.exons[0][0], one.exons[-1][1], _attributes(one, gene))
        for start, end in one.exons:
            yield row("exon", start, end, owner)
        for kind, start, end in _untranslated(one):
            yield row(kind, start, end, owner)
        phase = one.phase
        for start, end in one.cds if strand == "+" else reversed(one.cds):
            # Computed, not copied: csq fails a whole file at one phase that is not as it counts.
            yield row("CDS", start, end, owner, str(phase))
            phase = (phase - (end - start + 1)) % 3


def _attributes(one: GeneModel, gene: str) -> str:
    """Attributes of the row of a transcript: those that csq asks for, then what the source tells."""
    tags = [*one.tags]
    for known, tag in ((one.start_known, "cds_start_NF"), (one.end_known, "cds_end_NF")):
        if one.cds and not known and not one.phase and tag not in tags:
            tags.append(tag)
    pairs = {
        "ID": f"transcript:{one.id}",
        "Parent": f"gene:{gene}",
        "biotype": one.biotype,
        "source_biotype": "" if one.source_biotype == one.biotype else one.source_biotype,
        "transcript_id": one.id,
        "version": one.version,
        "tag": ",".join(tags),
        "mane_select": one.mane_select,
        "protein_id": one.protein,
        "selenocysteine": ",".join(map(str, sorted(one.selenocysteines))),
    }
    return ";".join(f"{key}={value}" for key, value in pairs.items() if value)


def _untranslated(one: GeneModel) -> Iterator[tuple[str, int, int]]:
    """Untranslated parts of the exons of a coding transcript: csq asks for rows of their own."""
    if not one.cds:
        return
    left, right = ("five_prime_UTR", "three_prime_UTR") if one.strand == "+" else ("three_prime_UTR", "five_prime_UTR")
    for start, end in one.exons:
        if start < one.cds[0][0]:
            yield left, start, min(end, one.cds[0][0] - 1)
        if end > one.cds[-1][1]:
            yield right, max(start, one.cds[-1][1] + 1), end


def check_models(path: Path, placed: list[GeneModel], contigs: list[Contig], sequence: Sequence) -> Fit:
    """Compare written models with the sequence.

    Raises:
        BundleError: they do not belong together; the message has the figures, those of the worst contig where a single
            one does not fit.
    """
    models = Models.load(path, contigs)
    cut = {one.id: (one.start_known, one.end_known) for one in placed}
    total, alone = Fit(), []
    for contig in contigs:
        fit = Fit()
        for one in models.transcripts(contig.name):
            if not one.cds:
                continue
            faults = coding_faults(one, contig, sequence)
            start_known, end_known = cut[one.id]
            fit.coding += 1
            fit.asked_start += start_known
            fit.asked_stop += end_known
            fit.starts += start_known and "start" not in faults
            fit.stops += end_known and "stop" not in faults
            fit.internal += "internal" in faults
            if faults:
                fit.exceptions.append(one.id)
        total.add(fit)
        if fit.coding >= JUDGED_ALONE and fit.bad():
            alone.append(f"contig {contig.name} (genetic code {contig.genetic_code}): {fit.figures()}")
    if total.bad() or alone:
        where = alone[0] if alone and not total.bad() else total.figures()
        raise BundleError("reference_mismatch", f"Models and sequence do not belong together: {where}.")
    return total
