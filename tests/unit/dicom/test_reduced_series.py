"""Series opened as a part or down-sampled: values against NumPy's blocks, places against the headers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.dicom_making import CORONAL, save, slice_dataset, stack

from pellucid.dicom.child import Pool
from pellucid.dicom.read import read_plan, read_sequence
from pellucid.dicom.reduced import extent_of
from pellucid.dicom.scan import scan
from pellucid.dicom.stack import VolumePlan
from pellucid.model.reduction import Extent, Reduction, TooLarge


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
