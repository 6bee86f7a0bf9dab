"""How layers appear in results: the declaration of a field, and values that INFO can hold."""

from __future__ import annotations

#: Positions of a table of known variants that are read at once, and how far one may be moved to the left.
WINDOW = 100_000
#: Ending of the names of fields that hold identifiers of known variants.
IDENTIFIERS = "_ID"
#: Characters that have a meaning in INFO, and the percent sign itself (VCF 4.3, section 1.2), and blanks.
_ENCODED = {ord(char): f"%{ord(char):02X}" for char in "%:;=, \t\r\n|"}


def encode(text: str) -> str:
    """Percent-encode a value for INFO."""
    return text.translate(_ENCODED)


def info_line(info: str, type_: str, description: str, number: str = "A") -> bytes:
    """The ``##INFO`` line of a field."""
    quoted = description.replace("\\", "\\\\").replace('"', '\\"')
    return f'##INFO=<ID={info},Number={number},Type={type_},Description="{quoted}">'.encode()
