"""Makes the deployment artifact: `python -m infra package` (`make package`).

1. `frontend/` is built into `chalicelib/web/static/dist/`, with the rules that its scripts share with Python
   (`frontend_rules.py`), and the samples annotated into `static/sample/`;
2. what belongs into the functions is copied to `out/build/`, so that no cache or editor file gets into the zip;
3. the rows of `infra/functions.yaml` are added to `infra/resources.yaml`, as `out/service.yaml`;
4. `chalice package --merge-template out/service.yaml` makes `out/package/sam.yaml` and `deployment.zip` of it.

A step whose inputs are the same as last time is left out.
"""
from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from infra.aws.artifact import Artifact
from infra.aws.cloudformation import Say
from infra.errors import OperatorError
from infra.template.frontend_rules import write_rules

PROJECT = Path(__file__).resolve().parents[2]
FUNCTIONS_PYTHON = (3, 11)
"""The runtime that `infra/functions.yaml` names: `chalice package` takes wheels for the Python that it runs under."""
LARGEST_ZIP = 30 * 1024 * 1024
"""Bytes. Lambda takes 50 MB; a smaller package starts faster."""

_SOURCES = ("app.py", "chalicelib", "lambdas", "requirements.txt", ".chalice/config.json")
_TEMPLATE = ("infra/resources.yaml", "infra/functions.yaml")
_MAKERS = tuple(Path(__file__).with_name(name) for name in ("package.py", "service_template.py"))
_NEVER = ("__pycache__", "node_modules", ".DS_Store")
_PLACE = re.compile(r'File ".*/build/((?:app\.py|chalicelib/|vendor/)[^"]*)", line (\d+)')
_CAUSE = re.compile(r"\berror\b(?! (?:code|errno|syscall|path)\b)", re.IGNORECASE)
_NO_WHEEL = "Could not install dependencies"


@dataclass(frozen=True)
class Builder:
    """Builds in one checkout.

    Attributes:
        project: The project's root.
        out: Directory for everything that is made.
        cache: Directory that outlives `out`: downloaded wheels.
    """

    project: Path
    out: Path
    cache: Path
    say: Say

    @property
    def artifact(self) -> Artifact:
        """What `build` makes."""
        return Artifact(self.out / "package")

    def build(self) -> Artifact:
        """Makes the artifact, or leaves it when nothing has changed.

        Raises:
            OperatorError: A tool is missing or failed, or the package came out wrong.
        """
        if sys.version_info[:2] != FUNCTIONS_PYTHON:
            raise OperatorError(
                f"The package must be made with Python {'.'.join(map(str, FUNCTIONS_PYTHON))}, this is "
                f"{platform.python_version()}.", "Run `make clean-all`, then make with PYTHON=python3.11.")
        self.build_frontend()
        self.build_samples()
        inputs = [*files_of(self.project, (*_SOURCES, *_TEMPLATE)), *_MAKERS]
        stamp = Stamp(self.out / "package.stamp", inputs)
        if stamp.fresh and self.artifact.code.is_file() and self.artifact.template.is_file():
            return self.artifact
        self.say("packaging the functions")
        stamp.forget()
        self._copy_sources()
        self._package()
        self._check()
        stamp.keep()
        return self.artifact

    # ---- frontend --------------------------------------------------------------------------------------------
    def build_frontend(self) -> None:
        """Builds styles and scripts with the Node.js of the virtual environment."""
        frontend = self.project / "frontend"
        target = self.project / "chalicelib" / "web" / "static" / "dist"
        write_rules(self.project)
        sources = [path for path in _walk(frontend) if path.relative_to(frontend).parts[0] not in ("tests", "coverage")]
        sources += files_of(self.project, ("docs/annotation.md", "reference"))  # parts of them are pages, too
        packages = Stamp(self.out / "frontend-packages.stamp",
                         [frontend / "package.json", frontend / "package-lock.json"])
        stamp = Stamp(self.out / "frontend.stamp", sources)
        if stamp.fresh and (target / "manifest.json").is_file():
            return
        if not packages.fresh or not (frontend / "node_modules").is_dir():
            self.say("fetching the front end's packages")
            packages.forget()
            self._npm(frontend, ["ci", "--no-audit", "--no-fund"])
            packages.keep()
        self.say("building styles and scripts")
        stamp.forget()
        self._npm(frontend, ["run", "build"])
        if not (target / "manifest.json").is_file():
            raise OperatorError(f"The front end's build left no {target / 'manifest.json'}.",
                                "Look at frontend/build.mjs.")
        stamp.keep()

    def build_samples(self) -> None:
        """Annotates the sample file of each bundled reference, for visitors to see: what the site shows is real."""
        samples = sorted((self.project / "reference").glob("*/sample.vcf"))
        target = self.project / "chalicelib" / "web" / "static" / "sample"
        stamp = Stamp(self.out / "sample.stamp", files_of(self.project, ("annotator/engine", "reference")))
        if stamp.fresh and all((target / one.parent.name / "sample.summary.json").is_file() for one in samples):
            return
        self.say("annotating the samples")
        stamp.forget()
        partial = self.out / "sample"
        shutil.rmtree(partial, ignore_errors=True)
        for sample in samples:
            reference = sample.parent.name
            (partial / reference).mkdir(parents=True)
            _run([sys.executable, "-m", "annotator", "annotate", str(sample), "--reference", reference,
                  "--name", sample.name, "--out", str(partial / reference / "sample.annot.vcf.gz")],
                 self.project, {}, f"annotating the sample of {reference} failed", self.out / "sample.log")
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(partial, target)
        stamp.keep()

    def _npm(self, frontend: Path, arguments: Sequence[str]) -> None:
        tools = Path(sys.executable).parent
        npm = tools / "npm"
        if not npm.exists():
            raise OperatorError(f"npm is not in {tools}.", "Run `make clean-all`, then make again.")
        _run([str(npm), *arguments], frontend, {"PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', '')}"},
             f"`npm {' '.join(arguments)}` failed", self.out / "npm.log")

    # ---- functions -------------------------------------------------------------------------------------------
    @property
    def _build(self) -> Path:
        return self.out / "build"

    def _copy_sources(self) -> None:
        deployments = self._build / ".chalice" / "deployments"  # chalice's own cache of packages
        shutil.rmtree(self._build, ignore_errors=True)
        for source in files_of(self.project, _SOURCES):
            target = self._build / source.relative_to(self.project)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        # Chalice takes vendor/ into the zip; in the project it links to lambdas/, and here it is that.
        (self._build / "vendor").mkdir()
        (self._build / "lambdas").rename(self._build / "vendor" / "lambdas")
        deployments.mkdir(parents=True, exist_ok=True)

    def _package(self) -> None:
        output = self.artifact.directory
        shutil.rmtree(output, ignore_errors=True)
        # cfn-lint, which reads the template, takes a second to import: not for a package that is up to date.
        from infra.template.service_template import service_template
        template = self.out / "service.yaml"
        template.write_text(yaml.safe_dump(service_template(self.project / "infra")), encoding="utf-8")
        chalice = Path(sys.executable).parent / "chalice"
        command = [str(chalice), "--project-dir", str(self._build), "package", "--stage", "gas",
                   "--merge-template", str(template), str(output)]
        # Chalice asks for a region and writes none into the template: any will do.
        said = _run(command, self._build, {"AWS_DEFAULT_REGION": "us-east-1", **self._wheels()},
                    "`chalice package` failed", self.out / "chalice.log")
        if _NO_WHEEL in said:  # chalice goes on without them
            raise OperatorError(f"chalice found no wheel that Lambda can run: {_after(said, _NO_WHEEL)}.",
                                "Pin a version in requirements.txt that has one.")

    def _wheels(self) -> dict[str, str]:
        """Settings with which chalice's pip takes its wheels from a directory that is filled once.

        Only where this machine's wheels are Lambda's; elsewhere chalice fetches them itself at every change.
        """
        if sys.platform != "linux" or platform.machine() != "x86_64":
            return {}
        requirements = self.project / "requirements.txt"
        digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]
        directory = self.cache / f"wheels-{digest}"
        if not directory.is_dir():
            self.say("fetching the functions' packages")
            partial = directory.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            _run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                  "--only-binary=:all:", "--platform", "manylinux2014_x86_64", "--implementation", "cp",
                  "--python-version", "3.11", "--abi", "cp311", "--abi", "abi3", "--abi", "none",
                  "-r", str(requirements), "--dest", str(partial)], self.project, {}, "`pip download` failed",
                 self.out / "pip.log")
            partial.rename(directory)
        return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(directory)}

    def _check(self) -> None:
        self.artifact.check()
        size = self.artifact.code.stat().st_size
        if size > LARGEST_ZIP:
            raise OperatorError(f"The package has {size / 2**20:.1f} MB; {LARGEST_ZIP / 2**20:.0f} MB is the limit.",
                                "See what was added to requirements.txt or chalicelib/.")
        self.say(f"packaged: {size / 2**20:.1f} MB")


class Stamp:
    """Remembers whether the inputs of a step have changed since it last succeeded.

    Args:
        path: Where the inputs' digest is kept.
        inputs: Files.
    """

    def __init__(self, path: Path, inputs: Iterable[Path]) -> None:
        self._path = path
        digest = hashlib.sha256()
        for file in sorted(inputs):
            digest.update(f"{file}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
        self._digest = digest.hexdigest()

    @property
    def fresh(self) -> bool:
        """True when nothing has changed."""
        return self._path.is_file() and self._path.read_text(encoding="ascii") == self._digest

    def keep(self) -> None:
        """The step ended well."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(self._digest, encoding="ascii")

    def forget(self) -> None:
        """The step begins: until it ends well, what it makes is not to be trusted."""
        self._path.unlink(missing_ok=True)


def _walk(directory: Path) -> Iterator[Path]:
    for parent, directories, names in os.walk(directory):
        directories[:] = [name for name in directories if name not in _NEVER]
        yield from (Path(parent) / name for name in names if name not in _NEVER and not name.endswith(".pyc"))


def files_of(project: Path, sources: Iterable[str]) -> list[Path]:
    """Every file of some files and directories.

    Raises:
        OperatorError: One is missing.
    """
    found: list[Path] = []
    for source in sources:
        path = project / source
        if not path.exists():
            raise OperatorError(f"{source} is missing.", "The checkout is not complete.")
        found += _walk(path) if path.is_dir() else [path]
    return found


def _run(command: Sequence[str], directory: Path, environment: dict[str, str], failure: str, log: Path) -> str:
    """Runs a tool and gives what it said.

    Args:
        failure: What to say when it fails.
        log: File that takes all that it said.

    Raises:
        OperatorError: It is not there, or failed.
    """
    try:
        done = subprocess.run(command, cwd=directory, env={**os.environ, **environment}, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    except OSError as error:
        raise OperatorError(f"{failure}: {error}.") from error
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(done.stdout, encoding="utf-8")
    if done.returncode != 0:
        raise OperatorError(f"{failure}: {gist(done.stdout)}.", f"All that it said is in {log}.")
    return done.stdout


def gist(said: str) -> str:
    """The most informative line of a failed tool's output, and the place in our code when a traceback names one."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if not lines:
        return "it said nothing"
    if lines[-1].startswith("npm "):  # the cause comes first, and then npm's advice
        return next((line for line in lines if _CAUSE.search(line)), lines[-1])
    places = [match for line in lines if (match := _PLACE.search(line))]
    return f"{places[-1][1]} line {places[-1][2]}: {lines[-1]}" if places else lines[-1]


def _after(text: str, mark: str) -> str:
    """The line after the one with a mark."""
    lines = text[text.index(mark):].splitlines()
    return lines[1].strip() if len(lines) > 1 else "see above"


def default_builder(say: Say) -> Builder:
    """Builds this checkout, into `out/`."""
    return Builder(project=PROJECT, out=PROJECT / "out", cache=PROJECT / ".gas" / "cache", say=say)
