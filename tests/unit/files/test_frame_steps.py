"""Times between the frames of files that are not DICOM, written by other people's writers."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
import tifffile

from pellucid.files.images import read
from pellucid.model.timing import TimeSource, timing

STACK = np.arange(5 * 3 * 8 * 9, dtype=np.uint16).reshape(5, 3, 8, 9)


@pytest.mark.parametrize(("unit", "step", "seconds"), [("sec", 2.5, 2.5), ("msec", 40.0, 0.04), ("usec", 500.0, 5e-4)])
def test_nifti_states_its_step_with_a_unit(tmp_path, unit, step, seconds):
    image = nib.Nifti1Image(np.zeros((6, 5, 4, 7), np.int16), np.eye(4))
    image.header.set_xyzt_units("mm", unit)
    image.header["pixdim"][4] = step
    nib.save(image, tmp_path / "series.nii.gz")
    found = timing(read(tmp_path / "series.nii.gz"))
    assert found.times == pytest.approx([seconds * n for n in range(7)])
    assert found.times_source is TimeSource.NIFTI


@pytest.mark.parametrize("unit", ["hz", "ppm", "unknown"])
def test_nifti_axes_that_are_no_time_have_no_times(tmp_path, unit):
    image = nib.Nifti1Image(np.zeros((6, 5, 4, 7), np.int16), np.eye(4))
    image.header.set_xyzt_units("mm", unit)
    image.header["pixdim"][4] = 2.0
    nib.save(image, tmp_path / "spectrum.nii")
    assert timing(read(tmp_path / "spectrum.nii")).times is None


@pytest.mark.parametrize(("facts", "seconds"), [({"finterval": 0.25}, 0.25), ({"fps": 20.0}, 0.05), ({}, None)])
def test_imagej_stacks(tmp_path, facts, seconds):
    tifffile.imwrite(tmp_path / "stack.tif", STACK, imagej=True, metadata={"axes": "TZYX", **facts})
    found = timing(read(tmp_path / "stack.tif"))
    assert found.times == (None if seconds is None else pytest.approx([seconds * n for n in range(5)]))


@pytest.mark.parametrize(("unit", "seconds"), [("s", 1.5), ("ms", 0.0015), ("min", 90.0)])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_ome_time_increment(tmp_path, unit, seconds, compression):
    facts = {"axes": "TZYX", "TimeIncrement": 1.5, "TimeIncrementUnit": unit}
    tifffile.imwrite(tmp_path / "stack.ome.tif", STACK, metadata=facts, compression=compression)
    found = timing(read(tmp_path / "stack.ome.tif"))
    assert found.times == pytest.approx([seconds * n for n in range(5)])
    assert found.times_source is TimeSource.INTERVAL


def test_channels_are_no_times(tmp_path):
    facts = {"axes": "CZYX", "TimeIncrement": 1.5}
    tifffile.imwrite(tmp_path / "channels.ome.tif", STACK, metadata=facts)
    assert timing(read(tmp_path / "channels.ome.tif")).times is None
