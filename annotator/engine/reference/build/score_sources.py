"""The option ``--scores``: by its file, a table by allele, a VCF file, a table by position or a bigWig file."""

from __future__ import annotations

from pathlib import Path

from annotator.engine.bounds import whole_number
from annotator.engine.errors import BundleError
from annotator.engine.files import open_bytes
from annotator.engine.library_errors import step
from annotator.engine.reference.build.delimited import Delimited
from annotator.engine.reference.build.field_choice import FieldChoice
from annotator.engine.reference.build.position_scores import MOST_PLACES, PLACES, PositionSource, is_bigwig
from annotator.engine.reference.build.score_table import ScoreTable
from annotator.engine.reference.build.sources import split_source
from annotator.engine.reference.build.table_rows import BASE, NAMES, TableRows
from annotator.engine.reference.build.variant_source import VariantSource

DIGITS = "digits"
_FORM = "NAME=FILE or NAME=FILE:COLUMN,..."
_VCF = b"##fileformat=VCF"


def parse_scores(text: str) -> VariantSource | PositionSource:
    """From ``NAME=FILE`` or ``NAME=FILE:ITEM,...``, as :func:`score_source` takes the items.

    Raises:
        BundleError: it is not of that form, or the file cannot be read.
    """
    name, path, items = split_source(text, "--scores", _FORM, bool)
    return score_source(name, (path,), items)


def score_source(name: str, paths: tuple[Path, ...], items: tuple[str, ...]) -> VariantSource | PositionSource:
    """The source of scores that files are.

    Args:
        name: of the source.
        paths: of its files, which are of one kind.
        items: fields or columns, as :class:`FieldChoice` reads them, and how the table is read: ``chrom=COLUMN`` and
            the other keys of :data:`NAMES`, ``base=0`` or ``base=1``, and ``digits=N``.

    Raises:
        BundleError: an item is not of that form, or the file cannot be read.
    """
    columns, base, digits, wanted = {}, None, PLACES, []
    for item in items:
        key, _, value = item.partition("=")
        if key in NAMES and value:
            columns[key] = value
        elif key in (BASE, DIGITS) and value:
            number = whole_number(value, 1 if key == BASE else MOST_PLACES)
            if number is None:
                known = "0 or 1" if key == BASE else f"0 to {MOST_PLACES}"
                raise BundleError("reference_build", f"--scores {name}: {item}: {known} is wanted.")
            base, digits = (number, digits) if key == BASE else (base, number)
        else:
            FieldChoice.parse(item)
            wanted.append(item)
    chosen, rows = tuple(wanted), TableRows(columns, base)
    for path in paths:
        if not path.is_file():
            raise BundleError("reference_build", f"There is no file {path}.")
    if is_bigwig(paths[0]):
        if chosen or columns:
            message = f"--scores {name}: a bigWig file has one score and no columns; leave {items[0]} out."
            raise BundleError("reference_build", message)
        return PositionSource(name, _only(name, paths), digits=digits)
    if _is_vcf(paths[0]):
        found: VariantSource | PositionSource = VariantSource(name, paths, chosen, marks_known=False)
    elif {"ref", "alt"} <= rows.places(Delimited(paths[0])).keys():
        found = ScoreTable(name, paths, chosen, rows=rows)
    else:
        return PositionSource(name, _only(name, paths), chosen, rows, digits)
    if not chosen:
        raise BundleError("reference_build", f"--scores {name}: choose the fields to take: {_FORM}.")
    return found


def _only(name: str, paths: tuple[Path, ...]) -> Path:
    if len(paths) > 1:
        message = f"{name}: scores by position are read from one file, not from {len(paths)}; join them."
        raise BundleError("reference_build", message)
    return paths[0]


def _is_vcf(path: Path) -> bool:
    with step("reference_table", f"{path.name} cannot be read"), open_bytes(path) as stream:
        return stream.read(len(_VCF)) == _VCF
