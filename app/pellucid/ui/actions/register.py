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


def _no_judging(session: Session) -> str:
    return session.judging.why_not()


def _drawn(field: str, title: str, tip: str, icon: str, *, separator: bool = False) -> Entry:
    """Return the switch of one thing that is drawn over the images."""

    def flip(window: MainWindow) -> None:
        judging = window.session.judging
        judging.draw(**{field: not getattr(judging.overlays, field)})

    return Entry(f"registration.draw_{field}", "Registration", title, flip, (), icon, _no_judging,
                 checked=lambda s: bool(getattr(s.judging.overlays, field)), tip=tip, separator=separator)  # fmt: skip


def _judge(window: MainWindow) -> None:
    window.show_dock("Registration").open_section("Judge")  # type: ignore[attr-defined]


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
    Entry("registration.judge", "Registration", "&Judge", _judge, (), "scale-balance", _no_judging, separator=True,
          tip="Compare the images, draw the deformation, and read numbers before and after"),
    _drawn("grid", "Deformed &grid", "The lines of a regular grid of the moving image, where they lie now", "grid-large"),
    _drawn("arrows", "Displacement &arrows",
           "From places of the fixed image to where they are found in the moving one, coloured by length",
           "arrow-top-right"),
    _drawn("jacobian", "Ja&cobian map", "How much space is stretched: blue below 1, red above, folded voxels in magenta",
           "gradient-horizontal"),
    _drawn("contours", "C&ontours of labels only",
           "Labels without fill: those of the fixed image solid, those of the moving one dashed", "vector-polygon"),
    Entry("registration.series", "Registration", "Align &series or sections…", lambda w: w.show_dock("Series"), (),
          "chart-timeline-variant", separator=True,
          tip="Bring the frames of a time series, or the sections of a stack, onto each other"),
    Entry("registration.stitch", "Registration", "Stitch &tiles…", _stitch, (), "view-grid-outline",
          tip="Join open images that overlap to one"),
)  # fmt: skip
