"""Single faults of tables of gene models, and the lines that errors must name."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.fuzz.choices import Choices, Fault

VALUES = {
    3: ["", "x", "0", "-5", "1.5", "99999999999", "."],
    4: ["", "x", "0", "1e3", "99999999999", "1 2"],
    6: ["x", "", "plus", "++"],
}
"""Values that a column of an exon or CDS in GFF3 or GTF cannot have, by the column's index."""


def spoil(choose: Choices, kind: str, lines: list[str]) -> Fault | None:
    """Put one fault into the lines of a table; None where it is left to the compression."""
    faults = {"GFF3": GFF3_FAULTS, "GTF": GTF_FAULTS, "genePred": GENE_PRED_FAULTS}[kind]
    for _ in range(5):
        chosen = choose.of([*faults, None])
        if chosen is None:
            return None
        found = chosen(choose, lines)
        if found is not None:
            return found
    return None


def _fault(name: str, *at: int) -> Fault:
    return Fault(name, frozenset(), frozenset(one + 1 for one in at))


def _parts(lines: list[str], *kinds: str) -> list[int]:
    """Indices of the lines of some kinds of rows."""
    return [at for at, line in enumerate(lines) if line.count("\t") == 8 and line.split("\t")[2] in kinds]


def _rows(lines: list[str]) -> list[int]:
    return [at for at, line in enumerate(lines) if "\t" in line]


def _bad_value(choose: Choices, lines: list[str]) -> Fault | None:
    at = choose.of(_parts(lines, "exon", "CDS"))
    column = choose.of(sorted(VALUES))
    value = choose.of(VALUES[column])
    columns = lines[at].split("\t")
    columns[column] = value
    lines[at] = "\t".join(columns)
    return _fault(f"column {column + 1} is {value!r}", at)


def _backwards(choose: Choices, lines: list[str]) -> Fault | None:
    at = choose.of(_parts(lines, "exon", "CDS"))
    columns = lines[at].split("\t")
    columns[3], columns[4] = str(int(columns[4]) + 1), columns[3]
    lines[at] = "\t".join(columns)
    return _fault("start behind end", at)


def _phase(choose: Choices, lines: list[str]) -> Fault | None:
    found = _parts(lines, "CDS")
    if not found:
        return None
    at = choose.of(found)
    columns = lines[at].split("\t")
    columns[7] = choose.of(["3", "x", "-1", ""])
    lines[at] = "\t".join(columns)
    return _fault(f"phase {columns[7]!r}", at)


def _few_columns(choose: Choices, lines: list[str]) -> Fault | None:
    at = choose.of(_rows(lines))
    columns = lines[at].split("\t")
    lines[at] = "\t".join(columns[: choose.number(1, 8)])
    return _fault("too few columns", at)


def _blanks(choose: Choices, lines: list[str]) -> Fault | None:
    at = choose.of(_rows(lines))
    lines[at] = lines[at].replace("\t", " ")
    return _fault("blanks for tabs", at)


def _no_such_parent(choose: Choices, lines: list[str]) -> Fault | None:
    at = choose.of(_parts(lines, "exon", "CDS"))
    lines[at] = re.sub(r"Parent=[^;]*", "Parent=nobody", lines[at])
    return _fault("a parent that is not there", at)


def _own_parent(choose: Choices, lines: list[str]) -> Fault | None:
    """A gene becomes the child of its transcript."""
    names = {at: re.search(r"ID=([^;]*)", lines[at]) for at in _parts(lines, "gene")}
    for at, name in names.items():
        children = [one for one in _parts(lines, "mRNA", "transcript", "lnc_RNA")
                    if name is not None and re.search(rf"Parent={re.escape(name[1])}(;|$)", lines[one])]  # fmt: skip
        own = [re.search(r"ID=([^;]*)", lines[one]) for one in children]
        if children and own[0] is not None and name is not None and own[0][1] != name[1]:
            lines[at] += f";Parent={own[0][1]}"
            return _fault("a gene is the child of its transcript", at, *children)
    return None


def _no_transcript(choose: Choices, lines: list[str]) -> Fault | None:
    at = choose.of(_parts(lines, "exon", "CDS"))
    lines[at] = re.sub(r'transcript_id "[^"]*";', "", lines[at])
    return _fault("no transcript_id", at)


def _before(columns: list[str]) -> int:
    return 0 if columns[2] in "+-" else 1


def _pred_value(choose: Choices, lines: list[str]) -> Fault | None:
    at = choose.of(_rows(lines))
    columns = lines[at].split("\t")
    column = _before(columns) + choose.of([2, 5, 6, 8, 9])
    columns[column] = choose.of(["x", "", "-7", "1;2"])
    lines[at] = "\t".join(columns)
    return _fault(f"column {column + 1} is {columns[column]!r}", at)


def _pred_counts(choose: Choices, lines: list[str]) -> Fault | None:
    at = choose.of(_rows(lines))
    columns = lines[at].split("\t")
    column = _before(columns) + choose.of([8, 9])
    columns[column] = "1," + columns[column]
    lines[at] = "\t".join(columns)
    return _fault("more starts than ends of exons, or fewer", at)


def _pred_backwards(choose: Choices, lines: list[str]) -> Fault | None:
    at = choose.of(_rows(lines))
    columns = lines[at].split("\t")
    first = _before(columns) + 8
    columns[first], columns[first + 1] = columns[first + 1], columns[first]
    lines[at] = "\t".join(columns)
    return _fault("exons end before they start", at)


def _pred_few(choose: Choices, lines: list[str]) -> Fault | None:
    at = choose.of(_rows(lines))
    columns = lines[at].split("\t")
    lines[at] = "\t".join(columns[: choose.number(1, 9)])
    return _fault("too few columns", at)


_Spoiler = Callable[[Choices, list[str]], Fault | None]
_BOTH: list[_Spoiler] = [_bad_value, _backwards, _phase, _few_columns, _blanks]
GFF3_FAULTS: list[_Spoiler] = [*_BOTH, _no_such_parent, _own_parent]
GTF_FAULTS: list[_Spoiler] = [*_BOTH, _no_transcript]
GENE_PRED_FAULTS: list[_Spoiler] = [_pred_value, _pred_counts, _pred_backwards, _pred_few, _blanks]
