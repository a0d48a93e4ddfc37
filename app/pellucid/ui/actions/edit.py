"""The menu Edit: undo, redo, preferences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.language import tr
from pellucid.ui.actions.entry import Entry, can_redo, can_undo

if TYPE_CHECKING:
    from pellucid.session import Session


def _undo_title(session: Session) -> str:
    step = session.concealing.text(session.history.undo_label)
    return tr("&Undo {step}", step=step) if step else tr("&Undo")


def _redo_title(session: Session) -> str:
    step = session.concealing.text(session.history.redo_label)
    return tr("&Redo {step}", step=step) if step else tr("&Redo")


ROWS: tuple[Entry, ...] = (
    Entry("edit.undo", "Edit", _undo_title, lambda w: w.session.undo(), ("Ctrl+Z",), "undo", why_not=can_undo),
    Entry("edit.redo", "Edit", _redo_title, lambda w: w.session.redo(), ("Ctrl+Y", "Ctrl+Shift+Z"), "redo",
          why_not=can_redo),
    Entry("edit.preferences", "Edit", "&Preferences…", lambda w: w.preferences(), ("Ctrl+,",),
          icon="cog-outline", separator=True),
)  # fmt: skip
