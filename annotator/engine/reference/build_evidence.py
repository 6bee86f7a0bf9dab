"""Evidence of the genome build in the first records of a VCF file: contig lengths, names, positions, and REF bases."""

from __future__ import annotations

import contextlib
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from annotator.engine.bounds import LARGEST_LENGTH, LONGEST_NAME, whole_number
from annotator.engine.errors import InputError
from annotator.engine.files import GZIP_MAGIC
from annotator.engine.input_formats import is_converted, open_input
from annotator.engine.reference.presets import CHROMOSOMES

MOST_BYTES, MOST_FILE_BYTES, MOST_RECORDS = 32 << 20, 32 << 20, 5_000
"""How much of a file is read at most: uncompressed bytes, bytes of the file itself, and records."""
LONGEST_LINE, LONGEST_WORD = 1 << 16, 200
"""Longest part of a header line that is read, in bytes, and longest word of it that is kept, in characters."""
MOST_CONTIGS, MOST_NAMES = 100_000, 10_000
"""Most contigs of the header whose lengths are kept, and most words that may name a build."""
_READ, _PIECE = 1 << 14, 1 << 20
"""Bytes that are read at once, and most bytes that they are expanded to at once. Few are read, because zlib copies
whatever follows a member of a gzip file."""
ACCESSION = re.compile(r"NC_0000([0-9]{2})\.([0-9]{1,3})")
"""RefSeq accession of a human chromosome: groups are its number and its version."""

MITOCHONDRION_SHORT = ("MT", "M")
"""Names of the human mitochondrion, with ``chr`` or without, and those of its sequence."""
MITOCHONDRION_SEQUENCES = ("NC_012920.1", "NC_012920", "rCRS")

NAMING = (b"##reference", b"##assembly", b"##contig", b"##ucsc_", b"##genome")
"""Header lines that may name a build, and the words in them."""
ASSEMBLY = re.compile(rb"[<,]assembly=([^,>]+)")
WORD = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")

_LENGTH, _ID = re.compile(rb"[<,]length=(\d+)"), re.compile(rb"[<,]ID=([^,>]+)")


@dataclass
class FileEvidence:
    """Evidence of the genome build in the header and the first records of a file.

    Attributes:
        lengths: length in bases by contig name, of the contigs in the header that have one.
        names: lower-case words of the header lines that name a reference.
        contigs: number of records by contig name.
        furthest: highest POS (1-based) by contig name.
        records: contig name, POS (1-based) and upper-case REF of each record whose REF consists of A, C, G and T.
    """

    lengths: dict[str, int] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    contigs: Counter[str] = field(default_factory=Counter)
    furthest: dict[str, int] = field(default_factory=dict)
    records: list[tuple[str, int, bytes]] = field(default_factory=list)

    @classmethod
    def of(cls, lines: Iterable[bytes]) -> FileEvidence:
        """Collect the evidence from lines of a VCF file; lines that are neither header nor record are ignored."""
        evidence = cls()
        for line in lines:
            if line.startswith(b"#"):
                evidence._add_header(line)
                continue
            columns = line.split(b"\t", 4)
            pos = whole_number(columns[1], LARGEST_LENGTH) if len(columns) > 4 else None
            if pos is None or len(columns[0]) > LONGEST_NAME:
                continue  # the engine refuses the file
            name, ref = columns[0].decode("latin-1"), columns[3].upper()
            evidence.contigs[name] += 1
            evidence.furthest[name] = max(pos, evidence.furthest.get(name, 0))
            if not ref.strip(b"ACGT"):
                evidence.records.append((name, pos, ref))
            if evidence.contigs.total() >= MOST_RECORDS:
                break
        return evidence

    def _add_header(self, line: bytes) -> None:
        line = line[:LONGEST_LINE]
        if not line.lower().startswith(NAMING):
            return
        if line.startswith(b"##contig"):
            name, length = _ID.search(line), _LENGTH.search(line)
            bases = whole_number(length[1], LARGEST_LENGTH) if length else None
            if name and bases is not None and len(name[1]) <= LONGEST_NAME and len(self.lengths) < MOST_CONTIGS:
                self.lengths[name[1].decode("latin-1")] = bases
            assembly = ASSEMBLY.search(line)
            line = assembly[1] if assembly else b""
        for word in WORD.findall(line.decode("latin-1").lower()):
            # A longer word names no build, and could have very many extensions.
            if len(word) <= LONGEST_WORD and len(self.names) < MOST_NAMES:
                self.names |= {word, *re.split(r"[._-]", word), *_without_extensions(word)}

    @property
    def mitochondrial(self) -> bool:
        """Whether all records are on the mitochondrion."""
        return bool(self.contigs) and all(chromosome(name) == "MT" for name in self.contigs)


def read_evidence(path: Path) -> FileEvidence:
    """Collect the evidence from the first records of a file, plain or gzip; of a damaged file those before the damage.

    Raises:
        OSError: the file cannot be read.
    """
    return FileEvidence.of(_lines(path))


def chromosome(name: str) -> str | None:
    """The chromosome (``1`` to ``22``, ``X``, ``Y`` or ``MT``) that a contig name means; None for other contigs."""
    found = ACCESSION.fullmatch(name)
    if found:
        number = int(found[1])
        return CHROMOSOMES[number - 1] if 1 <= number <= len(CHROMOSOMES) else None
    short = re.sub(r"(?i)^chr", "", name).upper()
    if short in MITOCHONDRION_SHORT or name in MITOCHONDRION_SEQUENCES:
        return "MT"
    return short if short in CHROMOSOMES else None


def _without_extensions(word: str) -> list[str]:
    """A file name with one, two, ... of its extensions removed, because ``grch38.fa.gz`` names a build."""
    parts = word.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]


def _lines(path: Path) -> Iterator[bytes]:
    waiting: list[bytes] = []
    for block in _blocks(path):
        if b"\n" not in block:
            waiting.append(block)
            continue
        *whole, rest = b"".join([*waiting, block]).split(b"\n")
        yield from whole
        waiting = [rest]
    yield b"".join(waiting)


def _blocks(path: Path) -> Iterator[bytes]:
    """The first uncompressed bytes of a file in blocks of bounded size, up to the first that cannot be decompressed."""
    if is_converted(path):
        yield from _converted(path)
        return
    size = 0
    with path.open("rb") as stream:
        block = stream.read(_READ)
        unpack = zlib.decompressobj(31) if block.startswith(GZIP_MAGIC) else None
        while block and size < MOST_BYTES and stream.tell() <= MOST_FILE_BYTES:
            if unpack is None:
                text, block = block, b""
            else:
                try:
                    text = unpack.decompress(block, _PIECE)
                except zlib.error:
                    return
                block = unpack.unconsumed_tail
                if unpack.eof:
                    # BGZF is a sequence of gzip members.
                    block, unpack = unpack.unused_data, zlib.decompressobj(31)
            if text:
                size += len(text)
                yield text
            block = block or stream.read(_READ)


def _converted(path: Path) -> Iterator[bytes]:
    """The first blocks of a file in xz, Zstandard or BCF, up to damage."""
    with contextlib.suppress(InputError), open_input(path) as stream:
        while stream.size < MOST_BYTES and (text := stream.read(_PIECE)):
            yield text
