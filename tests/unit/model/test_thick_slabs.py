"""Thick slabs against plain reductions along the true axis."""

from __future__ import annotations

import numpy as np
import pytest

import phantoms
from pellucid.model.geometry import IDENTITY, Geometry
from pellucid.model.oblique import combined, turn_about, turned_frame
from pellucid.model.planes import GridFrame, plane_frame
from pellucid.model.projecting import Thickness, slices_within
from pellucid.model.slabs import Slabs
from pellucid.model.slicing import Sight, layer_plane, orient_preview
from pellucid.model.view import Plane, Projection

THREE = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)
REDUCE = {Projection.MAXIMUM: np.max, Projection.MINIMUM: np.min, Projection.MEAN: np.mean, Projection.SUM: np.sum}
TURNED = combined(turn_about((0.0, 0.0, 1.0), 25) @ turn_about((1.0, 0.0, 0.0), -14), IDENTITY)
FINE = phantoms.grid((24, 26, 40), (0.8, 0.9, 0.6))


def noise(geometry: Geometry, dtype: str = "i2", seed: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).integers(-900, 2000, geometry.size[::-1]).astype(dtype)


def test_ten_millimetres_of_slices_of_0_6_are_seventeen() -> None:
    frame = plane_frame(FINE, Plane.AXIAL)
    assert len(slices_within(frame, 20, 10.0)) == 17
    assert list(slices_within(frame, 2, 10.0)) == list(range(11))  # fewer at the end
    assert list(slices_within(frame, 20, 0.5)) == [20]
    uneven = plane_frame(phantoms.uneven([0, 1, 2, 6, 7, 8]), Plane.AXIAL)
    assert list(slices_within(uneven, 3, 5.0)) == [3, 4, 5]
    assert list(slices_within(uneven, 3, 8.0)) == [2, 3, 4, 5]


@pytest.mark.parametrize("projection", list(Projection))
@pytest.mark.parametrize("plane", THREE)
@pytest.mark.parametrize("dtype", ["i2", "u1", "i4", "f4", "f8"])
def test_a_slab_along_the_grid_is_the_reduction_of_its_slices(dtype: str, plane: Plane, projection: Projection) -> None:
    array = np.abs(noise(FINE)).astype(dtype)
    frame = plane_frame(FINE, plane)
    index = frame.slice_count // 2
    image = Slabs().cut(array, 1, FINE, frame, index, Thickness(6.0, projection))
    inside = slices_within(frame, index, 6.0)
    axis = 2 - frame.normal_axis
    block = array.take(range(inside.start, inside.stop), axis).astype(np.float64)
    wanted = orient_preview(REDUCE[projection](block, axis=axis), frame, FINE)
    assert image is not None and image.axis == -1
    np.testing.assert_allclose(image.array, wanted, rtol=1e-6)
    if projection in (Projection.MAXIMUM, Projection.MINIMUM):
        assert image.array.dtype == array.dtype
    else:
        assert image.array.dtype.kind == "f"
    single = layer_plane(array, FINE, frame, index)
    assert single is not None and image.transform == single.transform
    assert image.summed == (len(inside) if projection is Projection.SUM else 1)


def test_a_slab_of_an_uneven_stack_takes_slices_by_their_true_places() -> None:
    geometry = phantoms.uneven([0, 1, 2, 6, 7, 8, 9])
    array = noise(geometry)
    frame = plane_frame(geometry, Plane.AXIAL)
    image = Slabs().cut(array, 1, geometry, frame, 3, Thickness(8.0))
    assert image is not None
    np.testing.assert_array_equal(image.array, orient_preview(array[2:].max(axis=0), frame, geometry))
    along = plane_frame(geometry, Plane.CORONAL)
    side = Slabs().cut(array, 1, geometry, along, 4, Thickness(2 * geometry.spacing[1]), fill=-5)
    assert side is not None
    wanted = orient_preview(array[:, 3:6].max(axis=1), along, geometry, fill=-5)
    np.testing.assert_array_equal(side.array, wanted)


def test_what_is_not_a_number_does_not_count() -> None:
    array = noise(FINE, "f4")
    array[::3] = np.nan
    array[:, 5, 5] = np.nan
    frame = plane_frame(FINE, Plane.AXIAL)
    block = array[10:31]
    for projection, nan_reduce in (
        (Projection.MAXIMUM, np.fmax.reduce), (Projection.MINIMUM, np.fmin.reduce),
    ):  # fmt: skip
        image = Slabs().cut(array, 1, FINE, frame, 20, Thickness(12.0, projection))
        assert image is not None
        np.testing.assert_array_equal(image.array, nan_reduce(block, axis=0))
    mean = Slabs().cut(array, 1, FINE, frame, 20, Thickness(12.0, Projection.MEAN))
    assert mean is not None and np.isnan(mean.array[5, 5])
    filled, count = np.nan_to_num(block).astype(float).sum(axis=0), (~np.isnan(block)).sum(axis=0)
    good = count > 0
    np.testing.assert_allclose(mean.array[good], filled[good] / count[good], rtol=1e-5)


def test_of_labels_the_nearest_to_the_middle_is_shown() -> None:
    labels = np.zeros((9, 3, 3), np.uint8)
    labels[2, 0, 0], labels[5, 0, 0] = 1, 2  # the slice at 5 is nearer to 4
    labels[3, 1, 1], labels[5, 1, 1] = 3, 4  # as near: the earlier
    labels[8, 2, 2] = 5  # not in the slab
    geometry = phantoms.grid((3, 3, 9), (1.0, 1.0, 1.0))
    frame = plane_frame(geometry, Plane.AXIAL)
    image = Slabs().cut(labels, 1, geometry, frame, 4, Thickness(6.0), labels=True)
    assert image is not None and image.array.dtype == np.uint8
    assert (image.array[0, 0], image.array[1, 1], image.array[2, 2]) == (2, 3, 0)


@pytest.mark.parametrize("projection", list(Projection))
@pytest.mark.parametrize("kind", ["plain", "sheared", "oblique and sheared", "uneven", "uneven, oblique and sheared"])
def test_an_askew_slab_is_the_reduction_of_its_planes(kind: str, projection: Projection) -> None:
    geometry = phantoms.every_kind()[kind]
    array = noise(geometry)
    place = geometry.centre()
    frame = turned_frame(geometry, Plane.CORONAL, place, rotation=TURNED)
    index, sight = frame.slice_index(place), Sight((-60, -60, 60, 60), 0.9)
    slab = Thickness(5.0, projection)
    image = Slabs().cut(array, 1, geometry, frame, index, slab, fill=-32768, smooth=True, sight=sight)
    assert image is not None
    # The same planes one by one, as floating point; each may see another part, so they are put on one raster.
    inside = slices_within(frame, index, 5.0)
    rows, columns = image.array.shape
    planes = np.full((len(inside), rows, columns), np.nan)
    for n, k in enumerate(inside):
        one = layer_plane(array.astype(np.float64), geometry, frame, k, fill=float("nan"), smooth=True, sight=sight)
        if one is not None:
            x = round((one.transform[2] - image.transform[2]) / 0.9)
            y = round((one.transform[5] - image.transform[5]) / 0.9)
            planes[n, y : y + one.array.shape[0], x : x + one.array.shape[1]] = one.array
    seen = ~np.isnan(planes).all(axis=0)
    assert seen.sum() > 100
    nan_reduce = {Projection.MAXIMUM: np.nanmax, Projection.MINIMUM: np.nanmin, Projection.MEAN: np.nanmean,
                  Projection.SUM: np.nansum}[projection]  # fmt: skip
    np.testing.assert_allclose(image.array[seen], nan_reduce(planes[:, seen], axis=0), atol=0.6, rtol=1e-4)
    empty = image.array[~seen]
    assert np.isnan(empty).all() if image.array.dtype.kind == "f" else (empty == -32768).all()


def test_of_labels_in_an_askew_slab_the_nearest_plane_counts() -> None:
    geometry = phantoms.grid((30, 30, 30), (1.0, 1.0, 1.0))
    frame = turned_frame(geometry, Plane.AXIAL, geometry.centre(), rotation=TURNED)
    index = frame.slice_index(geometry.centre())
    height = (phantoms.positions(geometry) - frame.world_at(0, 0, index)) @ frame.normal
    labels = np.zeros(height.shape, np.uint8)
    labels[(height > 2.0) & (height < 5.0)] = 1
    labels[(height < -4.0) & (height > -6.0)] = 2
    sight = Sight((-6, -6, 6, 6), 0.5)
    image = Slabs().cut(labels, 1, geometry, frame, index, Thickness(10.0), labels=True, sight=sight)
    assert image is not None and image.array.dtype == np.uint8
    assert set(np.unique(image.array)) == {1}  # two millimetres away, not four
    thin = Slabs().cut(labels, 1, geometry, frame, index, Thickness(1.0), labels=True, sight=sight)
    assert thin is not None and not thin.array.any()


def test_a_slab_across_sheared_slices_is_perpendicular_to_them() -> None:
    """A rod along the true normal stays a dot in a slab of a tilted stack, although its voxels are displaced."""
    geometry = phantoms.sheared(phantoms.grid((40, 40, 30), (1.0, 1.0, 1.0)), 20)
    worlds = phantoms.positions(geometry)
    axis = plane_frame(geometry, Plane.AXIAL).normal
    centre = geometry.centre()
    off = worlds - centre
    radius = np.linalg.norm(off - (off @ axis)[..., None] * axis, axis=-1)
    array = np.where(radius < 2.0, 1000, 0).astype(np.int16)
    frame = plane_frame(geometry, Plane.AXIAL)
    image = Slabs().cut(array, 1, geometry, frame, 15, Thickness(20.0), smooth=False)
    assert image is not None
    across = np.sqrt((image.array > 500).sum() * image.pixel_mm[0] * image.pixel_mm[1] / np.pi)
    assert across == pytest.approx(2.0, abs=0.75)


def test_scrolling_computes_only_the_new_plane_and_windows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from pellucid.model import slabs

    geometry, calls = phantoms.grid((30, 30, 30), (1.0, 1.0, 1.0)), []
    plain = slabs.gathered
    monkeypatch.setattr(slabs, "gathered", lambda *args, **how: (calls.append(1), plain(*args, **how))[1])
    array, sight = noise(geometry), Sight((-50, -50, 50, 50), 1.0)
    frame = turned_frame(geometry, Plane.AXIAL, geometry.centre(), rotation=TURNED)
    cutter, thickness = Slabs(), Thickness(8.0)
    first = cutter.cut(array, 1, geometry, frame, 20, thickness, sight=sight, patience=0.0)
    assert len(calls) == 9 and cutter.complete
    assert cutter.cut(array, 1, geometry, frame, 20, thickness, sight=sight, patience=0.0) is first
    cutter.cut(array, 1, geometry, frame, 21, thickness, sight=sight, patience=0.0)
    assert len(calls) == 10
    cutter.cut(array, 2, geometry, frame, 21, thickness, sight=sight, patience=0.0)
    assert len(calls) == 19  # other voxels


def test_a_large_slab_is_coarse_first_and_then_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    from pellucid.model import slabs

    monkeypatch.setattr(slabs, "_QUICK", 4000)
    geometry = phantoms.grid((40, 40, 40), (1.0, 1.0, 1.0))
    array = ndimage_blob(geometry)
    frame = turned_frame(geometry, Plane.AXIAL, geometry.centre(), rotation=TURNED)
    sight, thickness, cutter = Sight((-50, -50, 50, 50), 1.0), Thickness(30.0), Slabs()
    index = frame.slice_index(geometry.centre())
    rough = cutter.cut(array, 1, geometry, frame, index, thickness, smooth=True, sight=sight, patience=0.0)
    assert rough is not None and not cutter.complete
    assert rough.pixel_mm[0] > 1.0 and abs(int(rough.array.max()) - int(array.max())) < 60
    for _ in range(200):
        fine = cutter.cut(array, 1, geometry, frame, index, thickness, smooth=True, sight=sight, patience=1e-9)
        if cutter.complete:
            break
    assert cutter.complete and fine is not None
    exact = Slabs().cut(array, 1, geometry, frame, index, thickness, smooth=True, sight=sight)
    assert exact is not None
    np.testing.assert_array_equal(fine.array, exact.array)


def ndimage_blob(geometry: Geometry) -> np.ndarray:
    off = phantoms.positions(geometry) - geometry.centre()
    return (1000 * np.exp(-np.sum(off**2, axis=-1) / 200)).astype(np.int16)


def test_colours_are_projected_channel_by_channel() -> None:
    array = np.random.default_rng(6).integers(0, 255, (*FINE.size[::-1], 3)).astype(np.uint8)
    frame = plane_frame(FINE, Plane.AXIAL)
    assert isinstance(frame, GridFrame)
    image = Slabs().cut(array, 1, FINE, frame, 20, Thickness(6.0))
    assert image is not None
    np.testing.assert_array_equal(image.array, array[15:26].max(axis=0))
    summed = Slabs().cut(array, 1, FINE, frame, 20, Thickness(6.0, Projection.SUM))
    assert summed is not None and summed.array.dtype == np.uint8 and summed.summed == 1
    np.testing.assert_array_equal(summed.array, np.rint(array[15:26].mean(axis=0)))
