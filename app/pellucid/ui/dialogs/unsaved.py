"""The one question before unsaved work is closed."""

from __future__ import annotations

from enum import Enum

from PySide6.QtWidgets import QMessageBox, QWidget

from pellucid.language import tr


class Answer(Enum):
    """What the user wants done with unsaved work."""

    SAVE = "save"
    DISCARD = "discard"
    CANCEL = "cancel"


def unsaved_box(parent: QWidget | None, title: str) -> QMessageBox:
    """Return the question; the answer of the clicked button is its property ``answer``."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(tr("Unsaved work"))
    box.setText(tr("Save the work “{title}” before closing?", title=title))
    box.setInformativeText(tr("Layers, labels and windows that were changed since the last save are lost otherwise."))
    role = QMessageBox.ButtonRole
    buttons = {
        Answer.SAVE: box.addButton(tr("Save work"), role.AcceptRole),
        Answer.DISCARD: box.addButton(tr("Close without saving"), role.DestructiveRole),
        Answer.CANCEL: box.addButton(tr("Keep working"), role.RejectRole),
    }
    for answer, button in buttons.items():
        button.setProperty("answer", answer.value)
    box.setDefaultButton(buttons[Answer.SAVE])
    box.setEscapeButton(buttons[Answer.CANCEL])
    return box


def ask_unsaved(parent: QWidget | None, title: str) -> Answer:
    """Ask whether to save; closing the question means to keep working."""
    box = unsaved_box(parent, title)
    box.exec()
    clicked = box.clickedButton()
    return Answer(clicked.property("answer")) if clicked is not None else Answer.CANCEL
