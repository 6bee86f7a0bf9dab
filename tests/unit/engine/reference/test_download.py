"""Fetching public files and building a reference from them, against a server on this machine."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from annotator.engine import BundleError, Reference
from annotator.engine.cli.app import main
from annotator.engine.cli.progress import DownloadLines
from annotator.engine.reference.build import download
from annotator.engine.reference.build.download import Fetcher
from annotator.engine.reference.known_variants import open_alleles
from annotator.engine.reference.presets import PublicFile, load_preset, preset_names, read_builds
from annotator.engine.reference.verify import verify
from tests.unit.engine.file_server import FileServer, serving
from tests.unit.engine.small_genome import GENES, gff3, write_fasta

DATA = random.Random(1).randbytes(300_000)
TRIES = 7
"""Requests of one file that are sent when nothing comes."""


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving({"a.bin": DATA, "a.bin.md5": f"{hashlib.md5(DATA).hexdigest()}  ./a.bin\n".encode()}) as state:
        yield state


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that urllib3 would have waited."""
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


@pytest.fixture
def fetcher(tmp_path: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch) -> Fetcher:
    monkeypatch.setattr(download, "BLOCK", 10_000)
    return Fetcher(tmp_path / "files", retries=download.RETRIES.new(backoff_jitter=0))


def left(fetcher: Fetcher) -> list[str]:
    return sorted(path.name for path in fetcher.directory.iterdir())


def test_a_file_is_fetched_once(fetcher: Fetcher, server: FileServer) -> None:
    told: list[tuple[str, int, int | None]] = []
    fetcher.progress = lambda *one: told.append(one)
    one = PublicFile(server.url("a.bin"), "a.bin", size=len(DATA), sha256=hashlib.sha256(DATA).hexdigest())
    assert fetcher.fetch(one).read_bytes() == DATA
    assert fetcher.fetch(one).read_bytes() == DATA
    assert server.gets("a.bin") == [""]
    assert told[-1] == ("a.bin", 300_000, 300_000)
    assert left(fetcher) == ["a.bin", "fetched.json"]
    record = json.loads((fetcher.directory / "fetched.json").read_text())["a.bin"]
    assert (record["size"], record["sha256"]) == (300_000, hashlib.sha256(DATA).hexdigest())
    assert fetcher.version(one) == "Mon, 05 Jan 2026 10:00:00 GMT"


def test_cut_connections_are_taken_up(fetcher: Fetcher, server: FileServer, waits: list[float]) -> None:
    server.cuts = [100_000, 0, 50_000]
    one = PublicFile(server.url("a.bin"), "a.bin", md5_url=server.url("a.bin.md5"))
    assert fetcher.fetch(one).read_bytes() == DATA
    starts = [int(wanted.removeprefix("bytes=").rstrip("-") or 0) for wanted in server.gets("a.bin")]
    assert starts == [0, 100_000, 100_000, 150_000]
    assert waits == [2.0], "a new connection is tried at once, and after a wait when nothing came"


def test_a_later_run_goes_on(fetcher: Fetcher, server: FileServer, tmp_path: Path) -> None:
    server.cuts = [120_000, *[0] * TRIES]
    one = PublicFile(server.url("a.bin"), "a.bin")
    with pytest.raises(BundleError, match=r"a\.bin cannot be fetched: .*IncompleteRead"):
        fetcher.fetch(one)
    assert len(server.gets("a.bin")) == TRIES
    assert left(fetcher) == ["a.bin.part", "a.bin.part.json"]
    assert fetcher.sizes([one]) == {"a.bin": 180_000}
    later = Fetcher(tmp_path / "files")
    assert later.fetch(one).read_bytes() == DATA
    assert server.gets("a.bin")[-1] == "bytes=120000-"


def test_a_file_that_changed_meanwhile_is_fetched_anew(fetcher: Fetcher, server: FileServer) -> None:
    server.cuts = [120_000, *[0] * TRIES]
    one = PublicFile(server.url("a.bin"), "a.bin")
    with pytest.raises(BundleError):
        fetcher.fetch(one)
    server.files["a.bin"] = changed = DATA[::-1]
    server.cuts = []
    assert fetcher.fetch(one).read_bytes() == changed


def test_a_server_without_ranges(fetcher: Fetcher, server: FileServer) -> None:
    server.ranges = False
    server.cuts = [100_000]
    assert fetcher.fetch(PublicFile(server.url("a.bin"), "a.bin")).read_bytes() == DATA


def test_all_bytes_there_but_the_end_not_noted(fetcher: Fetcher, server: FileServer) -> None:
    """The run was stopped between the last byte and the check."""
    one = PublicFile(server.url("a.bin"), "a.bin")
    fetcher.fetch(one)
    record = json.loads((fetcher.directory / "fetched.json").read_text())["a.bin"]
    (fetcher.directory / "a.bin").rename(fetcher.directory / "a.bin.part")
    (fetcher.directory / "a.bin.part.json").write_text(json.dumps(record))
    (fetcher.directory / "fetched.json").unlink()
    assert fetcher.fetch(one).read_bytes() == DATA


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"sha256": "0" * 64}, "its sha256 is"),
        ({"md5": "0" * 32}, "its md5 is"),
        ({"size": 299_999}, "it has 300,000 bytes, not 299,999"),
    ],
)
def test_a_file_that_is_another_one_is_not_kept(
    fetcher: Fetcher, server: FileServer, said: dict[str, str], words: str
) -> None:
    with pytest.raises(BundleError, match=words) as caught:
        fetcher.fetch(PublicFile(server.url("a.bin"), "a.bin", **said))  # type: ignore[arg-type]
    assert caught.value.code == "reference_checksum"
    assert left(fetcher) == []


def test_a_published_checksum_without_the_file(fetcher: Fetcher, server: FileServer) -> None:
    server.files["sums"] = b"SHA256 (b.bin) = 12\n"
    with pytest.raises(BundleError, match=r"has no MD5 of a\.bin"):
        fetcher.fetch(PublicFile(server.url("a.bin"), "a.bin", md5_url=server.url("sums")))


def test_a_busy_server_is_asked_again_and_a_refusal_is_not(
    fetcher: Fetcher, server: FileServer, waits: list[float]
) -> None:
    server.refusals = [503, 429]
    assert fetcher.fetch(PublicFile(server.url("a.bin"), "a.bin")).read_bytes() == DATA
    assert waits == [2.0]
    with pytest.raises(BundleError, match="the server answered 404"):
        fetcher.fetch(PublicFile(server.url("b.bin"), "b.bin"))
    assert server.gets("b.bin") == [""]


@pytest.mark.parametrize(("said", "waited"), [("7", 7), ("86400", 60)])
def test_a_server_that_says_when_to_ask_again(
    fetcher: Fetcher, server: FileServer, waits: list[float], said: str, waited: int
) -> None:
    server.refusals, server.retry_after = [503], said
    assert fetcher.fetch(PublicFile(server.url("a.bin"), "a.bin")).read_bytes() == DATA
    assert waits == [waited]


@pytest.mark.parametrize("said", ["soon", "9" * 5000])
def test_a_server_that_says_nonsense_about_when_to_ask_again(fetcher: Fetcher, server: FileServer, said: str) -> None:
    server.refusals, server.retry_after = [503], said
    with pytest.raises(BundleError, match=r"a\.bin cannot be fetched") as caught:
        fetcher.fetch(PublicFile(server.url("a.bin"), "a.bin"))
    assert caught.value.code == "reference_download"


def test_a_server_that_stays_busy_or_is_not_there(fetcher: Fetcher, server: FileServer) -> None:
    server.refusals = [503] * TRIES
    with pytest.raises(BundleError, match="cannot be fetched: the server answered 503"):
        fetcher.fetch(PublicFile(server.url("a.bin"), "a.bin"))
    assert len(server.gets("a.bin")) == TRIES
    with pytest.raises(BundleError, match=r"cannot be fetched: .*Connection refused"):
        fetcher.fetch(PublicFile("http://127.0.0.1:9/a.bin", "a.bin"))


def test_progress_in_words() -> None:
    now = [0.0]
    lines: list[str] = []
    progress = DownloadLines(lines.append, lambda: now[0])
    for second, done in enumerate((0, 1_000_000, 2_000_000, 30_000_000), start=3):
        now[0] = second
        progress("a.vcf.gz", done, 50_000_000)
    assert lines == ["a.vcf.gz: 2.0 MB of 50.0 MB, 1.0 MB/s, 48 s left"]


@pytest.mark.parametrize("name", ["GRCh37", "GRCh38"])
def test_the_presets_have_all_that_a_build_needs(name: str) -> None:
    preset = load_preset(name)
    parts = {one.part for one in preset.parts}
    assert parts == {"fasta", "gff", "variants", "regions"}
    layers = {one.name for one in preset.parts}
    assert layers >= {"dbSNP", "ClinVar", "gnomAD", "CYTOBAND", "CPG_ISLAND", "SEGDUP", "DGV", "GWAS", "TFBS", "MIRNA"}
    assert all(one.version and one.licence for one in preset.parts)
    assert all(file.url.startswith("https://") for one in preset.parts for file in one.files)
    assert all(one.description and one.columns for one in preset.parts if one.part == "regions")
    assert preset.aliases["NC_000022.11" if name == "GRCh38" else "NC_000022.10"] == "22"
    assert preset.genetic_codes == {"MT": 2}
    assert "gnomAD" not in {one.name for one in preset.chosen([], [])}
    chosen = {one.name for one in preset.chosen(["gnomAD"], ["dbSNP"])}
    assert "gnomAD" in chosen
    assert "dbSNP" not in chosen
    assert set(preset_names()) == {"GRCh37", "GRCh38"}


def test_lengths_tell_builds_apart() -> None:
    builds = read_builds()
    assert all(len(one["lengths"]) == 24 for one in builds.values())
    for other in set(builds) - {"GRCh37"}:
        assert not set(builds["GRCh37"]["lengths"]) & set(builds[other]["lengths"])


@pytest.fixture
def preset(tmp_path: Path, server: FileServer, genome: dict[str, str]) -> Path:
    """A small genome, published: its variants in two files by contig, its bands as a table of UCSC."""
    vcf = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    server.files |= {
        "small.fa.gz": gzip.compress(write_fasta(tmp_path / "small.fa", genome).read_bytes()),
        "small.gff3": gff3(GENES).encode(),
        "v.1.vcf": (vcf + "1\t1015\trs1\tG\tC\t.\t.\t.\n").encode(),
        "v.MT.vcf": (vcf + "MT\t305\trs2\tG\tC\t.\t.\t.\n").encode(),
        "bands.txt.gz": gzip.compress(b"585\tchr1\t0\t5000\tq1\tx\n585\tchr1\t5000\t14000\tq2\ty\n"),
    }
    path = tmp_path / "small.toml"
    path.write_text(f'''
name = "small"
title = "A small genome"
assembly = "small.1"
built = 100_000
genetic_codes = {{ MT = 2 }}
[[files]]
part = "fasta"
name = "sequence"
url = "{server.url("small.fa.gz")}"
version = "1"
licence = "public domain"
[[files]]
part = "gff"
name = "gene models"
url = "{server.url("small.gff3")}"
version = "1"
licence = "public domain"
[[files]]
part = "variants"
name = "rs"
url = "{server.url("v.{contig}.vcf")}"
contigs = ["1", "MT"]
fields = ["ID"]
version = "7"
licence = "CC0"
[[files]]
part = "regions"
name = "BAND"
url = "{server.url("bands.txt.gz")}"
columns = {{ contig = 2, start = 3, end = 4, values = [5] }}
description = "Bands"
version = "2"
licence = "CC0"
default = false
''')
    return path


def test_a_reference_from_the_network(
    preset: Path,
    tmp_path: Path,
    server: FileServer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server.cuts = [1000]
    words = ["reference", "fetch", str(preset), "--out", str(tmp_path / "bundle")]
    assert main([*words, "--plan"]) == 0
    assert not server.gets("small.fa.gz")
    said = capsys.readouterr().out
    assert "BAND" not in said
    assert "rs: " in said
    assert "to fetch, about 100.0 kB for the bundle" in said
    assert main([*words, "--with", "BAND"]) == 0
    reference = Reference.load(tmp_path / "bundle")
    assert verify(reference).failed == []
    assert [layer.name for layer in reference.layers] == ["known variants"]
    assert reference.regions
    assert reference.tracks[0].description == "Bands"
    versions = {source["name"]: source["version"] for source in reference.sources}
    assert versions["rs"] == "7, Mon, 05 Jan 2026 10:00:00 GMT"
    assert [source["from"] for source in reference.sources if source["name"] == "rs"] == ["v.1.vcf", "v.MT.vcf"]
    tables = [open_alleles(reference.layers[0], contig) for contig in ("1", "MT")]
    listed = [list(table.rows_with("rs_ID", pa.array(["rs1", "rs2"]))) for table in tables]
    assert listed == [[(1015, "G", "C", "rs1")], [(305, "G", "C", "rs2")]]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--with", "dbSNP"], "small has no layer dbSNP; it has rs, BAND"),
        (["--cache", "{tmp}/small.toml"], "small.toml"),
    ],
)
def test_what_cannot_be_fetched(
    preset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], reason: str
) -> None:
    words = ["reference", "fetch", str(preset), "--out", str(tmp_path / "bundle")]
    assert main([*words, *(one.replace("{tmp}", str(tmp_path)) for one in options)]) == 1
    assert reason in capsys.readouterr().err


def test_too_little_disk(preset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], server: FileServer) -> None:
    preset.write_text(preset.read_text().replace("built = 100_000", "built = 1_000_000_000_000_000"))
    assert main(["reference", "fetch", str(preset), "--out", str(tmp_path / "bundle")]) == 1
    assert "There is too little free disk for this." in capsys.readouterr().err
    assert not server.gets("small.fa.gz")


def test_presets_that_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.toml").write_text("name = 'x'")
    for name, reason in (("hg99", "known: GRCh37, GRCh38"), (str(tmp_path / "mine.toml"), "mine.toml is not usable")):
        assert main(["reference", "fetch", name]) == 1
        assert reason in capsys.readouterr().err


def test_the_list_tells_what_can_be_fetched(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reference", "list"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("rCRS\tNC_012920.1\t")
    assert "GRCh38\tGRCh38\tHuman genome GRCh38, Ensembl 115 (can be fetched)\n" in said
