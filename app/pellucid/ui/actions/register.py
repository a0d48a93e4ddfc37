"""The menu Registration: one image brought onto another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.language import tr
from pellucid.ui.actions.entry import Entry

if TYPE_CHECKING:
    from pellucid.session import Session
    from pellucid.ui.main_window import MainWindow


def _cannot_begin(session: Session) -> str:
    registering = session.registering
    return tr("A registration is running.") if registering.is_running else registering.choosing.why_not()


def _no_estimate(session: Session) -> str:
    registering = session.registering
    if not registering.is_running:
        return tr("No registration is running.")
    return "" if registering.has_estimate and not registering.is_keeping else tr("There is no estimate yet.")


def _not_running(session: Session) -> str:
    return "" if session.registering.is_running else tr("No registration is running.")


def _stitch(window: MainWindow) -> None:
    window.show_dock("Series").stitch.open()  # type: ignore[attr-defined]


def _begin(window: MainWindow) -> None:
    window.show_dock("Registration")
    window.session.registering.begin()


ROWS: tuple[Entry, ...] = (
    Entry("registration.dock", "Registration", "&Registration", lambda w: w.show_dock("Registration"), (),
          "layers-triple-outline", tip="Bring one image onto another: choose two, press one button"),
    Entry("registration.begin", "Registration", "Register &now", _begin, (), "play", _cannot_begin,
          tip="Register the moving image to the fixed one as the dock Registration has it"),
    Entry("registration.keep", "Registration", "&Keep the estimate", lambda w: w.session.registering.keep(), (),
          "check", _no_estimate, tip="Stop, and leave the moving image where it is shown now", separator=True),
    Entry("registration.drop", "Registration", "&Drop the estimate", lambda w: w.session.registering.drop(), (),
          "close", _not_running, tip="Stop, and leave everything as it was"),
    Entry("registration.series", "Registration", "Align &series or sections…", lambda w: w.show_dock("Series"), (),
          "chart-timeline-variant", separator=True,
          tip="Bring the frames of a time series, or the sections of a stack, onto each other"),
    Entry("registration.stitch", "Registration", "Stitch &tiles…", _stitch, (), "view-grid-outline",
          tip="Join open images that overlap to one"),
)  # fmt: skip
