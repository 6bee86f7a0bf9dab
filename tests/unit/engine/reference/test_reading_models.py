"""Reading gene models: any graph of parents ends, every faulty row is named by its line, and nothing goes silently."""

from __future__ import annotations

import bz2
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.engine.errors import BundleError
from annotator.engine.reference.build.gene_formats import GeneTable
from annotator.engine.reference.build.gene_tables import read_gene_table
from annotator.engine.reference.build.gff3_lineage import MOST_LEVELS

Read = Callable[[str], GeneTable]
Refused = Callable[[str], str]


def row(
    kind: str, start: object, end: object, text: str, strand: str = "+", phase: str = ".", contig: str = "1"
) -> str:
    return "\t".join([contig, "x", kind, str(start), str(end), ".", strand, phase, text]) + "\n"


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def table(text: str) -> GeneTable:
        path = tmp_path / "models"
        path.write_text(text)
        return read_gene_table(path)

    return table


@pytest.fixture
def refused(read: Read) -> Refused:
    def reason(text: str) -> str:
        with pytest.raises(BundleError) as caught:
            read(text)
        return caught.value.message

    return reason


# Parents


@pytest.mark.parametrize("length", [1, 2, 3, 50])
@pytest.mark.parametrize("with_parts", [True, False])
def test_a_row_that_is_its_own_ancestor(refused: Refused, length: int, with_parts: bool) -> None:
    rows = [row("mRNA", 1, 90, f"ID=t{at};Parent=t{(at + 1) % length}") for at in range(length)]
    parts = row("CDS", 1, 90, "ID=c;Parent=t0", phase="0") if with_parts else ""
    said = refused("##gff-version 3\n" + "".join(rows) + parts)
    assert f"line {length + 1}: " in said  # the last row closes the circle
    assert "own parent" in said if length == 1 else "own ancestor" in said


def test_more_levels_than_anyone_needs(refused: Refused, read: Read) -> None:
    def chain(levels: int) -> str:
        rows = [row("gene", 1, 90, f"ID=t{at};Parent=t{at + 1}") for at in range(levels)]
        return "".join([*rows, row("gene", 1, 90, f"ID=t{levels}"), row("exon", 1, 90, "Parent=t0")])

    assert len(read(chain(MOST_LEVELS)).models) == 1
    assert f"more than {MOST_LEVELS} levels" in refused(chain(MOST_LEVELS + 1))
    assert f"more than {MOST_LEVELS} levels" in refused(chain(100_000))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_gene_and_its_transcript_share_an_id(read: Read, order: tuple[int, int]) -> None:
    rows = [row("gene", 1, 90, "ID=X;Name=XYZ"), row("mRNA", 1, 90, "ID=X;Parent=X")]
    text = "".join(rows[at] for at in order) + row("CDS", 1, 90, "Parent=X", phase="0")
    (one,) = read(text).models
    assert (one.id, one.gene, one.symbol, one.cds) == ("X", "X", "XYZ", [(1, 90)])


def test_empty_ids_and_parents_are_none(read: Read) -> None:
    text = (
        row("gene", 1, 90, "ID=;Name=nothing")
        + row("gene", 101, 190, "ID=g;Parent=")
        + row("mRNA", 101, 190, "ID=t;Parent=g")
        + row("CDS", 101, 190, "ID=;Parent=t", phase="0")
        + row("CDS", 201, 290, "ID=;Parent=;locus_tag=L1", phase="0")
    )
    table = read(text)
    assert [(one.id, one.gene) for one in table.models] == [("t", "g"), ("L1", "L1")]
    assert table.left_out.entries()[0]["first"] == ["nothing"]


def test_the_nearest_gene_counts(read: Read) -> None:
    text = (
        row("operon", 1, 400, "ID=o;Name=operon")
        + row("gene", 1, 90, "ID=gene:a;Name=A;Parent=o")
        + row("mRNA", 1, 90, "ID=transcript:a;Parent=gene:a")
        + row("exon", 1, 90, "Parent=transcript:a")
    )
    (one,) = read(text).models
    assert (one.gene, one.symbol) == ("a", "A")


_IDS = st.sampled_from(["", "a", "b", "c", "d"])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["gene", "mRNA", "tRNA", "exon", "CDS"]), _IDS, _IDS), max_size=8))
def test_any_graph_of_parents_ends(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]]) -> None:
    path = tmp_path_factory.getbasetemp() / "graph.gff3"
    text = [row(kind, 1, 90, f"ID={name};Parent={parent}") for kind, name, parent in rows]
    path.write_text("##gff-version 3\n" + "".join(text))
    said, table = "", GeneTable("")
    try:
        table = read_gene_table(path)
    except BundleError as error:
        said = error.message
    assert not said or "line " in said or "has no rows" in said
    assert sum(int(str(entry["count"])) for entry in table.left_out.entries()) <= len(rows)
    assert len(table.models) <= len(rows)


# Rows at fault

GENE = row("gene", 1, 90, "ID=g") + row("mRNA", 1, 90, "ID=t;Parent=g")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (row("exon", "sixty", 90, "Parent=t"), "line 3: column 4 (start) is 'sixty'; write a whole number"),
        (row("exon", "9" * 5000, 90, "Parent=t"), "line 3: column 4 (start) is '999"),
        (row("exon", 0, 90, "Parent=t"), "line 3: column 4 (start) is '0'"),
        (row("exon", -5, 90, "Parent=t"), "line 3: column 4 (start) is '-5'"),
        (row("exon", "", 90, "Parent=t"), "line 3: column 4 (start) is empty"),
        (row("exon", "١", 90, "Parent=t"), "line 3: column 4 (start) is '١'"),
        (row("exon", 90, 60, "Parent=t"), "line 3: column 4 (start) is 90, behind column 5 (end), which is 60"),
        (row("exon", 1, 1 << 31, "Parent=t"), "line 3: column 5 (end) is '2147483648'"),
        (row("exon", 1, 90, "Parent=t", strand="1"), "line 3: column 7 (strand) is '1'; write +, - or a dot"),
        (row("CDS", 1, 90, "Parent=t", phase="3"), "line 3: column 8 (phase) is '3'; write 0, 1, 2 or a dot"),
        (row("exon", 1, 90, "Parent=u"), "line 3: the row has the parent 'u', which is not there"),
        ("1\tx\texon\n", "line 3: the row has 3 columns"),
        (
            "1 x exon 1 90 . + . Parent=t\n",
            "line 3: the row has 1 column ('1 x exon 1 90 . + . Parent=t'); expected at least 9, se",
        ),
        ("##sequence-region 1 one 90\n", "line 3: ##sequence-region needs"),
        ("##sequence-region 1\n", "line 3: ##sequence-region needs"),
    ],
)
def test_faulty_rows_of_gff3(refused: Refused, bad: str, reason: str) -> None:
    assert reason in refused(GENE + bad)


def test_the_first_row_may_be_the_faulty_one(refused: Refused) -> None:
    assert "line 1: column 7 (strand) is '1'" in refused(row("CDS", 1, 90, "ID=c", strand="1", phase="0"))
    assert "line 1: column 4 (start) is 'x'" in refused(row("CDS", "x", 90, "ID=c", phase="0"))


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (row("exon", 1, 90, 'gene_id "g";'), "line 2: column 9 of a row of kind 'exon' has no transcript_id"),
        (row("exon", 91, 90, 'transcript_id "t";'), "line 2: column 4 (start) is 91, behind column 5"),
        (row("transcript", 1, 90, 'transcript_id "t";', strand="x"), "line 2: column 7 (strand) is 'x'"),
    ],
)
def test_faulty_rows_of_gtf(refused: Refused, bad: str, reason: str) -> None:
    assert reason in refused(row("exon", 1, 90, 'gene_id "g"; transcript_id "t";') + bad)


GENE_PRED = ["t", "1", "+", "0", "90", "0", "90", "1", "0,", "90,"]


@pytest.mark.parametrize(
    ("at", "value", "reason"),
    [
        (2, "x", "line 2: column 4 (strand) is '0'; write + or -"),  # read as a table with a bin
        (5, "none", "line 2: column 6 (cdsStart) is 'none'"),
        (8, "0,50,", "line 2: column 9 (exonStarts) has 2 numbers, column 10 (exonEnds) has 1"),
        (8, "0;", "line 2: column 9 (exonStarts) has '0;', which is not a whole number"),
        (8, "95,", "line 2: an exon starts at 95 (column 9), behind its end at 90 (column 10)"),
    ],
)
def test_faulty_rows_of_gene_pred(refused: Refused, at: int, value: str, reason: str) -> None:
    bad = [*GENE_PRED[:at], value, *GENE_PRED[at + 1 :]]
    assert reason in refused("\t".join(GENE_PRED) + "\n" + "\t".join(bad) + "\n")


@pytest.mark.parametrize(
    "text",
    [
        "1\t0\t90\n",
        "1\t0\t90\tname\t0\t+\n",
        "chr1\t0\t90\tname\t0\t+\t0\t90\t0\t1\t90,\t0,\n",
        "##fileformat=VCFv4.2\n1\t5\t.\tA\tC\t.\t.\t.\n",
        "LOCUS       X 90 bp\n",
        "\x00\x01binary\n",
        "a,b,c,d,e,f,g,h,i\n",
        "a\tb\tc\td\te\tf\tg\th\ti\tj\n",
    ],
)
def test_other_formats_are_refused_with_those_that_are_read(refused: Refused, text: str) -> None:
    said = refused(text)
    assert "line 1: " in said or "line 2: " in said
    assert "GFF3, GTF and UCSC's genePred" in said


def test_files_without_rows_and_other_compressions(read: Read, refused: Refused, tmp_path: Path) -> None:
    assert "has no rows" in refused("##gff-version 3\n")
    (tmp_path / "bz").write_bytes(bz2.compress(b"##gff-version 3\n"))
    with pytest.raises(BundleError, match="compressed with bzip2; supported are GFF3"):
        read_gene_table(tmp_path / "bz")
    (tmp_path / "utf16").write_text("##gff-version 3\n", "utf-16")
    with pytest.raises(BundleError, match="UTF-16"):
        read_gene_table(tmp_path / "utf16")
    (tmp_path / "latin").write_bytes((GENE + row("exon", 1, 90, "Parent=t;Name=caf\xe9")).encode("latin-1"))
    assert len(read_gene_table(tmp_path / "latin").models) == 1


# What is left out


def test_everything_left_out_is_counted_by_reason(read: Read) -> None:
    text = (
        row("gene", 1, 90, "ID=g1")
        + row("pseudogene", 1, 90, "Name=nameless")
        + row("gene", 1, 90, "ID=g2")
        + row("mRNA", 1, 90, "ID=t2;Parent=g2")
        + row("V_gene_segment", 1, 90, "ID=v2;Parent=g2")
        + row("mRNA", 1, 90, "ID=t3;Parent=g2", strand=".")
        + row("exon", 1, 90, "Parent=t3", strand=".")
        + row("mRNA", 1, 90, "ID=t4;Parent=g2")
        + row("exon", 1, 40, "Parent=t4")
        + row("exon", 50, 90, "Parent=t4", strand="-")
        + row("mRNA", 1, 90, "ID=t5;Parent=g2;exception=trans-splicing")
        + row("exon", 50, 90, "Parent=t5")
        + row("exon", 1, 40, "Parent=t5")
        + row("exon", 1, 40, "ID=lonely")
        + "".join(row("exon", 1, 40 + at, "ID=lonely") for at in range(20))
    )
    table = read(text)
    assert table.models == []
    assert {entry["reason"]: (entry["count"], entry["first"]) for entry in table.left_out.entries()} == {
        "gene_without_transcript": (2, ["g1", "nameless"]),
        "transcript_without_exon": (2, ["t2", "v2"]),
        "transcript_without_strand": (1, ["t3"]),
        "parts_on_both_strands": (1, ["t4"]),
        "trans_spliced": (1, ["t5"]),
        "exon_without_parent": (21, ["1:1-40", *(f"1:1-{40 + at}" for at in range(9))]),
    }
    assert table.left_out.lines()[-1].endswith("1:1-48, ...")


def test_a_strand_may_be_that_of_the_transcript(read: Read) -> None:
    (one,) = read(row("mRNA", 1, 90, "ID=t", strand="-") + row("exon", 1, 90, "Parent=t", strand=".")).models
    assert one.strand == "-"


def test_trans_spliced_parts_in_order_are_read(read: Read) -> None:
    text = row("mRNA", 1, 90, "ID=t;exception=trans-splicing", strand="-")
    text += row("exon", 50, 90, "Parent=t", strand="-") + row("exon", 1, 40, "Parent=t", strand="-")
    (one,) = read(text).models
    assert one.exons == [(1, 40), (50, 90)]


def test_what_gtf_leaves_out(read: Read) -> None:
    text = (
        row("gene", 1, 90, 'gene_id "g1";')
        + row("transcript", 1, 90, 'gene_id "g2"; transcript_id "t2";')
        + row("exon", 1, 40, 'gene_id "g3"; transcript_id "t3";')
        + row("exon", 50, 90, 'gene_id "g3"; transcript_id "t3";', strand="-")
    )
    table = read(text)
    assert table.models == []
    assert {entry["reason"]: entry["first"] for entry in table.left_out.entries()} == {
        "gene_without_transcript": ["g1"],
        "transcript_without_exon": ["t2"],
        "parts_on_both_strands": ["t3"],
    }


# What is translated


@pytest.mark.parametrize(
    ("gene", "transcript", "biotype"),
    [
        ("pseudo=true", "", "pseudogene"),
        ("", "pseudo=true", "pseudogene"),
        ("pseudogene=unknown", "", "pseudogene"),
        ("gene_biotype=transcribed_pseudogene", "", "transcribed_pseudogene"),
        ("", "biotype=unprocessed_pseudogene", "unprocessed_pseudogene"),
    ],
)
def test_pseudogenes_are_not_translated(read: Read, gene: str, transcript: str, biotype: str) -> None:
    text = row("gene", 1, 90, f"ID=g;gene_biotype=protein_coding;{gene}")
    text += row("transcript", 1, 90, f"ID=t;Parent=g;{transcript}") + row("CDS", 1, 90, "Parent=t", phase="1")
    (one,) = read(text).models
    assert (one.cds, one.exons, one.phase) == ([], [(1, 90)], 0)
    assert biotype in (one.source_biotype, one.biotype)


@pytest.mark.parametrize("biotype", ["protein_coding", "polymorphic_pseudogene", "translated_processed_pseudogene"])
def test_what_is_translated_all_the_same(read: Read, biotype: str) -> None:
    (one,) = read(row("mRNA", 1, 90, f"ID=t;biotype={biotype}") + row("CDS", 1, 90, "Parent=t", phase="0")).models
    assert one.cds == [(1, 90)]


@pytest.mark.parametrize(("biotype", "coding"), [("polymorphic_pseudogene", True), ("processed_pseudogene", False)])
def test_the_biotype_of_a_transcript_counts_more_than_the_kind_of_its_gene(
    read: Read, biotype: str, coding: bool
) -> None:
    text = row("pseudogene", 1, 90, f"ID=g;biotype={biotype}") + row("mRNA", 1, 90, f"ID=t;Parent=g;biotype={biotype}")
    (one,) = read(text + row("CDS", 1, 90, "Parent=t", phase="0")).models
    assert bool(one.cds) == coding


def test_a_gene_beside_its_coding_sequence_is_not_left_out(read: Read) -> None:
    text = row("gene", 1, 90, "ID=g1;locus_tag=L1") + row("CDS", 1, 90, "ID=c1;locus_tag=L1", phase="0")
    table = read(text + row("gene", 101, 190, "ID=g2;locus_tag=L2"))
    assert [one.id for one in table.models] == ["L1"]
    assert [entry["first"] for entry in table.left_out.entries()] == [["g2"]]


def test_a_pseudogene_of_ncbi_in_gtf(read: Read) -> None:
    (one,) = read(row("CDS", 1, 90, 'gene_id "g"; transcript_id "t"; pseudo "true";', phase="0")).models
    assert (one.cds, one.biotype) == ([], "pseudogene")


def test_rnas_of_bacteria_without_exons(read: Read) -> None:
    text = (
        row("tRNA", 1, 70, "ID=L_1;locus_tag=L_1;product=tRNA-Ala")
        + row("gene", 101, 190, "ID=g;Name=rrs")
        + row("rRNA", 101, 190, "ID=L_2;Parent=g", strand="-")
        + row("tmRNA", 201, 290, "locus_tag=L_3;gene=ssrA")
    )
    table = read(text)
    assert [(one.id, one.symbol, one.biotype, one.strand, one.exons) for one in table.models] == [
        ("L_1", "L_1", "misc_RNA", "+", [(1, 70)]),
        ("L_2", "rrs", "rRNA", "-", [(101, 190)]),
        ("L_3", "ssrA", "misc_RNA", "+", [(201, 290)]),
    ]
    assert table.left_out.entries() == []


def test_several_proteins_of_one_gene_are_several_transcripts(read: Read) -> None:
    text = row("gene", 1, 900, "ID=gene-orf1ab;Name=orf1ab")
    for name, parts in (("YP_1.1", [(1, 300), (300, 900)]), ("YP_2.1", [(1, 309)])):
        text += "".join(
            row("CDS", *part, f"ID=cds-{name};Parent=gene-orf1ab;protein_id={name}", phase="0") for part in parts
        )
    one, two = read(text).models
    assert [(one.id, one.cds, one.slips), (two.id, two.cds, two.slips)] == [
        ("YP_1.1", [(1, 900)], [(300, 300)]),
        ("YP_2.1", [(1, 309)], []),
    ]


def test_rows_of_one_coding_sequence_with_ids_of_their_own(read: Read) -> None:
    text = row("mRNA", 1, 900, "ID=t")
    text += "".join(
        row("CDS", start, start + 89, f"ID=t.CDS.{at};Parent=t", phase="0") for at, start in enumerate((1, 201, 401))
    )
    (one,) = read(text).models
    assert one.cds == [(1, 90), (201, 290), (401, 490)]


def test_ranges_that_are_open_belong_to_the_sequence_not_to_the_strand(read: Read) -> None:
    text = row("gene", 1, 90, "ID=g;start_range=.,1", strand="-")
    text += row("CDS", 1, 90, "ID=c;Parent=g;start_range=.,1;partial=true", strand="-", phase="0")
    (one,) = read(text).models
    assert (one.start_known, one.end_known) == (True, False)


WHOLE = [(1, 300)]


@pytest.mark.parametrize(
    ("strand", "exons", "cds", "slips", "as_read"),
    [
        ("+", WHOLE, [(1, 150), (150, 299)], [(150, 150)], False),  # back by one
        ("+", WHOLE, [(1, 152), (151, 300)], [(152, 151)], False),  # back by two
        ("-", WHOLE, [(1, 150), (150, 299)], [(150, 150)], False),
        ("+", WHOLE, [(1, 150), (152, 300)], [(150, 152)], False),  # on by one, within an exon
        ("-", WHOLE, [(1, 149), (151, 300)], [(151, 149)], False),
        ("-", WHOLE, [(1, 99), (99, 200), (202, 300)], [(202, 200), (99, 99)], False),
        ("+", [], [(1, 150), (150, 299)], [(150, 150)], True),
        ("+", [], [(1, 150), (152, 300)], [(150, 152)], True),
        ("+", [], [(1, 150), (165, 300)], [], False),  # an intron
        ("+", [(1, 150), (150, 300)], [(1, 150), (150, 300)], [(150, 150)], True),
        ("+", [(1, 150), (152, 300)], [(1, 150), (152, 300)], [], False),  # an intron of one base
        ("+", WHOLE, [(1, 150), (151, 300)], [], False),
        ("+", WHOLE, [(1, 150), (1, 150)], [], False),  # the same row twice
    ],
)
def test_where_the_ribosome_slips(
    read: Read,
    strand: str,
    exons: list[tuple[int, int]],
    cds: list[tuple[int, int]],
    slips: list[tuple[int, int]],
    as_read: bool,
) -> None:
    text = row("mRNA", 1, 300, "ID=t", strand=strand)
    text += "".join(row("exon", *part, "Parent=t", strand=strand) for part in exons)
    text += "".join(row("CDS", *part, "ID=c;Parent=t", strand=strand, phase="0") for part in cds)
    (one,) = read(text).models
    assert (one.slips, one.numbered_as_read) == (slips, as_read)


@pytest.mark.parametrize(
    ("gap", "text", "slips"),
    [
        (1, "exception=ribosomal slippage", [(150, 152)]),
        (13, "exception=ribosomal%20slippage%2Ctrans-splicing", [(150, 164)]),
        (14, "exception=ribosomal slippage", []),  # an intron, whatever happens elsewhere
        (1, "exception=RNA editing", []),
    ],
)
def test_a_short_gap_is_a_slip_where_the_source_says_so(
    read: Read, gap: int, text: str, slips: list[tuple[int, int]]
) -> None:
    parts = [(1, 150), (151 + gap, 300)]
    rows = row("mRNA", 1, 300, "ID=t") + "".join(row("exon", *part, "Parent=t") for part in parts)
    rows += "".join(row("CDS", *part, f"ID=c;Parent=t;{text}", phase="0") for part in parts)
    (one,) = read(rows).models
    assert (one.slips, one.numbered_as_read) == (slips, bool(slips))
    assert len(one.exons) == 2 - bool(slips)


def test_a_part_within_another_one_cannot_be_read(read: Read) -> None:
    parts = [(1, 300), (100, 200)]
    table = read(row("mRNA", 1, 300, "ID=t") + "".join(row("CDS", *part, "ID=c;Parent=t", phase="0") for part in parts))
    assert table.models == []
    assert table.left_out.first("coding_part_within_another") == ["t"]


def test_a_sequence_within_the_models_tells_lengths(read: Read) -> None:
    text = "##sequence-region 1 1 12000\n" + row("CDS", 1, 9, "ID=c", phase="0") + "##FASTA\n>1 contig\nACGTA\nACGTA\n"
    assert read(text).lengths == {"1": 10}
