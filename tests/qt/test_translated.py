"""Every text of the window comes from the catalogue: under a language that brackets everything, nothing is bare."""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QDockWidget,
    QLabel,
    QLineEdit,
    QMenu,
    QTabWidget,
    QWidget,
)

from pellucid import language
from pellucid.jobs.runner import Runner
from pellucid.session import Session
from pellucid.settings import Settings
from pellucid.ui.bridge import Bridge
from pellucid.ui.dock_table import DOCKS

_NO_WORDS = re.compile(r"^[^A-Za-z]*$|^(Pellucid|mm|px|MB|GB|HU|SUV|Bq/ml|nm|µm|ms|s|W|L|R|G|B|A|x|y|z)$")


class Bracketed(gettext.NullTranslations):
    """Shows every text in brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, one: str, many: str, n: int) -> str:
        return f"⟦{one if n == 1 else many}⟧"


@pytest.fixture
def bracketed():
    language.use_catalogue(Bracketed())
    yield
    language.use_catalogue(gettext.NullTranslations())


def texts(widget: QWidget) -> Iterator[tuple[str, str]]:
    """Yield what a widget says, with how it says it."""
    yield "tooltip", widget.toolTip()
    yield "name", widget.accessibleName()
    if isinstance(widget, QDockWidget):
        yield "title", widget.windowTitle()
    if isinstance(widget, QAbstractButton | QLabel):
        yield "text", widget.text()
    if isinstance(widget, QLineEdit):
        yield "placeholder", widget.placeholderText()
    if isinstance(widget, QComboBox):
        yield from (("choice", widget.itemText(n)) for n in range(widget.count()))
    if isinstance(widget, QTabWidget):
        yield from (("tab", widget.tabText(n)) for n in range(widget.count()))
    if isinstance(widget, QMenu):
        yield from (("action", action.text()) for action in widget.actions())
        yield from (("action tip", action.toolTip()) for action in widget.actions() if action.text())
    if isinstance(widget, QAbstractItemView) and widget.model() is not None:
        model, across = widget.model(), Qt.Orientation.Horizontal
        heads = (model.headerData(n, across) for n in range(model.columnCount()))
        yield from (("heading", head) for head in heads if isinstance(head, str))


def bare(root: QWidget) -> list[str]:
    """Return every text below a widget that does not come from the catalogue."""
    found = []
    for widget in [root, *root.findChildren(QWidget)]:
        for how, text in texts(widget):
            plain = re.sub(r"<[^>]+>|&", "", text).strip()
            if "⟦" not in plain and not _NO_WORDS.match(plain):
                found.append(f"{type(widget).__name__} {widget.objectName()} {how}: {text!r}")
    return sorted(set(found))


def test_every_text_of_the_window_can_be_translated(qtbot, bracketed):
    from pellucid.ui.main_window import MainWindow

    bridge = Bridge()
    window = MainWindow(Session(Settings(), Runner(bridge.post)))
    bridge.setParent(window)
    qtbot.addWidget(window)
    window.show()
    for row in DOCKS:
        window.show_dock(row.name)
    window.actions_table.refresh()
    assert bare(window) == []
    window.close_without_asking()
