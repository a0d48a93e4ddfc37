"""Series opened as a part or down-sampled: values against NumPy's blocks, places against the headers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from tests.dicom_making import CORONAL, save, slice_dataset, stack

from pellucid.dicom.child import Pool
from pellucid.dicom.read import read_plan, read_sequence
from pellucid.dicom.reduced import extent_of
from pellucid.dicom.scan import scan
from pellucid.dicom.stack import VolumePlan
from pellucid.model.reduction import Extent, Reduction, TooLarge
from pellucid.operations.operation import Context, get
from pellucid.operations.operation import Refused as OperationRefused

TURN = """#Insight Transform File V1.0
#Transform 0
Transform: Euler3DTransform_double_3_3
Parameters: 0.05 0.02 -0.2 0.7 -0.3 0.25
FixedParameters: 3 4 5 0
"""


def plan_of(folder: Path, datasets, pool: Pool) -> VolumePlan:
    save(folder, datasets)
    (series,) = scan([folder], pool=pool).series
    (plan,) = series.volumes
    return plan


def means(array: np.ndarray, n: int) -> np.ndarray:
    z, y, x = (length // n for length in array.shape)
    return array[: z * n, : y * n, : x * n].reshape(z, n, y, n, x, n).mean(axis=(1, 3, 5))


@pytest.mark.parametrize("orientation", [(1, 0, 0, 0, 1, 0), CORONAL])
def test_a_down_sampled_series_holds_means_of_its_values(tmp_path: Path, pool: Pool, orientation) -> None:
    stored, slices = stack(7, size=(9, 11), orientation=orientation)
    plan = plan_of(tmp_path, slices, pool)
    full, small = read_plan(plan, pool=pool), read_plan(plan, pool=pool, reduction=Reduction(2))
    np.testing.assert_array_equal(small.array, np.rint(means(full.array.astype(float), 2)))
    np.testing.assert_allclose(np.sort(means(stored - 1024.0, 2).sum(axis=(1, 2))),
                               np.sort(means(full.array.astype(float), 2).sum(axis=(1, 2))))  # fmt: skip
    assert (small.unit, small.dtype, small.geometry.size) == ("HU", full.dtype, (5, 4, 3))
    for index in np.ndindex(5, 4, 3):
        np.testing.assert_allclose(
            small.geometry.index_to_world(index), full.geometry.index_to_world(np.array(index) * 2 + 0.5), atol=1e-6
        )
    assert small.findings[0].code == "reduced" and "2×2×2" in small.findings[0].message


def test_slices_with_their_own_slopes_are_averaged_as_values(tmp_path: Path, pool: Pool) -> None:
    slices = [
        slice_dataset(np.full((4, 4), 100 * (n + 1), np.int16), position=(0, 0, 2.0 * n), number=n + 1, modality="PT",
                      slope=0.5 + n, intercept=0)
        for n in range(4)
    ]  # fmt: skip
    small = read_plan(plan_of(tmp_path, slices, pool), pool=pool, reduction=Reduction(2))
    values = [100 * (n + 1) * (0.5 + n) for n in range(4)]
    np.testing.assert_allclose(small.array[:, 0, 0], [np.mean(values[:2]), np.mean(values[2:])])


def test_a_part_of_a_series_is_read_from_its_own_files_only(tmp_path: Path, pool: Pool) -> None:
    _, slices = stack(9, size=(8, 10))
    plan = plan_of(tmp_path, slices, pool)
    whole = read_plan(plan, pool=pool)
    for frame in plan.frames[5:]:
        frame.path.unlink()
    part = read_plan(plan, pool=pool, reduction=Reduction(1, (3, 1, 2), (4, 6, 3)))
    np.testing.assert_array_equal(part.array, whole.array[2:5, 1:7, 3:7])
    np.testing.assert_allclose(part.geometry.index_to_world((0, 0, 0)), whole.geometry.index_to_world((3, 1, 2)))


def test_a_damaged_slice_leaves_the_mean_of_the_others(tmp_path: Path, pool: Pool) -> None:
    _, slices = stack(8, size=(4, 4))
    plan = plan_of(tmp_path, slices, pool)
    whole = read_plan(plan, pool=pool).array.astype(float)
    damaged = plan.frames[3].path
    damaged.write_bytes(damaged.read_bytes() + b"\0\0")
    small = read_plan(plan, pool=pool, reduction=Reduction(2)).array
    expected = means(whole, 2)
    expected[1] = means(np.stack([whole[2], whole[2]]), 2)[0]
    np.testing.assert_array_equal(small, np.rint(expected))


def test_frames_of_a_sequence_are_chosen(tmp_path: Path, pool: Pool) -> None:
    datasets = []
    for time_ in range(4):
        for ds in stack(4, seed=time_, size=(4, 6))[1]:
            ds.TemporalPositionIdentifier = time_ + 1
            datasets.append(ds)
    save(tmp_path, datasets)
    (series,) = scan([tmp_path], pool=pool).series
    assert extent_of(series.volumes) == Extent((6, 4, 4), 4, 1, "int16")
    whole = read_sequence(series.volumes, pool=pool)
    small = read_sequence(series.volumes, pool=pool, reduction=Reduction(2, first_frame=1, frames=2))
    assert len(small) == 2
    for one, other in zip(small, whole[1:3], strict=True):
        np.testing.assert_array_equal(one.array, np.rint(means(other.array.astype(float), 2)))


def test_what_does_not_fit_says_how_large_it_is(tmp_path: Path, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    _, slices = stack(10, size=(20, 20))
    plan = plan_of(tmp_path, slices, pool)
    monkeypatch.setattr("pellucid.dicom.memory.free_bytes", lambda: 4000)
    with pytest.raises(TooLarge, match=r"20×20×10 16-bit and needs 8\.0 kB .* 4\.0 kB is free") as said:
        read_plan(plan, pool=pool, share=0.5)
    assert said.value.extent == extent_of((plan,))
    assert read_plan(plan, pool=pool, share=0.5, reduction=Reduction(2)).nbytes == 1000


@pytest.mark.hazard("H16")
@pytest.mark.parametrize(("slopes", "padding"), [((1.0, 1.0), -3024.0), ((0.5, 0.5), -2024.0)])
@pytest.mark.parametrize("factor", [2, 3])
def test_padding_does_not_bleed_into_a_down_sampled_series(
    tmp_path: Path, pool: Pool, slopes: tuple[float, float], padding: float, factor: int
) -> None:
    """A block is the mean of what is no padding, or padding where that is more than half of it."""
    rng = np.random.default_rng(16)
    stored = rng.integers(0, 1500, (6, 12, 15)).astype(np.int16)
    _, y, x = np.indices(stored.shape)
    stored[(y - 5.5) ** 2 + (x - 7) ** 2 > 26] = -2000
    slices = [slice_dataset(plane, position=(0, 0, 2.0 * n), number=n + 1, slope=slopes[0], PixelPaddingValue=-2000)
              for n, plane in enumerate(stored)]  # fmt: skip
    for ds in slices:
        ds["PixelPaddingValue"].VR = "SS"
    small = read_plan(plan_of(tmp_path, slices, pool), pool=pool, reduction=Reduction(factor))
    valid = (stored != -2000).astype(float)
    share, sums = means(valid, factor), means(np.where(stored == -2000, 0.0, stored * slopes[0] - 1024), factor)
    expected = np.where(share < 0.5, padding, sums / np.maximum(share, 1e-9))
    assert small.padding == (padding, padding) and 0.1 < np.mean(share < 0.5) < 0.9
    assert np.max(np.abs(small.array - expected)) <= (0.5 if small.dtype.kind == "i" else 1e-3) + 1e-9
    assert small.array[small.array != padding].min() >= -1024


@pytest.mark.hazard("H16")
@pytest.mark.parametrize("how", ["linear", "bspline", "lanczos", "hamming"])
@pytest.mark.parametrize(
    ("name", "values"),
    [("geometry.resample", {"spacing_x": 0.3, "spacing_y": 0.31, "spacing_z": 0.9}),
     ("geometry.resample_to_size", {"size_x": 9, "size_y": 23, "size_z": 7}),
     ("geometry.rotate", {"angle": 25.0, "background": -3024.0}),
     ("registration.transform", {"transform": TURN, "background": -3024.0})],
)  # fmt: skip
def test_padding_does_not_bleed_into_interpolated_edges(
    tmp_path: Path, pool: Pool, name: str, values: dict[str, object], how: str
) -> None:
    """A body of one value in padding, from files: whatever lies between them is one or the other, never between."""
    stored = np.full((6, 22, 25), -2000, np.int16)
    _, y, x = np.indices(stored.shape)
    stored[(y - 10.5) ** 2 + (x - 12) ** 2 < 75] = 1064
    slices = [slice_dataset(plane, position=(0, 0, 2.0 * n), number=n + 1, PixelPaddingValue=-2000)
              for n, plane in enumerate(stored)]  # fmt: skip
    for ds in slices:
        ds["PixelPaddingValue"].VR = "SS"
    volume = read_plan(plan_of(tmp_path, slices, pool), pool=pool)
    operation = get(name)
    if how in ("lanczos", "hamming") and name in ("geometry.rotate", "registration.transform"):
        with pytest.raises(OperationRefused, match="nearest, linear"):
            operation.validate(**values, interpolation=how)
        return
    given = operation.validate(**values, interpolation=how).model_dump()
    made = operation.run(Context(padding=volume.padding), *[volume.image] * len(operation.inputs), **given)
    assert np.unique(sitk.GetArrayFromImage(made)).tolist() == [-3024, 40]
