"""What Pellucid is, what it is not, and what it reads DICOM pixels with."""

from __future__ import annotations

import platform

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHeaderView,
    QLabel,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from pellucid import __version__
from pellucid.dicom.codecs import Support, supported
from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.docks.parts import dim, push_button, row

_HEIGHT, _GAP = 24, 24


class AboutDialog(QDialog):
    """Says what this is, and lists every transfer syntax with its decoder; all of it can be copied."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("About Pellucid"))
        self.resize(640, 640)
        self._supported = supported()
        self._make_list()
        self.copy_button = push_button(tr("Copy"), self.copy, tip=tr("Copy the versions and this list as text"))
        self.close_button = push_button(tr("Close"), self.accept)
        self.close_button.setDefault(True)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self, self.copy)
        self._lay_out()
        self.close_button.setFocus()

    def _make_list(self) -> None:
        self.list = QTreeWidget()
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setProperty("frame", True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setAccessibleName(tr("Transfer syntaxes and their decoders"))
        self.list.setHeaderLabels([tr("DICOM pixels stored as"), tr("Transfer syntax"), tr("Read with")])
        header = self.list.header()
        header.setProperty("flush", True)
        header.setStretchLastSection(False)
        for column, mode in enumerate((QHeaderView.ResizeMode.Stretch, *[QHeaderView.ResizeMode.ResizeToContents] * 2)):
            header.setSectionResizeMode(column, mode)
        for support in self._supported:
            item = QTreeWidgetItem(self.list, list(_cells(support)))
            for column, text in enumerate(_cells(support)):
                item.setSizeHint(column, QSize(self.fontMetrics().horizontalAdvance(text) + _GAP, _HEIGHT))
            item.setFont(1, theme.figures(self.font()))
            if support.missing:
                item.setToolTip(2, tr("Files of this kind cannot be read until the package is installed."))

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(theme.MARGIN)
        title = QLabel(tr("Pellucid {version}", version=__version__))
        font = QFont(self.font())
        font.setPixelSize(20)
        font.setWeight(QFont.Weight.DemiBold)
        title.setFont(font)
        column.addWidget(title)
        texts = (
            QLabel(tr("A workbench for medical and biomedical images.")),
            QLabel(tr("For research and teaching. It is not a medical device: do not base a diagnosis on it.")),
            dim(tr("Apache License 2.0. Qt for Python is used under the LGPL 3.")),
        )
        for label in (title, *texts):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for label in texts:
            column.addWidget(label)
        column.addSpacing(theme.MARGIN)
        column.addWidget(self.list, 1)
        column.addWidget(row(self.copy_button, QWidget(), self.close_button, spacing=theme.MARGIN, stretch=1))

    def copy(self) -> None:
        """Put the rows that are selected on the clipboard, or all of them with the versions of what runs them."""
        chosen = [n for n in range(len(self._supported)) if self._item(n).isSelected()]
        lines = ["\t".join(_cells(self._supported[n])) for n in chosen or range(len(self._supported))]
        if not chosen:
            lines.insert(0, f"Pellucid {__version__}, Python {platform.python_version()}, {platform.platform()}")
        QGuiApplication.clipboard().setText("\n".join(lines))

    def _item(self, n: int) -> QTreeWidgetItem:
        item = self.list.topLevelItem(n)
        assert item is not None
        return item


def _cells(support: Support) -> tuple[str, str, str]:
    name = support.name[:1].upper() + support.name[1:]
    if support.missing:
        return name, support.syntax, tr("{package} is missing", package=support.package)
    return name, support.syntax, f"{support.package} {support.version}".strip()


def about(parent: QWidget) -> None:
    """Say what Pellucid is and what it is not."""
    AboutDialog(parent).exec()
