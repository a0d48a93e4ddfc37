"""Known transforms on real images, and how far a registration ends from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

BRAIN = "brain_mni152/mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz"
NOISE = 3.0


def brain(data: Path, shrink: int = 1) -> sitk.Image:
    """Return the brain as float32."""
    image = sitk.Cast(sitk.ReadImage(str(data / BRAIN)), sitk.sitkFloat32)
    return sitk.BinShrink(image, [shrink] * 3) if shrink > 1 else image


def middle(image: sitk.Image) -> list[float]:
    """Return the place in the middle of an image."""
    return list(image.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in image.GetSize()]))


def random_rigid(image: sitk.Image, seed: int, mm: float = 15, degrees: float = 15) -> sitk.Transform:
    """Return a rigid transform about the middle: up to so many mm of shift and degrees of turn, about any axis."""
    rng = np.random.default_rng(seed)
    axis, way = (n / np.linalg.norm(n) for n in rng.normal(size=(2, 3)))
    turn = sitk.VersorTransform(axis.tolist(), float(np.radians(rng.uniform(0, degrees))))
    known = sitk.Euler3DTransform()
    known.SetCenter(middle(image))
    known.SetMatrix(turn.GetMatrix())
    known.SetTranslation((way * rng.uniform(0, mm)).tolist())
    return known


def smooth_warp(image: sitk.Image, seed: int, mm: float = 8.0, cells: int = 5) -> sitk.Transform:
    """Return a smooth random warp that does not fold and leaves the border where it is."""
    rng = np.random.default_rng(seed)
    field = np.zeros((*image.GetSize()[::-1], 3))
    for axis in range(3):
        knots = np.zeros((cells + 2,) * 3)
        knots[1:-1, 1:-1, 1:-1] = rng.uniform(-1, 1, (cells,) * 3)
        coarse = sitk.GetImageFromArray(knots)
        coarse.SetSpacing([(n - 1) / (cells + 1) for n in image.GetSize()])
        wide = sitk.Resample(coarse, image.GetSize(), sitk.Transform(), sitk.sitkBSpline)
        field[..., axis] = sitk.GetArrayFromImage(wide)
    field *= mm / np.linalg.norm(field, axis=-1).max()
    bend = sitk.GetImageFromArray(field, isVector=True)
    bend.CopyInformation(image)
    return sitk.DisplacementFieldTransform(bend)


def moved(image: sitk.Image, known: sitk.Transform, seed: int, contrast: str = "same") -> sitk.Image:
    """Return an image that a known transform brings back: sampled by splines at its inverse, in a contrast, noisy."""
    lowest = float(sitk.GetArrayViewFromImage(image).min())
    away = inverse(known, image)
    values = sitk.GetArrayFromImage(sitk.Resample(image, image, away, sitk.sitkBSpline3, lowest))
    top = float(values.max())
    values = np.clip(values, 0, top)
    if contrast == "inverted":
        values = np.where(values > 0.05 * top, top - values, values)
    elif contrast == "bent":
        values = top * np.sin(np.pi * (values / top) ** 0.7) ** 2
    values += np.random.default_rng(seed).normal(0, NOISE / 100 * top, values.shape)
    other = sitk.GetImageFromArray(values.astype(np.float32))
    other.CopyInformation(image)
    return other


def inverse(known: sitk.Transform, image: sitk.Image) -> sitk.Transform:
    """Return the inverse of a transform, of a bend by iteration on a grid."""
    if known.IsLinear():
        return known.GetInverse()
    field = sitk.DisplacementFieldTransform(known).GetDisplacementField()
    found = sitk.IterativeInverseDisplacementField(field, 20)
    return sitk.DisplacementFieldTransform(found)


def places(image: sitk.Image, many: int = 400) -> NDArray[Any]:
    """Return places in what is bright."""
    values = sitk.GetArrayFromImage(image)
    index = np.argwhere(values > 0.3 * values.max())[:, ::-1]
    chosen = index[np.random.default_rng(0).choice(len(index), many, replace=False)]
    return np.array([image.TransformIndexToPhysicalPoint([int(n) for n in one]) for one in chosen])


def error(found: sitk.Transform, known: sitk.Transform, points: NDArray[Any]) -> NDArray[Any]:
    """Return the distance in mm of where two transforms lead points."""
    return np.array([
        np.linalg.norm(np.subtract(found.TransformPoint(p), known.TransformPoint(p))) for p in points.tolist()
    ])  # fmt: skip
