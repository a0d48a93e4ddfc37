"""Exit codes, sentences, and who gets the arguments."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pellucid.__main__ as entry
from command_line import Run, write_image
from pellucid import paths
from pellucid.cli import COMMANDS, info, report

PRIVATE = "patient Secret^Name"


@pytest.mark.parametrize(
    "arguments",
    [
        ["info"],
        ["info", "a", "b"],
        ["scan", "--bogus"],
        ["convert", "only-one"],
        ["apply"],
        ["stats", "one"],
        ["frobnicate"],
        ["convert", "a", "b", "--format", "bmp"],
    ],
)
def test_wrong_usage_is_2(arguments: list[str], pellucid: Run) -> None:
    result = pellucid(*arguments)
    assert result.code == 2 and result.out == "" and "usage" in result.err


@pytest.mark.parametrize(
    "arguments", [["--help"], ["-h"], ["--version"], *([name, "--help"] for name in COMMANDS[:-1])]
)
def test_help_and_version_are_data(arguments: list[str], pellucid: Run) -> None:
    result = pellucid(*arguments)
    assert result.code == 0 and result.out and result.err == ""


@pytest.mark.parametrize("command", ["scan", "info", "convert", "apply smoothing.gaussian", "stats"])
def test_a_missing_file_is_1_and_named(command: str, pellucid: Run, tmp_path: Path) -> None:
    missing = tmp_path / "gone ünï 头.nii"
    second = [tmp_path / "out.nii"] if command.split()[0] in ("convert", "apply", "stats") else []
    result = pellucid(*command.split(), missing, *second)
    assert result.code == 1 and result.out == "" and "gone ünï 头.nii" in result.err


def test_an_unforeseen_error_is_a_sentence_and_a_log_without_its_text(
    pellucid: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ramp: np.ndarray
) -> None:
    def broken(*_arguments: object) -> None:
        raise ZeroDivisionError(PRIVATE)

    monkeypatch.setattr(info, "describe", broken)
    result = pellucid("info", write_image(tmp_path / "a.nii", ramp))
    log = paths.log_dir() / "pellucid.log"
    assert result.code == 1 and str(log) in result.err and "ZeroDivisionError" in result.err
    assert "in broken" in log.read_text() and PRIVATE not in log.read_text() + result.err


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (MemoryError(), 1)])
def test_stopping_and_lack_of_memory_are_sentences(
    error: BaseException, code: int, pellucid: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raising(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr(info, "run", raising)
    result = pellucid("info", tmp_path)
    assert result.code == code and result.err.startswith("pellucid: ")


@pytest.mark.parametrize(
    ("arguments", "received"),
    [
        (["view", "a.nii", "--screenshot", "b.png"], ["a.nii", "--screenshot", "b.png"]),
        ([], []),
        (["--demo"], ["--demo"]),
        (["./somewhere", "b"], ["./somewhere", "b"]),
        (["image.nii"], ["image.nii"]),
    ],
)
def test_paths_and_view_go_to_the_window(
    arguments: list[str], received: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    monkeypatch.setattr(entry, "window", lambda argv=None: seen.append(list(argv)) or 0)
    assert entry.main(arguments) == 0
    assert seen == [received]


def test_a_folder_called_like_no_command_opens_the_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "chest").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(entry, "window", lambda argv=None: 7)
    assert entry.main(["chest"]) == 7


def test_a_window_without_qt_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pellucid.main", None)
    assert entry.main(["view", "a.nii"]) == 1
    assert capsys.readouterr().err.startswith("pellucid: The window needs Qt")


def test_a_frozen_program_can_start_its_decoders(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    monkeypatch.setattr("pellucid.dicom.worker.main", lambda arguments: seen.append(arguments) or 0)
    assert entry.main(["--child", "7", "x"]) == 0 and seen == [["7", "x"]]


def test_a_frozen_program_can_start_the_processes_of_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr("multiprocessing.freeze_support", lambda: seen.append("asked"))
    assert entry.main(["--version"]) == 0 and seen == ["asked"]


def test_json_has_no_nan_and_no_numpy() -> None:
    value = {"a": [np.float32("nan"), np.int64(3), float("inf")], "b": (Path("x"), None, True)}
    assert json.loads(json.dumps(report.plain(value), allow_nan=False)) == {
        "a": [None, 3, None],
        "b": ["x", None, True],
    }


def test_negative_values_stay_with_their_option() -> None:
    given = ["apply", "x", "--lower", "-1e3", "--box", "-1,2,3", "--flag", "--upper=-2", "-h", "--a", "-b"]
    wanted = ["apply", "x", "--lower=-1e3", "--box=-1,2,3", "--flag", "--upper=-2", "-h", "--a", "-b"]
    assert report.join_negative_values(given) == wanted


def test_a_narrow_terminal_gets_escapes_instead_of_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    report.show("头 ü")
    assert raw.getvalue() == b"\\u5934 \\xfc\n"


def test_a_closed_pipe_is_no_traceback(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[3]
    command = f"{sys.executable} -m pellucid operations --json | true"
    run = subprocess.run(
        ["bash", "-c", command],
        cwd=root / "app",
        capture_output=True,
        text=True,
        check=False,
        env={"PELLUCID_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    assert "Traceback" not in run.stderr and "BrokenPipe" not in run.stderr
