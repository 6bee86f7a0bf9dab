"""Build the bundled reference of SARS-CoV-2, ``reference/SARS-CoV-2``.

A development tool: the bundle it writes is committed, so neither users nor tests run it. Its sources are committed in
``reference/SARS-CoV-2/source``; run it again whenever the format of bundles or the reading of gene models changes::

    python -m reference.build_sars_cov_2

The result depends on the sources and the engine alone: a second run writes the same bytes.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from annotator.engine.files import sha256_of
from annotator.engine.reference.build.bundle_builder import build
from annotator.engine.reference.build.recipe import Recipe
from annotator.engine.reference.bundle import Reference
from reference import catalogue

NAME = "SARS-CoV-2"
DIRECTORY = Path(__file__).parent / NAME
SOURCE = DIRECTORY / "source"
ACCESSION = "NC_045512.2"
FACTS = {
    "version": ACCESSION,
    "licence": "public domain",
    "url": "https://www.ncbi.nlm.nih.gov/nuccore/NC_045512.2",
}

ALPHA, OMICRON = "B.1.1.7", "BA.2"
LINEAGES = (ALPHA, OMICRON)
"""Samples of the sample file: a typical genome of each lineage."""
SUBSTITUTIONS = {
    ALPHA: """C241T C913T C3037T C3267T C5388A C5986T T6954C C14408T C14676T C15279T T16176C A23063T C23271A A23403G
        C23604A C23709T T24506G G24914C C27972T G28048T A28111G GAT28280CTA GGG28881AAC C28977T""",
    OMICRON: """C241T T670G C2790T C3037T G4184A C4321T C9344T A9424G C9534T C9866T C10029T C10198T G10447A C10449A
        C12880T C14408T C15714T C17410T A18163G C19955T A20055G C21618T G21987A T22200G G22578A C22674T T22679C C22686T
        A22688G G22775A A22786C G22813T T22882G G22992A C22995A A23013C A23040G A23055G A23063T T23075C A23403G C23525T
        T23599G C23604A C23854A G23948T A24424T T24469A C25000T C25584T C26060T C26270T C26577G G26709A C26858T A27259C
        GAT27382CTC C27807T A28271T C28311T GGG28881AAC A29510C""",
}
"""REF, position (1-based) and ALT of the substitutions that are characteristic of a lineage: published facts."""
DELETIONS = {
    ALPHA: [(11288, 9), (21765, 6), (21991, 3)],
    OMICRON: [(11288, 9), (21633, 9), (28362, 9), (29734, 26)],
}
"""First deleted base (1-based) and number of deleted bases."""


def changes(lineage: str, sequence: str) -> Iterator[tuple[int, str, str]]:
    """Yield position (1-based), REF and ALT of the changes of a lineage.

    Args:
        lineage: one of :data:`LINEAGES`.
        sequence: of the reference, the first base at index 0.

    Raises:
        ValueError: a REF is not what the reference has.
    """
    for text in SUBSTITUTIONS[lineage].split():
        ref, alt = text.rstrip("ACGT"), text.lstrip("ACGT").lstrip("0123456789")
        ref, pos = ref.rstrip("0123456789"), int(ref.lstrip("ACGT"))
        if sequence[pos - 1 : pos - 1 + len(ref)] != ref:
            raise ValueError(f"{text}: the reference has {sequence[pos - 1 : pos - 1 + len(ref)]}")
        yield pos, ref, alt
    for first, length in DELETIONS[lineage]:
        yield first - 1, sequence[first - 2 : first - 1 + length], sequence[first - 2]


def sample_lines(sequence: str) -> Iterator[str]:
    """Yield a small file to try the service with: the changes of two lineages, with a haploid genotype of each."""
    yield "##fileformat=VCFv4.3"
    yield f"##reference={ACCESSION}"
    yield f"##contig=<ID={ACCESSION},length={len(sequence)}>"
    yield '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">'
    yield "\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *LINEAGES])
    carried = {lineage: set(changes(lineage, sequence)) for lineage in LINEAGES}
    for pos, ref, alt in sorted(set().union(*carried.values())):
        genotypes = [str(int((pos, ref, alt) in carried[lineage])) for lineage in LINEAGES]
        yield "\t".join([ACCESSION, str(pos), ".", ref, alt, ".", "PASS", ".", "GT", *genotypes])


def report(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def build_bundle(out: Path) -> None:
    """Build the bundle with its sample file.

    Args:
        out: directory of the bundle; what else is in it stays.
    """
    recipe = Recipe(
        name=NAME,
        title="SARS-CoV-2, isolate Wuhan-Hu-1",
        assembly=ACCESSION,
        fasta=SOURCE / f"{ACCESSION}.fasta",
        models=SOURCE / f"{ACCESSION}.gff",
        facts={"fasta": FACTS, "gff": FACTS},
    )
    with tempfile.TemporaryDirectory() as directory:
        built = Path(directory) / NAME
        build(recipe, built, report)
        reference = Reference.load(built)
        contig = reference.contig(ACCESSION)
        sequence = reference.sequence().fetch(contig.name, 1, contig.length).decode("ascii")
        sample = built / "sample.vcf"
        sample.write_text("\n".join(sample_lines(sequence)) + "\n", "ascii")
        manifest = json.loads((built / "manifest.json").read_text("utf-8"))
        manifest["sha256"][sample.name] = sha256_of(sample)
        (built / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", "utf-8")
        for path in built.iterdir():
            shutil.copyfile(path, out / path.name)


def main() -> int:
    build_bundle(DIRECTORY)
    return catalogue.main()


if __name__ == "__main__":
    sys.exit(main())
