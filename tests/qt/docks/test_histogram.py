"""The histogram panel: what it draws; dragging, typing and presets drive the display of the layer."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from pellucid.model import colormaps
from pellucid.model.histogram import histogram
from pellucid.model.transfer import STRAIGHT, Kind, Transfer, ValueTable, shares
from pellucid.model.view import Tool
from pellucid.model.volume import Acquisition, WindowPreset
from pellucid.paths import resources
from pellucid.settings import Settings
from pellucid.ui.docks import presets
from pellucid.ui.docks.curve_box import points_of
from pellucid.ui.docks.curves import Cumulative, heights, outline, strip_colors, summary, transfer, view_range
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


def test_ct_presets_lie_in_the_range_of_hounsfield_units_and_show_their_organ():
    """A window that misses what it is named after is a clinical trap: HU of a tissue must not be black or white."""
    tissues = {"Lung": -850, "Soft tissue": 50, "Bone": 700, "Brain": 37, "Stroke": 35, "Mediastinum": 45, "Liver": 60,
               "Vessels": 250, "Temporal bone": 1200, "Abdomen": 50, "Spine": 400}  # fmt: skip
    found = {p.name: p for p in presets.built_in() if p.modality == "CT"}
    assert found.keys() == tissues.keys()
    for name, value in tissues.items():
        low, high = found[name].limits(None)
        assert found[name].unit == "HU" and -1500 <= low < high <= 3100
        assert low + 0.1 * (high - low) <= value <= high - 0.1 * (high - low), name


def test_mr_has_percentiles_and_pet_without_suv_too(ct):
    def names(modality, unit):
        volume = replace(ct.volume, unit=unit, acquisition=replace(ct.volume.acquisition, modality=modality))
        return [p.name for p in presets.of_modality(volume)]

    assert names("MR", "")[:2] == ["1–99 %", "5–95 %"] and "Robust" in names("MR", "")
    assert "SUV 0–7" in names("PT", "SUV") and "Robust" not in names("PT", "SUV")
    assert names("PT", "Bq/ml") == names("CT", "") == ["Robust", "Full range", "Contrast", "Bright half"]


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
    assert panel.fields.high.value() == pytest.approx(high, rel=1e-3)


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
        (panel.fields.level, "0", (-900, 900)),
        (panel.fields.width_box, "200", (-100, 100)),
        (panel.fields.low, "-300", (-300, 100)),
        (panel.fields.high, "50", (-300, 50)),
    ):
        box.setFocus()
        box.selectAll()
        qtbot.keyClicks(box, text)
        assert ct.display.limits == limits
    panel.fields.low.selectAll()
    qtbot.keyClicks(panel.fields.low, "9")
    panel.fields.low.selectAll()
    qtbot.keyClicks(panel.fields.low, "900")
    assert panel.fields.low.property("wrong") is True
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
    panel.colors.colormap.setFocus()
    qtbot.keyClick(panel.colors.colormap, Qt.Key.Key_Down)
    assert ct.display.colormap == panel.colors.colormap.value() == "bone"
    qtbot.mouseClick(panel.colors.invert, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.colors.smooth, Qt.MouseButton.LeftButton)
    assert ct.display.invert and not ct.display.interpolate


def test_colour_maps_stand_under_headings_that_cannot_be_chosen(panel, ct, qtbot):
    box = panel.colors.colormap
    headings = [n for n in range(box.count()) if box.itemData(n, Qt.ItemDataRole.DecorationRole) is None]
    assert [box.itemText(n) for n in headings] == [title for title, _names in colormaps.groups()]
    box.setFocus()
    seen = [ct.display.colormap]
    for _ in range(box.count()):
        qtbot.keyClick(box, Qt.Key.Key_Down)
        if ct.display.colormap != seen[-1]:
            seen.append(ct.display.colormap)
    assert seen == list(colormaps.names())


def test_diverging_colours_centre_signed_values_on_zero_and_say_so(panel, session, ct, qtbot):
    said = []
    session.notice.connect(lambda text, severity: said.append((text, severity)))
    ct.display.set_limits(-900, 300)
    session.appearance.choose_colormap(ct, "cool-warm")
    qtbot.waitUntil(lambda: ct.display.limits == (-900, 900))
    assert said[0][1] == "info" and "centred on zero" in said[0][0]
    panel.reset.click()
    assert ct.display.limits == (-1000, 800)
    pet = session.document.layers[1]
    pet.display.set_limits(1, 5)
    session.appearance.choose_colormap(pet, "blue-red")
    qtbot.waitUntil(lambda: not session.jobs.running)
    qtbot.wait(20)
    assert pet.display.limits == (1, 5), "no value is below zero"
    session.appearance.choose_colormap(pet, "phase")
    qtbot.waitUntil(lambda: pet.display.limits == pytest.approx((0, 9.3)))


def test_the_slice_and_a_region_have_buttons(panel, session, ct, qtbot):
    panel.auto_slice.click()
    qtbot.waitUntil(lambda: ct.display.limits[0] > -1000 + 1e-9 or ct.display.limits[1] > 800)
    panel.region.click()
    assert session.view.tool is Tool.WINDOW_REGION


def test_a_pane_across_slices_has_no_histogram_of_one(panel, session, ct, qtbot):
    session.slice_in_use = lambda: None
    limits, told = ct.display.limits, []
    session.notice.connect(lambda text, _severity: told.append(text))
    qtbot.mouseClick(panel.scope.buttons[1], Qt.MouseButton.LeftButton)
    assert panel.plot.cumulative() is None and "across slices" in panel.reading.text()
    panel.auto_slice.click()
    assert len(told) == 1 and "across slices" in told[0] and ct.display.limits == limits


# -------------------------------------------------------------------- curve


def choose(panel, kind, qtbot):
    box = panel.curve.kind
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Home)
    for _ in range(box.count()):
        if box.value() is kind:
            return
        qtbot.keyClick(box, Qt.Key.Key_Down)
    raise AssertionError(f"{kind} is not offered")


def test_kinds_are_chosen_with_keys_and_a_missing_table_is_not_offered(panel, ct, qtbot):
    for kind in (Kind.GAMMA, Kind.SIGMOID, Kind.POINTS, Kind.LINEAR):
        choose(panel, kind, qtbot)
        assert ct.display.transfer.kind is kind
    with pytest.raises(AssertionError, match="table"):
        choose(panel, Kind.TABLE, qtbot)


def test_gamma_by_slider_and_number_is_drawn_at_once(panel, ct, qtbot):
    choose(panel, Kind.GAMMA, qtbot)
    assert panel.curve.gamma.isVisible() and not panel.curve.add.isVisible()
    panel.curve.gamma.selectAll()
    qtbot.keyClicks(panel.curve.gamma, "0.5")
    assert ct.display.transfer == Transfer(Kind.GAMMA, gamma=0.5)
    x, y = panel.plot.line.getData()
    low, high = ct.display.limits
    assert np.interp(low + 0.25 * (high - low), x, y) == pytest.approx(0.5, abs=0.01)
    panel.curve.slider.setFocus()
    qtbot.keyClick(panel.curve.slider, Qt.Key.Key_End)
    assert ct.display.transfer.gamma == 5.0
    panel.reset.click()
    assert ct.display.transfer == STRAIGHT and not panel.curve.gamma.isVisible()


@pytest.fixture
def line(panel, ct, qtbot):
    """Three points on a straight line."""
    choose(panel, Kind.POINTS, qtbot)
    ct.display.transfer = Transfer(Kind.POINTS, points=((0.0, 0.0), (0.5, 0.5), (1.0, 1.0)))
    return panel.plot.points


def test_points_are_added_dragged_and_removed_with_the_mouse(panel, line, ct, qtbot):
    points, viewport = line, panel.plot.plot.viewport()
    window = ct.display.limits
    start = points.place_of(1).toPoint()
    drag(viewport, start, start + QPoint(0, -20))
    moved = ct.display.transfer.points
    assert moved[1][1] > 0.52 and moved[1][0] == pytest.approx(0.5, abs=0.01) and len(moved) == 3
    assert points.place_of(1).y() == pytest.approx(start.y() - 20, abs=2), "it is where the mouse let go"
    assert ct.display.limits == window, "a point is taken hold of before the window"
    low, high = window
    free = panel.plot.position_of(low + 0.8 * (high - low), 0.3).toPoint()
    qtbot.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=free)
    added = ct.display.transfer.points
    assert len(added) == 4 and added[2] == pytest.approx((0.8, 0.3), abs=0.03)
    qtbot.mouseClick(viewport, Qt.MouseButton.RightButton, pos=points.place_of(2).toPoint())
    assert ct.display.transfer.points == moved
    x, y = panel.plot.line.getData()
    assert np.interp(low + 0.5 * (high - low), x, y) == pytest.approx(moved[1][1], abs=0.01)


def test_points_are_changed_with_keys_and_two_remain(panel, line, ct, qtbot):
    plot = panel.plot.plot
    plot.setFocus()
    assert line.place_of(0).x() < line.place_of(1).x()
    qtbot.keyClick(plot, Qt.Key.Key_PageDown)
    qtbot.keyClick(plot, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(plot, Qt.Key.Key_Left)
    assert ct.display.transfer.points[1] == pytest.approx((0.48, 0.6))
    qtbot.keyClick(plot, Qt.Key.Key_Insert)
    assert len(ct.display.transfer.points) == 4
    for _ in range(5):
        qtbot.keyClick(plot, Qt.Key.Key_Delete)
    assert len(ct.display.transfer.points) == 2
    panel.curve.add.click()
    assert len(ct.display.transfer.points) == 3
    assert not panel.curve.remove.isHidden() and panel.curve.remove.isEnabled()


@pytest.mark.parametrize("invert", [False, True])
def test_points_never_pass_each_other_nor_leave_the_plot(panel, line, ct, invert):
    ct.display.invert = invert
    viewport, start = panel.plot.plot.viewport(), line.place_of(1).toPoint()
    drag(viewport, start, start + QPoint(900, 900))
    assert ct.display.transfer.points[1] == (1.0, 1.0 if invert else 0.0)


def test_points_begin_on_the_curve_there_was(ct):
    points = points_of(Transfer(Kind.GAMMA, gamma=2.0), 0, 100)
    assert points == ((0.0, 0.0), (0.25, 0.0625), (0.5, 0.25), (0.75, 0.5625), (1.0, 1.0))


def test_equalised_follows_the_histogram_and_the_voxels_stay(panel, ct, qtbot):
    before = ct.volume.array.copy()
    choose(panel, Kind.EQUALISED, qtbot)
    qtbot.waitUntil(lambda: ct.display.transfer.spread is not None)
    found = shares(ct.volume.array[0, 0], -1000, 860, ct.display.transfer)
    assert found == pytest.approx(np.arange(32) / 31)
    assert np.array_equal(ct.volume.array, before)


def test_the_table_and_the_sigmoid_of_a_file_are_offered_and_zero_brings_the_first(panel, session, ct, qtbot):
    table = ValueTable.of(-500, 8, np.arange(256, dtype=np.uint16))
    windows = (
        WindowPreset("Soft", 40, 400, "DICOM", "SIGMOID"),
        WindowPreset("Film", -372.5, 255, "DICOM", table=table),
    )
    acquisition = replace(ct.volume.acquisition, windows=windows)
    ct.frames = (replace(ct.volume, acquisition=acquisition),)
    qtbot.waitUntil(lambda: len([c for c in panel.presets.chips if c.preset.kind == "file"]) == 2)
    soft, film = panel.presets.chips[:2]
    film.click()
    assert ct.display.limits == (-500, -245) and ct.display.transfer.table is table
    assert film.isChecked() and "lookup table" in film.toolTip() and panel.curve.kind.value() is Kind.TABLE
    soft.click()
    assert ct.display.transfer.kind is Kind.SIGMOID and "sigmoid" in soft.toolTip()
    choose(panel, Kind.TABLE, qtbot)
    assert ct.display.limits == (-500, -245)
    assert presets.apply_key(session, 0) and ct.display.transfer.kind is Kind.SIGMOID
    assert presets.apply_key(session, 1) and ct.display.transfer == STRAIGHT, "other presets are straight"


def test_the_panel_fits_a_narrow_dock(session, show, qtbot):
    panel = show(HistogramPanel(session), 340, 700)
    ct = session.document.layers[0]
    for curve in (STRAIGHT, Transfer(Kind.GAMMA, gamma=0.5), Transfer(Kind.POINTS, points=((0, 0), (1, 1)))):
        ct.display.transfer = curve
        qtbot.wait(10)
        visible = [w for w in panel.curve.children() if w.isWidgetType() and w.isVisible()]
        assert all(w.geometry().right() <= panel.curve.width() for w in visible)
        assert panel.curve.width() <= 340 - 2 * 8


def test_scopes_count_the_slice_and_the_mask(panel, session, qtbot):
    qtbot.mouseClick(panel.scope.buttons[1], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.plot.cumulative().total == 24 * 32)
    qtbot.mouseClick(panel.scope.buttons[2], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.plot.cumulative().total == 10 * 24 * 8)
    session.remove(session.document.layers[2])
    assert panel.scope.value() == "volume" and not panel.scope.buttons[2].isEnabled()
    assert "label" in panel.scope.buttons[2].toolTip()


def test_changes_from_elsewhere_are_shown(panel, ct, qtbot):
    ct.display.set_limits(-10, 30)
    qtbot.waitUntil(lambda: (panel.fields.low.value(), panel.fields.high.value()) == (-10, 30))
    assert panel.plot.region.getRegion() == pytest.approx((-10, 30))


def test_a_dragged_window_is_shown_now_and_then_and_at_last(panel, ct, qtbot, monkeypatch):
    shown = []
    show = panel.plot.show_window
    monkeypatch.setattr(panel.plot, "show_window", lambda *a, **k: (shown.append(a), show(*a, **k)))
    qtbot.wait(100)
    for n in range(40):
        ct.display.set_limits(-10 - n, 30)
    assert len(shown) <= 2
    qtbot.waitUntil(lambda: panel.fields.low.value() == -49)


def test_the_panel_follows_the_active_image(panel, session, qtbot):
    session.document.active = session.document.layers[1]
    qtbot.waitUntil(lambda: panel.fields.units[0].text() == "SUV")
    assert panel.presets.chips[0].preset.name == "SUV 0–5"


def test_without_an_image_one_sentence_helps(empty_session, show):
    panel = show(HistogramPanel(empty_session))
    assert panel.stack.currentWidget() is panel.empty


def test_the_plot_reads_the_value_under_the_mouse(panel):
    QTest.mouseMove(panel.plot.plot.viewport(), panel.plot.position_of(-40, 0.5).toPoint())
    assert "% below" in panel.reading.text()


# -------------------------------------------------------------------- SUV


def test_a_pet_is_told_in_suv_and_typed_in_suv(panel, ct, qtbot):
    factor = 2.5e-4
    pet = replace(ct.volume, unit="Bq/ml", acquisition=Acquisition("PT", extra={"suv_bw": str(factor)}))
    ct.frames = (pet,)
    ct.display.set_limits(0.0, 800.0)
    qtbot.waitUntil(lambda: "SUV" in panel.reading.text())
    counts = histogram(pet)
    assert panel.reading.text() == summary(counts.told_in(factor), "SUVbw") != summary(counts, "SUVbw")
    qtbot.waitUntil(lambda: panel.fields.high.value() == pytest.approx(0.2))
    assert panel.fields.units[0].text() == "SUVbw" and panel.fields.low.value() == 0
    panel.fields.edited.emit(0.0, 0.1)
    assert ct.display.limits == pytest.approx((0.0, 400.0))
    axis = panel.plot.plot.getAxis("bottom")
    assert axis.scale == factor
    panel._read(400.0)
    assert panel.reading.text().startswith("0.1 SUVbw")


def test_the_undoing_of_many_openings_shows_the_image_that_is_left_once(panel, session, monkeypatch, qtbot):
    first = session.document.active_image
    for layer in [one for one in session.document.layers if one is not first]:
        session.remove(layer)
    followed = []
    follow = panel.presets.follow
    monkeypatch.setattr(panel.presets, "follow", lambda layer: (followed.append(layer), follow(layer)))
    session.remove(first)
    session.jump(0)
    session.jump(len(session.history.steps))
    assert not followed
    qtbot.waitUntil(lambda: bool(followed))
    assert followed == [None]
