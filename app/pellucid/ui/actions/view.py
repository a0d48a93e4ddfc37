"""The menu View: layouts, zoom, what lies over the image."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pellucid.model.view import Layout
from pellucid.ui.actions.entry import Entry, needs_image, needs_layer

if TYPE_CHECKING:
    from pellucid.session import Session
    from pellucid.ui.main_window import MainWindow


def _layout(layout: Layout, title: str, key: str, picture: str) -> Entry:
    return Entry(f"view.layout.{layout}", "View", title, lambda w: w.set_layout(layout), (key,), picture,
                 why_not=needs_layer, checked=lambda s: s.view.layout == layout, group="layout")  # fmt: skip


def _flip(window: MainWindow, field: str) -> None:
    view = window.session.view
    setattr(view, field, not getattr(view, field))


def _display(window: MainWindow, field: str) -> None:
    image = window.session.document.active_image
    if image is not None:
        setattr(image.display, field, not getattr(image.display, field))


def _shown(field: str) -> Callable[[Session], bool]:
    def read(session: Session) -> bool:
        image = session.document.active_image
        return bool(image is not None and getattr(image.display, field))

    return read


def color_bar_shown(session: Session) -> bool:
    """Return whether the active image has a colour bar: as switched, by itself for all colour maps but grey."""
    image, wanted = session.document.active_image, session.view.color_bar
    return bool(image is not None and (image.display.colormap != "grey" if wanted is None else wanted))


def _flip_color_bar(window: MainWindow) -> None:
    window.session.view.color_bar = not color_bar_shown(window.session)


ROWS: tuple[Entry, ...] = (
    _layout(Layout.SINGLE, "One pane", "Alt+1", "square-outline"),
    _layout(Layout.QUAD, "Three planes and information", "Alt+4", "view-grid-outline"),
    Entry("view.fit", "View", "&Fit", lambda w: w.canvas.fit_all(), ("F",), "fit-to-page-outline", needs_layer,
          separator=True, shown_only=True),
    Entry("view.reset", "View", "&Reset view", lambda w: w.canvas.reset_views(), ("Ctrl+R",), why_not=needs_layer,
          shown_only=True),
    Entry("view.invert", "View", "&Invert", lambda w: _display(w, "invert"), ("I",), why_not=needs_image,
          checked=_shown("invert"), separator=True, shown_only=True),
    Entry("view.interpolate", "View", "&Smooth display", lambda w: _display(w, "interpolate"), (),
          why_not=needs_image, checked=_shown("interpolate"), tip="Off: every voxel is a sharp rectangle"),
    Entry("view.color_bar", "View", "Colour &bar", _flip_color_bar, (), why_not=needs_image,
          checked=color_bar_shown, tip="The colours of the active image with their values, to be dragged"),
    Entry("view.crosshair", "View", "&Crosshair", lambda w: _flip(w, "show_crosshair"), ("Shift+X",),
          checked=lambda s: s.view.show_crosshair),
    Entry("view.annotations", "View", "Corner &texts", lambda w: _flip(w, "show_annotations"), ("Space",),
          checked=lambda s: s.view.show_annotations, shown_only=True),
    Entry("view.identity", "View", "Hide &identity", lambda w: _flip(w, "hide_identity"), ("Shift+H",),
          "incognito", checked=lambda s: s.view.hide_identity, tip="Take the patient out of the picture",
          shown_only=True),
    Entry("view.full_screen", "View", "F&ull screen", lambda w: w.toggle_full_screen(), ("F11",), separator=True),
)  # fmt: skip
