"""Label surfaces on the stage: one actor for each label of each layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

from pellucid.session.solids import Solid
from pellucid.ui.three_d.stage import Stage

Key = tuple[str, int]
"""The id of a layer and the value of a label."""


@dataclass(frozen=True)
class SurfaceLook:
    """How one surface is drawn: colour ``#RRGGBB``, opacity 0 to 1."""

    color: str
    opacity: float = 1.0
    visible: bool = True


class Surfaces:
    """Keeps one actor per label; an unchanged solid keeps its actor."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._shown: dict[Key, tuple[Solid, vtkActor]] = {}

    def __len__(self) -> int:
        return len(self._shown)

    def show(self, solids: Mapping[Key, Solid]) -> None:
        """Show these surfaces and no others."""
        for key in [key for key, (solid, _actor) in self._shown.items() if solids.get(key) is not solid]:
            self._stage.remove(self._shown.pop(key)[1])
        for key, solid in solids.items():
            if key not in self._shown and len(solid.faces):
                actor = _actor(solid)
                self._shown[key] = solid, actor
                self._stage.add(actor, "surface")

    def dress(self, looks: Mapping[Key, SurfaceLook]) -> None:
        """Give the surfaces their colours, opacities and visibility; those without a look are hidden."""
        for key, (_solid, actor) in self._shown.items():
            look = looks.get(key)
            actor.SetVisibility(look is not None and look.visible and look.opacity > 0)
            if look is not None:
                paint = actor.GetProperty()
                paint.SetColor(*(int(look.color[n : n + 2], 16) / 255 for n in (1, 3, 5)))
                paint.SetOpacity(look.opacity)


def _actor(solid: Solid) -> vtkActor:
    data, points, cells = vtkPolyData(), vtkPoints(), vtkCellArray()
    points.SetData(numpy_to_vtk(solid.points, deep=True))
    corners = numpy_to_vtkIdTypeArray(np.ascontiguousarray(solid.faces, dtype=np.int64).ravel(), deep=True)
    starts = numpy_to_vtkIdTypeArray(np.arange(len(solid.faces) + 1, dtype=np.int64) * 3, deep=True)
    cells.SetData(starts, corners)
    data.SetPoints(points)
    data.SetPolys(cells)
    data.GetPointData().SetNormals(numpy_to_vtk(solid.normals, deep=True))
    mapper, actor = vtkPolyDataMapper(), vtkActor()
    mapper.SetInputData(data)
    mapper.ScalarVisibilityOff()
    actor.SetMapper(mapper)
    paint = actor.GetProperty()
    paint.SetAmbient(0.12)
    paint.SetDiffuse(0.85)
    paint.SetSpecular(0.18)
    paint.SetSpecularPower(24)
    return actor
