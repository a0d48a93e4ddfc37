"""How values of a volume become colour and opacity: presets in Hounsfield units, and those that follow the window."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.language import mark

Point = tuple[float, float]
Tint = tuple[float, float, float, float]


@dataclass(frozen=True)
class Preset:
    """One way to draw a volume.

    ``opacity`` holds (value, opacity per mm), ``tints`` (value, red, green, blue). The values are HU where
    ``hounsfield``, else shares of the window: 0 is its lower, 1 its upper end. ``brightest`` draws the highest value
    along each ray instead of mixing them.
    """

    name: str
    title: str
    opacity: tuple[Point, ...]
    tints: tuple[Tint, ...]
    hounsfield: bool = True
    shaded: bool = True
    brightest: bool = False


_GREY: tuple[Tint, ...] = ((0.0, 0.0, 0.0, 0.0), (1.0, 1.0, 1.0, 1.0))

PRESETS: tuple[Preset, ...] = (
    Preset("bone", mark("CT: bone"), ((140.0, 0.0), (250.0, 0.12), (500.0, 0.5), (1500.0, 0.9)),
           ((100.0, 0.62, 0.36, 0.26), (250.0, 0.85, 0.66, 0.48), (500.0, 0.96, 0.90, 0.78), (1500.0, 1.0, 1.0, 0.98))),
    Preset("soft", mark("CT: soft tissue"), ((-60.0, 0.0), (20.0, 0.06), (80.0, 0.3), (200.0, 0.5), (1000.0, 0.85)),
           ((-60.0, 0.50, 0.26, 0.16), (40.0, 0.74, 0.32, 0.25), (110.0, 0.86, 0.50, 0.40), (250.0, 0.96, 0.88, 0.76),
            (1000.0, 1.0, 1.0, 0.98))),
    Preset("skin", mark("CT: skin"), ((-500.0, 0.0), (-250.0, 0.25), (-100.0, 0.6), (1000.0, 0.9)),
           ((-500.0, 0.72, 0.50, 0.40), (-100.0, 0.90, 0.70, 0.58), (1000.0, 1.0, 0.95, 0.90))),
    Preset("lung", mark("CT: lung"), ((-960.0, 0.0), (-900.0, 0.012), (-750.0, 0.03), (-600.0, 0.06), (-450.0, 0.02),
                                      (-380.0, 0.0)),
           ((-960.0, 0.20, 0.34, 0.52), (-800.0, 0.48, 0.66, 0.82), (-600.0, 0.95, 0.82, 0.78),
            (-400.0, 1.0, 0.94, 0.90)), shaded=False),
    Preset("vessels", mark("CT: vessels with contrast"), ((110.0, 0.0), (170.0, 0.12), (300.0, 0.5), (600.0, 0.75)),
           ((110.0, 0.56, 0.10, 0.08), (200.0, 0.82, 0.24, 0.16), (330.0, 0.95, 0.62, 0.42), (700.0, 1.0, 0.97, 0.90))),
    Preset("window", mark("Window: light and shade"), ((0.15, 0.0), (0.45, 0.05), (0.75, 0.25), (1.0, 0.6)),
           ((0.0, 0.25, 0.18, 0.14), (0.5, 0.76, 0.62, 0.52), (1.0, 1.0, 0.98, 0.94)), hounsfield=False),
    Preset("mip", mark("Maximum intensity (MIP)"), ((0.0, 0.0), (1.0, 1.0)), _GREY, hounsfield=False, shaded=False,
           brightest=True),
)  # fmt: skip


def placed(preset: Preset, limits: tuple[float, float], shift: float) -> Preset:
    """Return a preset with its values in those of the image: shifted, or laid on the window."""
    if preset.hounsfield:
        low, width = shift, 1.0
    else:
        low, width = limits[0], max(limits[1] - limits[0], 1e-12)
    opacity = tuple((low + width * value, share) for value, share in preset.opacity)
    tints = tuple((low + width * value, red, green, blue) for value, red, green, blue in preset.tints)
    return Preset(preset.name, preset.title, opacity, tints, preset.hounsfield, preset.shaded, preset.brightest)
