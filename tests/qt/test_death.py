"""H34: a window that dies leaves nothing of a patient behind: no dump, no log, no file, no message."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from dicom_making import save, slice_dataset
from pellucid.files.archives import erase_left_over

resource = pytest.importorskip("resource")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and maps of a process are read from /proc")
ROOT = Path(__file__).resolve().parents[2]
PLANTED = {"PatientName": "Zqfamily^Zqgiven", "PatientID": "ZQ770815", "PatientBirthDate": "19310817",
           "SeriesDescription": "Axial Zqfamily", "InstitutionName": "Zqhospital"}  # fmt: skip
SIGNS = ("zq", "19310817")
DYING = """
import os, sys
from pathlib import Path
from PySide6.QtCore import QTimer
import pellucid.__main__ as program
import pellucid.main as composing

make = composing.make_window

def made(settings):
    window = make(settings)
    session = window.session

    def look():
        from pellucid.dicom.child import default_pool
        if not session.document.layers or session.jobs.running or len(default_pool().pids) < 2:
            return QTimer.singleShot(50, look)
        for pid in ("self", *default_pool().pids):
            print("LIMIT:", Path(f"/proc/{pid}/limits").read_text().split("Max core file size")[1].split()[:2],
                  Path(f"/proc/{pid}/coredump_filter").read_text().strip(), flush=True)
            print("SEEN:", *Path(f"/proc/{pid}/cmdline").read_bytes().decode().split(chr(0))[1:], flush=True)
        window.files.copy_picture(layout=True)
        END

    QTimer.singleShot(50, look)
    return window

composing.make_window, composing.has_display = made, lambda: True
settings = sys.argv.pop(1)
program.main(["view", settings])
"""
ENDS = {
    "fault": "import ctypes; ctypes.string_at(8)",
    "killed": "os.kill(os.getpid(), 9)",
}


def died(tmp_path: Path, opened: Path, end: str) -> tuple[subprocess.CompletedProcess[str], Path]:
    """Let a window die in a folder of its own, where dumps would go; return what it said and the folder."""
    here = tmp_path / "here"
    for name in ("tmp", "home", "profile"):
        (here / name).mkdir(parents=True)
    (here / "profile" / "config").mkdir()
    (here / "profile" / "config" / "settings.json").write_text('{"schema_version": 1, "keep_recent": false}')
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    environment = os.environ | {
        "PYTHONPATH": str(ROOT / "app"), "PELLUCID_HOME": str(here / "profile"), "HOME": str(here / "home"),
        "TMPDIR": str(here / "tmp"), "QT_QPA_PLATFORM": "offscreen", "PYTHONFAULTHANDLER": "1",
        "PYTHONWARNINGS": "ignore",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", DYING.replace("END", ENDS[end]), str(opened)], cwd=here, env=environment,
        capture_output=True, text=True, check=False, timeout=240,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (hard, hard)),
    )  # fmt: skip
    return done, here


def traces(folder: Path) -> list[str]:
    found = []
    for path in folder.rglob("*"):
        said = str(path.relative_to(folder)) + (path.read_bytes().decode("latin-1") if path.is_file() else "")
        found += [f"{path.relative_to(folder)}: {sign}" for sign in SIGNS if sign in said.lower()]
    return found


@pytest.mark.hazard("H34")
@pytest.mark.parametrize("end", ENDS)
def test_a_window_that_dies_leaves_no_identity(tmp_path: Path, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    slices = [slice_dataset(np.full((8, 8), n, np.int16), number=n, position=(0, 0, n), **PLANTED) for n in range(3)]
    files = save(tmp_path / "in", slices)
    opened = tmp_path / "study.zip"
    with zipfile.ZipFile(opened, "w") as archive:
        for file in files:
            archive.write(file, f"Zqfamily/{file.name}")
    done, here = died(tmp_path, opened, end)
    expected = {"fault": signal.SIGSEGV, "killed": signal.SIGKILL}[end]
    assert done.returncode == -expected, done.stderr
    assert done.stdout.count("LIMIT: ['0', '0'] 00000000") == done.stdout.count("LIMIT: ") >= 3, done.stdout
    assert done.stdout.count("SEEN: ") >= 3 and "study.zip" in done.stdout
    assert (end == "killed") == ("most recent call first" not in done.stderr), "the traceback of a fatal error is said"
    assert not any(sign in (done.stdout + done.stderr).lower() for sign in SIGNS)
    assert not [path for path in here.rglob("*") if path.name.startswith("core") and path.stat().st_size > 1 << 16]
    unpacked = here / "profile" / "cache" / "unpacked"
    assert any(unpacked.rglob("000001")), "nothing was unpacked, so nothing could be left"
    assert {path.stat().st_mode & 0o077 for path in (here / "profile" / "cache", unpacked, *unpacked.iterdir())} == {0}
    monkeypatch.setenv("PELLUCID_HOME", str(here / "profile"))
    erase_left_over()  # as the next start does
    assert list(unpacked.iterdir()) == [] and traces(here) == []
