"""The engine's outputs as lines of text, without what changes from one version, place or day to the next."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from annotator.engine import BundleError, InputError, Outputs, Reference, annotate
from annotator.engine.consequence.output.csq_fields import FIELDS
from annotator.engine.consequence.reporting import Reporting
from tests.golden.inputs import Input
from tests.whole_files import LIMITS

VERSIONS = ("##gasEngine=", "##gasHaplotypes=")
"""Header lines that name versions."""
LEFT_OUT = ("engine", "sha256")
"""Keys of the summary and the manifest that name versions, or sums of compressed files."""
ALL = Reporting(fields=tuple(field.name for field in FIELDS), bcsq=True)
"""Everything that can be reported."""
LINE_BYTES = 1
"""Bytes of a line's digest that are kept: one line of 256 that differ is passed over, and the next one named."""
Lines = list[str]


def outputs_of(one: Input, folder: Path) -> dict[str, Lines]:
    """Annotate an input.

    Args:
        one: the input.
        folder: an empty one.

    Returns:
        Lines by the kind of output; those of the reference, too, when it was built for this input.
    """
    try:
        path, reference = one.write(folder)
    except BundleError as error:
        return {"refusal": [error.code, error.message.replace(str(folder), "")]}
    if path is None:
        return bundle_lines(reference)
    found = bundle_lines(reference) if reference.directory.is_relative_to(folder) else {}
    outputs = Outputs.beside(folder / "out.annot.vcf.gz")
    try:
        summary = annotate(
            path, reference, outputs, temporary=folder, limits=LIMITS, processes=one.processes, reporting=ALL
        )
    except InputError as error:
        return {**found, "refusal": _json_lines(error.as_dict(), folder)}
    vcf = gzip.decompress(outputs.vcf.read_bytes()).decode("latin-1")
    return {
        **found,
        "vcf": [line for line in vcf.split("\n") if not line.startswith(VERSIONS)],
        "variants": table_lines(pq.read_table(outputs.variants)),
        "summary": _json_lines(summary, folder),
    }


def bundle_lines(reference: Reference) -> dict[str, Lines]:
    """The files of a reference: gene models, known variants, regions and the manifest."""
    folder = reference.directory
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    found = {"manifest": _json_lines(manifest, folder)}
    for name in sorted(path.name for path in folder.iterdir()):
        if name.endswith((".gff3.gz", ".tsv.gz")):
            found[name] = gzip.decompress((folder / name).read_bytes()).decode("latin-1").split("\n")
        elif name.endswith(".parquet"):
            found[name] = table_lines(pq.read_table(folder / name))
        elif name.endswith(".arrow"):
            with pa.OSFile(str(folder / name)) as source:
                found[name] = table_lines(pa.ipc.open_file(source).read_all())
    return found


def table_lines(table: pa.Table) -> Lines:
    """Names and types of the columns, then a line for each row."""
    head = [f"{field.name}: {field.type}" for field in table.schema]
    return [*head, *(json.dumps(row, default=str) for row in table.to_pylist())]


def _json_lines(value: dict[str, Any], folder: Path) -> Lines:
    return json.dumps(_without_versions(value), indent=1, ensure_ascii=False).replace(str(folder), "").split("\n")


def _without_versions(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_versions(item) for key, item in value.items() if key not in LEFT_OUT}
    return [_without_versions(item) for item in value] if isinstance(value, list) else value


def sums_of(lines: Lines) -> dict[str, str]:
    """What is recorded of an output: SHA-256 of all its lines, and the first bytes of the SHA-256 of each."""
    each = b"".join(hashlib.sha256(line.encode()).digest()[:LINE_BYTES] for line in lines)
    return {"sha256": hashlib.sha256("\n".join(lines).encode()).hexdigest(), "lines": base64.b64encode(each).decode()}


def difference(lines: Lines, recorded: dict[str, str]) -> str:
    """How an output differs from what was recorded: its first line that does; "" where none does."""
    now = sums_of(lines)
    if now["sha256"] == recorded["sha256"]:
        return ""
    before, after = (base64.b64decode(one["lines"]) for one in (recorded, now))
    for number, line in enumerate(lines):
        place = slice(number * LINE_BYTES, (number + 1) * LINE_BYTES)
        if before[place] != after[place]:
            return f"line {number + 1} is now: {line}"
    return f"it has {len(lines)} lines, and had {len(before) // LINE_BYTES}"
