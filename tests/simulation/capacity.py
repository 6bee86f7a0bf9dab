"""`python -m tests.simulation.capacity`: genomes per hour and what they cost, the tables of docs/scaling.md.

Sizes of annotators are those of infra/worker.yaml, prices those of the simulation. Nothing was measured on AWS.
"""
from __future__ import annotations

import sys
from collections.abc import Iterator

from infra.template.cloudformation_yaml import WORKER, load
from tests.simulation.fleet import Template, dollars_an_hour

PROCESSOR_SECONDS = 365
"""Of one genome with known variants: what docs/performance.md has for a tenth of a genome, times ten."""
OTHER_SECONDS = 30
"""Of a job apart from annotation, assumed: finding the job, fetching the input and uploading the results."""
FLEETS = (1, 4, 20, 100)
"""Numbers of annotators; 4 is the default and 100 the most of `LargestWorkerCount`."""
COHORT = 500_000


def rows(worker: Template) -> Iterator[str]:
    """Rows for each size: price, seconds of a genome, genomes per hour of each fleet, dollars, and a whole cohort."""
    disk = worker["Parameters"]["WorkerDiskGiB"]["Default"]
    for name, size in worker["Mappings"]["Size"].items():
        seconds = OTHER_SECONDS + PROCESSOR_SECONDS * 1024 / int(size["Cpu"])
        an_hour = 3600 / seconds
        price = dollars_an_hour(size, disk)
        cells = [
            f"`{name}`", f"{int(size['Cpu']) // 1024}", f"{price:.3f}", f"{seconds:.0f}",
            *(f"{fleet * an_hour:,.0f}" for fleet in FLEETS), f"{1000 * price / an_hour:.2f}",
            f"{COHORT / (FLEETS[-1] * an_hour) / 24:.1f}", f"{COHORT * price / an_hour:,.0f}",
        ]  # fmt: skip
        yield f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.stdout.write("\n".join(rows(load(WORKER))) + "\n")
