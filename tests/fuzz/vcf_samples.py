"""FORMAT and samples of records."""

from __future__ import annotations

from tests.fuzz.choices import Choices

FORMATS = [
    ["GT"],
    ["GT", "DP"],
    ["GT", "AD", "DP", "GQ"],
    ["GT", "PS"],
    ["GT", "GL"],
    ["DP", "AD"],
    ["GT", "FT", "EC"],
    ["GT", "DP", "XX.Y"],
]
"""What FORMAT may be: with and without genotypes, phase sets, and values by allele and by genotype."""


def samples_of(choose: Choices, form: list[str], samples: int, alleles: int) -> list[str]:
    """FORMAT and samples.

    Args:
        form: keys of FORMAT.
        samples: number of samples.
        alleles: number of alternate alleles.
    """
    # Most files are phased, or not, from end to end.
    separator = choose.of(["/", "|"])
    columns = []
    for _ in range(samples):
        values = [_value(choose, key, alleles, separator) for key in form]
        if choose.often(8):  # values at the end may be left out
            values = values[: choose.number(1, len(values))]
        columns.append(":".join(values))
    return [":".join(form), *columns]


def _value(choose: Choices, key: str, alleles: int, separator: str) -> str:
    if key == "GT":
        ploidy = choose.of([2, 2, 2, 1, 3])
        if choose.often(4):
            separator = choose.of("/|")
        called = [str(choose.number(0, alleles)) if not choose.often(8) else "." for _ in range(ploidy)]
        return separator.join(called)
    if choose.often(10):
        return "."
    if key == "AD":
        return ",".join(str(choose.number(0, 30)) for _ in range(alleles + 1))
    if key == "EC":
        return ",".join(str(choose.number(0, 9)) for _ in range(max(1, alleles)))
    if key == "GL":
        return ",".join("-1.5" for _ in range((alleles + 1) * (alleles + 2) // 2))
    if key == "FT":
        return choose.of(["PASS", "q10"])
    return str(choose.number(0, 900))
