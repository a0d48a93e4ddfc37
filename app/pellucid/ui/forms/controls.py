"""Input controls: a checked number, a slider that never steals the wheel, choices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QSlider,
    QStyle,
    QStyleOptionComboBox,
    QStyleOptionSlider,
    QStylePainter,
    QToolButton,
    QWidget,
)

from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.forms.numbers import Bounds, Scale, format_number, parse_number

ANY = Bounds()
_KEY = Qt.Key
_TEXT_KEYS = frozenset((
    _KEY.Key_A, _KEY.Key_C, _KEY.Key_V, _KEY.Key_X, _KEY.Key_Left, _KEY.Key_Right, _KEY.Key_Home,
    _KEY.Key_End, _KEY.Key_Backspace, _KEY.Key_Delete,
))  # fmt: skip


def translated(options: Sequence[tuple[str, Any]]) -> tuple[tuple[str, Any], ...]:
    """Return the (title, value) of a table made at import, its titles in the language of the user."""
    return tuple((tr(title), value) for title, value in options)


class TextLine(QLineEdit):
    """A line of text that leaves the window's shortcuts alone: undo means the work, Ctrl+E means export."""

    def event(self, event: QEvent) -> bool:
        """Claim only the control keys that everybody expects in a text field."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            held = event.modifiers() & Qt.KeyboardModifier.ControlModifier
            if held and event.key() not in _TEXT_KEYS:
                event.ignore()
                return True
        return super().event(event)


class NumberBox(TextLine):
    """A number, right-aligned; what cannot be used turns red, says why, and is not passed on."""

    edited = Signal(float)
    """Emitted with a new valid value that the user typed or stepped to."""
    invalid = Signal(str)
    """Emitted with the sentence that says why the text cannot be used."""

    def __init__(self, bounds: Bounds = ANY, step: float = 1.0, unit: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bounds, self.step, self.unit = bounds, step, unit
        self._value: float = bounds.clamp(0.0)
        self._tip, self._open = "", False
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFont(theme.figures(self.font()))
        self.setFixedWidth(72)
        self.textEdited.connect(self._typed)
        self.editingFinished.connect(self._tidy)
        self._write()

    def value(self) -> float:
        """Return the last valid value."""
        return self._value

    def set_value(self, value: float) -> None:
        """Show a value without telling anybody; text that says so already is left as it was typed."""
        self._value = int(value) if self.bounds.whole else value
        if self.complaint() or parse_number(self.text()) != value:
            self._write()

    def leave_open(self) -> None:
        """Show no value until one is typed: there is none that Escape could bring back."""
        self._open = True
        self.clear()
        self.setPlaceholderText("?")

    def complaint(self) -> str:
        """Return why the text cannot be used, or ``""``."""
        return self.bounds.complaint(parse_number(self.text()), self.unit)

    def set_tip(self, text: str) -> None:
        """Set the tooltip that is shown while the value is valid."""
        self._tip = text
        self._mark(self.complaint())

    def mark(self, complaint: str) -> None:
        """Turn red with a complaint that comes from outside, or back with ``""``."""
        self._mark(complaint)

    def stepped(self, steps: float) -> None:
        """Move the value by a number of steps, as a key or the wheel does."""
        value = self.bounds.clamp(round(self._value / self.step + steps) * self.step)
        self._accept(float(format_number(value).replace("\N{MINUS SIGN}", "-")))
        self._write()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Step with Up and Down (ten at a time with Shift); Escape brings the last valid value back."""
        direction = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
        if direction:
            self.stepped(direction * (10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1))
        elif event.key() == Qt.Key.Key_Escape and self.complaint() and not self._open:
            self._write()
            self.edited.emit(self._value)
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Step only while the field has the focus, so that scrolling a panel changes nothing."""
        if self.hasFocus() and event.angleDelta().y():
            self.stepped(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Select everything when Tab comes in: typing replaces the number."""
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.selectAll()

    def _typed(self, _text: str) -> None:
        complaint = self.complaint()
        self._mark(complaint)
        if complaint:
            self.invalid.emit(complaint)
        else:
            self._accept(parse_number(self.text()) or 0.0)

    def _accept(self, value: float) -> None:
        self._value, self._open = int(value) if self.bounds.whole else value, False
        self.edited.emit(self._value)

    def _tidy(self) -> None:
        if not self.complaint():
            self._write()

    def _write(self) -> None:
        self._open = False
        self.setText(format_number(self._value))
        self._mark("")

    def _mark(self, complaint: str) -> None:
        self.setToolTip(complaint or self._tip)
        if bool(self.property("wrong")) != bool(complaint):
            self.setProperty("wrong", bool(complaint))
            self.style().unpolish(self)
            self.style().polish(self)


class ValueSlider(QSlider):
    """A slider over a range of values; the wheel moves it only while it has the focus."""

    moved = Signal(float)
    """Emitted with the value the user moved to."""

    def __init__(self, scale: Scale, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(48)
        self.setFixedHeight(theme.CONTROL_HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._told = True
        self.set_scale(scale)
        self.valueChanged.connect(self._changed)

    def set_scale(self, scale: Scale) -> None:
        """Change the range without moving to another value by itself."""
        self._told = False
        self.scale = scale
        self.setRange(0, scale.count)
        self.setPageStep(max(1, scale.count // 10))
        self._told = True

    def set_value(self, value: float) -> None:
        """Show a value without telling anybody."""
        self._told = False
        self.setValue(self.scale.position(value))
        self._told = True

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the panel unless the slider has the focus."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw a thin groove filled up to a round handle, which takes the accent with the focus."""
        c, option = theme.colors(), QStyleOptionSlider()
        self.initStyleOption(option)
        part = QStyle.SubControl.SC_SliderHandle
        handle = self.style().subControlRect(QStyle.ComplexControl.CC_Slider, option, part, self)
        x, y = handle.center().x() + 0.5, self.height() / 2
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        on = self.isEnabled()
        for right, color in ((self.width() - 3.0, theme.groove()), (x, c.accent if on else theme.groove())):
            painter.setBrush(QColor(color))
            painter.drawRoundedRect(QRectF(3.0, y - 2, max(0.0, right - 3.0), 4), 2, 2)
        edge = QPen(QColor(c.panel))
        edge.setWidthF(1.5)
        painter.setPen(edge)
        painter.setBrush(QColor(c.accent if self.hasFocus() and on else c.text if on else c.dim))
        painter.drawEllipse(QPointF(x, y), 6.5, 6.5)

    def _changed(self, position: int) -> None:
        if self._told:
            self.moved.emit(self.scale.value(position))


class Choice(QComboBox):
    """A list to choose from; the wheel changes it only while it has the focus."""

    chosen = Signal(object)
    """Emitted with the value the user chose."""

    def __init__(self, options: Sequence[tuple[str, Any]] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self.view().setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.set_options(options)
        self.activated.connect(lambda _row: self.chosen.emit(self.value()))

    def set_options(self, options: Sequence[tuple[str, Any]]) -> None:
        """Replace the list of (title, value)."""
        self.clear()
        self._values = [value for _title, value in options]
        self.addItems([title for title, _value in options])
        for row, (title, _value) in enumerate(options):
            self.setItemData(row, title, Qt.ItemDataRole.ToolTipRole)

    def value(self) -> Any:
        """Return the chosen value, or None when the list is empty."""
        return self._values[self.currentIndex()] if self._values else None

    def set_value(self, value: Any) -> None:
        """Choose a value without telling anybody."""
        if value in self._values:
            self.setCurrentIndex(self._values.index(value))

    def shown_text(self) -> str:
        """Return what is chosen as it is written: without its middle where it does not fit."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        part = QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, self).width() - theme.GRID
        if not option.currentIcon.isNull():
            room -= option.iconSize.width() + theme.GRID
        return self.fontMetrics().elidedText(option.currentText, Qt.TextElideMode.ElideMiddle, room)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Write what is chosen; two long names often differ at their ends."""
        option, painter = QStyleOptionComboBox(), QStylePainter(self)
        self.initStyleOption(option)
        option.currentText = self.shown_text()
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the panel unless the list has the focus."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class Segmented(QWidget):
    """A few choices side by side, one of them on."""

    chosen = Signal(object)
    """Emitted with the value the user chose."""

    def __init__(self, options: Sequence[tuple[str, Any]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values = [value for _title, value in options]
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for number, (title, _value) in enumerate(options):
            row.addWidget(self._segment(number, title, len(options)))
        self._group.idClicked.connect(lambda number: self.chosen.emit(self._values[number]))
        self.buttons[0].setChecked(True)
        self.setFocusProxy(self.buttons[0])

    @property
    def buttons(self) -> list[QToolButton]:
        """Return the segments from left to right."""
        return [button for button in self._group.buttons() if isinstance(button, QToolButton)]

    def value(self) -> Any:
        """Return the value that is on."""
        return self._values[self._group.checkedId()]

    def set_value(self, value: Any) -> None:
        """Turn a value on without telling anybody."""
        if value in self._values:
            self._group.button(self._values.index(value)).setChecked(True)

    def _segment(self, number: int, title: str, count: int) -> QToolButton:
        button = QToolButton(self)
        button.setText(title)
        button.setCheckable(True)
        button.setProperty("segment", True)
        button.setProperty("place", "first" if number == 0 else "last" if number == count - 1 else "middle")
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setAccessibleName(title)
        self._group.addButton(button, number)
        return button
