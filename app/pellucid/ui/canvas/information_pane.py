"""The fourth pane: what is known of the active image, and what its reader noticed, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QTextBrowser, QWidget

from pellucid.language import mark, tr
from pellucid.model.findings import Finding
from pellucid.model.geometry import Geometry
from pellucid.model.layer import ImageLayer, LabelLayer, Layer
from pellucid.model.placement_words import said
from pellucid.model.reduction import amount
from pellucid.model.volume import Volume
from pellucid.ui import theme
from pellucid.ui.canvas.corner_texts import number

if TYPE_CHECKING:
    from pellucid.session.mending import Mend

Row = tuple[str, str]
_TIMES = " × "
_TOWARDS = {
    "L": mark("to left"), "R": mark("to right"), "A": mark("to front"), "P": mark("to back"), "S": mark("to head"),
    "I": mark("to feet"),
}  # fmt: skip


def rows(layer: Layer) -> tuple[Row, ...]:
    """Return (name, value) of everything that is known of a layer; what matters is said to be unknown."""
    geometry = layer.geometry
    if isinstance(layer, LabelLayer):
        about: tuple[Row, ...] = ((tr("Labels"), str(len(layer.labels.labels))),)
        pixels: tuple[Row, ...] = ((tr("Pixel type"), str(layer.labels.array.dtype)),)
    else:
        about, pixels = _about(layer), _pixels(layer)
    grid = (*_grid(layer.own_geometry), (tr("Orientation"), orientation(geometry)), (tr("Transform"), said(layer)))
    return tuple(row for row in (*about, *grid, *pixels) if row[1])


def orientation(geometry: Geometry) -> str:
    """Return which way the stored axes point in the patient."""
    if not geometry.oriented:
        return tr("not stated")
    named = [geometry.letters(geometry.axes[:, axis]) for axis in range(3)]
    said = ", ".join(f"{axis} {tr(_TOWARDS[letters[0]])}" for axis, letters in zip("xyz", named, strict=True))
    return tr("{axes} (oblique)", axes=said) if any(len(letters) > 1 for letters in named) else said


def _about(layer: ImageLayer) -> tuple[Row, ...]:
    acquisition = layer.volume.acquisition
    series = acquisition.series_description
    if acquisition.series_number:
        series = tr("{series} (no. {number})", series=series, number=acquisition.series_number).strip()
    frames = tr("{number} of {count}", number=layer.frame + 1, count=len(layer.frames)) if len(layer.frames) > 1 else ""
    return (tr("Modality"), acquisition.modality), (tr("Series"), series), (tr("Frame"), frames)


def _grid(geometry: Geometry) -> tuple[Row, ...]:
    axes = range(2 if geometry.size[2] == 1 else 3)
    size = _TIMES.join(str(geometry.size[axis]) for axis in axes)
    known = [geometry.known_spacing[axis] for axis in axes]
    numbers = [number(round(geometry.spacing[a], 4)) if known[a] else "?" for a in axes]
    spacing = f"{_TIMES.join(numbers)} mm" if any(known) else tr("not stated, lengths are in pixels")
    if geometry.at_detector:
        spacing = tr("{spacing} at the detector", spacing=spacing)
    if not geometry.is_even:
        spacing = tr("{spacing} (median; slices are unevenly spaced)", spacing=spacing)
    extent = ""
    if all(known):
        extent = _TIMES.join(number(round(geometry.size[a] * geometry.spacing[a], 1)) for a in axes) + " mm"
    volume = geometry.voxel_volume
    return (
        (tr("Size"), tr("{size} pixels", size=size) if len(axes) == 2 else tr("{size} voxels", size=size)),
        (tr("Spacing"), spacing),
        (tr("Extent"), extent if geometry.is_even else ""),
        (tr("Voxel"), f"{volume:.4g} mm³" if volume is not None and len(known) == 3 else ""),
    )


def _pixels(layer: ImageLayer) -> tuple[Row, ...]:
    volume: Volume = layer.volume
    kind = f"{volume.dtype}"
    if volume.is_colour:
        parts = {3: "RGB", 4: "RGBA"}.get(volume.components, tr("{components} values", components=volume.components))
        kind = tr("{parts} of {dtype}", parts=parts, dtype=volume.dtype)
    return (
        (tr("Pixel type"), kind),
        (tr("Unit"), volume.unit or "" if volume.is_colour else volume.unit or tr("not stated")),
        (tr("Memory"), amount(sum(frame.nbytes for frame in layer.frames))),
    )


class InformationPane(QTextBrowser):
    """Facts and findings of a layer as one page that can be selected, copied and scrolled."""

    mend_asked = Signal(object)
    """Emitted with the ``Mend`` whose words were clicked."""

    def __init__(self, mends: Callable[[ImageLayer], Sequence[Mend]] = lambda _layer: (),
                 parent: QWidget | None = None) -> None:  # fmt: skip
        super().__init__(parent)
        self._mends_of = mends
        self._mends: dict[str, Mend] = {}
        self.anchorClicked.connect(self._clicked)
        self.setAccessibleName(tr("Information on the active layer"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMinimumSize(80, 80)
        self.document().setDocumentMargin(12)
        self.setFont(theme.figures(self.font()))
        self._layer: Layer | None = None
        self._page = ""
        self._shown: Callable[[str], str] = str
        theme.signals.changed.connect(self._write)

    def show_layer(self, layer: Layer | None, shown: Callable[[str], str] = str) -> None:
        """Show the facts of a layer, each text as ``shown`` lets it be."""
        self._layer, self._shown = layer, shown
        if self.isVisible():
            self._write()
        else:
            self.clear()
            self._page = ""

    def showEvent(self, event: QShowEvent) -> None:
        """Write what was not needed while hidden."""
        super().showEvent(event)
        self._write()

    def _write(self) -> None:
        mends = self._mends_of(self._layer) if isinstance(self._layer, ImageLayer) else ()
        self._mends = {mend.code: mend for mend in mends}
        page = html(self._layer, mends, self._shown) if self._layer is not None else ""
        if page != self._page:
            self._page = page
            self.setStyleSheet(f"InformationPane {{ background: {theme.colors().panel}; border: none; }}")
            self.setHtml(page)


    def _clicked(self, link: QUrl) -> None:
        mend = self._mends.get(link.path())
        if mend is not None:
            self.mend_asked.emit(mend)


def html(layer: Layer, mends: Sequence[Mend] = (), shown: Callable[[str], str] = str) -> str:
    """Return the page of a layer in the colours of the theme, each text as ``shown`` lets it be.

    What can be done about a finding is a link below it.
    """
    colors = theme.colors()
    table = "".join(
        f"<tr><td style='color:{colors.dim}; padding:0 16px 5px 0'>{escape(name)}</td>"
        f"<td style='padding:0 0 5px 0'>{escape(shown(value))}</td></tr>"
        for name, value in rows(layer)
    )
    name = escape(shown(layer.name))
    page = f"<p style='font-weight:600; margin:0'>{name}</p><table style='margin-top:8px'>{table}</table>"
    findings = layer.volume.findings if isinstance(layer, ImageLayer) else ()
    if findings:
        heading = escape(tr("FINDINGS"))
        page += f"<p style='color:{colors.dim}; font-weight:600; margin:14px 0 6px 0'>{heading}</p>"
        by_code = {mend.code: mend for mend in mends}
        page += "".join(_paragraph(finding, by_code.pop(finding.code, None)) for finding in findings)
    return f"<body style='color:{colors.text}'>{page}</body>"


def _paragraph(finding: Finding, mend: Mend | None = None) -> str:
    colors = theme.colors()
    color = {"info": colors.dim, "warning": colors.warning, "error": colors.danger}[finding.severity]
    word = {"info": tr("Note"), "warning": tr("Warning"), "error": tr("Error")}[finding.severity]
    said = escape(finding.message)
    link = ""
    if mend is not None:
        look = f"color:{colors.accent}; text-decoration:none"
        link = f"<br><a href='mend:{mend.code}' style='{look}'>{escape(mend.words)}</a>"
    start = f"<span style='color:{color}; font-weight:600'>{word}</span>"
    return f"<p style='margin:0 0 6px 0'>{start}&nbsp; {said}{link}</p>"
