"""One line of text typed on a pane: words of a text or arrow, the name of a measurement, a known length."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit

from pellucid.language import tr
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.findings import Refused
from pellucid.ui import theme
from pellucid.ui.forms.numbers import parse_number

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView

_WIDTH = 180
_AWAY, _BELOW_PLATE = 10, 28


class PaneEditor(QLineEdit):
    """A line on a pane; Enter takes the text, Esc gives up, leaving takes it if ``keeps``."""

    def __init__(self, pane: SliceView, at: QPointF, name: str, done: Callable[[str], object], *, keeps: bool = True):
        super().__init__(pane.viewport())
        self._done: Callable[[str], object] | None = done
        self._keeps = keeps
        self.setAccessibleName(name)
        self.setPlaceholderText(name)
        self.setFixedSize(min(_WIDTH, pane.width() - 8), theme.CONTROL_HEIGHT)
        x = min(max(4, round(at.x())), pane.width() - self.width() - 4)
        y = min(max(4, round(at.y())), pane.height() - self.height() - 4)
        self.move(x, y)

    def open(self, text: str = "") -> None:
        """Show the line with a text in it, all of it selected."""
        self.setText(text)
        self.selectAll()
        self.show()
        self.setFocus(Qt.FocusReason.PopupFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take the text or give up; everything else is typed, whatever it means elsewhere."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._close(take=True)
        elif event.key() == Qt.Key.Key_Escape:
            self._close(take=False)
        else:
            super().keyPressEvent(event)
        event.accept()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take the text when the user turns elsewhere."""
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._close(take=self._keeps)

    def _close(self, *, take: bool) -> None:
        done, self._done = self._done, None
        if done is not None:
            self.hide()
            self.deleteLater()
            if take:
                done(self.text())


def edit_annotation(pane: SliceView, annotation: Annotation, *, is_new: bool = False) -> PaneEditor:
    """Let the user type the words of a text or arrow, or the name of anything else.

    A new text without any words is dropped.
    """
    measuring = pane.session.measuring
    worded = annotation.kind in (Kind.TEXT, Kind.ARROW)

    def done(text: str) -> None:
        if not is_new:
            measuring.rename(annotation, text)
        elif text.strip():
            measuring.add(replace(annotation, text=text.strip()))

    name = tr("Text") if worded else tr("Name of the measurement")
    editor = PaneEditor(pane, pane.widget_at(annotation.points[-1]) + QPointF(8, -13), name, done)
    editor.open(annotation.text if worded else annotation.name)
    return editor


def ask_length(pane: SliceView, annotation: Annotation) -> PaneEditor:
    """Let the user type how long a line is in mm, and calibrate its image with it."""
    from pellucid.session.calibrating import calibrate

    session = pane.session

    def done(text: str) -> None:
        try:
            calibrate(session, annotation, parse_number(text.lower().removesuffix("mm")) or 0.0)
        except Refused as reason:
            session.notice.emit(str(reason), "warning")

    below = pane.widget_at(annotation.points[-1]) + QPointF(_AWAY, _BELOW_PLATE)
    editor = PaneEditor(pane, below, tr("True length in mm"), done, keeps=False)
    editor.open()
    return editor
