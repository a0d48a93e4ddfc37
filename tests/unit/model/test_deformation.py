"""Grid lines and arrows against what is known of the transforms they are drawn of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from tests.unit.model.test_placement import bent, rigid, smooth_image

from pellucid.model import deformation
from pellucid.model.deformation import Place
from pellucid.model.geometry import Geometry
from pellucid.model.planes import plane_frame
from pellucid.model.view import Plane
from pellucid.model.volume import geometry_of
from pellucid.session.placements import linear_placement, placement_of

ALL = [Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL]


def place_on(grid: Geometry, plane: Plane, pitch: float = 1.0) -> Place:
    frame = plane_frame(grid, plane)
    return Place(frame, float(frame.depths[frame.slice_count // 2]), frame.extent, pitch)


def world(place: Place, points):
    frame = place.frame
    return (frame.origin + place.depth * frame.normal + points[..., :1] * frame.right + points[..., 1:] * frame.down)


@pytest.mark.parametrize("plane", ALL)
@pytest.mark.parametrize("kind", ["linear", "bent"])
def test_every_point_of_a_line_lies_on_a_plane_of_the_moving_grid(plane: Plane, kind: str) -> None:
    image = smooth_image()
    own = geometry_of(image)
    transform = rigid() if kind == "linear" else bent(image)
    placement = placement_of(transform, own, own)
    place = place_on(own, plane, 0.5)
    lines = deformation.grid_lines(placement, own, place, 5.0)
    assert len(lines) > 50
    there = np.array([transform.TransformPoint(p) for p in world(place, lines.reshape(-1, 2)).tolist()])
    along = own.world_to_index(there) * np.array(own.spacing) / 5.0
    off = np.abs(along - np.rint(along)).min(axis=1) * 5.0
    assert off.max() < (1e-6 if kind == "linear" else 0.6)  # the spline ends with a jump at the border
    assert np.percentile(off, 95) < 0.1
    assert ((along >= -0.5) & (along * 5 <= (np.array(own.size) + 0.5) * own.spacing)).all()


def test_lines_of_an_image_that_was_not_moved_are_regular_and_complete() -> None:
    own = Geometry((41, 31, 21), (1.0, 1.0, 1.0))
    place = place_on(own, Plane.AXIAL, 3.0)
    lines = deformation.grid_lines(None, own, place, 10.0)
    upright = lines[np.abs(lines[:, 0, 0] - lines[:, 1, 0]) < 1e-9]
    level = lines[np.abs(lines[:, 0, 1] - lines[:, 1, 1]) < 1e-9]
    assert len(upright) + len(level) == len(lines)
    found = set(np.round(upright[..., 0].ravel(), 6))
    assert {10.0, 20.0} <= found <= {0.0, 10.0, 20.0, 30.0, 40.0}
    for line in (10.0, 20.0):
        here = upright[np.abs(upright[:, 0, 0] - line) < 1e-6]
        assert np.abs(here[:, 0, 1] - here[:, 1, 1]).sum() == pytest.approx(30, abs=1.5)


def test_a_flat_picture_has_lines_too() -> None:
    own = Geometry((60, 40, 1), known_spacing=(False, False, False), oriented=False)
    turned = np.eye(4)
    turned[:2, :2] = [[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]]
    place = place_on(own, Plane.ACQUIRED, 2.0)
    lines = deformation.grid_lines(linear_placement(turned, own, planar=True), own, place, 10.0)
    ways = np.degrees(np.arctan2(*(lines[:, 1] - lines[:, 0]).T[::-1])) % 90
    long = np.linalg.norm(lines[:, 1] - lines[:, 0], axis=1) > 1e-6
    assert len(lines) > 20 and ways[long] == pytest.approx(90 - np.degrees(0.3), abs=1e-6)


def test_spacings_are_round_and_double_until_lines_are_apart() -> None:
    asked, expected = (0.9, 1.0, 1.1, 2.1, 5.1, 0.012), (1, 1, 2, 5, 10, 0.02)
    assert [deformation.nice_spacing(n) for n in asked] == pytest.approx(expected)
    assert deformation.fitting_spacing(10.0, 2.0, 8.0) == 10.0
    assert deformation.fitting_spacing(10.0, 0.1, 8.0) == 80.0
    assert deformation.fitting_spacing(0.0, 1.0, 8.0) == 20.0


@pytest.mark.parametrize("plane", ALL)
def test_arrows_lead_to_where_the_transform_takes_their_tails(plane: Plane) -> None:
    image = smooth_image()
    own, transform = geometry_of(image), bent(image)
    placement = placement_of(transform, own, own)
    place = place_on(own, plane, 6.0)
    found = deformation.arrows(placement, None, own, place)
    tails = world(place, found.tails)
    moved = np.array([transform.TransformPoint(p) for p in tails.tolist()]) - tails
    assert len(tails) > 5
    inner = ((own.world_to_index(tails) > 2) & (own.world_to_index(tails) < np.array(own.size) - 3)).all(axis=1)
    flat = moved @ np.stack([place.frame.right, place.frame.down], axis=1)
    assert np.abs(found.heads - found.tails - flat)[inner].max() < 0.1
    assert np.abs(found.lengths - np.linalg.norm(moved, axis=1))[inner].max() < 0.1


def test_the_rigid_part_of_a_rigid_motion_leaves_nothing() -> None:
    own = geometry_of(smooth_image())
    placement = placement_of(rigid(), own, own)
    part = deformation.rigid_part(placement, own)
    points = own.index_to_world(np.random.default_rng(0).uniform(0, 20, (50, 3)))
    assert np.abs(deformation.displacement(placement, part, points)).max() < 1e-9
    assert deformation.usual_length(placement, part, own) < 1e-9
    assert deformation.usual_length(placement, None, own) > 1


def test_a_residual_is_that_of_the_bend() -> None:
    image = smooth_image()
    own = geometry_of(image)
    spline = bent(image).GetNthTransform(1)
    whole = placement_of(sitk.CompositeTransform([rigid(), spline]), own, own)
    part = deformation.rigid_part(whole, own)
    turn = part[:3, :3]
    assert turn @ turn.T == pytest.approx(np.eye(3), abs=1e-9) and np.linalg.det(turn) == pytest.approx(1)
    points = own.index_to_world(np.random.default_rng(0).uniform(4, 18, (80, 3)))
    left = np.linalg.norm(deformation.displacement(whole, part, points), axis=1)
    bend = [np.linalg.norm(np.subtract(spline.TransformPoint(p), p)) for p in points.tolist()]
    assert left.mean() < 1.2 * np.mean(bend)


def test_a_mirror_is_no_rigid_motion() -> None:
    own = Geometry((20, 20, 20))
    part = deformation.rigid_part(linear_placement(np.diag([-1.0, 1.0, 1.0, 1.0]), own), replace(own))
    assert np.linalg.det(part[:3, :3]) == pytest.approx(1)
