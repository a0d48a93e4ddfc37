"""Several open images as tiles of one picture: which of them, in which order, where they lie, and one image of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer

if TYPE_CHECKING:
    from pellucid.operations.engines.tiles import Located
    from pellucid.session.session import Session

STITCH = "geometry.stitch"


class Stitching:
    """Looks where tiles lie, and joins them; only ``start`` changes anything."""

    located = Signal(object)
    """Emitted with the ids of tiles and where they were ``Located``, or the sentence that says why they were not."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def tiles(self) -> tuple[ImageLayer, ...]:
        """Return the open images, the first that was opened first."""
        return tuple(one for one in self._session.document.images if not self._session.loading.is_placeholder(one))

    def look(self, ids: Sequence[str], values: Mapping[str, Any]) -> Job | None:
        """Find where tiles lie without joining them; the latest question wins."""
        from pellucid.session.running import validated

        session = self._session
        try:
            layers = self._layers(ids)
            parameters = validated(session.running.operations()[STITCH], dict(values))
        except Refused as refusal:
            self.located.emit((tuple(ids), str(refusal)))
            return None
        volumes = [layer.volume for layer in layers]

        def work(job: Job) -> Located:
            from pellucid.operations.operation import Refused as CannotRun
            from pellucid.operations.stitching import places_of

            try:
                return places_of([one.image for one in volumes], parameters, job.check, job.report, volumes[0].padding)
            except CannotRun as refusal:
                raise Refused(str(refusal)) from refusal

        return session.jobs.query(
            "places of tiles", tr("Find the places of tiles"), work,
            lambda found: self.located.emit((tuple(ids), found)), lambda said: self.located.emit((tuple(ids), said)),
        )  # fmt: skip

    def start(self, ids: Sequence[str], values: Mapping[str, Any]) -> Job:
        """Join tiles to a layer of its own, as one step; raise Refused when they cannot be."""
        first, *others = self._layers(ids)
        self._session.document.active = first
        choices = [(layer.id, 0) for layer in others]
        return self._session.running.apply(STITCH, dict(values), as_new_layer=True, others=choices)

    def _layers(self, ids: Sequence[str]) -> list[ImageLayer]:
        found = [layer for id in ids if isinstance(layer := self._session.document.find(id), ImageLayer)]
        if len(found) < 2:
            raise Refused(tr("Tick two tiles at least. Open those that are not there as layers."))
        return found
