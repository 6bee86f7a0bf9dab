"""Each record of the cases in ``cases/classes``, against the answer that was worked out for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from annotator.engine import InputError, Outputs, Reference, annotate
from tests.unit.engine.case_files import CASE_FILES, OPERATIONS, Case, Record, Records, read_case
from tests.unit.engine.conftest import PROJECT, Result, assert_readable, take_apart

Results = Callable[[str], Result]
READ = {name: read_case(path) for name, path in CASE_FILES.items()}


@pytest.fixture(scope="module")
def result_of(
    tmp_path_factory: pytest.TempPathFactory, case_reference: Callable[[str], Reference]
) -> Callable[[str], Result]:
    """Annotates a case, once, and takes the result apart."""

    @cache
    def annotated(name: str) -> Result:
        case, folder = READ[name], tmp_path_factory.mktemp(name)
        found = case.reference
        reference = Reference.load(found, [PROJECT / "reference"]) if found == "rCRS" else case_reference(found)
        outputs = Outputs.beside(folder / "out.annot.vcf.gz")
        summary = annotate(case.write_vcf(folder / "in.vcf"), reference, outputs, temporary=folder, processes=1)
        return take_apart(outputs, summary)

    return annotated


def parameters(wanted: Callable[[Case], bool], records: bool) -> list[object]:
    found: list[object] = []
    for name, case in READ.items():
        if not wanted(case):
            continue
        for one in case.record if records else [None]:
            reason = case.xfail or (one.xfail if one else "")
            marks = [pytest.mark.xfail(strict=True, reason=reason)] if reason else []
            values = (name, one) if one else (name,)
            found.append(pytest.param(*values, id=f"{name}-{one.id}" if one else name, marks=marks))
    return found


@pytest.mark.parametrize(("name", "record"), parameters(lambda case: not case.refused, records=True))
def test_record(name: str, record: Record, result_of: Results) -> None:
    records = Records(result_of(name))
    assert record.expect
    faults = [found for line in record.expect if (found := records.fault(record.id, line))]
    assert faults == [], f"{READ[name].why}{record.why}"


@pytest.mark.parametrize("name", parameters(lambda case: bool(case.expect), records=False))
def test_summary(name: str, result_of: Results) -> None:
    summary = result_of(name).summary
    for line in READ[name].expect:
        key, operation, value = line.split(" ", 2)
        assert OPERATIONS[operation](str(summary[key]), value), line


@pytest.mark.parametrize("name", parameters(lambda case: not case.refused and not case.xfail, records=False))
def test_every_record_is_kept(name: str, result_of: Results) -> None:
    result = result_of(name)
    assert [record[2] for record in result.records] == [one.id for one in READ[name].record_order()]
    assert_readable(result)


@pytest.mark.parametrize("name", parameters(lambda case: bool(case.refused), records=False))
def test_refusal(name: str, tmp_path: Path, case_reference: Callable[[str], Reference]) -> None:
    case = READ[name]
    with pytest.raises(InputError) as caught:
        annotate(case.write_vcf(tmp_path / "in.vcf"), case_reference(case.reference), Outputs.beside(tmp_path / "out"))
    assert case.refused in caught.value.message.lower()
