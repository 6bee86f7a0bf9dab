"""docs/scaling.md has the figures that follow from the sizes in infra/worker.yaml."""
from __future__ import annotations

from infra.template.cloudformation_yaml import WORKER, load
from tests.conftest import PROJECT
from tests.simulation import capacity
from tests.simulation.fleet import PRICE, dollars_an_hour


def test_the_page_has_the_table() -> None:
    page = (PROJECT / "docs" / "scaling.md").read_text("utf-8").splitlines()
    assert [row for row in capacity.rows(load(WORKER)) if row not in page] == []
    assert f"{capacity.PROCESSOR_SECONDS} processor seconds" in " ".join(page)


def test_genomes_per_hour_and_cost() -> None:
    size = {"Cpu": "2048", "Memory": "8192"}
    worker = {"Parameters": {"WorkerDiskGiB": {"Default": 20}}, "Mappings": {"Size": {"two": size}}}
    (row,) = capacity.rows(worker)
    price = 2 * PRICE["vcpu"] + 8 * PRICE["gb"] + PRICE["address"]
    seconds = capacity.OTHER_SECONDS + capacity.PROCESSOR_SECONDS / 2
    assert dollars_an_hour(size, 20) == price
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[:4] == ["`two`", "2", f"{price:.3f}", f"{seconds:.0f}"]
    assert cells[4] == f"{3600 / seconds:,.0f}"
    assert cells[8] == f"{1000 * price * seconds / 3600:.2f}"
