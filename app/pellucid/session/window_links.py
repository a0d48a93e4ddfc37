"""Windows that the images of a link group share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pellucid.model.layer import ImageLayer, Layer

if TYPE_CHECKING:
    from pellucid.session.linking import Linking
    from pellucid.session.session import Session


class WindowLinks:
    """Gives level and width of one image to those of its groups that have the same modality and unit."""

    def __init__(self, session: Session, linking: Linking) -> None:
        self._session, self._linking = session, linking
        self._watchers: dict[str, Callable[[Any], None]] = {}
        session.document.inserted.connect(self._came)
        session.document.removed.connect(self._went)

    def _came(self, layer: Layer) -> None:
        if isinstance(layer, ImageLayer):
            self._watchers[layer.id] = self._window_watcher(layer)
            layer.display.events.connect(self._watchers[layer.id])

    def _went(self, layer: Layer) -> None:
        watcher = self._watchers.pop(layer.id, None)
        if watcher is not None and isinstance(layer, ImageLayer):
            layer.display.events.disconnect(watcher, missing_ok=True)

    def _window_watcher(self, layer: ImageLayer) -> Callable[[Any], None]:
        def changed(info: Any) -> None:
            if info.signal.name in ("level", "width"):
                self.lead(layer)

        return changed

    def lead(self, layer: ImageLayer) -> None:
        """Give the other images of its groups the window of an image, where modality and unit are the same."""
        if self._linking.is_quiet:
            return
        viewing, display = self._session.viewing, layer.display
        with self._linking.quiet():
            for link in self._session.view.links:
                members = self._linking.members(link) if link.window else []
                shown = {image.id: image for pane in members for image in viewing.layers(pane)}
                for image in shown.values() if layer.id in shown else ():
                    if isinstance(image, ImageLayer) and image is not layer and _comparable(image, layer):
                        image.display.level, image.display.width = display.level, display.width


def _comparable(one: ImageLayer, other: ImageLayer) -> bool:
    a, b = one.volume, other.volume
    same = a.acquisition.modality == b.acquisition.modality and a.unit == b.unit
    return same and not a.is_colour and not b.is_colour
