"""Sizes, counts, times and durations as people read them."""
from __future__ import annotations

from datetime import UTC, datetime

_UNITS = ("bytes", "KB", "MB", "GB", "TB")


def size(number: int) -> str:
    """Bytes as people read them: "1 byte", "150 KB", "1.2 GB" (1 KB = 1,024 bytes).

    >>> size(153_600)
    '150 KB'
    """
    value = float(number)
    unit = 0
    while round(value) >= 1024 and unit < len(_UNITS) - 1:
        value /= 1024
        unit += 1
    if unit == 0:
        return "1 byte" if number == 1 else f"{number} bytes"
    tenths = f"{value:.1f}"
    return f"{tenths.removesuffix('.0') if value < 10 else round(value)} {_UNITS[unit]}"


def count(number: int) -> str:
    """A count with thousands separated: 1,141."""
    return f"{number:,}"


def iso(moment: int) -> str:
    """Epoch seconds as a machine reads a time: 2026-11-24T05:31:07Z."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc(moment: int) -> str:
    """Epoch seconds as people read a time, in UTC: 24 Nov 2026, 05:31 UTC."""
    return datetime.fromtimestamp(moment, UTC).strftime("%-d %b %Y, %H:%M UTC")


def duration(seconds: int) -> str:
    """A duration as people read it: "under a second", "8 s", "3 min", "1 h 20 min", "5 days".

    >>> duration(4_800)
    '1 h 20 min'
    """
    if seconds < 1:
        return "under a second"
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        minutes, rest = divmod(seconds, 60)
        return f"{minutes} min {rest} s" if rest and minutes < 10 else f"{minutes} min"
    if seconds < 48 * 3600:
        hours, rest = divmod(seconds // 60, 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{seconds // 86400} days"
