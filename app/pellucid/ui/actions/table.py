"""The table of everything a menu, a key or a tool button can do; labels and enabling are derived from state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from pellucid.ui.actions import compare, edit, file, help, image, segment, time, tools, view
from pellucid.ui.actions.entry import Entry
from pellucid.ui.theme import icon

if TYPE_CHECKING:
    from pellucid.ui.main_window import MainWindow

TABLE: tuple[Entry, ...] = (
    *file.ROWS, *edit.ROWS, *view.ROWS, *compare.ROWS, *time.ROWS, *image.ROWS, *tools.ROWS, *segment.ROWS, *help.ROWS,
)  # fmt: skip
"""One module per menu; ``Entry.menu`` says under which heading a row stands."""


class Actions:
    """The QActions of the table, kept true to the session."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._groups: dict[str, QActionGroup] = {}
        self.by_id = {entry.id: self._make(entry) for entry in TABLE}

    def _make(self, entry: Entry) -> QAction:
        action = QAction(self._window)
        action.setObjectName(entry.id)
        if entry.icon:
            action.setIcon(icon(entry.icon))
        if entry.shown_only:
            action.setProperty("canvas_key", entry.keys[0] if entry.keys else "")
        else:
            action.setShortcuts([QKeySequence(key) for key in entry.keys])
        action.setCheckable(entry.checked is not None)
        if entry.group:
            group = self._groups.setdefault(entry.group, QActionGroup(self._window))
            group.addAction(action)
        action.triggered.connect(lambda _checked=False, e=entry: self._run(e))
        return action

    def _run(self, entry: Entry) -> None:
        self._window.attempt(lambda: entry.run(self._window))
        self.refresh()

    def refresh(self) -> None:
        """Derive text, state and tooltip of every action from the session."""
        session = self._window.session
        for entry in TABLE:
            action = self.by_id[entry.id]
            title = entry.title if isinstance(entry.title, str) else entry.title(session)
            reason = entry.why_not(session)
            keys = f"  ({entry.keys[0]})" if entry.keys else ""
            action.setText(f"{title}\t{entry.keys[0]}" if entry.shown_only and entry.keys else title)
            action.setIconText(title.replace("&", ""))
            action.setEnabled(not reason)
            action.setToolTip(
                reason or f"{title.replace('&', '')}{keys}" + (f"\n{entry.tip}" if entry.tip else "")
            )
            if entry.checked is not None:
                action.setChecked(entry.checked(session))
