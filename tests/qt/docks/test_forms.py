"""Every registered operation gets a form that takes, checks and passes on its values."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from pellucid.operations.operation import Field, registry
from pellucid.ui.forms.controls import Choice, NumberBox
from pellucid.ui.forms.numbers import Bounds
from pellucid.ui.forms.operation_form import OperationForm

IDS = sorted(registry())


def other_value(field):
    """Return a valid value that is not the default."""
    if field.kind == "bool":
        return not field.default
    if field.kind == "choice":
        return next(choice for choice in field.choices if choice != field.default)
    if field.kind == "box":
        return tuple(range(1, len(field.default) + 1))
    if field.kind == "text":
        return "other"
    if field.kind == "places":
        return "1 2.5 -3; 4 5 6"
    if field.kind == "kernel":
        return "1 2 1; 2 4 2; 1 2 1 / 16"
    step = 1 if field.kind == "int" else 0.25
    wanted = field.default + step
    return wanted if field.maximum is None or wanted <= field.maximum else field.default - step


def type_into(qtbot, box, text):
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, text)


@pytest.mark.parametrize("operation_id", IDS)
def test_a_form_shows_the_defaults_and_takes_other_values(qtbot, operation_id):
    operation = registry()[operation_id]
    form = OperationForm(operation)
    qtbot.addWidget(form)
    defaults = {field.name: field.default for field in operation.fields}
    assert form.values() == defaults
    changed = {field.name: other_value(field) for field in operation.fields}
    form.set_values(changed)
    assert form.values() == changed
    assert all(type(a) is type(b) for a, b in zip(form.values().values(), changed.values(), strict=True))


@pytest.mark.parametrize("operation_id", IDS)
def test_every_control_of_a_form_has_a_name_and_a_tooltip(qtbot, operation_id):
    form = OperationForm(registry()[operation_id])
    qtbot.addWidget(form)
    for editor in form.editors.values():
        target = editor.focusProxy() or editor
        name = target.accessibleName() or editor.field.title
        assert name and editor.field.help


def test_typing_emits_the_new_values(qtbot):
    form = OperationForm(registry()["smoothing.gaussian"])
    qtbot.addWidget(form)
    form.show()
    with qtbot.waitSignal(form.edited) as emitted:
        type_into(qtbot, form.editors["sigma"].box, "2,5")
    assert form.values() == {"sigma": 2.5}
    qtbot.waitUntil(lambda: emitted.args is not None)
    assert form.editors["sigma"].slider.scale.value(form.editors["sigma"].slider.value()) == pytest.approx(
        2.5, rel=0.1
    )


def test_an_invalid_value_turns_red_and_emits_nothing(qtbot):
    form = OperationForm(registry()["smoothing.gaussian"])
    qtbot.addWidget(form)
    form.show()
    box = form.editors["sigma"].box
    complaints = []
    form.invalid.connect(complaints.append)
    with qtbot.assertNotEmitted(form.edited, wait=120):
        type_into(qtbot, box, "-3")
    assert box.property("wrong") is True
    assert "at least 0" in complaints[-1] and box.toolTip() == complaints[-1]
    assert form.values() == {"sigma": 1.0}
    qtbot.keyClick(box, Qt.Key.Key_Escape)
    assert box.property("wrong") is False and box.text() == "1"


def test_limits_the_wrong_way_round_are_refused_by_the_operation_itself(qtbot):
    form = OperationForm(registry()["threshold.range"])
    qtbot.addWidget(form)
    form.show()
    with qtbot.waitSignal(form.invalid) as said:
        type_into(qtbot, form.editors["lower"].box, "2000")
    assert "Lower" in said.args[0]
    assert form.editors["upper"].box.property("wrong") is True
    with qtbot.waitSignal(form.edited):
        type_into(qtbot, form.editors["upper"].box, "3000")
    assert form.editors["upper"].box.property("wrong") is False


def test_a_flood_of_changes_is_throttled_and_the_last_one_arrives(qtbot):
    form = OperationForm(registry()["smoothing.gaussian"])
    qtbot.addWidget(form)
    got = []
    form.edited.connect(got.append)
    slider = form.editors["sigma"].slider
    for position in range(100, 900):
        slider.setValue(position)
    qtbot.waitUntil(lambda: got[-1] == form.values())
    assert len(got) < 60


def test_dragged_limits_come_back_as_an_edit(qtbot):
    form = OperationForm(registry()["threshold.range"])
    qtbot.addWidget(form)
    with qtbot.waitSignal(form.edited) as emitted:
        form.set_limits(-400.0, -900.0)
    assert emitted.args[0] == {"lower": -900.0, "upper": -400.0}
    assert form.limits() == (-900.0, -400.0)


def test_value_parameters_take_range_and_unit_of_the_image(qtbot):
    form = OperationForm(registry()["threshold.range"])
    qtbot.addWidget(form)
    form.set_ranges(-1024, 3071, "HU")
    editor = form.editors["lower"]
    assert (editor.slider.scale.low, editor.slider.scale.high) == (-1024, 3071)
    assert editor.unit.text() == "HU"


def test_a_crop_box_starts_as_the_whole_image_and_stays_inside(qtbot):
    operation = registry()["geometry.crop"]
    form = OperationForm(operation)
    qtbot.addWidget(form)
    form.set_size((32, 24, 10))
    boxes = [box for editor in form.editors.values() for box in getattr(editor, "boxes", [])]
    if boxes:
        assert [int(box.value()) for box in boxes] == [0, 0, 0, 32, 24, 10]
        type_into(qtbot, boxes[0], "40")
        assert form.check()


def test_arrow_keys_and_the_wheel_step_only_where_they_should(qtbot):
    box = NumberBox(Bounds(0, 10), 0.5)
    qtbot.addWidget(box)
    box.set_value(2)
    with qtbot.waitSignal(box.edited) as stepped:
        qtbot.keyClick(box, Qt.Key.Key_Up)
    assert stepped.args == [2.5]
    qtbot.keyClick(box, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert box.value() == 0


def test_every_kind_of_field_has_an_editor(qtbot):
    fields = (
        Field("a", "Amount", "float", 1.0, "Help", "mm", 0, None, 0.1, 20, 0.1),
        Field("n", "Count", "int", 3, "Help", "voxels", 1, 9, 1, 9, 1),
        Field("f", "Flag", "bool", True, "Help"),
        Field(
            "c", "Choice", "choice", "x", "Help", choices=("x", "y", "z"), choice_titles=("Ex", "Why", "Zed")
        ),
        Field("l", "Long choice", "choice", "one", "Help", choices=("one", "two", "three", "four")),
        Field("b", "Box", "box", (0, 0, 0, 1, 1, 1), "Help"),
        Field("t", "Text", "text", "hello", "Help"),
    )
    operation = SimpleNamespace(title="Made up", fields=fields, validate=lambda **values: values)
    form = OperationForm(operation)
    qtbot.addWidget(form)
    form.show()
    with qtbot.waitSignal(form.edited):
        qtbot.mouseClick(form.editors["c"].control.buttons[2], Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(form.edited):
        form.editors["f"].tick.click()
    assert form.values() == {
        "a": 1.0,
        "n": 3,
        "f": False,
        "c": "z",
        "l": "one",
        "b": (0, 0, 0, 1, 1, 1),
        "t": "hello",
    }


def test_a_length_is_one_of_pixels_where_the_spacing_is_unknown(qtbot):
    form = OperationForm(registry()["smoothing.gaussian"])
    qtbot.addWidget(form)
    sigma = form.editors["sigma"]
    for known, unit in ((True, "mm"), (False, "px"), (True, "mm")):
        form.set_spacing_known(known)
        assert sigma.unit.text() == unit and sigma.box.accessibleName().endswith(unit)


def test_parameters_that_do_not_count_are_left_out(show):
    form = show(OperationForm(registry()["colour.pseudo"]))
    lower = form.editors["lower"].box
    assert not lower.isVisible() and not form.has_limits
    form.editors["span"].set_value("own")
    form.editors["span"].edited.emit()
    assert lower.isVisible() and form.has_limits
    form.set_values({"span": "image"})
    assert not lower.isVisible()


def test_a_grid_of_numbers_is_left_out_with_all_its_rows(show):
    form = show(OperationForm(registry()["stains.separate"]))
    editor = form.editors["vectors"]
    parts = [label for label in form.findChildren(QLabel) if label.text() in ("Size", "Divided by", "Slices")]
    parts += [editor.grid, editor.size_choice, editor.divisor, editor.sum_said, *editor.buttons]
    assert len(parts) > 8 and not any(part.isVisible() for part in parts)
    form.set_values({"stains": "own"})
    assert all(part.isVisible() for part in parts)
    assert not editor.turning.isVisible() and not editor.said.isVisible(), "one slice, nothing to say"


def test_sliders_of_widths_count_from_zero(show):
    form = show(OperationForm(registry()["intensity.window"]))
    form.set_ranges(-1000.0, 600.0, "HU")
    assert (form.editors["width"].slider.scale.low, form.editors["width"].slider.scale.high) == (0.0, 1600.0)
    assert form.editors["level"].slider.scale.low == -1000.0


def test_a_choice_between_long_names_tells_their_ends_apart(qtbot):
    names = [f"Segmentierungsergebnisvergleich der zweiten Runde: {name}" for name in ("Leber", "Milz")]
    choice = Choice([(name, name) for name in names])
    qtbot.addWidget(choice)
    choice.resize(180, 28)
    choice.show()
    choice.set_value(names[1])
    assert choice.shown_text().startswith("Segm") and choice.shown_text().endswith("Milz")
    assert choice.fontMetrics().horizontalAdvance(choice.shown_text()) <= choice.width() - 20
    assert choice.currentText() == names[1]
    assert choice.itemData(1, Qt.ItemDataRole.ToolTipRole) == names[1]
    choice.resize(600, 28)
    assert choice.shown_text() == names[1]
