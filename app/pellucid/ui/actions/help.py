"""The menu Help: keys and about."""

from __future__ import annotations

from pellucid.ui.actions.entry import Entry

ROWS: tuple[Entry, ...] = (
    Entry("help.keys", "Help", "&Mouse and keys", lambda w: w.show_keys(), ("F1",), "keyboard-outline"),
    Entry("help.about", "Help", "&About Pellucid", lambda w: w.about()),
)  # fmt: skip
