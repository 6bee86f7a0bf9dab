"""Our answers against a program's, pair by pair, and the class of each difference (``differences.toml``)."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.oracles.genomes import Genome
from tests.oracles.programs import FLANKS, SUBFIELDS, Program, our_answers
from tests.oracles.variants import Variant, kind_of, write_vcf

RULES = Path(__file__).with_name("differences.toml")
UNKNOWN = "not in a class"
CONSEQUENCE = SUBFIELDS.index("Consequence")


@dataclass(frozen=True)
class Difference:
    """One field of one pair in which the answers differ.

    Attributes:
        program, field, ours, theirs: what differs; ``field`` is ``entry`` where only one of them has an answer.
        genome, variant, kind, transcript, strand, biotype: where.
        consequence: our terms of the pair.
        their_consequence: the program's.
    """

    program: str
    field: str
    ours: str
    theirs: str
    genome: str
    variant: str
    kind: str
    transcript: str
    strand: str
    biotype: str
    consequence: str
    their_consequence: str


@dataclass(frozen=True)
class Rule:
    """A class of differences.

    Attributes:
        name: of the class.
        right: ``ours``, ``theirs``, ``both`` (a choice) or ``open``.
        why: the verdict's reason.
        when: a pattern for the whole of each attribute of a difference that is named; one that begins with ``!`` must
            not match.
    """

    name: str
    right: str
    why: str
    when: dict[str, str]

    def matches(self, one: Difference) -> bool:
        """Whether the difference is of this class."""
        for key, pattern in self.when.items():
            wanted = not pattern.startswith("!")
            if bool(re.fullmatch(pattern.removeprefix("!"), getattr(one, key))) is not wanted:
                return False
        return True


def rules() -> list[Rule]:
    """The classes in order: the first that matches is a difference's."""
    return [
        Rule(one["name"], one["right"], one["why"], one["when"])
        for one in tomllib.loads(RULES.read_text("utf-8")).get("class", [])
    ]


@dataclass
class Result:
    """What came out for a program.

    Attributes:
        pairs: of allele and transcript of which either has an answer.
        flanking: those of them outside the transcript.
        same: pairs that agree, by field.
        classes: differences by field and class.
        examples: the first difference of each.
        some: more of them.
    """

    pairs: int = 0
    flanking: int = 0
    same: Counter[str] = field(default_factory=Counter)
    classes: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], list[Difference]] = field(default_factory=dict)


def compare(
    program: Program, genome: Genome, found: list[Variant], folder: Path, result: Result, most_examples: int = 5
) -> None:
    """Ask a program and the engine about variants, and count.

    Args:
        program: which is asked.
        genome: that the variants are on.
        found: the variants, ascending.
        folder: an empty one.
        result: to add to.
        most_examples: kept of each class.
    """
    vcf = write_vcf(folder / "in.vcf", genome, found)
    classes = rules()
    transcripts = genome.transcripts
    for variant, ours, theirs in zip(
        found, our_answers(genome, vcf, folder), program.ask(genome, vcf, folder), strict=True
    ):
        for name in ours.keys() | theirs.keys():
            entry = ours.get(name)
            mine = program.ours(entry) if entry else None
            other = theirs.get(name)
            if mine is None and other is None:
                continue
            result.pairs += 1
            if entry and entry[CONSEQUENCE] in FLANKS:
                result.flanking += 1
            if mine == other:
                result.same.update(("entry", *program.fields))
                continue
            if mine is None or other is None:
                different = [("entry", "&".join(mine or ()), "&".join(other or ()))]
            else:
                result.same["entry"] += 1
                different = []
                for key, one, two in zip(program.fields, mine, other, strict=True):
                    if one == two:
                        result.same[key] += 1
                    else:
                        different.append((key, one, two))
            pos, ref, alt = variant
            model = transcripts.get(name)
            for key, one, two in different:
                difference = Difference(
                    program.name, key, one, two, genome.name, f"{genome.contig}:{pos}:{ref}:{alt}", kind_of(ref, alt),
                    name, model.strand if model else "", model.biotype if model else "",
                    entry[CONSEQUENCE] if entry else "", other[0] if other else "",
                )  # fmt: skip
                kind = next((rule.name for rule in classes if rule.matches(difference)), UNKNOWN)
                result.classes[key, kind] += 1
                kept = result.examples.setdefault((key, kind), [])
                if len(kept) < most_examples:
                    kept.append(difference)
