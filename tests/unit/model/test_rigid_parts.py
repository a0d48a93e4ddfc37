"""Motions taken apart into numbers and put together again, against scipy's rotations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pellucid.model.geometry import Floats
from pellucid.model.rigid_parts import RigidParts, about, angles_of, motion_of, parts_of, shift, turn, turn_of

RNG = np.random.default_rng(1)


def test_angles_are_those_of_fixed_axes_in_the_order_x_y_z() -> None:
    for angles in RNG.uniform([-179, -89, -179], [179, 89, 179], (20, 3)):
        expected = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
        np.testing.assert_allclose(turn_of(tuple(angles)), expected, atol=1e-12)
        np.testing.assert_allclose(angles_of(expected), angles, atol=1e-9)


@pytest.mark.parametrize("y", [90.0, -90.0])
def test_a_quarter_turn_about_y_is_given_back_all_the_same(y: float) -> None:
    wanted = Rotation.from_euler("xyz", [25, y, -40], degrees=True).as_matrix()
    np.testing.assert_allclose(turn_of(angles_of(wanted)), wanted, atol=1e-7)


def test_parts_are_the_numbers_a_motion_was_made_of() -> None:
    parts = RigidParts((3.0, -4.0, 5.0), (10.0, -20.0, 30.0), 1.25, (7.0, 8.0, 9.0))
    found = parts_of(motion_of(parts), parts.pivot)
    np.testing.assert_allclose(found.shifts, parts.shifts)
    np.testing.assert_allclose(found.angles, parts.angles)
    assert found.scale == pytest.approx(1.25)
    assert not found.is_stretched
    np.testing.assert_allclose(motion_of(parts) @ [7, 8, 9, 1], [10, 4, 14, 1])


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("planar", [False, True])
def test_any_linear_motion_is_given_back(planar: bool, mirrored: bool) -> None:
    linear = np.eye(3) + RNG.normal(0, 0.2, (3, 3))
    if planar:
        linear[2], linear[:, 2] = [0, 0, 1], [0, 0, 1]
    if mirrored:
        linear = linear @ np.diag([-1.0, 1, 1])
    motion = about(linear, [1.0, 2, 3], [4.0, 5, 0])
    found = parts_of(motion, [30.0, -20, 10], planar=planar)
    assert found.is_stretched
    assert abs(np.linalg.det(np.array(found.stretch).reshape(3, 3))) == pytest.approx(1.0)
    np.testing.assert_allclose(motion_of(found, planar=planar), motion, atol=1e-9)
    if planar and not mirrored:
        assert found.angles[:2] == pytest.approx((0, 0))


def test_the_turn_taken_out_is_the_nearest_one() -> None:
    linear = np.eye(3) + RNG.normal(0, 0.2, (3, 3))
    nearest, _ = Rotation.align_vectors(linear.T, np.eye(3))
    turned: Floats = turn_of(parts_of(about(linear, np.zeros(3)), np.zeros(3)).angles)
    np.testing.assert_allclose(turned, nearest.as_matrix(), atol=1e-9)


def test_a_turn_leaves_its_pivot_and_a_shift_its_directions() -> None:
    motion = turn([0, 0, 1], 90.0, [5.0, 5, 5])
    np.testing.assert_allclose(motion @ [5, 5, 5, 1], [5, 5, 5, 1])
    np.testing.assert_allclose(motion @ [6, 5, 5, 1], [5, 6, 5, 1])
    np.testing.assert_allclose(shift([1.0, 2, 3]) @ [0, 0, 0, 1], [1, 2, 3, 1])
