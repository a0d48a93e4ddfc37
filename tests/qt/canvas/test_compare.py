"""Two layers compared on a pane: pixels of the grabbed pictures, with real mouse and keys, also on different grids."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt

from canvas_bench import make_labels, make_layer, make_volume
from pellucid.history.layers import ReplaceVolume
from pellucid.model import colormaps
from pellucid.model.compare import CompareMode
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.view import Layout, Plane
from pellucid.ui.canvas.flicker import Flicker

SHAPE, COARSE_SHAPE = (12, 40, 40), (6, 10, 10)
FINE = Geometry((40, 40, 12), (1.0, 1.0, 1.0))
COARSE = Geometry((10, 10, 6), (4.0, 4.0, 2.0), (1.5, 1.5, 0.5))
"""The same box of the world as ``FINE``."""


@pytest.fixture(params=["one grid", "different grids"])
def two(bench, request):
    """A layer of 200 and one of 80 over it."""
    bench.session.view.layout = Layout.SINGLE
    first = make_layer(np.full(SHAPE, 200, np.int16), FINE)
    same = request.param == "one grid"
    second = make_layer(np.full(SHAPE if same else COARSE_SHAPE, 80, np.int16), FINE if same else COARSE)
    first.name, second.name = "CT", "PET"
    second.opacity = 0.5
    bench.show(first, second)
    bench.first, bench.second = first, second
    return bench


def start(bench, mode, **changes):
    bench.session.comparing.start(mode, **changes)
    bench.area.flush()


def test_a_swipe_shows_each_layer_on_its_side(two):
    start(two, CompareMode.SWIPE)
    pane = two.pane()
    row = two.grey()[pane.height() // 3]
    middle = pane.width() // 2
    assert set(row[40 : middle - 3]) == {200} and set(row[middle + 3 : -40]) == {80}


def test_the_divider_is_dragged_with_the_mouse_and_shift_turns_it(two):
    start(two, CompareMode.SWIPE)
    pane = two.pane()
    width, height = pane.width(), pane.height()
    two.move(pane, (width / 2, height / 3))
    two.area.flush()
    assert pane.viewport().cursor().shape() == Qt.CursorShape.SplitHCursor
    window = two.first.display.limits
    two.drag(pane, (width / 2, height / 3), (width / 4, height / 3))
    row = two.grey()[height // 3]
    assert set(row[40 : width // 4 - 3]) == {200} and set(row[width // 4 + 3 : -40]) == {80}
    assert two.first.display.limits == window
    two.drag(pane, (width / 4, height / 2), (width / 4, 3 * height / 4), keys=Qt.KeyboardModifier.ShiftModifier)
    column = two.grey()[:, width // 3]
    assert set(column[40 : 3 * height // 4 - 3]) == {200} and set(column[3 * height // 4 + 3 : -40]) == {80}
    assert two.session.history.steps == ()


def test_away_from_the_divider_the_tool_in_force_works(two):
    start(two, CompareMode.SWIPE)
    position = two.session.view.compare.position
    pane = two.pane()
    two.drag(pane, (100, 100), (160, 100))
    assert two.session.view.compare.position == position
    assert two.second.display.width != 255 or two.first.display.width != 255


def test_squares_of_a_checkerboard_alternate_at_their_size_in_mm(two):
    start(two, CompareMode.CHECKERBOARD, square=5.0)
    pane = two.pane()
    grey = two.grey()
    for y in (7.5, 12.5, 22.5):
        for x in (2.5, 7.5, 12.5, 17.5, 27.5, 32.5):
            world = two.first.geometry.index_to_world((x, y, 5))
            at = pane.widget_at(world)
            odd = (int(x // 5) + int(y // 5)) % 2
            assert grey[int(at.y()), int(at.x())] == (80 if odd else 200), (x, y)
    row = grey[int(pane.widget_at(two.first.geometry.index_to_world((0, 7.5, 5))).y())]
    edges = np.flatnonzero(np.diff(row[20:-20])) + 21
    assert np.diff(edges[1:-1]) == pytest.approx(5 * pane.camera.scale, abs=1.01)


def test_squares_move_with_the_image(two):
    start(two, CompareMode.CHECKERBOARD, square=10.0)
    before = two.grey()[100:-140, 100:-140]
    two.pane().camera.pan(30, 20)
    two.pane().schedule()
    after = two.grey()[120:-120, 130:-110]
    assert (before == after).mean() > 0.999


def test_a_flicker_alternates_with_its_clock_and_can_be_paused(two):
    clock = Flicker(two.session)
    start(two, CompareMode.FLICKER, rate=4.0)
    assert clock.interval == 250
    middle = two.pane().height() // 3, two.pane().width() // 3
    seen = []
    for _ in range(4):
        seen.append(int(two.grey()[middle]))
        clock.step()
    assert seen == [200, 80, 200, 80]
    two.session.comparing.change(paused=True)
    assert clock.interval == 0
    two.session.comparing.stop()
    assert clock.interval == 0 and two.session.view.flicker is False


def test_a_held_key_shows_the_other_layer_of_a_flicker(two):
    start(two, CompareMode.FLICKER, paused=True)
    middle = two.pane().height() // 3, two.pane().width() // 3
    assert two.grey()[middle] == 200
    two.session.view.hide_preview = True
    assert two.grey()[middle] == 80


def test_a_difference_is_red_where_the_first_is_higher_and_blue_where_it_is_lower(two):
    start(two, CompareMode.DIFFERENCE, span=120.0)
    middle = two.pane().height() // 3, two.pane().width() // 3
    table = colormaps.table("cool-warm")
    assert two.rgb()[middle].tolist() == pytest.approx(table[255].tolist(), abs=1)
    two.session.comparing.swap()
    assert two.rgb()[middle].tolist() == pytest.approx(table[0].tolist(), abs=1)
    two.session.comparing.change(span=240.0)
    assert two.rgb()[middle].tolist() == pytest.approx(table[64].tolist(), abs=2)
    assert "PET − CT" in two.pane().comparison.says()


def test_a_difference_of_equal_images_on_different_grids_is_nothing(bench):
    bench.session.view.layout = Layout.SINGLE
    _, y, x = np.mgrid[:12, :40, :40]
    fine = make_layer((3 * x + 2 * y).astype(np.float32), FINE)
    _, y, x = np.mgrid[:6, :10, :10]
    coarse = make_layer((3 * (4 * x + 1.5) + 2 * (4 * y + 1.5)).astype(np.float32), COARSE)
    for layer in (fine, coarse):
        layer.display.interpolate = True
    bench.show(fine, coarse)
    start(bench, CompareMode.DIFFERENCE, span=1.0)
    picture = bench.rgb()
    middle = picture[200:-200, 200:-200].reshape(-1, 3)
    centre = colormaps.table("cool-warm")[127:129].mean(axis=0)
    assert np.abs(middle - centre).max() <= 3


def test_red_green_is_made_of_the_light_of_both(two):
    start(two, CompareMode.RED_GREEN)
    middle = two.pane().height() // 3, two.pane().width() // 3
    assert two.rgb()[middle].tolist() == [200, 80, 0]
    two.session.comparing.change(cyan=True)
    assert two.rgb()[middle].tolist() == [200, 80, 80]
    two.second.display.set_limits(0, 160)
    assert two.rgb()[middle].tolist() == pytest.approx([200, 128, 128], abs=1)
    two.second.display.colormap = "hot"
    assert two.rgb()[middle].tolist() == pytest.approx([200, 128, 128], abs=1)


def test_other_images_are_left_out_and_labels_stay(two):
    third = make_layer(np.full(SHAPE, 250, np.int16), FINE)
    values = np.zeros(SHAPE)
    values[:, 10:30, 4:12] = 1
    labels = make_labels(two.first, values)
    two.show(third, labels)
    start(two, CompareMode.SWIPE, first=two.first.id, second=two.second.id)
    grey = two.grey()
    assert set(grey[100:150, 60:380].ravel()) == {200}
    at = two.pane().widget_at(two.first.geometry.index_to_world((8, 20, 5)))
    assert two.rgb()[int(at.y()), int(at.x())].tolist() == pytest.approx([0.35 * 255 + 0.65 * 200] + [130] * 2, abs=2)


def test_every_pane_compares_in_its_own_plane(two):
    two.session.view.layout = Layout.QUAD
    start(two, CompareMode.RED_GREEN)
    for plane in (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL):
        pane = two.pane(plane)
        at = pane.widget_at(two.first.geometry.index_to_world((15, 15, 4)))
        assert two.rgb(plane)[int(at.y()), int(at.x())].tolist() == [200, 80, 0]


def test_the_key_goes_through_the_ways_and_ends(two):
    modes = []
    for _ in range(6):
        two.key(Qt.Key.Key_K)
        compare = two.session.view.compare
        modes.append(compare.mode if compare is not None else None)
        if compare is not None:
            assert (compare.first, compare.second) == (two.first.id, two.second.id)
            assert "CT" in two.pane().comparison.says()
    assert modes == [*CompareMode, None]
    assert two.pane().comparison.says() == ""


def test_different_frames_of_reference_are_asked_about_first(two):
    for layer, frame in ((two.first, "1.2.3"), (two.second, "1.2.4")):
        volume = layer.volume
        layer.frames = (replace(volume, geometry=replace(volume.geometry, frame_of_reference=frame)),)
    asked = []
    two.session.comparing.asked.connect(asked.append)
    two.session.comparing.start(CompareMode.SWIPE)
    assert two.session.view.compare is None
    assert "different frames of reference" in str(asked[0]) and "“CT”" in str(asked[0])
    two.session.comparing.consent()
    assert two.session.view.compare.mode is CompareMode.SWIPE
    two.session.comparing.change(mode=CompareMode.DIFFERENCE)
    assert two.session.view.compare.mode is CompareMode.DIFFERENCE and len(asked) == 1


def test_one_image_alone_is_refused_and_a_removed_layer_ends_it(two):
    start(two, CompareMode.SWIPE)
    two.session.remove(two.second)
    two.area.flush()
    assert two.session.view.compare is None
    with pytest.raises(Refused, match="two images"):
        two.session.comparing.start(CompareMode.SWIPE)


def test_a_held_key_shows_the_image_before_its_last_step_or_without_the_topmost(two):
    middle = two.pane().height() // 3, two.pane().width() // 3
    two.key(Qt.Key.Key_F)
    assert two.grey()[middle] == 140
    two.session.view.hide_preview = True
    assert two.grey()[middle] == 200
    two.session.view.hide_preview = False
    two.session.document.active = two.second
    changed = make_volume(np.full(two.second.volume.array.shape, 20, np.int16), two.second.geometry)
    two.session.history.do(ReplaceVolume(two.second, (changed,), (), "Gaussian (sigma 2 mm) on PET"))
    assert two.grey()[middle] == 110
    two.session.view.hide_preview = True
    assert two.grey()[middle] == 140
    assert two.session.comparing.held().says == "before Gaussian (sigma 2 mm) on PET"
    two.session.view.hide_preview = False
    two.session.undo()
    assert two.session.comparing.before(two.second) is None


def test_a_difference_has_a_bar_of_its_own_colours(two):
    two.session.view.show_annotations = True
    start(two, CompareMode.DIFFERENCE, span=50.0)
    pane = two.pane()
    x = pane.width() - 38
    top, middle, bottom = (two.rgb()[y, x] for y in (pane.height() // 4 + 30, pane.height() // 2 + 12,
                                                     pane.height() * 3 // 4 - 4))  # fmt: skip
    assert top[0] > 150 > top[2] and bottom[2] > 150 > bottom[0] and min(middle) > 190
