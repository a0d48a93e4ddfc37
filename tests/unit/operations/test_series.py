"""Known motions of sections and frames are found again, to a small part of a pixel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from operation_images import DIRECTIONS
from pellucid.operations import Context, Refused, get
from pellucid.operations.engines.registration.series import frames_of, motions, planes_of
from pellucid.operations.time_series import align_frames, template

SIZE = 96


def scene(seed: int = 0, size: int = 220) -> Any:
    """Return a texture larger than what is seen of it, and its cubic spline."""
    return ndimage.gaussian_filter(np.random.default_rng(seed).random((size, size)), 3) * 20000


def shot(scene: Any, x: float, y: float, degrees: float = 0.0) -> Any:
    """Return what a camera sees whose picture moved by (x, y) pixels after it turned about its middle."""
    rows, columns = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    a = np.radians(degrees)
    over, down = columns - x, rows - y
    across, along = np.cos(a) * over + np.sin(a) * down, -np.sin(a) * over + np.cos(a) * down
    return ndimage.map_coordinates(scene, [along + 110, across + 110], order=5)


def stack(planes: Sequence[Any], direction: str = "straight", spacing: Any = (0.5, 0.8, 2.0)) -> sitk.Image:
    image = sitk.GetImageFromArray(np.stack(planes))
    image.SetSpacing(spacing)
    image.SetOrigin((-20.0, 7.0, 100.0))
    image.SetDirection(DIRECTIONS[direction])
    return image


def one_after_the_other(work: Any, numbers: Any) -> None:
    for n in numbers:
        work(n)


def found_in(image: sitk.Image, motion: str = "rigid", reference: str = "first", **more: Any) -> Any:
    settings = {"number": 0, "edges": False, "turn": 10.0} | more
    return motions(planes_of(image, None), motion, reference, settings["number"], settings["edges"], settings["turn"],
                   one_after_the_other, lambda: None, lambda n, movement: None)  # fmt: skip


DRIFTS = ((0.0, 0.0), (0.37, -0.21), (2.6, 1.3), (-7.45, 4.85))


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "float64"])
def test_a_drift_is_found_to_a_fiftieth_of_a_pixel_in_mm(dtype: str) -> None:
    texture = scene() / (80 if dtype == "uint8" else 1)
    image = stack([shot(texture, x, y).astype(dtype) for x, y in DRIFTS])
    shifts = np.array([one.shift for one in found_in(image, "translation")])
    np.testing.assert_allclose(shifts / (0.5, 0.8), DRIFTS, atol=0.02 if dtype != "uint8" else 0.05)


@pytest.mark.parametrize("direction", tuple(DIRECTIONS))
def test_turns_are_found_with_shifts_whatever_the_contrast(direction: str) -> None:
    texture, turns = scene(1), (0.0, 3.5, -8.0)
    planes = [shot(texture, x, y, t) * (1, -0.5, 2)[n] + 300 * n for n, ((x, y), t) in
              enumerate(zip(DRIFTS[:3], turns, strict=True))]  # fmt: skip
    found = found_in(stack([p.astype(np.float32) for p in planes[:1] + planes[2:]], direction, (0.7, 0.7, 2.0)))
    assert found[1].angles[0] == pytest.approx(-8.0, abs=0.03)
    np.testing.assert_allclose(found[1].shift / 0.7, DRIFTS[2], atol=0.03)
    assert not found[1].doubt and found[1].after > 0.99 > found[1].before


def test_the_same_by_scikit_image() -> None:
    from skimage.registration import phase_cross_correlation

    window = np.outer(np.hanning(SIZE), np.hanning(SIZE))
    one, other = (shot(scene(3), *where) for where in ((0, 0), (1.4, -0.8)))
    (y, x), *_ = phase_cross_correlation(
        (one - one.mean()) * window, (other - other.mean()) * window, upsample_factor=100, normalization=None
    )
    found = found_in(stack([one, other], spacing=(1.0, 1.0, 1.0)), "translation")[1].shift
    np.testing.assert_allclose(found, (-x, -y), atol=0.15)


def test_aligned_sections_lie_on_each_other_and_the_input_stays() -> None:
    texture = scene(4)
    image = stack([shot(texture, x, y, 2 * n).astype(np.int16) for n, (x, y) in enumerate(DRIFTS)],
                  "oblique", (0.6, 0.6, 3.0))  # fmt: skip
    before = sitk.GetArrayFromImage(image)
    remarks: list[str] = []
    result = get("registration.align_slices").run(Context(remark=remarks.append), image, reference="first")
    array, inner = sitk.GetArrayFromImage(result).astype(float), np.s_[20:-20, 20:-20]
    assert np.array_equal(sitk.GetArrayFromImage(image), before) and result.GetDirection() == image.GetDirection()
    for moved in array[1:]:
        assert np.abs(moved[inner] - array[0][inner]).max() < 0.02 * np.ptp(array[0])
    assert "largest movement" in remarks[0]


def test_neighbours_add_up_and_a_bad_section_does_not_part_the_stack() -> None:
    texture = scene(5)
    planes = [shot(texture, 1.5 * n, 0) for n in range(7)]
    planes[5] = np.random.default_rng(1).random((SIZE, SIZE)) * 5000
    found = found_in(stack(planes, spacing=(1.0, 1.0, 1.0)), "translation", "neighbours")
    assert found[5].doubt == "unlike" and [one.doubt for one in found].count("") == 6
    shifts = [found[n].shift[0] for n in (0, 1, 2, 3, 4, 6)]
    np.testing.assert_allclose(shifts, [-4.5, -3, -1.5, 0, 1.5, 4.5], atol=0.05)


def test_the_mean_serves_as_a_reference_that_none_of_them_is() -> None:
    texture, noise = scene(6), np.random.default_rng(2)
    planes = [shot(texture, x, y) + noise.normal(0, 100, (SIZE, SIZE)) for x, y in DRIFTS]
    shifts = np.array([one.shift for one in found_in(stack(planes, spacing=(1, 1, 1)), "translation", "mean")])
    np.testing.assert_allclose(shifts - shifts[0], np.array(DRIFTS) - DRIFTS[0], atol=0.05)


def test_one_thread_and_many_give_the_same_bits() -> None:
    image = stack([shot(scene(7), x, y, 3).astype(np.int16) for x, y in DRIFTS])
    align = get("registration.align_slices")
    results = [align.run(Context(threads=n), image, reference="mean") for n in (1, 2, 5)]
    arrays = [sitk.GetArrayFromImage(result) for result in results]
    assert np.array_equal(arrays[0], arrays[1]) and np.array_equal(arrays[0], arrays[2])


def volume(seed: int = 0) -> sitk.Image:
    texture = ndimage.gaussian_filter(np.random.default_rng(seed).random((36, 60, 64)), 2.5) * 30000
    image = sitk.GetImageFromArray(texture.astype(np.float32))
    image.SetSpacing((2.0, 2.0, 3.0))
    image.SetDirection(DIRECTIONS["oblique"])
    image.SetOrigin((-44, 30, -10))
    return image


def test_frames_that_moved_in_space_are_brought_back() -> None:
    large = volume()
    first = large[10:-10, 10:-10, 5:-5]
    middle = first.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in first.GetSize()])
    head = sitk.Euler3DTransform(middle, *np.radians([2.0, -1.0, 3.0]), (1.2, -2.3, 0.9))
    moved = sitk.Resample(large, first, head.GetInverse(), sitk.sitkBSpline3, 0.0)
    frames = [first, moved, first]
    images, found = align_frames(frames, Context(), motion="rigid", reference="first")
    np.testing.assert_allclose(found[1].shift, (1.2, -2.3, 0.9), atol=0.05)
    np.testing.assert_allclose(found[1].angles, (2.0, -1.0, 3.0), atol=0.15)
    inner = np.s_[8:-8, 10:-10, 10:-10]
    before, after = (sitk.GetArrayFromImage(one)[inner] - sitk.GetArrayFromImage(first)[inner] for one in
                     (moved, images[1]))  # fmt: skip
    assert np.abs(after).mean() < 0.1 * np.abs(before).mean()


@pytest.mark.parametrize("planar", [True, False])
def test_frames_that_are_planes_move_in_their_plane(planar: bool) -> None:
    planes = [shot(scene(8), x, y).astype(np.float32) for x, y in DRIFTS]
    frames = [sitk.GetImageFromArray(plane if planar else plane[np.newaxis]) for plane in planes]
    for frame in frames:
        frame.SetSpacing((0.5, 0.8, 4.0)[: frame.GetDimension()])
        if not planar:
            frame.SetDirection(DIRECTIONS["oblique"])
            frame.SetOrigin((5.0, 6.0, 7.0))
    images, found = align_frames(frames, Context(), motion="translation", reference="first", interpolation="bspline")
    np.testing.assert_allclose(np.array([one.shift for one in found]) / (0.5, 0.8), DRIFTS, atol=0.02)
    first, last = (sitk.GetArrayFromImage(images[n]).squeeze()[16:-16, 16:-16] for n in (0, -1))
    assert np.abs(first - last).max() < 0.01 * np.ptp(first)


def test_padding_and_nan_neither_count_nor_bleed() -> None:
    planes = [shot(scene(9), x, y).astype(np.int16) for x, y in DRIFTS]
    for plane in planes:
        plane[:, :20] = -3000
    frames = [sitk.GetImageFromArray(plane) for plane in planes]
    images, found = align_frames(frames, Context(padding=(-3000.0, -3000.0)), motion="translation", reference="first")
    np.testing.assert_allclose([one.shift for one in found], DRIFTS, atol=0.05)
    values = sitk.GetArrayFromImage(images[-1])
    low = min(int(plane[:, 20:].min()) for plane in planes)
    assert (values[values != -3000] > low - 0.2 * abs(low)).all() and (values == -3000).any()


@pytest.mark.parametrize("values", ["mean", "median", "maximum", "minimum", "deviation"])
def test_a_template_is_what_numpy_says(values: str) -> None:
    arrays = np.random.default_rng(3).integers(-50, 900, (5, 3, 6, 7)).astype(np.int16)
    frames = [sitk.GetImageFromArray(array) for array in arrays]
    made = sitk.GetArrayFromImage(template(frames, Context(), values=values))
    name = {"maximum": "max", "minimum": "min", "deviation": "std"}.get(values, values)
    wanted = getattr(np, name)(arrays.astype(float), axis=0)
    if values == "deviation":
        assert made.dtype == np.float32
        np.testing.assert_allclose(made, wanted, rtol=1e-6)
    else:
        assert made.dtype == np.int16 and np.array_equal(made, np.rint(wanted))


def test_a_template_leaves_padding_and_nan_out() -> None:
    arrays = np.array([[[[1.0, np.nan, 4.0]]], [[[3.0, np.nan, -9.0]]]], np.float32)
    frames = [sitk.GetImageFromArray(array) for array in arrays]
    for values in ("mean", "median"):
        made = sitk.GetArrayFromImage(template(frames, Context(padding=(-9.0, -9.0)), values=values)).ravel()
        assert made[0] == 2.0 and np.isnan(made[1]) and made[2] == 4.0


def test_what_cannot_be_is_said() -> None:
    image = stack([shot(scene(), 0, 0)] * 3)
    with pytest.raises(Refused, match="no section 3; the last is 2"):
        get("registration.align_slices").run(Context(), image, reference="chosen", section=3)
    remarks: list[str] = []
    get("registration.align_slices").run(Context(remark=remarks.append), image[:, :, 1:2])
    assert "only one section" in remarks[0]


def test_frames_of_few_slices_are_followed_in_their_plane() -> None:
    frames = [sitk.GetImageFromArray(np.stack([shot(scene(s), x, y) for s in (1, 2)])) for x, y in DRIFTS]
    assert len(frames_of(frames, None).steps) == 2
    _images, found = align_frames(frames, Context(), motion="translation", reference="first")
    np.testing.assert_allclose([one.shift for one in found], DRIFTS, atol=0.03)


def test_a_breath_that_bends_is_bent_back() -> None:
    rows, columns = np.mgrid[:SIZE, :SIZE].astype(float)
    bulge = 5 * np.exp(-((rows - 48) ** 2 + (columns - 40) ** 2) / (2 * 14**2))
    places = ([rows + 60 - share * bulge, columns + 60] for share in (0, 1, 0.5))
    planes = [ndimage.map_coordinates(scene(11), place, order=5).astype(np.float32) for place in places]
    frames = [sitk.GetImageFromArray(plane) for plane in planes]
    results = []
    for threads, motion in ((1, "rigid"), (1, "bspline"), (3, "bspline")):
        images, found = align_frames(frames, Context(threads=threads), motion=motion, reference="first", mesh=16.0)
        results.append(np.stack([sitk.GetArrayFromImage(one) for one in images]))
        assert not any(one.doubt for one in found)
    errors = [np.abs(result[1] - planes[0])[8:-8, 8:-8].mean() for result in results]
    assert errors[1] < 0.15 * errors[0] and np.array_equal(results[1], results[2])
