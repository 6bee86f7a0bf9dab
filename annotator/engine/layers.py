"""Layers of known variants: a tabix-indexed table, looked up by normalised allele."""

from __future__ import annotations

import pysam

from annotator.engine.errors import BundleError
from annotator.engine.normalise import Allele, normalise
from annotator.engine.reference import LayerSpec, Sequence

#: Positions read at once. The mitochondrion fits one window; longer contigs go by in windows as records do.
WINDOW = 100_000
#: Characters that have a meaning in INFO, and the percent sign itself (VCF 4.3, section 1.2), and blanks.
_ENCODED = {ord(char): f"%{ord(char):02X}" for char in "%:;=, \t\r\n|"}


def encode(text: str) -> str:
    """Percent-encode a value for INFO."""
    return text.translate(_ENCODED)


def info_line(info: str, type_: str, description: str, number: str = "A") -> bytes:
    """The ``##INFO`` line of a field."""
    quoted = description.replace("\\", "\\\\").replace('"', '\\"')
    return f'##INFO=<ID={info},Number={number},Type={type_},Description="{quoted}">'.encode()


class Layer:
    """One open layer.

    Args:
        spec: its file and its fields.
        sequence: of the reference, to normalise alleles with.

    Raises:
        BundleError: the file lacks a column or its index.
    """

    def __init__(self, spec: LayerSpec, sequence: Sequence) -> None:
        self.spec = spec
        self._sequence = sequence
        try:
            self._file = pysam.TabixFile(str(spec.path), encoding="utf-8")
        except OSError as error:
            raise BundleError("reference_layer", f"Layer {spec.name} cannot be opened: {error}") from error
        columns = list(self._file.header)[-1].lstrip("#").split("\t")
        missing = [one.column for one in spec.fields if one.column not in columns]
        if missing or spec.known not in columns:
            raise BundleError("reference_layer", f"Layer {spec.name} lacks columns: {missing or spec.known}.")
        self._at = [columns.index(one.column) for one in spec.fields]
        self._text = [one.type == "String" for one in spec.fields]
        self._known_at = columns.index(spec.known)
        self._contigs = frozenset(self._file.contigs)
        self._window: tuple[str, int] | None = None
        self._rows: dict[Allele, tuple[list[str], bool]] = {}

    def look_up(self, contig: str, pos: int, ref: bytes, alt: bytes) -> tuple[list[str], bool] | None:
        """What the layer says of one allele.

        Args:
            contig: canonical name.
            pos: 1-based position of ``ref``.
            ref: reference allele, upper case.
            alt: alternate allele, upper case bases.

        Returns:
            The encoded values of its fields ("." where it has none), and whether the allele is a known one; None when
            the layer does not list the allele.
        """
        key = normalise(pos, ref, alt, lambda at: self._sequence.fetch(contig, at, 1))
        window = (contig, key[0] // WINDOW)
        if window != self._window:
            self._load(window)
        return self._rows.get(key)

    def _load(self, window: tuple[str, int]) -> None:
        self._window = window
        self._rows = {}
        contig, number = window
        if contig not in self._contigs:
            return
        for row in self._file.fetch(contig, max(0, number * WINDOW - 1), (number + 1) * WINDOW - 1):
            columns = row.split("\t")
            values = [
                encode(columns[at]) if text else columns[at] for at, text in zip(self._at, self._text, strict=True)
            ]
            key = (int(columns[1]), columns[2].encode(), columns[3].encode())
            self._rows[key] = (values, columns[self._known_at] != ".")
