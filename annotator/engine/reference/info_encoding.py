"""INFO fields of layers: the line that declares a field, and the encoding of its values."""

from __future__ import annotations

IDENTIFIERS = "_ID"
"""Ending of the names of fields that hold identifiers of known variants."""
NUMBER = r"^[-+]?[0-9]+\.?[0-9]*([eE][-+]?[0-9]+)?$"
"""Numbers among the values of sources."""
_ENCODED = {ord(char): f"%{ord(char):02X}" for char in "%:;=, \t\r\n|"}
"""Encodings of the characters with a meaning in INFO, of the percent sign (VCF 4.3, section 1.2) and of whitespace."""


def encode(text: str) -> str:
    """Percent-encode a value for INFO."""
    return text.translate(_ENCODED)


def info_line(info: str, type_: str, description: str, number: str = "A") -> bytes:
    """The ``##INFO`` line that declares a field.

    Args:
        info: name of the field.
        type_: its Type.
        description: its Description, as plain text.
        number: its Number.
    """
    quoted = description.replace("\\", "\\\\").replace('"', '\\"')
    return f'##INFO=<ID={info},Number={number},Type={type_},Description="{quoted}">'.encode()
