"""What a light microscope can resolve, and whether the pixels are fine enough to show it.

Lengths are in micrometres, wavelengths in nanometres. Sources: Rayleigh and the axial extent of the diffraction image
after Born and Wolf, Principles of Optics, 7th edition, sections 8.6.3 and 8.8; Abbe, Archiv für mikroskopische
Anatomie 9 (1873) 413; the confocal limits and 2.3 pixels per distance after Pawley, Handbook of Biological Confocal
Microscopy, 3rd edition, chapters 4 and 11; the closest sampling that keeps everything (two samples per period of the
highest frequency, 2 NA/λ) after Shannon, Proc. IRE 37 (1949) 10.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pellucid.language import tr

IMMERSION_INDEX = {"air": 1.0, "water": 1.333, "glycerol": 1.47, "oil": 1.515, "multi": 1.4, "silicone": 1.406}
"""Refractive index of the usual immersion media at 20 °C and green light."""
SAMPLES = 2.3
"""Pixels per resolved distance that are asked for in practice."""


class Mode(StrEnum):
    """How the light is collected."""

    WIDEFIELD = "widefield"
    CONFOCAL = "confocal"


@dataclass(frozen=True)
class Optics:
    """What a file says of the optics of one channel; None and ``""`` where it says nothing."""

    magnification: float | None = None
    na: float | None = None
    index: float | None = None
    immersion: str = ""
    wavelength_nm: float | None = None
    """Of the light that is collected (emission), else of the light that is sent (excitation)."""
    objective: str = ""
    channel: str = ""
    confocal: bool = False
    source: str = ""

    @property
    def is_empty(self) -> bool:
        """Return whether nothing of use is said."""
        return not any((self.magnification, self.na, self.index, self.immersion, self.wavelength_nm, self.channel))


@dataclass(frozen=True)
class Setting:
    """What the limits are computed from; ``pixel`` and ``step`` are on the specimen, None where unknown."""

    na: float
    wavelength_nm: float
    index: float = 1.0
    mode: Mode = Mode.WIDEFIELD
    pixel: float | None = None
    step: float | None = None

    @property
    def _wavelength(self) -> float:
        return self.wavelength_nm / 1000

    @property
    def rayleigh(self) -> float:
        """Return the distance of two points that are just told apart: 0.61 λ/NA, confocal 0.4 λ/NA."""
        return (0.4 if self.mode is Mode.CONFOCAL else 0.61) * self._wavelength / self.na

    @property
    def abbe(self) -> float:
        """Return the finest period of a grating that is carried: λ/(2 NA), confocal λ/(2√2 NA)."""
        return self._wavelength / (2 * self.na) / (2**0.5 if self.mode is Mode.CONFOCAL else 1)

    @property
    def axial(self) -> float:
        """Return the distance told apart along the axis: 2 n λ/NA², confocal 1.4 n λ/NA²."""
        return (1.4 if self.mode is Mode.CONFOCAL else 2.0) * self.index * self._wavelength / self.na**2

    @property
    def pixel_needed(self) -> float:
        """Return the largest pixel that keeps everything the optics carry: two per finest period."""
        return self.abbe / 2

    @property
    def pixel_advised(self) -> float:
        """Return the pixel asked for in practice: 2.3 per Rayleigh distance."""
        return self.rayleigh / SAMPLES

    @property
    def step_needed(self) -> float:
        """Return the largest distance of slices that keeps what the optics tell apart: two per axial limit."""
        return self.axial / 2

    def magnification_needed(self, camera_pixel: float) -> float:
        """Return the magnification from which on a camera pixel (binning included) is fine enough."""
        return camera_pixel / self.pixel_needed


def specimen_pixel(camera_pixel: float, magnification: float, binning: int = 1) -> float:
    """Return the size on the specimen of a pixel of the camera."""
    return camera_pixel * binning / magnification


def complaints(setting: Setting) -> tuple[str, ...]:
    """Return a sentence for everything that cannot be, or is most likely a slip."""
    said = []
    if setting.na >= setting.index:
        said.append(
            tr(
                "A numerical aperture of {na:g} is impossible in a medium of refractive index "
                "{index:g}: it is the index times the sine of an angle below 90°. Check both.",
                na=setting.na,
                index=setting.index,
            )
        )
    if not 200 <= setting.wavelength_nm <= 2000:
        said.append(
            tr(
                "{wavelength_nm:g} nm is no usual wavelength of a light microscope. Check the unit.",
                wavelength_nm=setting.wavelength_nm,
            )
        )
    if setting.pixel is not None and setting.pixel > 100:
        said.append(
            tr("A pixel of {pixel:g} µm on the specimen is no microscopy. Check the unit.", pixel=setting.pixel)
        )
    return tuple(said)


def lateral_verdict(setting: Setting) -> str:
    """Return whether optics or pixels set the limit in the plane, as a sentence; without a pixel what is needed."""
    needed, pixel = setting.pixel_needed, setting.pixel
    if pixel is None:
        return tr(
            "The pixel size is unknown. The optics ask for pixels of {needed} or less on the specimen.",
            needed=length(needed),
        )
    if pixel > needed:
        return tr(
            "Sampling-limited: pixels of {pixel} show no detail finer than {shown}, while the "
            "optics carry {limit}. Pixels of {needed} or less would show it.",
            pixel=length(pixel),
            shown=length(2 * pixel),
            limit=length(setting.abbe),
            needed=length(needed),
        )
    if 2.5 * pixel < needed:
        return tr(
            "Diffraction-limited: the optics carry nothing finer than {limit}. Pixels of "
            "{pixel} are {times:.1f} times finer than needed ({needed}): no more is seen.",
            limit=length(setting.abbe),
            pixel=length(pixel),
            times=needed / pixel,
            needed=length(needed),
        )
    return tr(
        "Diffraction-limited: the optics carry nothing finer than {limit}, and pixels of "
        "{pixel} keep all of it ({needed} or less are needed).",
        limit=length(setting.abbe),
        pixel=length(pixel),
        needed=length(needed),
    )


def axial_verdict(setting: Setting) -> str:
    """Return whether optics or slices set the limit along the axis, or ``""`` where there are no slices."""
    if setting.step is None:
        return ""
    if setting.step > setting.step_needed:
        return tr(
            "Along the axis sampling-limited: slices {step} apart tell {shown} apart, the "
            "optics {limit}. Slices {needed} apart would show it.",
            step=length(setting.step),
            shown=length(2 * setting.step),
            limit=length(setting.axial),
            needed=length(setting.step_needed),
        )
    return tr(
        "Along the axis diffraction-limited: the optics tell {limit} apart, and slices "
        "{step} apart keep it ({needed} or less are needed).",
        limit=length(setting.axial),
        step=length(setting.step),
        needed=length(setting.step_needed),
    )


def length(micrometres: float) -> str:
    """Write a length in nm below a micrometre, else in µm, with three significant figures."""
    if micrometres < 0.9995:
        return f"{_three(micrometres * 1000)} nm"
    return f"{_three(micrometres)} µm"


def _three(value: float) -> str:
    return f"{value:.0f}" if value >= 99.95 else f"{value:.3g}"
