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
_EGL = {"VTK_DEFAULT_OPENGL_WINDOW": "vtkEGLRenderWindow"}
_WAYS: tuple[dict[str, str], ...] = (_EGL, {}) if sys.platform.startswith("linux") else ({},)
"""What to put into the environment. On Linux EGL comes first: it needs no display, and so does not care whose thread or
which of X and Wayland it is."""
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
    """Return an empty text when one of the ways to draw works, and have this process take that way."""
    if getattr(sys, "frozen", False):
        return ""
    for way in _WAYS:
        if _draws(way):
            os.environ.update(way)
            return ""
    return tr(
        "The 3-D view cannot be drawn on this computer: OpenGL did not start. Update the graphics driver; on Linux "
        "install libgl1 and libegl1."
    )


def _draws(way: dict[str, str]) -> bool:
    """Return whether a process that draws one picture lives through it."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)} | way
    try:
        done = subprocess.run(
            [sys.executable, "-c", _PROBE], env=environment, capture_output=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
