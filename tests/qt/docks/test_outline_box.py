"""The box of the outline tools: what it shows is what the view says, and the other way round."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from pellucid.history.layers import AddLayer
from pellucid.model.geometry import Geometry
from pellucid.model.layer import ImageLayer
from pellucid.model.view import OUTLINES, Cut, CutShape, Depth, Tool
from pellucid.model.volume import Volume, image_from_array
from pellucid.ui.docks.outline_box import OutlineBox

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def box(session, qtbot):
    box = OutlineBox(session)
    qtbot.addWidget(box)
    box.show()
    return box


def test_every_tool_has_a_button_that_chooses_it_and_lets_it_go(box, session, qtbot):
    assert set(box.tools) == set(OUTLINES)
    for tool, button in box.tools.items():
        qtbot.mouseClick(button, LEFT)
        assert session.view.tool is tool and [t for t, b in box.tools.items() if b.isChecked()] == [tool]
        assert box.options.isVisible()
        qtbot.mouseClick(button, LEFT)
        assert session.view.tool is Tool.WINDOW and not box.options.isVisible() and not button.isChecked()


def test_the_depth_is_that_of_the_tool_in_force(box, session, qtbot):
    session.view.tool = Tool.LABEL_LASSO
    assert box.depths.value() is Depth.SLICE and not box.cuts.isVisible() and not box.reach.isVisible()
    qtbot.mouseClick(box.depths.buttons[1], LEFT)
    assert session.view.outline_depth is Depth.NEAR and session.view.cut_depth is Depth.ALL and box.reach.isVisible()
    box.reach.setFocus()
    box.reach.selectAll()
    qtbot.keyClicks(box.reach, "7.5")
    assert session.view.outline_reach == 7.5
    session.view.tool = Tool.SCISSORS
    assert box.depths.value() is Depth.ALL and box.cuts.isVisible() and not box.reach.isVisible()
    qtbot.mouseClick(box.depths.buttons[0], LEFT)
    assert session.view.cut_depth is Depth.SLICE and session.view.outline_depth is Depth.NEAR


def test_the_scissors_are_set_here_and_follow_the_view(box, session, qtbot):
    session.view.tool = Tool.SCISSORS
    for button, cut in zip(box.cuts.buttons, Cut, strict=True):
        qtbot.mouseClick(button, LEFT)
        assert session.view.cut is cut
    for shape, button in box.shapes.items():
        qtbot.mouseClick(button, LEFT)
        assert session.view.cut_shape is shape and [s for s, b in box.shapes.items() if b.isChecked()] == [shape]
    session.view.cut, session.view.cut_shape = Cut.ERASE, CutShape.POLYGON
    assert box.cuts.value() is Cut.ERASE and box.shapes[CutShape.POLYGON].isChecked()


def test_lengths_are_in_px_where_they_are_unknown(empty_session, qtbot):
    grid = Geometry((4, 4, 3), known_spacing=(True, True, False))
    box = OutlineBox(empty_session)
    qtbot.addWidget(box)
    assert box.unit.text() == "mm"
    volume = Volume(image_from_array(np.zeros((3, 4, 4), np.int16), grid), grid)
    layer = ImageLayer("Picture", (volume,))
    empty_session.history.do(AddLayer(layer))
    empty_session.document.active = layer
    assert box.unit.text() == "px"
