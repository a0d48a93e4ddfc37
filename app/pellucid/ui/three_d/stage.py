"""The VTK window off the screen: what stands in it, the camera, the picture, and what lies under a pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtkmodules.vtkRenderingOpenGL2  # noqa: F401 - it brings the window that draws
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkObject, vtkUnsignedCharArray
from vtkmodules.vtkRenderingCore import vtkProp3D, vtkRenderer, vtkRenderWindow

from pellucid.model.geometry import Floats
from pellucid.ui.three_d.marker import Marker
from pellucid.ui.three_d.sides import SIDES

_TURN = 200.0
"""Degrees of a drag over the whole height."""
_PEELS = 6
_ANGLE, _NEARER = 25.0, 1.25


class Stage:
    """Everything is in world coordinates, LPS in mm; pixels count from the top left."""

    def __init__(self) -> None:
        vtkObject.GlobalWarningDisplayOff()  # it would write about displays on the terminal
        self.window = vtkRenderWindow()
        self.window.SetShowWindow(False)
        self.window.SetOffScreenRendering(True)
        self.window.SetMultiSamples(0)
        self.window.SetAlphaBitPlanes(True)
        self.window.SetNumberOfLayers(2)
        self.renderer = vtkRenderer()
        self.renderer.SetBackground(0.0, 0.0, 0.0)
        self.window.AddRenderer(self.renderer)
        self.marker = Marker(self.window)
        self._props: dict[vtkProp3D, str] = {}
        self._kinds: frozenset[str] = frozenset()
        self._moved = False

    def add(self, prop: vtkProp3D, kind: str) -> None:
        """Put something on the stage; ``kind`` names what it is one of."""
        self._props[prop] = kind
        self.renderer.AddViewProp(prop)

    def remove(self, prop: vtkProp3D) -> None:
        """Take something off the stage."""
        self._props.pop(prop, None)
        self.renderer.RemoveViewProp(prop)

    # ---------------------------------------------------------------- camera

    def frame(self) -> None:
        """Show everything, from the front and a little from the left and above; nothing while the stage is empty."""
        self.look_from("A")
        camera = self.renderer.GetActiveCamera()
        camera.Azimuth(25.0)
        camera.Elevation(12.0)
        camera.OrthogonalizeViewUp()
        self._moved = False

    def frame_first(self) -> None:
        """Frame everything when other kinds of things stand there than before, until somebody moves the camera."""
        kinds = frozenset(kind for prop, kind in self._props.items() if prop.GetVisibility())
        if kinds != self._kinds and not self._moved:
            self.frame()
        self._kinds = kinds

    def forget_frame(self) -> None:
        """Frame what comes next, wherever the camera was moved: it is something else."""
        self._kinds, self._moved = frozenset(), False

    def look_from(self, side: str) -> None:
        """Look at everything from a side of the patient: A, P, L, R, S or I."""
        bounds = self.renderer.ComputeVisiblePropBounds()
        if bounds[0] > bounds[1]:
            return
        towards, up = SIDES[side]
        camera = self.renderer.GetActiveCamera()
        middle = [(bounds[2 * axis] + bounds[2 * axis + 1]) / 2 for axis in range(3)]
        camera.SetFocalPoint(*middle)
        camera.SetPosition(*(m + t for m, t in zip(middle, towards, strict=True)))
        camera.SetViewUp(*up)
        camera.SetViewAngle(_ANGLE)
        self.renderer.ResetCamera(bounds)
        camera.Dolly(_NEARER)
        self._moved = True

    def turn(self, right: float, down: float) -> None:
        """Turn the scene as a drag by pixels does."""
        self._moved = True
        height = max(1, self.window.GetSize()[1])
        camera = self.renderer.GetActiveCamera()
        camera.Azimuth(-right / height * _TURN)
        camera.Elevation(down / height * _TURN)
        camera.OrthogonalizeViewUp()

    def zoom(self, factor: float) -> None:
        """Come nearer (more than 1) or go back."""
        self._moved = True
        self.renderer.GetActiveCamera().Dolly(factor)

    def pan(self, right: float, down: float) -> None:
        """Move the scene by pixels."""
        self._moved = True
        camera, height = self.renderer.GetActiveCamera(), max(1, self.window.GetSize()[1])
        focus, place = np.array(camera.GetFocalPoint()), np.array(camera.GetPosition())
        up = np.array(camera.GetViewUp())
        side = np.cross(focus - place, up)
        side /= np.linalg.norm(side) or 1.0
        pixel = 2 * camera.GetDistance() * np.tan(np.radians(camera.GetViewAngle() / 2)) / height
        shift = pixel * (up * down - side * right)
        camera.SetFocalPoint(*(focus + shift))
        camera.SetPosition(*(place + shift))

    # ---------------------------------------------------------------- pictures

    def picture(self, width: int, height: int) -> NDArray[np.uint8]:
        """Draw and return the picture (rows, columns, 4)."""
        self._draw(width, height)
        values = vtkUnsignedCharArray()
        self.window.GetRGBACharPixelData(0, 0, width - 1, height - 1, 1, values, 0)
        return np.ascontiguousarray(vtk_to_numpy(values).reshape(height, width, 4)[::-1])

    def _draw(self, width: int, height: int) -> None:
        self.window.SetSize(width, height)
        self.renderer.SetUseDepthPeeling(self._is_translucent())
        self.renderer.SetMaximumNumberOfPeels(_PEELS)
        self.renderer.ResetCameraClippingRange()
        self.marker.follow(self.renderer.GetActiveCamera(), width, height)
        self.window.Render()

    def _is_translucent(self) -> bool:
        return any(actor.GetVisibility() and actor.HasTranslucentPolygonalGeometry() for actor in self._actors())

    def _actors(self) -> list[Any]:
        return list(self.renderer.GetActors())

    def pick(self, x: int, y: int) -> Floats | None:
        """Return the world point of the nearest surface or plane at a pixel of the last picture, or None."""
        width, height = self.window.GetSize()
        if not (0 <= x < width and 0 <= y < height):
            return None
        volumes = [volume for volume in self.renderer.GetVolumes() if volume.GetVisibility()]
        forced = [(actor, actor.GetForceOpaque()) for actor in self._actors()]
        for volume in volumes:
            volume.SetVisibility(False)
        for actor, _was in forced:
            actor.SetForceOpaque(True)
        try:
            self._draw(width, height)
            depth = float(self.renderer.GetZ(x, height - 1 - y))
        finally:
            for volume in volumes:
                volume.SetVisibility(True)
            for actor, was in forced:
                actor.SetForceOpaque(was)
        return None if depth >= 1.0 else self._world(x, y, depth)

    def sight(self, x: int, y: int) -> tuple[Floats, Floats]:
        """Return the world points where the line of sight through a pixel begins and ends."""
        return self._world(x, y, 0.0), self._world(x, y, 1.0)

    def _world(self, x: int, y: int, depth: float) -> Floats:
        self.renderer.SetDisplayPoint(x, self.window.GetSize()[1] - 1 - y, depth)
        self.renderer.DisplayToWorld()
        *point, scale = self.renderer.GetWorldPoint()
        return np.array(point) / (scale or 1.0)

    def close(self) -> None:
        """Let go of everything that belongs to the graphics driver."""
        self._props.clear()
        self.renderer.RemoveAllViewProps()
        self.window.Finalize()
