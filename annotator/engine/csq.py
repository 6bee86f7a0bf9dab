"""Consequences from ``bcftools csq``, run on the slim file in a child process, and read back record by record."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from annotator.engine.errors import EngineError
from annotator.engine.reference import Reference

#: Consequences kept for one haplotype at one site; csq cuts its list silently beyond.
MOST_CONSEQUENCES = 256
#: Amino acids written of a changed protein before csq abbreviates it.
LONGEST_PROTEIN = 16
#: Seconds between two looks at the child.
POLL = 0.2


def run_csq(
    slim: Path, out: Path, reference: Reference, *, haplotypes: bool, errors: Path, tick: Callable[[], None]
) -> None:
    """Run the caller and wait for it.

    Args:
        slim: input, as :class:`annotator.engine.slim.SlimWriter` writes it.
        out: output, a VCF file.
        reference: its sequence, models and genetic code are used; its contigs share one genetic code.
        haplotypes: use the genotypes of ``slim`` to see neighbouring variants together; otherwise each by itself.
        errors: receives what the child says.
        tick: called a few times a second while it runs.

    Raises:
        EngineError: the child failed; the message ends with its last words.
    """
    codes = {contig.genetic_code for contig in reference.contigs}
    if len(codes) != 1:
        raise EngineError("reference_genetic_code", f"Reference {reference.name} mixes genetic codes.")
    # The table's number in NCBI's list is 1 for the standard code, which csq calls 0; the others have their numbers.
    code = codes.pop()
    mode = ["-p", "a"] if haplotypes else ["-l", "-s", "-"]
    command = [
        *[sys.executable, "-P", str(Path(__file__).with_name("csq_child.py")), str(os.getpid())],
        *["-f", str(reference.fasta), "-g", str(reference.models), "-C", str(0 if code == 1 else code)],
        *[*mode, "-G", "1", "-n", str(MOST_CONSEQUENCES), "-B", str(LONGEST_PROTEIN)],
        *["-v", "0", "--no-version", "-Ov", "-o", str(out), str(slim)],
    ]
    with errors.open("wb") as said:
        # A signal whose handler raises must not come between the start of the child and the knowledge of it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
        child = None
        try:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            while (status := _wait(child)) is None:
                tick()
        finally:
            if child is not None and child.poll() is None:
                child.kill()
                child.wait()
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    if status != 0:
        words = errors.read_text("utf-8", "replace").strip().splitlines()[-3:]
        ended = f"signal {-status}" if status < 0 else f"status {status}"
        raise EngineError("consequence_caller_failed", f"bcftools csq ended with {ended}: {' / '.join(words)}")


def _wait(child: subprocess.Popen[bytes]) -> int | None:
    try:
        return child.wait(POLL)
    except subprocess.TimeoutExpired:
        return None


class Answers:
    """Answers of the caller, asked for in the order of the records."""

    def __init__(self, path: Path) -> None:
        self._lines = self._read(path)
        self._waiting: dict[int, list[str]] = {}
        self._seen = -1

    @staticmethod
    def _read(path: Path) -> Iterator[tuple[int, list[str]]]:
        with path.open("rb", buffering=1 << 18) as stream:
            for line in stream:
                if line.startswith(b"#"):
                    continue
                fields = line.split(b"\t", 8)
                info = fields[7].rstrip(b"\n")
                entries = info[5:].decode("latin-1").split(",") if info.startswith(b"BCSQ=") else []
                yield int(fields[2]), entries

    def of(self, ordinal: int) -> list[str] | None:
        """Entries of BCSQ for one record, empty when csq has nothing to say; None when it lost the record."""
        if ordinal in self._waiting:
            return self._waiting.pop(ordinal)
        # csq may reorder records of one position; it never goes back further.
        for found, entries in self._lines:
            if found == ordinal:
                return entries
            self._waiting[found] = entries
            if len(self._waiting) > 10_000:
                break
        return None
