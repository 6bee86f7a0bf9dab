"""Write ``chalicelib/references.json``, the catalogue of the bundled references, from their manifests.

Run it after a manifest has changed::

    python -m reference.catalogue

The recipes of the references call it, so that the catalogue always lists what is bundled.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from annotator.engine.reference.bundle import reference_names
from chalicelib.aws.s3.references import BUNDLED
from chalicelib.domain.references import ReferenceInfo

DIRECTORY = Path(__file__).parent


def entries() -> list[dict[str, object]]:
    """Return the entry of each bundle in ``reference/``, in alphabetical order."""
    manifests = [
        json.loads((DIRECTORY / name / "manifest.json").read_text("utf-8")) for name in reference_names([DIRECTORY])
    ]
    return [ReferenceInfo.of_manifest(manifest).to_entry() for manifest in manifests]


def main() -> int:
    BUNDLED.write_text(json.dumps(entries(), indent=2, ensure_ascii=False) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
