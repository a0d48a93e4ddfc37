"""Slice planes on the stage: pictures in space, each with an edge in the colour of its plane."""

from __future__ import annotations

from collections.abc import Sequence

from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkFiltersSources import vtkOutlineSource, vtkPlaneSource
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkTexture

from pellucid.ui import theme
from pellucid.ui.three_d.cuts import Cut
from pellucid.ui.three_d.stage import Stage


class Planes:
    """Keeps three pictures and their edges."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._shown: list[_Picture] = []

    def __len__(self) -> int:
        return sum(picture.is_on for picture in self._shown)

    def show(self, cuts: Sequence[Cut]) -> None:
        """Show these cuts and no others."""
        while len(self._shown) < len(cuts):
            self._shown.append(_Picture(self._stage))
        for n, picture in enumerate(self._shown):
            picture.show(cuts[n] if n < len(cuts) else None)


class _Picture:
    """One textured rectangle and its edge."""

    def __init__(self, stage: Stage) -> None:
        self._source, self._texture = vtkPlaneSource(), vtkTexture()
        self._actor, self._edge, self._outline = vtkActor(), vtkActor(), vtkOutlineSource()
        mapper = vtkPolyDataMapper()
        mapper.SetInputConnection(self._source.GetOutputPort())
        self._actor.SetMapper(mapper)
        self._actor.SetTexture(self._texture)
        self._actor.GetProperty().LightingOff()
        self._outline.SetBoxTypeToOriented()
        mapper = vtkPolyDataMapper()
        mapper.SetInputConnection(self._outline.GetOutputPort())
        self._edge.SetMapper(mapper)
        self._edge.GetProperty().LightingOff()
        self._edge.GetProperty().SetLineWidth(1.5)
        self._edge.PickableOff()
        self.is_on = False
        for actor in (self._actor, self._edge):
            actor.SetVisibility(False)
            stage.add(actor, "plane")

    def show(self, cut: Cut | None) -> None:
        """Show a cut, or nothing."""
        self.is_on = cut is not None
        for actor in (self._actor, self._edge):
            actor.SetVisibility(self.is_on)
        if cut is None:
            return
        self._source.SetOrigin(*cut.corner)
        self._source.SetPoint1(*cut.right)
        self._source.SetPoint2(*cut.down)
        last = cut.right + cut.down - cut.corner
        corners = (cut.corner, cut.right, cut.down, last)
        self._outline.SetCorners([float(n) for corner in (*corners, *corners) for n in corner])
        self._edge.GetProperty().SetColor(*_rgb(theme.PLANE_COLORS[cut.plane]))
        image = vtkImageData()
        rows, columns = cut.pixels.shape[:2]
        image.SetDimensions(columns, rows, 1)
        channels = cut.pixels[..., :3] if cut.opaque else cut.pixels
        image.GetPointData().SetScalars(numpy_to_vtk(channels.reshape(rows * columns, -1), deep=True))
        self._texture.SetInputData(image)
        self._texture.SetInterpolate(cut.smooth)
        self._actor.SetForceOpaque(cut.opaque)


def _rgb(color: str) -> tuple[float, ...]:
    return tuple(int(color[n : n + 2], 16) / 255 for n in (1, 3, 5))
