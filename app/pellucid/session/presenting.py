"""Presentation states in a session: their window becomes a named choice of the image they are for, and is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from pellucid.history.layers import SetLayerField
from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer
from pellucid.model.volume import Volume, WindowPreset
from pellucid.session.opening import title_of

if TYPE_CHECKING:
    from pellucid.dicom.presentations import Presentation
    from pellucid.dicom.stack import Series
    from pellucid.session.session import Session

_MOST = 100
"""Presentation states of a series that are read."""


class Presenting:
    """Reads presentation states and applies what can be applied; what cannot is said."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def open(self, series: Series) -> Job:
        """Read the presentation states of a series, apply the first to the open image it is for, offer the others."""
        paths, session = series.files[:_MOST], self._session

        def work(job: Job) -> list[Presentation]:
            from pellucid.dicom.presentations import read

            found, refused = [], None
            for path in paths:
                job.check()
                try:
                    found.append(read(path))
                except Refused as refusal:
                    refused = refused or refusal
            if not found and refused is not None:
                raise refused
            return found

        return session.jobs.load(tr("Reading a presentation state"), work, lambda found: self._show_one(found, 0),
                                 lambda sentence: session.notice.emit(sentence, "warning"))  # fmt: skip

    def _show_one(self, states: list[Presentation], n: int) -> None:
        """Apply one of several presentation states, and offer the next."""
        following = (n + 1) % len(states)

        def offer() -> None:
            self._session.offer.emit(
                tr("This is presentation state {n} of {count} of its series.", n=n + 1, count=len(states)),
                tr("Apply “{title}”", title=_name(states[following])), lambda: self._show_one(states, following),
            )  # fmt: skip

        self.show(states[n], offer if len(states) > 1 else lambda: None)

    def show(self, found: Presentation, then: Callable[[], object] = lambda: None) -> None:
        """Apply a presentation state, or open the series that it is for first; ``then`` comes after it."""
        session = self._session
        layers = [one for one in session.document.images if one.volume.acquisition.series_uid in found.series]

        def apply(to: list[ImageLayer]) -> None:
            for layer in to:
                self.apply(found, layer)
            then()

        if layers:
            apply(layers)
            return
        wanted = next((one for one in session.library.series if one.uid in found.series and one.volumes), None)
        if wanted is None:
            session.notice.emit(tr("The images that this presentation state is for are not in the list of studies. "
                                   "Open their folder first."), "warning")  # fmt: skip
            return
        session.offer.emit(
            tr("The presentation state is for “{name}”, which is not open.", name=title_of(wanted)), tr("Open it"),
            lambda: session.loading.load(wanted, replace=not session.document.layers,
                                         then=lambda layer: apply([layer])),
        )  # fmt: skip

    def apply(self, found: Presentation, layer: ImageLayer) -> None:
        """Show an image as a presentation state says; its window becomes one of the choices, as a step."""
        session = self._session
        images = set(found.series.get(layer.volume.acquisition.series_uid, ()))
        window = found.window_for(images)
        name = _name(found)
        if window is not None and not layer.volume.is_colour:
            named = replace(window, name=name, source=tr("Presentation state"))
            frames = tuple(_with(volume, named) for volume in layer.frames)
            if frames != layer.frames:
                step = tr("Apply “{title}” to {name}", title=name, name=layer.name)
                session.history.do(SetLayerField(layer, "frames", frames, step))
            layer.display.set_limits(named.level - named.width / 2, named.level + named.width / 2)
            layer.display.transfer = named.transfer(layer.volume.dtype)
        layer.display.invert = layer.volume.acquisition.monochrome1 != found.inverts
        session.notice.emit(_said(found, name, window), "info")


def _name(found: Presentation) -> str:
    return found.title or tr("Presentation state")


def _with(volume: Volume, window: WindowPreset) -> Volume:
    """Return a volume with a window among those of its file."""
    about = volume.acquisition
    if window in about.windows:
        return volume
    return replace(volume, acquisition=replace(about, windows=(*about.windows, window)))


def _said(found: Presentation, name: str, window: WindowPreset | None) -> str:
    several = len({(one.level, one.width) for one, _ in found.windows}) > 1
    words = [tr("“{title}” was applied.", title=name) if window is not None else
             tr("“{title}” states no window: only its polarity was applied.", title=name)]  # fmt: skip
    if several:
        words.append(tr("It gives several windows; the one of most images is shown."))
    if found.left_out:
        words.append(tr("Not applied: {things}.", things=", ".join(found.left_out)))
    return " ".join(words)


