"""Onto which grid a layer with a transform is resampled, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QCheckBox, QDialog, QLabel, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer, LabelLayer, Layer
from pellucid.model.placement_words import said
from pellucid.session.hardening import own_grid
from pellucid.ui import theme
from pellucid.ui.docks.parts import described, dim, push_button, row, section, titled
from pellucid.ui.forms.controls import Choice
from pellucid.ui.forms.numbers import short_number

if TYPE_CHECKING:
    from pellucid.session import Session


class HardenDialog(QDialog):
    """Grid, interpolation, in place or as a new layer; it closes when the job begins."""

    def __init__(self, session: Session, layer: Layer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Resample to grid"))
        self.setMinimumWidth(440)
        self._session, self._layer = session, layer
        self._make_controls()
        self._lay_out()

    def _make_controls(self) -> None:
        grids = [(image.name, image) for image in self._session.hardening.grids(self._layer)]
        self.grid = Choice([*grids, (self._own_title(), None)])
        self.way = Choice([(tr("Nearest"), "nearest"), (tr("Linear"), "linear"), (tr("Cubic B-spline"), "bspline")])
        self.way.set_value("linear")
        self.as_new = QCheckBox(tr("As a new layer"))
        described(self.grid, tr("Grid of"), tr("The image whose voxels the result has"))
        described(self.way, tr("Interpolation"), tr("How values between voxels are found; labels take the nearest"))
        self.as_new.setToolTip(tr("Keep the layer with its transform, and add what was resampled"))
        self.complaint = QLabel("", wordWrap=True)
        self.complaint.setAccessibleName(tr("Why it cannot be resampled"))
        self.complaint.setStyleSheet(f"color: {theme.colors().danger};")
        self.complaint.hide()
        self.cancel = push_button(tr("Cancel"), self.reject)
        self.go = push_button(tr("Resample"), self.accept, kind="primary")
        self.go.setDefault(True)

    def _own_title(self) -> str:
        grid = own_grid(self._layer)
        steps = " × ".join(short_number(round(step, 3)) for step in grid.spacing[: 2 if grid.size[2] == 1 else 3])
        return tr("A grid of its own ({spacing} {unit})", spacing=steps, unit="mm" if grid.has_lengths else tr("px"))

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(theme.MARGIN)
        column.addWidget(section(tr("Resample to grid")))
        column.addWidget(dim(f"{self._layer.name} – {said(self._layer)}"))
        rows = [(tr("Grid of"), self.grid)]
        if isinstance(self._layer, ImageLayer):
            rows.append((tr("Interpolation"), self.way))
        column.addWidget(titled(rows))
        column.addWidget(self.as_new)
        followers = self._session.placing.followers(self._layer)
        if isinstance(self._layer, LabelLayer) or followers:
            column.addWidget(dim(tr("Labels on the same voxels go along; each voxel takes the nearest label.")))
        column.addWidget(self.complaint)
        column.addSpacing(theme.SECTION_GAP)
        column.addWidget(row(QWidget(), self.cancel, self.go, spacing=theme.MARGIN, stretch=0))

    def accept(self) -> None:
        """Begin, or say why it cannot be done."""
        try:
            self._session.hardening.harden(
                self._layer, self.grid.value(), interpolation=self.way.value(), as_new=self.as_new.isChecked()
            )
        except Refused as refusal:
            self.complaint.setText(str(refusal))
            self.complaint.show()
            return
        super().accept()
