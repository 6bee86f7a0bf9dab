"""Numbers, sizes, durations and times as people read them. No line breaks between a number and its unit.

Written by hand, not by Babel: its units are decimal ("kB"), its data take 10 MB of the functions' package, and its
decimals of currencies are those of prices in shops, not those that Stripe counts in ("UGX", "ISK").
"""
from __future__ import annotations

from datetime import UTC, datetime

_UNITS = ("bytes", "KB", "MB", "GB", "TB")
_NBSP = "\N{NO-BREAK SPACE}"


def count(number: int) -> str:
    """A count with its thousands separated: "1,141"."""
    return f"{number:,}"


def size(number: int) -> str:
    """Bytes: "1 byte", "150 KB", "1.2 GB" (1 KB = 1,024 bytes)."""
    value = float(number)
    unit = 0
    while round(value) >= 1024 and unit < len(_UNITS) - 1:
        value /= 1024
        unit += 1
    if unit == 0:
        return f"1{_NBSP}byte" if number == 1 else f"{count(number)}{_NBSP}bytes"
    tenths = f"{value:.1f}"
    return f"{tenths.removesuffix('.0') if value < 10 else count(round(value))}{_NBSP}{_UNITS[unit]}"


def duration(seconds: int) -> str:
    """Seconds: "under a second", "8 s", "3 min", "1 h 20 min", "5 days"."""
    if seconds < 1:
        return "under a second"
    if seconds < 60:
        return f"{seconds}{_NBSP}s"
    if seconds < 3600:
        minutes, rest = divmod(seconds, 60)
        return f"{minutes}{_NBSP}min {rest}{_NBSP}s" if rest and minutes < 10 else f"{minutes}{_NBSP}min"
    if seconds < 48 * 3600:
        hours, rest = divmod(seconds // 60, 60)
        return f"{hours}{_NBSP}h {rest}{_NBSP}min" if rest else f"{hours}{_NBSP}h"
    return f"{seconds // 86400}{_NBSP}days"


def iso(moment: int) -> str:
    """Epoch seconds as a machine reads a time: 2026-11-24T05:31:07Z."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc(moment: int) -> str:
    """Epoch seconds as people read a time, in UTC: 24 Nov 2026, 05:31 UTC."""
    return datetime.fromtimestamp(moment, UTC).strftime("%-d %b %Y, %H:%M UTC")


def money(amount: int, currency: str) -> str:
    """An amount of money: "9.00 EUR", "90 JPY".

    Args:
        amount: In the currency's smallest unit, as Stripe counts it.
        currency: ISO 4217, upper case.
    """
    decimals = _DECIMALS.get(currency, 2)
    return f"{amount / 10**decimals:,.{decimals}f}{_NBSP}{currency}"


_DECIMALS = {**dict.fromkeys((
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND"), 3)}
"""Decimals of the currencies that do not have two, as Stripe counts them."""
