"""Places gene models on the contigs of a new reference: names, origins of circular contigs, unique ids."""

from __future__ import annotations

from collections import Counter

from annotator.engine.errors import BundleError
from annotator.engine.reference.build.gene_formats import GeneModel, GeneTable, Interval, MaturePeptide
from annotator.engine.reference.build.ribosomal_slippage import joined
from annotator.engine.reference.bundle import Contig


def place(table: GeneTable, contigs: list[Contig], names: dict[str, str]) -> tuple[list[GeneModel], Counter[str]]:
    """Place gene models on the contigs of the reference.

    A model across the origin of a circular contig ends beyond the length of the contig.

    Args:
        table: as it was read; its models are changed, and models on other contigs are counted as left out.
        contigs: of the reference.
        names: the reference's name of a contig by each of its names.

    Returns:
        The models in the order of contigs and positions, with the reference's contig names, unique ids of transcripts
        and genes, and one symbol for all transcripts of a gene; and the number of models by name of the contigs that
        the reference lacks.

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
        reach = one.start + contig.length - 1 if contig.circular else contig.length
        if not 1 <= one.start <= contig.length or one.end > reach:
            outside.append(f"{one.id} ends at {one.contig}:{one.end:,}")
    if outside:
        message = f"{len(outside):,} of {len(placed):,} gene models lie outside their contigs ({outside[0]})"
        remedy = "Genes across the origin of a circular contig need --circular CONTIG."
        raise BundleError("reference_mismatch", f"Models and sequence do not belong together: {message}. {remedy}")
    rank = {contig.name: at for at, contig in enumerate(contigs)}
    placed.sort(key=lambda one: (rank[one.contig], one.start, one.end, one.id))
    taken: set[str] = set()
    times: Counter[str] = Counter()
    for one in placed:
        one.id = _unique(one.id, times, taken)
    _number_genes(placed)
    return placed, missing


def _nothing_placed(table: GeneTable, missing: Counter[str], contigs: list[Contig]) -> str:
    if not missing:
        left_out = "; ".join(table.left_out.lines())
        why = f"Left out: {left_out}" if left_out else "They have no rows of exons or coding sequences"
        return f"The gene models have no transcript that can be used. {why}."
    theirs, ours = ", ".join(list(missing)[:8]), ", ".join([one.name for one in contigs][:8])
    return f"No gene model is on a contig of the sequence: the models have {theirs}; the sequence has {ours}."


def _unique(name: str, times: Counter[str], taken: set[str]) -> str:
    """A unique name: repetitions of a name get a number.

    Args:
        name: as the source has it.
        times: how often each name has occurred.
        taken: the unique names so far.
    """
    times[name] += 1
    found = name if times[name] == 1 else f"{name}_{times[name]}"
    while found in taken:
        times[name] += 1
        found = f"{name}_{times[name]}"
    taken.add(found)
    return found


def _around_origin(one: GeneModel, length: int) -> None:
    """Shift the parts of a model across the origin of a circular contig so that it ends beyond the contig.

    Sources write such a model like that, or as parts at both ends of the contig, or wholly beyond its end.

    Args:
        one: the model.
        length: of the contig in bases.
    """

    def shift(by: int, first: int, last: int) -> None:
        """Shift all positions from ``first`` to ``last`` by a number of bases."""
        for name in ("exons", "cds"):
            parts: list[Interval] = getattr(one, name)
            shifted = [(a + by, b + by) if first <= a <= last else (a, b) for a, b in parts]
            setattr(one, name, joined(shifted))
        one.selenocysteines = tuple(at + by if first <= at <= last else at for at in one.selenocysteines)
        one.recoded = [(at + by if first <= at <= last else at, residue) for at, residue in one.recoded]
        one.peptides = [
            MaturePeptide(name, start + by * (first <= start <= last), end + by * (first <= end <= last))
            for name, start, end in one.peptides
        ]
        one.slips = [
            (before + by * (first <= before <= last), after + by * (first <= after <= last))
            for before, after in one.slips
        ]

    if one.start > length:
        shift(-length, 1, one.end)
    elif len(one.exons) > 1 and one.start == 1 and one.end == length:
        gap = max(range(1, len(one.exons)), key=lambda at: one.exons[at][0] - one.exons[at - 1][1])
        shift(length, 1, one.exons[gap - 1][1])
        # The phase was that of the part at the other end; a coding sequence across the origin is not cut off there.
        one.phase, one.start_known = 0, True


def _number_genes(placed: list[GeneModel]) -> None:
    """Give genes unique ids; transcripts of one gene id that do not overlap are different genes."""
    open_genes: dict[tuple[str, str, str], list[GeneModel]] = {}
    genes: list[list[GeneModel]] = []
    ends: dict[int, int] = {}
    for one in placed:
        key = (one.contig, one.strand, one.gene)
        members = open_genes.get(key)
        if members is None or one.start > ends[id(members)]:
            members = open_genes[key] = []
            genes.append(members)
        members.append(one)
        ends[id(members)] = max(ends.get(id(members), 0), one.end)
    times: Counter[str] = Counter()
    taken: set[str] = set()
    for members in genes:
        gene, symbol = _unique(members[0].gene, times, taken), coding_member(members).symbol
        for one in members:
            one.gene, one.symbol = gene, symbol


def coding_member(members: list[GeneModel]) -> GeneModel:
    """The transcript that stands for its gene: the first with a coding sequence, else the first."""
    return next((one for one in members if one.cds), members[0])
