"""The menu Help: keys and about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.ui.actions.entry import Entry

if TYPE_CHECKING:
    from pellucid.ui.main_window import MainWindow


def _palette(window: MainWindow) -> None:
    from pellucid.ui.palette import open_palette

    open_palette(window)


ROWS: tuple[Entry, ...] = (
    Entry("help.palette", "Help", "&Search commands…", _palette, ("Ctrl+Shift+P",), "magnify",
          tip="Find and do anything by its name"),
    Entry("help.keys", "Help", "&Mouse and keys", lambda w: w.show_keys(), ("F1",), "keyboard-outline"),
    Entry("help.about", "Help", "&About Pellucid", lambda w: w.about(), icon="information-outline"),
)  # fmt: skip
