"""Which layers may be drawn over each other: those of one world, and those the user said so of.

A layer that nothing ties to the world of the lowest visible image of a pane is not drawn there until it is registered
or the user consents. Consent is given for a pair of layers, holds for everything in their two worlds, and is view: it
is saved with the work and not undoable.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry, same_world
from pellucid.model.layer import ImageLayer, LabelLayer, Layer
from pellucid.model.view import Layout, PaneState

if TYPE_CHECKING:
    from pellucid.session.session import Session


@dataclass(frozen=True, eq=False)
class Question:
    """A layer that is not drawn over another because nothing says that both lie rightly."""

    below: Layer
    above: Layer

    def __str__(self) -> str:
        return self.says

    @property
    def pair(self) -> frozenset[str]:
        """Return the ids of both layers."""
        return frozenset((self.below.id, self.above.id))

    @property
    def may_consent(self) -> bool:
        """Return whether both have a place at all: a picture has none in a volume."""
        return not is_picture_in_volume(self.below.geometry, self.above.geometry)

    @property
    def says(self) -> str:
        """Return the question in words."""
        first, second = self.above.geometry, self.below.geometry
        names = {"first": self.above.name, "second": self.below.name}
        if not self.may_consent:
            return tr("“{first}” is not laid over “{second}”: a picture without a place in space cannot lie on a "
                      "volume.", **names)  # fmt: skip
        if first.frame_of_reference and second.frame_of_reference:
            return tr("“{first}” and “{second}” state different frames of reference: whether they lie on each other "
                      "rightly is not known until they are registered.", **names)  # fmt: skip
        return tr("Nothing says that “{first}” and “{second}” lie in one space: whether they lie on each other rightly "
                  "is not known until they are registered.", **names)  # fmt: skip


def is_picture_in_volume(one: Geometry, other: Geometry) -> bool:
    """Return whether one of two grids is a picture that states no place, and the other a volume."""
    pairs = ((one, other), (other, one))
    return any(flat.is_planar and not flat.oriented and not solid.is_planar for flat, solid in pairs)


def are_strangers(one: Geometry, other: Geometry) -> bool:
    """Return whether nothing says that two grids lie rightly on each other.

    Two images that both state nothing lie on each other by their pixels, as two pictures do.
    """
    if same_world(one, other):
        return False
    return one.oriented or other.oriented or is_picture_in_volume(one, other)


class Consenting:
    """Answers what may be drawn together, asks where that is not known, and remembers what was answered."""

    changed = Signal()
    """Emitted when there may be another question, or none any more."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._dismissed: set[frozenset[str]] = set()
        document = session.document
        document.inserted.connect(self._came)
        document.removed.connect(self._went)
        document.reordered.connect(self.changed.emit)
        session.view.events.connect(self._view_changed)

    # ---------------------------------------------------------------- what may be drawn

    def lie_together(self, one: Layer, other: Layer) -> bool:
        """Return whether two layers may be drawn over each other."""
        return not are_strangers(one.geometry, other.geometry) or self.is_consented(one, other)

    def is_consented(self, one: Layer, other: Layer) -> bool:
        """Return whether the user said that two layers, or others of their worlds, may lie on each other."""
        return any(_in_worlds(pair, (one, other)) or _in_worlds(pair, (other, one)) for pair in self._pairs())

    def drawn(self, layers: Sequence[Layer]) -> tuple[Layer, ...]:
        """Return those of a pane's layers that may lie on its lowest visible image."""
        lowest = base(layers)
        return tuple(layers) if lowest is None else tuple(one for one in layers if self.lie_together(lowest, one))

    def told_with(self, pane: PaneState) -> tuple[Layer, ...]:
        """Return the layers whose values may be told together at a place of a pane."""
        lowest = base(self._session.viewing.layers(pane))
        layers = self._session.document.layers
        return layers if lowest is None else tuple(one for one in layers if self.lie_together(lowest, one))

    def doubtful(self, layers: Sequence[Layer]) -> list[Question]:
        """Return which of some layers that are drawn together are so by consent alone."""
        lowest = base(layers)
        return [] if lowest is None else [
            Question(lowest, one) for one in layers if one.visible and are_strangers(lowest.geometry, one.geometry)
        ]  # fmt: skip

    def withheld(self, pane: PaneState) -> list[Question]:
        """Return which visible layers a pane would show, but for the frame of reference they lie in."""
        wanted = self._session.viewing.wanted(pane)
        lowest = base(wanted)
        if lowest is None:
            return []
        kept = self.drawn(wanted)
        return [Question(lowest, one) for one in wanted
                if one.visible and one not in kept and not self._follows(one, wanted)]  # fmt: skip

    def _follows(self, layer: Layer, wanted: Iterable[Layer]) -> bool:
        """Return whether labels stay away only because their image does: one question is enough."""
        images = [one for one in wanted if isinstance(one, ImageLayer)]
        return isinstance(layer, LabelLayer) and any(same_world(one.geometry, layer.geometry) for one in images)

    # ---------------------------------------------------------------- asking

    @property
    def question(self) -> Question | None:
        """Return the first question about what panes on the screen do not show that was not answered yet."""
        shown = [pane for screen in self._session.view.screens for pane in screen.shown if not pane.information]
        asked = (question for pane in shown for question in self.withheld(pane))
        return next((question for question in asked if question.pair not in self._dismissed), None)

    def consent(self, one: Layer, other: Layer) -> None:
        """Let two layers be drawn over each other by the coordinates they state; raise Refused for a picture."""
        question = Question(one, other)
        if not question.may_consent:
            raise Refused(question.says)
        view = self._session.view
        if not self.is_consented(one, other):
            view.consented = (*view.consented, (one.id, other.id))
            self._session.linking.settle()

    def withdraw(self) -> None:
        """Take back every consent."""
        self._dismissed.clear()
        self._session.view.consented = ()
        self._session.linking.settle()
        self.changed.emit()

    def dismiss(self, question: Question) -> None:
        """Leave a layer out without asking again in this sitting."""
        self._dismissed.add(question.pair)
        self.changed.emit()

    def ask_again(self) -> None:
        """Ask anew about everything that was dismissed."""
        self._dismissed.clear()
        self.changed.emit()

    def show_beside(self, question: Question) -> None:
        """Give a layer a pane of its own beside those of the other."""
        session, layer = self._session, question.above
        if isinstance(layer, LabelLayer):
            raise Refused(tr("Labels are shown on their image. Open the image they were made for first."))
        view = session.view
        if view.layout.count == 1:
            session.arranging.arrange(Layout(1, 2), view)
        pane = next((one for one in reversed(view.shown)), view.panes[0])
        pane.information = False
        if layer.id not in view.apart:
            view.apart = (*view.apart, layer.id)
        session.viewing.put(pane, layer)

    # ---------------------------------------------------------------- inner

    def _pairs(self) -> Iterable[tuple[Layer, Layer]]:
        find = self._session.document.find
        for one, other in self._session.view.consented:
            first, second = find(one), find(other)
            if first is not None and second is not None:
                yield first, second

    def _came(self, layer: Layer) -> None:
        layer.events.connect(self._layer_changed)
        self.changed.emit()

    def _went(self, layer: Layer) -> None:
        layer.events.disconnect(self._layer_changed, missing_ok=True)
        self.changed.emit()

    def _layer_changed(self, info: Any) -> None:
        """Let panes look where their lowest visible image lies now."""
        if info.signal.name in ("visible", "placement", "estimate", "frames"):
            grids = {layer.geometry for layer in self._session.document.layers}
            if any(are_strangers(one, other) for one in grids for other in grids):
                self._session.linking.settle()
            self.changed.emit()

    def _view_changed(self, info: Any) -> None:
        if info.signal.name in ("apart", "layout", "consented", "others"):
            self.changed.emit()


def base(layers: Sequence[Layer]) -> ImageLayer | None:
    """Return the image whose world a pane shows: the lowest visible one that was not moved, else the lowest."""
    images = [layer for layer in layers if isinstance(layer, ImageLayer)]
    visible = [image for image in images if image.visible] or images
    return next((image for image in visible if image.lies is None), next(iter(visible), None))


def _in_worlds(pair: tuple[Layer, Layer], layers: tuple[Layer, Layer]) -> bool:
    return all(same_world(known.geometry, layer.geometry) for known, layer in zip(pair, layers, strict=True))
