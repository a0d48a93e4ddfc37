"""States of the window with series whose geometry is odd, made from the demo study; ``pictures.py`` draws them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pydicom
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QDialog

from pellucid.files.demo import demo_study
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.shapes import vector
from pellucid.model.view import Layout
from pellucid.ui import theme

if TYPE_CHECKING:
    from pictures import Stage

STACK_STATES: dict[str, Callable[[Stage], None]] = {}


def state(function: Callable[[Stage], None]) -> Callable[[Stage], None]:
    """Register a state under the name of its function."""
    STACK_STATES[function.__name__] = function
    return function


def _spoiled(stage: Stage, spoil: Callable[[list[pydicom.Dataset]], list[pydicom.Dataset]]) -> None:
    """Open a copy of the CT of the demo study that was spoiled on purpose."""
    folder = Path(tempfile.mkdtemp(prefix="pellucid-odd-"))
    slices = [pydicom.dcmread(path) for path in sorted(demo_study().rglob("*.dcm"))]
    chosen = sorted((ds for ds in slices if ds.Modality == "CT"), key=lambda ds: float(ds.ImagePositionPatient[2]))
    for n, ds in enumerate(spoil(chosen)):
        ds.save_as(folder / f"{n:04d}.dcm")
    stage.session.open([folder])
    stage.settle()
    stage.window.notices.withdraw()
    stage.session.view.layout = Layout.QUAD
    layer = stage.session.document.active_image
    layer.display.set_limits(-1100, 400)
    stage.settle()


def _without_some(slices: list[pydicom.Dataset]) -> list[pydicom.Dataset]:
    count = len(slices)
    return [ds for k, ds in enumerate(slices) if not count // 3 <= k < count // 3 + 6 and k != 2 * count // 3]


def _tilt(slices: list[pydicom.Dataset]) -> list[pydicom.Dataset]:
    for ds in slices:
        x, y, z = (float(v) for v in ds.ImagePositionPatient)
        first = float(slices[0].ImagePositionPatient[2])
        ds.ImagePositionPatient = [x, round(y + (z - first) * np.tan(np.radians(15)), 4), z]
    return slices


def _displace(slices: list[pydicom.Dataset]) -> list[pydicom.Dataset]:
    for ds in slices:
        del ds.ImagePositionPatient, ds.ImageOrientationPatient
        if "FrameOfReferenceUID" in ds:
            del ds.FrameOfReferenceUID
    return slices


@state
def missing_slices(stage: Stage) -> None:
    """Show a stack with gaps, and a length that crosses one."""
    _spoiled(stage, _without_some)
    layer = stage.session.document.active_image
    geometry = layer.geometry
    nx, ny, nz = geometry.size
    k = nz // 3
    stage.session.view.crosshair = vector(geometry.index_to_world((nx * 0.35, ny * 0.5, k - 1)))
    points = tuple(vector(geometry.index_to_world((nx * 0.62, ny * 0.5, z))) for z in (k - 8, k + 8))
    line = Annotation(Kind.LENGTH, points, normal=(0, -1, 0), right=(1, 0, 0), down=(0, 0, -1), layer=layer.id)
    stage.session.measuring.add(line)
    stage.settle()


@state
def missing_slices_light(stage: Stage) -> None:
    """Show the same in the light theme on a small screen."""
    theme.apply(stage.app, "light")
    stage.window.resize(1280, 720)
    missing_slices(stage)


@state
def made_even(stage: Stage) -> None:
    """Show the stack after the gaps were filled on request."""
    missing_slices(stage)
    stage.window.canvas.banner.mend_buttons[0].click()
    stage.settle()


@state
def tilted_gantry(stage: Stage) -> None:
    """Show a stack that a tilted gantry sheared."""
    _spoiled(stage, _tilt)


@state
def straightened(stage: Stage) -> None:
    """Show it after it was resampled onto upright axes."""
    tilted_gantry(stage)
    stage.window.canvas.banner.mend_buttons[0].click()
    stage.settle()


@state
def no_positions(stage: Stage) -> None:
    """Show slices that do not say where they lie, and the question for their distance."""
    _spoiled(stage, _displace)
    stage.window.canvas.banner.mend_buttons[0].click()
    stage.settle()
    dialog = stage.window.findChild(QDialog)
    dialog.move(stage.window.pos() + QPoint(560, 320))
    stage.popup = dialog


@state
def positions_stated(stage: Stage) -> None:
    """Show the same in three planes after the user stated the distance of slices."""
    no_positions(stage)
    stage.popup.boxes[2].setText("4")
    stage.popup.boxes[2].textEdited.emit("4")
    stage.popup.go.click()
    stage.popup = None
    stage.settle()


def _versions(stage: Stage) -> None:
    """Find the demo study with another version of three of its slices, and open it."""
    from pellucid.ui.dialogs.versions import VersionsDialog

    folder = Path(tempfile.mkdtemp(prefix="pellucid-"))
    slices = [pydicom.dcmread(path) for path in sorted(demo_study().rglob("*.dcm"))]
    for n, one in enumerate(ds for ds in slices if ds.Modality == "CT"):
        for name in ("archive", "sent again") if 10 <= n < 13 else ("archive",):
            (folder / name).mkdir(exist_ok=True)
            one.StationName = name
            one.save_as(folder / name / f"{n:04d}.dcm")
    stage.session.open([folder])
    stage.settle(1.0)
    stage.popup = next(one for one in stage.window.findChildren(VersionsDialog) if one.isVisible())
    stage.popup.move(stage.window.pos() + QPoint(420, 240))
    stage.settle(0.4)


@state
def versions_asked(stage: Stage) -> None:
    """Show the question which of two versions is meant."""
    _versions(stage)


@state
def versions_asked_light(stage: Stage) -> None:
    """Show it in light colours."""
    theme.apply(stage.app, "light")
    _versions(stage)
