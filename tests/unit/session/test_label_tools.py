"""Fill, wand, smart brush, islands and slice copies: one step each, undone to the byte, within locks and limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from scipy import ndimage
from skimage.segmentation import flood

import phantoms
from pellucid.model.findings import Refused
from pellucid.model.geometry import IDENTITY, Geometry
from pellucid.model.labels import Label
from pellucid.model.layer import LabelLayer, Source
from pellucid.model.oblique import combined, turn_about, turned_frame
from pellucid.model.planes import PlaneFrame, plane_frame
from pellucid.model.slice_voxels import slice_voxels
from pellucid.model.view import Plane
from pellucid.session import Session
from pellucid.session.filling import Spot
from pellucid.session.opening import Loaded

FINE = phantoms.grid((44, 40, 24), (0.8, 1.0, 2.0))
GRIDS = {"anisotropic": FINE, "oblique": phantoms.oblique(FINE), "sheared": phantoms.sheared(FINE, 15)}
TURNED = combined(turn_about((0.0, 0.0, 1.0), 25) @ turn_about((1.0, 0.0, 0.0), -34), IDENTITY)
PLANES = ("axial", "coronal", "sagittal", "turned")


def values() -> np.ndarray:
    """Return a bright ball of 300 in noise about 0, with a bridge of 150 to a second ball."""
    z, y, x = np.ogrid[:24, :40, :44]
    array = np.random.default_rng(5).normal(0, 8, (24, 40, 44))
    array += 300 * ((z - 12) ** 2 / 64 + (y - 20) ** 2 / 120 + (x - 16) ** 2 / 120 <= 1)
    array += 300 * ((z - 12) ** 2 / 16 + (y - 20) ** 2 / 36 + (x - 36) ** 2 / 36 <= 1)
    return array.astype(np.int16)


@pytest.fixture(params=["anisotropic"])
def session(request: Any) -> Iterator[Session]:
    session = Session()
    grid = GRIDS[request.param]
    session.loading.add(Loaded((phantoms.volume(values(), grid, unit="HU"),), (-100.0, 400.0), "CT", Source()),
                        replace=False)  # fmt: skip
    layer = session.labelling.add_layer()
    layer.labels.labels = tuple(Label(n, f"Label {n}", "#ff0000") for n in (1, 2, 3))
    layer.labels.array[3:21, 4:36, 4:40] = 2
    layer.labels.array[8:16, 12:28, 8:24] = 3
    layer.labels.array[9:15, 14:26, 10:22] = 0  # a hole
    layer.labels.array[11:13, 18:21, 30:33] = 1
    layer.labels.array[22, 1, 1] = 1
    layer.labels.touch(layer.labels.whole())
    yield session
    session.close()


every_grid = pytest.mark.parametrize("session", GRIDS, indirect=True)


def labels_of(session: Session) -> LabelLayer:
    layer = session.document.active_labels
    assert layer is not None
    return layer


def frame_of(geometry: Geometry, plane: str, place: Any) -> PlaneFrame:
    if plane == "turned":
        return turned_frame(geometry, Plane.AXIAL, place, rotation=TURNED)
    return plane_frame(geometry, Plane(plane))


def spot(session: Session, voxel: tuple[int, int, int], plane: str = "axial") -> Spot:
    """Return a spot on the voxel (z, y, x)."""
    image = session.document.active_image
    assert image is not None
    place = image.geometry.index_to_world(voxel[::-1])
    frame = frame_of(image.geometry, plane, place)
    index = frame.slice_index(place)
    return Spot(frame, index, frame.world_at(*frame.plane_coordinates(place), index), image)


HOLE, BALL, SPECK, RING = (12, 20, 16), (12, 20, 16), (11, 19, 31), (12, 13, 16)


def fill(session: Session, **more: Any) -> None:
    session.filling.fill(spot(session, HOLE), **more)


def fill_volume(session: Session, **more: Any) -> None:
    session.view.fill_volume = True
    fill(session, **more)
    assert session.jobs.drain(120)


def wand(session: Session, voxel: Any = BALL, plane: str = "axial", tolerance: float = 100, **more: Any) -> None:
    session.view.wand_tolerance = tolerance
    session.wand.begin(spot(session, voxel, plane), **more)
    session.wand.finish()
    assert session.jobs.drain(120)


def wand_volume(session: Session, **more: Any) -> None:
    session.view.fill_volume = True
    wand(session, **more)


def smart(session: Session, **more: Any) -> None:
    at = spot(session, BALL)
    session.view.brush_diameter = 30.0
    session.labelling.begin_stroke(at.frame, at.index, like=at.image, **more)
    session.labelling.stroke_to(at.world)
    session.labelling.end_stroke()


def island(session: Session, **more: Any) -> None:
    session.filling.island(spot(session, SPECK), **more)
    assert session.jobs.drain(120)


def island_slice(session: Session, **more: Any) -> None:
    labels_of(session).labels.array[11, 2, 2] = 1
    session.view.island_volume = False
    island(session, **more)


def copy_on(session: Session) -> None:
    at = spot(session, SPECK)
    session.slice_copies.copy_on(at.frame, at.index, 2)


def paste(session: Session) -> None:
    at = spot(session, SPECK)
    session.slice_copies.copy(at.frame, at.index)
    session.slice_copies.paste(at.frame, at.index + 4)


TOOLS: dict[str, Callable[..., None]] = {
    tool.__name__: tool
    for tool in (fill, fill_volume, wand, wand_volume, smart, island, island_slice, copy_on, paste)
}


@pytest.mark.parametrize("tool", TOOLS)
def test_every_tool_is_one_named_step_that_is_undone_to_the_byte(session: Session, tool: str) -> None:
    labels, before = labels_of(session).labels, session.history.position
    if tool == "island_slice":
        labels.array[11, 2, 2] = 1
    held = labels.array.tobytes()
    TOOLS[tool](session)
    changed = labels.array.tobytes()
    assert changed != held and session.history.position == before + 1
    assert session.history.undo_label
    session.undo()
    assert labels.array.tobytes() == held
    session.redo()
    assert labels.array.tobytes() == changed


@pytest.mark.parametrize("tool", TOOLS)
def test_no_tool_changes_a_locked_label_or_paints_with_one(session: Session, tool: str) -> None:
    labels = labels_of(session).labels
    labels.edit_label(2, locked=True)
    labels.edit_label(3, locked=True)
    others, steps = np.where(labels.array > 1, labels.array, 0), session.history.position
    TOOLS[tool](session)
    assert np.array_equal(np.where(labels.array > 1, labels.array, 0), others)
    if session.history.position > steps:
        session.undo()
    labels.edit_label(1, locked=True)
    held = labels.array.copy()
    with pytest.raises(Refused, match="locked"):
        TOOLS[tool](session)
    assert np.array_equal(labels.array[:11], held[:11])


@pytest.mark.parametrize("tool", ["fill", "fill_volume", "wand", "wand_volume", "smart", "copy_on", "paste"])
def test_every_tool_keeps_to_the_limits(session: Session, tool: str) -> None:
    session.view.paint_range, session.view.paint_within = (295.0, 330.0), 0
    if tool in ("copy_on", "paste"):
        session.view.paint_range = (-5.0, 330.0)
        session.view.paint_within = 2
    low, high = session.view.paint_range
    labels, within = labels_of(session).labels, session.view.paint_within
    before, image = labels.array.copy(), values()
    image[HOLE] = 300
    session.document.active_image.frames = (phantoms.volume(image, FINE, unit="HU"),)  # type: ignore[union-attr]
    TOOLS[tool](session)
    changed = labels.array != before
    assert changed.any()
    assert set(before[changed].tolist()) == {within}
    assert image[changed].min() >= low and image[changed].max() <= high


@every_grid
@pytest.mark.parametrize("plane", PLANES)
def test_fill_takes_the_connected_hole_that_the_slice_shows(session: Session, plane: str) -> None:
    labels = labels_of(session).labels
    before = labels.array.copy()
    at = spot(session, HOLE, plane)
    session.filling.fill(at)
    changed = labels.array != before
    hole = flood(before, HOLE, connectivity=1)
    assert changed.any() and (labels.array[changed] == 1).all() and not (changed & ~hole).any()
    z, y, x = np.nonzero(changed)
    world = labels.geometry.index_to_world(np.stack([x, y, z], axis=-1))
    half = np.abs(at.frame.normal @ labels.geometry.axes) @ np.array(labels.geometry.spacing) / 2
    assert np.abs((world - at.world) @ at.frame.normal).max() <= half + 1e-6
    if plane != "turned":
        axis = 2 - next(n for n in range(3) if len(np.unique((x, y, z)[n])) == 1)
        assert np.array_equal(changed.take(HOLE[axis], axis), hole.take(HOLE[axis], axis))
    else:
        seen = np.zeros(before.shape, bool)
        u, v = np.meshgrid(np.arange(-12, 12, 0.2), np.arange(-12, 12, 0.2))
        places = at.world + u[..., None] * at.frame.right + v[..., None] * at.frame.down
        i, j, k = np.floor(labels.geometry.world_to_index(places.reshape(-1, 3)) + 0.5).astype(int).T
        there = (k >= 0) & (k < 24) & (j >= 0) & (j < 40) & (i >= 0) & (i < 44)
        seen[k[there], j[there], i[there]] = True
        assert (changed & hole & seen).sum() > 0.97 * (hole & seen).sum()


def test_fill_in_all_slices_is_the_flood_of_scikit_image(session: Session) -> None:
    labels = labels_of(session).labels
    before = labels.array.copy()
    fill_volume(session)
    assert np.array_equal(labels.array == 1, (before == 1) | flood(before, HOLE, connectivity=1))
    session.view.fill_volume = False
    session.filling.fill(spot(session, RING))  # another label
    recoloured = labels.array[12] != np.where(flood(before, HOLE, connectivity=1), 1, before)[12]
    assert np.array_equal(recoloured, flood(before[12], RING[1:], connectivity=1))


def test_fill_with_ctrl_erases_and_says_when_there_is_nothing(session: Session) -> None:
    labels = labels_of(session).labels
    before = labels.array.copy()
    session.filling.fill(spot(session, RING), erase=True)
    gone = before[12].astype(int) - labels.array[12]
    assert np.array_equal(gone == 3, flood(before[12], RING[1:], connectivity=1)) and set(np.unique(gone)) == {0, 3}
    for voxel, erase, said in ((HOLE, True, "no label here"), (SPECK, False, "already")):
        with pytest.raises(Refused, match=said):
            session.filling.fill(spot(session, voxel), erase=erase)
    labels.edit_label(2, locked=True)
    with pytest.raises(Refused, match="locked"):
        session.filling.fill(spot(session, (5, 6, 6)))
    session.view.paint_within = 2
    with pytest.raises(Refused, match="limited"):
        session.filling.fill(spot(session, (1, 1, 1)))


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_the_wand_takes_connected_voxels_of_near_values(session: Session, plane: str) -> None:
    labels, image = labels_of(session).labels, values()
    labels.array[:] = 0
    axis = {"axial": 0, "coronal": 1, "sagittal": 2}[plane]
    wand(session, plane=plane, tolerance=40)
    near = np.abs(image.astype(float) - image[BALL]) <= 40
    at = tuple(n for k, n in enumerate(BALL) if k != axis)
    wanted = flood(near.take(BALL[axis], axis), at, connectivity=1)
    assert 50 < wanted.sum() == labels.array.sum()
    assert np.array_equal(labels.array.take(BALL[axis], axis) == 1, wanted)


def test_the_wand_through_all_slices_and_unconnected(session: Session) -> None:
    labels, image = labels_of(session).labels, values()
    labels.array[:] = 0
    wand_volume(session)
    near = np.abs(image.astype(float) - image[BALL]) <= 100
    first = flood(near, BALL, connectivity=1)
    assert np.array_equal(labels.array == 1, first) and first.sum() < near.sum()
    session.undo()
    session.view.wand_connected = False
    wand_volume(session)
    assert np.array_equal(labels.array == 1, near)
    session.undo()
    session.view.fill_volume = False
    wand(session)
    assert np.array_equal(labels.array[12] == 1, near[12]) and not labels.array[11].any()


def test_the_wand_is_seen_at_once_follows_the_tolerance_and_can_be_given_up(session: Session) -> None:
    labels = labels_of(session).labels
    labels.array[:] = 0
    before, steps = labels.array.tobytes(), session.history.position
    session.view.wand_tolerance = 10
    session.wand.begin(spot(session, BALL))
    sizes = []
    for tolerance in (5, 20, 60, 20, 5):
        session.wand.spread(tolerance)
        sizes.append(int(labels.array.sum()))
        assert session.wand.size == sizes[-1]
    assert sizes[0] < sizes[1] < sizes[2] and sizes[:2] == sizes[:2:-1]
    session.wand.give_up()
    assert labels.array.tobytes() == before and session.history.position == steps


def test_the_wand_of_a_mean_is_not_misled_by_one_voxel(session: Session) -> None:
    labels, image = labels_of(session).labels, values()
    labels.array[:] = 0
    image[BALL] = 420
    session.document.active_image.frames = (phantoms.volume(image, FINE, unit="HU"),)  # type: ignore[union-attr]
    wand(session, tolerance=60)
    assert labels.array.sum() == 1
    session.undo()
    session.view.wand_mean = True
    wand(session, tolerance=60)
    assert labels.array.sum() > 250 and labels.array[BALL] == 0


def test_the_wand_works_on_colours_and_refuses_without_an_image(session: Session) -> None:
    layer, image = labels_of(session), np.zeros((24, 40, 44, 3), np.uint8)
    layer.labels.array[:] = 0
    image[..., 0] = 200
    image[12, 10:20, 10:20] = (190, 20, 15)
    image[12, 15, 15] = (200, 0, 0)
    session.document.active_image.frames = (phantoms.volume(image, FINE),)  # type: ignore[union-attr]
    wand(session, voxel=(12, 12, 12), tolerance=20)
    assert layer.labels.array.sum() == 99
    at = spot(session, BALL)
    with pytest.raises(Refused, match="no image"):
        session.wand.begin(Spot(at.frame, at.index, at.world, None))


def test_undo_finishes_a_wand_that_is_still_pressed(session: Session) -> None:
    labels = labels_of(session).labels
    before = labels.array.tobytes()
    session.wand.begin(spot(session, BALL))
    session.undo()
    assert labels.array.tobytes() == before
    session.wand.spread(50)
    session.wand.finish()
    assert labels.array.tobytes() == before


@every_grid
@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("ball", [False, True])
def test_the_smart_brush_keeps_to_the_ball_on_any_plane(session: Session, plane: str, ball: bool) -> None:
    labels, at = labels_of(session).labels, spot(session, BALL, plane)
    labels.array[:] = 0
    session.view.brush_diameter, session.view.smart_strictness = 36.0, 4.0
    session.view.brush_ball = ball
    session.labelling.begin_stroke(at.frame, at.index, like=at.image)
    session.labelling.stroke_to(at.world)
    session.labelling.end_stroke()
    painted, bright = labels.array == 1, values() > 200
    assert not (painted & ~bright).any() and not painted[:, :, 30:].any()
    near = ndimage.label(bright)[0] == ndimage.label(bright)[0][BALL]
    assert painted.sum() > (0.9 * near.sum() if ball else 100)


def test_islands_are_kept_or_removed(session: Session) -> None:
    labels = labels_of(session).labels
    before = labels.array.copy()
    island(session)
    assert (labels.array == 1).sum() == 18 and labels.array[22, 1, 1] == 0
    assert np.array_equal(labels.array > 1, before > 1)
    session.undo()
    island(session, remove=True)
    assert (labels.array == 1).sum() == 1 and labels.array[22, 1, 1] == 1
    with pytest.raises(Refused, match="active label"):
        island(session)


def test_an_island_of_one_slice_leaves_other_slices_alone(session: Session) -> None:
    labels = labels_of(session).labels
    island_slice(session)
    assert labels.array[11, 2, 2] == 0 and (labels.array[11] == 1).sum() == 9
    assert (labels.array[12] == 1).sum() == 9 and labels.array[22, 1, 1] == 1


def test_labels_that_changed_while_a_region_was_looked_for_stay(session: Session) -> None:
    labels, said = labels_of(session).labels, []
    session.notice.connect(lambda text, _severity: said.append(text))
    session.filling.island(spot(session, SPECK))
    labels.array[0, 0, 0] = 1
    labels.touch(labels.whole())
    held = labels.array.tobytes()
    assert session.jobs.drain(120)
    assert labels.array.tobytes() == held and "changed" in said[0]


def test_picking_finds_the_label_of_any_layer(session: Session) -> None:
    first = labels_of(session)
    other = session.labelling.add_layer()
    other.labels.array[12, 1:4, 1:4] = 1
    assert session.filling.pick(spot(session, RING)) == "Label 3"
    assert session.document.active is first and first.active_label == 3
    assert session.filling.pick(spot(session, (12, 2, 2))) == "Label 1"
    assert session.document.active is other
    assert session.filling.pick(spot(session, (0, 39, 43))) == ""
    assert session.document.active is other


def test_a_slice_is_copied_on_and_pasted(session: Session) -> None:
    labels = labels_of(session).labels
    at = spot(session, SPECK)
    before = labels.array.copy()
    assert session.slice_copies.copy_on(at.frame, at.index, -1) == at.index - 1
    assert np.array_equal(labels.array[10] == 1, before[11] == 1)
    session.slice_copies.copy(at.frame, at.index)
    session.slice_copies.paste(at.frame, 20)
    assert np.array_equal(labels.array[20] == 1, before[11] == 1)
    side = spot(session, SPECK, "sagittal")
    with pytest.raises(Refused, match="does not fit"):
        session.slice_copies.paste(side.frame, side.index)
    with pytest.raises(Refused, match="nothing of"):
        session.slice_copies.copy(at.frame, 0)
    with pytest.raises(Refused, match="no further"):
        session.slice_copies.copy_on(at.frame, 23, 1)


def test_the_range_is_switched_off_and_on_again(session: Session) -> None:
    editing, view = session.editing, session.view
    editing.toggle_range()
    assert view.paint_range == (-100.0, 400.0)
    view.paint_range = (10.0, 20.0)
    editing.toggle_range()
    assert view.paint_range is None
    editing.toggle_range()
    assert view.paint_range == (10.0, 20.0)


@pytest.mark.parametrize("volume", [False, True])
def test_a_fill_does_not_jump_over_what_the_limits_leave_out(session: Session, volume: bool) -> None:
    image, labels = np.zeros((24, 40, 44), np.int16), labels_of(session).labels
    image[:, :, 20] = 500  # a wall through the whole background
    labels.array[:] = 0
    session.document.active_image.frames = (phantoms.volume(image, FINE, unit="HU"),)  # type: ignore[union-attr]
    session.view.paint_range, session.view.fill_volume = (-10.0, 10.0), volume
    session.filling.fill(spot(session, (12, 20, 5)))
    assert session.jobs.drain(120)
    assert (labels.array[12, :, :20] == 1).all() and not labels.array[:, :, 20:].any()
    assert labels.array.sum() == 40 * 20 * (24 if volume else 1)


def test_an_island_of_one_slice_is_removed(session: Session) -> None:
    labels = labels_of(session).labels
    island_slice(session, remove=True)
    assert labels.array[11, 2, 2] == 1 and (labels.array[11] == 1).sum() == 1 and (labels.array[12] == 1).sum() == 9


@pytest.mark.parametrize("plane", PLANES)
def test_a_smaller_tolerance_brings_back_the_labels_that_were_there(session: Session, plane: str) -> None:
    labels = labels_of(session).labels
    before = labels.array.copy()
    session.view.wand_tolerance = 20
    session.wand.begin(spot(session, BALL, plane))
    small = labels.array.copy()
    session.wand.spread(500)
    assert (labels.array != before).sum() > (small != before).sum()
    session.wand.spread(20)
    assert np.array_equal(labels.array, small)
    session.wand.give_up()
    assert np.array_equal(labels.array, before)


def test_beside_the_grid_a_turned_slice_holds_nothing() -> None:
    frame = frame_of(FINE, "turned", FINE.centre())
    part = slice_voxels(FINE, frame, frame.slice_index(FINE.centre()))
    seen = part.take(np.full(FINE.size[::-1], 7, np.uint8))
    assert not part.exists().all() and np.array_equal(seen, np.where(part.exists(), 7, 0))


def test_the_brush_is_made_to_fit_a_micrograph_and_a_body_again(session):
    view, grid = session.view, Geometry((400, 300, 1), (0.0005, 0.0005, 1.0))
    view.brush_diameter = 10.0
    small = phantoms.volume(np.zeros((1, 300, 400), np.uint8), grid)
    session.loading.add(Loaded((small,), (0.0, 1.0), "Cells", Source()), replace=True)
    assert view.brush_diameter == 0.005
    session.loading.add(Loaded((phantoms.volume(values(), FINE),), (-100.0, 400.0), "CT", Source()), replace=True)
    assert view.brush_diameter == 1.0


def test_what_is_changed_on_a_hidden_label_is_told(session):
    layer, said = session.document.active_labels, []
    session.notice.connect(lambda text, _severity: said.append(text))
    session.document.active = layer
    session.editing.check(layer)
    assert said == []
    session.labelling.edit_label(layer, layer.active_label, visible=False)
    session.editing.check(layer)
    assert "hidden" in said[-1] and layer.labels.label(layer.active_label).name in said[-1]
    layer.visible = False
    session.editing.check(layer)
    assert layer.name in said[-1] and len(said) == 2


def test_a_stroke_that_the_limits_leave_nothing_of_is_told(session):
    layer, said = session.document.active_labels, []
    session.notice.connect(lambda text, _severity: said.append(text))
    inside = np.ones((2, 2, 2), bool)
    corner = (slice(0, 2), slice(0, 2), slice(0, 2))
    session.view.paint_within = 3
    assert not session.editing.apply(corner, inside) and "limited" in said[-1]
    session.view.paint_within = None
    assert session.editing.apply(corner, inside) and len(said) == 1
    assert not session.editing.apply(corner, inside) and len(said) == 1
    assert layer.labels.array[0, 0, 0] == layer.active_label
