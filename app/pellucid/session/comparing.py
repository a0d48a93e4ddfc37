"""Comparing two image layers, and the image before the last change of it; nothing here changes a voxel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from pellucid.history.command import Group
from pellucid.history.layers import ReplaceVolume
from pellucid.history.placing import PlaceLayers
from pellucid.language import tr
from pellucid.model.compare import Compare, CompareMode
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.layer import ImageLayer, LabelLayer, Layer
from pellucid.model.placement import Placement
from pellucid.model.view import PaneState
from pellucid.model.volume import Volume
from pellucid.session.consenting import Question

if TYPE_CHECKING:
    from pellucid.session.session import Session

_NEXT: dict[CompareMode | None, CompareMode | None] = dict(zip((None, *CompareMode), (*CompareMode, None), strict=True))


_BEFORE = "·before"
"""Ends the id of a layer as it was before its last change."""


@dataclass(frozen=True, eq=False)
class Held:
    """What is shown while the key for "before" is held: a layer as it was, where it lay, or without the layer.

    ``followers`` are the label layers that lay there with it.
    """

    layer: ImageLayer
    volume: Volume | None
    title: str
    placement: Placement | None = None
    followers: tuple[LabelLayer, ...] = ()

    @property
    def placed(self) -> Volume | None:
        """Return the earlier volume where it lay."""
        if self.volume is None or self.placement is None:
            return self.volume
        return self.placement.volume(self.volume)

    def geometry(self, labels: LabelLayer) -> Geometry:
        """Return where a label layer lay."""
        if labels not in self.followers:
            return labels.geometry
        own = labels.labels.geometry
        return own if self.placement is None else self.placement.geometry(own)

    @property
    def says(self) -> str:
        """Return the words of the badge."""
        return (
            tr("before {title}", title=self.title)
            if self.volume is not None
            else tr("without {name}", name=self.layer.name)
        )


class Comparing:
    """Starts, changes and ends comparisons; ``view.compare`` is the truth."""

    asked = Signal(object)
    """Emitted with the ``Question`` about a pair that would be compared if the user consents."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._wanted: dict[str, Any] = {}
        self._earlier: dict[str, tuple[object, ImageLayer]] = {}
        session.document.removed.connect(self._removed)
        session.history.changed.connect(self.check)

    def pair(self) -> tuple[ImageLayer, ImageLayer]:
        """Return the two images to compare first: the topmost visible ones, the lower of them first.

        Raises Refused when there are fewer than two images.
        """
        images = self._session.document.images
        if len(images) < 2:
            raise Refused(tr("Comparing needs two images. Open a second one over the first: Studies ▸ Add as a layer."))
        chosen = [layer for layer in images if layer.visible][-2:]
        rest = [layer for layer in reversed(images) if layer not in chosen]
        chosen += rest[: 2 - len(chosen)]
        first, second = sorted(chosen, key=images.index)
        return first, second

    def start(self, mode: CompareMode, **changes: Any) -> None:
        """Compare in a mode: the layers compared before, those named by ``first`` and ``second``, or the topmost.

        Where nothing says that the two lie in one space ``asked`` is emitted instead until ``consent`` was given.
        Raises Refused when there are no two images, and for a picture and a volume.
        """
        present = self._session.view.compare or self._remembered()
        wanted = replace(present, mode=mode, **changes)
        first, second = self._images(wanted)
        if first is second:
            raise Refused(tr("Choose two different layers to compare."))
        question = Question(second, first)
        itself = any(_is_before(layer.id) for layer in (first, second))
        if not itself and not question.may_consent:
            raise Refused(question.says)
        if not itself and not self._session.consenting.lie_together(first, second):
            self._wanted = {"mode": mode, **changes, "first": first.id, "second": second.id}
            self.asked.emit(question)
            return
        self._session.view.compare = wanted

    def consent(self) -> None:
        """Compare what was asked about, now and later, although nothing says that it lies in one space."""
        wanted, self._wanted = self._wanted, {}
        first, second = (self._session.document.find(wanted.get(name, "")) for name in ("first", "second"))
        if first is not None and second is not None:
            self._session.consenting.consent(first, second)
            self.start(**wanted)

    def stop(self) -> None:
        """Show all layers as they are."""
        self._wanted = {}
        self._session.view.compare = None

    def cycle(self) -> None:
        """Go to the next mode; after the last one comparing ends."""
        present = self._session.view.compare
        following = _NEXT[present.mode if present is not None else None]
        if following is None:
            self.stop()
        else:
            self.start(following)

    def change(self, **changes: Any) -> None:
        """Change how the comparison in force is shown, or what is compared."""
        present = self._session.view.compare
        if present is not None:
            self.start(changes.pop("mode", present.mode), **changes)

    def swap(self) -> None:
        """Exchange the two layers."""
        present = self._session.view.compare
        if present is not None:
            self.change(first=present.second, second=present.first)

    def layers(self, pane: PaneState) -> tuple[ImageLayer, ImageLayer] | None:
        """Return the two layers a pane compares, or None when it shows neither of them."""
        compare = self._session.view.compare
        if compare is None:
            return None
        pair = tuple(self.find(name) for name in (compare.first, compare.second))
        shown = self._session.viewing.layers(pane)
        first, second = pair
        if not isinstance(first, ImageLayer) or not isinstance(second, ImageLayer):
            return None
        return (first, second) if first in shown or second in shown else None

    def check(self) -> None:
        """End a comparison of layers that are not there: files lost since the work was saved, a change undone."""
        compare = self._session.view.compare
        if compare is not None and None in map(self.find, (compare.first, compare.second)):
            self.stop()

    # ---------------------------------------------------------------- before and after

    def held(self) -> Held | None:
        """Return what is shown instead while the key for "before" is held and nothing is previewed.

        That is the active image before the last step that changed its voxels or its place; without such a step the
        picture without the topmost of several visible images.
        """
        document = self._session.document
        if not self._session.view.hide_preview or any(image.preview is not None for image in document.images):
            return None
        active = document.active_image
        if active is not None and (found := self.before(active)) is not None:
            return found
        visible = [image for image in document.images if image.visible]
        return Held(visible[-1], None, "") if len(visible) > 1 else None

    def before(self, layer: ImageLayer) -> Held | None:
        """Return a layer as it was before the last done step that changed its voxels or its place, or None."""
        for command in reversed(self._session.history.done):
            steps = command.commands if isinstance(command, Group) else (command,)
            frames: tuple[Volume, ...] = ()
            placements: tuple[Placement | None, ...] = ()
            for step in reversed(steps):
                if isinstance(step, ReplaceVolume) and step.layer is layer:
                    frames = step.frames_before
                elif isinstance(step, PlaceLayers):
                    placements = step.before(layer) or placements
            if frames or placements:
                frames, placement = frames or layer.frames, (placements or (layer.placement,))[0]
                volume = frames[min(layer.frame, len(frames) - 1)]
                return Held(layer, volume, command.label, placement, self._session.placing.followers(layer))
        return None

    # ---------------------------------------------------------------- a layer against what it was

    def earlier(self, layer: ImageLayer) -> ImageLayer | None:
        """Return a layer as it was before its last change, to be compared with; it is in no document."""
        held = self.before(layer)
        if held is None or held.volume is None:
            return None
        key = held.volume, held.placement, layer.name
        known = self._earlier.get(layer.id)
        if known is None or known[0] != key:
            name = tr("{name} before", name=layer.name)
            made = ImageLayer(name, (held.volume,), display=layer.display, id=layer.id + _BEFORE,
                              placement=held.placement)  # fmt: skip
            known = self._earlier[layer.id] = key, made
        return known[1]

    def find(self, layer_id: str) -> Layer | None:
        """Return a layer of the document, or one as it was before, by its id."""
        if not _is_before(layer_id):
            return self._session.document.find(layer_id)
        layer = self._session.document.find(layer_id.removesuffix(_BEFORE))
        return self.earlier(layer) if isinstance(layer, ImageLayer) else None

    def choices(self) -> tuple[tuple[str, str], ...]:
        """Return name and id of all that can be compared, the topmost first."""
        images = tuple(reversed(self._session.document.images))
        before = tuple(found for layer in images if (found := self.earlier(layer)) is not None)
        return tuple((layer.name, layer.id) for layer in (*images, *before))

    @property
    def is_with_itself(self) -> bool:
        """Return whether a layer is compared with what it was."""
        compare = self._session.view.compare
        return compare is not None and (_is_before(compare.first) or _is_before(compare.second))

    def with_itself(self, layer: ImageLayer, mode: CompareMode) -> None:
        """Compare a layer with what it was before its last change. Raises Refused when there was none."""
        if self.earlier(layer) is None:
            raise Refused(tr("“{name}” was not changed yet, so there is nothing to compare it with.", name=layer.name))
        self.start(mode, first=layer.id + _BEFORE, second=layer.id)

    # ---------------------------------------------------------------- inner

    def _remembered(self) -> Compare:
        first, second = self.pair()
        return Compare(CompareMode.SWIPE, first.id, second.id)

    def _images(self, compare: Compare) -> tuple[ImageLayer, ImageLayer]:
        found = [self.find(name) for name in (compare.first, compare.second)]
        images = [layer for layer in found if isinstance(layer, ImageLayer)]
        if len(images) < 2:
            raise Refused(tr("The layers to compare are no longer there."))
        return images[0], images[1]

    def _removed(self, _layer: Layer) -> None:
        self.check()


def _is_before(layer_id: str) -> bool:
    return layer_id.endswith(_BEFORE)
