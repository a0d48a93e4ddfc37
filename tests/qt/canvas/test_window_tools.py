"""The window from a rectangle and the colour bar, with the mouse on a pane."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from canvas_bench import make_layer, make_volume
from pellucid.model import colormaps
from pellucid.model.geometry import Geometry
from pellucid.model.layer import ImageLayer
from pellucid.model.view import Layout, Plane, Tool
from pellucid.ui.canvas.bar_scale import ticks
from pellucid.ui.canvas.color_bar import ColorBar

VALUES = np.random.default_rng(5).integers(-500, 500, (6, 40, 50)).astype(np.int16)


def widget_of(pane, index):
    """Return where a voxel of the layer stands in a pane."""
    geometry = pane.image.geometry
    at = pane.widget_at(geometry.index_to_world(np.array(index, float)))
    return at.x(), at.y()


def show(bench, array=VALUES, **facts):
    layer = make_layer(array, Geometry((50, 40, 6), (0.7, 1.1, 3.0)), limits=(-500.0, 500.0), **facts)
    bench.show(layer)
    return layer


def test_a_rectangle_sets_the_window_of_the_voxels_inside(bench):
    layer, pane = show(bench), bench.pane()
    bench.session.view.tool = Tool.WINDOW_REGION
    x0, y0 = widget_of(pane, (9.6, 4.6, 0))
    x1, y1 = widget_of(pane, (30.4, 20.4, 0))
    bench.drag(pane, (x0, y0), (x1, y1))
    z = pane.stack.shown[layer.id].index
    inside = VALUES[z, 5:21, 10:31]
    assert layer.display.limits == pytest.approx(tuple(np.percentile(inside, (2, 98))))


def test_few_voxels_give_lowest_and_highest_in_every_plane(bench):
    layer, pane = show(bench), bench.pane(Plane.SAGITTAL)
    bench.session.view.tool = Tool.WINDOW_REGION
    bench.drag(pane, widget_of(pane, (0, 4.6, 0.6)), widget_of(pane, (0, 12.4, 4.4)))
    x = pane.stack.shown[layer.id].index
    inside = VALUES[1:5, 5:13, x]
    assert layer.display.limits == (inside.min(), inside.max())


def test_escape_gives_up_and_the_outline_is_drawn_while_dragging(bench):
    layer, pane = show(bench), bench.pane()
    bench.session.view.tool = Tool.WINDOW_REGION
    start, end = widget_of(pane, (10, 5, 0)), widget_of(pane, (30, 20, 0))
    before = bench.rgb()
    bench.press(pane, start)
    bench.move(pane, end)
    pane.flush()
    assert np.abs(bench.rgb() - before).max() > 50
    assert pane.mouse.cancel()
    bench.release(pane, end)
    assert layer.display.limits == (-500.0, 500.0)


def test_a_click_changes_nothing_and_padding_does_not_count(bench):
    array = np.full((6, 40, 50), -2000, np.int16)
    array[:, 10:20, 10:20] = np.arange(100).reshape(10, 10)
    layer, pane = show(bench, array, padding=(-2000.0, -2000.0)), bench.pane()
    bench.session.view.tool = Tool.WINDOW_REGION
    at = widget_of(pane, (15, 15, 0))
    bench.press(pane, at)
    bench.release(pane, at)
    assert layer.display.limits == (-500.0, 500.0)
    bench.drag(pane, widget_of(pane, (2, 2, 0)), widget_of(pane, (45, 35, 0)))
    assert layer.display.limits == pytest.approx((1.98, 97.02))


def test_an_image_on_another_grid_counts_only_where_it_is(bench):
    bench.show(make_layer(np.zeros((6, 40, 50), np.int16), Geometry((50, 40, 6))))
    turned = np.radians(20)
    c, s = np.cos(turned), np.sin(turned)
    geometry = Geometry((50, 40, 6), direction=(c, -s, 0, s, c, 0, 0, 0, 1))
    values = np.full((6, 40, 50), 7, np.uint8) + np.arange(50, dtype=np.uint8)
    layer = ImageLayer("PET", (make_volume(values, geometry),))
    layer.display.set_limits(0, 100)
    bench.show(layer)
    bench.session.document.active = layer
    bench.session.view.tool = Tool.WINDOW_REGION
    pane = bench.pane()
    bench.area.flush()
    bench.drag(pane, (3, 3), (pane.width() - 3, pane.height() - 3))
    assert layer.display.limits[0] >= 7, "what lies outside of the grid is no value"


def test_colours_say_that_they_are_shown_as_they_are(bench):
    layer = make_layer(np.zeros((1, 20, 20, 3), np.uint8))
    bench.show(layer)
    bench.session.view.tool = Tool.WINDOW_REGION
    pane = bench.area.shown_panes()[0]
    limits = layer.display.limits
    bench.drag(pane, (100, 100), (200, 200))
    assert layer.display.limits == limits


def test_shift_w_takes_the_tool_and_escape_leaves_it(bench):
    show(bench)
    bench.key(Qt.Key.Key_W, Qt.KeyboardModifier.ShiftModifier)
    assert bench.session.view.tool is Tool.WINDOW_REGION
    bench.key(Qt.Key.Key_Escape)
    assert bench.session.view.tool is Tool.WINDOW


# -------------------------------------------------------------------- colour bar


@pytest.fixture
def barred(bench):
    """One pane with a colour bar of viridis over −500 to 500 HU."""
    bench.session.view.layout = Layout.SINGLE
    bench.session.view.show_annotations = True
    layer = show(bench, unit="HU")
    layer.display.colormap = "viridis"
    bench.area.flush()
    bench.area.flush()
    pane = bench.pane()
    bar = next(overlay for overlay in pane.overlays if isinstance(overlay, ColorBar))
    return bench, layer, pane, bar


def test_the_bar_shows_the_colours_of_the_window_from_low_to_high(barred):
    bench, _layer, pane, bar = barred
    box = bar.place(pane)
    picture = bench.area.grab_pane(pane)
    ratio = picture.width() / pane.width()
    for share in (0.05, 0.3, 0.5, 0.8, 0.95):
        found = QColor(picture.pixel(int(box.center().x() * ratio), int((box.bottom() - share * box.height()) * ratio)))
        expected = colormaps.table("viridis")[round(share * 255)].astype(int)
        assert np.abs(np.array([found.red(), found.green(), found.blue()]) - expected).max() <= 8


def test_the_bar_comes_by_itself_with_colours_and_can_be_switched(barred):
    bench, layer, pane, bar = barred
    assert bar.place(pane) is not None
    layer.display.colormap = "grey"
    assert bar.place(pane) is None
    bench.session.view.color_bar = True
    assert bar.place(pane) is not None
    layer.display.colormap, bench.session.view.color_bar = "viridis", False
    assert bar.place(pane) is None
    bench.session.view.color_bar, bench.session.view.show_annotations = True, False
    assert bar.place(pane) is None, "it goes with the texts"


def test_the_bar_keeps_clear_of_letters_and_corner_texts(barred):
    _bench, _layer, pane, bar = barred
    box = bar.place(pane)
    assert box.right() + 3 <= pane.width() - 24
    assert box.top() - 20 >= pane.height() / 4 and box.bottom() <= pane.height() * 0.75


def test_dragging_an_end_changes_it_alone_and_the_middle_moves_both(barred):
    bench, layer, pane, bar = barred
    box = bar.place(pane)
    x, worth = box.center().x(), 1000 / box.height()
    bench.drag(pane, (x, box.top()), (x, box.top() - 40))
    low, high = layer.display.limits
    assert low == -500 and high == pytest.approx(500 + 40 * worth, abs=2 * worth)
    layer.display.set_limits(-500, 500)
    bench.drag(pane, (x, box.bottom()), (x, box.bottom() - 30))
    low, high = layer.display.limits
    assert high == 500 and low == pytest.approx(-500 + 30 * worth, abs=2 * worth)
    layer.display.set_limits(-500, 500)
    bench.drag(pane, (x, box.center().y()), (x, box.center().y() + 50))
    assert layer.display.width == 1000 and layer.display.level == pytest.approx(-50 * worth, abs=2 * worth)


def test_an_end_never_crosses_the_other_and_giving_up_restores(barred):
    bench, layer, pane, bar = barred
    box = bar.place(pane)
    x = box.center().x()
    bench.drag(pane, (x, box.top()), (x, box.bottom() + 150))
    assert layer.display.limits == (-500, -499)
    layer.display.set_limits(-500, 500)
    bench.press(pane, (x, box.top()))
    bench.move(pane, (x, box.top() + 90))
    assert layer.display.limits != (-500, 500)
    pane.mouse.cancel()
    assert layer.display.limits == (-500, 500)
    bench.release(pane, (x, box.top()))


def test_beside_the_bar_the_tool_in_force_works(barred):
    bench, layer, pane, bar = barred
    box = bar.place(pane)
    bench.drag(pane, (box.left() - 60, box.center().y()), (box.left() - 60, box.center().y() + 40))
    assert layer.display.level < -20, "the window tool: down is brighter"


@pytest.mark.parametrize(
    ("low", "high", "most", "texts"),
    [
        (-1000, 400, 7, ["−1000", "−800", "−600", "−400", "−200", "0", "200", "400"]),
        (0, 1, 5, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (0, 7, 4, ["0", "2", "4", "6"]),
        (-5, 5, 2, ["−5", "0", "5"]),
        (0.00012, 0.00019, 4, None),
        (1e6, 5e7, 5, None),
    ],
)
def test_ticks_are_round_few_and_inside(low, high, most, texts):
    found = ticks(low, high, most)
    assert 1 <= len(found) <= most + 1
    assert all(low - 1e-9 <= value <= high * (1 + 1e-9) + 1e-9 for value, _ in found)
    assert len({text for _, text in found}) == len(found)
    if texts is not None:
        assert [text for _, text in found] == texts


def test_no_ticks_without_a_width():
    assert ticks(3, 3, 5) == [] and ticks(0, float("inf"), 5) == []
