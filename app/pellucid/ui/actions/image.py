"""The menu Image: the active image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.ui.actions.entry import Entry, needs_image, needs_layer, needs_uneven

if TYPE_CHECKING:
    from pellucid.ui.main_window import MainWindow


def _remove_active(window: MainWindow) -> None:
    layer = window.session.document.active
    if layer is not None:
        window.session.remove(layer)


def _auto_slice(window: MainWindow) -> None:
    image = window.session.document.active_image
    if image is not None and not image.volume.is_colour:
        window.session.looking.auto_slice(image)


ROWS: tuple[Entry, ...] = (
    Entry("image.even", "Image", "Make spacing &even", lambda w: w.make_even(), why_not=needs_uneven,
          tip="Resample an unevenly spaced stack onto even slices"),
    Entry("image.auto", "Image", "&Auto window", lambda w: w.auto_window(), ("Ctrl+J",), "auto-fix", needs_image),
    Entry("image.auto_slice", "Image", "Auto window of the &slice", _auto_slice, ("Ctrl+Shift+J",),
          why_not=needs_image),
    Entry("image.reset_window", "Image", "&Reset window", lambda w: w.reset_window(), (), why_not=needs_image),
    Entry("image.remove", "Image", "Re&move layer", _remove_active, (), why_not=needs_layer, separator=True),
)  # fmt: skip
