"""What an annotation adds to INFO and ID: declared fields, and their values for all records of a block at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.consequence import CSQ_FIELDS
from annotator.engine.consequence.so_terms import IMPACTS, TERMS
from annotator.engine.output.earlier_annotations import BCSQ, CSQ, SKIPPED, EarlierAnnotations
from annotator.engine.reference.bundle import Reference
from annotator.engine.reference.info_encoding import IDENTIFIERS, info_line
from annotator.engine.reference.known_variants import Matched, encoded
from annotator.engine.vcf.block_parser import SKIP_CODES, Records

BCSQ_DESCRIPTION = (
    "Consequences in the format of BCFtools/csq, neighbouring variants together where genotypes are phased. "
    "Format: Consequence|gene|transcript|biotype|strand|amino_acid_change|dna_change"
)
CSQ_DESCRIPTION = "Consequence annotations with the sub-fields of Ensembl VEP. Format: "
_WORST = pa.array(
    [f";GAS_CONSEQUENCE={term};GAS_IMPACT={impact}" for term, impact in zip(TERMS, IMPACTS, strict=True)], pa.binary()
)
_NULL = pa.scalar(None, pa.binary())


def info_lines(reference: Reference, fields: Sequence[str] = CSQ_FIELDS) -> dict[str, bytes]:
    """The ``##INFO`` lines of all fields that an annotation with this reference may add, by ID.

    Args:
        reference: whose layers and tracks add fields.
        fields: names of the sub-fields of CSQ.
    """
    lines = {
        BCSQ: info_line(BCSQ, "String", BCSQ_DESCRIPTION, "."),
        CSQ: info_line(CSQ, "String", CSQ_DESCRIPTION + "|".join(fields), "."),
        "GAS_CONSEQUENCE": info_line(
            "GAS_CONSEQUENCE", "String", "Most severe consequence of the record, a Sequence Ontology term", "1"
        ),
        "GAS_IMPACT": info_line(
            "GAS_IMPACT", "String", "Impact of GAS_CONSEQUENCE: HIGH, MODERATE, LOW or MODIFIER", "1"
        ),
        SKIPPED: info_line(SKIPPED, "String", "Why the record has no consequences", "1"),
    }
    for layer in reference.layers:
        for one in layer.fields:
            lines[one.info] = info_line(one.info, one.type, one.description)
    for track in reference.tracks:
        lines[track.info] = info_line(track.info, "String", track.description, ".")
    return lines


class InfoWriter:
    """Writes INFO of blocks.

    Args:
        reference: gives the fields.
        earlier: says what becomes of fields that the file has already under their names.

    Attributes:
        seen: new names of other tools' fields in the records that were written.
    """

    def __init__(self, reference: Reference, earlier: EarlierAnnotations) -> None:
        self._layers = reference.layers
        self.seen: set[str] = set()
        # The first item of ours by what became of the record: consequences, or why it has none.
        codes = [f"{SKIPPED}={code}" for code in SKIP_CODES]
        self._with_bcsq = earlier.bcsq is not None
        self._first = pa.array([f"{earlier.bcsq or CSQ}=", *codes], pa.binary())
        self._written = frozenset(name.encode() for name in earlier.fields)
        self._mark = f"(?:^|;)(?:{'|'.join(sorted({*earlier.fields, *earlier.ours}))})(?:[=;]|$)"
        self._ours = frozenset(name.encode() for name in earlier.ours)
        self._renamed = {name.encode(): new.encode() for name, new in earlier.renamed.items()}
        self._replace = earlier.replace

    def info(
        self,
        records: Records,
        csq: pa.BinaryArray,
        bcsq: pa.BinaryArray,
        terms: np.ndarray,
        matched: list[Matched],
        regions: dict[str, pa.StringArray],
    ) -> list[pa.BinaryArray | pa.BinaryScalar]:
        """INFO of each record: what the user has there, then ours.

        Returns:
            Pieces that make INFO when they are put after each other without the null ones. They are not joined here,
            as CSQ is most of the file: it is copied once, into the line.
        """
        theirs = self._theirs(records.fields[7], records.skip >= 0)
        plain = (records.skip < 0).all()
        first = self._first[0] if plain else self._first.take(pa.array(records.skip.astype(np.int64) + 1))
        pieces = [theirs, where_there(";", theirs), first]
        pieces += [bcsq, where_there(";CSQ=", csq), csq] if self._with_bcsq else [csq]
        pieces.append(_WORST.take(_worst(terms)))
        for layer, found in zip(self._layers, matched, strict=True):
            for one, column in zip(layer.fields, found.columns, strict=True):
                if column.null_count < len(column):
                    values = _by_record(encoded(column) if one.type == "String" else column, records)
                    pieces += [where_there(f";{one.info}=", values), values.cast(pa.binary())]
        for name, column in regions.items():
            if column.null_count < len(column):
                pieces += [where_there(f";{name}=", column), column.cast(pa.binary())]
        return pieces

    def _theirs(self, column: pa.BinaryArray, skipped: np.ndarray) -> pa.BinaryArray:
        """INFO of the user, with fields of earlier annotations removed or renamed; null where nothing is left.

        Args:
            column: INFO of each record.
            skipped: whether it gets no consequences now: then it keeps those that it has.
        """
        at = np.flatnonzero(pc.match_substring_regex(column, self._mark).to_numpy(zero_copy_only=False))
        if len(at):
            pairs = zip(column.take(pa.array(at)).to_pylist(), skipped[at].tolist(), strict=True)
            cleaned = [b";".join(self._items(text, kept)) for text, kept in pairs]
            mask = np.zeros(len(column), bool)
            mask[at] = True
            column = pc.replace_with_mask(column, pa.array(mask), pa.array(cleaned, pa.binary()))
        if pc.any(pc.ends_with(column, ";")).as_py():
            column = pa.array([text.rstrip(b";") for text in column.to_pylist()], pa.binary())
        empty = pc.or_(pc.equal(column, b"."), pc.equal(pc.binary_length(column), 0))
        return pc.if_else(empty, _NULL, column)

    def _items(self, text: bytes, skipped: bool) -> Iterator[bytes]:
        """The items of an INFO that stay, under the names that they get."""
        for item in text.split(b";"):
            name, equals, value = item.partition(b"=")
            if name in self._ours:
                if skipped and name in self._written and name != SKIPPED.encode():
                    yield item
                continue
            new = self._renamed.get(name)
            if new is None:
                yield item
            elif skipped or not self._replace:
                self.seen.add(new.decode())
                yield new + equals + value


def identifiers(layers: list[tuple[str, pa.StringArray]]) -> pa.StringArray | None:
    """Identifiers of each allele in all sources, joined by ``&``, null where there are none.

    Args:
        layers: INFO field and values of each field of the layers; those that do not hold identifiers are left out.

    Returns:
        None when the reference has no identifiers at all.
    """
    columns = [column for name, column in layers if name.endswith(IDENTIFIERS)]
    if not columns:
        return None
    if len(columns) == 1:
        return columns[0]
    joined = pc.binary_join_element_wise(*columns, "&", null_handling="skip")
    return pc.if_else(pc.equal(joined, ""), pa.scalar(None, pa.string()), joined)


def with_identifiers(records: Records, existing: pa.StringArray | None) -> pa.BinaryArray:
    """ID of each record: what the user has there, then identifiers of known variants that it does not name."""
    column = records.fields[2]
    if existing is None or existing.null_count == len(existing):
        return column
    owner = records.alleles.record
    found = np.flatnonzero(existing.is_valid().to_numpy(zero_copy_only=False))
    counts = np.bincount(owner[found], minlength=len(column))
    empty = pc.or_(pc.equal(column, b"."), pc.equal(column, b"")).to_numpy(zero_copy_only=False)
    plain = ~pc.match_substring_regex(existing.take(pa.array(found)), "[& \\t;,]").to_numpy(zero_copy_only=False)
    # Most records have no ID and get one identifier; the others are put together one by one.
    simple = plain & (counts[owner[found]] == 1) & empty[owner[found]]
    alone, others = found[simple], found[~simple]
    source = np.full(len(column), -1, np.int64)
    source[owner[alone]] = alone
    identifier = existing.take(pa.array(source, mask=source < 0)).cast(pa.binary())
    column = pc.if_else(pa.array(source >= 0), identifier, column)
    values: dict[int, list[bytes]] = {}
    for index, text in zip(owner[others].tolist(), existing.take(pa.array(others)).to_pylist(), strict=True):
        if index not in values:
            before = column[index].as_py()
            values[index] = [] if before in (b".", b"") else before.split(b";")
        values[index] += [one.encode().translate(_BLANKS) for one in text.split("&")]
    mask = np.zeros(len(column), bool)
    mask[list(values)] = True
    together = pa.array([b";".join(dict.fromkeys(one)) for one in values.values()], pa.binary())
    return pc.replace_with_mask(column, pa.array(mask), together)


_BLANKS = bytes(95 if byte in b" \t;," else byte for byte in range(256))
"""Characters that ID cannot have."""


def _worst(terms: np.ndarray) -> pa.Array:
    """Index of the most severe term of each record, null where it has none."""
    lowest = np.where(terms > 0, terms & -terms, 1)
    return pa.array(np.log2(lowest).astype(np.int64), mask=terms == 0)


def where_there(text: str, column: pa.Array) -> pa.BinaryArray | pa.BinaryScalar:
    """A text for each value that is not null."""
    scalar = pa.scalar(text.encode())
    return pc.if_else(column.is_valid(), scalar, _NULL) if column.null_count else scalar


def _by_record(column: pa.StringArray, records: Records) -> pa.StringArray:
    """Values of the alleles of each record, joined by commas; null where no allele has one."""
    if len(column) == len(records):  # every record has one allele
        return column
    offsets = np.concatenate([[0], np.cumsum(records.allele_count)]).astype(np.int32)
    joined = pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), column.fill_null(".")), ",")
    there = np.bincount(records.alleles.record, column.is_valid().to_numpy(zero_copy_only=False), len(records)) > 0
    return pc.if_else(pa.array(there), joined, pa.scalar(None, pa.string()))
