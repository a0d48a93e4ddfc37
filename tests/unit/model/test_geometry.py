from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

import phantoms
from pellucid.model.geometry import Geometry

KINDS = phantoms.every_kind()


@pytest.mark.parametrize("kind", KINDS)
def test_index_and_world_return_to_the_same_place(kind: str) -> None:
    geometry = KINDS[kind]
    index = np.random.default_rng(0).uniform(-2, 25, (50, 3))
    np.testing.assert_allclose(geometry.world_to_index(geometry.index_to_world(index)), index, atol=1e-9)
    one = geometry.index_to_world(index[0])
    np.testing.assert_allclose(one, geometry.index_to_world(index)[0], atol=1e-12)


@pytest.mark.parametrize("kind", ["plain", "oblique", "left-handed", "one slice"])
def test_world_points_are_those_of_simpleitk(kind: str) -> None:
    geometry = KINDS[kind]
    image = sitk.Image(geometry.size, sitk.sitkUInt8)
    image.SetSpacing(geometry.spacing)
    image.SetOrigin(geometry.origin)
    image.SetDirection(geometry.direction)
    for index in ((0, 0, 0), (3, 5, 0), (19, 23, geometry.size[2] - 1)):
        np.testing.assert_allclose(
            geometry.index_to_world(index), image.TransformIndexToPhysicalPoint(index), atol=1e-9
        )


def test_slices_of_an_uneven_stack_lie_where_they_were_acquired() -> None:
    places = [0, 2, 4.1, 6.3, 8.2, 14, 16, 18.05, 20]
    geometry = phantoms.uneven(places, phantoms.grid(origin=(0, 0, 100)))
    world = geometry.index_to_world([[0, 0, k] for k in range(9)])
    np.testing.assert_allclose(world[:, 2], np.array(places) + 100, atol=1e-12)
    assert geometry.voxel_volume is None
    kept = geometry.cropped((2, 3, 4), (5, 5, 3))
    np.testing.assert_allclose(kept.index_to_world((0, 0, 1)), geometry.index_to_world((2, 3, 5)), atol=1e-12)


@pytest.mark.parametrize(("order", "signs"), phantoms.ORIENTATIONS[::5])
def test_letters_name_where_an_axis_points(order: phantoms.Triple, signs: phantoms.Triple) -> None:
    geometry = phantoms.marker(order, signs).geometry
    for axis in range(3):
        letter = ("LPS" if signs[axis] > 0 else "RAI")[order[axis]]
        assert geometry.letters(geometry.axes[:, axis]) == letter


def test_letters_of_an_oblique_axis_come_strongest_first_or_not_at_all() -> None:
    turned = phantoms.oblique(None, 0, 0, 30)
    assert turned.letters(turned.axes[:, 0]) == "LP"
    assert replace(turned, oriented=False).letters(turned.axes[:, 0]) == ""


def test_volume_of_a_voxel_counts_shear_and_unknown_spacing() -> None:
    assert phantoms.grid().voxel_volume == pytest.approx(0.8 * 1.1 * 2.5)
    assert phantoms.sheared(degrees=60).voxel_volume == pytest.approx(0.8 * 1.1 * 2.5 / 2)
    assert replace(phantoms.grid(), known_spacing=(True, True, False)).voxel_volume is None


def test_same_grid_forgives_rounding_and_nothing_else() -> None:
    base = phantoms.oblique()
    assert base.same_grid(replace(base, origin=(-9.0001, 4.0, 30.0)))
    assert not base.same_grid(replace(base, origin=(-9.1, 4.0, 30.0)))
    fine = Geometry((50, 60, 1), (2.5e-4, 2.5e-4, 1.0))
    assert fine.same_grid(replace(fine, origin=(1e-6, 0.0, 0.0)))
    assert not fine.same_grid(replace(fine, origin=(2.5e-4, 0.0, 0.0))), "a pixel of a quarter of a micrometre"
    assert not base.same_grid(replace(base, size=(20, 24, 15)))
    assert not base.same_grid(Geometry((20, 24, 16)))
    stack = phantoms.uneven([0, 2, 5, 9])
    assert stack.same_grid(replace(stack))
    assert not stack.same_grid(phantoms.uneven([0, 3, 5, 9]))
    assert not stack.same_grid(replace(stack, slice_positions=None, spacing=(0.8, 1.1, 3.0)))


def test_the_half_voxel_around_the_centres_belongs_to_the_grid() -> None:
    geometry = phantoms.grid()
    assert geometry.contains((-0.5, 0, 15.49))
    assert not geometry.contains((-0.51, 0, 0))
    assert not geometry.contains((0, 0, 15.5))


def test_departure_from_right_angles_is_measured() -> None:
    assert phantoms.oblique().orthonormality_error < 1e-12
    assert phantoms.sheared(degrees=5).orthonormality_error == pytest.approx(np.sin(np.radians(5)))
