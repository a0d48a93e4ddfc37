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


def _why_not(row: Row, session: Session) -> str:
    return row.why_not(session, layer_in_use(session))


def _run(row: Row, window: MainWindow) -> None:
    do(row, window.session, layer_in_use(window.session), window)


ROWS: tuple[Entry, ...] = tuple(
    Entry(f"transform.{row.id}", "Image/&Transform", row.title, partial(_run, row), icon=row.icon,
          why_not=partial(_why_not, row), tip=row.tip, separator=row.id in ("copy", "load"))
    for row in _ROWS
)  # fmt: skip
