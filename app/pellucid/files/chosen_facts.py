"""What was chosen about an image that its source does not say: kept in the saved work, given to what is read again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pellucid.model import uptake
from pellucid.model.layer import ImageLayer
from pellucid.model.volume import Volume, WindowPreset

_OF_THE_SOURCE = ("", "DICOM")


def chosen_facts(layer: ImageLayer) -> dict[str, Any]:
    """Return the kind of SUV that was chosen and the windows that came from elsewhere, as fields of an entry."""
    about = layer.volume.acquisition
    kind = about.extra.get(uptake.CHOICE)
    return {"suv_kind": kind if kind in ("", *uptake.KINDS) else None,
            "windows": tuple(one for one in about.windows if one.source not in _OF_THE_SOURCE)}  # fmt: skip


def with_chosen_facts(volume: Volume, kind: str | None, windows: tuple[WindowPreset, ...]) -> Volume:
    """Return a volume that was read again with what had been chosen about it."""
    about = volume.acquisition
    more = tuple(one for one in windows if one not in about.windows)
    if kind is None and not more:
        return volume
    extra = about.extra if kind is None else {**about.extra, uptake.CHOICE: kind}
    return replace(volume, acquisition=replace(about, windows=(*about.windows, *more), extra=extra))
