"""A widget that files, folders and items of the study browser can be dropped on."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QWidget

ITEM_MIME = "application/x-pellucid-item"
"""The type of a dragged series or image: its key in the library, as UTF-8."""


LAYER_MIME = "application/x-pellucid-layer"
"""The type of a dragged layer: its id, as UTF-8."""


class DropArea(QWidget):
    """Tells what was dropped on it, and when something welcome is dragged over it."""

    paths_dropped = Signal(list)
    """Emitted with the paths of files and folders."""
    item_dropped = Signal(str)
    """Emitted with the key of an item of the library."""
    drag_over = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome files, folders and items."""
        mime = event.mimeData()
        if mime.hasUrls() or mime.hasFormat(ITEM_MIME) or mime.hasFormat(LAYER_MIME):
            self.drag_over.emit(True)
            self.aim(event)
            _accept(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Keep welcoming."""
        self.aim(event)
        _accept(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Take note that the drag went elsewhere."""
        self.drag_over.emit(False)
        self.aim(None)
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Pass on what was dropped."""
        self.drag_over.emit(False)
        mime = event.mimeData()
        if self.take(event):
            pass
        elif mime.hasFormat(ITEM_MIME):
            self.item_dropped.emit(bytes(mime.data(ITEM_MIME).data()).decode("utf-8"))
        else:
            paths = [url.toLocalFile() for url in mime.urls() if url.isLocalFile()]
            if paths:
                self.paths_dropped.emit(paths)
        _accept(event)

    def aim(self, event: QDropEvent | None) -> None:
        """Show what a drop would do here; None when the drag went elsewhere."""

    def take(self, _event: QDropEvent) -> bool:
        """Take what was dropped for one place of the area; return whether there was such a place."""
        return False


def _accept(event: QDropEvent) -> None:
    """Accept as a copy: what is dragged stays where it came from."""
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()
