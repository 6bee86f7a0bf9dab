"""New stop codons that escape nonsense-mediated decay, against the altered transcripts written out here."""

from __future__ import annotations

import random

from annotator.engine.consequence import ConsequenceCaller
from annotator.engine.consequence.output.nmd import ESCAPES
from tests.unit.engine.consequence.casebook import COMPLEMENT, SHAPES, Record, Shape, at, chunk, entries

WHOLE = [shape for shape in SHAPES if shape.name in ("FWD", "REV", "SEC")]
STOPS = ("TAA", "TAG", "TGA")


def changes(shape: Shape) -> list[Record]:
    """Changes of one to four bases inside the coding parts of exons; those at their ends may have no known protein."""
    chance = random.Random(3)
    found: list[Record] = []
    for start, end in shape.parts:
        for pos in range(max(start, shape.first) + 8, min(end, shape.last) - 14):
            found += [(pos, at(pos), [base]) for base in "ACGT" if base != at(pos)]
            found += [(pos, at(pos, size + 1), [at(pos)]) for size in (1, 2, 4)]
            found += [(pos, at(pos), [at(pos) + "".join(chance.choices("ACGT", k=size))]) for size in (1, 2, 4)]
    return sorted(found)


def escapes(shape: Shape, record: Record) -> bool:
    """The rules, on the altered transcript in the direction of translation."""
    if len(shape.exons) == 1:
        return True
    pos, ref, (alt,) = record
    bases = {place: at(place) for start, end in shape.exons for place in range(start, end + 1)}
    bases |= dict.fromkeys(range(pos, pos + len(ref)), "") | {pos: alt}
    forward = shape.strand == "+"
    exons = ["".join(bases[place] for place in range(start, end + 1)) for start, end in shape.exons]
    exons = exons if forward else [text.translate(COMPLEMENT)[::-1] for text in exons[::-1]]
    first, last = shape.exons[-1] if forward else shape.exons[0]
    if first <= pos + (len(ref) > 1) and pos + len(ref) - 1 <= last:
        return True
    (start, end) = shape.exons[0] if forward else shape.exons[-1]
    coding = shape.first - start if forward else end - shape.last
    text, junction = "".join(exons), sum(map(len, exons[:-1]))
    stop = next((place for place in range(coding, len(text) - 2, 3) if text[place : place + 3] in STOPS), None)
    if stop is None:
        return False
    return stop - coding < 100 or stop + 3 > junction or junction - (stop + 3) <= 50


def test_against_altered_transcripts(caller: ConsequenceCaller) -> None:
    seen = {True: 0, False: 0}
    for shape in WHOLE:
        records = changes(shape)
        called = caller.call(chunk(records))
        for record, csq in zip(records, called.csq.to_pylist(), strict=True):
            entry = next(one for one in entries(csq) if one["Feature"] == f"T{shape.name}.1")
            stops = {"stop_gained", "frameshift_variant"} & set(entry["Consequence"].split("&"))
            expected = bool(stops) and (shape.name == "SEC" or escapes(shape, record))
            assert entry["NMD"] == (ESCAPES if expected else ""), (shape.name, record, entry)
            if stops:
                seen[expected] += 1
    assert min(seen.values()) > 50
