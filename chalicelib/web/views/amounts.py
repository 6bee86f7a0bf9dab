"""Sizes, counts, times and durations as people read them. No line breaks between a number and its unit."""
from __future__ import annotations

from datetime import UTC, datetime

from chalicelib.billing.service import Price
from chalicelib.domain.amounts import size

__all__ = ["count", "duration", "iso", "price", "size", "utc"]

_DECIMALS = {**dict.fromkeys((
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND"), 3)}
"""Decimals of the currencies that do not have two, as Stripe counts them."""
_NBSP = "\N{NO-BREAK SPACE}"


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
    """A duration as people read it: "under a second", "8 s", "3 min", "1 h 20 min", "5 days"."""
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


def price(price: Price) -> str:
    """A price as people read it: "9.00 EUR a month", "90 JPY every 3 months"."""
    decimals = _DECIMALS.get(price.currency, 2)
    amount = f"{price.amount / 10**decimals:,.{decimals}f}{_NBSP}{price.currency}"
    every = f"a {price.interval}" if price.intervals == 1 else f"every {price.intervals} {price.interval}s"
    return f"{amount} {every}"
