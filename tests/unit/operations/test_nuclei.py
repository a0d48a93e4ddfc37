"""Round objects are found, split and counted: phantoms of any type and grid, and nuclei that people outlined."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from operation_images import on_grid, pixels
from pellucid.operations import Context, Refused, get

CENTRES = [(14, 15), (14, 33), (31, 60), (47, 22), (60, 62), (60, 45)]


def run(image: sitk.Image, context: Context | None = None, **values: Any) -> Any:
    return pixels(get("objects.nuclei").run(context or Context(), image, **values))


def cells(spacing: tuple[float, float] = (1.0, 1.0), radius: float = 9.4) -> tuple[Any, Any]:
    """Return bright, slightly textured discs (some touch) on a ground that rises to one side, and their numbers."""
    shape = round(76 / spacing[1]), round(76 / spacing[0])
    y, x = np.meshgrid(*(np.arange(n) * s for n, s in zip(shape, spacing[::-1], strict=True)), indexing="ij")
    far = np.array([np.hypot(y - cy, x - cx) for cy, cx in CENTRES])
    truth = np.where(far.min(axis=0) <= radius, far.argmin(axis=0) + 1, 0)
    light = np.array([0, 60, 110, 80, 120, 70, 100])[truth]
    values = ndimage.gaussian_filter(light + 0.0, [0.8 / s for s in spacing[::-1]]) + 30 + x / 2
    return (values + np.random.default_rng(1).normal(0, 2, shape)).clip(0, 255), truth


def scores(found: Any, truth: Any) -> tuple[int, int, float]:
    """Return how many objects there are, how many were found, and F1 at an overlap (IoU) of 0.5."""
    joint = np.zeros((int(truth.max()) + 1, int(found.max()) + 1))
    np.add.at(joint, (truth.ravel(), found.ravel()), 1)
    sizes, areas = joint.sum(axis=1)[1:], joint.sum(axis=0)[1:]
    overlap = joint[1:, 1:] / (sizes[:, None] + areas - joint[1:, 1:])
    real, made = int((sizes > 0).sum()), int((areas > 0).sum())
    return real, made, 2 * int((overlap >= 0.5).sum()) / (real + made)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "float64"])
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 1.5)])
def test_every_cell_is_found_once(dtype: str, spacing: tuple[float, float]) -> None:
    array, truth = cells(spacing)
    said: list[str] = []
    image = on_grid(array.astype(dtype), spacing=spacing)
    found = run(image, Context(remark=said.append), diameter=19.0)
    assert scores(found, truth) == (6, 6, 1.0) and said == ["Objects: 6."]
    assert np.mean((found > 0) == (truth > 0)) > 0.95


def test_dark_objects_are_those_of_the_negative() -> None:
    array, truth = cells()
    dark = run(on_grid((255 - array).astype(np.int16), spacing=(1, 1)), diameter=19.0, brightness="dark")
    assert scores(dark, truth) == (6, 6, 1.0)


@pytest.mark.parametrize("diameter", [14.0, 19.0, 27.0])
def test_the_diameter_need_not_be_exact(diameter: float) -> None:
    array, truth = cells()
    assert scores(run(on_grid(array, spacing=(1, 1)), diameter=diameter), truth)[2] == 1.0


def test_balls_on_an_oblique_anisotropic_grid() -> None:
    spacing, centres = (0.7, 0.9, 2.5), [(15, 15, 14), (15, 15, 28), (15, 32, 20), (33, 17, 20)]
    z, y, x = np.meshgrid(*(np.arange(n) * s for n, s in zip((19, 52, 62), spacing[::-1], strict=True)), indexing="ij")
    far = np.array([np.sqrt((z - a) ** 2 + (y - b) ** 2 + (x - c) ** 2) for a, b, c in centres])
    truth = np.where(far.min(axis=0) <= 7.6, far.argmin(axis=0) + 1, 0)
    array = (truth > 0) * 900 + np.random.default_rng(2).normal(0, 60, truth.shape)
    found = run(on_grid(array.astype(np.int16), "oblique", spacing), diameter=15.0)
    assert scores(found, truth) == (4, 4, 1.0)


def test_contrast_and_smallest_size_leave_things_out() -> None:
    array, truth = cells()
    array[70:73, 4:7] += 120
    image = on_grid(array, spacing=(1, 1))
    assert run(image, diameter=19.0).max() == 6 and run(image, diameter=19.0, smallest=0.0).max() >= 7
    array[truth == 1] -= 35
    fainter = on_grid(array, spacing=(1, 1))
    counts = [bool(run(fainter, diameter=19.0, contrast=contrast)[CENTRES[0]]) for contrast in (30.0, 100.0)]
    assert counts == [True, False]


def test_holes_are_filled_and_one_slice_is_a_picture() -> None:
    array, _truth = cells()
    array[CENTRES[3][0] - 2 : CENTRES[3][0] + 3, CENTRES[3][1] - 2 : CENTRES[3][1] + 3] = 0
    flat = run(on_grid(array.astype(np.float32), spacing=(1, 1)), diameter=19.0)
    assert flat[CENTRES[3]]
    slab = run(on_grid(array.astype(np.float32)[np.newaxis], spacing=(1, 1, 5)), diameter=19.0)
    assert np.array_equal(slab[0], flat)


def test_nan_is_ground_and_an_empty_image_is_refused() -> None:
    array, truth = cells()
    array[66:, :9] = np.nan
    assert scores(run(on_grid(array.astype(np.float32), spacing=(1, 1)), diameter=19.0), truth)[1] == 6
    with pytest.raises(Refused, match="All voxels"):
        run(on_grid(np.full((20, 20), 3, np.uint8)), diameter=4.0)


OUTLINED = {"00071198": (18, 0.85), "3441821e": (43, 0.75), "670ebd9d": (49, 0.9), "a22b7882": (18, 0.85)}


@pytest.mark.parametrize("name", OUTLINED)
def test_nuclei_that_people_outlined(name: str, data_dir: Path) -> None:
    folder = data_dir / "nuclei_gt" / "dsb2018" / name
    picture = sitk.ReadImage(str(next((folder / "images").glob("*.png"))))
    truth = np.zeros(picture.GetSize()[::-1], int)
    for number, file in enumerate(sorted((folder / "masks").glob("*.png")), 1):
        truth[pixels(sitk.ReadImage(str(file))) > 0] = number
    diameter, least = OUTLINED[name]
    grey = get("colour.grey").run(Context(), picture)
    real, found, f1 = scores(run(grey, diameter=float(diameter)), truth)
    assert f1 >= least and abs(found - real) <= 0.2 * real
