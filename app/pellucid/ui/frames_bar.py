"""The bar above the panes that asks about layers nobody knows to lie rightly on each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer
from pellucid.ui import theme
from pellucid.ui.docks.parts import flat_button, push_button

if TYPE_CHECKING:
    from pellucid.session import Session
    from pellucid.session.consenting import Question


class FramesBar(QFrame):
    """Shown while a layer is left out of a pane: register it, show it beside, or lay it over all the same.

    ``register`` brings what registers two images to the front; None where there is nothing of the kind.
    """

    def __init__(self, session: Session, register: Callable[[], object] | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("A layer that is not laid over another"))
        self._session, self._register = session, register
        self.question: Question | None = None
        self._mark = QLabel()
        self._sentence = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self._sentence.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.register = push_button(tr("Register…"), self._ask_register, tip=tr("Find how the two lie on each other"))
        self.beside = push_button(tr("Show side by side"), self._show_beside, tip=tr("Give it a pane of its own"))
        tip = tr("Lay it over by the coordinates it states; the panes go on saying so")
        self.anyway = push_button(tr("Overlay anyway"), self._consent, tip=tip)
        dismiss = flat_button("close", tr("Leave it out"), self._dismiss, tip=tr("Leave it out and do not ask again"))
        line = QHBoxLayout(self)
        line.setContentsMargins(theme.SECTION_GAP, theme.GRID, theme.GRID, theme.GRID)
        line.setSpacing(theme.MARGIN)
        for widget in (self._mark, self._sentence, self.register, self.beside, self.anyway, dismiss):
            line.addWidget(widget, 1 if widget is self._sentence else 0)
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self.refresh)
        session.consenting.changed.connect(lambda: self._later.start())
        theme.signals.changed.connect(self._dress)
        self._dress()
        self.refresh()

    @property
    def text(self) -> str:
        """Return the sentence that is shown, or nothing."""
        return "" if self.isHidden() else self._sentence.text()

    def refresh(self) -> None:
        """Ask what is to be asked now, or be silent."""
        question = self.question = self._session.consenting.question
        self.setVisible(question is not None)
        if question is None:
            return
        self._sentence.setText(question.says)
        images = isinstance(question.above, ImageLayer)
        self.register.setVisible(self._register is not None and images and question.may_consent)
        self.beside.setVisible(images)
        self.anyway.setVisible(question.may_consent)

    def _dress(self) -> None:
        colors = theme.colors()
        self._mark.setPixmap(theme.icon("alert-outline", colors.warning).pixmap(18, 18))
        self.setStyleSheet(f"FramesBar {{ background: {colors.raised}; border-left: 3px solid {colors.warning}; }}")

    # ---------------------------------------------------------------- from the user

    def _ask_register(self) -> None:
        if self.question is not None and self._register is not None:
            self._session.document.active = self.question.above
            self._register()

    def _show_beside(self) -> None:
        if self.question is not None:
            self._attempt(self._session.consenting.show_beside, self.question)

    def _consent(self) -> None:
        if self.question is not None:
            self._attempt(self._session.consenting.consent, self.question.below, self.question.above)

    def _dismiss(self) -> None:
        if self.question is not None:
            self._session.consenting.dismiss(self.question)

    def _attempt(self, action: Callable[..., object], *given: object) -> None:
        try:
            action(*given)
        except Refused as refusal:
            self._session.notice.emit(str(refusal), "warning")
        self.refresh()
