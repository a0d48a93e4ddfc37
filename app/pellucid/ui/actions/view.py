"""The menu View: layouts, zoom, what lies over the image."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pellucid.model.view import Layout
from pellucid.ui.actions.entry import Entry, needs_image, needs_layer

if TYPE_CHECKING:
    from pellucid.session import Session
    from pellucid.ui.main_window import MainWindow


def _layout(text: str, title: str, picture: str, *keys: str) -> Entry:
    layout = Layout.parse(text)
    return Entry(f"view.layout.{text}", "View/&Layout", title, lambda w: w.set_layout(layout), keys, picture,
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


def _pin_lens(window: MainWindow) -> None:
    window.show_dock("Lens")
    window.panel("Lens").toggle_pin()


ROWS: tuple[Entry, ...] = (
    _layout("1x1", "One pane", "square-outline", "Alt+1"),
    _layout("1x2", "Two side by side", "view-split-vertical", "Alt+2"),
    _layout("2x1", "Two, one below the other", "view-split-horizontal"),
    _layout("2x2", "Three planes and information", "view-grid-outline", "Alt+4"),
    _layout("1x3", "Three planes side by side", "view-column-outline", "Alt+3"),
    _layout("3x1", "Three planes below each other", "view-sequential-outline"),
    _layout("2x3", "Two rows of three", "view-module-outline"),
    _layout("3x3", "Three rows of three", "grid"),
    _layout("4x4", "Four rows of four", "view-comfy-outline"),
    Entry("view.save_layout", "View", "Save la&yout as…", lambda w: w.save_layout(), (), "content-save-outline",
          tip="Rows, columns, planes, slabs and links; never the series"),
    Entry("view.second_window", "View", "&New window for the panes", lambda w: w.canvases.open_second(),
          ("Ctrl+Shift+N",), "monitor-multiple", needs_layer, tip="For a second monitor; the crosshair is shared"),
    Entry("view.three_d", "View", "&3-D view", lambda w: w.canvases.open_three_d(), ("Ctrl+3",), "cube-outline",
          needs_layer, tip="Labels as surfaces, the slices in space, and the image as a volume"),
    Entry("view.fit", "View", "&Fit", lambda w: w.canvas_in_use().fit_all(), ("F",), "fit-to-page-outline", needs_layer,
          separator=True, shown_only=True),
    Entry("view.reset", "View", "&Reset view", lambda w: w.canvas_in_use().reset_views(), ("Ctrl+R",),
          icon="image-refresh-outline",
          why_not=needs_layer, shown_only=True),
    Entry("view.invert", "View", "&Invert", lambda w: _display(w, "invert"), ("I",),
          icon="invert-colors", why_not=needs_image,
          checked=_shown("invert"), separator=True, shown_only=True),
    Entry("view.interpolate", "View", "&Smooth display", lambda w: _display(w, "interpolate"), (), icon="blur",
          why_not=needs_image, checked=_shown("interpolate"), tip="Off: every voxel is a sharp rectangle"),
    Entry("view.color_bar", "View", "Colour &bar", _flip_color_bar, (), icon="gradient-vertical", why_not=needs_image,
          checked=color_bar_shown, tip="The colours of the active image with their values, to be dragged"),
    Entry("view.crosshair", "View", "&Crosshair", lambda w: _flip(w, "show_crosshair"), ("Shift+X",), icon="plus",
          checked=lambda s: s.view.show_crosshair),
    Entry("view.annotations", "View", "Corner &texts", lambda w: _flip(w, "show_annotations"), ("Space",),
          icon="format-text",
          checked=lambda s: s.view.show_annotations, shown_only=True),
    Entry("view.identity", "View", "Hide &identity", lambda w: _flip(w, "hide_identity"), ("Shift+H",),
          "incognito", checked=lambda s: s.view.hide_identity, tip="Take the patient out of the picture",
          shown_only=True),
    Entry("view.pin_lens", "View", "&Pin the lens", _pin_lens, ("Shift+L",),
          "magnify-scan", needs_image, tip="Hold the numbers around a pixel still in the dock “Lens”, or let them go"),
    Entry("view.full_screen", "View", "F&ull screen", lambda w: w.toggle_full_screen(), ("F11",),
          icon="fullscreen", separator=True),
)  # fmt: skip
