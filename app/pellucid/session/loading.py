"""From a found item to layers of the document: the first slice at once, the rest when it is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from pellucid.dicom.stack import sequences
from pellucid.dicom.versions import needs_choice
from pellucid.files.discover import is_series
from pellucid.history.layers import AddLayer, RemoveLayer
from pellucid.jobs.job import Job, JobState
from pellucid.language import tr
from pellucid.model.histogram import initial_limits, initial_transfer
from pellucid.model.layer import ImageLayer, Layer, unique_name
from pellucid.model.reduction import Reduction, TooLarge
from pellucid.model.view import PaneState
from pellucid.session.opening import Loaded, key_of, one_slice, read, title_of
from pellucid.session.specials import opener_of
from pellucid.session.study_index import PREFIX as INDEXED
from pellucid.session.versions import ask

if TYPE_CHECKING:
    from pellucid.files.discover import Item
    from pellucid.session.session import Session


_LAID_OVER = {"PT": "PET", "NM": "PET", "RTDOSE": "turbo"}
"""Modalities that are looked at in colours over an image of another kind, and the colours."""


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
        self, item: Item, part: int | None = None, *, replace: bool = True, reduce: Reduction | None = None,
        place: Place | None = None, then: Callable[[ImageLayer], object] = lambda _layer: None,
    ) -> Job:  # fmt: skip
        """Load one volume of an item, the first unless named; ``replace`` closes what is open (one undoable step).

        Where versions of one image contradict each other and none is named, the user is asked first.

        Added without ``replace`` it lies over everything, or is shown at a ``place``; ``then`` hears of the layer.
        With ``reduce`` only a part of it is read, or fewer voxels. What needs more memory than there is goes to
        ``session.too_large``, whose listener may ask for less; without a listener it becomes a notice.
        """
        session = self._session
        if part is None and is_series(item) and needs_choice(item):
            self._shown = session.library.key(item) if replace else self._shown
            return ask(session, item, partial(self._load_several, item, replace, place, then))
        number = part or 0
        if replace:
            self.cancel()
            self._shown = session.library.key(item)

        def work(job: Job) -> Loaded | TooLarge:
            def first(pixels: NDArray[Any], index: int) -> None:
                job.report(0.0, "first slice")
                session.jobs.post(lambda: self._show_first(job, item, number, pixels, index))

            try:
                return read(item, number, job, first, session.settings.memory_share / 100, reduce)
            except TooLarge as refusal:
                return refusal

        def done(loaded: Loaded | TooLarge) -> None:
            if isinstance(loaded, TooLarge):
                request.refused = True
                self._take_turns()
                if len(session.too_large):
                    session.too_large.emit(Oversize(item, number, replace, loaded, place))
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

    def _load_several(
        self, item: Item, replace: bool, place: Place | None, then: Callable[[ImageLayer], object], parts: Sequence[int]
    ) -> None:
        """Load what was chosen of an item, the second over the first."""
        self.load(item, parts[0], replace=replace, place=place, then=then)
        for part in parts[1:]:
            self.load(item, part, replace=False)

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
        self._session.asked_to_open.emit()
        name, _, part = key.partition("\n")
        if name.startswith(INDEXED):
            self._session.studies.open(name, replace=replace)
            return
        item = self._session.library.item(name)
        if item is not None and not self._opened_specially(item, part, replace):
            self.load(item, _number(part), replace=replace)

    def _opened_specially(self, item: Item, part: str, replace: bool) -> bool:
        """Open what does not become an image layer; return whether it was such a thing.

        A volume that is named is an image all the same: a segment with its fractions.
        """
        opener = opener_of(item) if is_series(item) and not (part and item.volumes) else None
        if opener is not None and is_series(item):
            opener(self._session, item, replace=replace)
        return opener is not None

    def load_into(self, key: str, place: Place) -> None:
        """Show the item with a key of the library in one pane.

        What is open already, and not changed since, is shown again instead of being read a second time.
        """
        name, _, part = key.partition("\n")
        if name.startswith(INDEXED):
            self._session.studies.bring(name, lambda known: self.load_into(known, place))
            return
        session, item = self._session, self._session.library.item(name)
        if item is None or self._opened_specially(item, part, replace=False):
            return
        layer = self._open_layer(item, int(part or 0)) if part or not _is_undecided(item) else None
        if not session.document.layers:
            self.load(item, _number(part))
        elif layer is None:
            self.load(item, _number(part), replace=False, place=place)
        else:
            session.viewing.put(place.pane, layer, over=place.over)

    def _open_layer(self, item: Item, part: int) -> ImageLayer | None:
        """Return the layer that shows a volume of an item as it was read, if there is one."""
        untouched = [layer for layer in self._session.document.images
                     if not layer.provenance and not self.is_placeholder(layer)]  # fmt: skip
        if is_series(item):
            wanted = key_of(item, part)
            return next((layer for layer in untouched if layer.source.detail == wanted), None)
        return next((layer for layer in untouched if str(item.path) in layer.source.paths), None)

    def step(self, step: int) -> None:
        """Load the next (1) or previous (−1) item of the library that holds an image."""
        library = self._session.library
        series = (one for one in library.series if one.volumes and opener_of(one) is None)
        items: list[Item] = [*series, *library.images]
        keys = [library.key(item) for item in items]
        if keys:
            here = keys.index(self._shown) if self._shown in keys else -1 if step > 0 else 0
            if 0 <= here + step < len(items):
                self._session.asked_to_open.emit()
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
        """Let an image of activity or dose show what it lies on."""
        modality = layer.volume.acquisition.modality
        if modality in _LAID_OVER and any(other.volume.acquisition.modality != modality for other in below):
            layer.opacity, layer.display.colormap = 0.5, _LAID_OVER[modality]

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
        volume = one_slice(plan, pixels, index)
        layer = ImageLayer(title_of(item), (volume,))
        layer.display.set_limits(*initial_limits(volume))
        layer.display.transfer = initial_transfer(volume)
        layer.display.invert = volume.acquisition.monochrome1
        session.appearance.memory.apply(layer, key_of(item, part) if is_series(item) else str(item.path))
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

    @property
    def shows_first(self) -> bool:
        """Return whether the first slice of what is still loading is shown."""
        return self._first is not None

    def is_placeholder(self, layer: Layer) -> bool:
        """Return whether a layer is only the first slice of what is still loading."""
        return layer is self._first


def _number(part: str) -> int | None:
    """Return which image a key names, None where it leaves that open."""
    return int(part) if part else None


def _is_undecided(item: Item) -> bool:
    return is_series(item) and needs_choice(item)
