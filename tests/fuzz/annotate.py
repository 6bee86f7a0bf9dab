"""Coverage-guided fuzzing of the whole pass: ``python -m tests.fuzz.annotate -runs=1000``.

The bytes are a file as it is, or lines behind a good header, or those compressed. Any end is fine but a crash, a hang,
a refusal without a reason, or a record that is lost. Options are those of libFuzzer.
"""

from __future__ import annotations

import gzip
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["annotator.engine"]):
    from annotator.engine import InputError, Limits, Outputs, Reference, annotate

PROJECT = Path(__file__).resolve().parents[2]
HEAD = b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
LIMITS = Limits(uncompressed=1 << 20, line=1 << 16, header=1 << 16)
RCRS = Reference.load("rCRS", [PROJECT / "reference"])
SEEDS = [
    b"MT\t73\t.\tA\tG\t50\tPASS\tDP=3\n",
    b"MT\t3308\trs1\tT\tC,*,<DEL>\t.\tq10\tEND=3400;AF=0.5,0.1\n",
    b"MT\t8469\t.\tc\t<DUP>\t.\t.\tSVLEN=-40\nchrM\t150\t.\tC\tT]MT:5]\t.\t.\t.\n",
    b"1\t5\t.\tN\t.\t.\t.\t.\nMT\t302\t.\tA\tAC,ACC\tx\t.\tBCSQ=old;K\n\n",
]
"""Lines that the fuzzer starts from: most of what records can be."""


def one(data: bytes) -> None:
    """One input: its first byte says how the rest is meant."""
    kind, body = data[:1], data[1:]
    content = body if kind < b"\x40" else HEAD + body
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        path, outputs = folder / "in", Outputs.beside(folder / "out.annot.vcf.gz")
        path.write_bytes(gzip.compress(content) if kind > b"\xc0" else content)
        try:
            summary = annotate(path, RCRS, outputs, temporary=folder, limits=LIMITS, processes=1)
        except InputError as error:
            if not error.message or not error.hint:
                raise AssertionError("a refusal without a reason") from error
            return
        written = gzip.decompress(outputs.vcf.read_bytes())
        if kind >= b"\x40":
            lines = [line for line in body.replace(b"\r\n", b"\n").split(b"\n") if line.strip()]
            kept = [line for line in written.split(b"\n") if line and not line.startswith(b"#")]
            if not len(lines) == len(kept) == summary["records"]:
                raise AssertionError(f"{len(lines)} records in, {len(kept)} out, {summary['records']} counted")


def main() -> None:
    """Fuzz as the command line says."""
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(SEEDS):
            for kind in (b"\x80", b"\xff", b"\x00"):
                (Path(corpus) / f"{number}.{kind[0]}").write_bytes(kind + (HEAD + seed if kind == b"\x00" else seed))
        atheris.Setup([*sys.argv, corpus], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
