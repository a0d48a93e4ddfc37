"""What is drawn over the images of a registration, in pixels of the grabbed panes."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter

from canvas_bench import make_layer
from pellucid.model.compare import CompareMode
from pellucid.model.geometry import Geometry
from pellucid.model.labels import Label, LabelMap
from pellucid.model.layer import LabelLayer
from pellucid.model.view import Layout, Plane
from pellucid.model.volume import image_from_array
from pellucid.session.placements import linear_placement, placement_of
from pellucid.ui.canvas import deformation_overlay
from pellucid.ui.canvas.deformation_overlay import DeformationOverlay
from pellucid.ui.canvas.judge_colors import stretch_colors, stretch_span
from pellucid.ui.canvas.judge_legend import legend_rows

GRID = Geometry((40, 40, 12), (1.0, 1.0, 1.0))


def shift(x: float = 0.0, y: float = 0.0, z: float = 0.0):
    matrix = np.eye(4)
    matrix[:3, 3] = x, y, z
    return linear_placement(matrix, GRID)


def field(moved) -> sitk.Transform:
    """Return a transform with displacements (z, y, x, 3) on the grid."""
    image = image_from_array(moved, GRID, colour=True)
    return sitk.DisplacementFieldTransform(sitk.Cast(image, sitk.sitkVectorFloat64))


def bump(strength: float = 4.0):
    """Return the placement by a displacement along x that grows and falls again."""
    _z, y, x = np.meshgrid(*(np.arange(n) for n in (12, 40, 40)), indexing="ij")
    moved = np.zeros((12, 40, 40, 3))
    moved[..., 0] = strength * np.exp(-((x - 20) ** 2 + (y - 20) ** 2) / 60.0)
    return placement_of(field(moved), GRID, GRID)


@pytest.fixture
def pair(bench):
    """A fixed image of 100 and a moving one of 40 that has 200 where x is at least 20."""
    bench.session.view.layout = Layout.SINGLE
    array = np.full((12, 40, 40), 40, np.int16)
    array[..., 20:] = 200
    fixed, moving = make_layer(np.full((12, 40, 40), 100, np.int16), GRID), make_layer(array, GRID)
    fixed.name, moving.name = "fixed", "moving"
    bench.show(fixed, moving)
    bench.session.document.active = moving
    bench.fixed, bench.moving = fixed, moving
    return bench


def at(bench, x: float, y: float, plane: Plane = Plane.AXIAL) -> tuple[int, int]:
    place = bench.pane(plane).widget_at((x, y, 6.0))
    return int(place.y()), int(place.x())


def cyan(rgb) -> np.ndarray:
    """Return where the colour of the grid is."""
    return (rgb[..., 2].astype(int) - rgb[..., 0]) > 40


def test_lines_of_the_grid_lie_where_the_moving_voxels_lie(pair):
    pair.session.placing.put(pair.moving, shift(3.0))
    pair.session.judging.draw(grid=True, spacing=10.0)
    pair.area.flush()
    seen = cyan(pair.rgb())
    row = at(pair, 0, 4.5)[0]
    columns = np.flatnonzero(seen[row])
    for own in (10.0, 20.0, 30.0):
        assert np.abs(columns - at(pair, own - 3.0, 4.5)[1]).min() <= 1, own
    assert not seen[row, at(pair, 15.0 - 3.0, 0)[1]]
    pair.session.judging.draw(grid=False)
    pair.area.flush()
    assert not cyan(pair.rgb()).any()


def test_lines_bend_with_the_registration_and_go_back_with_before(pair):
    pair.session.placing.put(pair.moving, bump())
    pair.session.judging.draw(grid=True, spacing=10.0)
    pair.area.flush()
    seen = cyan(pair.rgb())

    def line(y: float, low: float, high: float) -> float:
        row, left = at(pair, low, y)
        found = np.flatnonzero(seen[row, left : at(pair, high, y)[1]]) + left
        return float(pair.pane().camera.to_plane(QPointF(found.mean(), row))[0])

    assert line(4.0, 15, 25) == pytest.approx(20.0, abs=0.3)
    middle = line(20.5, 13, 19.5)
    assert middle + 4 * np.exp(-((middle - 20) ** 2 + 0.25) / 60) == pytest.approx(20.0, abs=0.4)
    pair.session.judging.shows_before = True
    pair.area.flush()
    seen = cyan(pair.rgb())
    assert line(20.5, 15, 25) == pytest.approx(20.0, abs=0.3)


def test_before_and_after_show_the_layer_where_it_lay_and_lies(pair):
    pair.session.placing.put(pair.moving, shift(6.0))
    pair.area.flush()
    place = at(pair, 17.0, 20.0)
    assert pair.grey()[place] == 200
    pair.session.judging.shows_before = True
    pair.area.flush()
    assert pair.grey()[place] == 40
    pair.session.judging.shows_before = False
    pair.session.view.hide_preview = True
    pair.area.flush()
    assert pair.grey()[place] == 40
    pair.session.view.hide_preview = False
    pair.area.flush()
    assert pair.grey()[place] == 200


@pytest.mark.parametrize("bent", [False, True])
def test_every_way_of_comparing_works_with_a_layer_that_was_moved(pair, bent):
    pair.session.placing.put(pair.moving, bump(6.0) if bent else shift(6.0))
    place = at(pair, 17.0, 20.0)  # after: 200, before: 40
    start = pair.session.comparing.start
    sides = {"first": pair.fixed.id, "second": pair.moving.id}
    for mode, changes, expected in (
        (CompareMode.SWIPE, {"position": 0.0}, (200,) * 3), (CompareMode.SWIPE, {"position": 1.0}, (100,) * 3),
        (CompareMode.RED_GREEN, {}, (100, 200, 0)),
    ):  # fmt: skip
        start(mode, **sides, **changes)
        pair.area.flush()
        assert pair.rgb()[place] == pytest.approx(expected, abs=2), (mode, changes)
    start(CompareMode.FLICKER, **sides, paused=True)
    for second, expected in ((False, 100), (True, 200)):
        pair.session.view.flicker = second
        pair.area.flush()
        assert pair.grey()[place] == expected
    pair.session.view.flicker = False
    start(CompareMode.CHECKERBOARD, **sides, square=10.0)
    pair.area.flush()
    assert {100, 200, 40} <= set(pair.grey().ravel().tolist())
    start(CompareMode.DIFFERENCE, **sides)
    pair.area.flush()
    red, _, blue = pair.rgb()[place].astype(int)
    assert blue > red


@pytest.mark.parametrize("bent", [False, True])
def test_a_layer_is_seen_against_itself_before(pair, bent):
    pair.session.placing.put(pair.moving, bump(6.0) if bent else shift(6.0))
    place = at(pair, 17.0, 20.0)
    for mode, changes, expected in (
        (CompareMode.SWIPE, {"position": 0.0}, (200,) * 3), (CompareMode.SWIPE, {"position": 1.0}, (40,) * 3),
        (CompareMode.RED_GREEN, {}, (40, 200, 0)),
    ):  # fmt: skip
        pair.session.comparing.with_itself(pair.moving, mode)
        pair.session.comparing.change(**changes)
        pair.area.flush()
        assert pair.rgb()[place] == pytest.approx(expected, abs=2), (mode, changes)
    pair.session.comparing.with_itself(pair.moving, CompareMode.DIFFERENCE)
    pair.area.flush()
    red, _, blue = pair.rgb()[place].astype(int)
    assert blue > red
    pair.session.comparing.with_itself(pair.moving, CompareMode.FLICKER)
    for second, expected in ((False, 40), (True, 200)):
        pair.session.view.flicker = second
        pair.area.flush()
        assert pair.grey()[place] == expected
    pair.session.undo()
    pair.area.flush()
    assert pair.session.view.compare is None and pair.grey()[place] == 40


def test_before_holds_in_a_comparison_too(pair):
    pair.session.placing.put(pair.moving, shift(6.0))
    pair.session.comparing.start(CompareMode.SWIPE, first=pair.fixed.id, second=pair.moving.id, position=0.0)
    pair.session.judging.shows_before = True
    pair.area.flush()
    assert pair.grey()[at(pair, 17.0, 20.0)] == 40


def test_arrows_stand_where_something_moves(pair):
    pair.session.placing.put(pair.moving, bump(6.0))
    pair.area.flush()
    plain = pair.rgb().astype(int)
    pair.session.judging.draw(arrows=True)
    pair.area.flush()
    drawn = np.abs(pair.rgb().astype(int) - plain).max(axis=2) > 40
    row, column = at(pair, 20.0, 20.0)
    assert drawn[row - 60 : row + 60, column - 60 : column + 60].sum() > 100
    top = at(pair, 0.0, 2.0)[0]
    assert drawn[:top].sum() < drawn[row - 60 : row + 60].sum() / 5


def test_a_shift_without_its_rigid_part_has_no_arrows(pair):
    pair.session.placing.put(pair.moving, shift(6.0))
    pair.session.judging.draw(arrows=True, residual=True)
    assert pair.session.judging.usual_length() == pytest.approx(0, abs=1e-9)
    pair.session.judging.draw(residual=False)
    assert pair.session.judging.usual_length() == pytest.approx(6)


def test_folded_voxels_glare_exactly_where_they_are_counted(pair):
    pair.session.placing.put(pair.moving, bump(14.0))
    pair.session.judging.draw(jacobian=True)
    assert pair.session.jobs.drain(120)
    pair.area.flush()
    answer = pair.session.judging.answer
    determinants = answer.after.determinants[6]
    assert answer.after.stretch.folded > 0
    rgb = pair.rgb()
    for y, x in np.argwhere(determinants <= 0).tolist():
        assert tuple(rgb[at(pair, x, y)]) == (0xFF, 0x2B, 0xD6)
    sound = np.argwhere(determinants > 0.1)[::37]
    assert all(tuple(rgb[at(pair, x, y)]) != (0xFF, 0x2B, 0xD6) for y, x in sound.tolist())


def test_the_map_is_not_drawn_of_a_place_that_is_no_longer_there(pair):
    pair.session.placing.put(pair.moving, bump(14.0))
    pair.session.judging.draw(jacobian=True)
    assert pair.session.jobs.drain(120)
    pair.session.placing.put(pair.moving, shift(1.0))
    pair.area.flush()
    assert not (pair.rgb() == (0xFF, 0x2B, 0xD6)).all(axis=2).any()


def test_contours_are_outlines_alone_solid_and_dashed(pair):
    pair.session.placing.put(pair.moving, shift(6.0))
    square = np.zeros((12, 40, 40))
    square[:, 10:30, 10:30] = 1
    for layer in (pair.fixed, pair.moving):
        labels = LabelLayer("Labels", LabelMap(GRID, square.astype(np.uint8), (Label(1, "one", "#ff0000"),)))
        labels.placement = layer.placement
        pair.session.document.insert(len(pair.session.document), labels)
    pair.session.document.active = pair.moving
    pair.area.flush()
    middle = at(pair, 20.0, 20.0)
    assert tuple(pair.rgb()[middle]) not in {(200,) * 3, (40,) * 3}
    pair.session.judging.draw(contours=True)
    pair.area.flush()
    rgb = pair.rgb()
    assert len(set(rgb[middle].tolist())) == 1
    red = (rgb[..., 0].astype(int) - rgb[..., 1]) > 80

    def filled(x: float) -> float:
        column = at(pair, x, 12.0)[1]
        rows = slice(at(pair, 0, 12.0)[0], at(pair, 0, 28.0)[0])
        return float(red[rows, column - 4 : column + 5].any(axis=1).mean())

    assert filled(9.6) > 0.97
    assert 0.4 < filled(3.6) < 0.9


def test_the_legend_says_what_is_seen(pair):
    pair.session.view.show_annotations = True
    pair.session.placing.put(pair.moving, bump(14.0))
    pair.session.judging.draw(grid=True, arrows=True, jacobian=True, spacing=10.0)
    assert pair.session.jobs.drain(120)
    pair.area.flush()
    said = [row.words for row in legend_rows(pair.pane())]
    folded = pair.session.judging.answer.after.stretch.folded
    assert said[0] == "Grid of 10 mm" and said[1].startswith("Moved by 0 to") and f"Folded: {folded:,} voxels" in said
    pair.session.placing.put(pair.moving, shift(1.0))
    pair.session.judging.compute()
    assert pair.session.jobs.drain(120)
    assert any("nothing bends" in row.words for row in legend_rows(pair.pane()))


def test_stretch_is_told_in_colours_around_one():
    values = np.array([[0.5, 1.0, 2.0, 0.0, -1.0, np.nan]], np.float32)
    small, one, large, zero, minus, nothing = stretch_colors(values, 2.0)[0].tolist()
    assert small & 0xFF > small >> 16 & 0xFF and large >> 16 & 0xFF > large & 0xFF
    assert one >> 24 < 8 and nothing == 0
    assert zero == minus == 0xFFFF2BD6
    assert stretch_span((0.8, 1.0, 1.3)) == 1.5 and stretch_span((1.0, 1.0, 1.0)) == 1.1


@pytest.mark.parametrize("plane", [Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL])
def test_a_redraw_without_a_change_draws_the_picture_it_has(pair, plane, monkeypatch):
    pair.session.view.layout = Layout.QUAD
    pair.session.placing.put(pair.moving, bump())
    pair.session.judging.draw(grid=True, arrows=True)
    pair.area.flush()
    pane, overlay = pair.pane(plane), DeformationOverlay()
    picture = QImage(pane.width(), pane.height(), QImage.Format.Format_ARGB32_Premultiplied)
    painter = QPainter(picture)
    made, make = [], deformation_overlay._picture
    monkeypatch.setattr(deformation_overlay, "_picture", lambda *a: made.append(make(*a)) or made[-1])
    for _ in range(3):
        overlay.paint(painter, pane)
    assert len(made) == 1
    pair.session.judging.draw(grid=True, arrows=False)
    overlay.paint(painter, pane)
    painter.end()
    assert len(made) == 2
