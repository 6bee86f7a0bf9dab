"""The configuration of the genome view: where the sequence and the genes of a result's reference are."""
from __future__ import annotations

from typing import Any

from chalicelib.domain.references import ReferenceInfo
from chalicelib.services import Services
from chalicelib.usecases.jobs.result_links import reference_links
from chalicelib.web.http import assets
from chalicelib.web.site import Site

IGV_STYLES = ("'sha256-ITHmamcImsZ/Je1xrdtDLZVvRSpj1Zokb6uHXORB824='",
              "'sha256-NTwDUA6nIvRRpI2lIBtHJqkV0TlTj4HVmI6vI81fIfM='")
"""igv.js puts two style sheets into the page as soon as it is loaded. The content policy lets these pass, no others;
another version of igv.js may have others, which the browser's complaint in `tests/browser/test_genome.py` names."""


def genome_connections(services: Services) -> tuple[str, ...]:
    """Origins that a page with a genome view reads from."""
    buckets = [services.files.results_bucket, *filter(None, [services.references.bucket])]
    return tuple(services.files.origin(bucket) for bucket in buckets)


def reference_json(services: Services, reference: ReferenceInfo, site: Site) -> dict[str, Any]:
    """A reference for the genome view's script."""
    genome: dict[str, Any] = {"id": reference.name, "name": reference.label}
    links = reference_links(services, reference)
    if links is None:
        def asset(ending: str) -> str:
            return site.path(f"/static/{assets.manifest()[reference.name + ending]}")

        return {**genome, "fasta": {"url": asset(".fa")}, "genes": {"url": asset(".gff3")},
                "names": asset(".names.txt")}
    return {**genome, "fasta": {"url": links.sequence, "index": links.sequence_index,
                              "compressed_index": links.sequence_blocks},
            "genes": {"url": links.genes, "index": links.genes_index}}
