"""Tables of genes of a new reference (constraint, dosage sensitivity, ...), joined to the genes of its models."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from annotator.engine.errors import BundleError
from annotator.engine.reference.build.allele_table_writer import TYPES
from annotator.engine.reference.build.delimited import MISSING, Delimited, is_number
from annotator.engine.reference.build.field_choice import FieldChoice
from annotator.engine.reference.build.sources import Tally, split_source
from annotator.engine.reference.gene_values import GENE

GENE_KEY, SYMBOL_KEY, ONLY_KEY = "gene", "symbol", "only"
_NAMES = {
    GENE_KEY: ("gene_id", "ensembl_gene_id", "ensembl_gene", "ensg", "gene id"),
    SYMBOL_KEY: ("gene", "symbol", "gene_symbol", "gene symbol", "gene_name", "hgnc_symbol"),
}
"""Columns of identifiers and symbols of genes, and the names by which they are found, in lower case."""
_TRUE = ("true", "1", "yes", "t")
_FORM = "NAME=FILE:COLUMN,..."


@dataclass
class GeneSource(Tally):
    """A table with a row for each gene, or for some of its transcripts or diseases.

    Attributes:
        name: of the source; the names of its INFO fields begin with it.
        path: of the table.
        wanted: columns, as :class:`FieldChoice` reads them.
        keys: names of the columns of identifiers (``gene``) and symbols (``symbol``), where they are not found by
            their names; and of a column that must be true of a row that is used (``only``).
    """

    name: str
    path: Path
    wanted: tuple[str, ...]
    keys: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> GeneSource:
        """From ``NAME=FILE:ITEM,...``, as :meth:`of_items` takes the items.

        Raises:
            BundleError: it is not of that form.
        """
        name, path, items = split_source(text, "--genes", _FORM, bool)
        return cls.of_items(name, path, items)

    @classmethod
    def of_items(cls, name: str, path: Path, items: Iterable[str]) -> GeneSource:
        """A source from columns and ``gene=COLUMN``, ``symbol=COLUMN`` and ``only=COLUMN``.

        Raises:
            BundleError: an item is not of that form, or there is no column to take.
        """
        keys, wanted = {}, []
        for item in items:
            key, _, value = item.partition("=")
            if key in (*_NAMES, ONLY_KEY) and value:
                keys[key] = value
            else:
                FieldChoice.parse(item)
                wanted.append(item)
        if not wanted:
            raise BundleError("reference_build", f"--genes {name}: choose the columns to take: {_FORM}.")
        return cls(name, path, tuple(wanted), keys)

    def read(self) -> tuple[dict[str, dict[str, list[str]]], list[tuple[str, str, str]]]:
        """The values of each gene, by its identifier without version, and by its symbol in upper case.

        Returns:
            For each of ``wanted`` the distinct values by key; and its INFO field, Type and description.

        Raises:
            BundleError: the table cannot be read, or lacks a column.
        """
        table = Delimited(self.path)
        lowered = [name.lower() for name in table.names]
        places = {key: table.column(name) for key, name in self.keys.items()}
        for key, names in _NAMES.items():
            at = next((lowered.index(name) for name in names if name in lowered), None)
            if at is not None and not places.keys() & _NAMES.keys() - {key}:
                places.setdefault(key, at)
        if not places.keys() & _NAMES.keys():
            listed = ", ".join(table.names)
            message = f"{self.path.name} has no column of genes; name it: gene=COLUMN or symbol=COLUMN"
            raise BundleError("reference_table", f"{message} (there are {listed}).")
        choices = [FieldChoice.parse(one) for one in self.wanted]
        columns = [[table.column(name) for name in one.of] for one in choices]
        used = [*places.values(), *(at for one in columns for at in one)]
        values: list[dict[str, dict[str, None]]] = [defaultdict(dict) for _ in choices]
        for _, rows in table.batches(used):
            texts = {at: rows[str(at)].to_pylist() for at in set(used)}
            for row in range(len(rows)):
                if ONLY_KEY in places and texts[places[ONLY_KEY]][row].strip().lower() not in _TRUE:
                    continue
                keys = [_key(key, texts[at][row]) for key, at in places.items() if key != ONLY_KEY]
                for found, of in zip(values, columns, strict=True):
                    for text in (texts[at][row].strip() for at in of):
                        if text not in MISSING:
                            for key in filter(None, keys):
                                found[key][text] = None
        fields = [
            (f"{self.name}_{one.name}", _kind(self.path, one, found), f"{one.words} ({self.name}), by gene")
            for one, found in zip(choices, values, strict=True)
        ]
        by_field = {
            info: {key: list(texts) for key, texts in found.items()}
            for (info, _, _), found in zip(fields, values, strict=True)
        }
        return by_field, fields


def _key(key: str, text: str) -> str:
    text = text.strip()
    return f"{GENE_KEY}:{without_version(text)}" if key == GENE_KEY else f"{SYMBOL_KEY}:{text.upper()}"


def without_version(gene: str) -> str:
    """An identifier of Ensembl without its version, such as ``ENSG00000139618`` of ``ENSG00000139618.15``."""
    name, _, version = gene.rpartition(".")
    return name if name and version.isdigit() else gene


def _kind(path: Path, choice: FieldChoice, found: Mapping[str, Mapping[str, None]]) -> str:
    texts = {text for some in found.values() for text in some}
    try:
        numbers = [float(text) for text in texts]
    except ValueError:
        if choice.extreme:
            wrong = next(text for text in sorted(texts) if not is_number(text))
            message = f"{path.name}, column {choice.of[0]}: {wrong!r} is no number, so there is no {choice.extreme}"
            raise BundleError("reference_table", f"{message}; choose the column as it is.") from None
        return "String"
    whole = all(number.is_integer() and abs(number) < 2**31 for number in numbers)
    return "Integer" if whole and not any("." in text or "e" in text.lower() for text in texts) else "Float"


def write_genes(sources: list[GeneSource], out: Path, genes: Mapping[str, str]) -> dict[str, Any]:
    """Write what all sources have about the genes of a reference.

    Args:
        sources: what is used of them is counted.
        out: a Parquet file with a row for each gene that one of them has.
        genes: the symbol of each gene of the reference, by its identifier.

    Returns:
        The part of the manifest.

    Raises:
        BundleError: a source cannot be read, or has none of the genes.
    """
    columns: dict[str, dict[str, str]] = {}
    fields: list[dict[str, str]] = []
    types = []
    for source in sources:
        by_field, described = source.read()
        joined = set()
        for (info, kind, description), choice in zip(described, map(FieldChoice.parse, source.wanted), strict=True):
            if info in columns:
                raise BundleError("reference_build", f"Two fields of genes have one name: {info}.")
            columns[info] = found = {}
            for gene, symbol in genes.items():
                values = by_field[info].get(f"{GENE_KEY}:{without_version(gene)}")
                values = values or by_field[info].get(f"{SYMBOL_KEY}:{(symbol or gene).upper()}")
                if values:
                    found[gene] = _value(values, kind, choice.extreme)
                    joined.add(gene)
            fields.append({"column": info, "info": info, "type": kind, "description": description})
            types.append(TYPES[kind])
        source.used = len(joined)
        if not joined:
            message = f"{source.name} has none of the {len(genes):,} genes of the models"
            remedy = "name the column with their identifiers or symbols: gene=COLUMN or symbol=COLUMN"
            raise BundleError("reference_mismatch", f"{message}; {remedy}.")
    there = [gene for gene in sorted(genes) if any(gene in found for found in columns.values())]
    arrays = [
        pa.array([found.get(gene) for gene in there], pa.string()).cast(kind)
        for found, kind in zip(columns.values(), types, strict=True)
    ]
    table = pa.table([pa.array(there, pa.string()), *arrays], names=[GENE, *columns])
    pq.write_table(table, out, compression="zstd", write_page_checksum=True)
    return {"file": out.name, "fields": fields}


def _value(values: list[str], kind: str, extreme: str) -> str:
    """One value of several rows: distinct texts joined by ``&``, otherwise the extreme, by default the largest."""
    if kind == "String":
        return "&".join(values)
    return (min if extreme == "min" else max)(values, key=float)
