"""Our answers against a program's, pair by pair, and the class of each difference (``differences.toml``)."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.oracles.genomes import Genome
from tests.oracles.program import FLANKS, SUBFIELDS, Program, our_answers
from tests.oracles.variants import Variant, kind_of

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

    @property
    def both(self) -> str:
        """``ours | theirs``."""
        return f"{self.ours} | {self.theirs}"


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


def rules(program: Program) -> list[Rule]:
    """The classes of a program's differences in order: the first that matches is a difference's."""
    classes = tomllib.loads(RULES.read_text("utf-8"))["class"]
    return [Rule(**one) for one in classes if one["when"]["program"] == program.name]


@dataclass
class Result:
    """What came out for a program.

    Attributes:
        pairs: of allele and transcript of which either has an answer.
        flanking: those of them outside the transcript.
        same: pairs that agree, by field.
        classes: differences by field and class.
        examples: the first differences of each.
        by_kind: pairs by kind of variant, and those that agree in every field, as ``KIND`` and ``KIND same``.
    """

    pairs: int = 0
    flanking: int = 0
    same: Counter[str] = field(default_factory=Counter)
    classes: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], list[Difference]] = field(default_factory=dict)
    by_kind: Counter[str] = field(default_factory=Counter)

    def right(self, program: Program, key: str) -> int:
        """Pairs in which the engine is right in a field, or the difference is a choice."""
        verdicts = {rule.name: rule.right for rule in rules(program)}
        found = (count for (name, kind), count in self.classes.items()
                 if name == key and verdicts.get(kind) in ("ours", "both"))  # fmt: skip
        return self.same[key] + sum(found)


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
    classes = rules(program)
    transcripts = genome.transcripts
    for variant, ours, theirs in zip(
        found, our_answers(genome, found, folder), program.ask(genome, found, folder), strict=True
    ):
        for name in theirs if program.partial else ours.keys() | theirs.keys():
            entry = ours.get(name)
            mine = program.ours(genome, name, entry) if entry else None
            other = theirs.get(name)
            if mine is None and other is None:
                continue
            result.pairs += 1
            pos, ref, alt = variant
            kind = kind_of(ref, alt)
            result.by_kind[kind] += 1
            if entry and entry[CONSEQUENCE] in FLANKS:
                result.flanking += 1
            if mine == other:
                result.same.update(("entry", *program.fields))
                result.by_kind[f"{kind} same"] += 1
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
            model = transcripts.get(name)
            for key, one, two in different:
                difference = Difference(
                    program.name, key, one, two, genome.name, f"{genome.contig}:{pos}:{ref}:{alt}", kind,
                    name, model.strand if model else "", model.biotype if model else "",
                    entry[CONSEQUENCE] if entry else "", other[0] if other else "",
                )  # fmt: skip
                found_in = next((rule.name for rule in classes if rule.matches(difference)), UNKNOWN)
                result.classes[key, found_in] += 1
                kept = result.examples.setdefault((key, found_in), [])
                if len(kept) < most_examples:
                    kept.append(difference)
