from __future__ import annotations

import numpy as np
import pytest

import phantoms
from pellucid.model.geometry import IDENTITY
from pellucid.model.oblique import ObliqueFrame, combined, shortest_turn, turn_about, turned_frame
from pellucid.model.planes import GridFrame, plane_frame
from pellucid.model.view import Plane, PlaneMode

THREE = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)
KINDS = phantoms.every_kind()
TURNED = combined(turn_about((0.0, 0.0, 1.0), 25) @ turn_about((1.0, 0.0, 0.0), -14), IDENTITY)


@pytest.mark.parametrize("plane", THREE)
@pytest.mark.parametrize("kind", KINDS)
def test_without_a_turn_the_frames_are_those_along_the_grid(kind: str, plane: Plane) -> None:
    assert turned_frame(KINDS[kind], plane, (1, 2, 3)) is plane_frame(KINDS[kind], plane)


@pytest.mark.parametrize("plane", THREE)
@pytest.mark.parametrize("kind", KINDS)
def test_a_slice_of_a_turned_frame_runs_through_the_point_exactly(kind: str, plane: Plane) -> None:
    geometry = KINDS[kind]
    rng = np.random.default_rng(4)
    for _ in range(10):
        index = rng.uniform(0, 1, 3) * (np.array(geometry.size) - 1)
        point = geometry.index_to_world(index)
        frame = turned_frame(geometry, plane, point, rotation=TURNED)
        if geometry.is_planar:
            assert isinstance(frame, GridFrame)
            continue
        assert isinstance(frame, ObliqueFrame)
        basis = np.stack([frame.right, frame.down, frame.normal])
        np.testing.assert_allclose(basis @ basis.T, np.eye(3), atol=1e-9)
        np.testing.assert_allclose(
            frame.normal, np.array(TURNED).reshape(3, 3) @ plane_frame(geometry, plane).normal, atol=1e-9
        )
        here = frame.slice_index(point)
        u, v = frame.plane_coordinates(point)
        np.testing.assert_allclose(frame.world_at(u, v, here), point, atol=1e-5)
        assert frame.step_mm == pytest.approx(min(geometry.spacing))
        for other in (0, here, frame.slice_count - 1):  # scrolling stays on the same slices
            seen = frame.world_at(u, v, other)
            assert turned_frame(geometry, plane, seen, rotation=TURNED) is frame
            assert frame.slice_index(seen) == other


@pytest.mark.parametrize("plane", THREE)
def test_the_slices_and_the_extent_cover_the_grid(plane: Plane) -> None:
    for geometry in KINDS.values():
        frame = turned_frame(geometry, plane, geometry.centre(), rotation=TURNED)
        if isinstance(frame, GridFrame):
            continue
        depths = (geometry.corners() - frame.origin) @ frame.normal
        assert -0.5 * frame.step_mm <= depths.min() <= 0.5 * frame.step_mm + 1e-9
        assert abs(depths.max() - frame.depths[-1]) <= 0.5 * frame.step_mm + 1e-9
        left, top, right, bottom = frame.extent
        for corner in geometry.corners():
            u, v = frame.plane_coordinates(corner)
            assert left < u < right and top < v < bottom


def test_anatomical_planes_of_an_oblique_acquisition_are_those_of_the_patient() -> None:
    geometry = KINDS["oblique and sheared"]
    axial, coronal, sagittal = (turned_frame(geometry, p, (0, 0, 0), mode=PlaneMode.ANATOMICAL) for p in THREE)
    assert [frame.letters() for frame in (axial, coronal, sagittal)] == [
        ("R", "L", "A", "P"), ("R", "L", "S", "I"), ("A", "P", "S", "I"),
    ]  # fmt: skip
    assert all(frame.obliqueness_degrees == pytest.approx(0, abs=1e-6) for frame in (axial, coronal, sagittal))
    straight = KINDS["plain"]
    frame = turned_frame(straight, Plane.AXIAL, (0, 0, 0), mode=PlaneMode.ANATOMICAL)
    assert frame is plane_frame(straight, Plane.AXIAL)


@pytest.mark.parametrize(("order", "signs"), phantoms.ORIENTATIONS)
def test_acquired_planes_run_along_the_stored_axes(order: phantoms.Triple, signs: phantoms.Triple) -> None:
    geometry = phantoms.marker(order, signs).geometry
    wanted = {Plane.AXIAL: (0, 1, 1, 1), Plane.CORONAL: (0, 1, 2, -1), Plane.SAGITTAL: (1, 1, 2, -1)}
    for plane, axes in wanted.items():
        frame = turned_frame(geometry, plane, (0, 0, 0), mode=PlaneMode.ACQUISITION)
        assert isinstance(frame, GridFrame)
        assert (frame.right_axis, frame.right_sign, frame.down_axis, frame.down_sign) == axes


def test_turning_about_the_normal_of_a_plane_leaves_its_picture_as_it_is() -> None:
    geometry = phantoms.grid()
    first = combined(turn_about(plane_frame(geometry, Plane.AXIAL).normal, 30), IDENTITY)
    still = turned_frame(geometry, Plane.AXIAL, (0, 0, 0), rotation=first)
    base = plane_frame(geometry, Plane.AXIAL)
    for name in ("right", "down", "normal"):
        np.testing.assert_allclose(getattr(still, name), getattr(base, name), atol=1e-12)
    side = turned_frame(geometry, Plane.SAGITTAL, (0, 0, 0), rotation=first)
    second = combined(turn_about(side.normal, 20), first)
    after = turned_frame(geometry, Plane.SAGITTAL, (0, 0, 0), rotation=second)
    np.testing.assert_allclose([after.right, after.down], [side.right, side.down], atol=1e-12)
    moved = turned_frame(geometry, Plane.AXIAL, (0, 0, 0), rotation=second)
    assert np.degrees(np.arccos(moved.normal @ base.normal)) == pytest.approx(20)


def test_the_shortest_turn_is_a_rotation_even_for_opposite_vectors() -> None:
    rng = np.random.default_rng(8)
    for _ in range(50):
        a, b = (v / np.linalg.norm(v) for v in rng.normal(size=(2, 3)))
        turn = shortest_turn(a, b, a)
        np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
        np.testing.assert_allclose(turn @ a, b, atol=1e-12)
        assert np.trace(turn) == pytest.approx(1 + 2 * (a @ b))
    half = shortest_turn(np.array([1.0, 0, 0]), np.array([-1.0, 0, 0]), np.array([0, 0, 1.0]))
    np.testing.assert_allclose(half, np.diag([-1.0, -1.0, 1.0]), atol=1e-12)
