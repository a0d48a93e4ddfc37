"""The table of everything a menu, a key or a tool button can do; labels and enabling are derived from state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from pellucid.ui.actions import (
    compare,
    edit,
    file,
    fusion,
    help,
    image,
    measure,
    outlines,
    planes,
    register,
    segment,
    spatial_registration,
    time,
    tools,
    transform,
    uptake,
    view,
)
from pellucid.ui.actions.entry import Entry
from pellucid.ui.canvas.key_book import KeyBook, shown
from pellucid.ui.mouse_habits import MouseHabits, habits_of, rest_words
from pellucid.ui.theme import icon

if TYPE_CHECKING:
    from pellucid.session import Session
    from pellucid.ui.main_window import MainWindow

TABLE: tuple[Entry, ...] = (
    *file.ROWS, *edit.ROWS, *view.ROWS, *planes.ROWS, *compare.ROWS, *fusion.ROWS, *time.ROWS, *image.ROWS,
    *transform.ROWS, *uptake.ROWS, *tools.ROWS, *outlines.ROWS, *segment.ROWS, *register.ROWS,
    *spatial_registration.ROWS, *measure.ROWS, *help.ROWS,
)  # fmt: skip
"""One module per menu; ``Entry.menu`` says under which heading a row stands."""


class Actions:
    """The QActions of the table, kept true to the session."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._groups: dict[str, QActionGroup] = {}
        self.keys = KeyBook(window.session, TABLE)
        self._shown: dict[str, str] = {}
        self.by_id = {entry.id: self._make(entry) for entry in TABLE}
        self._rekey()
        window.session.habits_changed.connect(self._habits_changed)

    def _make(self, entry: Entry) -> QAction:
        action = QAction(self._window)
        action.setObjectName(entry.id)
        if entry.icon:
            action.setIcon(icon(entry.icon))
        action.setCheckable(entry.checked is not None)
        if entry.group:
            group = self._groups.setdefault(entry.group, QActionGroup(self._window))
            group.addAction(action)
        action.triggered.connect(lambda _checked=False, e=entry: self._run(e))
        return action

    def _habits_changed(self) -> None:
        self._rekey()
        self.refresh()

    def _rekey(self) -> None:
        """Give every action the keys that are in force; those of the pane are only shown."""
        for entry in TABLE:
            keys = self.keys.of_entry(entry)
            self._shown[entry.id] = shown(keys[:1])
            if entry.shown_only:
                self.by_id[entry.id].setProperty("canvas_key", next(iter(keys), ""))
            else:
                self.by_id[entry.id].setShortcuts([QKeySequence(key) for key in keys])

    def _run(self, entry: Entry) -> None:
        self._window.attempt(lambda: entry.run(self._window))
        self._window.refresh()

    def refresh(self, entries: Sequence[Entry] = TABLE) -> None:
        """Derive text, state and tooltip of actions from the session."""
        session = self._window.session
        habits = habits_of(session.settings)
        for entry in entries:
            action = self.by_id[entry.id]
            title = entry.title_now(session)
            reason = entry.why_not(session)
            key = self._shown[entry.id]
            action.setText(f"{title}\t{key}" if entry.shown_only and key else title)
            action.setIconText(title.replace("&", ""))
            action.setEnabled(not reason)
            action.setToolTip(reason or _tip(entry, title.replace("&", ""), key, session, habits))
            if entry.checked is not None:
                action.setChecked(entry.checked(session))


def _tip(entry: Entry, title: str, key: str, session: Session, habits: MouseHabits) -> str:
    """Return title and key, what the action does, and for a tool what all buttons do while it is in force."""
    lines = [f"{title}  ({key})" if key else title]
    lines.append(entry.tip_now(session))
    if entry.tool is not None:
        lines.append(rest_words(entry.tool, habits))
    return "\n".join(line for line in lines if line)
