"""The menu Image ▸ Transform: the transform of the active layer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pellucid.ui.actions.entry import Entry
from pellucid.ui.transforming import ROWS as _ROWS
from pellucid.ui.transforming import Row, do, layer_in_use

if TYPE_CHECKING:
    from pellucid.session import Session
    from pellucid.ui.main_window import MainWindow


def why_not(row: Row, session: Session) -> str:
    """Return why a row cannot be done on the active layer now, or nothing."""
    return row.why_not(session, layer_in_use(session))


def run(row: Row, window: MainWindow) -> None:
    """Do what a row says on the active layer."""
    do(row, window.session, layer_in_use(window.session), window)


ROWS: tuple[Entry, ...] = tuple(
    Entry(f"transform.{row.id}", "Image/&Transform", row.title, partial(run, row), icon=row.icon,
          why_not=partial(why_not, row), tip=row.tip, separator=row.id in ("copy", "load"))
    for row in _ROWS
)  # fmt: skip
