"""The contigs of a new reference: their names and genetic codes, and which of them are circular."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from annotator.engine.bounds import LARGEST_POSITION
from annotator.engine.errors import BundleError
from annotator.engine.reference.build.gene_formats import GeneTable
from annotator.engine.reference.build.recipe import Recipe
from annotator.engine.reference.build_detection import synonyms
from annotator.engine.reference.build_evidence import chromosome
from annotator.engine.reference.bundle import Contig
from annotator.engine.reference.genetic_code import STARTS

LONGEST_CIRCLE = LARGEST_POSITION // 2
"""Longest circular contig in bases: features across its origin end beyond its length, at up to twice as much."""


def contigs_of(recipe: Recipe, lengths: dict[str, int]) -> tuple[list[Contig], dict[str, str]]:
    """The contigs of a reference as the options describe them.

    Args:
        recipe: of the reference.
        lengths: bases by name of the contig in the sequence.

    Returns:
        The contigs, and the name of each by all of its names.

    Raises:
        BundleError: an option names a contig that the sequence lacks, or one that is too long to be circular.
    """
    given = {**dict.fromkeys([*recipe.codes, *recipe.circular]), **dict.fromkeys(recipe.aliases.values())}
    names = {name: name for name in lengths}
    for name, length in lengths.items():
        for other in synonyms(name, length):
            names.setdefault(other, name)
    unknown = [name for name in given if name not in names]
    if unknown:
        raise BundleError("reference_build", f"The sequence has no contig {unknown[0]}; it has {', '.join(lengths)}.")
    names |= {alias: names[name] for alias, name in recipe.aliases.items() if alias not in lengths}
    codes = dict.fromkeys(lengths, 1 if recipe.code is None else recipe.code)
    codes |= {names[name]: code for name, code in recipe.codes.items()}
    for name in recipe.circular:
        if lengths[names[name]] > LONGEST_CIRCLE:
            message = f"--circular {name}: the contig is longer than {LONGEST_CIRCLE:,} bases, and cannot be circular."
            raise BundleError("reference_build", message)
    circular = {names[name] for name in recipe.circular} | {name for name in lengths if chromosome(name) == "MT"}
    contigs = [
        Contig(
            name,
            length,
            codes[name],
            frozenset(STARTS[codes[name]]),
            name in circular,
            tuple(alias for alias, owner in names.items() if owner == name and alias != name),
        )
        for name, length in lengths.items()
    ]
    return contigs, names


def with_model_facts(
    recipe: Recipe,
    contigs: list[Contig],
    names: dict[str, str],
    table: GeneTable,
    say: Callable[[str], None],
) -> list[Contig]:
    """The contigs with the genetic codes and circularity that the gene models state, where no option gives them.

    Transcripts keep genetic codes of their own where they are not those of their contigs.

    Args:
        recipe: of the reference.
        contigs, names: as :func:`contigs_of` returns them.
        table: the gene models, which are changed.
        say: receives a line on what was taken from the models.

    Raises:
        BundleError: the models have a genetic code that is not known.
    """
    stated: dict[str, Counter[int]] = {}
    for name, counts in table.codes.items():
        if name in names:
            stated.setdefault(names[name], Counter()).update(counts)
    circular = {names[name] for name in table.circular if name in names}
    given = set() if recipe.code is None else {one.name for one in contigs}
    given |= {names[name] for name in recipe.codes}
    found = []
    for contig in contigs:
        closed = (contig.circular or contig.name in circular) and contig.length <= LONGEST_CIRCLE
        changes: dict[str, Any] = {"circular": closed}
        if contig.name in stated and contig.name not in given:
            code = stated[contig.name].most_common(1)[0][0]
            option = f"--genetic-code {contig.name}=NUMBER"
            strange = [one for one in sorted(stated[contig.name]) if one not in STARTS]
            if strange:
                known = ", ".join(map(str, STARTS))
                message = (
                    f"{recipe.models.name}: the genetic code of contig {contig.name} is {strange[0]} (transl_table), "
                    f"which is not known; known: {known}. Name the closest one with {option}."
                )
                raise BundleError("reference_models", message)
            changes |= {"genetic_code": code, "start_codons": frozenset(STARTS[code])}
            if len(stated[contig.name]) > 1:
                listed = ", ".join(f"{one} ({count:,})" for one, count in sorted(stated[contig.name].items()))
                say(f"genetic codes of {contig.name} in the gene models: {listed}; {code} where none is ({option})")
        found.append(replace(contig, **changes))
    of_contig = {one.name: one.genetic_code for one in found}
    for model in table.models:
        name = names.get(model.contig, "")
        if name in given or model.genetic_code == of_contig.get(name):
            model.genetic_code = 0
    used = Counter(one.genetic_code for one in found if one.name in stated and one.name not in given)
    for code, count in sorted(used.items()):
        say(f"genetic code {code} on {count:,} contigs, from the gene models (transl_table)")
    return found
