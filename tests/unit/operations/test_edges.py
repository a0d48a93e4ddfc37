"""Edges against scipy, scikit-image, SimpleITK, and against ramps and parabolas in space."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage
from skimage import filters

from operation_images import DIRECTIONS, SPACING, noise, on_grid, pixels
from pellucid.operations import Context, Refused, get


def run(id: str, image: sitk.Image, **values: Any) -> Any:
    return pixels(get(id).run(Context(), image, **values))


def in_space(shape: tuple[int, int, int], direction: str, formula: Any, dtype: str = "float64") -> sitk.Image:
    """Return an image whose values are a formula of the place of the voxel from the origin, in mm of the world."""
    steps = np.array(DIRECTIONS[direction]).reshape(3, 3) * np.array(SPACING)
    index = np.stack(np.meshgrid(*(np.arange(n) for n in reversed(shape)), indexing="ij"))
    x, y, z = np.einsum("ij,jxyz->izyx", steps, index)
    return on_grid(formula(x, y, z).astype(dtype), direction)


def inside(result: Any, sigma: float) -> Any:
    """Return the part of a result that no kernel of that width reaches the border from."""
    far = [4 * int(sigma / s + 1) + 1 for s in reversed(SPACING)]
    part = result[tuple(slice(n, -n) for n in far)]
    assert part.size
    return part


@pytest.mark.parametrize("dtype", ["int16", "float64"])
def test_gradient_magnitude_is_scipys_per_mm(dtype: str) -> None:
    array = noise((20, 31, 40), dtype)
    sigma = 3.0
    widths = [sigma / s for s in reversed(SPACING)]
    parts = []
    for axis, length in enumerate(reversed(SPACING)):
        order = [int(k == axis) for k in range(3)]
        slope = ndimage.gaussian_filter(array.astype(float), widths, order=order, mode="nearest", truncate=4)
        parts.append(slope / length)
    exact = np.sqrt(sum(part**2 for part in parts))
    result = run("edges.gradient_magnitude", on_grid(array), sigma=sigma)
    # ours is scaled to be exact on ramps, scipy's cut derivative is up to 0.8 % weak
    assert np.abs(result - exact).max() <= 0.012 * exact.max()


@pytest.mark.parametrize("sigma", [0.0, 0.3, 1.0, 2.5])
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_ramp_in_space_has_its_slope_on_every_grid(direction: str, sigma: float) -> None:
    slope = np.array([3.0, -2.0, 1.5])  # per mm along the world axes
    image = on_grid(np.zeros((24, 40, 44)), direction)
    steps = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    index = np.stack(np.meshgrid(*(np.arange(n) for n in (44, 40, 24)), indexing="ij"))
    values = np.einsum("i,ij,jxyz->zyx", slope, steps, index)
    result = run("edges.gradient_magnitude", on_grid(values, direction), sigma=sigma)
    margin = tuple(slice(4 * int(sigma / s + 1) + 1, -4 * int(sigma / s + 1) - 1) for s in reversed(SPACING))
    assert result[margin].size and np.allclose(result[margin], np.linalg.norm(slope), rtol=1e-4)


def test_central_differences_at_sigma_zero() -> None:
    array = noise((8, 9), "float32")
    padded = np.pad(array.astype(float), 1, mode="edge")
    dx = (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2 / SPACING[0]
    dy = (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2 / SPACING[1]
    result = run("edges.gradient_magnitude", on_grid(array), sigma=0.0)
    assert np.allclose(result, np.hypot(dx, dy), rtol=1e-4)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float32"])
@pytest.mark.parametrize("shape", [(6, 11, 13), (11, 13)], ids=str)
def test_sobel_magnitude_is_scipys(shape: tuple[int, ...], dtype: str) -> None:
    array = noise(shape, dtype)
    parts = [ndimage.sobel(array.astype(float), axis=k, mode="nearest") for k in range(array.ndim)]
    exact = np.sqrt(sum(part**2 for part in parts))
    assert np.allclose(run("edges.sobel_magnitude", on_grid(array)), exact, rtol=1e-4, atol=1e-2)


def test_sobel_of_one_slice_is_that_of_the_plane_and_simpleitks() -> None:
    array = noise((12, 14), "float32")
    plane = run("edges.sobel_magnitude", on_grid(array))
    assert np.array_equal(run("edges.sobel_magnitude", on_grid(array[None]))[0], plane)
    twin = pixels(sitk.SobelEdgeDetection(sitk.GetImageFromArray(array)))
    assert np.allclose(plane, twin, rtol=1e-4, atol=1e-2)


def test_a_flat_image_has_no_edges() -> None:
    flat = on_grid(np.full((5, 6, 7), 321, np.int16), "sheared")
    assert np.abs(run("edges.gradient_magnitude", flat)).max() < 1e-2
    assert np.abs(run("edges.sobel_magnitude", flat)).max() < 1e-2


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float64"])
@pytest.mark.parametrize("shape", [(6, 11, 13), (11, 13)], ids=str)
@pytest.mark.parametrize(("id", "twin"), [("sobel_magnitude", ndimage.sobel), ("prewitt", ndimage.prewitt)])
def test_one_direction_is_scipys_with_its_sign(id: str, twin: Any, shape: tuple[int, ...], dtype: str) -> None:
    array = noise(shape, dtype)
    for axis, name in enumerate("zyx"[3 - len(shape) :]):
        exact = twin(array.astype(float), axis=axis, mode="nearest")
        assert np.allclose(run(f"edges.{id}", on_grid(array), direction=name), exact, rtol=1e-4, atol=1e-2)


def test_scharr_is_scikit_images() -> None:
    array = noise((6, 11, 13), "float32")
    for axis, name in enumerate("zyx"):
        exact = filters.scharr(array.astype(float), axis=axis, mode="nearest")
        result = run("edges.scharr", on_grid(array), direction=name, scale="voxel")
        assert np.allclose(result, exact / 2, rtol=1e-4, atol=1e-2)
        raw = run("edges.scharr", on_grid(array), direction=name)
        assert np.allclose(raw, exact * 16**2, rtol=1e-4, atol=3)


@pytest.mark.parametrize("id", ["sobel_magnitude", "prewitt", "scharr"])
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_slopes_per_mm_are_those_of_a_ramp_in_space(direction: str, id: str) -> None:
    image = in_space((5, 6, 7), direction, lambda x, y, z: 3 * x - 2 * y + 1.5 * z, "float32")
    middle = (slice(1, -1),) * 3
    assert np.allclose(run(f"edges.{id}", image, scale="mm")[middle], np.linalg.norm([3, -2, 1.5]), rtol=1e-4)
    along = np.array(DIRECTIONS[direction]).reshape(3, 3).T @ [3, -2, 1.5]
    steps = along * SPACING
    for k, name in enumerate("xyz"):
        assert np.allclose(run(f"edges.{id}", image, direction=name, scale="mm")[middle], along[k], atol=1e-3)
        assert np.allclose(run(f"edges.{id}", image, direction=name, scale="voxel")[middle], steps[k], atol=1e-3)


def test_there_is_no_slope_across_one_slice() -> None:
    for image in (on_grid(noise((1, 7, 8))), on_grid(noise((7, 8)))):
        with pytest.raises(Refused, match="only one voxel along z"):
            get("edges.prewitt").run(Context(), image, direction="z")


def test_one_slice_of_a_tilted_stack_has_the_slope_in_its_plane() -> None:
    image = in_space((1, 6, 7), "sheared", lambda x, y, z: 4 * x + 3 * y)
    plane = run("edges.gradient_magnitude", image, sigma=0.0)
    assert np.allclose(plane[0, 1:-1, 1:-1], 5.0, rtol=1e-5)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize(("id", "sigma"), [("laplacian", 0.0), ("laplacian_of_gaussian", 0.0),
                                           ("laplacian_of_gaussian", 0.4), ("laplacian_of_gaussian", 2.0)])  # fmt: skip
def test_a_parabola_in_space_has_its_laplacian_on_every_grid(id: str, sigma: float, direction: str) -> None:
    def parabola(x: Any, y: Any, z: Any) -> Any:
        return 1.5 * x**2 - 0.5 * y**2 + 0.25 * z**2 + 2 * x * y - 1.2 * y * z + 0.7 * x * z - 3 * y + 4

    image = in_space((24, 44, 48), direction, parabola)
    values = {} if id == "laplacian" else {"sigma": sigma}
    result = inside(run(f"edges.{id}", image, **values), sigma)
    assert np.allclose(result, 2 * (1.5 - 0.5 + 0.25), atol=2e-3)
    if values:
        scaled = inside(run(f"edges.{id}", image, **values, normalised=True), sigma)
        assert np.allclose(scaled, sigma**2 * 2.5, atol=1e-2)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float32"])
@pytest.mark.parametrize("shape", [(6, 11, 13), (11, 13)], ids=str)
def test_laplacians_that_count_voxels_are_scipys(shape: tuple[int, ...], dtype: str) -> None:
    array = noise(shape, dtype)
    exact = ndimage.laplace(array.astype(float), mode="nearest")
    assert np.allclose(run("edges.laplacian", on_grid(array), kernel="faces"), exact, rtol=1e-4, atol=1e-2)
    cube = np.ones((3,) * array.ndim)
    cube[(1,) * array.ndim] = 1 - cube.size
    exact = ndimage.correlate(array.astype(float), cube, mode="nearest")
    assert np.allclose(run("edges.laplacian", on_grid(array), kernel="corners"), exact, rtol=1e-4, atol=2e-2)


def test_laplacian_per_mm_is_simpleitks() -> None:
    array = noise((6, 11, 13), "float32")
    filter = sitk.LaplacianImageFilter()
    filter.UseImageSpacingOn()
    exact = pixels(filter.Execute(on_grid(array)))
    assert np.allclose(run("edges.laplacian", on_grid(array)), exact, rtol=1e-4, atol=1e-2)
    plane = run("edges.laplacian", on_grid(array[0]))
    assert np.array_equal(run("edges.laplacian", on_grid(array[:1]))[0], plane)


def test_laplacian_of_gaussian_is_scipys_per_mm() -> None:
    array = noise((20, 31, 40), "int16")
    smooth = [2.5 / s for s in reversed(SPACING)]
    exact = np.zeros(array.shape)
    for axis, length in enumerate(reversed(SPACING)):
        order = [2 * int(k == axis) for k in range(3)]
        bent = ndimage.gaussian_filter(array.astype(float), smooth, order=order, mode="nearest", truncate=6)
        exact += bent / length**2
    result = run("edges.laplacian_of_gaussian", on_grid(array), sigma=2.5)
    assert np.abs(result - exact).max() <= 0.015 * np.abs(exact).max()


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "float64"])
def test_unsharp_is_its_formula_with_scipys_gaussian(dtype: str) -> None:
    array = noise((9, 21, 30), dtype)
    smooth = ndimage.gaussian_filter(
        array.astype(float), [1.5 / s for s in reversed(SPACING)], mode="nearest", truncate=4
    )
    detail = array - smooth
    limits = (np.iinfo(dtype).min, np.iinfo(dtype).max) if array.dtype.kind in "iu" else (-np.inf, np.inf)
    for threshold in (0.0, 0.2 * float(np.abs(detail).max())):
        exact = np.clip(array + 3.0 * np.where(np.abs(detail) < threshold, 0, detail), *limits)
        result = run("edges.unsharp", on_grid(array), sigma=1.5, amount=3.0, threshold=threshold)
        assert result.dtype == array.dtype
        off = np.abs(result - exact) > (0.51 if array.dtype.kind in "iu" else 2e-2)
        assert off.mean() < 1e-3  # a difference of just the threshold may fall on either side


def test_unsharp_is_scikit_images_and_leaves_alone_without_amount() -> None:
    array = noise((21, 30), "float64")
    exact = filters.unsharp_mask(array, radius=2.0, amount=1.5, preserve_range=True)
    result = run("edges.unsharp", on_grid(array, spacing=(0.5, 0.5)), sigma=1.0, amount=1.5)
    far = (slice(8, -8),) * 2  # its border is mirrored
    assert np.allclose(result[far], exact[far], rtol=1e-9, atol=1e-6)
    assert np.array_equal(run("edges.unsharp", on_grid(array), sigma=2.0, amount=0.0), array)
    assert np.array_equal(run("edges.unsharp", on_grid(array), sigma=0.0, amount=9.0), array)
