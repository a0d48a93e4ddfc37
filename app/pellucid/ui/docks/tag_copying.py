"""What is copied out of the tags: the lines that are chosen or shown, one value in full."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from pellucid.dicom.tags import Difference
from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.docks.tag_model import as_text
from pellucid.ui.docks.tag_sieve import PIECE
from pellucid.ui.docks.tag_tree import TagTree

if TYPE_CHECKING:
    from pellucid.session import Session


class TagCopying:
    """Copies from a tree of tags; ``path`` tells of which file they are."""

    def __init__(
        self, session: Session, tree: TagTree, path: Callable[[], Path | None], complain: Callable[[str], None]
    ) -> None:
        self._session, self._tree, self._path, self._complain = session, tree, path, complain

    def shown(self) -> None:
        """Copy the chosen lines, or all that are shown; very many are written in a job."""
        model = self._tree.lines
        compared, hide = model.compared, model.hide
        lines = self._tree.chosen_lines() or model.shown_lines()
        if len(lines) <= PIECE:
            _to_clipboard(as_text(lines, compared=compared, hide=hide))
            return
        self._session.jobs.query(
            "copy tags", tr("Copying tags"), lambda _job: as_text(lines, compared=compared, hide=hide),
            _to_clipboard, self._complain,
        )  # fmt: skip

    def value(self, line: Difference) -> None:
        """Copy the whole value of a line; a long one is read again."""
        path, model = self._path(), self._tree.lines
        if not line.row.cut or (model.hide and line.row.identifying) or path is None:
            _to_clipboard(model.texts(line)[0])
            return
        self._session.tags.whole(path, line.row.key, _to_clipboard, self._complain)

    def fill(self, menu: QMenu, line: Difference) -> None:
        """Offer what can be copied of a line."""
        model = self._tree.lines
        menu.addAction(theme.icon("content-copy"), tr("Copy value"), lambda: self.value(line))
        menu.addAction(tr("Copy tag"), lambda: _to_clipboard(line.row.tag))
        menu.addAction(tr("Copy line"),
                       lambda: _to_clipboard(as_text([line], compared=model.compared, hide=model.hide)))  # fmt: skip


def _to_clipboard(text: str) -> None:
    QGuiApplication.clipboard().setText(text)
