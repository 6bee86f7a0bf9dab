"""Sizes as people read them."""
from __future__ import annotations

_UNITS = ("bytes", "KB", "MB", "GB", "TB")
_NBSP = "\N{NO-BREAK SPACE}"


def size(number: int) -> str:
    """Bytes as people read them: "1 byte", "150 KB", "1.2 GB" (1 KB = 1,024 bytes)."""
    value = float(number)
    unit = 0
    while round(value) >= 1024 and unit < len(_UNITS) - 1:
        value /= 1024
        unit += 1
    if unit == 0:
        return f"1{_NBSP}byte" if number == 1 else f"{number}{_NBSP}bytes"
    tenths = f"{value:.1f}"
    return f"{tenths.removesuffix('.0') if value < 10 else round(value)}{_NBSP}{_UNITS[unit]}"
