"""The samples: a result of each bundled reference for visitors to look into, annotated when the site was built."""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """A sample file and what the pages say of it.

    Attributes:
        reference: Name of the bundled reference, and of the folder that has the sample's results.
        title: What the file is of, in a few words.
        about: What is in it, in a sentence.
    """

    reference: str
    title: str
    about: str


SAMPLES: dict[str, Sample] = {one.reference: one for one in (
    Sample("rCRS", "Human mitochondrion", "Variants of the human mitochondrion that are known from patients and "
           "populations (MITOMAP), annotated by GAS like any other file."),
    Sample("SARS-CoV-2", "SARS-CoV-2", "Changes that are characteristic of two lineages of SARS-CoV-2, B.1.1.7 "
           "(Alpha) and BA.2 (Omicron), annotated by GAS like any other file."),
)}
"""By reference; the first one is that of the page `/sample`."""
FILE_NAME = "sample.vcf"
