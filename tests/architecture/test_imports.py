"""What is loaded when: the window starts without heavy libraries, the command line without Qt."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"SimpleITK", "pydicom", "scipy", "skimage", "tifffile", "imagecodecs", "PIL", "dask", "distributed", "pyarrow",
         "vtk", "vtkmodules"}
AFTER_FIRST_PAINT = {"pyqtgraph"}
"""What the window needs a moment later: plots are made when the rest is on the screen."""
QT = {"PySide6", "PyQt5", "PyQt6", "pyqtgraph", "superqt", "qtawesome", "qtpy"}


def loaded(code: str, home: Path) -> set[str]:
    """Return the top-level modules that are loaded after ``code`` ran in a fresh interpreter."""
    script = (
        f"{code}\nimport json, sys\nprint(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    )
    environment = os.environ | {
        "PYTHONPATH": str(ROOT / "app"),
        "PELLUCID_HOME": str(home),
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONWARNINGS": "ignore",
    }
    run = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stdout.splitlines()[-1]))


@pytest.mark.parametrize("module", ["pellucid.session", "pellucid.main", "pellucid.cli"])
def test_starting_loads_no_heavy_library(module: str, tmp_path: Path) -> None:
    assert loaded(f"import {module}", tmp_path) & HEAVY == set()


FIRST_PAINT = """
import os, sys, json
from PySide6.QtCore import QEvent, QObject
from pellucid.main import make_application, make_window
from pellucid.settings import Settings
app = make_application()
window = make_window(Settings())
at_first_paint = []
class Watch(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            at_first_paint.extend(sys.modules)
            app.quit()
        return False
watch = Watch()
window.canvas.installEventFilter(watch)
window.show()
app.exec()
print(json.dumps(sorted({name.split(".")[0] for name in at_first_paint})), flush=True)
os._exit(0)
"""


def test_nothing_heavy_is_loaded_before_the_window_is_painted(tmp_path: Path) -> None:
    at_first_paint = loaded(FIRST_PAINT, tmp_path)
    assert "pellucid" in at_first_paint and at_first_paint & (HEAVY | AFTER_FIRST_PAINT) == set()


def test_panels_that_wait_are_made_by_themselves(tmp_path: Path) -> None:
    code = """
from PySide6.QtCore import QTimer
from pellucid.main import make_application, make_window
from pellucid.settings import Settings
app = make_application()
window = make_window(Settings())
assert not window.docking.is_made("Histogram")
window.show()
QTimer.singleShot(1500, app.quit)
app.exec()
assert window.docking.is_made("Histogram")
import json, os, sys
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})), flush=True)
os._exit(0)
"""
    assert "pyqtgraph" in loaded(code, tmp_path)


@pytest.mark.parametrize("module", ["pellucid", "pellucid.__main__", "pellucid.session", "pellucid.cli"])
def test_qt_is_loaded_by_the_window_only(module: str, tmp_path: Path) -> None:
    assert loaded(f"import {module}", tmp_path) & QT == set()


def test_the_package_itself_loads_next_to_nothing(tmp_path: Path) -> None:
    assert loaded("import pellucid", tmp_path) & (HEAVY | {"numpy", "pydantic", "psygnal"}) == set()


def test_the_package_chooses_the_qt_of_the_wrappers(tmp_path: Path) -> None:
    check = (
        "import os; os.environ.pop('QT_API', None)\nimport pellucid\nassert os.environ['QT_API'] == 'pyside6'"
    )
    loaded(check, tmp_path)


COMMANDS = [
    ["scan", "{folder}", "--json"],
    ["info", "{image}", "--json"],
    ["convert", "{image}", "{out}.nrrd"],
    ["convert", "{folder}", "{out}", "--all"],
    ["operations", "--json"],
    ["operations", "smoothing.gaussian"],
    ["apply", "smoothing.gaussian", "{image}", "{out}.mha", "--sigma", "1"],
    ["stats", "{image}", "{image}", "--csv", "{out}.csv"],
    ["surface", "{labels}", "{out}.stl"],
    ["recipes", "--json"],
    ["run", "{recipe}", "{image}", "{out}.nrrd"],
    ["batch", "{recipe}", "{folder}", "--out", "{out}", "--workers", "1"],
]


ONE_AFTER_ANOTHER = """
import sys
from pellucid.__main__ import main
if __name__ == '__main__':
    for command in {commands!r}:
        assert main(command) == 0, command
        met = {qt!r} & {{name.split(".")[0] for name in sys.modules}}
        assert not met, f"{{command}} loads {{met}}"
"""


def test_no_command_but_view_loads_qt(tmp_path: Path) -> None:
    import numpy as np
    import SimpleITK as sitk

    folder = tmp_path / "in"
    folder.mkdir()
    sitk.WriteImage(
        sitk.GetImageFromArray(np.arange(60, dtype=np.int16).reshape(3, 4, 5)), folder / "image.nii"
    )
    blob = np.zeros((4, 5, 6), np.uint8)
    blob[1:3, 1:4, 1:5] = 1
    sitk.WriteImage(sitk.GetImageFromArray(blob), tmp_path / "labels.nii")
    recipe = tmp_path / "recipe.json"
    recipe.write_text('{"version": 2, "steps": [{"operation": "intensity.invert"}]}')
    places = {"folder": folder, "image": folder / "image.nii", "labels": tmp_path / "labels.nii", "recipe": recipe}
    commands = [
        [part.format(**places, out=tmp_path / f"out{n}") for part in command] for n, command in enumerate(COMMANDS)
    ]
    code = ONE_AFTER_ANOTHER.format(commands=commands, qt=QT)
    assert loaded(code, tmp_path / "home") & QT == set()
