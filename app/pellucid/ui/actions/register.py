"""The menu Registration: one image brought onto another."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pellucid.language import tr
from pellucid.model.view import Tool
from pellucid.ui.actions.entry import Entry, needs_two
from pellucid.ui.actions.transform import run, why_not
from pellucid.ui.transforming import ROWS as TRANSFORM_ROWS

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


def _begin(window: MainWindow) -> None:
    window.show_dock("Registration")
    window.session.registering.begin()


def _open_section(window: MainWindow, title: str, tool: Tool | None = None) -> None:
    window.show_dock("Registration").show_section(title)  # type: ignore[attr-defined]
    if tool is not None:
        window.set_tool(tool)


def _of_transform(id: str, title: str, tip: str, *, separator: bool = False) -> Entry:
    """Return a row of the menu Image ▸ Transform where somebody who registers looks for it."""
    row = next(row for row in TRANSFORM_ROWS if row.id == id)
    return Entry(f"registration.{id}", "Registration", title, partial(run, row), icon=row.icon,
                 why_not=partial(why_not, row), tip=tip, separator=separator)  # fmt: skip


ROWS: tuple[Entry, ...] = (
    Entry("registration.dock", "Registration", "&Registration", lambda w: w.show_dock("Registration"), (),
          "layers-triple-outline", tip="Bring one image onto another: choose two, press one button"),
    Entry("registration.begin", "Registration", "Register &now", _begin, (), "play", _cannot_begin,
          tip="Register the moving image to the fixed one as the dock Registration has it"),
    Entry("registration.hand", "Registration", "Move by &hand", lambda w: _open_section(w, "By hand", Tool.MOVE_LAYER),
          (), "axis-arrow", needs_two, tip="Drag and turn the moving image on the panes, or by numbers"),
    Entry("registration.landmarks", "Registration", "Set land&marks",
          lambda w: _open_section(w, "Landmarks", Tool.LANDMARKS), (), "map-marker-plus-outline", needs_two,
          tip="Mark the same places in both images and bring them together"),
    Entry("registration.keep", "Registration", "&Keep the estimate", lambda w: w.session.registering.keep(), (),
          "check", _no_estimate, tip="Stop, and leave the moving image where it is shown now", separator=True),
    Entry("registration.drop", "Registration", "&Drop the estimate", lambda w: w.session.registering.drop(), (),
          "close", _not_running, tip="Stop, and leave everything as it was"),
    Entry("registration.judge", "Registration", "&Judge", lambda w: _open_section(w, "Judge"), (), "scale-balance",
          _no_judging, separator=True,
          tip="Compare the images, draw the deformation, and read numbers before and after"),
    _drawn("grid", "Deformed &grid", "The lines of a regular grid of the moving image, where they lie now",
           "grid-large"),
    _drawn("arrows", "Displacement &arrows",
           "From places of the fixed image to where they are found in the moving one, coloured by length",
           "arrow-top-right"),
    _drawn("jacobian", "Ja&cobian map",
           "How much space is stretched: blue below 1, red above, folded voxels in magenta", "gradient-horizontal"),
    _drawn("contours", "C&ontours of labels only",
           "Labels without fill: those of the fixed image solid, those of the moving one dashed", "vector-polygon"),
    Entry("registration.series", "Registration", "Align &series or sections…", lambda w: w.show_dock("Series"), (),
          "chart-timeline-variant", separator=True,
          tip="Bring the frames of a time series, or the sections of a stack, onto each other"),
    Entry("registration.stitch", "Registration", "Stitch &tiles…", _stitch, (), "view-grid-outline",
          tip="Join open images that overlap to one"),
    _of_transform("harden", "Resam&ple to grid…", "Make voxels of what the transform shows, and take it off",
                  separator=True),
    _of_transform("load", "&Load a transform…",
                  "Read a transform or displacement field, from the fixed image to the active one"),
    _of_transform("save", "Save the trans&form…", "Write the transform of the active image to a file"),
)  # fmt: skip
