"""The unit tests of the scripts, run by vitest. One of them compares the page's file checks with the annotator's."""
from __future__ import annotations

import base64
import contextlib
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from annotator.engine.files import GZIP_MAGIC
from annotator.engine.reference.build_detection import detect
from annotator.engine.reference.build_evidence import FileEvidence, read_evidence
from tests.conftest import PROJECT
from tests.file_check_cases import GOOD, HEADER, REFUSED, TAKEN, bgzipped, record, refused_by_the_annotator
from tests.fuzz.references import reference
from tests.fuzz.vcf_grammar import VcfFile, vcf_files

FRONTEND = PROJECT / "frontend"
NEED_A_REFERENCE = {"wrong_build", "no_known_contig"}
BUILDS = {
    "length": b"##contig=<ID=chr1,length=248956422>\n",
    "length of an older build": b"##contig=<ID=1,length=247249719>\n",
    "accession": b"##contig=<ID=NC_000001.10>\n", "reference": b"##reference=file:///data/GRCh38.p14.fa.gz\n",
    "assembly": b"##contig=<ID=20,assembly=b37>\n", "T2T": b"##reference=chm13v2.0.fa\n",
    "two builds": b"##reference=hg19.fa\n##assembly=GRCh38\n", "nothing": b"",
    "length and another name": b"##reference=hg19.fa\n##contig=<ID=chr1,length=248956422>\n",
}
RECORDS = {
    "chr1": b"chr1\t1000\t.\tA\tG\t.\t.\t.\n", "beyond GRCh38": b"1\t249200000\t.\tA\tG\t.\t.\t.\n",
    "mitochondrion": b"chrM\t16569\t.\tA\tG\t.\t.\t.\n", "older mitochondrion": b"MT\t16571\t.\tA\tG\t.\t.\t.\n",
    "virus": b"MN908947.3\t29903\t.\tA\tG\t.\t.\t.\n", "beyond the virus": b"NC_045512.2\t29904\t.\tA\tG\t.\t.\t.\n",
    "accession": b"NC_000022.11\t1000\t.\tA\tG\t.\t.\t.\n", "other contig": b"decoy\t1000\t.\tA\tG\t.\t.\t.\n",
}


def generated(faulty: bool, number: int) -> list[bytes]:
    """Files by the grammar of the specification, valid or with one fault; the same ones in every run."""
    files: list[bytes] = []

    @settings(max_examples=number, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))
    @given(vcf_files(reference("rCRS"), faulty))
    def collect(file: VcfFile) -> None:
        files.append(file.content)

    collect()
    return files


def build_of(evidence: FileEvidence) -> str | None:
    """The build as the page names it."""
    detection = detect(evidence)
    if detection.build is not None:
        return detection.build.build
    return "UCSC's hg19 chrM" if evidence.mitochondrial else None


def cases(directory: Path) -> list[dict[str, Any]]:
    """Files with what the annotator says of them."""
    files = {**{f"refused: {name}": content for name, content in REFUSED.items()},
             **{f"taken: {name}": content for name, content in TAKEN.items()},
             "cut bgzip": bgzipped(HEADER + GOOD * 9, directory)[:-28],
             "bgzip in small blocks": bgzipped(record(b"MT\t300\t.\tA\tG\t.\t."), directory, 7),
             **{f"generated, faulty {at}": content for at, content in enumerate(generated(True, 150))},
             **{f"generated, valid {at}": content for at, content in enumerate(generated(False, 50))},
             **{f"build: {header}, {name}": HEADER.replace(b"#CHROM", lines + b"#CHROM", 1) + line
                for header, lines in BUILDS.items() for name, line in RECORDS.items()}}
    found = []
    for number, (name, content) in enumerate(files.items()):
        path = directory / f"{number}.vcf"
        path.write_bytes(content)
        error = refused_by_the_annotator(path)
        problem = None if error is None or error.code in NEED_A_REFERENCE else {
            key: value for key, value in error.as_dict().items() if key != "code" and value is not None}
        found.append({"name": name, "content": base64.b64encode(content).decode(), "problem": problem,
                      "build": build_of(read_evidence(path)) if problem is None else None, "partial": goes_on(content)})
    return found


def goes_on(content: bytes) -> bool:
    """Whether a file is gzip of which browsers read the first member only."""
    member = zlib.decompressobj(31)
    if not content.startswith(GZIP_MAGIC) or content[12:14] == b"BC":
        return False
    with contextlib.suppress(zlib.error):
        member.decompress(content)
    return bool(member.unused_data)


def test_scripts(tmp_path: Path) -> None:
    if not (FRONTEND / "node_modules").is_dir():
        pytest.fail("the front end's packages are missing: run `make package`")
    files = tmp_path / "cases.json"
    files.write_text(json.dumps(cases(tmp_path)))
    report = tmp_path / "report.json"
    tools = Path(sys.executable).parent
    done = subprocess.run(
        [tools / "npm", "test", "--silent", "--", "--reporter=json", f"--outputFile={report}"], cwd=FRONTEND, text=True,
        env={**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "GAS_CASES": str(files)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert report.is_file(), done.stdout
    found = json.loads(report.read_text())
    failures = [(test["fullName"], *test["failureMessages"]) for file in found["testResults"]
                for test in file["assertionResults"] if test["status"] == "failed"]
    broken = [file["message"] for file in found["testResults"]
              if file["status"] == "failed" and not file["assertionResults"]]
    assert failures + broken == []
    assert found["numPassedTests"] == found["numTotalTests"] > 0
