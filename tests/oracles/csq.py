"""``bcftools csq``, which pysam contains: terms, and amino acids before and after."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pysam

from annotator.engine import bcftools_child
from tests.oracles.genomes import Genome
from tests.oracles.program import FLANKS, SUBFIELDS, Answers, Program, Values
from tests.oracles.variants import Variant, write_vcf

NOT_IN_CSQ = {"splice_polypyrimidine_tract_variant", "coding_transcript_variant"}
BY_GENE = {"intron_variant", "splice_polypyrimidine_tract_variant"}
"""Terms beside which csq says nothing, or only something of the gene."""
NON_CODING = {"non_coding_transcript_exon_variant", "non_coding_transcript_variant"}
NAMES = {
    "protein_altering_variant": "inframe_altering", "5_prime_UTR_variant": "5_prime_utr",
    "3_prime_UTR_variant": "3_prime_utr", "splice_donor_5th_base_variant": "splice_region",
    "splice_donor_region_variant": "splice_region",
}  # fmt: skip
"""csq's names of terms, where they are not those of the Sequence Ontology without ``_variant``."""
SITES = {"splice_acceptor", "splice_donor"}
SIZES = {"feature_truncation", "feature_elongation"}
"""What csq says of alleles that replace bases by others, which tells their lengths only."""
CONSEQUENCE, AMINO_ACIDS, PROTEIN_POSITION = map(SUBFIELDS.index, ("Consequence", "Amino_acids", "Protein_position"))


class Csq(Program):
    """``bcftools csq``, record by record (``--local-csq``)."""

    name = "bcftools csq"
    fields = ("terms", "amino_acids")

    def version(self) -> str:
        return str(pysam.version.__bcftools_version__)  # type: ignore[attr-defined]

    def ask(self, genome: Genome, found: list[Variant], folder: Path) -> Iterator[Answers]:
        vcf, models, out = write_vcf(folder / "csq.vcf", genome, found), folder / "csq.gff3", folder / "csq.out.vcf"
        models.write_text(with_utrs(genome), "utf-8")
        code = ["-C", str(genome.code)] if genome.code != 1 else []
        words = ["csq", "-f", str(genome.fasta), "-g", str(models), *code, "-l", "-s", "-", "-n", "256", "-B", "4096"]
        words += ["-v", "0", "--force", "-Ov", "-o", str(out), str(vcf)]
        subprocess.run(bcftools_child.command(*words), check=True, capture_output=True)
        with out.open(encoding="ascii") as lines:
            for line in lines:
                if not line.startswith("#"):
                    yield _answers(genome, line.split("\t", 8)[7].rstrip("\n").partition("BCSQ=")[2])

    def ours(self, genome: Genome, name: str, entry: Values) -> Values | None:
        terms = _in_words_of_csq(entry[CONSEQUENCE])
        if not terms:
            return None
        return terms, _change(terms, entry[AMINO_ACIDS], entry[PROTEIN_POSITION], genome.proteins.get(name, ""))


def with_utrs(genome: Genome) -> str:
    """The gene models with rows for UTRs: csq reports UTRs only where the models have them."""
    text = genome.models.read_text("utf-8")
    if "five_prime_UTR" in text:
        return text
    rows = [text.rstrip("\n")]
    for one in genome.transcripts.values():
        if not one.coding:
            continue
        first, last = one.coding[0][0], one.coding[-1][1]
        before, behind = ("three", "five") if one.reverse else ("five", "three")
        for start, end in one.exons:
            for kind, low, high in ((before, start, min(end, first - 1)), (behind, max(start, last + 1), end)):
                if low <= high:
                    columns = [genome.contig, "made", f"{kind}_prime_UTR", low, high, ".", one.strand, "."]
                    rows.append("\t".join([*map(str, columns), f"Parent=transcript:{one.name}"]))
    return "\n".join(rows) + "\n"


def _answers(genome: Genome, field: str) -> Answers:
    """Answers in a BCSQ field."""
    found = {}
    for entry in field.split(","):
        values = entry.split("|")
        if len(values) < 3 or not values[2]:
            continue
        terms = _in_words_of_csq(values[0].lstrip("*"))
        change = re.fullmatch(r"(\d+)([A-Z*]+)(?:>\1([A-Z*?]*))?", values[5]) if len(values) > 5 else None
        text = position = ""
        if change:
            # csq counts from the first whole codon.
            position = str(int(change[1]) + bool(genome.transcripts[values[2]].phase))
            text = change[2] if change[3] is None else f"{change[2]}/{change[3]}"
        if terms:
            found[values[2]] = (terms, _change(terms, text, position, genome.proteins[values[2]]))
    return found


@cache
def _in_words_of_csq(text: str) -> str:
    """Terms in alphabetical order, as csq names them; "" where it has no answer for a transcript.

    Beside the term of a splice site, what else is said of a change is left out: what becomes of the protein is unknown,
    and the programs differ in what they call that.
    """
    given = set(text.split("&"))
    if given & (FLANKS | NON_CODING) or given <= BY_GENE | {"NMD_transcript_variant"}:
        return ""
    terms = {NAMES.get(one, one.removesuffix("_variant")) for one in given - NOT_IN_CSQ} - SIZES
    return "&".join(sorted(terms & SITES or (terms - {"intron"} if "splice_region" in terms else terms)))


@cache
def _change(terms: str, amino_acids: str, position: str, protein: str) -> str:
    """What changes in the protein, as ``121 S>Y``: without what both sides share, and as far to the left as possible.

    Args:
        terms: in csq's words.
        amino_acids: before and after.
        position: of the first, and of the last after a hyphen.
        protein: of the transcript, without the stop.

    Returns:
        "=" where nothing changes; "" after a frameshift, beside a splice site, and where nothing is given.
    """
    before, slash, after = amino_acids.partition("/")
    first = position.partition("-")[0]
    if not first.isdigit() or "X" in amino_acids or "frameshift" in terms or SITES & set(terms.split("&")):
        return ""
    at = int(first) + (before == "-")  # an insertion has the position before it
    before, after = before.strip("-"), after.strip("-")
    if not slash or before == after:
        return "="
    if "?" in after:
        return "?"
    if "*" in after:
        after = after.partition("*")[0] + "*"
    while before and after and before[-1] == after[-1]:
        before, after = before[:-1], after[:-1]
    while before and after and before[0] == after[0]:
        at, before, after = at + 1, before[1:], after[1:]
    text = before or after
    while not (before and after) and at > 1 and protein[at - 2 : at - 1] == text[-1:]:
        at, text = at - 1, text[-1] + text[:-1]
    if not before:
        after = text
    elif not after:
        before = text
    return f"{at} {before}>{after}"
