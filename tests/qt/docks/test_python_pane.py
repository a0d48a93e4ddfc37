"""The Python panel: the chosen step or all of them, copied and saved; what cannot be written is said."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import QFileDialog

from pellucid.model.slicing import plane_frame
from pellucid.model.view import Plane
from pellucid.ui import theme
from pellucid.ui.docks.python_pane import PythonPanel


@pytest.fixture
def pane(session, ct, show, qtbot):
    for operation, values in (("smoothing.gaussian", {"sigma": 2.0}), ("smoothing.median", {"radius": 1})):
        job = session.running.apply(operation, values)
        qtbot.waitUntil(lambda job=job: job.finished and not session.jobs.running)
    pane = show(PythonPanel(session), 340, 600)
    qtbot.waitUntil(lambda: pane.code.toPlainText() != "")
    return pane


def colour_at(pane, text):
    """Return the colour in which the first occurrence of a text is shown."""
    place = pane.code.toPlainText().index(text)
    block = pane.code.document().findBlock(place)
    within = place - block.position()
    formats = [f for f in block.layout().formats() if f.start <= within < f.start + f.length]
    return formats[0].format.foreground().color() if formats else None


def test_the_whole_recipe_is_a_script_with_its_command(pane):
    text = pane.code.toPlainText()
    assert text.startswith('"""CT: Gaussian (sigma 2 mm), Median') and "sitk.WriteImage(result" in text
    assert pane.command.text() == "Run it with: python script.py IN OUT"
    compile(text, "script.py", "exec")


def test_the_chosen_step_alone(pane, session, qtbot):
    pane.whole.click()
    assert pane.message.text() == "Choose a step in the recipe to see its lines." and not pane.copy.isEnabled()
    session.recipes.selected = 1
    qtbot.waitUntil(lambda: pane.code.toPlainText().startswith("# 2. Median"))
    assert "import" not in pane.code.toPlainText() and pane.command.text() == ""
    session.recipes.selected = 0
    qtbot.waitUntil(lambda: pane.code.toPlainText().startswith("# 1. Gaussian"))


def test_copy_and_save(pane, session, qtbot, monkeypatch, tmp_path):
    qtbot.mouseClick(pane.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == pane.code.toPlainText()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a: (str(tmp_path / "smooth"), ""))
    qtbot.mouseClick(pane.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil((tmp_path / "smooth.py").is_file)
    qtbot.waitUntil(lambda: not session.jobs.running)
    assert (tmp_path / "smooth.py").read_text(encoding="utf-8") == pane.code.toPlainText()


def test_the_code_follows_the_steps(pane, session, qtbot):
    job = session.recipes.edit(0, {"sigma": 3.0})
    qtbot.waitUntil(lambda: job.finished)
    qtbot.waitUntil(lambda: "sigma 3 mm" in pane.code.toPlainText())


def test_hand_edits_are_said_not_written(pane, session, labels, qtbot):
    session.document.active = labels
    frame = plane_frame(labels.geometry, Plane.AXIAL)
    session.labelling.begin_stroke(frame, 5)
    session.labelling.stroke_to(frame.world_at(14, 12, 5))
    session.labelling.end_stroke()
    qtbot.waitUntil(lambda: "painted by hand" in pane.message.text())
    assert not pane.code.isVisible() and not pane.save.isEnabled() and labels.labels.array.any()
    labels.active_label = 2
    qtbot.waitUntil(lambda: pane.pages.currentIndex() == 0)


@pytest.mark.parametrize("mode", ["dark", "light"])
def test_colours_follow_the_theme(pane, qapp, qtbot, mode):
    theme.apply(qapp, mode)
    try:
        qtbot.wait(20)
        c = theme.colors()
        assert colour_at(pane, "# 1. Gaussian") == QColor(c.dim)
        assert colour_at(pane, "Made by Pellucid") == QColor(c.good)
        assert colour_at(pane, "import sys") == QColor(c.accent)
        assert colour_at(pane, "result = sitk.ReadImage") is None
    finally:
        theme.apply(qapp, "dark")
    assert np.isfinite(1.0)
