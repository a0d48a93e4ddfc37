"""What is known of a microscope, in fields: filled from a file where it says so, typed otherwise."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from pellucid.language import mark, tr
from pellucid.model.geometry import Geometry
from pellucid.model.optics import IMMERSION_INDEX, Mode, Optics, Setting, length, specimen_pixel
from pellucid.ui import theme
from pellucid.ui.docks.parts import dim, row, titled
from pellucid.ui.forms.controls import Choice, NumberBox, Segmented, translated
from pellucid.ui.forms.numbers import Bounds

_OWN = "own"
_MEDIA = (
    (mark("Air"), "air"), (mark("Water"), "water"), (mark("Glycerol"), "glycerol"), (mark("Silicone oil"), "silicone"),
    (mark("Oil"), "oil"), (mark("Other"), _OWN),
)  # fmt: skip
_MODES = ((mark("Widefield"), Mode.WIDEFIELD), (mark("Confocal"), Mode.CONFOCAL))
_IMAGE, _CAMERA = "image", "camera"
_PIXELS = ((mark("Of the image"), _IMAGE), (mark("Of the camera"), _CAMERA))
_MICRO = 1000.0  # µm per mm


class OpticsFields(QWidget):
    """Mode, aperture, wavelength, medium and pixel; ``setting`` says what they amount to."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._make_lens()
        self._make_pixel()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        column.addWidget(titled((
            (tr("Microscope"), self.mode),
            ("NA", self.na),
            (tr("Wavelength"), row(self.wavelength, dim("nm", wrap=False), spacing=theme.MARGIN)),
            (tr("Medium"), row(self.medium, dim("n", wrap=False), self.index, spacing=theme.MARGIN, stretch=0)),
            (tr("Pixel"), self.source),
            ("", self.pixel),
        )))  # fmt: skip
        self._camera_rows = titled((
            (tr("Camera"), row(self.camera, dim("µm", wrap=False), self.binning, spacing=theme.MARGIN, stretch=2)),
            (tr("Magnification"), row(self.power, dim("×", wrap=False), spacing=theme.MARGIN)),
        ))  # fmt: skip
        column.addWidget(self._camera_rows)
        for box in self._boxes():
            box.edited.connect(lambda _value: self.changed.emit())
            box.invalid.connect(lambda _why: self.changed.emit())
        for choice in (self.mode, self.source, self.binning):
            choice.chosen.connect(lambda _value: self.changed.emit())

    def _make_lens(self) -> None:
        self.mode = Segmented(translated(_MODES))
        self.mode.setAccessibleName(tr("Kind of microscope"))
        self.na = _box(tr("Numerical aperture"), Bounds(0.01, 1.7), 0.05, 0.8)
        self.na.set_tip(tr("n sin α, engraved on the objective: 20×/0.8"))
        self.wavelength = _box(tr("Wavelength in nm"), Bounds(100, 5000), 10, 520)
        self.wavelength.set_tip(tr("Of the light that is collected: 520 for GFP"))
        self.medium = Choice(translated(_MEDIA))
        self.medium.setAccessibleName(tr("Medium"))
        self.medium.setToolTip(tr("What lies between the objective and the specimen"))
        self.medium.chosen.connect(self._take_medium)
        self.index = _box(tr("Refractive index"), Bounds(1.0, 2.0), 0.01, 1.0)
        self.index.set_tip(tr("1 in air, 1.333 in water, 1.515 in oil"))
        self.index.edited.connect(lambda value: self.medium.set_value(medium_of(value)))

    def _make_pixel(self) -> None:
        self.source = Segmented(translated(_PIXELS))
        self.source.setAccessibleName(tr("Where the pixel size comes from"))
        self.camera = _box(tr("Pixel of the camera in µm"), Bounds(0.1, 100), 0.5, 6.5)
        self.camera.set_tip(tr("On the chip, as its data sheet says"))
        self.power = _box(tr("Magnification"), Bounds(0.1, 1000), 1, 20)
        self.power.set_tip(tr("Of the objective and all lenses behind it together"))
        self.binning = Choice([(f"{n} × {n}", n) for n in (1, 2, 4, 8)])
        self.binning.setAccessibleName(tr("Binning"))
        self.binning.setToolTip(tr("How many pixels of the camera are read as one"))
        self.pixel = QLabel()

    def _boxes(self) -> tuple[NumberBox, ...]:
        return self.na, self.wavelength, self.index, self.camera, self.power

    @property
    def on_camera(self) -> bool:
        """Return whether the pixel is worked out from the camera."""
        return bool(self.source.value() == _CAMERA)

    @property
    def camera_pixel(self) -> float:
        """Return the pixel of the camera in µm, binning included."""
        return float(self.camera.value() * self.binning.value())

    def fill(self, optics: Optics) -> None:
        """Take what a file says; what it leaves out stays as it is."""
        index = optics.index or IMMERSION_INDEX.get(optics.immersion)
        for box, value in ((self.na, optics.na), (self.wavelength, optics.wavelength_nm), (self.index, index),
                           (self.power, optics.magnification)):  # fmt: skip
            if value is not None and not box.bounds.complaint(value):
                box.set_value(value)
        self.medium.set_value(optics.immersion or medium_of(self.index.value()))
        self.mode.set_value(Mode.CONFOCAL if optics.confocal else Mode.WIDEFIELD)

    def setting(self, grid: Geometry | None) -> Setting:
        """Return what the limits of an image on this grid are computed from."""
        pixel = image_pixel(grid)
        if self.on_camera:
            pixel = specimen_pixel(self.camera.value(), self.power.value(), self.binning.value())
        step = grid.spacing[2] * _MICRO if grid is not None and grid.size[2] > 1 and grid.known_spacing[2] else None
        return Setting(self.na.value(), self.wavelength.value(), self.index.value(), self.mode.value(), pixel, step)

    def show_pixel(self, pixel: float | None, magnification: float | None, *, image: bool) -> None:
        """Say how large a pixel is on the specimen, and at the camera where the magnification is known."""
        self._camera_rows.setVisible(self.on_camera)
        if pixel is None:
            self.pixel.setText(tr("Unknown: the file states no spacing") if image else tr("Unknown"))
        elif self.on_camera:
            self.pixel.setText(tr("{length} on the specimen", length=length(pixel)))
        elif magnification:
            chip = length(pixel * magnification)
            self.pixel.setText(tr("{pixel}, {chip} at the camera", pixel=length(pixel), chip=chip))
        else:
            self.pixel.setText(length(pixel))

    def complaints(self) -> tuple[str, ...]:
        """Return a sentence for every field in sight that cannot be read."""
        wrong = (box for box in self._boxes() if box.complaint() and not box.isHidden())
        return tuple(f"{box.accessibleName()}: {box.complaint()}" for box in wrong)

    def _take_medium(self, medium: str) -> None:
        if medium in IMMERSION_INDEX:
            self.index.set_value(IMMERSION_INDEX[medium])
        self.changed.emit()


def medium_of(index: float) -> str:
    """Return the medium with a refractive index, or that it is another."""
    named = (name for _title, name in _MEDIA if abs(IMMERSION_INDEX.get(name, 0.0) - index) < 5e-4)
    return next(named, _OWN)


def image_pixel(grid: Geometry | None) -> float | None:
    """Return the larger of both pixel sides in µm, or None where they are unknown or measured at a detector."""
    if grid is None or not grid.has_lengths or grid.at_detector:
        return None
    return max(grid.spacing[:2]) * _MICRO


def _box(name: str, bounds: Bounds, step: float, value: float) -> NumberBox:
    box = NumberBox(bounds, step)
    box.setAccessibleName(name)
    box.set_value(value)
    return box
