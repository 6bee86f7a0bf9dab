"""Identifiers of known variants from several layers."""

from __future__ import annotations

import pyarrow as pa
import pytest

from annotator.engine.output.info_fields import identifiers


@pytest.mark.parametrize(("layers", "expected"), [
    ([["rs1", None]], ["rs1", None]),
    ([["rs1", None, "rs3", None], ["1", "2", None, None]], ["rs1&1", "2", "rs3", None]),
    ([[None, None], [None, None], [None, "3"]], [None, "3"]),
    ([["rs1", None], ["2", "2"], ["3", None]], ["rs1&2&3", "2"]),
    ([[], []], []),
])  # fmt: skip
def test_identifiers_of_all_layers_are_joined(layers: list[list[str | None]], expected: list[str | None]) -> None:
    """An allele that no layer knows keeps its place."""
    columns = [(f"layer{at}_ID", pa.array(values, pa.string())) for at, values in enumerate(layers)]
    found = identifiers([*columns, ("layer0_AF", pa.array(["0.1"] * len(expected)))])
    assert found is not None
    assert found.to_pylist() == expected


def test_layers_without_identifiers() -> None:
    assert identifiers([("layer_AF", pa.array(["0.1"]))]) is None
