"""Slices across the rows are those of the array, whatever its type, size and history."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.ui.canvas.slabs import Slab


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "float64", "bool"])
@pytest.mark.parametrize("shape", [(5, 7, 33), (4, 3, 16), (3, 4, 5), (2, 3, 1), (3, 5, 40, 3), (3, 5, 7, 4)])
def test_every_slice_is_the_one_of_the_array(dtype, shape):
    array = np.random.default_rng(0).integers(0, 200, shape).astype(dtype)
    array.flags.writeable = False
    slab = Slab()
    for x in [*range(shape[2]), *reversed(range(shape[2])), 0, shape[2] - 1]:
        assert np.array_equal(slab.slice(array, 1, x), array[:, :, x])


def test_other_voxels_are_fetched_when_the_version_changes():
    array = np.zeros((4, 5, 32), np.uint8)
    slab = Slab()
    slab.slice(array, 1, 3)
    array[:] = 9
    assert (slab.slice(array, 2, 3) == 9).all()


def test_arrays_that_are_not_contiguous_work_too():
    array = np.arange(4 * 5 * 64, dtype=np.int16).reshape(4, 5, 64)[:, ::2, ::2]
    assert np.array_equal(Slab().slice(array, 1, 7), array[:, :, 7])


def test_a_slab_follows_what_is_painted(monkeypatch):
    array = np.random.default_rng(4).integers(0, 3, (20, 30, 64)).astype(np.uint8)
    slab, labels = Slab(), object()
    assert np.array_equal(slab.slice(array, (labels, 0), 21), array[:, :, 21])
    edits = 0
    for z, y, x in ((slice(3, 9), slice(2, 8), slice(20, 24)), (slice(0, 99), slice(0, 99), slice(40, 50)),
                    (slice(5, 6), slice(5, 6), slice(0, 64))):  # fmt: skip
        array[z, y, x] += 1
        slab.follow(array, (labels, edits), (labels, edits + 1), (z, y, x))
        edits += 1
        for shown in (21, 17, 31, 40):
            assert np.array_equal(slab.slice(array, (labels, edits), shown), array[:, :, shown])
        slab.slice(array, (labels, edits), 21)
    wide = array.astype(np.uint16)
    wide[4, 4, 21] = 700
    slab.follow(wide, (labels, edits), (labels, edits + 1), (slice(4, 5), slice(4, 5), slice(21, 22)))
    assert np.array_equal(slab.slice(wide, (labels, edits + 1), 21), wide[:, :, 21])


def test_a_slab_does_not_follow_what_it_did_not_hold():
    array = np.zeros((8, 9, 64), np.uint8)
    slab = Slab()
    slab.slice(array, ("a", 0), 3)
    array[:] = 5
    slab.follow(array, ("a", 4), ("a", 5), (slice(0, 1), slice(0, 1), slice(0, 1)))
    assert np.array_equal(slab.slice(array, ("a", 5), 3), array[:, :, 3])
