"""The box of the tools of labels by mouse and keys: the options of the tool in force, limits, fill between slices."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QCheckBox, QWidget

from pellucid.model.geometry import Geometry
from pellucid.model.layer import Source
from pellucid.model.view import LABEL_TOOLS, Tool
from pellucid.model.volume import Volume, image_from_array
from pellucid.session.opening import Loaded
from pellucid.ui.docks.brush_box import BrushBox

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def labels(session):
    layer = session.document.label_layers[0]
    session.document.remove(session.document.images[1])
    session.document.active = layer
    return layer


@pytest.fixture
def box(session, labels, show):
    return show(BrushBox(session), 264, 400)


def click(qtbot, button):
    at = QPoint(8, button.height() // 2) if isinstance(button, QCheckBox) else button.rect().center()
    qtbot.mouseClick(button, LEFT, pos=at)


def type_into(qtbot, number, text):
    number.setFocus()
    number.selectAll()
    qtbot.keyClicks(number, text)


def test_there_is_a_button_for_every_tool_and_it_says_what_the_tool_does(box, session, qtbot):
    assert set(box.buttons) == LABEL_TOOLS
    assert "Choose a tool" in box.hint.text()
    for tool, button in box.buttons.items():
        click(qtbot, button)
        assert session.view.tool == tool and button.isChecked()
        assert sum(other.isChecked() for other in box.buttons.values()) == 1
        assert box.hint.text().startswith(button.accessibleName())
    click(qtbot, box.buttons[Tool.ISLAND])
    assert session.view.tool == Tool.WINDOW


@pytest.mark.parametrize(
    ("tool", "shown"),
    [(Tool.BRUSH, {"sizes"}), (Tool.ERASER, {"sizes"}), (Tool.SMART_BRUSH, {"sizes", "strictness"}),
     (Tool.FILL, {"fill"}), (Tool.WAND, {"wand"}), (Tool.ISLAND, {"island"}), (Tool.PICK_LABEL, set()),
     (Tool.PAN, set())],
)  # fmt: skip
def test_only_the_options_of_the_tool_in_force_are_shown(box, session, tool, shown):
    session.view.tool = tool
    parts = ("sizes", "strictness", "fill", "wand", "island")
    assert {name for name in parts if getattr(box, name).isVisible()} == shown


def test_brush_size_shape_and_tool(box, session, qtbot):
    brush = box
    qtbot.mouseClick(brush.brush, Qt.MouseButton.LeftButton)
    assert session.view.tool == Tool.BRUSH
    qtbot.mouseClick(brush.shape.buttons[1], Qt.MouseButton.LeftButton)
    brush.diameter.setFocus()
    brush.diameter.selectAll()
    qtbot.keyClicks(brush.diameter, "12.5")
    assert session.view.brush_ball is True and session.view.brush_diameter == 12.5
    session.view.brush_diameter = 30
    assert brush.diameter.value() == 30
    session.view.tool = Tool.PAN
    assert not brush.brush.isChecked()


def test_options_of_the_wand(box, session, qtbot):
    view, wand = session.view, box.wand
    view.tool = Tool.WAND
    assert wand.number.value() == 180 and wand.unit.text() == "HU"
    type_into(qtbot, wand.number, "35")
    assert view.wand_tolerance == 35
    click(qtbot, wand.mean.buttons[1])
    click(qtbot, wand.reach.buttons[1])
    click(qtbot, wand.connected)
    assert (view.wand_mean, view.fill_volume, view.wand_connected) == (True, True, False)
    wand.number.clearFocus()
    view.wand_tolerance = 70.0
    assert wand.number.value() == 70
    view.tool = Tool.FILL
    assert box.fill.reach.value() is True


def test_options_of_the_smart_brush_and_islands(box, session, qtbot):
    session.view.tool = Tool.SMART_BRUSH
    type_into(qtbot, box.strictness.number, "3.5")
    assert session.view.smart_strictness == 3.5
    session.view.tool = Tool.ISLAND
    click(qtbot, box.island.reach.buttons[0])
    assert session.view.island_volume is False


def test_painting_is_limited_to_a_range(box, session, qtbot):
    view, limits = session.view, box.limits
    assert not limits.numbers.isVisible()
    click(qtbot, limits.switch)
    assert view.paint_range == (-1000.0, 800.0) and limits.numbers.isVisible()
    type_into(qtbot, limits.low, "-50")
    type_into(qtbot, limits.high, "120")
    assert view.paint_range == (-50.0, 120.0)
    type_into(qtbot, limits.low, "500")
    assert view.paint_range == (50.0, 120.0) and "above" in limits.low.toolTip()
    click(qtbot, limits.window_button)
    assert view.paint_range == (-1000.0, 800.0)
    limits.low.clearFocus()
    view.paint_range = None
    assert not limits.switch.isChecked()


def test_painting_is_limited_to_a_label(box, session, labels):
    within = box.limits.within
    assert [within.itemText(n) for n in range(within.count())] == ["Any voxel", "Background", "Lungs", "Bone"]
    within.setCurrentIndex(3)
    within.activated.emit(3)
    assert session.view.paint_within == 2
    session.labelling.edit_label(labels, 2, name="Ribs")
    assert within.currentText() == "Ribs"
    session.view.paint_within = None
    assert within.currentText() == "Any voxel"


def test_fill_between_slices_is_tried_first_and_then_one_step(box, session, labels, qtbot):
    session.visible_slices = lambda: ((2, 4),)
    session.slice_in_use = lambda: (2, 4)
    labels.labels.array[:] = 0
    labels.labels.array[2, 5:12, 5:12] = labels.labels.array[7, 5:12, 5:12] = 1
    labels.labels.touch(labels.labels.whole())
    held, steps = labels.labels.array.tobytes(), session.history.position
    click(qtbot, box.between.opener)
    image = session.document.active_image
    qtbot.waitUntil(lambda: image.preview is not None)
    assert box.between.isVisible() and "axis z" in box.between.says.text()
    assert labels.labels.array.tobytes() == held and session.history.position == steps
    click(qtbot, box.between.method.buttons[1])
    click(qtbot, box.between.apply)
    qtbot.waitUntil(lambda: session.history.position == steps + 1)
    assert (labels.labels.array == 1).sum() == 6 * 49 and image.preview is None
    session.undo()
    assert labels.labels.array.tobytes() == held


def test_fill_between_slices_can_be_left_and_says_why_not(box, session, labels, qtbot):
    said = []
    session.notice.connect(lambda text, _severity: said.append(text))
    session.slice_in_use = lambda: None
    click(qtbot, box.between.opener)
    assert "plain slices" in said[-1] and not box.between.isVisible()
    session.visible_slices = lambda: ((1, 4),)
    session.slice_in_use = lambda: (1, 4)
    click(qtbot, box.between.opener)
    assert box.between.isVisible() and "axis y" in box.between.says.text()
    click(qtbot, box.between.cancel)
    assert not box.between.isVisible()
    session.labelling.edit_label(labels, 1, locked=True)
    click(qtbot, box.between.opener)
    assert "locked" in said[-1]


def test_fill_between_slices_has_nothing_to_do_in_a_flat_picture(box, session, qtbot):
    said = []
    session.notice.connect(lambda text, _severity: said.append(text))
    grid = Geometry((20, 16, 1))
    flat = Volume(image_from_array(np.zeros((1, 16, 20), np.uint8), grid), grid)
    session.loading.add(Loaded((flat,), (0.0, 1.0), "Flat", Source()), replace=True)
    session.labelling.add_layer()
    session.slice_in_use = lambda: (2, 0)
    click(qtbot, box.between.opener)
    assert "too few slices" in said[-1] and not box.between.isVisible()


def test_every_control_has_a_name_and_the_box_is_narrow(box, session):
    for tool in LABEL_TOOLS:
        session.view.tool = tool
        box.between.open()
        assert box.minimumSizeHint().width() <= 264 - 18
        for control in box.findChildren(QWidget):
            if control.isVisible() and control.focusPolicy() != Qt.FocusPolicy.NoFocus:
                assert control.accessibleName() or control.focusProxy(), control
