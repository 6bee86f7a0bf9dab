"""Packaging: what is built again and what is not, and what a broken package is called."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from infra.cli import main
from infra.errors import OperatorError
from infra.template import package
from infra.template.package import Builder, Stamp, files_of

MANIFEST = "chalicelib/web/static/dist/manifest.json"
SAMPLES = [f"chalicelib/web/static/sample/{name}/sample.summary.json" for name in ("SARS-CoV-2", "rCRS")]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project of the same form."""
    texts = {"app.py": "app", "requirements.txt": "x==1", ".chalice/config.json": "{}", "chalicelib/a.py": "a",
             "chalicelib/__pycache__/a.cpython-311.pyc": "junk", "lambdas/submit.py": "s",
             "infra/resources.yaml": "Resources: {}", "infra/functions.yaml": "Functions: {}",
             "frontend/package.json": "{}", "frontend/package-lock.json": "{}", "frontend/src/site.ts": "ts",
             "frontend/node_modules/x/y.js": "y",
             "annotator/engine/cli/app.py": "cli", "reference/rCRS/sample.vcf": "vcf",
             "reference/SARS-CoV-2/sample.vcf": "vcf",
             "docs/annotation.md": "#", MANIFEST: "{}"}
    root = tmp_path / "project"
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch, project: Path) -> list[str]:
    """Stands in for npm, pip and chalice; gives the list of what was run."""
    ran: list[str] = []

    def run(command: list[str], directory: Path, environment: dict[str, str], failure: str, log: Path) -> str:
        name = Path(command[0]).name if Path(command[0]).name in ("npm", "chalice") else command[2]
        ran.append(f"{name} {command[1]}" if name == "npm" else name)
        if name == "annotator":
            Path(command[-1]).with_name("sample.summary.json").write_text("{}")
        if name == "pip":
            Path(command[-1]).mkdir(parents=True)
        if name == "chalice":
            out = Path(command[-1])
            out.mkdir(parents=True)
            names = sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file())
            (out / "deployment.zip").write_text("\n".join(names))
            (out / "sam.yaml").write_text("Resources: {}")
        return ""

    monkeypatch.setattr(package, "_run", run)
    monkeypatch.setattr(package.sys, "platform", "linux")
    monkeypatch.setattr(package.platform, "machine", lambda: "x86_64")
    return ran


@pytest.fixture
def builder(project: Path, tmp_path: Path) -> Builder:
    return Builder(project=project, out=tmp_path / "out", cache=tmp_path / "cache", say=lambda _: None)


def test_only_what_belongs_into_the_functions_is_handed_to_chalice(builder: Builder, tools: list[str]):
    names = builder.build().code.read_text().splitlines()
    assert names == [".chalice/config.json", "app.py", "chalicelib/a.py", MANIFEST, *SAMPLES, "requirements.txt",
                     "vendor/lambdas/submit.py"]
    assert tools == ["npm ci", "npm run", "annotator", "annotator", "pip", "chalice"]


def test_nothing_is_built_again_without_a_change(builder: Builder, tools: list[str]):
    builder.build()
    tools.clear()
    builder.build()
    assert tools == []


@pytest.mark.parametrize(("name", "again"), [
    ("chalicelib/a.py", ["chalice"]),
    ("lambdas/submit.py", ["chalice"]),
    ("infra/resources.yaml", ["chalice"]),
    ("infra/functions.yaml", ["chalice"]),
    ("requirements.txt", ["pip", "chalice"]),
    ("frontend/src/site.ts", ["npm run"]),
    ("docs/annotation.md", ["npm run"]),
    ("annotator/engine/cli/app.py", ["annotator", "annotator"]),
    ("reference/SARS-CoV-2/sample.vcf", ["npm run", "annotator", "annotator"]),
    ("frontend/package-lock.json", ["npm ci", "npm run"]),
    ("frontend/node_modules/x/y.js", []),
])
def test_a_change_builds_what_depends_on_it(builder: Builder, tools: list[str], name: str, again: list[str]):
    builder.build()
    tools.clear()
    (builder.project / name).write_text("Changed: {}")
    builder.build()
    assert tools == again


def test_a_build_that_failed_is_not_taken_for_done(builder: Builder, tools: list[str],
                                                   monkeypatch: pytest.MonkeyPatch):
    builder.build()
    (builder.project / "app.py").write_text("changed")
    working: Callable[..., str] = package._run

    def broken(*_: object) -> str:
        raise OperatorError("no network")

    monkeypatch.setattr(package, "_run", broken)
    with pytest.raises(OperatorError, match="no network"):
        builder.build()
    monkeypatch.setattr(package, "_run", working)
    tools.clear()
    builder.build()
    assert tools == ["chalice"]


def test_a_dependency_without_a_wheel_for_lambda_fails_though_chalice_goes_on(builder: Builder, tools: list[str],
                                                                              monkeypatch: pytest.MonkeyPatch):
    working: Callable[..., str] = package._run
    monkeypatch.setattr(package, "_run", lambda command, *rest: (
        working(command, *rest) + ("\nCould not install dependencies:\ncryptography==50.0.2\n"
                                   if Path(command[0]).name == "chalice" else "")))
    with pytest.raises(OperatorError, match=r"no wheel that Lambda can run: cryptography==50.0.2"):
        builder.build()


def test_a_package_that_is_too_large_fails(builder: Builder, tools: list[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(package, "LARGEST_ZIP", 3)
    with pytest.raises(OperatorError, match="is the limit"):
        builder.build()


def test_another_python_is_refused(builder: Builder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(package, "FUNCTIONS_PYTHON", (2, 7))
    with pytest.raises(OperatorError, match=r"with Python 2\.7"):
        builder.build()


def test_an_incomplete_checkout_is_told(project: Path):
    with pytest.raises(OperatorError, match=r"lambdas/thaw\.py is missing"):
        files_of(project, ["app.py", "lambdas/thaw.py"])


def test_a_tool_that_fails_is_one_line_and_a_log(tmp_path: Path):
    log = tmp_path / "x.log"
    with pytest.raises(OperatorError, match=rf"^`x` failed: no such package\. All that it said is in {log}\.$"):
        package._run(["sh", "-c", "echo looking; echo no such package; exit 3"], tmp_path, {}, "`x` failed", log)
    assert log.read_text() == "looking\nno such package\n"
    with pytest.raises(OperatorError, match="`x` failed"):
        package._run([str(tmp_path / "none")], tmp_path, {}, "`x` failed", log)
    assert package._run(["sh", "-c", "echo $GREETING"], tmp_path, {"GREETING": "hello"}, "x", log) == "hello\n"


@pytest.mark.parametrize(("said", "told"), [
    ("", "it said nothing"),
    (("Traceback:\n  File \"/p/out/build/app.py\", line 16, in <module>\n    import nothere\n"
     "ModuleNotFoundError: No module named 'nothere'\n"),
     "app.py line 16: ModuleNotFoundError: No module named 'nothere'"),
    (("RuntimeError: Unable to import your app.py file:\nFile \"/p/out/build/chalicelib/web/routes/home.py\", line 27\n"
     "  def (\nSyntaxError: invalid syntax"), "chalicelib/web/routes/home.py line 27: SyntaxError: invalid syntax"),
    ("WARNING: slow\nERROR: No matching distribution found for Jinja2==99.1",
     "ERROR: No matching distribution found for Jinja2==99.1"),
    ("npm error code ENOTFOUND\nnpm error network request failed\nnpm error A complete log is in /x",
     "npm error network request failed"),
])
def test_the_line_that_tells_most(said: str, told: str):
    assert package.gist(said) == told


def test_a_stamp_knows_names_and_contents(tmp_path: Path):
    (tmp_path / "a").write_text("1")
    stamp = Stamp(tmp_path / "s", [tmp_path / "a"])
    assert not stamp.fresh
    stamp.keep()
    assert Stamp(tmp_path / "s", [tmp_path / "a"]).fresh
    (tmp_path / "a").rename(tmp_path / "b")
    assert not Stamp(tmp_path / "s", [tmp_path / "b"]).fresh


def test_the_command_line_is_one_line_on_failure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def fails(_: Builder) -> None:
        raise OperatorError("npm is not there.", "Run `make clean-all`.")

    monkeypatch.setattr(Builder, "build", fails)
    assert main(["package"]) == 1
    assert capsys.readouterr().err == "error: npm is not there. Run `make clean-all`.\n"


def test_the_real_sources_are_all_there():
    listed = files_of(package.PROJECT, package._SOURCES)
    assert package.PROJECT / "app.py" in listed
    assert not [path for path in listed if "__pycache__" in path.parts]
