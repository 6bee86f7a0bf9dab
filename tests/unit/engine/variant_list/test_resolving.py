"""Lines of a list on the bundled mitochondrion and on a made-up reference with genes on both strands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from annotator.engine import Reference
from annotator.engine.normalise import Allele
from annotator.engine.variant_list.change import LONGEST, allele_of
from annotator.engine.variant_list.notation import RsNumber, UnresolvedError, parse
from annotator.engine.variant_list.resolve import ListWarning, Resolver
from tests.unit.engine.small_genome import GENES, Gene, gff3, make_genome

Resolve = Callable[[str], Allele]


def resolver(reference: Reference) -> Resolve:
    found, sequence = Resolver(reference), reference.sequence()

    def resolve(text: str) -> Allele:
        described = parse(text)
        assert not isinstance(described, RsNumber)
        change, _ = found.place(described)
        return allele_of(change, reference.contig(change.contig), sequence)

    return resolve


@pytest.fixture(scope="module")
def mitochondrion() -> Resolve:
    return resolver(Reference.load("rCRS"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # MELAS, in every notation
        ("MT:3243:A:G", (3243, b"A", b"G")),
        ("chrM-3243-A-G", (3243, b"A", b"G")),
        ("M 3243 A G", (3243, b"A", b"G")),
        ("NC_012920.1:3242:A:G", (3243, b"A", b"G")),
        ("NC_012920.1:3242:1:G", (3243, b"A", b"G")),
        ("NC_012920.1:m.3243A>G", (3243, b"A", b"G")),
        ("NC_012920.1:g.3243A>G", (3243, b"A", b"G")),
        ("m.3243A>G", (3243, b"A", b"G")),
        ("MT-TL1:n.14A>G", (3243, b"A", b"G")),
        # NARP, in the coding sequence of ATP6 (from 8527)
        ("MT-ATP6:c.467T>G", (8993, b"T", b"G")),
        # one insertion of C into the run at 303-309
        ("MT:309:C:CC", (302, b"A", b"AC")),
        ("m.302_303insC", (302, b"A", b"AC")),
        ("m.309dup", (302, b"A", b"AC")),
        ("m.309dupC", (302, b"A", b"AC")),
        ("NC_012920.1:309::C", (302, b"A", b"AC")),
        ("MT:303:-:C", (302, b"A", b"AC")),
        # the 9-base deletion, and one of two bases
        ("m.8281_8289del", (8270, b"CACCCCCTCT", b"C")),
        ("m.8281_8289del9", (8270, b"CACCCCCTCT", b"C")),
        ("m.523_524del", (513, b"GCA", b"G")),
        ("MT:523:AC:-", (513, b"GCA", b"G")),
        ("m.523_524delinsTT", (523, b"AC", b"TT")),
        # ND6 is on the reverse strand, from 14673
        ("MT-ND6:c.1A>G", (14673, b"T", b"C")),
        # at the ends of the sequence
        ("m.1del", (1, b"GA", b"A")),
        ("m.1G>T", (1, b"G", b"T")),
        ("NC_012920.1:0::T", (1, b"G", b"TG")),
        ("NC_012920.1:16569::A", (16569, b"G", b"GA")),
        # the base before 3108 is unknown (3107, N), so the base after it takes its place
        ("m.3107_3108insA", (3108, b"T", b"AT")),
        ("m.3107del", (3106, b"CN", b"C")),
    ],
)
def test_the_mitochondrion(mitochondrion: Resolve, text: str, expected: Allele) -> None:
    assert mitochondrion(text) == expected


@pytest.mark.parametrize(
    ("text", "reason", "hint"),
    [
        ("MT:3243:C:G", "The line says C, and the reference has A", "this reference"),
        ("NC_012920.1:3243:A:G", "The line says A, and the reference has G", "counts from 0"),
        ("NC_012920.1:m.3243C>G", "The line says C, and the reference has A", "this reference"),
        ("m.3243_3244delAAA", "take in 2 bases, and the line says 3", "positions"),
        ("m.3243_3244del1", "take in 2 bases, and the line says 1", "positions"),
        ("m.3243AG>CC", "take in 1 base, and the line says 2", "positions"),
        ("m.3243A>A", "nothing changes", ""),
        ("MT:3243:A:A", "nothing changes", ""),
        ("m.3243A>N", "not all known", "A, C, G or T"),
        ("m.16570A>G", "outside MT", ""),
        ("MT:0:A:G", "outside MT", ""),
        ("m.16560_10del", "across the origin", "VCF"),
        ("MT-ND1:c.9_6del", "comes after the second", "ascending"),
        ("m.3243insA", "next to each other", "123_124insA"),
        ("m.3243_3245insA", "next to each other", "123_124insA"),
        ("m.3243+1A>G", "a number alone", "transcript"),
        ("1:100:A:G", "no sequence 1", "reference"),
        ("NC_012920.2:m.3243A>G", "no sequence NC_012920.2", "NC_012920.1"),
        ("NM_000059.4:c.68_69del", "no transcript and no gene NM_000059.4", "genomic name"),
        ("MT-TL1:c.14A>G", "does not code", "n."),
        ("MT-TL1:n.-14A>G", "Only c.", ""),
        ("MT-TL1:n.76A>G", "has 75 bases", "genomic name"),
        ("MT-ATP6:c.682A>G", "has 681 bases", "asterisk"),
        ("MT-ATP6:c.467+1A>G", "has none beside", "version"),
    ],
)
def test_lines_that_the_mitochondrion_refuses(mitochondrion: Resolve, text: str, reason: str, hint: str) -> None:
    with pytest.raises(UnresolvedError) as caught:
        mitochondrion(text)
    assert reason in caught.value.reason
    assert hint in caught.value.hint


# PLUS has exons 1001-1060 and 1201-1300, and codes from 1011 to 1240; MINUS has 3001-3100 and 3301-3400, and codes
# from 3340 down to 3051. Each coding sequence has 90 bases, 50 and 40 of them in the two exons.
PLACES = [
    ("PLUS.1:c.1", 1011), ("PLUS.1:c.-10", 1001), ("PLUS.1:c.50", 1060), ("PLUS.1:c.51", 1201), ("PLUS.1:c.90", 1240),
    ("PLUS.1:c.*1", 1241), ("PLUS.1:c.*60", 1300), ("PLUS.1:c.50+1", 1061), ("PLUS.1:c.51-1", 1200),
    ("PLUS.1:c.50+140", 1200), ("PLUS.1:n.1", 1001), ("PLUS.1:n.61", 1201),
    ("MINUS.1:c.1", 3340), ("MINUS.1:c.-60", 3400), ("MINUS.1:c.40", 3301), ("MINUS.1:c.41", 3100),
    ("MINUS.1:c.90", 3051), ("MINUS.1:c.*1", 3050), ("MINUS.1:c.*50", 3001), ("MINUS.1:c.40+1", 3300),
    ("MINUS.1:c.41-1", 3101), ("MINUS.1:n.1", 3400), ("MINUS.1:n.101", 3100),
    ("RNA.1:n.40", 5040), ("RNA.1:n.41", 5101), ("RNA.1:n.40+2", 5042),
]  # fmt: skip


def test_positions_of_transcripts_on_both_strands(
    build: Callable[..., int], tmp_path: Path, genome: dict[str, str]
) -> None:
    assert build() == 0
    resolve = resolver(Reference.load(tmp_path / "bundle"))
    for name, position in PLACES:
        base = genome["1"][position - 1]
        read = base.translate(str.maketrans("ACGT", "TGCA")) if name.startswith("MINUS") else base
        other = "A" if read != "A" else "C"
        written = other.translate(str.maketrans("ACGT", "TGCA")) if name.startswith("MINUS") else other
        assert resolve(f"{name}{read}>{other}") == (position, base.encode(), written.encode()), name


def test_changes_of_a_transcript_on_the_reverse_strand(
    build: Callable[..., int], tmp_path: Path, genome: dict[str, str]
) -> None:
    """Each change as HGVS writes it on MINUS, and the sequence that it makes of the forward strand."""
    assert build() == 0
    bases = genome["1"]
    resolve = resolver(Reference.load(tmp_path / "bundle"))

    def changed(text: str) -> str:
        pos, ref, alt = resolve(text)
        assert bases[pos - 1 : pos - 1 + len(ref)] == ref.decode()
        return bases[: pos - 1] + alt.decode() + bases[pos - 1 + len(ref) :]

    # c.4_6 is 3335-3337, TGG on the transcript and CCA on the forward strand.
    assert bases[3334:3337] == "CCA"
    assert changed("MINUS.1:c.4_6delTGG") == bases[:3334] + bases[3337:]
    assert changed("MINUS.1:c.4_6dup") == bases[:3337] + "CCA" + bases[3337:]
    assert changed("MINUS.1:c.4_6delinsAC") == bases[:3334] + "GT" + bases[3337:]
    assert changed("MINUS.1:c.4_6inv") == bases[:3334] + "TGG" + bases[3337:]
    assert changed("MINUS.1:c.4_5insAAC") == bases[:3336] + "GTT" + bases[3336:]
    # across the intron, and over the border of an exon
    assert changed("MINUS.1:c.40_41del") == bases[:3099] + bases[3301:]
    assert changed("MINUS.1:c.40_40+1insA") == bases[:3300] + "T" + bases[3300:]
    assert changed("MINUS.1:c.39_40+2del") == bases[:3298] + bases[3302:]
    with pytest.raises(UnresolvedError, match="next to each other"):
        resolve("MINUS.1:c.40_41insA")
    with pytest.raises(UnresolvedError, match="comes after"):
        resolve("MINUS.1:c.6_4del")
    with pytest.raises(UnresolvedError, match="only 200 bases"):
        resolve("MINUS.1:c.40+201A>G")
    with pytest.raises(UnresolvedError, match="has none beside"):
        resolve("MINUS.1:c.39+1A>G")
    with pytest.raises(UnresolvedError, match="outside"):
        resolve("MINUS.1:c.-61A>G")


@pytest.fixture
def isoforms(build: Callable[..., int], tmp_path: Path) -> Resolver:
    """Genes P and M with the isoforms PLUS.1, PLUS.3 and PLUSX.1 (canonical), MINUS.1, MINUS.3 and MINUSX.1."""
    models = gff3(GENES)
    for gene in ("PLUS", "MINUS"):
        rows = "\n".join(row for row in models.split("\n") if f"transcript:{gene}.1" in row)
        for name in (f"{gene}.3", f"{gene}X.1"):
            models += rows.replace(f"transcript:{gene}.1", f"transcript:{name}").replace("CDS:", f"CDS:{name}") + "\n"
        models = models.replace(f"Name={gene};", f"Name={gene[0]};")
    models = models.replace("ID=transcript:PLUSX.1;", "ID=transcript:PLUSX.1;tag=Ensembl_canonical;")
    assert build(models=models) == 0
    return Resolver(Reference.load(tmp_path / "bundle"))


@pytest.mark.parametrize(
    ("name", "warning"),
    [
        ("PLUS.1", None),
        ("plusx.1", None),
        ("PLUS.2", "PLUS.2: PLUS.3 was used"),
        ("PLUSX", "PLUSX: PLUSX.1 was used"),
        ("P", None),
        ("p", None),
    ],
)
def test_names_of_transcripts_and_genes(isoforms: Resolver, name: str, warning: str | None) -> None:
    described = parse(f"{name}:c.1A>C")
    assert not isinstance(described, RsNumber)
    change, warned = isoforms.place(described)
    assert (change.contig, change.start) == ("1", 1011)
    assert warned == (warning and ListWarning("transcript_version", warning))


def test_a_gene_without_a_chosen_transcript_is_refused_with_the_choices(isoforms: Resolver) -> None:
    described = parse("M:c.1A>C")
    assert not isinstance(described, RsNumber)
    with pytest.raises(UnresolvedError, match="do not single one out") as caught:
        isoforms.place(described)
    assert "MINUS.1, MINUS.3, MINUSX.1" in caught.value.hint


def test_changes_are_not_longer_than_can_be_written(mitochondrion: Resolve) -> None:
    assert LONGEST > 16569
    assert len(mitochondrion("m.100_16000del")[1]) == 15902


def test_a_transcript_across_the_origin(build: Callable[..., int], tmp_path: Path) -> None:
    """Its positions go on at 1; a change on both sides of the origin cannot be written in VCF."""
    bases = make_genome()["MT"]
    gene = Gene("ACROSS", "MT", "+", ((951, 1050),), 951, 1050)
    options = ("--circular", "MT", "--genetic-code", "MT=2", "--accept-models")
    assert build(*options, models=gff3([gene])) == 0
    resolve = resolver(Reference.load(tmp_path / "bundle"))
    for number, position in ((1, 951), (50, 1000), (51, 1), (100, 50)):
        base = bases[position - 1]
        assert resolve(f"ACROSS.1:c.{number}{base}>{'A' if base != 'A' else 'C'}")[0] == position
    assert resolve("ACROSS.1:c.60_61insAAAA")[0] <= 10
    with pytest.raises(UnresolvedError, match="across the origin"):
        resolve("ACROSS.1:c.50_51del")
