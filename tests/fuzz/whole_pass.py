"""What must hold for the files of the grammars; the tests and the long run call it."""

from __future__ import annotations

import functools
import random
import re
import tempfile
from pathlib import Path

from annotator.engine.errors import BundleError
from annotator.engine.reference.build.bundle_builder import Recipe, build
from annotator.engine.reference.bundle import Reference
from tests.fuzz.choices import Fault
from tests.fuzz.model_grammar import CONTIGS, ModelFile
from tests.fuzz.vcf_grammar import VcfFile
from tests.whole_files import RAW, BrokenPromiseError, Refusal, check_file

_LINE = re.compile(r"\bline (\d+)")


def check_vcf(file: VcfFile, reference: Reference) -> None:
    """Annotate a file of the grammar: a valid one must be annotated, another one refused with the line at fault.

    Raises:
        BrokenPromiseError: something else happened.
    """
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        path = folder / "input"
        path.write_bytes(file.content)
        outcome = check_file(path, reference, folder)
    _check_fault(file.fault, outcome.refusal)
    if file.fault is None and outcome.summary["records"] != file.records:
        raise BrokenPromiseError(f"{file.records} records in, {outcome.summary['records']} out")


def _check_fault(fault: Fault | None, refusal: Refusal | None) -> None:
    if fault is None:
        if refusal is not None:
            raise BrokenPromiseError(f"a valid file is refused: {refusal}")
        return
    if refusal is None:
        raise BrokenPromiseError(f"a file with a fault is annotated: {fault}")
    if refusal.code not in fault.codes or (fault.lines and refusal.line not in fault.lines):
        raise BrokenPromiseError(f"{fault} is reported as {refusal}")


def check_models(file: ModelFile) -> None:
    """Build a reference with a table of the grammar, and annotate variants with it.

    A valid table must be built, with all of its transcripts; another one refused with the line at fault.

    Raises:
        BrokenPromiseError: something else happened.
    """
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        models, fasta = folder / "models", folder / "ref.fa"
        models.write_bytes(file.content)
        fasta.write_text(_sequences())
        recipe = Recipe(name="made", fasta=fasta, models=models, accept_models=True)
        said: list[str] = []
        try:
            build(recipe, folder / "bundle", said.append)
        except BundleError as error:
            _check_model_fault(file.fault, error.message)
            return
        if file.fault is not None:
            raise BrokenPromiseError(f"models with a fault are built: {file.fault}")
        count = f"gene models ({file.kind}): {len(file.transcripts):,} transcripts"
        if not any(line.startswith(count) for line in said):
            raise BrokenPromiseError(f"expected {count!r}, and the build says {said}")
        reference = Reference.load(folder / "bundle")
        vcf = folder / "input.vcf"
        vcf.write_text(_variants(file, reference))
        results = folder / "results"
        results.mkdir()
        outcome = check_file(vcf, reference, results)
        if outcome.refusal is not None:
            raise BrokenPromiseError(f"a valid file is refused: {outcome.refusal}")


def _check_model_fault(fault: Fault | None, message: str) -> None:
    if fault is None:
        raise BrokenPromiseError(f"valid models are refused: {message}")
    own = re.sub(r"'[^']*'", "", message)
    if RAW.search(own) is not None:
        raise BrokenPromiseError(f"a message with words of a library: {own}")
    found = _LINE.search(message)
    if fault.lines and (found is None or int(found[1]) not in fault.lines):
        raise BrokenPromiseError(f"{fault} is reported as {message}")


@functools.cache
def _sequences() -> str:
    chance = random.Random(5)
    return "".join(f">{name}\n{''.join(chance.choices('ACGT', k=length))}\n" for name, length in CONTIGS.items())


def _variants(file: ModelFile, reference: Reference) -> str:
    """Substitutions, deletions and insertions at the ends of exons and coding sequences."""
    sequence = reference.sequence()
    places = {(one.contig, at) for one in file.transcripts for part in (*one.exons, *one.cds)
              for at in (part[0] - 1, part[0], part[1], part[1] + 1) if 1 <= at <= CONTIGS[one.contig] - 6}  # fmt: skip
    lines = ["##fileformat=VCFv4.2", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"]
    for contig, at in sorted(places):
        ref = sequence.fetch(contig, at, 5).decode()
        other = "ACGT"["ACGT".index(ref[0]) - 1]
        pairs = ((ref[0], f"{other},{ref[0]}{other}T,<DEL>"), (ref[:3], f"{ref[0]},{other}{ref[1]}"), (ref, ref[0]))
        lines += [f"{contig}\t{at}\t.\t{one}\t{alts}\t.\t.\t." for one, alts in pairs]
    return "\n".join(lines) + "\n"
