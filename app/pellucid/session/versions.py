"""Images that are there in different versions under one identity: which one is shown is said, never chosen silently."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pellucid.language import tr
from pellucid.model.layer import ImageLayer, Layer
from pellucid.session.mending import OTHERS, do, others, words
from pellucid.session.offers import WhileOpen

if TYPE_CHECKING:
    from pellucid.session.session import Session

_CODE = "conflicting-duplicate"


class Versions:
    """Says of a layer that shows one of several versions that it does, and offers the others."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._said: set[str] = set()
        session.document.inserted.connect(self._came)

    def _came(self, layer: Layer) -> None:
        if not isinstance(layer, ImageLayer) or layer.id in self._said or self._session.loading.is_placeholder(layer):
            return
        if any(finding.code == _CODE for finding in layer.volume.findings):
            self._said.add(layer.id)
            self._session.jobs.post(partial(self._say, layer))  # after what the image itself brings about

    def _say(self, layer: ImageLayer) -> None:
        session = self._session
        if layer in session.document and others(session, layer):
            session.offer.emit(
                tr("Files of “{name}” exist in different versions under one identity, and nothing says which is right. "
                   "One version is shown; compare it with the others before you use its values.", name=layer.name),
                words(_CODE), WhileOpen(session.document, layer, lambda: do(session, layer, OTHERS), "warning"),
            )  # fmt: skip
