"""The box of a crop: where it cuts planes of any grid, and what dragging its sides makes of it."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.model.crop_box import Box, axes_in_plane, limits, moved, outline, resized, shadow
from pellucid.model.oblique import combined, turn_about, turned_frame
from pellucid.model.planes import plane_frame
from pellucid.model.view import Plane
from phantoms import every_kind, grid

PLANES = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)
BOX = Box(3, 5, 2, 8, 6, 4)


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("kind", [name for name in every_kind() if name != "one slice"])
def test_the_outline_runs_around_exactly_the_voxels_of_the_box(kind: str, plane: Plane) -> None:
    geometry = every_kind()[kind]
    frame = plane_frame(geometry, plane)
    a, b = axes_in_plane(frame, geometry) or (9, 9)
    across = 3 - a - b
    for index in range(frame.slice_count):
        corners = outline(frame, index, geometry, BOX)
        here = geometry.world_to_index(frame.world_at(0.0, 0.0, index))[across]
        assert bool(len(corners)) == (BOX[across] - 0.5 <= here < BOX[across] + BOX[3 + across] - 0.5)
        if len(corners):
            found = geometry.world_to_index(corners)
            exact = [(BOX[a] - 0.5, BOX[b] - 0.5), (BOX[a] + BOX[3 + a] - 0.5, BOX[b] - 0.5)]
            assert np.allclose(found[:2, [a, b]], exact) and np.allclose(found[:, across], here)
            assert np.allclose(found[2, [a, b]], np.add(BOX[:3], BOX[3:])[[a, b]] - 0.5)
        else:
            assert len(shadow(frame, index, geometry, BOX)) == 4


@pytest.mark.parametrize("degrees", [10.0, 33.0, 71.0])
@pytest.mark.parametrize("plane", PLANES)
def test_on_an_askew_plane_it_is_the_edge_of_what_lies_in_the_box(plane: Plane, degrees: float) -> None:
    geometry = grid()
    rotation = combined(turn_about((0.4, 1.0, 0.3), degrees), combined(np.eye(3), (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    middle = tuple(geometry.index_to_world(limits(BOX).mean(axis=0)))
    frame = turned_frame(geometry, plane, middle, rotation=rotation)
    index = frame.slice_index(middle)
    assert axes_in_plane(frame, geometry) is None and len(shadow(frame, index, geometry, BOX)) == 0
    corners = outline(frame, index, geometry, BOX)
    flat = np.array([frame.plane_coordinates(corner) for corner in corners])
    low, high = limits(BOX)
    random = np.random.default_rng(1).uniform(flat.min(axis=0) - 2, flat.max(axis=0) + 2, (400, 2))
    turns = np.roll(flat, -1, axis=0) - flat
    for u, v in random:
        place = geometry.world_to_index(frame.world_at(u, v, index))
        inside = bool(np.all(place > low) and np.all(place < high))
        away = np.array([u, v]) - flat
        sides = turns[:, 0] * away[:, 1] - turns[:, 1] * away[:, 0]
        assert inside == bool((sides > 0).all() or (sides < 0).all())
    assert len(outline(frame, 0, geometry, BOX)) == 0


def test_sides_stop_at_the_image_and_at_one_voxel() -> None:
    size = (20, 24, 16)
    assert resized(BOX, size, {0: -1}, {0: -2}) == (1, 5, 2, 10, 6, 4)
    assert resized(BOX, size, {0: -1}, {0: -9}) == (0, 5, 2, 11, 6, 4)
    assert resized(BOX, size, {0: -1}, {0: 99}) == (10, 5, 2, 1, 6, 4)
    assert resized(BOX, size, {0: 1, 2: 1}, {0: 99, 2: -99}) == (3, 5, 2, 17, 6, 1)
    assert resized(BOX, size, {1: 1}, {0: 5, 1: 3}) == (3, 5, 2, 8, 9, 4)


def test_with_the_middle_kept_both_sides_move() -> None:
    size = (20, 24, 16)
    assert resized(BOX, size, {0: 1}, {0: 2}, centred=True) == (1, 5, 2, 12, 6, 4)
    assert resized(BOX, size, {0: -1}, {0: -2}, centred=True) == (1, 5, 2, 12, 6, 4)
    assert resized(BOX, size, {0: 1}, {0: 9}, centred=True) == (0, 5, 2, 14, 6, 4)
    assert resized(BOX, size, {0: 1}, {0: -9}, centred=True) == (6, 5, 2, 2, 6, 4)


def test_a_moved_box_keeps_its_size_within_the_image() -> None:
    size = (20, 24, 16)
    assert moved(BOX, size, {0: 4, 1: -2}) == (7, 3, 2, 8, 6, 4)
    assert moved(BOX, size, {0: 99, 2: -99}) == (12, 5, 0, 8, 6, 4)
