"""References for files whose own references are not there: the bases are those of the file's REF alleles.

Positions of a human genome stay as they are: the sequence is written in BGZF blocks of which nearly all are one and the
same, so that three thousand million bases take some megabytes and a second.
"""

from __future__ import annotations

import re
import struct
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from annotator.engine import Reference
from annotator.engine.reference.build.bundle_builder import Recipe, build
from tests.fuzz.bgzf_bytes import BLOCK, END, block
from tests.whole_files import text_of

FILLER = b"ACGTTGCAAGCTCCATGGATTACAGGCTAACGTCCGTATGCATGGCATTCGAACTGTCAGATCC"
"""Bases between those that a file gives; a block is a multiple of it."""
LONGEST_CONTIG, MOST_CONTIGS, MOST_GENES = (1 << 31) - 1, 3000, 60
_CONTIG = re.compile(rb"[0-9A-Za-z!#$%&+./:;?@^_|~-][0-9A-Za-z!#$%&*+./:;=?@^_|~-]*")
_BASES = re.compile(rb"[ACGTN]+")
_LENGTH = re.compile(rb"##contig=<.*?ID=([^,>]+).*?length=(\d{1,10})[,>]")
_ENDS = re.compile(rb"(?:^|;)END=(\d{1,10})(?:;|$)")


@dataclass
class Bases:
    """A contig.

    Attributes:
        length: in bases.
        known: bases that are not filler, by 1-based position of the first.
    """

    length: int = 1000
    known: dict[int, bytes] = field(default_factory=dict)

    def reach(self, last: int) -> None:
        """Make the contig so long that it has a base."""
        self.length = min(max(self.length, last + 200), LONGEST_CONTIG)


def contigs_of_vcf(path: Path) -> dict[str, Bases]:
    """Contigs with the REF alleles of a file, the first one where two contradict each other."""
    contigs: dict[str, Bases] = defaultdict(Bases)
    lengths: dict[str, int] = {}
    for line in text_of(path).splitlines():
        if line.startswith(b"#"):
            if found := _LENGTH.match(line):
                lengths[found[1].decode("latin-1")] = min(int(found[2]), LONGEST_CONTIG)
            continue
        fields = line.split(b"\t")
        if len(fields) < 5 or not _CONTIG.fullmatch(fields[0]) or not re.fullmatch(rb"\d{1,10}", fields[1]):
            continue
        name, pos, ref = fields[0].decode(), int(fields[1]), fields[3].upper()
        if len(contigs) == MOST_CONTIGS and name not in contigs:
            continue
        one = contigs[name]
        one.reach(pos + len(ref))
        if len(fields) > 7 and (end := _ENDS.search(fields[7])):
            one.reach(int(end[1]))
        if pos and _BASES.fullmatch(ref):
            one.known.setdefault(pos, ref)
    for name, one in contigs.items():
        one.length = max(one.length, lengths.get(name, 0))
    return dict(contigs) or {"1": Bases()}


def contigs_of_models(path: Path) -> dict[str, Bases]:
    """Contigs that are long enough for the rows of a file of gene models."""
    contigs: dict[str, Bases] = defaultdict(Bases)
    for line in text_of(path).splitlines():
        if line.startswith(b"##sequence-region"):
            words = line.split()
            if len(words) == 4 and _CONTIG.fullmatch(words[1]) and re.fullmatch(rb"\d{1,10}", words[3]):
                contigs[words[1].decode()].reach(int(words[3]))
            continue
        fields = line.split(b"\t")
        if len(fields) < 9 or line.startswith(b"#") or not _CONTIG.fullmatch(fields[0]):
            continue
        for text in fields[3:5]:
            if re.fullmatch(rb"\d{1,10}", text) and (len(contigs) < MOST_CONTIGS or fields[0].decode() in contigs):
                contigs[fields[0].decode()].reach(int(text))
    return dict(contigs) or {"1": Bases()}


def write_sequence(contigs: dict[str, Bases], out: Path) -> dict[str, int]:
    """Write a bgzipped FASTA file with its indexes, a line for each contig; returns the lengths."""
    whole = block(FILLER * (BLOCK // len(FILLER)))
    starts: list[tuple[int, int]] = []  # of blocks: in the file, in the text
    index, at, text = [], 0, 0
    with out.open("wb") as stream:

        def put(packed: bytes, size: int, times: int = 1) -> None:
            nonlocal at, text
            starts.extend((at + one * len(packed), text + one * size) for one in range(times))
            for _ in range(0, times, 1000):
                stream.write(packed * min(times, 1000))
                times -= 1000
            at, text = starts[-1][0] + len(packed), starts[-1][1] + size

        for name, one in contigs.items():
            title = f">{name}\n".encode()
            put(block(title), len(title))
            index.append(f"{name}\t{one.length}\t{text}\t{one.length}\t{one.length + 1}\n")
            for filler, data in _pieces(one):
                if data:
                    put(block(data), len(data))
                elif filler:
                    put(whole, BLOCK, filler)
            put(block(b"\n"), 1)
        stream.write(END)
    out.with_name(out.name + ".fai").write_text("".join(index))
    gzi = struct.pack("<Q", len(starts) - 1) + b"".join(struct.pack("<2Q", *one) for one in starts[1:])
    out.with_name(out.name + ".gzi").write_bytes(gzi)
    return {name: one.length for name, one in contigs.items()}


def _pieces(one: Bases) -> Iterator[tuple[int, bytes]]:
    """The blocks of a contig: a number of blocks of filler, or the bytes of one."""
    blocks: dict[int, bytearray] = {}
    last = one.length // BLOCK
    filler = FILLER * (BLOCK // len(FILLER))
    for pos, bases in sorted(one.known.items(), reverse=True):  # the first of two wins where they overlap
        for offset, base in enumerate(bases[: one.length - pos + 1], start=pos - 1):
            blocks.setdefault(offset // BLOCK, bytearray(filler))[offset % BLOCK] = base
    blocks.setdefault(last, bytearray(filler))
    blocks[last] = blocks[last][: one.length % BLOCK]
    done = 0
    for number in sorted(blocks):
        yield number - done, b""
        yield 0, bytes(blocks[number])
        done = number + 1


def genes_around(contigs: dict[str, Bases]) -> str:
    """GFF3 with coding genes around some records of each contig, on either strand."""
    rows = ["##gff-version 3"]
    for name, one in contigs.items():
        reach = 0
        for pos in sorted(one.known):
            if pos < reach or pos <= 200 or pos + 400 > one.length or len(rows) > 6 * MOST_GENES:
                continue
            number, reach = len(rows), pos + 3000
            strand = "+-"[number % 2]
            exons = ((pos - 60, pos + 29), (pos + 130, pos + 219))

            def row(kind: str, first: int, last: int, text: str, name: str = name, strand: str = strand) -> str:
                phase = "0" if kind == "CDS" else "."
                return "\t".join([name, "made", kind, str(first), str(last), ".", strand, phase, text])

            rows.append(row("gene", exons[0][0], exons[1][1], f"ID=gene{number}"))
            rows.append(row("mRNA", exons[0][0], exons[1][1], f"ID=made{number};Parent=gene{number}"))
            for kind in ("exon", "CDS"):
                rows += [row(kind, *exon, f"Parent=made{number}") for exon in exons]
    if len(rows) == 1:
        name = next(iter(contigs))
        rows.append(f"{name}\tmade\tncRNA\t10\t60\t.\t+\t.\tID=made;Name=made")
    return "\n".join(rows) + "\n"


def build_reference(
    contigs: dict[str, Bases], models: Path, bundle: Path, say: Callable[[str], None] = lambda line: None
) -> Reference:
    """Build a bundle with a made sequence.

    Raises:
        BundleError: the gene models cannot be used.
    """
    recipe = Recipe(name="made", fasta=models, models=models, accept_models=True)
    copy = "annotator.engine.reference.build.bundle_builder.copy_sequence"
    with patch(copy, lambda source, out, *_: write_sequence(contigs, out)):
        build(recipe, bundle, say)
    return Reference.load(bundle)


def reference_for(path: Path, folder: Path) -> Reference:
    """A reference whose bases are the REF alleles of a VCF file.

    Args:
        path: of the file; what cannot be read of it is passed over.
        folder: an existing one, for the bundle.
    """
    contigs = contigs_of_vcf(path)
    models = folder / "models.gff3"
    models.write_text(genes_around(contigs))
    return build_reference(contigs, models, folder / "bundle")
