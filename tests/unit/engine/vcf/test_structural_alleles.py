"""Symbolic alleles by what their records say of them: lengths, copy numbers, inserted sequences, tandem repeats."""

from __future__ import annotations

import pytest

from annotator.engine.vcf.structural_alleles import Allele, StructuralRecord, disagreement, mate_of, spans

CONTIG = b"ACGTTGCATTCAGCAGCAGCAGGTACCATGA"
"""CAG five times at 11-22 ... of a contig of 31 bases."""
OLD, NEW = (4, 2), (4, 5)


def fetch(start: int, size: int) -> bytes:
    return CONTIG[start - 1 : start - 1 + size]


def allele(
    alts: str, info: str, *, number: int = 0, pos: int = 10, samples: str | None = None, version: tuple[int, int] = OLD
) -> Allele:
    """An allele of a record at a position of :data:`CONTIG`."""
    of_samples = None if samples is None else samples.replace(" ", "\t").encode()
    given = (pos, fetch(pos, 1), alts.encode().split(b","), info.encode(), of_samples, version, len(CONTIG), fetch)
    return StructuralRecord(*given).allele(number)


@pytest.mark.parametrize(
    ("alts", "info", "version", "expected"),
    [
        ("<DEL>", "END=14", OLD, [4]),
        ("<DEL>", "SVLEN=-4", OLD, [4]),
        ("<DEL>", "SVLEN=4", NEW, [4]),
        ("<DEL>,<DUP>", "END=20;SVLEN=4,10", NEW, [4, 10]),
        ("<DEL>,<DUP>", "END=20;SVLEN=-4,10", OLD, [4, 10]),
        ("<DEL>,T", "SVLEN=4,.", NEW, [4, None]),
        ("<INS>,<DEL>", "SVLEN=300,4", NEW, [None, 4]),
        ("<DEL>", "END=14;SVLEN=-7", OLD, [4]),
        ("<DEL>", "END=14;SVLEN=7", NEW, [7]),
        ("<DEL>", "END=10", OLD, [None]),
        ("<DEL>", "SVLEN=.", NEW, [None]),
        ("<DEL>", "SVLEN=99999999999", OLD, [None]),
        ("<BND>", "END=14", OLD, [None]),
        ("<DEL>,<DUP>", "SVLEN=4,5,6", NEW, [None, None]),
    ],
)
def test_bases_that_each_allele_takes(
    alts: str, info: str, version: tuple[int, int], expected: list[int | None]
) -> None:
    assert spans(alts.encode().split(b","), 10, info.encode(), version) == expected


@pytest.mark.parametrize(
    ("alts", "info", "expected"),
    [
        ("<DEL>", "END=14;SVLEN=-7", (4, 7)),
        ("<DEL>", "END=14;SVLEN=-4", None),
        ("<DEL>,<DUP>", "END=20;SVLEN=4,10", None),
        ("<INS>", "END=10;SVLEN=7", None),
        ("<INS>", "END=14;SVLEN=7", None),
        ("<DEL>", "END=14", None),
        ("<DEL>", "SVLEN=4", None),
    ],
)
def test_end_and_length_that_disagree(alts: str, info: str, expected: tuple[int, int] | None) -> None:
    assert disagreement(alts.encode().split(b","), 10, info.encode()) == expected


def test_a_short_deletion_is_written_out_and_keeps_its_name() -> None:
    assert allele("<DEL>", "END=13") == Allele(b"TCAG", b"T", 13, True, b"<DEL>")
    assert allele("<DEL:ME>", "SVLEN=3") == Allele(b"TCAG", b"T", 13, True, b"<DEL:ME>")


@pytest.mark.parametrize(
    ("info", "exact"),
    [
        ("END=13;IMPRECISE", False),
        ("END=13;IMPRECISE;CIPOS=-5,5", False),
        ("END=13;IMPRECISE;CIPOS=0,0", True),
        ("END=13;SVCLAIM=D", False),
        ("END=13;SVCLAIM=J", True),
        ("END=13;SVCLAIM=DJ", True),
    ],
)
def test_bounds_that_are_not_exact(info: str, exact: bool) -> None:
    found = allele("<DEL>", info)
    assert found.exact == exact
    assert found.alt == (b"T" if exact else b"<DEL>")
    assert allele("<DUP>", info) == Allele(b"T", b"<DUP>", 13, exact)


def test_an_allele_of_unknown_length_has_no_end() -> None:
    assert allele("<DEL>", "SVTYPE=DEL").end == 0
    assert allele("<INS>", "SVLEN=7") == Allele(b"T", b"<INS>", 10)


@pytest.mark.parametrize(
    ("alts", "info", "samples", "version", "expected"),
    [
        ("<CN0>", "END=14", None, OLD, b"<DEL>"),
        ("<CN=0>", "END=14", None, OLD, b"<DEL>"),
        ("<CN1>", "END=14", None, OLD, b"<CNV>"),
        ("<CN2>", "END=14", None, OLD, b"<DUP>"),
        ("<CN12>", "END=14", None, OLD, b"<DUP>"),
        ("<CNV>", "END=14", None, OLD, b"<CNV>"),
        ("<CNV>", "END=14;CN=0", None, OLD, b"<DEL>"),
        ("<CNV>", "END=14;CN=1", None, OLD, b"<DEL>"),
        ("<CNV>", "END=14;CN=2", None, OLD, b"<CNV>"),
        ("<CNV>", "END=14;CN=3", None, OLD, b"<DUP>"),
        ("<CNV>", "SVLEN=4;CN=1", None, NEW, b"<CNV>"),
        ("<CNV>", "SVLEN=4;CN=2", None, NEW, b"<DUP>"),
        ("<CNV>", "SVLEN=4;CN=0.5", None, NEW, b"<DEL>"),
        ("<CNV>", "END=14", "GT:CN 0/1:1", OLD, b"<DEL>"),
        ("<CNV>", "END=14", "GT:CN 0/1:3 0/0:2", OLD, b"<DUP>"),
        ("<CNV>", "END=14", "GT:CN 0/1:3 0/1:1", OLD, b"<CNV>"),
        ("<CNV>", "END=14", "CN 1", OLD, b"<DEL>"),
        ("<CNV>", "END=14", "GT:CN ./.:4", OLD, b"<DUP>"),
        ("<CNV>", "END=14", "GT:CN 1:1", OLD, b"<CNV>"),
        ("<CNV>", "END=14", "GT:CN 0/0:3", OLD, b"<CNV>"),
        ("<CNV>", "END=14", "GT:CN 0/1:.", OLD, b"<CNV>"),
        ("<CNV>", "END=14;SVTYPE=DUP", None, OLD, b"<DUP>"),
        ("<CNV>", "END=14;CN=1e9", None, OLD, b"<CNV>"),
        ("<DEL>", "END=14;CN=3;IMPRECISE", None, OLD, b"<DEL>"),
    ],
)
def test_copy_numbers(alts: str, info: str, samples: str | None, version: tuple[int, int], expected: bytes) -> None:
    found = allele(alts, info, samples=samples, version=version)
    assert (found.alt, found.end) == (expected, 14)
    assert found.exact == (expected == b"<CNV>" == alts.encode())


@pytest.mark.parametrize(
    ("info", "alt"),
    [
        ("SVINSSEQ=GATTACA", b"TGATTACA"),
        ("SEQ=gattaca;END=10", b"TGATTACA"),
        ("SVLEN=7;INSSEQ=GATTACA", b"TGATTACA"),
        ("SEQ=GATNACA", b"<INS>"),
        ("SEQ=.", b"<INS>"),
        ("SVLEN=7", b"<INS>"),
        ("LEFT_SVINSSEQ=GATT;RIGHT_SVINSSEQ=ACA", b"<INS>"),
    ],
)
def test_inserted_sequences(info: str, alt: bytes) -> None:
    found = allele("<INS>", info)
    assert found == Allele(b"T", alt, 10, True, None if alt == b"<INS>" else b"<INS>")


def test_inserted_sequences_of_several_alleles() -> None:
    assert allele("<INS>,<INS:ME>", "SEQ=GA,TTACA", number=1).alt == b"TTTACA"


@pytest.mark.parametrize(
    ("info", "repeat"),
    [
        ("SVLEN=12;RUS=CAG;RUC=6", "CAG" * 6),
        ("SVLEN=12;RN=1;RUS=CAG;RUL=3;RUC=2;RB=6", "CAG" * 2),
        ("SVLEN=12;RUS=CAG;RB=10", "CAGCAGCAGC"),
        ("SVLEN=12;RUS=CAG;RUC=3.3333", "CAGCAGCAGC"),
        ("SVLEN=12;RUS=CAG;CN=0.5", "CAGCAG"),
        ("SVLEN=12;RUS=CAG;RUC=6;CIRUC=0,0", "CAG" * 6),
        ("SVLEN=12;RN=3;RUS=CAG,TG,CAGG;RUC=3,2,1", "CAGCAGCAGTGTGCAGG"),
        ("SVLEN=12;RUS=CAG;RUC=0", ""),
    ],
)
def test_tandem_repeats_are_expanded(info: str, repeat: str) -> None:
    found = allele("<CNV:TR>", info, version=NEW)
    assert found == Allele(b"TCAGCAGCAGCAG", b"T" + repeat.encode(), 22)


def test_each_tandem_repeat_has_its_own_units() -> None:
    info = "SVLEN=12,12;RN=2,1;RUS=CAG,CAA,CAG;RUC=1,2,9"
    assert allele("<CNV:TR>,<CNV:TR>", info, version=NEW).alt == b"TCAGCAACAA"
    assert allele("<CNV:TR>,<CNV:TR>", info, number=1, version=NEW).alt == b"T" + b"CAG" * 9


@pytest.mark.parametrize(
    "info",
    [
        "SVLEN=12;RUS=CAG;RUC=6;CIRUC=-2,2",
        "SVLEN=12;RUL=3;RUC=6",
        "SVLEN=12;RUS=CNG;RUC=6",
        "SVLEN=12;RUS=CAG",
        "SVLEN=12;RUS=CAG;RUC=999999999",
        "SVLEN=12;RUS=CAG;RUC=10001",
        "SVLEN=12;RUS=CAG;RUC=-2",
        "SVLEN=12;RN=0",
        "SVLEN=999;RUS=CAG;RUC=6",
        "SVLEN=12;RN=x;RUS=CAG;RUC=6",
    ],
)
def test_tandem_repeats_that_a_record_leaves_open_stay_symbols(info: str) -> None:
    assert allele("<CNV:TR>", info, version=NEW).alt == b"<CNV:TR>"


@pytest.mark.parametrize(
    ("alt", "info", "expected"),
    [
        ("G[17:198983[", "", (b"17", 198983)),
        ("]HLA-A*01:01:01:7]G", "", (b"HLA-A*01:01:01", 7)),
        ("C[<ctg1>:7[", "", (b"<ctg1>", 7)),
        ("G.", "", None),
        ("<BND>", "CHR2=5;END2=77;END=12", (b"5", 77)),
        ("<TRA>", "CHR2=5;END=77", (b"5", 77)),
        ("<BND>", "CHR2=5", None),
        ("<BND>", "END=5", None),
        ("<DEL>", "CHR2=5;END=77", None),
        ("G", "CHR2=5;END=77", None),
        ("G[17:99999999999[", "", None),
    ],
)
def test_mates_of_breakends(alt: str, info: str, expected: tuple[bytes, int] | None) -> None:
    assert mate_of(alt.encode(), info.encode()) == expected


def test_many_alleles_are_not_written_out_without_a_limit() -> None:
    """A line of a few bytes for each allele does not become a thousand times as long."""
    alts = ",".join(["<CNV:TR>"] * 1000)
    info = f"SVLEN={','.join(['12'] * 1000)};RUS={','.join(['CAG'] * 1000)};RUC="
    assert allele(alts, info + ",".join(["10"] * 1000), version=NEW).alt == b"T" + b"CAG" * 10
    assert allele(alts, info + ",".join(["11"] * 1000), version=NEW).alt == b"<CNV:TR>"
    deletions = ",".join(["<DEL>"] * 10_000)
    assert allele(deletions, "END=13").alt == b"T"
    assert allele(deletions, "END=14").alt == b"<DEL>"
