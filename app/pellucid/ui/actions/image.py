"""The menu Image: the active image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.language import tr
from pellucid.session.respacing import why_not
from pellucid.ui.actions.entry import Entry, needs_image, needs_layer, needs_uneven

if TYPE_CHECKING:
    from pellucid.session import Session
    from pellucid.ui.main_window import MainWindow


def _remove_active(window: MainWindow) -> None:
    layer = window.session.document.active
    if layer is not None:
        window.session.remove(layer)


def _set_spacing(window: MainWindow) -> None:
    layer = window.session.document.active_image
    if layer is not None:
        window.ask_spacing(layer)


def _no_spacing(session: Session) -> str:
    return why_not(session.document.active_image)


def _auto_slice(window: MainWindow) -> None:
    image = window.session.document.active_image
    if image is not None:
        window.session.looking.auto_slice(image)


def _split(window: MainWindow) -> None:
    layer = window.session.document.active_image
    if layer is not None:
        window.session.channels.split(layer)


def _merge(window: MainWindow) -> None:
    from pellucid.ui.dialogs.merge_channels import MergeChannelsDialog

    MergeChannelsDialog(window.session, window).exec()


def _split_series(window: MainWindow) -> None:
    from pellucid.ui.dialogs.splitting import ask_splitting

    resplitting = window.session.resplitting
    series = resplitting.series_of(window.session.document.active_image)
    if series is not None:
        ask_splitting(window.session, series, window)


def _merge_again(window: MainWindow) -> None:
    resplitting = window.session.resplitting
    series = resplitting.series_of(window.session.document.active_image)
    if series is not None:
        resplitting.merge_again(series)


def _why_not_split_series(session: Session) -> str:
    return session.resplitting.why_not(session.resplitting.series_of(session.document.active_image))


def _why_not_merge_again(session: Session) -> str:
    series = session.resplitting.series_of(session.document.active_image)
    if why := session.resplitting.why_not(series):
        return why
    return "" if series is not None and series.splitting.text else tr("The series is split as it was found.")


def _why_not_split(session: Session) -> str:
    return session.channels.why_not_split(session.document.active_image)


def _needs_grey(session: Session) -> str:
    image = session.document.active_image
    colour = tr("This image is shown in its own colours. Choose one channel in Layers to window it.")
    return colour if image is not None and image.shows_colour else needs_image(session)


def _needs_three(session: Session) -> str:
    single = [image for image in session.document.images if not image.volume.is_colour]
    return "" if len(single) > 2 else tr("Merging needs three layers of one channel.")


ROWS: tuple[Entry, ...] = (
    Entry("image.even", "Image", "Make spacing &even", lambda w: w.make_even(),
          icon="view-sequential-outline", why_not=needs_uneven,
          tip="Resample an unevenly spaced stack onto even slices"),
    Entry("image.spacing", "Image", "Set s&pacing…", _set_spacing, (), "ruler", _no_spacing,
          tip="State the size of pixels and the distance of slices where the source does not"),
    Entry("image.auto", "Image", "&Auto window", lambda w: w.auto_window(), ("Ctrl+J",), "auto-fix", _needs_grey),
    Entry("image.auto_slice", "Image", "Auto window of the &slice", _auto_slice, ("Ctrl+Shift+J",), icon="auto-fix",
          why_not=_needs_grey),
    Entry("image.reset_window", "Image", "&Reset window", lambda w: w.reset_window(), (),
          icon="restore", why_not=needs_image),
    Entry("image.split", "Image", "&Split channels", _split, (), "call-split", _why_not_split, separator=True,
          tip="A layer for each channel, in its colour and added up"),
    Entry("image.merge", "Image", "&Merge channels…", _merge, (), "call-merge", _needs_three,
          tip="One colour image of three or four layers"),
    Entry("image.split_series", "Image", "Split series di&fferently…", _split_series, (), "call-split",
          _why_not_split_series, separator=True,
          tip="Frames of one layer or separate volumes, and by which DICOM tags"),
    Entry("image.merge_series", "Image", "Merge series a&gain", _merge_again, (), "call-merge", _why_not_merge_again,
          tip="Split the series as it was found"),
    Entry("image.remove", "Image", "Re&move layer", _remove_active, (),
          icon="trash-can-outline", why_not=needs_layer, separator=True),
)  # fmt: skip
