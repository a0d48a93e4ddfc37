"""Panes are drawn together: the same pictures as one by one, made before Qt paints, and one failure stays alone."""

from __future__ import annotations

import sys
import threading

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication, QGraphicsRectItem

from canvas_bench import make_labels, make_layer, pixels
from pellucid.model.geometry import Geometry
from pellucid.ui.canvas import drawing, label_item, sampling
from pellucid.ui.canvas.drawing import do_together
from pellucid.ui.canvas.layer_item import SliceItem
from pellucid.ui.canvas.sheet import SheetView


@pytest.fixture
def four(bench):
    z, y, x = np.mgrid[:24, :30, :36]
    layer = make_layer((z * 7 + y * 3 + x).astype(np.int16), Geometry((36, 30, 24)), (0, 300))
    labels = make_labels(layer, ((x - 18) ** 2 + (y - 15) ** 2 + (z - 12) ** 2 < 60).astype(np.uint8))
    bench.show(layer, labels)
    return bench


def test_pictures_are_made_before_they_are_painted(four, monkeypatch, qtbot):
    made, left = [], []
    of, together = SliceItem._work, drawing.do_together

    def noted(item, target):
        work = of(item, target)
        left.append(work is not None)
        return work

    def all_at_once(works):
        works = list(works)
        made.append(len(works))
        together(works)
        left.clear()

    four.settle()
    monkeypatch.setattr(SliceItem, "_work", noted)
    monkeypatch.setattr(drawing, "do_together", all_at_once)
    four.session.view.crosshair = (10.0, 11.0, 12.0)
    qtbot.waitUntil(lambda: bool(made) and len(left) >= 6)
    assert made == [6]  # image and labels of three planes
    assert not any(left)


@pytest.mark.parametrize("smooth", [False, True])
def test_threads_draw_what_one_thread_draws(four, monkeypatch, smooth):
    pictures = []
    four.session.document.images[0].display.interpolate = smooth
    for place in ((5.0, 6.0, 7.0), (20.0, 21.0, 11.0)):
        four.session.view.crosshair = place
        four.area.flush()
        drawing.drawing()._draw()
        QApplication.processEvents()
        pictures.append([pixels(pane.grab().toImage()) for pane in four.area.shown_panes()])
    monkeypatch.setattr(drawing, "_threads", lambda: None)
    for place, before in zip(((5.0, 6.0, 7.0), (20.0, 21.0, 11.0)), pictures, strict=True):
        four.session.view.crosshair = place
        four.area.flush()
        for pane, picture in zip(four.area.shown_panes(), before, strict=True):
            np.testing.assert_array_equal(pixels(pane.grab().toImage()), picture)


def test_all_work_is_done_and_the_first_error_is_told():
    done, threads = [], set()

    def work(n):
        threads.add(threading.current_thread())
        if n == 3:
            raise ValueError("three")
        done.append(n)

    with pytest.raises(ValueError, match="three"):
        do_together([lambda n=n: work(n) for n in range(20)])
    assert sorted(done) == [n for n in range(20) if n != 3]


def test_a_pane_that_fails_leaves_the_others_drawn(four, monkeypatch, qtbot):
    first, *others = four.area.shown_panes()
    seen, told = [], []
    monkeypatch.setattr(sys, "excepthook", lambda _kind, error, _trace: told.append(str(error)))
    monkeypatch.setattr(first.stack, "refresh", lambda *_a, **_k: (_ for _ in ()).throw(RuntimeError("broken")))
    for pane in others:
        pane.refreshed.connect(lambda pane=pane: seen.append(pane))
    four.session.view.crosshair = (3.0, 3.0, 3.0)
    qtbot.waitUntil(lambda: len(set(seen)) == len(others))
    assert told == ["broken"]


@pytest.mark.parametrize("box", [(3, 9, 2, 5), (0, 16, 0, 12), (15, 16, 0, 1)])
def test_labels_are_looked_for_where_they_are(box):
    top, bottom, left, right = box
    values = np.zeros((16, 12), np.uint8)
    values[top, left] = values[bottom - 1, right - 1] = 200
    assert label_item.filled(values) == (slice(top, bottom), slice(left, right))
    assert label_item.filled(np.zeros((4, 4), np.uint8)) is None


def test_interpolation_off_the_widget_is_that_of_the_painter(four):
    """Draw the coloured slice with a painter of Qt's own and compare."""
    layer = four.session.document.images[0]
    layer.display.interpolate = True
    four.session.document.label_layers[0].visible = False
    four.area.flush()
    pane = four.area.shown_panes()[0]
    pane.grab()
    item = pane.stack._items[layer.id]
    place = QRectF(*item.deviceTransform(pane.viewportTransform()).mapRect(item.boundingRect()).getRect())
    expected = QImage(pane.viewport().size(), QImage.Format.Format_RGB32)
    expected.fill(0)
    painter = QPainter(expected)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(place, item.qimage)
    painter.end()
    actual = QImage(pane.viewport().size(), QImage.Format.Format_RGB32)
    actual.fill(0)
    painter = QPainter(actual)
    painter.drawImage(item._rect, item.shown)
    painter.end()
    difference = np.abs(pixels(actual).astype(int) - pixels(expected))[2:-2, 2:-2]
    assert difference.max() <= 1


def test_a_dab_is_drawn_only_where_it_is_seen(four):
    labels = four.session.document.label_layers[0].labels
    panes = four.area.shown_panes()
    four.session.view.crosshair = tuple(float(n) for n in labels.geometry.index_to_world((20, 10, 6)))
    four.settle()
    drawn = []
    for pane in panes:
        pane.refreshed.connect(lambda pane=pane: drawn.append(pane.plane.value))
    labels.array[6, 2:5, 3:6] = 2
    labels.touch((slice(6, 7), slice(2, 5), slice(3, 6)))
    four.settle()
    assert drawn == ["axial"]
    four.session.view.crosshair = tuple(float(n) for n in labels.geometry.index_to_world((4, 10, 6)))
    four.settle()
    item = next(p for p in panes if p.plane.value == "sagittal").stack._items[four.session.document.label_layers[0].id]
    assert 2 in item.pixels, "what was painted is seen when the other pane comes there"


@pytest.mark.parametrize("turn", ["plain", "flipped", "turned", "colour"])
def test_thinned_slices_hold_the_chosen_rows_and_columns(turn):
    values = np.arange(40 * 60 * 3).reshape(40, 60, 3)
    grey = values[..., 0]
    array = {"plain": grey, "flipped": grey[::-1, ::-1], "turned": grey.T, "colour": values}[turn]
    rows = sampling.along(array.shape[0], 0.4, 3.0, 100, gather=True, stride=False)
    columns = sampling.along(array.shape[1], 0.3, -1.0, 100, gather=True, stride=False)
    expected = [[array[r, c] for c in columns.index] for r in rows.index]
    np.testing.assert_array_equal(sampling.take(array, rows, columns), expected)


def test_a_change_is_painted_when_the_pane_asks_and_not_once_more_for_its_scene(qtbot):
    painted = []

    class Counted(SheetView):
        def paintEvent(self, event):
            painted.append(event.region())
            super().paintEvent(event)

    view = Counted()
    qtbot.addWidget(view)
    view.sheet.add(QGraphicsRectItem(0, 0, 10, 10))
    with qtbot.waitExposed(view):
        view.show()
    QApplication.processEvents()
    painted.clear()
    view.sheet.look_at((5.0, 5.0), 4.0, (view.width(), view.height()))
    QApplication.processEvents()  # the scene tells what changed
    assert not painted
    view.viewport().update()
    QApplication.processEvents()
    assert len(painted) == 1
