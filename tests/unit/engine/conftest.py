"""Input files made on the spot, and results taken apart, for the tests of the engine."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pysam
import pysam.bcftools
import pytest

from annotator.engine import InputError, Limits, Outputs, Reference, annotate
from annotator.engine.cli.app import main
from annotator.engine.consequence.reporting import Reporting
from annotator.engine.indexes import index_of

COLUMNS = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO"]
PROJECT = Path(__file__).resolve().parents[3]


@dataclass
class Result:
    """An annotated file, taken apart."""

    path: Path
    summary: dict[str, Any]
    header: list[str]
    records: list[list[str]]
    log: str

    def info(self, index: int) -> dict[str, str]:
        """INFO of a record; flags have an empty value."""
        pairs = (item.partition("=") for item in self.records[index][7].split(";"))
        return {key: value for key, _, value in pairs}

    def warned(self, code: str) -> dict[str, Any] | None:
        """The warning with this code, if there is one."""
        return next((item for item in self.summary["warnings"] if item["code"] == code), None)


@pytest.fixture(scope="session", params=["bundled", "built"])
def rcrs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """The bundled rCRS, and the same mitochondrion as ``reference build`` makes it: with indexed gene models."""
    if request.param == "bundled":
        return Reference.load("rCRS", [PROJECT / "reference"])
    return Reference.load(build_rcrs(tmp_path_factory.mktemp("built") / "rCRS"))


SPARE = ("spare", "ACGTTGCA" * 40)
"""Name and bases of a contig that a built rCRS has beside the mitochondrion: it has no gene models."""


def build_rcrs(out: Path) -> Path:
    """Build rCRS from its own sequence and gene models, and give it the layers and regions of the bundled one."""
    bundled = PROJECT / "reference" / "rCRS"
    fasta = out.with_name("rCRS.fa")
    fasta.write_text((bundled / "rCRS.fa").read_text() + f">{SPARE[0]}\n{SPARE[1]}\n")
    words = ["--name", "rCRS", "--fasta", str(fasta), "--gff", str(bundled / "rCRS.gff3"), "--out", str(out)]
    assert main(["reference", "build", *words, "--genetic-code", "MT=2"]) == 0
    manifest, theirs = (json.loads((place / "manifest.json").read_text()) for place in (out, bundled))
    for key in ("title", "assembly", "genome", "layers", "regions", "sources"):
        manifest[key] = theirs[key]
    for contig in manifest["contigs"]:
        contig["aliases"] += [] if contig["name"] == SPARE[0] else theirs["contigs"][0]["aliases"]
    (out / "manifest.json").write_text(json.dumps(manifest))
    tables = [file for layer in theirs["layers"] for file in layer["files"].values()]
    regions = theirs["regions"]["file"]
    for name in (*tables, regions, f"{regions}.tbi"):
        shutil.copy(bundled / name, out / name)
    return out


CASES = Path(__file__).with_name("cases")
CASE_REFERENCES = {
    "nuclear": ("nuclear", []),
    "nuclear_nmd": ("nuclear", []),
    "nuclear_run": ("nuclear_run", []),  # a run of A reaches into the start codon
    "nuclear_partial": ("nuclear", []),
    "toy": ("toy", []),
    "plasmid_linear_genes": ("plasmid", ["--genetic-code", "pTOY=11", "--circular", "pTOY"]),
    "plasmid_origin": ("plasmid", ["--genetic-code", "pTOY=11", "--circular", "pTOY"]),
    "plasmid_reverse": ("plasmid_reverse", ["--genetic-code", "pTOY=11", "--circular", "pTOY"]),
    "plasmid_two_rows": ("plasmid", ["--genetic-code", "pTOY=11", "--circular", "pTOY"]),
    "plasmid_bakta": ("plasmid", ["--genetic-code", "pTOY=11", "--circular", "pTOY"]),
    "plasmid_bakta_reverse": ("plasmid_reverse", ["--genetic-code", "pTOY=11", "--circular", "pTOY"]),
    "slip": ("slip", []),  # two parts of a coding sequence share a base
    "slip_reverse": ("slip_reverse", []),
    "bacterium": ("bacterium", ["--genetic-code", "b=11"]),
}
"""FASTA file and options of ``reference build`` for the references of :data:`CASES`, by the name of their gene
models."""


@pytest.fixture(scope="session")
def case_reference(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Reference]:
    """Builds the references of :data:`CASES` by name, each once."""
    place = tmp_path_factory.mktemp("cases")

    def built(name: str) -> Reference:
        if not (place / name).exists():
            fasta, options = CASE_REFERENCES[name]
            words = ["--fasta", str(CASES / "ref" / f"{fasta}.fa"), "--gff", str(CASES / "ref" / f"{name}.gff3")]
            assert main(["reference", "build", "--name", name, "--out", str(place / name), *words, *options]) == 0
        return Reference.load(place / name)

    return built


@pytest.fixture(scope="session")
def bases(rcrs: Reference) -> Callable[[int, int], str]:
    """Bases of the mitochondrion: position (from 1) and length."""
    sequence = rcrs.sequence()
    return lambda pos, length=1: sequence.fetch("MT", pos, length).decode()


@pytest.fixture
def vcf(tmp_path: Path) -> Callable[..., Path]:
    """Writes a VCF file from records given as (POS, REF, ALT[, INFO[, FORMAT, sample, ...]]) or as whole lines."""

    def write(
        records: list[Any],
        *,
        meta: tuple[str, ...] = (),
        samples: tuple[str, ...] = (),
        contig: str = "MT",
        version: str | None = "VCFv4.2",
        end: str = "\n",
    ) -> Path:
        lines = [] if version is None else [f"##fileformat={version}"]
        lines += meta
        lines.append("\t".join([*COLUMNS, *(["FORMAT", *samples] if samples else [])]))
        for record in records:
            if isinstance(record, str):
                lines.append(record)
                continue
            pos, ref, alt, *rest = record
            info = rest[0] if rest else "."
            lines.append("\t".join([contig, str(pos), ".", ref, alt, ".", ".", info, *rest[1:]]))
        path = tmp_path / "input.vcf"
        path.write_bytes((end.join(lines) + end).encode("utf-8"))
        return path

    return write


def take_apart(outputs: Outputs, summary: dict[str, Any]) -> Result:
    text = gzip.decompress(outputs.vcf.read_bytes()).decode("latin-1")
    lines = text.split("\n")
    assert lines.pop() == ""
    return Result(
        outputs.vcf,
        summary,
        [line for line in lines if line.startswith("#")],
        [line.split("\t") for line in lines if not line.startswith("#")],
        outputs.log.read_text("utf-8"),
    )


@pytest.fixture
def run_on(tmp_path: Path) -> Callable[..., Result]:
    """Annotates a file with a reference, checks what is true of every result, and takes it apart.

    BCSQ is written unless ``bcsq=False`` is given: so most tests see all that a run can write.
    """

    def annotated(path: Path, reference: Reference, limits: Limits | None = None, **options: Any) -> Result:
        out = tmp_path / "out"
        out.mkdir(exist_ok=True)
        options["reporting"] = replace(options.get("reporting", Reporting()), bcsq=options.pop("bcsq", True))
        outputs = Outputs.beside(out / "input.annot.vcf.gz")
        summary = annotate(path, reference, outputs, temporary=tmp_path, limits=limits, **options)
        result = take_apart(outputs, summary)
        assert json.loads(outputs.summary.read_text("utf-8")) == summary
        index = index_of(outputs.vcf)
        assert index is not None
        assert sorted(found.name for found in out.iterdir()) == sorted(
            [
                "input.annot.vcf.gz",
                index.name,
                "input.count.log",
                "input.summary.json",
                "input.variants.parquet",
            ]
        )
        assert not list(tmp_path.glob("gas-*"))
        assert summary["records"] == len(result.records)
        assert_readable(result)
        assert_second_pass_changes_nothing(result, reference, tmp_path / "again", options)
        return result

    return annotated


def assert_second_pass_changes_nothing(
    result: Result, reference: Reference, directory: Path, options: dict[str, Any]
) -> None:
    """The result, annotated again, is the result."""
    directory.mkdir(exist_ok=True)
    outputs = Outputs.beside(directory / "again.annot.vcf.gz")
    annotate(result.path, reference, outputs, temporary=directory, **{**options, "processes": 1})
    assert gzip.decompress(outputs.vcf.read_bytes()) == gzip.decompress(result.path.read_bytes())
    shutil.rmtree(directory)


@pytest.fixture
def run(rcrs: Reference, run_on: Callable[..., Result]) -> Callable[..., Result]:
    """Annotates a file with rCRS, checks what is true of every result, and takes it apart."""
    return lambda path, limits=None, **options: run_on(path, rcrs, limits, **options)


def assert_readable(result: Result) -> None:
    """Tools of the field read the result, and find as many records in it."""
    viewed = pysam.bcftools.view("-H", str(result.path))  # bytes where they are no UTF-8
    text = viewed if isinstance(viewed, bytes) else viewed.encode()
    assert text.count(b"\n") == len(result.records)
    with pysam.VariantFile(str(result.path)) as file:
        assert sum(1 for _ in file) == len(result.records)


@pytest.fixture
def refused(tmp_path: Path, rcrs: Reference) -> Callable[..., InputError]:
    """Annotates a file that must be refused, and returns the reason; nothing may be left behind."""

    def reason(path: Path, limits: Limits | None = None) -> InputError:
        out = tmp_path / "refused"
        out.mkdir(exist_ok=True)
        with pytest.raises(InputError) as caught:
            annotate(path, rcrs, Outputs.beside(out / "x.annot.vcf.gz"), temporary=tmp_path, limits=limits)
        assert list(out.iterdir()) == []
        assert not list(tmp_path.glob("gas-*"))
        assert caught.value.hint
        assert caught.value.message
        return caught.value

    return reason


@pytest.fixture(scope="session")
def genome() -> dict[str, str]:
    """The bases of the small genome, by contig."""
    from tests.unit.engine.small_genome import make_genome

    return make_genome()


@pytest.fixture
def build(tmp_path: Path, genome: dict[str, str]) -> Callable[..., int]:
    """Runs the command; returns its exit code. The bundle is ``tmp_path / out``."""
    from tests.unit.engine.small_genome import GENES, gff3, write_fasta

    def run(*options: str, models: str = "", fasta: dict[str, str] | None = None, out: str = "bundle") -> int:
        table = tmp_path / f"{out}.models"
        table.write_text(models or gff3(GENES))
        sequence = write_fasta(tmp_path / f"{out}.fa", fasta or genome)
        words = ["reference", "build", "--name", "small", "--fasta", str(sequence), "--gff", str(table)]
        words += [*options, "--out", str(tmp_path / out)]
        return main(words if "--genetic-code" in options else [*words, "--genetic-code", "MT=2"])

    return run
