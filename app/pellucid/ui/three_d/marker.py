"""The cube in the corner whose faces say which side of the patient they are."""

from __future__ import annotations

from typing import Any

from vtkmodules.vtkRenderingAnnotation import vtkAnnotatedCubeActor
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow

_SIZE = 84
_FACES = {"XPlus": "L", "XMinus": "R", "YPlus": "P", "YMinus": "A", "ZPlus": "S", "ZMinus": "I"}


class Marker:
    """A second renderer over the first, with a camera that looks the same way."""

    def __init__(self, window: vtkRenderWindow) -> None:
        cube = vtkAnnotatedCubeActor()
        for face, letter in _FACES.items():
            getattr(cube, f"Set{face}FaceText")(letter)
            getattr(cube, f"Get{face}FaceProperty")().SetColor(0.10, 0.12, 0.14)
        cube.SetZFaceTextRotation(90.0)
        cube.SetFaceTextScale(0.62)
        cube.GetCubeProperty().SetColor(0.78, 0.81, 0.85)
        cube.GetTextEdgesProperty().SetColor(0.25, 0.28, 0.32)
        cube.GetTextEdgesProperty().SetLineWidth(1)
        self._cube = cube
        self._renderer = vtkRenderer()
        self._renderer.SetLayer(1)
        self._renderer.SetInteractive(False)
        self._renderer.AddActor(cube)
        window.AddRenderer(self._renderer)

    def show(self, on: bool) -> None:
        """Show the letters, or hide them where the image does not say how it lies in the patient."""
        self._cube.SetVisibility(on)

    def follow(self, leader: Any, width: int, height: int) -> None:
        """Look the way another camera does, in the lower left corner of a picture."""
        self._renderer.SetViewport(0.0, 0.0, min(1.0, _SIZE / max(1, width)), min(1.0, _SIZE / max(1, height)))
        camera = self._renderer.GetActiveCamera()
        place, focus = leader.GetPosition(), leader.GetFocalPoint()
        camera.SetFocalPoint(0.0, 0.0, 0.0)
        camera.SetPosition(*(p - f for p, f in zip(place, focus, strict=True)))
        camera.SetViewUp(*leader.GetViewUp())
        self._renderer.ResetCamera(-0.5, 0.5, -0.5, 0.5, -0.5, 0.5)
