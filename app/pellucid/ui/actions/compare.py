"""The menu View ▸ Compare: two layers against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.language import tr
from pellucid.model.compare import CompareMode
from pellucid.ui.actions.entry import Entry

if TYPE_CHECKING:
    from pellucid.session import Session


def _needs_two(session: Session) -> str:
    several = len(session.document.images) > 1
    return "" if several else tr("Open a second image over the first: Studies, right click, Add as a layer.")


def _compared(session: Session) -> CompareMode | None:
    return session.view.compare.mode if session.view.compare is not None else None


def _mode(mode: CompareMode, name: str, title: str, picture: str, tip: str) -> Entry:
    return Entry(f"compare.{name}", "View/Compare", title, lambda w: w.session.comparing.start(mode), (), picture,
                 _needs_two, lambda s: _compared(s) is mode, group="compare", tip=tip)  # fmt: skip


ROWS: tuple[Entry, ...] = (
    Entry("compare.off", "View/Compare", "&Off", lambda w: w.session.comparing.stop(), (), "close",
          checked=lambda s: s.view.compare is None, group="compare", tip="Show all layers as they are"),
    _mode(CompareMode.SWIPE, "swipe", "&Swipe", "compare",
          "One layer on each side of a divider that can be dragged; Shift turns it"),
    _mode(CompareMode.CHECKERBOARD, "checkerboard", "&Checkerboard", "checkerboard",
          "The two layers in turn, square by square"),
    _mode(CompareMode.FLICKER, "flicker", "&Flicker", "flash-outline", "One layer after the other"),
    _mode(CompareMode.DIFFERENCE, "difference", "&Difference", "plus-minus-variant",
          "The first minus the second: red where the first is higher, blue where it is lower"),
    _mode(CompareMode.RED_GREEN, "red_green", "&Red–green", "set-center", "The first in red, the second in green"),
    Entry("compare.next", "View/Compare", "&Next way", lambda w: w.session.comparing.cycle(), ("K",), icon="compare",
          why_not=_needs_two, separator=True, shown_only=True),
)  # fmt: skip
"""``View/Compare`` is a menu inside the menu View."""
