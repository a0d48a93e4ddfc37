"""In which kind of SUV a PET is told: by weight, lean body mass, body surface, or as it is stored.

It is a step of the history, as the numbers of statistics, tables and exports change with it; no voxel does.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pellucid.history.layers import SetLayerField
from pellucid.language import tr
from pellucid.model import uptake
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer
from pellucid.model.volume import Volume

if TYPE_CHECKING:
    from pellucid.session.session import Session


class Uptaking:
    """Which kinds of SUV an image can be told in, and the choice of one."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def why_not(self, layer: ImageLayer | None, kind: str) -> str:
        """Return why an image cannot be told in a kind of SUV, or nothing; ``""`` is as it is stored."""
        if layer is None:
            return tr("Open an image first.")
        volume = layer.volume
        if volume.acquisition.modality != "PT":
            return tr("The active image is no PET.")
        facts = volume.acquisition.extra
        if not kind or kind in uptake.factors(facts):
            return ""
        said = next((finding.message for finding in volume.findings if finding.code == "suv-unknown"), "")
        return said or tr("The header does not allow this kind of SUV.")

    def kind(self, layer: ImageLayer | None) -> str | None:
        """Return the kind an image is told in, None for what is no PET."""
        if layer is None or layer.volume.acquisition.modality != "PT":
            return None
        volume = layer.volume
        return uptake.chosen(volume.acquisition.extra) if volume.suv_factor is not None else ""

    def choose(self, layer: ImageLayer, kind: str) -> None:
        """Tell an image in a kind of SUV, as one step; raise Refused where that cannot be."""
        if why := self.why_not(layer, kind):
            raise Refused(why)
        if self.kind(layer) == kind:
            return
        frames = tuple(_told_in(volume, kind) for volume in layer.frames)
        title = tr("Tell {name} in {kind}", name=layer.name, kind=uptake.NAMES[kind] if kind else tr("stored values"))
        self._session.history.do(SetLayerField(layer, "frames", frames, title))


def _told_in(volume: Volume, kind: str) -> Volume:
    about = volume.acquisition
    return replace(volume, acquisition=replace(about, extra={**about.extra, uptake.CHOICE: kind}))
