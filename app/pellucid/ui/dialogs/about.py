"""What Pellucid is, and what it is not."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from pellucid import __version__
from pellucid.language import tr


def about(parent: QWidget) -> None:
    """Say what Pellucid is and what it is not."""
    box = QMessageBox(parent)
    box.setWindowTitle(tr("About Pellucid"))
    box.setTextFormat(Qt.TextFormat.RichText)
    box.setText(
        tr(
            "<h3>Pellucid {version}</h3><p>A workbench for medical and biomedical "
            "images.</p><p>For research and teaching. It is not a medical device: do not base a "
            "diagnosis on it.</p><p>Apache License 2.0. Qt for Python is used under the LGPL "
            "3.</p>",
            version=__version__,
        )
    )
    box.exec()
