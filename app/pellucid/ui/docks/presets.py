"""Windows to choose from: of the file, by modality, the user's own; and their keys. No Qt here."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from pellucid.language import mark, tr
from pellucid.model.transfer import STRAIGHT, Kind, Transfer
from pellucid.model.volume import Volume
from pellucid.ui.forms.numbers import short_number

if TYPE_CHECKING:
    from pellucid.model.layer import ImageLayer
    from pellucid.model.statistics import Histogram
    from pellucid.session import Session
    from pellucid.settings import OwnPreset

_CURVES = {
    Kind.SIGMOID: mark("With a sigmoid curve (VOI LUT Function SIGMOID)"),
    Kind.TABLE: mark("With the lookup table of the file (VOI LUT)"),
}
_SUV_UNITS = frozenset({"SUV", "SUVBW", "GML", "G/ML"})


@dataclass(frozen=True)
class Preset:
    """A window with its source: level and width in modality values, or two percentiles of the volume.

    ``kind`` says where it belongs: ``"file"``, ``"modality"`` or ``"own"``. ``transfer`` is the curve it is meant for.
    """

    name: str
    source: str
    kind: str
    level: float = 0.0
    width: float = 0.0
    percentiles: tuple[float, float] | None = None
    modality: str = ""
    unit: str = ""
    transfer: Transfer = STRAIGHT

    def limits(self, histogram: Histogram | None) -> tuple[float, float] | None:
        """Return the two ends of the window; None when they need a histogram that is not there yet."""
        if self.percentiles is None:
            return self.level - self.width / 2, self.level + self.width / 2
        if histogram is None:
            return None
        low, high = (float(histogram.percentile(q)) for q in self.percentiles)
        return (low, high) if high > low else (low, low + 1)

    def tip(self) -> str:
        """Return what a tooltip says: numbers first, then the source."""
        if self.percentiles is not None:
            return self.source
        numbers = f"W {short_number(self.width)}  L {short_number(self.level)} {self.unit}".strip()
        return "\n".join(line for line in (numbers, tr(_CURVES.get(self.transfer.kind, "")), self.source) if line)


@cache
def built_in() -> tuple[Preset, ...]:
    """Read the presets that come with the program, in the order of their keys, in English."""
    from pellucid.paths import resources

    rows = json.loads((resources() / "presets" / "windows.json").read_text("utf-8"))["presets"]
    return tuple(
        Preset(
            row["name"],
            row["source"],
            "modality",
            row.get("level", 0.0),
            row.get("width", 0.0),
            tuple(row["percentiles"]) if "percentiles" in row else None,
            row["modality"],
            row["unit"],
        )
        for row in rows
    )


def of_file(volume: Volume) -> tuple[Preset, ...]:
    """Return the windows that the source of a volume states."""
    return tuple(
        Preset(
            w.name or tr("Window {n}", n=n),
            tr("Stated in the file") if w.source in ("", "DICOM") else w.source,
            "file",
            w.level,
            w.width,
            unit=volume.unit,
            transfer=w.transfer(volume.dtype),
        )
        for n, w in enumerate(volume.acquisition.windows, 1)
        if w.width > 0
    )


def of_modality(volume: Volume) -> tuple[Preset, ...]:
    """Return the presets that fit: those of the modality where the unit agrees, else percentiles.

    Percentiles made for a modality come before those for every image.
    """
    factor = volume.suv_factor
    unit = "SUV" if factor is not None or volume.unit.upper() in _SUV_UNITS else volume.unit
    modality = volume.acquisition.modality or ("CT" if unit == "HU" else "")
    fits = [p for p in built_in() if p.modality and (p.modality, p.unit) == (modality, unit)]
    general = [p for p in built_in() if not p.modality]
    found = fits if any(p.percentiles is None for p in fits) else [*fits, *general]
    found = [_stored(preset, factor, volume.unit) for preset in found]
    return tuple(replace(p, name=tr(p.name), source=tr(p.source)) for p in found)


def _stored(preset: Preset, factor: float | None, unit: str) -> Preset:
    """Return a preset in SUV as a window of stored activities."""
    if factor is None or preset.unit != "SUV" or unit == "g/ml":
        return preset
    return replace(preset, level=preset.level / factor, width=preset.width / factor, unit=unit)


def own(volume: Volume, saved: Iterable[OwnPreset]) -> tuple[Preset, ...]:
    """Return the user's presets for a volume: those of its modality and those for every image."""
    modality = volume.acquisition.modality
    return tuple(
        Preset(p.name, tr("Saved by you"), "own", p.level, p.width, modality=p.modality, unit=volume.unit)
        for p in saved
        if p.modality in ("", modality)
    )


def with_keys(volume: Volume, saved: Iterable[OwnPreset]) -> tuple[Preset, ...]:
    """Return the presets of the keys 1 to 9: the modality's first, then the user's own."""
    return (*of_modality(volume), *own(volume, saved))[:9]


def same_window(preset: Preset, limits: tuple[float, float], histogram: Histogram | None) -> bool:
    """Return whether a window is the one a preset gives, as far as anybody could see."""
    wanted = preset.limits(histogram)
    if wanted is None:
        return False
    tolerance = 1e-3 * max(wanted[1] - wanted[0], 1e-12)
    return all(abs(a - b) <= tolerance for a, b in zip(wanted, limits, strict=True))


def same_curve(one: Transfer, other: Transfer) -> bool:
    """Return whether two curves are alike, as far as anybody could see: both lines of DICOM are straight."""
    lines = (Kind.EXACT, Kind.LINEAR)
    return one == other or (one.kind in lines and other.kind in lines)


def save_own(session: Session, layer: ImageLayer, name: str) -> None:
    """Keep the window of a layer under a name for images of its modality; the same name replaces."""
    from pellucid.settings import OwnPreset

    modality, display = layer.volume.acquisition.modality, layer.display
    kept = [p for p in session.settings.own_presets if (p.name, p.modality) != (name, modality)]
    new = OwnPreset(name=name, level=display.level, width=display.width, modality=modality)
    session.settings.own_presets = [*kept, new]
    session.keep_settings()


def remove_own(session: Session, preset: Preset) -> None:
    """Forget a preset of the user."""
    session.settings.own_presets = [
        p for p in session.settings.own_presets if (p.name, p.modality) != (preset.name, preset.modality)
    ]
    session.keep_settings()


def apply(session: Session, layer: ImageLayer, preset: Preset) -> None:
    """Show a layer with a preset and its curve; percentiles are taken from its whole volume."""
    layer.display.transfer = preset.transfer
    limits = preset.limits(None)
    if limits is not None:
        layer.display.set_limits(*limits)
        return
    session.looking.window_from(layer, preset.limits)


def apply_key(session: Session, digit: int) -> bool:
    """Do what a digit key asks: 1 to 9 a preset, 0 the window of the file, else the one first shown.

    Returns False when the key has no meaning here.
    """
    layer = session.document.active_image
    if layer is None or layer.shows_colour:
        return False
    if digit == 0:
        stated = of_file(layer.volume)
        if stated:
            apply(session, layer, stated[0])
        else:
            session.looking.reset_window(layer)
        return True
    choices = with_keys(layer.volume, session.settings.own_presets)
    if digit > len(choices):
        return False
    apply(session, layer, choices[digit - 1])
    return True
