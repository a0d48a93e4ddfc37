"""All keys that can be changed, of the window and of the pane under the mouse, as the settings say now.

The settings hold only what differs from the tables. A key belongs to one action; whoever is given a key takes it from
its owner. Actions, menus and the canvas read the book again when ``session.habits_changed`` is emitted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence

from pellucid.language import mark, tr
from pellucid.model.findings import Refused
from pellucid.ui.canvas.keys import ACTIONS, KeyAction

if TYPE_CHECKING:
    from pellucid.session import Session
    from pellucid.ui.actions.entry import Entry

ON_PANE = mark("On the image")
"""The group of the keys that act on the pane under the mouse."""
_PANE = "pane."
_KEPT_FREE = {
    Qt.Key.Key_Tab: mark("Tab goes from control to control, so it cannot mean anything else."),
    Qt.Key.Key_Backtab: mark("Shift+Tab goes from control to control, so it cannot mean anything else."),
}


@dataclass(frozen=True)
class KeyRow:
    """Something that may have keys: a stable id, words for people, where it stands, and its keys at first."""

    id: str
    title: str
    group: str
    first: tuple[str, ...]


class KeyBook:
    """Reads and writes the keys of a session's settings."""

    def __init__(self, session: Session, entries: Sequence[Entry], actions: Sequence[KeyAction] = ACTIONS) -> None:
        self._session = session
        self._entries = entries
        self._pane_names = {_portable(action.key): action.name for action in actions}
        self._names = {action.name for action in actions}
        self.rows = (*_entry_rows(session, entries), *_pane_rows(actions))
        self._by_id = {row.id: row for row in self.rows}
        self._read: tuple[object, dict[str, tuple[str, ...]]] = (None, {})

    def row(self, row_id: str) -> KeyRow:
        """Return a row by its id."""
        return self._by_id[row_id]

    def keys(self, row_id: str) -> tuple[str, ...]:
        """Return the keys of a row, the first of which menus show."""
        return self.all_keys()[row_id]

    def all_keys(self) -> dict[str, tuple[str, ...]]:
        """Return the keys of every row: those the user chose first, then the others as far as they are free."""
        kept = self._session.settings.keys
        if self._read[0] is not kept:
            self._read = kept, self._resolved(kept)
        return self._read[1]

    def _resolved(self, kept: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
        changed = {name: keys for name, keys in kept.items() if name in self._by_id}
        taken: set[str] = set()
        result = {}
        for row in sorted(self.rows, key=lambda row: row.id not in changed):
            keys = []
            for key in map(_portable, changed.get(row.id, row.first)):
                if key and key not in taken:
                    keys.append(key)
                    taken.add(key)
            result[row.id] = tuple(keys)
        return result

    def of_entry(self, entry: Entry) -> tuple[str, ...]:
        """Return the keys a menu shows for an entry: its own, or those of what the pane does under that name."""
        if not entry.shown_only:
            return self.keys(entry.id)
        name = self._pane_names.get(_portable(entry.keys[0])) if entry.keys else None
        if name is None and entry.id in self._names:
            name = entry.id
        return self.keys(_PANE + name) if name else ()

    def pane_keys(self) -> dict[str, tuple[str, ...]]:
        """Return the keys of everything the pane does, by the names of its table."""
        return {name[len(_PANE) :]: keys for name, keys in self.all_keys().items() if name.startswith(_PANE)}

    def is_changed(self, row_id: str) -> bool:
        """Return whether a row has other keys than at first."""
        return self.keys(row_id) != tuple(map(_portable, self.row(row_id).first))

    def owner(self, key: str, besides: str = "") -> KeyRow | None:
        """Return the row a key belongs to, if it is another than ``besides``."""
        wanted = _portable(key)
        found = (name for name, keys in self.all_keys().items() if wanted in keys and name != besides)
        return next((self._by_id[name] for name in found), None)

    def give(self, row_id: str, keys: Iterable[str]) -> None:
        """Give a row these keys and no others, taking them from whoever has them; refuse what is no key."""
        wanted = tuple(dict.fromkeys(_checked(key) for key in keys))
        present = {**self.all_keys(), row_id: wanted}
        for name, old in present.items():
            if name != row_id:
                present[name] = tuple(key for key in old if key not in wanted)
        self._keep(present)

    def reset(self, row_id: str) -> None:
        """Give a row the keys it had at first."""
        self.give(row_id, self.row(row_id).first)

    def reset_all(self) -> None:
        """Give every row the keys it had at first."""
        self._keep({})

    def to_json(self) -> str:
        """Return the changed keys as JSON."""
        keys = {"pellucid_keys": 1, "keys": self._session.settings.keys}
        return json.dumps(keys, indent=2, ensure_ascii=False) + "\n"

    def from_json(self, text: str) -> int:
        """Take over keys from JSON that ``to_json`` wrote; return how many rows it names that are not known here."""
        try:
            keys = json.loads(text)["keys"]
            named = {str(name): [_checked(str(key)) for key in row] for name, row in keys.items()}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Refused(tr("This file holds no keys of Pellucid. Choose one that was exported here.")) from error
        self.reset_all()
        for name, row in named.items():
            if name in self._by_id:
                self.give(name, row)
        return sum(name not in self._by_id for name in named)

    def _keep(self, wanted: Mapping[str, tuple[str, ...]]) -> None:
        self._session.settings.keys = {
            name: list(keys) for name, keys in wanted.items() if keys != tuple(map(_portable, self._by_id[name].first))
        }
        self._session.keep_settings()
        self._session.habits_changed.emit()


def shown(keys: Iterable[str]) -> str:
    """Return keys as the platform writes them."""
    return ", ".join(QKeySequence.fromString(key).toString(QKeySequence.SequenceFormat.NativeText) for key in keys)


def plain_title(entry: Entry, session: Session) -> str:
    """Return the title of an entry without the marks of menus."""
    return entry.title_now(session).replace("&", "").rstrip("…")


def menu_path(entry: Entry) -> str:
    """Return where an entry stands: ``"View ▸ Layout"``."""
    return " ▸ ".join(entry.menu_titles).replace("&", "")


def _entry_rows(session: Session, entries: Iterable[Entry]) -> Iterable[KeyRow]:
    for entry in entries:
        if not entry.shown_only:
            yield KeyRow(entry.id, plain_title(entry, session), menu_path(entry), entry.keys)


def _pane_rows(actions: Iterable[KeyAction]) -> Iterable[KeyRow]:
    for action in actions:
        yield KeyRow(_PANE + action.name, tr(action.title), tr(ON_PANE), (action.key,) if action.key else ())


@cache
def _portable(key: str) -> str:
    """Return a key in the one way it is written in settings, or ``""`` when it is none."""
    sequence = QKeySequence.fromString(key)
    if sequence.count() != 1 or _pressed(sequence) == Qt.Key.Key_unknown:
        return ""
    return str(sequence.toString(QKeySequence.SequenceFormat.PortableText))


def _pressed(sequence: QKeySequence) -> Qt.Key:
    return Qt.Key(sequence[0].key())  # type: ignore[index]


def _checked(key: str) -> str:
    name = _portable(key)
    if not name:
        raise Refused(tr("“{key}” is no key. Press a key, alone or together with Ctrl, Shift or Alt.", key=key))
    why_not = _KEPT_FREE.get(_pressed(QKeySequence.fromString(name)))
    if why_not:
        raise Refused(tr(why_not))
    return name
