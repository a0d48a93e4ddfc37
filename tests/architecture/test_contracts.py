"""The map is guarded by a machine: who imports whom, and what must never be written."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "app" / "pellucid"
SOURCES = sorted(PACKAGE.rglob("*.py"))
LONGEST_MODULE = 400


def test_rooms_import_only_downwards_and_qt_stays_in_its_room() -> None:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as c; c()",
        "--no-cache",
    ]
    environment = {"PYTHONPATH": str(ROOT / "app"), "PATH": "", "COLUMNS": "200"}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"
    assert "4 kept" in run.stdout


RUNS_CODE = {
    "eval", "exec", "compile", "__import__", "builtins.eval", "builtins.exec", "os.system", "os.popen", "yaml.load",
    "subprocess.getoutput", "subprocess.getstatusoutput", "pd.read_pickle", "pandas.read_pickle", "torch.load",
}  # fmt: skip


def _calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def _faults(source: str) -> list[str]:
    """Return what a source does that would let a file run code or a shell read a path."""
    tree, found = ast.parse(source), []
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        found += [
            name for name in names if name.split(".")[0] in {"pickle", "marshal", "shelve", "dill", "yaml"}
        ]
    for name, call in _calls(tree):
        if name in RUNS_CODE or name.startswith(("os.exec", "os.spawn", "runpy.")):
            found.append(name)
        for keyword in call.keywords:
            constant = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
            if keyword.arg in {"shell", "allow_pickle"} and constant is not False:
                found.append(f"{name}({keyword.arg}=…)")
    return found


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "eval('1')",
        "exec(text)",
        "import yaml\nyaml.load(f)",
        "subprocess.run(x, shell=True)",
        "np.load(f, allow_pickle=True)",
        "np.load(f, allow_pickle=flag)",
        "os.system('x')",
        "subprocess.getoutput(x)",
        "__import__(name)",
        "os.execv(path, [])",
    ],
)
def test_the_rule_finds_what_it_is_for(source: str) -> None:
    assert _faults(source)


def test_the_rule_leaves_other_code_alone() -> None:
    plain = "np.load(f, allow_pickle=False)\napp.exec()\nmodel.eval()\nsubprocess.run(['x'])\nre.compile('x')"
    assert _faults(plain) == []


def _by_file(faults: Callable[[str], list[str]]) -> dict[str, list[str]]:
    """Return the files of the package that have faults, with what they are."""
    found = {str(file.relative_to(PACKAGE)): faults(file.read_text(encoding="utf-8")) for file in SOURCES}
    return {name: said for name, said in found.items() if said}


@pytest.mark.hazard("H39")
def test_no_file_can_make_the_program_run_code() -> None:
    assert _by_file(_faults) == {}


def _size_and_purpose(source: str) -> list[str]:
    found = ["too long"] if len(source.splitlines()) > LONGEST_MODULE else []
    if source.strip() and not ast.get_docstring(ast.parse(source)):
        found.append("a module says in one sentence what it is")
    return found


def test_modules_stay_small_and_say_what_they_are() -> None:
    long = "x = 1\n" * (LONGEST_MODULE + 1)
    assert _size_and_purpose(long) == ["too long", "a module says in one sentence what it is"]
    assert len(SOURCES) > 900 and _by_file(_size_and_purpose) == {}


def test_there_is_no_room_without_a_purpose() -> None:
    banned = {"io", "types", "utils", "core", "helpers", "common"}
    assert not {file.stem for file in SOURCES} & banned
    assert not {folder.name for folder in PACKAGE.iterdir() if folder.is_dir()} & banned


def test_the_rules_look_into_every_room() -> None:
    rooms = {file.relative_to(PACKAGE).parts[0] for file in SOURCES if file.parent != PACKAGE}
    assert rooms == {folder.name for folder in PACKAGE.iterdir() if (folder / "__init__.py").is_file()}
    assert {"dicom", "database", "network", "files", "session", "cli"} <= rooms
    inner = {str(file.relative_to(PACKAGE).parent) for file in SOURCES}
    assert {"dicom/writing", "dicom/deidentify", "network/dimse", "network/web"} <= inner
