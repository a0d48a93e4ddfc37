"""The lens shows the right voxels on every plane, and kernels give what scipy gives there."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import ndimage

from pellucid.model.geometry import Geometry
from pellucid.model.kernels import KERNELS, Way, applied
from pellucid.model.neighbourhood import SIZES, Edge, neighbourhood, screen_axes
from pellucid.model.oblique import turned_frame
from pellucid.model.planes import plane_frame
from pellucid.model.rescale import Rescale
from pellucid.model.view import Plane
from phantoms import volume as volume_of

SIZE = (7, 8, 9)
RNG = np.random.default_rng(11)
ARRAY = RNG.integers(-900, 1200, SIZE[::-1]).astype(np.int16)
PLANES = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)


def oriented(order, signs) -> Geometry:
    """Return a grid whose voxel axes run along the world axes in some order and direction."""
    axes = np.zeros((3, 3))
    for voxel, (world, sign) in enumerate(zip(order, signs, strict=True)):
        axes[world, voxel] = sign
    return Geometry(SIZE, (0.7, 0.9, 2.5), (11.0, -4.0, 30.0), tuple(axes.ravel()))


def on_screen(volume, plane, world):
    """Return the whole slice through a point as the screen shows it, and the row and column of the point."""
    geometry = volume.geometry
    frame = plane_frame(geometry, plane)
    index = np.rint(geometry.world_to_index(world)).astype(int)
    axes = [frame.normal_axis, frame.down_axis, frame.right_axis]
    picture = np.transpose(volume.array, [2 - axis for axis in axes])[index[axes[0]]]
    place = [index[frame.down_axis], index[frame.right_axis]]
    for axis, sign in ((0, frame.down_sign), (1, frame.right_sign)):
        if sign < 0:
            picture = np.flip(picture, axis)
            place[axis] = picture.shape[axis] - 1 - place[axis]
    return picture, tuple(place), frame


GRIDS = [
    (order, signs) for order in itertools.permutations(range(3)) for signs in itertools.product((1, -1), repeat=3)
]


@pytest.mark.parametrize(("order", "signs"), GRIDS[::5])
@pytest.mark.parametrize("plane", PLANES)
def test_rows_run_down_the_screen_and_columns_to_the_right_in_every_orientation(order, signs, plane):
    volume = volume_of(ARRAY, oriented(order, signs))
    world = volume.geometry.index_to_world((3, 4, 4))
    picture, (row, column), frame = on_screen(volume, plane, world)
    near = neighbourhood(volume, frame, world, 5)
    assert near.centre == (3, 4, 4) and near.along_grid
    assert np.array_equal(near.values(), picture[row - 2 : row + 3, column - 2 : column + 3])


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.name)
@pytest.mark.parametrize("edge", Edge)
@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("index", [(3, 4, 4), (0, 0, 0), (6, 7, 2), (6, 0, 8)])
def test_kernels_give_what_scipy_gives_at_that_pixel(kernel, edge, way, index):
    volume = volume_of(ARRAY, oriented((0, 1, 2), (1, 1, 1)))
    world = volume.geometry.index_to_world(index)
    run = ndimage.correlate if way is Way.CORRELATE else ndimage.convolve
    for plane in PLANES:
        picture, place, frame = on_screen(volume, plane, world)
        wanted = run(picture.astype(float), np.array(kernel.weights, float), mode=edge.value)[place]
        near = neighbourhood(volume, frame, world, 7)
        found = applied(kernel, near.values(edge), way)
        assert found.total == pytest.approx(wanted) and found.result == pytest.approx(wanted / kernel.divisor)
        assert found.products.sum() == pytest.approx(found.total)


def test_colours_are_summed_by_channel():
    rgb = RNG.integers(0, 255, (1, 6, 6, 3)).astype(np.uint8)
    volume = volume_of(rgb, Geometry((6, 6, 1)))
    frame = plane_frame(volume.geometry, Plane.ACQUIRED)
    near = neighbourhood(volume, frame, (2.0, 3.0, 0.0), 3)
    kernel = next(k for k in KERNELS if k.name == "gaussian")
    found = applied(kernel, near.values())
    for channel in range(3):
        wanted = ndimage.correlate(rgb[0, ..., channel].astype(float), np.array(kernel.weights), mode="nearest")[3, 2]
        assert found.result[channel] == pytest.approx(wanted / 16)
    assert near.stored(near.values()) is None


def test_cells_beyond_the_image_are_told_and_the_point_outside_has_none():
    volume = volume_of(ARRAY, oriented((0, 1, 2), (1, 1, 1)))
    frame = plane_frame(volume.geometry, Plane.AXIAL)
    near = neighbourhood(volume, frame, volume.geometry.index_to_world((0, 7, 3)), 3)
    assert near.inside.tolist() == [[False, True, True], [False, True, True], [False, False, False]]
    assert near.values(Edge.ZERO)[2].tolist() == [0, 0, 0]
    assert near.values(Edge.NEAREST)[2, 1] == ARRAY[3, 7, 0] == near.values(Edge.NEAREST)[1, 0]
    assert neighbourhood(volume, frame, volume.geometry.index_to_world((-1, 3, 3)), 3) is None


@pytest.mark.parametrize("size", SIZES)
def test_a_lens_larger_than_the_image_repeats_it_as_scipy_does(size):
    small = RNG.integers(0, 99, (1, 3, 2)).astype(np.int16)
    volume = volume_of(small, Geometry((2, 3, 1)))
    near = neighbourhood(volume, plane_frame(volume.geometry, Plane.ACQUIRED), (0.0, 1.0, 0.0), size)
    for edge, mode in ((Edge.NEAREST, "edge"), (Edge.MIRROR, "reflect"), (Edge.ZERO, "constant")):
        reach = size // 2
        wanted = np.pad(small[0], ((max(reach - 1, 0), max(reach - 1, 0)), (reach, reach - 1)), mode=mode)
        assert np.array_equal(near.values(edge), wanted), edge


def test_oblique_planes_show_the_nearest_voxels_along_the_screen():
    geometry = oriented((0, 1, 2), (1, 1, 1))
    volume = volume_of(ARRAY, geometry)
    c, s = np.cos(0.5), np.sin(0.5)
    world = geometry.index_to_world((3, 4, 4))
    frame = turned_frame(geometry, Plane.AXIAL, world, rotation=(1, 0, 0, 0, c, -s, 0, s, c))
    near = neighbourhood(volume, frame, world, 5)
    assert not near.along_grid and near.axis_names() == ("", "") and screen_axes(geometry, frame) is None
    assert tuple(near.indices[2, 2]) == (3, 4, 4)
    across, along = frame.pixel_mm
    for row, column in itertools.product(range(5), repeat=2):
        place = world + (column - 2) * across * frame.right + (row - 2) * along * frame.down
        away = np.abs(geometry.world_to_index(place) - near.indices[row, column])
        assert np.all(away <= 0.5 + 1e-9)


def test_the_outline_is_the_square_of_whole_voxels():
    geometry = oriented((0, 1, 2), (1, 1, 1))
    near = neighbourhood(volume_of(ARRAY, geometry), plane_frame(geometry, Plane.AXIAL),
                         geometry.index_to_world((3, 4, 4)), 3)  # fmt: skip
    corners = geometry.world_to_index(near.outline())
    assert np.allclose(corners, [(1.5, 2.5, 4), (4.5, 2.5, 4), (4.5, 5.5, 4), (1.5, 5.5, 4)])


def test_axis_names_tell_the_direction_on_the_screen():
    geometry = oriented((0, 1, 2), (-1, 1, 1))
    volume, world = volume_of(ARRAY, geometry), geometry.index_to_world((3, 4, 4))
    near = neighbourhood(volume, plane_frame(geometry, Plane.CORONAL), world, 3)
    assert near.axis_names() == ("\N{MINUS SIGN}x", "\N{MINUS SIGN}z")


def test_stored_numbers_come_from_the_slice_they_are_of():
    rescale = Rescale.of([(2.0, -10.0 * z) for z in range(9)], "12 bits, unsigned", 0, 4095)
    raw = RNG.integers(0, 4095, SIZE[::-1])
    values = (raw * 2.0 - 10.0 * np.arange(9)[:, None, None]).astype(np.float32)
    volume = volume_of(values, oriented((0, 1, 2), (1, 1, 1)), rescale=rescale)
    frame = plane_frame(volume.geometry, Plane.CORONAL)
    near = neighbourhood(volume, frame, volume.geometry.index_to_world((3, 4, 5)), 3)
    x, y, z = np.moveaxis(near.indices, -1, 0)
    assert np.array_equal(near.stored(near.values()), raw[z, y, x])
    assert Rescale.of([(1.0, 0.0)] * 4, "int16", -1, 1).slopes == (1.0,)
    assert Rescale.of([(1.5, 0.0)], "float32", -1, 1).stored([1.0], [0])[0] == pytest.approx(1 / 1.5)


def test_kernels_are_square_odd_and_named_once():
    assert len({kernel.name for kernel in KERNELS}) == len(KERNELS)
    for kernel in KERNELS:
        assert all(len(row) == kernel.size for row in kernel.weights) and kernel.size % 2 == 1
        total = int(np.sum(kernel.weights))
        assert total == (kernel.divisor if total else 0), "smoothing and sharpening keep the mean, edges have none"


def test_an_image_on_another_grid_shows_its_own_voxels_the_way_the_screen_looks():
    """A coarser grid whose x runs the other way, on a plane of the first: its columns are turned round."""
    frame = plane_frame(oriented((0, 1, 2), (1, 1, 1)), Plane.AXIAL)
    other = Geometry(SIZE, (2.0, 2.0, 5.0), (20.0, -6.0, 30.0), (-1, 0, 0, 0, 1, 0, 0, 0, 1))
    near = neighbourhood(volume_of(ARRAY, other), frame, other.index_to_world((3, 4, 2)), 3)
    assert near.along_grid and np.array_equal(near.values(), ARRAY[2, 3:6, 2:5][:, ::-1])
