"""One file of a corpus through the engine's commands, in processes of their own that may not take forever."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pysam
import pysam.bcftools

from annotator.engine import Outputs, Reference
from tests.corpora.made_reference import reference_for
from tests.corpora.packages import Found
from tests.whole_files import RAW, BrokenPromiseError, Outcome, Refusal, check_file

PROJECT = Path(__file__).resolve().parents[2]
LONGEST = 300
"""Seconds that one command may take; far more than any file needs."""
MOST_VARIANTS = 200
"""Variants that are annotated with gene models of a corpus."""


@dataclass(frozen=True)
class Row:
    """What became of a file.

    Attributes:
        result: ``annotated``, ``refused``, or ``FAILED``; gene models are ``built`` or ``refused``.
        records: of a VCF file that was annotated.
        detail: code or message of a refusal; what does not hold.
    """

    found: Found
    result: str
    records: int = 0
    detail: str = ""


def check(found: Found) -> Row:
    """Run a file, and see that everything holds."""
    try:
        with tempfile.TemporaryDirectory(prefix="gas-corpora-") as directory:
            return _models(found, Path(directory)) if found.kind == "models" else _variants(found, Path(directory))
    except BrokenPromiseError as error:
        return Row(found, "FAILED", detail=str(error))
    except Exception as error:  # noqa: BLE001 - one file must not end the run over all others
        return Row(found, "FAILED", detail=f"{type(error).__name__}: {error}")


def _variants(found: Found, folder: Path) -> Row:
    path = _as_text(found, folder)
    reference = reference_for(path, _made(folder / "reference"))
    outcome = check_file(path, reference, _made(folder / "results"), by_command)
    if path != found.path:
        outputs = Outputs.beside(_made(folder / "binary") / "x.annot.vcf.gz")
        _require_same(by_command(found.path, reference, outputs, folder), outcome)
    if outcome.refusal is not None:
        line = "" if outcome.refusal.line is None else f" line {outcome.refusal.line}:"
        return Row(found, "refused", detail=f"{outcome.refusal.code}:{line} {outcome.refusal.message}")
    return Row(found, "annotated", outcome.summary["records"])


def _as_text(found: Found, folder: Path) -> Path:
    """The file itself, or the VCF that htslib makes of a BCF file that it can read."""
    if found.kind != "bcf":
        return found.path
    path = folder / "as.vcf"
    try:
        pysam.bcftools.view("--no-version", "-o", str(path), str(found.path), catch_stdout=False)
    except pysam.SamtoolsError:
        return found.path
    return path


def _require_same(binary: Outcome, text: Outcome) -> None:
    """A BCF file has the same answer as its text."""
    if (binary.refusal is None) != (text.refusal is None):
        raise BrokenPromiseError(f"as BCF {binary.refusal or 'annotated'}, as VCF {text.refusal or 'annotated'}")
    if text.refusal is None and binary.summary["records"] != text.summary["records"]:
        raise BrokenPromiseError(f"{binary.summary['records']} records as BCF, {text.summary['records']} as VCF")


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def by_command(path: Path, reference: Reference, outputs: Outputs, folder: Path) -> Outcome:
    """Annotate a file with ``python -m annotator annotate``."""
    options = ["annotate", str(path), "--reference", str(reference.directory), "--out", str(outputs.vcf)]
    done = _command("annotator", *options, "--tmp", str(folder), "--processes", "1", "--progress")
    if done.returncode == 0:
        return Outcome(summary=json.loads(outputs.summary.read_text("utf-8")))
    error = json.loads((done.stdout.splitlines() or ["{}"])[-1]).get("error")
    if done.returncode != 2 or error is None:
        raise BrokenPromiseError(f"exit code {done.returncode}: {error and error['message']} {_last(done)}")
    return Outcome(Refusal(error["code"], error["message"], error["hint"], error["line"]))


def _models(found: Found, folder: Path) -> Row:
    bundle = folder / "bundle"
    done = _command("tests.corpora.build_made", str(found.path), str(bundle))
    said = _last(done)
    if done.returncode not in (0, 1) or RAW.search(done.stderr):
        raise BrokenPromiseError(f"exit code {done.returncode}: {said}")
    if done.returncode:
        if not said:
            raise BrokenPromiseError("gene models are refused without a reason")
        return Row(found, "refused", detail=said)
    path, results = folder / "made.vcf", folder / "results"
    results.mkdir()
    reference = Reference.load(bundle)
    path.write_text(_around_exons(reference))
    outcome = check_file(path, reference, results, by_command)
    if outcome.refusal is not None:
        raise BrokenPromiseError(f"variants in its exons are refused: {outcome.refusal.message}")
    return Row(found, "built", outcome.summary["records"])


def _around_exons(reference: Reference) -> str:
    """Substitutions and deletions at the ends of exons of a reference."""
    with pysam.BGZFile(str(reference.models)) as stream:
        rows = [line.decode("latin-1").split("\t") for line in stream]
    sequence = reference.sequence()
    lengths = {contig.name: contig.length for contig in reference.contigs}
    places = [(row[0], int(at)) for row in rows if len(row) > 8 and row[2] == "exon" for at in row[3:5]]
    lines = ["##fileformat=VCFv4.2", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"]
    for contig, at in list(dict.fromkeys(places))[:MOST_VARIANTS]:
        if at + 3 <= lengths[contig]:
            ref = sequence.fetch(contig, at, 3).decode()
            lines.append(f"{contig}\t{at}\t.\t{ref}\t{ref[0]},{'ACGT'['ACGT'.index(ref[0]) - 1]}{ref[1:]}\t.\t.\t.")
    return "\n".join(lines) + "\n"


def _command(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=PROJECT, capture_output=True, text=True, errors="replace", check=False, timeout=LONGEST,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise BrokenPromiseError(f"no end within {LONGEST} seconds") from error


def _last(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return lines[-1] if lines else ""
