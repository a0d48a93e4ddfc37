"""The panel “Optics”: what the microscope can resolve, and whether the pixels keep it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QVBoxLayout, QWidget

from pellucid.language import mark, tr
from pellucid.model.optics import (
    Mode,
    Optics,
    Setting,
    axial_verdict,
    complaints,
    lateral_verdict,
    length,
)
from pellucid.ui import theme
from pellucid.ui.docks.optics_fields import OpticsFields
from pellucid.ui.docks.parts import Panel, dim, flat_button, scrolling, section, tell
from pellucid.ui.docks.watching import LayerWatch
from pellucid.ui.forms.numbers import format_number

if TYPE_CHECKING:
    from pellucid.model.layer import ImageLayer
    from pellucid.session import Session

_BY_HAND = mark("The file says nothing of the microscope. Type what you know of it; everything follows at once.")
_NO_IMAGE = mark("Open a micrograph to see whether its pixels are fine enough; the limits follow from what you type.")
_FORMULAS = {
    Mode.WIDEFIELD: (mark("Rayleigh, 0.61 λ/NA"), mark("Abbe, λ/(2 NA)"), mark("Axial, 2 n λ/NA²")),
    Mode.CONFOCAL: (mark("Lateral, 0.4 λ/NA"), mark("Abbe, λ/(2√2 NA)"), mark("Axial, 1.4 n λ/NA²")),
}
_PINHOLE = mark("Confocal limits hold for a nearly closed pinhole; at one Airy unit they are close to widefield.")
_RESULTS = ("rayleigh", "abbe", "axial", "needed", "advised", "here", "power")


class OpticsPanel(Panel):
    """Fields are filled from the active image where its file states them; whatever is typed counts at once."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(mark("Optics"), parent)
        self._session = session
        self._layer: ImageLayer | None = None
        self._taken: Optics | None = None
        self._watch = LayerWatch(lambda what: self._follow() if what in ("frame", "frames") else None)
        self.fields = OpticsFields()
        self.fields.changed.connect(self._refresh)
        self._make_results()
        self._lay_out()
        document = session.document
        for signal in (document.active_changed, document.inserted, document.removed):
            signal.connect(self._document_changed)
        self._follow()

    # ---------------------------------------------------------------- assembly

    def _make_results(self) -> None:
        self.said = dim()
        self.names = {name: QLabel() for name in _RESULTS}
        self.results = {name: _figure() for name in _RESULTS}
        for name, text in (("needed", tr("Pixel needed, Abbe/2")), ("advised", tr("Advised, Rayleigh/2.3")),
                           ("here", tr("Pixel here")), ("power", tr("Power needed"))):  # fmt: skip
            self.names[name].setText(text)
        self.verdict, self.axial, self.trouble = (
            _sentence(tr("Verdict")),
            _sentence(tr("Axial verdict")),
            _sentence(tr("Warning")),
        )
        self.card = QFrame()
        self.card.setProperty("card", True)
        self.copy = flat_button("content-copy", tr("Copy"), self._copy, tip=tr("Copy all numbers and the verdict"))

    def _lay_out(self) -> None:
        self.set_header(tr("Optics"), self.copy)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        column.addWidget(self.said)
        column.addWidget(self.fields)
        inside = QVBoxLayout(self.card)
        inside.setContentsMargins(theme.SECTION_GAP, theme.MARGIN, theme.SECTION_GAP, theme.MARGIN)
        inside.setSpacing(theme.MARGIN)
        for label in (self.trouble, self.verdict, self.axial):
            inside.addWidget(label)
        column.addWidget(self.card)
        column.addWidget(section(tr("Limits")))
        column.addWidget(_pairs([(self.names[name], self.results[name]) for name in _RESULTS]))
        self.note = dim(tr(_PINHOLE))
        column.addWidget(self.note)
        column.addStretch(1)
        self.column.addWidget(scrolling(body), 1)

    # ---------------------------------------------------------------- the active image

    def _document_changed(self, *_: object) -> None:
        self._follow()

    def showEvent(self, event: QShowEvent) -> None:
        """Take up what happened while hidden."""
        super().showEvent(event)
        self._follow()

    def _follow(self) -> None:
        """Take what the file of the active image says; what was typed stays where it says nothing."""
        layer = self._session.document.active_image
        if layer is not self._layer:
            self._layer, self._taken = layer, None
            self._watch.on(layer)
        optics = layer.volume.acquisition.optics if layer is not None else None
        if optics is not None and optics is not self._taken:
            self.fields.fill(optics)
        self._taken = optics
        self._refresh()

    # ---------------------------------------------------------------- computing

    def setting(self) -> Setting:
        """Return what the limits are computed from."""
        return self.fields.setting(self._layer.geometry if self._layer is not None else None)

    def _refresh(self) -> None:
        setting = self.setting()
        power = self._taken.magnification if self._taken is not None else None
        self.said.setText(self._origin())
        self.fields.show_pixel(setting.pixel, power, image=self._layer is not None)
        self.note.setVisible(setting.mode is Mode.CONFOCAL)
        trouble = " ".join((*self.fields.complaints(), *complaints(setting)))
        tell(self.trouble, trouble, "danger")
        possible = setting.na < setting.index
        fine = setting.pixel is not None and setting.pixel <= setting.pixel_needed
        tone = "good" if fine else "warning" if setting.pixel is not None else ""
        tell(self.verdict, lateral_verdict(setting) if possible else "", tone)
        deep = setting.step is not None and setting.step <= setting.step_needed
        tell(self.axial, axial_verdict(setting) if possible else "", "good" if deep else "warning")
        self._show_limits(setting, possible)

    def _show_limits(self, setting: Setting, possible: bool) -> None:
        for name, text in zip(("rayleigh", "abbe", "axial"), _FORMULAS[setting.mode], strict=True):
            self.names[name].setText(tr(text))
        power = f"{setting.magnification_needed(self.fields.camera_pixel):.3g} ×"
        texts = {
            "rayleigh": length(setting.rayleigh),
            "abbe": length(setting.abbe),
            "axial": length(setting.axial),
            "needed": tr("{length} or less", length=length(setting.pixel_needed)),
            "advised": length(setting.pixel_advised),
            "here": length(setting.pixel) if setting.pixel is not None else tr("unknown"),
            "power": tr("{power} for this camera", power=power),
        }
        for name, label in self.results.items():
            label.setText(texts[name] if possible or name == "here" else "–")
        for label in (self.names["power"], self.results["power"]):
            label.setVisible(self.fields.on_camera)

    def _origin(self) -> str:
        if self._layer is None:
            return tr(_NO_IMAGE)
        optics = self._taken
        if optics is None or optics.is_empty:
            return tr(_BY_HAND)
        parts = (optics.objective, f"{format_number(optics.magnification)} ×" if optics.magnification else "",
                 f"NA {format_number(optics.na)}" if optics.na else "", optics.channel)  # fmt: skip
        said = ", ".join(part for part in parts if part)
        return tr(
            "From {source}: {optics}. What it does not say is as typed here.",
            source=optics.source,
            optics=said or self._layer.name,
        )

    def _copy(self) -> None:
        lines = [f"{self.names[name].text()}\t{self.results[name].text()}" for name in _RESULTS]
        lines += [label.text() for label in (self.verdict, self.axial, self.trouble) if label.text()]
        QGuiApplication.clipboard().setText("\n".join(lines))


def _figure() -> QLabel:
    label = QLabel()
    label.setFont(theme.figures(label.font()))
    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _sentence(name: str) -> QLabel:
    label = QLabel()
    label.setAccessibleName(name)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def _pairs(rows: list[tuple[QLabel, QLabel]]) -> QWidget:
    """Return names at the left and numbers at the right."""
    body = QWidget()
    grid = QGridLayout(body)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setVerticalSpacing(theme.GRID)
    for n, (name, value) in enumerate(rows):
        name.setProperty("dim", True)
        grid.addWidget(name, n, 0)
        grid.addWidget(value, n, 1)
    return body
