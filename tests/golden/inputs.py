"""What the engine is given: files of the tests, the casebook, and random records, each with its reference."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from annotator.engine import Reference
from annotator.engine.cli.app import main
from annotator.engine.reference.build.bundle_builder import Recipe, build
from tests.corpora.made_reference import build_reference, contigs_of_models, reference_for
from tests.performance import genome
from tests.unit.engine.case_files import CASE_FILES, read_case
from tests.unit.engine.conftest import CASE_REFERENCES, CASES
from tests.unit.engine.consequence import casebook
from tests.unit.engine.consequence.test_vep_answers import answers

PROJECT = Path(__file__).resolve().parents[2]
SAMPLES = PROJECT / "tests" / "corpora" / "samples"
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
MODELS = (".gff", ".gff3", ".gtf")
"""Endings of gene models."""
PLAIN, WITH_SAMPLES = 12_000, 8_000
"""Random records of the whole comparison: without samples, and with three."""
QUICK = 600
"""Of the quick one, which uses other seeds."""
QUICK_SHARE = 6
"""How large a share of the test files the quick comparison reads: one of so many."""


@dataclass(frozen=True)
class Input:
    """One run of the engine.

    Attributes:
        name: unique; the path of a file of the tests within the project.
        write: gives the VCF file and its reference, made in an empty folder where they have to be; without a file, the
            reference itself is what is compared.
        quick: part of the comparison that `make test` runs.
        processes: that share the work.
    """

    name: str
    write: Callable[[Path], tuple[Path | None, Reference]]
    quick: bool
    processes: int = 1


class References:
    """Builds references of the test cases and of the random genome in a folder, each once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.build = cache(self._build)

    def case(self, name: str) -> Reference:
        """One of ``tests/unit/engine/cases/ref``."""
        fasta, options = CASE_REFERENCES[name]
        return self.build(name, CASES / "ref" / f"{fasta}.fa", CASES / "ref" / f"{name}.gff3", *options)

    def beside(self, path: Path) -> Reference:
        """The one whose sequence and gene models lie beside a file."""
        bundle = self._folder / path.parent.name
        if not bundle.exists():
            fasta, models = path.with_name("ref.fa"), path.with_name("models.gff3")
            build(Recipe(name="beside", fasta=fasta, models=models, accept_models=True), bundle, lambda _: None)
        return Reference.load(bundle)

    def _build(self, name: str, fasta: Path, models: Path, *options: str) -> Reference:
        words = ["reference", "build", "--name", name, "--fasta", str(fasta), "--gff", str(models), *options]
        assert main([*words, "--out", str(self._folder / name)]) == 0
        return Reference.load(self._folder / name)

    def casebook(self) -> Reference:
        """The made-up contig whose variants Ensembl VEP has answered."""
        fasta, models = self._folder / "casebook.fa", self._folder / "casebook.gff3"
        fasta.write_text(f">1\n{casebook.GENOME}\n")
        models.write_text(casebook.gff3())
        return self.build("casebook", fasta, models, "--accept-models")

    def random(self) -> Reference:
        """The random genome, with known variants and regions."""
        place = self._folder / "random"
        if not place.exists():
            place.mkdir()
            genome.build(place, genome.bases())
        return Reference.load(place / "chance")


def inputs(folder: Path) -> Iterator[Input]:
    """All inputs.

    Args:
        folder: an empty one, for references that several inputs share.
    """
    references = References(folder)
    for at, path in enumerate(sorted(one for place in (SAMPLES, CASES) for one in place.rglob("*.vcf*"))):
        yield Input(path.relative_to(PROJECT).as_posix(), _with_made_reference(path), at % QUICK_SHARE == 0)
    for path in sorted(CASES.rglob("*.vcf")):
        name = path.relative_to(PROJECT).as_posix()
        if path.with_name("models.gff3").is_file():
            yield Input(f"{name} on its own models", lambda _, path=path: (path, references.beside(path)), True)
            continue
        yield Input(f"{name} on nuclear", lambda _, path=path: (path, references.case("nuclear")), True)
    for path in CASE_FILES.values():
        case = read_case(path)
        if case.reference in CASE_REFERENCES:
            yield Input(path.relative_to(PROJECT).as_posix(), lambda place, case=case: (
                case.write_vcf(place / "in.vcf"), references.case(case.reference)), True)  # fmt: skip
    for path in sorted(CASES.rglob("models.gff3")):
        yield Input(path.relative_to(PROJECT).as_posix(),
                    lambda _, path=path: (None, references.beside(path)), True)  # fmt: skip
    for path in sorted(one for one in SAMPLES.rglob("*") if one.suffix in MODELS):
        yield Input(path.relative_to(PROJECT).as_posix(), lambda place, path=path: (
            None, build_reference(contigs_of_models(path), path, place / "bundle")), True)  # fmt: skip
    for name in CASE_REFERENCES:
        yield Input(f"reference {name}", lambda _, name=name: (None, references.case(name)), True)
    yield Input("reference random", lambda _: (None, references.random()), True)
    yield Input("reference casebook", lambda _: (None, references.casebook()), True)
    sample = PROJECT / "reference" / "rCRS" / "sample.vcf"
    yield Input("rCRS", lambda _: (sample, Reference.load("rCRS", [PROJECT / "reference"])), True)
    yield Input("casebook", lambda place: (write_casebook(place / "in.vcf"), references.casebook()), True)
    for name, count, seed, samples, quick, processes in (
        ("random", PLAIN, 21, 0, False, 2),
        ("random with samples", WITH_SAMPLES, 22, 3, False, 2),
        ("random, few", QUICK, 23, 0, True, 1),
        ("random with samples, few", QUICK, 24, 3, True, 1),
    ):
        yield Input(
            name,
            lambda place, count=count, seed=seed, samples=samples: (
                write_random(place / "in.vcf", count, seed, samples), references.random()),
            quick, processes,
        )  # fmt: skip


def _with_made_reference(path: Path) -> Callable[[Path], tuple[Path, Reference]]:
    return lambda place: (path, reference_for(path, place))


def write_casebook(path: Path) -> Path:
    """The variants that Ensembl VEP has answered, as a VCF file."""
    rows = sorted({(int(row["POS"]), row["REF"], row["ALT"]) for row in answers()})
    lines = [f"1\t{pos}\t.\t{ref}\t{alt}\t.\t.\t." for pos, ref, alt in rows]
    path.write_text("\n".join(["##fileformat=VCFv4.2", COLUMNS, *lines]) + "\n")
    return path


def write_random(path: Path, count: int, seed: int, samples: int) -> Path:
    """Sorted records of every kind on the random genome, half of them in or near exons.

    Args:
        path: of the VCF file.
        count: of its records.
        seed: of their random numbers.
        samples: genotyped in each record, phased, unphased or in phase sets.
    """
    chance, bases = random.Random(seed), genome.bases()
    edges = [at for gene in range(genome.GENES) for exon in genome.exons_of(gene) for at in exon]

    def position() -> int:
        if chance.random() < 0.5:
            return chance.choice(edges) + chance.randrange(-40, 41)
        return chance.randrange(200, genome.LENGTH - 20_000)

    head = ["##fileformat=VCFv4.3", f"##contig=<ID=1,length={genome.LENGTH}>"]
    names = [f"S{number}" for number in range(samples)]
    head.append("\t".join([COLUMNS, *(["FORMAT", *names] if names else [])]))
    lines = []
    for pos in sorted(position() for _ in range(count)):
        ref, alts, info = _alleles(chance, bases, pos)
        row = ["1", str(pos), ".", ref, ",".join(alts), "50", "PASS", info]
        if names:
            row += _genotypes(chance, pos, len(alts), samples)
        lines.append("\t".join(row))
    path.write_text("\n".join([*head, *lines]) + "\n")
    return path


def _alleles(chance: random.Random, bases: str, pos: int) -> tuple[str, list[str], str]:
    """REF, ALT alleles and INFO of a record."""

    def some(least: int, most: int) -> str:
        return "".join(chance.choice("ACGT") for _ in range(chance.randrange(least, most + 1)))

    def other(base: str) -> str:
        return chance.choice("ACGT".replace(base, ""))

    base, kind = bases[pos - 1], chance.random()
    if kind < 0.45:
        return base, [other(base)], "."
    if kind < 0.57:
        ref = bases[pos - 1 : pos + chance.randrange(1, 40)]
        return ref, [base], "."
    if kind < 0.69:  # inserted bases are often those that follow, which makes duplications
        added = bases[pos : pos + chance.randrange(1, 10)] if chance.random() < 0.4 else some(1, 30)
        return base, [base + added], "."
    if kind < 0.79:
        ref = bases[pos - 1 : pos + chance.randrange(1, 6)]
        same = chance.random() < 0.6
        return ref, ["".join(map(other, ref)) if same else other(ref[0]) + some(0, 8)], "."
    if kind < 0.90:
        ref = bases[pos - 1 : pos + chance.randrange(0, 5)]
        alts = dict.fromkeys([other(base) + ref[1:], base + some(1, 5) + ref[1:], base, some(2, 4), "*"])
        alts.pop(ref, None)
        return ref, chance.sample(list(alts), chance.randrange(2, 4)), "."
    if kind < 0.97:
        size = chance.choice((30, 400, 3_000, 15_000))
        symbol = chance.choice(("<DEL>", "<DUP>", "<INV>", "<INS>", "<CNV>", "<DEL:ME>", "<DUP:TANDEM>"))
        end = pos if symbol == "<INS>" else pos + size
        return base, [symbol], f"SVTYPE={symbol[1:4]};END={end};SVLEN={-size if 'DEL' in symbol else size}"
    if kind < 0.98:
        return base, [f"{base}[1:{pos + 500}["], "SVTYPE=BND"
    return chance.choice(((base, ["."], "."), (base, ["<NON_REF>"], f"END={pos + 20}"),
                          (other(base), [base], "."), (base.lower(), [other(base)], "."), ("N", [base], "."),
                          (base, [base], ".")))  # fmt: skip


def _genotypes(chance: random.Random, pos: int, alts: int, samples: int) -> list[str]:
    """FORMAT and the columns of the samples: one way of phasing for each stretch of 5,000 bases."""
    way = pos // 5_000 % 3
    columns = []
    for _ in range(samples):
        separator = "/" if way == 0 else "|"
        alleles = [chance.choice(["0", "0", ".", *map(str, range(1, alts + 1))]) for _ in range(2)]
        columns.append(separator.join(alleles) + (f":{pos // 1_000 * 1_000 + 1}" if way == 2 else ""))
    return ["GT:PS" if way == 2 else "GT", *columns]
