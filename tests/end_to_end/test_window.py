"""What the window shows while somebody works with it, on small files made here."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from hands import User
from pellucid.model.view import Plane

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def user(qtbot):
    user = User(qtbot)
    yield user
    user.leave()


@pytest.fixture
def ramp(tmp_path):
    """A volume whose value is 10 times its slice number, on 1.5 × 1.5 × 3 mm."""
    array = np.repeat(np.arange(20, dtype=np.int16) * 10, 40 * 48).reshape(20, 40, 48)
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((1.5, 1.5, 3.0))
    sitk.WriteImage(image, tmp_path / "ramp.nii.gz")
    return tmp_path / "ramp.nii.gz"


def opened(user, path):
    user.drop(path)
    user.wait(lambda: bool(user.session.document.images) and user.session.loading.job is None)
    user.rest()
    return user.session.document.active_image


def hover(user, plane):
    target = user.pane(plane).viewport()
    for offset in (QPoint(5, 5), QPoint(0, 0)):
        QTest.mouseMove(target, QPoint(target.width() // 2, target.height() // 2) - offset)
    QApplication.processEvents()


def test_status_bar_follows_the_slice_under_a_resting_mouse(user, ramp):
    opened(user, ramp)
    hover(user, Plane.AXIAL)
    status, planes = user.window.status, user.window.canvas
    for _ in range(3):
        user.wheel(Plane.AXIAL, -1)
        QApplication.processEvents()
        index = dict(planes.visible_slices())[2]
        assert status.values.text().endswith(f" {10 * index}")
        assert status.voxel.text().endswith(f", {index}")


def test_status_bar_tells_the_zoom_of_the_pane_under_the_mouse(user, ramp):
    opened(user, ramp)
    hover(user, Plane.AXIAL)
    camera = user.pane(Plane.AXIAL).camera
    before = user.window.status.zoom.text()
    assert before == f"{camera.percent:.0f} %"
    target = user.pane(Plane.AXIAL).viewport()
    where = QPointF(target.width() / 2, target.height() / 2)
    turn = QWheelEvent(where, target.mapToGlobal(where), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton, CTRL,
                       Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
    QApplication.sendEvent(target, turn)
    QApplication.processEvents()
    assert user.window.status.zoom.text() == f"{camera.percent:.0f} %" != before


def test_limits_and_preview_leave_with_the_panel_that_is_behind_another_tab(user, ramp):
    layer = opened(user, ramp)
    user.tab("Segment")
    user.rest()
    user.window.segment.choose("threshold.range")
    user.rest()
    limits = user.window.histogram.plot.limits
    assert limits.isVisible() and layer.preview is not None
    user.tab("History")
    user.rest()
    assert not limits.isVisible() and layer.preview is None
    user.tab("Segment")
    user.rest()
    assert limits.isVisible() and layer.preview is not None


def test_dragged_limits_reach_only_the_form_they_belong_to(user, ramp):
    opened(user, ramp)
    for tab, panel, operation in (("Filters", user.window.filters, "intensity.clamp"),
                                  ("Segment", user.window.segment, "threshold.range")):  # fmt: skip
        user.tab(tab)
        user.rest()
        panel.choose(operation)
        user.rest()
    kept = user.window.filters.form.values()
    user.window.histogram.plot.limits.setRegion((31.0, 77.0))
    user.rest()
    assert user.window.segment.form.limits() == (31.0, 77.0)
    assert user.window.filters.form.values() == kept
    user.tab("Filters")
    user.rest()
    assert user.window.histogram.plot.limits.isVisible()
    assert user.window.histogram.plot.limits.getRegion() == user.window.filters.form.limits()
