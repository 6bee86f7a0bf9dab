"""Transcripts written as rows of GFF3, GTF and genePred, in the ways in which programs write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fuzz.choices import Choices

if TYPE_CHECKING:
    from tests.fuzz.model_grammar import Transcript

MORE = ["Note=a%3Bb%2Cc", "Dbxref=GeneID:7,x:y", "Alias=ä", "biotype=protein_coding", "empty=", "product=a b c"]
"""More attributes that a row may have."""
SOURCE = "fuzz"


def phases(one: Transcript) -> dict[tuple[int, int], int]:
    """Phase of each part of a coding sequence."""
    found, done = {}, 0
    for part in one.cds if one.strand == "+" else one.cds[::-1]:
        found[part] = -done % 3
        done += part[1] - part[0] + 1
    return found


def gff3_rows(choose: Choices, transcripts: list[Transcript]) -> list[list[str]]:
    """Rows of GFF3: Ensembl's style, NCBI's, one without genes, and one where gene and transcript share their ID."""
    style = choose.of(["plain", "ensembl", "ncbi", "geneless", "shared"])
    gene_of, name_of = {
        "ensembl": ("gene:{}", "transcript:{}"),
        "ncbi": ("gene-{}", "rna-{}"),
    }.get(style, ("{}", "{}"))
    only = {one.gene for one in transcripts if sum(other.gene == one.gene for other in transcripts) == 1}
    rows = []
    genes: set[str] = set()
    for one in transcripts:
        shared = style == "shared" and one.gene in only
        gene, name = gene_of.format(one.gene), name_of.format(one.gene if shared else one.name)

        def row(kind: str, place: tuple[int, int], text: str, phase: str = ".", one: Transcript = one) -> list[str]:
            text = ";".join([text, *choose.some(MORE, 1)]) if choose.often(20) else text
            return [one.contig, SOURCE, kind, str(place[0]), str(place[1]), ".", one.strand, phase, text]

        if style != "geneless" and one.gene not in genes:
            genes.add(one.gene)
            spans = [other.span for other in transcripts if other.gene == one.gene]
            rows.append(row("gene", (min(spans)[0], max(end for _, end in spans)), f"ID={gene};Name={one.gene}"))
        parent = "" if style == "geneless" else f";Parent={gene}"
        rows.append(row(choose.of(["mRNA", "transcript"]) if one.cds else "lnc_RNA", one.span, f"ID={name}{parent}"))
        rows += [row("exon", exon, f"Parent={name}") for exon in one.exons]
        dotted = choose.often(10)
        rows += [
            row("CDS", part, f"ID=cds-{one.name};Parent={name}", "." if dotted else str(phase))
            for part, phase in sorted(phases(one).items())
        ]
    return rows


def gtf_rows(choose: Choices, transcripts: list[Transcript]) -> list[list[str]]:
    """Rows of GTF, with or without rows of genes and transcripts."""
    whole = choose.often(60)
    rows = []
    genes: set[str] = set()
    for one in transcripts:
        text = f'gene_id "{one.gene}"; transcript_id "{one.name}"; gene_name "N {one.gene}";'

        def row(kind: str, place: tuple[int, int], text: str, phase: str = ".", one: Transcript = one) -> list[str]:
            text += choose.of(["", ' tag "basic"; tag "CCDS";', ' note "a; b";']) if choose.often(20) else ""
            return [one.contig, SOURCE, kind, str(place[0]), str(place[1]), ".", one.strand, phase, text]

        if whole and one.gene not in genes:
            genes.add(one.gene)
            rows.append(row("gene", one.span, f'gene_id "{one.gene}";'))
        if whole:
            rows.append(row("transcript", one.span, text))
        rows += [row("exon", exon, text) for exon in one.exons]
        rows += [row("CDS", part, text, str(phase)) for part, phase in sorted(phases(one).items())]
    return rows


def gene_pred_rows(choose: Choices, transcripts: list[Transcript]) -> list[list[str]]:
    """Rows of genePred: plain, extended, refGene (with a bin) or refFlat (with the gene)."""
    style = choose.of(["plain", "extended", "bin", "flat"])
    comma = "," if choose.often(80) else ""
    rows = []
    for one in transcripts:
        coding = (one.cds[0][0] - 1, one.cds[-1][1]) if one.cds else (one.span[1], one.span[1])
        starts = ",".join(str(start - 1) for start, _ in one.exons) + comma
        ends = ",".join(str(end) for _, end in one.exons) + comma
        columns = [one.name, one.contig, one.strand, str(one.span[0] - 1), str(one.span[1]), *map(str, coding)]
        columns += [str(len(one.exons)), starts, ends]
        if style in ("extended", "bin"):
            by_part = phases(one)
            frames = [next((str(-by_part[part] % 3) for part in by_part if exon[0] <= part[0] <= exon[1]), "-1")
                      for exon in one.exons]  # fmt: skip
            columns += ["0", one.gene, "cmpl", "cmpl", ",".join(frames) + comma]
        before = {"bin": ["585"], "flat": [one.gene]}.get(style, [])
        rows.append([*before, *columns])
    return rows
