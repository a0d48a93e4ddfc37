"""The volume on the stage, drawn by the ray caster of the processor: in software it is twice to ten times faster than
the one of the graphics card, and it needs none (560 × 480 pixels, 192³ voxels with shading: 0.09 s against 0.86 s).
"""

from __future__ import annotations

import vtkmodules.vtkRenderingVolumeOpenGL2  # noqa: F401 - it brings the picture of the ray caster to the screen
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPiecewiseFunction
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkRenderingCore import vtkColorTransferFunction, vtkVolume
from vtkmodules.vtkRenderingVolume import vtkFixedPointVolumeRayCastMapper

from pellucid.model.geometry import Floats
from pellucid.session.solids import Block
from pellucid.ui.three_d.presets import Preset
from pellucid.ui.three_d.ray import met
from pellucid.ui.three_d.stage import Stage

QUICK, STILL = (3.0, 2.0), (1.0, 1.0)
"""Pixels per ray and voxels per sample, while it is being dragged and when it stands still."""


class VolumePart:
    """One volume, or none."""

    def __init__(self, stage: Stage) -> None:
        self._mapper, self._volume = vtkFixedPointVolumeRayCastMapper(), vtkVolume()
        self._mapper.SetAutoAdjustSampleDistances(False)
        self._volume.SetMapper(self._mapper)
        self._volume.SetVisibility(False)
        self._volume.GetProperty().SetInterpolationTypeToLinear()
        self._stage = stage
        self._block: Block | None = None
        self._look: tuple[Preset, float] | None = None

    @property
    def is_on(self) -> bool:
        """Return whether a volume is drawn."""
        return bool(self._volume.GetVisibility())

    def put(self, block: Block | None) -> None:
        """Draw this block, or none."""
        if block is self._block:
            return
        if self._block is None:
            self._stage.add(self._volume, "volume")
        self._block = block
        if block is None:
            self._stage.remove(self._volume)
            self._volume.SetVisibility(False)
            return
        image, matrix = vtkImageData(), vtkMatrix4x4()
        image.SetDimensions(*block.array.shape[::-1])
        image.SetSpacing(*block.spacing)
        image.GetPointData().SetScalars(numpy_to_vtk(block.array.ravel(), deep=True))
        matrix.DeepCopy([float(n) for n in block.matrix.ravel()])
        self._mapper.SetInputData(image)
        self._volume.SetUserMatrix(matrix)
        self._volume.SetVisibility(True)
        self.hurry(False)

    def dress(self, preset: Preset, strength: float) -> None:
        """Draw with a preset whose values are those of the image; ``strength`` multiplies its opacity."""
        self._look = preset, strength
        paint = self._volume.GetProperty()
        opacity, color = vtkPiecewiseFunction(), vtkColorTransferFunction()
        for value, share in preset.opacity:
            opacity.AddPoint(value, min(1.0, share * strength))
        for tint in preset.tints:
            color.AddRGBPoint(*tint)
        paint.SetScalarOpacity(opacity)
        paint.SetColor(color)
        paint.SetShade(preset.shaded)
        paint.SetAmbient(0.25)
        paint.SetDiffuse(0.8)
        paint.SetSpecular(0.2)
        paint.SetSpecularPower(12)
        if self._block is not None:
            paint.SetScalarOpacityUnitDistance(self._block.step)
        if preset.brightest:
            self._mapper.SetBlendModeToMaximumIntensity()
        else:
            self._mapper.SetBlendModeToComposite()

    def pick(self, start: Floats, end: Floats) -> Floats | None:
        """Return the world point that a line of sight meets in the volume, or None."""
        if self._block is None or self._look is None:
            return None
        return met(self._block, *self._look, start, end)

    def hurry(self, on: bool) -> None:
        """Draw roughly, or well."""
        if self._block is not None:
            pixels, voxels = QUICK if on else STILL
            self._mapper.SetImageSampleDistance(pixels)
            self._mapper.SetSampleDistance(voxels * min(self._block.spacing))
