"""Whether the 3-D view can be drawn: VTK is an extra, and a broken graphics driver may end the process that asks it."""

from __future__ import annotations

import importlib
import importlib.util
import os
import subprocess
import sys

from pellucid.language import tr

MODULES = (
    "vtkmodules.vtkRenderingOpenGL2", "vtkmodules.vtkRenderingVolumeOpenGL2", "vtkmodules.vtkRenderingVolume",
    "vtkmodules.vtkRenderingAnnotation", "vtkmodules.vtkFiltersSources", "vtkmodules.util.numpy_support",
)  # fmt: skip
_PROBE = """
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow
import vtkmodules.vtkRenderingOpenGL2
window = vtkRenderWindow()
window.SetShowWindow(False)
window.SetOffScreenRendering(True)
window.SetSize(16, 16)
window.AddRenderer(vtkRenderer())
window.Render()
raise SystemExit(0 if window.SupportsOpenGL() else 3)
"""
_PATIENCE = 60.0
_state: dict[str, str] = {}


def missing() -> str:
    """Return what to install where VTK is not, else an empty text."""
    try:
        there = importlib.util.find_spec("vtkmodules") is not None
    except (ImportError, ValueError):
        there = False
    return "" if there else tr('The 3-D view needs VTK, which is not installed. Install it: pip install "pellucid[3d]"')


def why_not() -> str:
    """Return why nothing can be drawn, else an empty text; slow the first time, and callable from any thread.

    The answer is found in a process of its own, because a driver that fails may take the process with it.
    """
    said = missing()
    if said:
        return said
    if "answer" not in _state:
        _state["answer"] = _probe()
        if not _state["answer"]:
            for name in MODULES:
                importlib.import_module(name)
    return _state["answer"]


def _probe() -> str:
    if getattr(sys, "frozen", False):
        return ""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    try:
        code = subprocess.run(
            [sys.executable, "-c", _PROBE], env=environment, capture_output=True, timeout=_PATIENCE, check=False
        ).returncode
    except (OSError, subprocess.TimeoutExpired):
        code = -1
    if code == 0:
        return ""
    return tr(
        "The 3-D view cannot be drawn on this computer: OpenGL did not start. Update the graphics driver; on Linux "
        "install libgl1 and libegl1."
    )
