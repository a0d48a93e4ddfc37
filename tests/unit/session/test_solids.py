"""What the 3-D view shows: surfaces kept by their voxels, and a volume small enough that lies where the image lies."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.labels import LabelMap
from pellucid.model.volume import Volume, image_from_array
from pellucid.session import solids as room
from pellucid.session.solids import block, solids

OBLIQUE = (0.8, -0.6, 0.0, 0.6, 0.8, 0.0, 0.0, 0.0, -1.0)
GRID = Geometry((30, 28, 20), (1.0, 1.0, 2.0), (5.0, -40.0, 7.0), OBLIQUE)


def quiet(*_given: object) -> None:
    """Hear nothing."""


def volume(array, geometry) -> Volume:
    return Volume(image_from_array(array, geometry), geometry)


@pytest.fixture
def labels() -> LabelMap:
    array = np.zeros(GRID.size[::-1], np.uint16)
    array[4:10, 5:12, 6:16], array[12:18, 15:25, 14:26] = 1, 700
    return LabelMap(GRID, array)


def test_every_label_has_a_surface_in_the_world_that_looks_outwards(labels):
    made, left_out = solids(labels, {}, quiet, quiet)
    assert list(made) == [1, 700] and left_out == 0
    for value, middle in ((1, (10.5, 8.0, 6.5)), (700, (19.5, 19.5, 14.5))):
        solid = made[value]
        centre = GRID.index_to_world(middle)
        assert np.allclose((solid.points.min(axis=0) + solid.points.max(axis=0)) / 2, centre, atol=0.6)
        assert (((solid.points - centre) * solid.normals).sum(axis=1) > 0).all()
        assert solid.faces.max() == len(solid.points) - 1


def test_only_what_changed_is_made_again(labels):
    before, _ = solids(labels, {}, quiet, quiet)
    labels.array[12, 15, 14] = 0
    after, _ = solids(labels, before, quiet, quiet)
    assert after[1] is before[1] and after[700] is not before[700]
    labels.array[labels.array == 1] = 0
    assert list(solids(labels, after, quiet, quiet)[0]) == [700]


def test_of_too_many_labels_the_largest_are_shown(labels, monkeypatch):
    labels.array[0, 0, 0] = 3
    monkeypatch.setattr(room, "MOST_LABELS", 2)
    made, left_out = solids(labels, {}, quiet, quiet)
    assert list(made) == [1, 700] and left_out == 1


def test_a_picture_has_no_surfaces():
    assert solids(LabelMap(Geometry((4, 4, 1)), np.ones((1, 4, 4), np.uint8)), {}, quiet, quiet) == ({}, 0)


def test_a_small_volume_stays_as_it_is():
    array = np.arange(20 * 28 * 30, dtype=np.int16).reshape(20, 28, 30)
    made = block(volume(array, GRID), quiet)
    assert np.array_equal(made.array, array) and made.array.dtype == np.int16 and made.factors == (1, 1, 1)
    corner = made.matrix @ np.array([29.0, 27.0, 38.0, 1.0])
    assert np.allclose(corner[:3], GRID.index_to_world([29, 27, 19]))


def test_a_large_one_is_averaged_in_blocks_about_as_deep_as_wide():
    array = np.random.default_rng(1).integers(-1000, 1000, (20, 28, 30)).astype(np.int16)
    made = block(volume(array, GRID), quiet, most=5000)
    assert made.factors == (2, 2, 1) and made.spacing == (2.0, 2.0, 2.0)
    means = array.reshape(20, 14, 2, 15, 2).mean(axis=(2, 4))
    assert np.abs(made.array - means).max() <= 0.5
    first = made.matrix @ np.array([0.0, 0.0, 0.0, 1.0])
    assert np.allclose(first[:3], GRID.index_to_world([0.5, 0.5, 0.0]))


def test_blocks_that_are_cut_by_the_edge_are_means_of_what_is_there():
    array = np.ones((5, 7, 9), np.float32) * 4
    made = block(volume(array, Geometry((9, 7, 5))), quiet, most=30)
    assert made.array.size <= 30 and np.allclose(made.array, 4)


def test_uneven_slices_are_laid_where_they_are():
    grid = Geometry((4, 4, 4), (1.0, 1.0, 1.0), slice_positions=(0.0, 1.0, 4.0, 5.0))
    array = np.broadcast_to(np.array([10, 20, 30, 40], np.int16)[:, None, None], (4, 4, 4)).copy()
    assert block(volume(array, grid), quiet).array[:, 0, 0].tolist() == [10, 20, 20, 30, 30, 40]


def test_what_is_no_number_is_the_lowest_value():
    array = np.full((3, 3, 3), 5.0, np.float32)
    array[1, 1, 1], array[0, 0, 0] = np.nan, -2.0
    made = block(volume(array, Geometry((3, 3, 3))), quiet)
    assert made.array[1, 1, 1] == -2.0 and made.array.dtype == np.float32


def test_what_has_no_inside_is_refused():
    with pytest.raises(Refused, match="one slice"):
        block(volume(np.zeros((1, 4, 4), np.int16), Geometry((4, 4, 1))), quiet)
    grid = Geometry((4, 4, 4))
    colour = Volume(image_from_array(np.zeros((4, 4, 4, 3), np.uint8), grid, colour=True), grid)
    with pytest.raises(Refused, match="colours"):
        block(colour, quiet)
