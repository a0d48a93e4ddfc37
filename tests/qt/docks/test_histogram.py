"""The histogram panel: what it draws; dragging, typing and presets drive the display of the layer."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from pellucid.model.histogram import histogram
from pellucid.paths import resources
from pellucid.settings import Settings
from pellucid.ui.docks import presets
from pellucid.ui.docks.curves import Cumulative, heights, outline, strip_colors, transfer, view_range
from pellucid.ui.docks.histogram import HistogramPanel
from pellucid.ui.docks.preset_bar import Chip


@pytest.fixture
def panel(session, show, qtbot):
    panel = show(HistogramPanel(session))
    qtbot.waitUntil(lambda: panel.plot.cumulative() is not None)
    return panel


def drag(widget, start, end):
    """Hover, press, move in steps and release, as a hand does."""
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton

    def send(kind, at, button, buttons):
        where = QPointF(at)
        event = QMouseEvent(
            kind, where, QPointF(widget.mapToGlobal(at)), button, buttons, Qt.KeyboardModifier(0)
        )
        QApplication.sendEvent(widget, event)
        QTest.qWait(15)  # pyqtgraph passes over moves that follow each other faster than 100 a second

    send(QEvent.Type.MouseMove, start, none, none)
    send(QEvent.Type.MouseButtonPress, start, left, left)
    for n in range(1, 9):
        send(QEvent.Type.MouseMove, start + (end - start) * n / 8, none, left)
    send(QEvent.Type.MouseButtonRelease, end, left, none)


# -------------------------------------------------------------------- curves


def test_counts_per_column_add_up_to_all_voxels(ct):
    counted = Cumulative.of(histogram(ct.volume))
    edges = np.linspace(-1100, 1000, 333)
    assert counted.counts(edges).sum() == pytest.approx(10 * 24 * 32)
    assert float(counted.share(-1000)) == 0
    assert float(counted.share(-40)) == pytest.approx(16 / 32)


def test_heights_are_the_highest_at_one_and_logarithmic_on_demand():
    counts = np.array([0.0, 9.0, 99.0])
    np.testing.assert_allclose(heights(counts, log=False), [0, 9 / 99, 1])
    np.testing.assert_allclose(heights(counts, log=True), [0, 0.5, 1])
    assert heights(np.zeros(3), log=True).tolist() == [0, 0, 0]


def test_the_view_holds_values_and_window(ct):
    low, high = view_range(histogram(ct.volume), (-2000.0, 100.0))
    assert low < -2000 and 860 < high < 1200


def test_an_outline_has_one_value_per_column(ct):
    x, y = outline(Cumulative.of(histogram(ct.volume)), -1000, 860, 200, log=False)
    assert len(x) == len(y) == 200
    assert y.max() == 1


def test_the_transfer_line_and_strip_follow_invert():
    x, y = transfer(0, 10, (-5, 20), invert=False)
    assert x.tolist() == [-5, 0, 10, 20] and y.tolist() == [0, 0, 1, 1]
    grey = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    strip = strip_colors(grey, 0, 10, (-5, 15), 21, invert=False)
    assert strip[0, 0] == 0 and strip[-1, 0] == 255 and strip[10, 0] in (127, 128)
    assert strip_colors(grey, 0, 10, (-5, 15), 21, invert=True)[0, 0] == 255


# -------------------------------------------------------------------- presets


def test_every_built_in_preset_has_a_window_and_a_source():
    rows = json.loads((resources() / "presets" / "windows.json").read_text("utf-8"))["presets"]
    assert len(rows) == len(presets.built_in())
    for preset in presets.built_in():
        assert preset.source and preset.name
        low, high = preset.percentiles or preset.limits(None)
        assert low < high
    assert len({(p.modality, p.name) for p in presets.built_in()}) == len(rows)


@pytest.mark.parametrize(
    ("name", "level", "width"),
    [
        ("Lung", -600, 1500),
        ("Soft tissue", 40, 400),
        ("Bone", 480, 2500),
        ("Brain", 40, 80),
        ("Liver", 90, 150),
    ],
)
def test_ct_presets_are_those_of_the_source(name, level, width):
    """OHIF Viewer's default presets, the one source that lists all five."""
    found = next(p for p in presets.built_in() if p.modality == "CT" and p.name == name)
    assert (found.level, found.width) == (level, width)


def test_presets_fit_modality_and_unit(session, ct):
    pet = session.document.layers[1].volume
    assert presets.of_modality(ct.volume)[0].name == "Lung"
    assert presets.of_modality(pet)[0].limits(None) == (0, 5)
    counts = pet.with_image(pet.image, unit="Bq/ml")
    assert all(p.percentiles for p in presets.of_modality(counts))


def test_digit_keys_give_presets_and_zero_the_window_of_the_file(session, ct):
    assert presets.apply_key(session, 1)
    assert ct.display.limits == (-1350, 150)
    assert presets.apply_key(session, 0)
    assert (ct.display.level, ct.display.width) == (-500, 1400)
    session.document.active = session.document.layers[1]
    assert not presets.apply_key(session, 9)


def test_percentile_presets_come_from_the_whole_volume(session, ct, qtbot):
    robust = next(p for p in presets.built_in() if p.name == "Full range")
    presets.apply(session, ct, robust)
    qtbot.waitUntil(lambda: ct.display.limits == (-1000, 860))


# -------------------------------------------------------------------- the panel


def test_dragging_an_end_of_the_window_changes_the_display(panel, ct, qtbot):
    QTest.qWait(50)
    start = panel.plot.position_of(800).toPoint()
    with qtbot.waitSignal(panel.plot.window_dragged):
        drag(panel.plot.plot.viewport(), start, panel.plot.position_of(300).toPoint())
    low, high = ct.display.limits
    assert low == pytest.approx(-1000, abs=1)
    assert high == pytest.approx(300, abs=25)
    assert panel.high.value() == pytest.approx(high, rel=1e-3)


def test_dragging_between_the_ends_moves_the_level_only(panel, ct):
    ct.display.set_limits(-400, 400)
    QTest.qWait(50)  # the plot takes its final width
    start = panel.plot.position_of(0).toPoint()
    drag(panel.plot.plot.viewport(), start, panel.plot.position_of(-200).toPoint())
    assert ct.display.width == pytest.approx(800, abs=2)
    assert ct.display.level == pytest.approx(-200, abs=25)


def test_limits_of_an_operation_are_dragged_without_touching_the_window(panel, ct, qtbot):
    panel.show_limits((-500.0, 200.0))
    QTest.qWait(50)
    before = ct.display.limits
    start = panel.plot.position_of(200).toPoint()
    with qtbot.waitSignal(panel.limits_edited) as dragged:
        drag(panel.plot.plot.viewport(), start, panel.plot.position_of(500).toPoint())
    assert dragged.args[0] == pytest.approx(-500, abs=1)
    assert panel.plot.limits.getRegion()[1] == pytest.approx(500, abs=25)
    assert ct.display.limits == before
    panel.plot.box.setXRange(-100, 100, padding=0)
    panel.show_limits((-500.0, 5000.0))
    assert panel.plot.view()[0] < -500 and 860 < panel.plot.view()[1] < 1000
    panel.show_limits(None)
    assert not panel.plot.limits.isVisible()


def test_typing_level_width_min_and_max(panel, ct, qtbot):
    for box, text, limits in (
        (panel.level, "0", (-900, 900)),
        (panel.width_box, "200", (-100, 100)),
        (panel.low, "-300", (-300, 100)),
        (panel.high, "50", (-300, 50)),
    ):
        box.setFocus()
        box.selectAll()
        qtbot.keyClicks(box, text)
        assert ct.display.limits == limits
    panel.low.selectAll()
    qtbot.keyClicks(panel.low, "9")
    panel.low.selectAll()
    qtbot.keyClicks(panel.low, "900")
    assert panel.low.property("wrong") is True
    assert ct.display.limits == (9, 50)


def test_auto_and_reset(panel, ct, qtbot):
    ct.display.set_limits(0, 1)
    qtbot.mouseClick(panel.auto, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: ct.display.limits == (-1000, 860))
    qtbot.mouseClick(panel.reset, Qt.MouseButton.LeftButton)
    assert ct.display.limits == (-1000, 800)


def test_clicking_a_preset_sets_the_window_and_marks_the_chip(panel, ct, qtbot):
    chip = next(chip for chip in panel.presets.chips if chip.preset.name == "Bone")
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    assert (ct.display.level, ct.display.width) == (480, 2500)
    assert [c.preset.name for c in panel.presets.chips if c.isChecked()] == ["Bone"]
    assert "OHIF" in chip.toolTip() and "W 2500" in chip.toolTip()


def test_the_window_of_the_file_comes_first(panel):
    assert [c.preset.kind for c in panel.presets.chips[:2]] == ["file", "modality"]


def test_an_own_preset_is_saved_applied_and_removed(panel, ct, tmp_path, qtbot):
    ct.display.set_limits(-150, 250)
    qtbot.mouseClick(panel.presets.keep, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(panel.presets.name, "Mine")
    qtbot.keyClick(panel.presets.name, Qt.Key.Key_Return)
    saved = Settings.load(tmp_path).own_presets
    assert [(p.name, p.level, p.width, p.modality) for p in saved] == [("Mine", 50, 400, "CT")]
    ct.display.set_limits(0, 1)
    chip = panel.presets.chips[-1]
    assert isinstance(chip, Chip) and chip.preset.name == "Mine"
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    assert ct.display.limits == (-150, 250)
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton, pos=QPoint(chip.width() - 12, 12))
    assert Settings.load(tmp_path).own_presets == []
    assert all(c.preset.name != "Mine" for c in panel.presets.chips)


def test_colour_map_invert_and_interpolate(panel, ct, qtbot):
    panel.colormap.setCurrentIndex(1)
    panel.colormap.activated.emit(1)
    assert ct.display.colormap == panel.colormap.value() != "grey"
    qtbot.mouseClick(panel.invert, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.smooth, Qt.MouseButton.LeftButton)
    assert ct.display.invert and not ct.display.interpolate


def test_scopes_count_the_slice_and_the_mask(panel, session, qtbot):
    qtbot.mouseClick(panel.scope.buttons[1], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.plot.cumulative().total == 24 * 32)
    qtbot.mouseClick(panel.scope.buttons[2], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.plot.cumulative().total == 10 * 24 * 8)
    session.remove(session.document.layers[2])
    assert panel.scope.value() == "volume" and not panel.scope.buttons[2].isEnabled()
    assert "label" in panel.scope.buttons[2].toolTip()


def test_changes_from_elsewhere_are_shown(panel, ct):
    ct.display.set_limits(-10, 30)
    assert (panel.low.value(), panel.high.value()) == (-10, 30)
    assert panel.plot.region.getRegion() == pytest.approx((-10, 30))


def test_the_panel_follows_the_active_image(panel, session, qtbot):
    session.document.active = session.document.layers[1]
    qtbot.waitUntil(lambda: panel.units[0].text() == "SUV")
    assert panel.presets.chips[0].preset.name == "SUV 0–5"


def test_without_an_image_one_sentence_helps(empty_session, show):
    panel = show(HistogramPanel(empty_session))
    assert panel.stack.currentWidget() is panel.empty


def test_the_plot_reads_the_value_under_the_mouse(panel):
    QTest.mouseMove(panel.plot.plot.viewport(), panel.plot.position_of(-40, 0.5).toPoint())
    assert "% below" in panel.reading.text()
