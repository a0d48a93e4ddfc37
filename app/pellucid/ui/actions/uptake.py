"""In which kind of SUV a PET is told, in the menu Image."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pellucid.ui.actions.entry import Entry

if TYPE_CHECKING:
    from pellucid.session import Session
    from pellucid.ui.main_window import MainWindow

_MENU = "Image/&PET values"


def _choose(kind: str) -> Callable[[MainWindow], None]:
    def run(window: MainWindow) -> None:
        layer = window.session.document.active_image
        if layer is not None:
            window.session.uptaking.choose(layer, kind)

    return run


def _why_not(kind: str) -> Callable[[Session], str]:
    return lambda session: session.uptaking.why_not(session.document.active_image, kind)


def _is(kind: str) -> Callable[[Session], bool]:
    return lambda session: session.uptaking.kind(session.document.active_image) == kind


ROWS: tuple[Entry, ...] = (
    Entry("uptake.bw", _MENU, "SUV by body &weight (SUVbw)", _choose("bw"), why_not=_why_not("bw"), checked=_is("bw"),
          group="uptake", tip="Activity over the injected dose per gram of the patient"),
    Entry("uptake.lbm", _MENU, "SUV by lean body mass, &James (SUVlbm)", _choose("lbm"), why_not=_why_not("lbm"),
          checked=_is("lbm"), group="uptake", tip="Lean body mass by James 1976, from weight, height and sex"),
    Entry("uptake.lbmj", _MENU, "SUV by &lean body mass, Janmahasatian (SUVlbm)", _choose("lbmj"),
          why_not=_why_not("lbmj"), checked=_is("lbmj"), group="uptake",
          tip="Lean body mass by Janmahasatian 2005, from weight, height and sex"),
    Entry("uptake.bsa", _MENU, "SUV by body &surface, Du Bois (SUVbsa)", _choose("bsa"), why_not=_why_not("bsa"),
          checked=_is("bsa"), group="uptake", tip="Body surface by Du Bois 1916, in cm²/ml"),
    Entry("uptake.stored", _MENU, "As s&tored", _choose(""), why_not=_why_not(""), checked=_is(""), group="uptake",
          tip="The values of the file, such as Bq/ml"),
)  # fmt: skip
