"""Somebody opens two pictures of one brain, presses one button, and sees one lie on the other."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtWidgets import QComboBox, QLabel

from hands import User
from pellucid.model.compare import CompareMode


@pytest.fixture
def user(qtbot):
    user = User(qtbot, (1280, 720))
    yield user
    user.leave()


@pytest.mark.data
@pytest.mark.qt_log_ignore("does not support", extend=True)
def test_two_slices_of_a_brain_with_one_button(user, data_dir):
    folder = data_dir / "registration_2d" / "itk_brain"
    names = ("Border20", "Shifted13x17y")
    user.drop(*(folder / f"BrainProtonDensitySlice{name}.png" for name in names))
    user.rest()
    session = user.session
    fixed, moving = session.document.images
    pane = user.window.canvas.panes[0]
    before = pane.grab().toImage()
    user.menu("Registration", "Registration")
    panel = user.window.panel("Registration")
    boxes = [box.currentText() for box in panel.findChildren(QComboBox) if box.isVisible()]
    assert boxes == ["BrainProtonDensitySliceBorder20.png", "BrainProtonDensitySliceShifted13x17y.png",
                     "Same modality, rigid"]  # fmt: skip
    shown = []
    moving.events.estimate.connect(lambda new, _old: shown.append(new))
    user.click("Register")
    user.wait(lambda: not session.registering.is_running)
    result = session.registering.result
    assert result.outcome.converged, result.sentences
    shift = moving.placement.to_own((110.0, 128.0, 0.0)) - (110.0, 128.0, 0.0)
    assert np.allclose(shift[:2], (13.0, 17.0), atol=0.5)
    assert len(result.outcome.curve) > 10 and any(estimate is not None for estimate in shown)
    assert moving.estimate is None
    assert session.view.compare.mode is CompareMode.RED_GREEN
    user.rest()
    assert pane.grab().toImage() != before
    assert user.find("Metric", panel).text().startswith("−0.5")
    assert any("Converged" in label.text() for label in panel.findChildren(QLabel))
    voxel = fixed.volume.geometry.index_to_world([110, 128, 0])
    assert moving.placed.value_at(voxel) == fixed.volume.value_at(voxel)
    user.click("Compare", panel)
    assert session.view.compare.mode is CompareMode.SWIPE
    session.undo()
    assert moving.placement is None and not session.registering.result.is_in_force
