"""Volumes know the numbers their files stored, slice by slice, and forget them when something was computed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dicom_making import save, slice_dataset, stack
from pellucid.dicom.child import Pool
from pellucid.dicom.read import read_plan
from pellucid.dicom.scan import scan
from pellucid.model.rescale import Rescale


def opened(folder: Path, datasets, pool: Pool):
    save(folder, datasets)
    (series,) = scan([folder], pool=pool).series
    return read_plan(series.volumes[0], pool=pool)


def test_every_slice_gives_its_stored_numbers_back(tmp_path, pool):
    stored, slices = stack(4)
    for k, dataset in enumerate(slices):
        dataset.RescaleSlope, dataset.RescaleIntercept = f"{0.5 + 0.25 * k}", "-3"
    volume = opened(tmp_path, slices, pool)
    z = np.broadcast_to(np.arange(4)[:, None, None], stored.shape)
    assert volume.rescale.slopes == (0.5, 0.75, 1.0, 1.25)
    assert np.array_equal(volume.rescale.stored(volume.array, z), stored)


def test_the_type_is_what_the_header_allows_not_what_holds_the_values(tmp_path, pool):
    dataset = slice_dataset(np.arange(30, dtype=np.uint16).reshape(5, 6), slope=2, intercept=-1000)
    dataset.BitsStored, dataset.HighBit = 12, 11
    rescale = opened(tmp_path, [dataset], pool).rescale
    assert rescale == Rescale((2.0,), (-1000.0,), "12 bits, unsigned", 0, 4095)


def test_what_a_filter_made_has_no_stored_numbers(tmp_path, pool):
    volume = opened(tmp_path, stack(3)[1], pool)
    assert volume.rescale is not None and volume.with_image(volume.image).rescale is None


@pytest.mark.parametrize("photometric", ["RGB"])
def test_colours_have_none(tmp_path, pool, photometric):
    pixels = np.zeros((5, 6, 3), np.uint8)
    assert opened(tmp_path, [slice_dataset(pixels, slope=None, photometric=photometric)], pool).rescale is None
