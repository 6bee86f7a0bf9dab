"""Gene models of a new reference: placed on its contigs, and written for the engine."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from annotator.engine.bgzf import BgzfWriter
from annotator.engine.errors import BundleError
from annotator.engine.indexes import make_index
from annotator.engine.library_errors import step
from annotator.engine.reference.build.gene_formats import GeneModel, GeneTable, Interval
from annotator.engine.reference.build.ribosomal_slippage import joined
from annotator.engine.reference.bundle import Contig

_ORDER = {"gene": 0, "mRNA": 1, "exon": 2, "five_prime_UTR": 3, "CDS": 4, "three_prime_UTR": 5}


def place(table: GeneTable, contigs: list[Contig], names: dict[str, str]) -> tuple[list[GeneModel], Counter[str]]:
    """Put models on the contigs of the reference.

    A model across the origin of a circular contig ends beyond the contig's length.

    Args:
        table: as it was read; what is left out is added to it.
        contigs: of the reference.
        names: the reference's name of a contig by each of its names.

    Returns:
        The models with the reference's contig names, unique transcript ids, in order; and the number of models by name
        of the contigs that the reference lacks.

    Raises:
        BundleError: no contig is the reference's, a model lies outside its contig, or the table gives a contig more
            bases than the sequence has.
    """
    by_name = {contig.name: contig for contig in contigs}
    for name, said in table.lengths.items():
        if name in names and said > by_name[names[name]].length:
            message = f"the gene models give {name} {said:,} bases, the sequence has {by_name[names[name]].length:,}"
            raise BundleError("reference_mismatch", f"Models and sequence do not belong together: {message}.")
    missing: Counter[str] = Counter()
    placed = []
    for one in table.models:
        if one.contig in names:
            placed.append(one)
        else:
            missing[one.contig] += 1
            table.left_out.add("contig_without_sequence", one.id)
    if not placed:
        raise BundleError("reference_mismatch", _nothing_placed(table, missing, contigs))
    outside = []
    for one in placed:
        one.contig = names[one.contig]
        contig = by_name[one.contig]
        if contig.circular:
            _around_origin(one, contig.length)
        start, end = one.exons[0][0], one.exons[-1][1]
        reach = start + contig.length - 1 if contig.circular else contig.length
        if not 1 <= start <= contig.length or end > reach:
            outside.append(f"{one.id} ends at {one.contig}:{end:,}")
    if outside:
        message = f"{len(outside):,} of {len(placed):,} gene models lie outside their contigs ({outside[0]})"
        remedy = "Genes across the origin of a circular contig need --circular CONTIG."
        raise BundleError("reference_mismatch", f"Models and sequence do not belong together: {message}. {remedy}")
    rank = {contig.name: at for at, contig in enumerate(contigs)}
    placed.sort(key=lambda one: (rank[one.contig], one.exons[0][0], one.exons[-1][1], one.id))
    taken: set[str] = set()
    times: Counter[str] = Counter()
    for one in placed:
        one.id = _unique(one.id, times, taken)
    return placed, missing


def _nothing_placed(table: GeneTable, missing: Counter[str], contigs: list[Contig]) -> str:
    if not missing:
        left_out = "; ".join(table.left_out.lines())
        why = f"Left out: {left_out}" if left_out else "They have no rows of exons or coding sequences"
        return f"The gene models have no transcript that can be used. {why}."
    theirs, ours = ", ".join(list(missing)[:8]), ", ".join([one.name for one in contigs][:8])
    return f"No gene model is on a contig of the sequence: the models have {theirs}; the sequence has {ours}."


def _unique(name: str, times: Counter[str], taken: set[str]) -> str:
    """A name that no other has: of those that occur several times the later ones get a number."""
    times[name] += 1
    found = name if times[name] == 1 else f"{name}_{times[name]}"
    while found in taken:
        times[name] += 1
        found = f"{name}_{times[name]}"
    taken.add(found)
    return found


def _around_origin(one: GeneModel, length: int) -> None:
    """Put a model across the origin of a circular contig into one piece that ends beyond the contig.

    Sources write it so already, or as parts at both ends of the contig, or whole behind the end.
    """

    def moved(by: int, first: int, last: int) -> None:
        """Move all positions from ``first`` to ``last``."""
        for name in ("exons", "cds"):
            parts: list[Interval] = getattr(one, name)
            shifted = [(a + by, b + by) if first <= a <= last else (a, b) for a, b in parts]
            setattr(one, name, joined(shifted))
        one.selenocysteines = tuple(at + by if first <= at <= last else at for at in one.selenocysteines)
        if one.slip is not None and first <= one.slip <= last:
            one.slip += by

    if one.exons[0][0] > length:
        moved(-length, 1, one.exons[-1][1])
    elif len(one.exons) > 1 and one.exons[0][0] == 1 and one.exons[-1][1] == length:
        gap = max(range(1, len(one.exons)), key=lambda at: one.exons[at][0] - one.exons[at - 1][1])
        moved(length, 1, one.exons[gap - 1][1])
        # The phase was that of the part at the wrong end; what crosses the origin is not cut off there.
        one.phase, one.start_known = 0, True


def write_models(path: Path, models: list[GeneModel], contigs: list[Contig]) -> None:
    """Write placed models as GFF3 in Ensembl's style, bgzipped and indexed.

    Args:
        path: the file; its index goes beside it.
        models: as :func:`place` gives them.
        contigs: of the reference.

    Raises:
        BundleError: the file cannot be indexed.
        OSError: it cannot be written.
    """
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
    with step("reference_models", "The gene models cannot be indexed"):
        make_index(path, [contig.length for contig in contigs], preset="gff")


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
    taken: set[str] = set()
    for members in closed:
        yield _unique(members[0].gene, times, taken), members


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
        "slip": "" if one.slip is None else str(one.slip),
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
