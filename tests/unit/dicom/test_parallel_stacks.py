"""Parallel stacks of one enhanced file: volumes of their own where they lie apart, with the places numpy gives them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from dicom_making import AXIAL, put_pixels, save, slice_dataset
from pellucid.dicom.child import Pool
from pellucid.dicom.read import read_plan
from pellucid.dicom.scan import scan
from pellucid.dicom.splitting import Splitting
from pellucid.dicom.stack import Series, sequences

ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"
Frames = Sequence[tuple[str, float, int]]
"""Stack ID, height in mm, and temporal position of every frame."""


def item(**elements: object) -> Items:
    one = Dataset()
    for keyword, value in elements.items():
        setattr(one, keyword, value)
    return Items([one])


def enhanced(frames: Frames) -> tuple[np.ndarray, Dataset]:
    values = np.random.default_rng(len(frames)).integers(0, 2000, (len(frames), 3, 2)).astype(np.uint16)
    ds = slice_dataset(values[0], position=None, orientation=None, spacing=None, modality="MR", sop_class=ENHANCED_MR,
                       slope=None)  # fmt: skip
    put_pixels(ds, values)
    ds.NumberOfFrames = len(frames)
    ds.SharedFunctionalGroupsSequence = item(
        PixelMeasuresSequence=item(PixelSpacing=[0.8, 0.5], SliceThickness=2.5),
        PlaneOrientationSequence=item(ImageOrientationPatient=list(AXIAL)),
    )
    ds.PerFrameFunctionalGroupsSequence = Items([
        item(FrameContentSequence=item(StackID=name, TemporalPositionIndex=time),
             PlanePositionSequence=item(ImagePositionPatient=[-50, -60, height]))[0]
        for name, height, time in frames
    ])  # fmt: skip
    return values, ds


def opened(tmp_path: Path, pool: Pool, frames: Frames) -> tuple[np.ndarray, Series]:
    values, ds = enhanced(frames)
    (series,) = scan(save(tmp_path / "series", [ds]), pool=pool).series
    return values, series


def two(first: float, second: float, times: int = 1) -> list[tuple[str, float, int]]:
    """Return two stacks of five and four slices, 2.5 mm apart, that begin at these heights, frames in any order."""
    frames = [(name, start + 2.5 * k, time + 1) for name, start, count in (("A", first, 5), ("B", second, 4))
              for k in range(count) for time in range(times)]  # fmt: skip
    return [frames[n] for n in np.random.default_rng(0).permutation(len(frames))]


@pytest.mark.hazard("H07")
def test_stacks_that_lie_apart_are_volumes_of_their_own_and_the_tag_is_named(tmp_path: Path, pool: Pool) -> None:
    frames = two(0.0, 100.0)
    values, series = opened(tmp_path, pool, frames)
    assert [plan.label for plan in series.volumes] == ["stack A", "stack B"]
    assert {finding.code for finding in series.findings} == {"several-stacks"}
    assert "StackID (0020,9056)" in series.findings[0].message and "2 stacks" in series.findings[0].message
    for plan, name in zip(series.volumes, "AB", strict=True):
        own = sorted((height, n) for n, (stack, height, _) in enumerate(frames) if stack == name)
        assert plan.geometry.slice_positions is None and plan.geometry.spacing[2] == pytest.approx(2.5)
        assert plan.geometry.origin[2] == own[0][0] and not plan.sequence
        np.testing.assert_array_equal(read_plan(plan).array, values[[n for _, n in own]])


def test_every_stack_over_time_is_an_image_over_time(tmp_path: Path, pool: Pool) -> None:
    _, series = opened(tmp_path, pool, two(0.0, 100.0, times=3))
    shapes = [[plan.geometry.size[2] for plan in group] for group in sequences(series)]
    assert shapes == [[5, 5, 5], [4, 4, 4]]
    assert [value.tag.keyword for value in series.volumes[0].values] == ["StackID", "TemporalPositionIndex"]


@pytest.mark.parametrize("frames", [
    two(0.0, 12.5),  # one after the other
    [("A" if k % 2 else "B", 2.5 * k, 1) for k in range(8)],  # one between the other
    [(str(k), height, 1) for k, height in enumerate([0.0, 2.5, 7.5, 10.0])],  # an ID for every slice, one is missing
])  # fmt: skip
def test_what_fills_one_grid_or_has_an_id_for_every_slice_stays_one_volume(
    frames: Frames, tmp_path: Path, pool: Pool
) -> None:
    _, series = opened(tmp_path, pool, frames)
    (plan,) = series.volumes
    assert plan.geometry.size[2] == len(frames)
    assert bool(plan.geometry.slice_positions) == (len(frames) == 4)


def test_the_user_may_have_them_together(tmp_path: Path, pool: Pool) -> None:
    from pellucid.dicom.resplit import read_splittable

    _, series = opened(tmp_path, pool, two(0.0, 100.0))
    found = read_splittable(series.files, series.uid, pool=pool)
    assert len(found.split().volumes) == 2
    assert [plan.geometry.size[2] for plan in found.split(Splitting(merged=True)).volumes] == [9]
    assert len(found.split(Splitting(("stack",), apart=True)).volumes) == 2
