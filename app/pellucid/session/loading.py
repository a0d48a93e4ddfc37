"""From a found item to layers of the document: the first slice at once, the rest when it is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.dicom.stack import sequences
from pellucid.files.discover import is_series
from pellucid.history.layers import AddLayer, RemoveLayer
from pellucid.jobs.job import Job, JobState
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.histogram import histogram, initial_limits, initial_transfer
from pellucid.model.layer import ImageLayer, Layer, Source, unique_name
from pellucid.model.reduction import Reduction, TooLarge
from pellucid.model.view import PaneState
from pellucid.model.volume import Acquisition, Volume, image_from_array

if TYPE_CHECKING:
    from pellucid.dicom.stack import VolumePlan
    from pellucid.files.discover import Item
    from pellucid.session.session import Session


_FUNCTIONAL = ("PT", "NM")
"""Modalities that are looked at in colours over an image of another kind."""


@dataclass(frozen=True)
class Loaded:
    """What a load job hands to the main thread: frames, the window to begin with, and where they came from."""

    frames: tuple[Volume, ...]
    limits: tuple[float, float]
    name: str
    source: Source


def parts(item: Item) -> tuple[str, ...]:
    """Return a name for each volume an item holds; plans of one sequence count as one."""
    if not is_series(item):
        return (item.path.name,)
    return tuple(_part_name(plans) for plans in sequences(item))


def _part_name(plans: tuple[VolumePlan, ...]) -> str:
    return plans[0].label if len(plans) == 1 else tr("{count} frames", count=len(plans))


@dataclass(frozen=True, eq=False)
class Place:
    """The pane an image is shown in: alone, or with ``over`` over what the pane shows."""

    pane: PaneState
    over: bool = False


@dataclass(frozen=True, eq=False)
class Oversize:
    """An item that needs more memory than it may have, and how it was to be opened."""

    item: Item
    part: int
    replace: bool
    refusal: TooLarge
    place: Place | None = None


@dataclass(eq=False)
class _Request:
    """One item on its way: asked for, then loaded, then put into the document in its turn."""

    job: Job
    replace: bool
    place: Place | None = None
    then: Callable[[ImageLayer], object] = lambda _layer: None
    loaded: Loaded | None = None
    refused: bool = False


class Loading:
    """Load items in the background and put them into the document, in the order in which they were asked for."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.job: Job | None = None
        self._requests: list[_Request] = []
        self._shown = ""
        self._first: ImageLayer | None = None

    def load(
        self, item: Item, part: int = 0, *, replace: bool = True, reduce: Reduction | None = None,
        place: Place | None = None, then: Callable[[ImageLayer], object] = lambda _layer: None,
    ) -> Job:  # fmt: skip
        """Load one volume of an item; ``replace`` closes what is open (one undoable step).

        Added without ``replace`` it lies over everything, or is shown at a ``place``; ``then`` hears of the layer.
        With ``reduce`` only a part of it is read, or fewer voxels. What needs more memory than there is goes to
        ``session.too_large``, whose listener may ask for less; without a listener it becomes a notice.
        """
        session = self._session
        if replace:
            self.cancel()
            self._shown = session.library.key(item)

        def work(job: Job) -> Loaded | TooLarge:
            def first(pixels: NDArray[Any], index: int) -> None:
                job.report(0.0, "first slice")
                session.jobs.post(lambda: self._show_first(job, item, part, pixels, index))

            try:
                return read(item, part, job, first, session.settings.memory_share / 100, reduce)
            except TooLarge as refusal:
                return refusal

        def done(loaded: Loaded | TooLarge) -> None:
            if isinstance(loaded, TooLarge):
                request.refused = True
                self._take_turns()
                if len(session.too_large):
                    session.too_large.emit(Oversize(item, part, replace, loaded, place))
                else:
                    session.notice.emit(str(loaded), "warning")
                return
            request.loaded = loaded
            self._take_turns()

        def failed(sentence: str) -> None:
            self._take_turns()
            session.notice.emit(sentence, "error")

        request = _Request(
            session.jobs.load(tr("Opening {title}", title=title_of(item)), work, done, failed), replace, place, then
        )
        self._requests.append(request)
        self.job = request.job
        self.job.changed.connect(self._take_turns)
        return self.job

    def cancel(self) -> None:
        """Give up everything that is still being loaded."""
        requests, self._requests = self._requests, []
        for request in requests:
            request.job.cancel()
        self.job = None
        self._drop_first()

    def _take_turns(self) -> None:
        """Put in what is loaded until one comes that is not; a cancelled job hands over no answer."""
        while self._requests:
            request = self._requests[0]
            over = request.refused or request.job.state in (JobState.CANCELLED, JobState.FAILED)
            if request.loaded is None and not over:
                break
            self._requests.pop(0)
            self._drop_first()
            if request.loaded is not None:
                request.then(self.add(request.loaded, replace=request.replace, place=request.place))
        self.job = self._requests[-1].job if self._requests else None

    def load_key(self, key: str, *, replace: bool = True) -> None:
        """Load the item with a key of the library, instead of what is open or over it.

        A second line of the key names the volume.
        """
        name, _, part = key.partition("\n")
        item = self._session.library.item(name)
        if item is not None:
            self.load(item, int(part or 0), replace=replace)

    def load_into(self, key: str, place: Place) -> None:
        """Show the item with a key of the library in one pane.

        What is open already, and not changed since, is shown again instead of being read a second time.
        """
        name, _, part = key.partition("\n")
        session, item = self._session, self._session.library.item(name)
        if item is None:
            return
        layer = self._open_layer(item, int(part or 0))
        if not session.document.layers:
            self.load(item, int(part or 0))
        elif layer is None:
            self.load(item, int(part or 0), replace=False, place=place)
        else:
            session.viewing.put(place.pane, layer, over=place.over)

    def _open_layer(self, item: Item, part: int) -> ImageLayer | None:
        """Return the layer that shows a volume of an item as it was read, if there is one."""
        untouched = [layer for layer in self._session.document.images
                     if not layer.provenance and not self.is_placeholder(layer)]  # fmt: skip
        if is_series(item):
            wanted = f"{item.uid}|{part}"
            return next((layer for layer in untouched if layer.source.detail == wanted), None)
        return next((layer for layer in untouched if str(item.path) in layer.source.paths), None)

    def step(self, step: int) -> None:
        """Load the next (1) or previous (−1) item of the library that holds an image."""
        library = self._session.library
        items: list[Item] = [*(series for series in library.series if series.volumes), *library.images]
        keys = [library.key(item) for item in items]
        if keys:
            here = keys.index(self._shown) if self._shown in keys else -1 if step > 0 else 0
            if 0 <= here + step < len(items):
                self.load(items[here + step])

    def add(self, loaded: Loaded, *, replace: bool, place: Place | None = None) -> ImageLayer:
        """Put loaded frames into the document as a new active image layer, shown everywhere or at a place."""
        session = self._session
        document = session.document
        was_clean = session.is_clean and session.saving.path is None
        names, before = set() if replace else {layer.name for layer in document.layers}, document.reference
        layer = ImageLayer(unique_name(loaded.name, names), loaded.frames, source=loaded.source)
        layer.display.set_limits(*loaded.limits)
        layer.first_limits = loaded.limits
        layer.display.invert = layer.volume.acquisition.monochrome1
        layer.display.transfer = layer.first_transfer = initial_transfer(layer.volume)
        if not replace and document.images and (place is None or place.over):
            self._lay_over(layer, document.images)
        if place is not None:
            session.viewing.give(place.pane, layer.id, over=place.over)
        with session.history.group(tr("Open {name}", name=layer.name)):
            if replace:
                for old in reversed(document.layers):
                    session.history.do(RemoveLayer(old))
            session.appearance.memory.recall(layer)
            session.history.do(AddLayer(layer))
        document.active = layer
        if was_clean:
            session.history.mark_clean()
        if len(document) == 1:
            session.centre_crosshair()
            session.arranging.hang(layer, before)
        return layer

    def _lay_over(self, layer: ImageLayer, below: Sequence[ImageLayer]) -> None:
        """Let a functional image show what it lies on, and warn where nothing says that both lie rightly."""
        modality = layer.volume.acquisition.modality
        if modality in _FUNCTIONAL and any(other.volume.acquisition.modality != modality for other in below):
            layer.opacity, layer.display.colormap = 0.5, "PET"
        here = layer.geometry.frame_of_reference
        other = next((o for o in below if o.geometry.frame_of_reference not in ("", here)), None)
        if here and other is not None:
            self._session.notice.emit(
                tr(
                    "“{first}” and “{second}” state different frames of reference: whether they lie on each other "
                    "rightly is not known until they are registered.",
                    first=layer.name,
                    second=other.name,
                ),
                "warning",
            )

    def _show_first(self, job: Job, item: Item, part: int, pixels: NDArray[Any], index: int) -> None:
        """Show one decoded slice until the whole volume is there: as a layer where nothing else is open."""
        session = self._session
        head = self._requests[0] if self._requests else None
        if head is None or job is not head.job or job.finished or self._first is not None:
            return
        alone = not session.document.layers
        if not (alone or head.replace):
            return
        plan = sequences(item)[part][0] if is_series(item) else None
        if plan is None:
            return
        volume = _one_slice(plan, pixels, index)
        layer = ImageLayer(title_of(item), (volume,))
        layer.display.set_limits(*initial_limits(volume))
        layer.display.transfer = initial_transfer(volume)
        layer.display.invert = volume.acquisition.monochrome1
        session.appearance.memory.apply(layer, f"{item.uid}|{part}" if is_series(item) else str(item.path))
        self._first = layer
        if alone:
            session.document.insert(0, layer)
            session.centre_crosshair()
        session.first_slice.emit(layer)

    def _drop_first(self) -> None:
        first, self._first = self._first, None
        if first is None:
            return
        if first in self._session.document:
            self._session.document.remove(first)
        self._session.first_slice.emit(None)

    def is_placeholder(self, layer: Layer) -> bool:
        """Return whether a layer is only the first slice of what is still loading."""
        return layer is self._first


def read(
    item: Item, part: int, job: Job, first: Any = None, share: float = 0.75, reduction: Reduction | None = None
) -> Loaded:
    """Read one volume (all its frames) of an item and find the window to begin with.

    ``share`` is how much of the free memory it may take; raise TooLarge when that is not enough.
    """
    frames: tuple[Volume, ...]
    if is_series(item):
        from pellucid.dicom.read import read_sequence

        if not item.volumes:
            why = item.findings[0].message if item.findings else tr("It holds no image.")
            raise Refused(tr("“{title}” could not be opened. {why}", title=title_of(item), why=why))
        plans = sequences(item)[part]
        frames = read_sequence(plans, progress=job.report, cancelled=job.cancelled, on_first=first, share=share,
                               reduction=reduction)  # fmt: skip
        source = Source("dicom", tuple(str(p) for p in item.files), f"{item.uid}|{part}", reduction)
    else:
        from pellucid.files.images import read as read_image

        frames = read_image(item.path, progress=job.report, cancelled=job.cancelled, share=share, reduction=reduction)
        source = Source("image", (str(item.path),), reduction=reduction)
    name = title_of(item, part)
    if reduction is not None and not reduction.is_whole:
        name = f"{name} ({reduction.label})"
    return Loaded(frames, start_limits(frames[0], job.cancelled), name, source)


def start_limits(volume: Volume, cancelled: Callable[[], bool]) -> tuple[float, float]:
    """Return the window to begin with: the first one the source states, else 0.1–99.9 % of all values."""
    needs_values = not volume.acquisition.windows and not volume.is_colour
    return initial_limits(volume, histogram(volume, cancelled=cancelled) if needs_values else None)


def _one_slice(plan: VolumePlan, pixels: NDArray[Any], index: int) -> Volume:
    nx, ny, _ = plan.geometry.size
    geometry: Geometry = plan.geometry.cropped((0, 0, index), (nx, ny, 1))
    image = image_from_array(np.ascontiguousarray(pixels[np.newaxis]), geometry, colour=pixels.ndim == 3)
    acquisition: Acquisition = plan.acquisition
    return Volume(image, geometry, unit=plan.unit, acquisition=acquisition)


def title_of(item: Item, part: int = 0) -> str:
    """Return a name for the layer: what the series is called, never who the patient is."""
    if not is_series(item):
        return item.path.name
    name = item.description or f"{item.modality} {item.number}".strip() or tr("Series")
    labels = parts(item)
    return f"{name} {labels[part]}".strip() if len(labels) > 1 else name
