"""Voxels within an outline, against tests of single points: on every grid, to every depth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.draw import polygon2mask

import phantoms
from pellucid.history.outline_fill import OutlineFill
from pellucid.history.outlines import Prism
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.geometry import IDENTITY, Geometry
from pellucid.model.labels import Label, LabelMap
from pellucid.model.layer import LabelLayer
from pellucid.model.oblique import combined, turn_about, turned_frame
from pellucid.model.planes import PlaneFrame, plane_frame
from pellucid.model.regions import region_voxels
from pellucid.model.shapes import on_plane, vector
from pellucid.model.slicing import layer_slice
from pellucid.model.view import Depth, Plane
from pellucid.model.volume import Volume, image_from_array

TURNED = combined(turn_about((0.0, 0.0, 1.0), 25) @ turn_about((1.0, 0.0, 0.0), -34), IDENTITY)
KINDS = phantoms.every_kind()
SHAPES = (Kind.POLYGON, Kind.RECTANGLE, Kind.ELLIPSE)


def frame_of(geometry: Geometry, plane: Plane, *, turned: bool = False) -> PlaneFrame:
    if turned:
        return turned_frame(geometry, plane, geometry.centre(), rotation=TURNED)
    return plane_frame(geometry, Plane.ACQUIRED if geometry.is_planar else plane)


def drawn(kind: Kind, frame: PlaneFrame, flat) -> Annotation:
    index = frame.slice_index(frame.geometry.centre())
    return on_plane(kind, tuple(vector(frame.world_at(u, v, index)) for u, v in flat), frame)


def some_shape(kind: Kind, frame: PlaneFrame, seed: int = 0) -> Annotation:
    """Return a shape of odd numbers around the middle of the grid, so that no centre lies on its edge."""
    u, v = frame.plane_coordinates(frame.geometry.centre())
    left, top, right, bottom = frame.extent
    w, h = (right - left) * 0.31, (bottom - top) * 0.29
    if kind is not Kind.POLYGON:
        return drawn(kind, frame, [(u - w * 0.913, v - h * 1.017), (u + w * 1.031, v + h * 0.877)])
    random = np.random.default_rng(seed)
    turns = np.sort(random.uniform(0, 2 * np.pi, 9))
    reach = random.uniform(0.4, 1.2, 9)
    return drawn(kind, frame, np.stack([u + w * reach * np.cos(turns), v + h * reach * np.sin(turns)], axis=1))


def by_points(outline: Annotation, grid: Geometry) -> tuple[np.ndarray, np.ndarray]:
    """Return for every voxel (z, y, x) whether its centre lies inside, by casting a ray, and its distance in mm."""
    z, y, x = np.meshgrid(*(np.arange(n) for n in grid.size[::-1]), indexing="ij")
    world = grid.index_to_world(np.stack([x, y, z], axis=-1).reshape(-1, 3))
    axes, corner = np.array([outline.right, outline.down]), np.array(outline.points[0])
    places, flat = (world - corner) @ axes.T, (np.array(outline.points) - corner) @ axes.T
    if outline.kind is Kind.POLYGON:
        inside = np.zeros(len(places), bool)
        for (x1, y1), (x2, y2) in zip(flat, np.roll(flat, -1, axis=0), strict=True):
            between = (y1 > places[:, 1]) != (y2 > places[:, 1])
            with np.errstate(divide="ignore", invalid="ignore"):
                inside ^= between & (places[:, 0] < x1 + (places[:, 1] - y1) * (x2 - x1) / (y2 - y1))
    else:
        middle, half = flat.mean(axis=0), np.abs(flat[1] - flat[0]) / 2
        part = np.abs(places - middle) / half
        inside = part.max(axis=1) <= 1 if outline.kind is Kind.RECTANGLE else (part**2).sum(axis=1) <= 1
    return inside.reshape(z.shape), ((world - corner) @ np.array(outline.normal)).reshape(z.shape)


def gathered(prism: Prism, *, outside: bool = False) -> np.ndarray:
    mask = np.zeros(prism.grid.size[::-1], bool)
    for box, inside in prism.pieces(outside=outside):
        assert not mask[box].any()  # no voxel comes twice
        mask[box] = inside
    return mask


def slab(prism: Prism, frame: PlaneFrame, away: np.ndarray, depth: Depth, reach: float) -> np.ndarray:
    """Return what lies within a depth, by the distance of every voxel."""
    grid = prism.grid
    axis, number = layer_slice(grid, frame, frame.slice_index(frame.geometry.centre()))
    if depth is Depth.ALL:
        return np.ones(away.shape, bool)
    near = np.abs(away) <= reach if depth is Depth.NEAR else np.zeros(away.shape, bool)
    if axis < 0:
        return near | (np.abs(away) <= np.abs(frame.normal @ grid.axes) @ np.array(grid.spacing) / 2)
    shown = np.zeros(away.shape, bool)
    if number >= 0:
        shown[(slice(None),) * (2 - axis) + (number,)] = True
    return near | shown


@pytest.mark.parametrize("depth", list(Depth))
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_voxel_is_inside_when_its_centre_is(kind: str, turned: bool, shape: Kind, depth: Depth) -> None:
    grid = KINDS[kind]
    for plane in (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL):
        frame = frame_of(grid, plane, turned=turned)
        outline = some_shape(shape, frame)
        reach = 1.7 * max(grid.spacing)
        prism = Prism(outline, grid, depth, reach)
        inside, away = by_points(outline, grid)
        deep = slab(prism, frame, away, depth, reach)
        assert np.array_equal(gathered(prism), inside & deep)
        assert np.array_equal(gathered(prism, outside=True), ~inside & deep)
        assert inside.any() and not inside.all()


def test_a_polygon_on_plain_pixels_is_that_of_another_library() -> None:
    grid = Geometry((40, 30, 1))
    frame = plane_frame(grid, Plane.ACQUIRED)
    corners = np.array([(3.3, 2.2), (30.6, 4.7), (36.1, 25.4), (18.2, 11.9), (5.9, 27.3)])
    outline = drawn(Kind.POLYGON, frame, corners)
    assert np.array_equal(gathered(Prism(outline, grid))[0], polygon2mask((30, 40), corners[:, ::-1]))


def test_an_outline_that_crosses_itself_has_a_hole() -> None:
    grid = Geometry((21, 21, 1))
    frame = plane_frame(grid, Plane.ACQUIRED)
    turn = np.radians(90 + 144 * np.arange(5))
    star = np.stack([10.01 + 9 * np.cos(turn), 10.02 + 9 * np.sin(turn)], axis=1)
    mask = gathered(Prism(drawn(Kind.POLYGON, frame, star), grid))[0]
    assert mask.any() and not mask[9:12, 9:12].any()


def test_the_edge_of_boxes_counts_and_that_of_a_polygon_counts_once() -> None:
    grid = Geometry((20, 20, 1))
    frame = plane_frame(grid, Plane.ACQUIRED)
    assert gathered(Prism(drawn(Kind.RECTANGLE, frame, [(3, 4), (9, 11)]), grid)).sum() == 7 * 8
    assert gathered(Prism(drawn(Kind.ELLIPSE, frame, [(5, 5), (11, 11)]), grid))[0][8, [4, 5, 11, 12]].tolist() == [
        False, True, True, False
    ]  # fmt: skip
    left = gathered(Prism(drawn(Kind.POLYGON, frame, [(3, 4), (9, 4), (9, 11), (3, 11)]), grid))
    right = gathered(Prism(drawn(Kind.POLYGON, frame, [(9, 4), (15, 4), (15, 11), (9, 11)]), grid))
    assert left.sum() == right.sum() == 6 * 7 and not (left & right).any()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("plane", [Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL])
def test_as_many_voxels_as_the_statistics_of_the_region_count(plane: Plane, shape: Kind) -> None:
    grid = phantoms.grid()
    array = np.zeros(grid.size[::-1], np.int16)
    outline = some_shape(shape, frame_of(grid, plane))
    counted = region_voxels(outline, Volume(image_from_array(array, grid), grid)).values
    assert gathered(Prism(outline, grid)).sum() == len(counted) > 0


def test_an_outline_beside_the_grid_holds_nothing() -> None:
    grid = phantoms.grid()
    frame = frame_of(grid, Plane.AXIAL)
    right = frame.extent[2]
    outline = drawn(Kind.RECTANGLE, frame, [(right + 5, 2), (right + 25, 20)])
    for depth in Depth:
        assert not gathered(Prism(outline, grid, depth, 5.0)).any() and Prism(outline, grid, depth, 5.0).under() is None


# ---------------------------------------------------------------- what it changes


def layer_on(grid: Geometry, array: np.ndarray | None = None) -> LabelLayer:
    labels = (Label(1, "one", "#ff0000"), Label(2, "two", "#00ff00"), Label(3, "three", "#0000ff", locked=True))
    array = np.zeros(grid.size[::-1], np.uint8) if array is None else array
    return LabelLayer("Labels", LabelMap(grid, array, labels))


def done(layer: LabelLayer, fill: OutlineFill):
    command = fill.changes(layer.labels).step(layer, "step", fill.value)
    if command is not None:
        command.do(None)
    return command


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("plane", [Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL])
def test_an_outline_smaller_than_a_voxel_changes_the_one_under_it(plane: Plane, turned: bool) -> None:
    grid = phantoms.grid()
    frame = frame_of(grid, plane, turned=turned)
    index = frame.slice_index(grid.centre())
    u, v = frame.plane_coordinates(grid.centre() + 0.21 * np.array(grid.spacing))
    outline = drawn(Kind.RECTANGLE, frame, [(u, v), (u + 0.001, v + 0.001)])
    layer = layer_on(grid)
    assert done(layer, OutlineFill(Prism(outline, grid), 1)) is not None
    x, y, z = np.floor(grid.world_to_index(frame.world_at(u, v, index)) + 0.5).astype(int)
    assert layer.labels.array.sum() == 1 and layer.labels.array[z, y, x] == 1


@pytest.mark.parametrize("outside", [False, True])
@pytest.mark.parametrize("value", [0, 1])
@pytest.mark.parametrize("only", [None, 2])
def test_locks_limits_and_the_one_label_hold_and_undo_gives_the_bytes_back(value, only, outside) -> None:
    grid = phantoms.grid()
    array = np.random.default_rng(0).integers(0, 4, grid.size[::-1]).astype(np.uint8)
    allowed = np.random.default_rng(1).random(array.shape) < 0.7
    outline = some_shape(Kind.POLYGON, frame_of(grid, Plane.CORONAL))
    prism = Prism(outline, grid, Depth.ALL)
    layer, before = layer_on(grid, array.copy()), array.tobytes()
    command = done(layer, OutlineFill(prism, value, outside, only, lambda box: allowed[box]))
    inside, _ = by_points(outline, grid)
    change = (inside != outside) & allowed & (array != 3)
    if only is not None:
        change &= array == only
    assert np.array_equal(layer.labels.array, np.where(change, value, array))
    after = layer.labels.array.tobytes()
    command.undo(None)
    assert layer.labels.array.tobytes() == before and layer.provenance == ()
    command.do(None)
    assert layer.labels.array.tobytes() == after != before and len(layer.provenance) >= 1


def test_what_changes_nothing_is_no_step_and_progress_is_told_to_its_end() -> None:
    grid = phantoms.grid()
    outline = some_shape(Kind.ELLIPSE, frame_of(grid, Plane.AXIAL))
    told: list[float] = []
    fill = OutlineFill(Prism(outline, grid, Depth.ALL), 0)
    assert fill.changes(layer_on(grid).labels, told.append).step(layer_on(grid), "step", 0) is None
    assert told == sorted(told) and told[-1] == pytest.approx(1.0)


def test_changes_hold_only_while_voxels_and_locks_are_as_they_were() -> None:
    layer = layer_on(phantoms.grid())
    found = OutlineFill(Prism(some_shape(Kind.POLYGON, frame_of(phantoms.grid(), Plane.AXIAL)), phantoms.grid()), 1)
    changes = found.changes(layer.labels)
    assert changes.hold_for(layer.labels)
    layer.labels.edit_label(2, locked=True)
    assert not changes.hold_for(layer.labels)
    changes = found.changes(layer.labels)
    layer.labels.touch(layer.labels.whole())
    assert not changes.hold_for(layer.labels)


@settings(max_examples=40, deadline=None)
@given(
    corners=st.lists(st.tuples(st.floats(-4, 24), st.floats(-4, 24)), min_size=3, max_size=12),
    plane=st.sampled_from([Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL]),
    turned=st.booleans(), depth=st.sampled_from(list(Depth)),
)  # fmt: skip
def test_filling_and_erasing_the_same_outline_leaves_nothing(corners, plane, turned, depth) -> None:
    grid = phantoms.grid()
    frame = frame_of(grid, plane, turned=turned)
    left, top = frame.extent[:2]
    outline = drawn(Kind.POLYGON, frame, np.array(corners) + np.array([left, top]))
    prism, layer = Prism(outline, grid, depth, 3.0), layer_on(grid)
    filled = done(layer, OutlineFill(prism, 1))
    held = np.count_nonzero(layer.labels.array)
    assert (filled is None) == (held == 0)
    if filled is not None:
        erased = done(layer, OutlineFill(prism, 0))
        assert not layer.labels.array.any()
        erased.undo(None)
        assert np.count_nonzero(layer.labels.array) == held
        filled.undo(None)
    assert not layer.labels.array.any()
    assert not (gathered(prism) & gathered(prism, outside=True)).any()
