"""Gaps are seen and named on the panes, and the banner mends what it warns of, as a user presses it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from canvas_bench import make_layer
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.findings import Finding
from pellucid.model.geometry import IDENTITY, Geometry
from pellucid.model.oblique import combined, turn_about
from pellucid.model.planes import plane_frame
from pellucid.model.view import Plane
from pellucid.ui.canvas import information_pane
from pellucid.ui.canvas.corner_texts import corners
from pellucid.ui.canvas.gap_marks import shown_gaps
from pellucid.ui.canvas.measure_words import plate_lines
from pellucid.ui.dialogs.set_spacing import SetSpacingDialog

MISSING = Finding("missing-slices", "4 slices are missing.")
PLACES = (0.0, 2.0, 4.0, 6.0, 16.0, 18.0, 20.0)


def gapped(**changes):
    geometry = Geometry((30, 40, 7), (1.0, 1.0, 2.0), slice_positions=PLACES, **changes)
    return make_layer(np.full((7, 40, 30), 200, np.int16), geometry, findings=(MISSING,))


@pytest.mark.hazard("H01")
@pytest.mark.parametrize("plane", [Plane.CORONAL, Plane.SAGITTAL])
def test_a_gap_is_left_empty_and_hatched_where_it_is(bench, plane):
    """Slices lie at 0, 2, 4, 6 and 16, 18, 20 mm: from 7 to 15 mm nothing was imaged."""
    layer = gapped()
    bench.show(layer)
    pane = bench.pane(plane)
    ((gap, polygon),) = shown_gaps(pane)
    assert (gap.after, gap.first, gap.last) == (3, 7.0, 15.0)
    ends = [pane.widget_at(layer.geometry.origin + np.array([15.0, 20.0, z])).y() for z in (7.0, 15.0)]
    box = polygon.boundingRect()
    assert sorted((box.top(), box.bottom())) == pytest.approx(sorted(ends), abs=0.01)
    rgb = bench.rgb(plane)
    row = round(float(np.mean(ends)))
    band = rgb[row - 8 : row + 8, round(box.left()) + 4 : round(box.left()) + 30].reshape(-1, 3).astype(int)
    hatched = band[:, 0] - band[:, 2] > 40  # amber
    assert 0.05 < hatched.mean() < 0.9 and (band.max(axis=1) < 40).any()  # stripes on nothing, not on image
    at = pane.widget_at(np.array([15.0, 20.0, 3.0]))
    assert rgb[round(at.y()), round(at.x())].min() > 150


@pytest.mark.hazard("H01")
def test_turned_planes_show_the_gap_too_and_even_stacks_none(bench):
    layer = gapped()
    bench.show(layer)
    bench.session.view.rotation = combined(turn_about((0.2, 1.0, 0.1), 20.0), IDENTITY)
    bench.area.flush()
    pane = bench.pane(Plane.CORONAL)
    ((_, polygon),) = shown_gaps(pane)
    depth = float(pane.frame.depths[pane.index])
    for point in polygon:
        world = pane.world_at(QPointF(point))
        assert abs(float((world - pane.frame.origin) @ pane.frame.normal) - depth) < 1e-3
        assert 7.0 - 1e-3 <= world[2] <= 15.0 + 1e-3
    bench.session.document.remove(layer)
    bench.show(make_layer(np.zeros((4, 5, 6), np.int16)))
    assert shown_gaps(bench.pane(Plane.CORONAL)) == []


@pytest.mark.hazard("H01")
def test_the_slice_count_says_where_slices_are_missing():
    geometry = gapped().geometry
    frame = plane_frame(geometry, Plane.AXIAL)

    def said(index: int) -> str:
        return " ".join(text for text, _ in corners(gapped(), frame, index, 100.0, hide_identity=False).bottom_right)

    assert "then no slices for 8 mm" in said(3) and "before it no slices for 8 mm" in said(4)
    assert "no slices" not in said(2) + said(5)


@pytest.mark.hazard("H01")
def test_a_length_across_the_gap_is_marked_on_its_plate(bench):
    layer = gapped()
    bench.show(layer)

    def line(first: float, last: float) -> Annotation:
        ends = ((5.0, 5.0, first), (5.0, 5.0, last))
        return Annotation(Kind.LENGTH, ends, (0, -1, 0), (1, 0, 0), (0, 0, -1), layer.id)

    across, beside = (bench.session.measuring.reading(line(*ends)) for ends in ((2.0, 18.0), (0.0, 6.0)))
    assert plate_lines(line(2.0, 18.0), across) == ("16.0 mm", "across a gap")
    assert plate_lines(line(0.0, 6.0), beside) == ("6.00 mm",)


@pytest.mark.hazard("H02")
def test_the_banner_fills_the_gap_when_its_button_is_pressed_and_undo_opens_it(bench):
    layer = gapped()
    bench.show(layer)
    before, banner = layer.volume, bench.area.banner
    (button,) = banner.mend_buttons
    assert button.text() == "Resample to even spacing" and button.accessibleName() and button.toolTip()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    bench.session.jobs.drain()
    bench.area.flush()
    assert layer.geometry.is_even and layer.geometry.size[2] == 11
    assert banner.mend_buttons == [] and "filled by interpolation" in banner.text
    bench.session.history.undo()
    bench.area.flush()
    assert layer.volume is before and [one.text() for one in banner.mend_buttons] == ["Resample to even spacing"]


@pytest.mark.hazard("H03")
def test_the_information_pane_offers_the_same_below_the_finding(bench):
    layer = gapped()
    bench.show(layer)
    pane = bench.area.information
    asked = []
    pane.mend_asked.connect(asked.append)
    page = information_pane.html(layer, tuple(pane._mends.values()))
    assert "mend:missing-slices" in page and "Resample to even spacing" in page
    from PySide6.QtCore import QUrl

    pane.anchorClicked.emit(QUrl("mend:missing-slices"))
    assert [mend.code for mend in asked] == ["missing-slices"]
    bench.session.jobs.drain()
    assert layer.geometry.is_even


@pytest.mark.hazard("H43")
def test_the_form_for_a_spacing_asks_for_what_is_not_known(bench, qtbot):
    geometry = Geometry((30, 40, 5), (0.5, 0.5, 1.0), known_spacing=(True, True, False), oriented=False)
    fact = Finding("unknown-spacing", "The size of a pixel is not stated.", "info")  # mended by the same, but no doubt
    found = Finding("no-position", "The 5 slices do not state their positions.")
    layer = make_layer(np.zeros((5, 40, 30), np.int16), geometry, findings=(fact, found))
    bench.show(layer)
    asked = []
    bench.session.spacing_asked.connect(asked.append)
    QTest.mouseClick(bench.area.banner.mend_buttons[0], Qt.MouseButton.LeftButton)
    assert asked == [layer]
    dialog = SetSpacingDialog(bench.session, layer)
    qtbot.addWidget(dialog)
    dialog.show()
    assert [box.isEnabled() for box in dialog.boxes] == [False, False, True]
    box = dialog.boxes[2]
    assert box.text() == "" and not dialog.go.isEnabled()  # no spacing is proposed: a careless Enter would state it
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert dialog.isVisible() and dialog.stated == (None, None, None)
    QTest.keyClicks(box, "0")
    assert not dialog.go.isEnabled() and dialog.complaint.isVisible()
    box.selectAll()
    QTest.keyClicks(box, "2.5")
    QTest.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    bench.session.jobs.drain()
    bench.area.flush()
    assert not dialog.isVisible() and layer.geometry.spacing == (0.5, 0.5, 2.5) and not layer.geometry.is_planar
    assert not bench.area.banner.isVisible()
    bench.session.history.undo()
    bench.area.flush()
    assert layer.geometry.is_planar and bench.area.banner.isVisible()
