"""The words in the corners of a pane: who, which study, which window, which slice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtGui import QPainter

from pellucid.language import mark, tr, within
from pellucid.model.display import Channel
from pellucid.model.gaps import gaps
from pellucid.model.layer import ImageLayer
from pellucid.model.placement import Placement
from pellucid.model.planes import GridFrame, PlaneFrame, plane_frame
from pellucid.model.reduction import REDUCED
from pellucid.model.view import Plane, PlaneMode
from pellucid.model.volume import Acquisition
from pellucid.session.comparing import Held
from pellucid.ui import theme
from pellucid.ui.canvas.words import LEFT, RIGHT, Words
from pellucid.ui.theme import PLANE_COLORS

TEXT, DIM, SLAB = "#e2e5e9", "#b7bcc4", "#8fc7ff"
MARGIN = 8
_SHARE = {False: 0.38, True: 0.41}  # of the width of the pane that a top or bottom corner may take
_STORED_AXES = {Plane.AXIAL: "x–y", Plane.CORONAL: "x–z", Plane.SAGITTAL: "y–z", Plane.ACQUIRED: ""}
_CHANNELS = {
    Channel.RED: mark("Red channel"), Channel.GREEN: mark("Green channel"), Channel.BLUE: mark("Blue channel"),
    Channel.ALPHA: mark("Alpha channel"), Channel.LUMINANCE: mark("Luminance"),
}  # fmt: skip
PLANE_TITLES = {
    Plane.AXIAL: mark("Axial"), Plane.CORONAL: mark("Coronal"), Plane.SAGITTAL: mark("Sagittal"),
    Plane.ACQUIRED: mark("Acquired"),
}  # fmt: skip
_NARROW = 240
"""Width of a pane below which only texts are shown that fit as a whole, one in each corner but the last."""
_OBLIQUE = 2.0  # degrees

Line = tuple[str, str]
"""A text and its colour."""


@dataclass(frozen=True)
class Corners:
    """The lines of the four corners, outermost first."""

    top_left: tuple[Line, ...] = ()
    top_right: tuple[Line, ...] = ()
    bottom_left: tuple[Line, ...] = ()
    bottom_right: tuple[Line, ...] = ()

    def mapped(self, shown: Callable[[str], str]) -> Corners:
        """Return the same corners with every text as a function has it."""
        groups = (self.top_left, self.top_right, self.bottom_left, self.bottom_right)
        return Corners(*(tuple((shown(text), color) for text, color in lines) for lines in groups))


def corners(
    layer: ImageLayer | None, frame: PlaneFrame, index: int, percent: float, *, hide_identity: bool, slab: str = "",
    limits: tuple[float, float] | None = None, fused: tuple[Line, ...] = (), held: Held | None = None,
) -> Corners:  # fmt: skip
    """Return the texts for an image in a plane; empty facts leave no line.

    ``limits`` are the window of a preview whose values are not in the unit of the image; ``fused`` is what is said of
    images that lie on it; ``held`` is what is shown instead of an image: as it was before.
    """
    here = _here(frame, index, slab)
    if layer is None:
        return Corners(bottom_left=((tr("Zoom {percent:.0f} %", percent=percent), DIM),), bottom_right=here)
    lies = held.placement if held is not None and held.layer is layer else layer.lies
    acquisition = layer.volume.acquisition
    who = (tr("Identity hidden"),) if hide_identity and _identifies(acquisition) else _patient(acquisition)
    study = (_date(acquisition.study_date), acquisition.study_description) if not hide_identity else ()
    series = _series(acquisition) or ("" if hide_identity else layer.name)  # a file name may name the patient
    return Corners(
        _lines(who),
        (*_lines((*study, series)), *_reduced(layer), *_moved(lies, named=not hide_identity)),
        (*_window(layer, limits), *fused, (tr("Zoom {percent:.0f} %", percent=percent), DIM)),
        (*here, *_frame(layer)),
    )


def plane_title(frame: PlaneFrame) -> str:
    """Return what a plane may honestly be called: stored axes when the orientation is unknown."""
    oriented, tilt = frame.geometry.oriented, frame.obliqueness_degrees
    if not oriented or frame.mode is PlaneMode.ACQUISITION:
        return _stored_title(frame)
    name = PLANE_TITLES[frame.plane]
    if frame.plane is Plane.ACQUIRED:
        return tr(name) if frame.geometry.size[2] > 1 else ""
    if tilt < _OBLIQUE:
        return tr(name)
    if frame.is_along_grid:
        return tr("Nearest {plane}, oblique {tilt:.0f}°", plane=within(name), tilt=tilt)
    return tr("{plane}, oblique {tilt:.0f}°", plane=tr(name), tilt=tilt)


def _stored_title(frame: PlaneFrame) -> str:
    """Return the title of a plane that is known by the stored axes it runs along."""
    axes = _STORED_AXES[frame.plane]
    name = tr("Acquired {axes}", axes=axes) if frame.geometry.oriented else axes
    if frame.is_along_grid:
        return name
    straight = plane_frame(frame.geometry, frame.plane, stored=True).normal
    angle = np.degrees(np.arccos(np.clip(frame.normal @ straight, -1.0, 1.0)))
    return tr("{plane}, turned {angle:.0f}°", plane=name, angle=angle)


def window_text(level: float, width: float, unit: str) -> str:
    """Return a window for reading: ``W 400  L 40 HU``."""
    return f"W {number(width)}  L {number(level)} {unit}".rstrip()


def layer_window(layer: ImageLayer) -> str:
    """Return the window of a layer for reading, in the unit its values are told in: ``W 10  L 5 SUV``."""
    factor, unit = layer.volume.told_in
    return window_text(layer.display.level * factor, layer.display.width * factor, unit)


def number(value: float) -> str:
    """Write a number with four figures at most after rounding away noise, with a true minus sign."""
    text = f"{value:.0f}" if abs(value) >= 1000 or value == round(value) else f"{value:.4g}"
    return text.replace("-", "\N{MINUS SIGN}", 1) if text.startswith("-") else text


def person(name: str) -> str:
    """Write a DICOM person name (``Doe^Jane``) for reading."""
    family, _, rest = name.partition("=")[0].partition("^")
    given = " ".join(part for part in rest.split("^") if part)
    return ", ".join(part for part in (family.strip(), given.strip()) if part)


def position(frame: PlaneFrame, index: int) -> str:
    """Return where the middle of a slice lies along the nearest patient axis: ``S 12.5 mm``, ``R 3 mm``."""
    left, top, right, bottom = frame.extent
    world = frame.world_at((left + right) / 2, (top + bottom) / 2, index)
    axis = int(abs(frame.normal).argmax())
    distance = round(float(world[axis]), 1)
    return f"{('LPS' if distance >= 0 else 'RAI')[axis]} {number(abs(distance))} mm"


def _here(frame: PlaneFrame, index: int, slab: str) -> tuple[Line, ...]:
    title = plane_title(frame)
    slices = f"{index + 1} / {frame.slice_count}" if frame.slice_count > 1 else ""
    where = ""
    if frame.has_depths and frame.geometry.oriented and slices:
        where = position(frame, index)
    gap = (_gap(frame, index), theme.DARK.warning)
    lines = ((where, DIM), gap, (slices, TEXT), (slab, SLAB), (title, PLANE_COLORS[frame.plane]))
    return tuple(line for line in lines if line[0])[::-1]


def _gap(frame: PlaneFrame, index: int) -> str:
    """Say that slices are missing beside the one that is shown, counted as it is counted here."""
    if not isinstance(frame, GridFrame) or frame.normal_axis != 2:
        return ""
    beside = {gap.after: gap.length for gap in gaps(frame.geometry)}
    if index in beside:
        return tr("then no slices for {length} mm", length=number(round(beside[index], 1)))
    if index - 1 in beside:
        return tr("before it no slices for {length} mm", length=number(round(beside[index - 1], 1)))
    return ""


def _frame(layer: ImageLayer) -> tuple[Line, ...]:
    count, value = len(layer.frames), layer.volume.acquisition.extra.get("frame_value", "")
    said = ((value, DIM),) if value else ()
    return (*said, (tr("Frame {number} / {count}", number=layer.frame + 1, count=count), TEXT)) if count > 1 else ()


def _window(layer: ImageLayer, limits: tuple[float, float] | None) -> tuple[Line, ...]:
    if limits is not None:
        return ((window_text(sum(limits) / 2, limits[1] - limits[0], ""), TEXT),)
    if layer.shows_colour:
        return ()
    display = layer.display
    one = ((tr(_CHANNELS[display.channel]), DIM),) if layer.volume.is_colour else ()
    text = layer_window(layer)
    turned = display.invert != layer.volume.acquisition.monochrome1
    return ((text, TEXT), *one, *(((tr("Inverted"), DIM),) if turned else ()))


def _moved(lies: Placement | None, *, named: bool) -> tuple[Line, ...]:
    """Say that the image lies where a transform puts it, and which one: not where its source says."""
    if lies is None:
        return ()
    title = lies.title if named else ""  # that of a file may name the patient
    bent = lies.warp is not None
    said = tr("Bent") if bent else tr("Moved")
    return ((f"{said}: {title}" if title else said, theme.DARK.warning if bent else DIM),)


def _reduced(layer: ImageLayer) -> tuple[Line, ...]:
    """Say that not all voxels of the image are here; results of filters still know it, though not how much."""
    if not any(finding.code == REDUCED for finding in layer.volume.findings):
        return ()
    reduction = layer.source.reduction
    return (
        (reduction.note if reduction is not None else tr("Part of the image, or down-sampled"), theme.DARK.warning),
    )


def _identifies(acquisition: Acquisition) -> bool:
    return bool(acquisition.patient_name or acquisition.patient_id or acquisition.birth_date)


def _patient(acquisition: Acquisition) -> tuple[str, ...]:
    born = _date(acquisition.birth_date)
    about = " · ".join(part for part in (tr("born {born}", born=born) if born else "", acquisition.sex) if part)
    patient = acquisition.patient_id if acquisition.patient_id != acquisition.patient_name else ""
    return person(acquisition.patient_name), about, patient


def _series(acquisition: Acquisition) -> str:
    modality, description = acquisition.modality, acquisition.series_description
    if description.upper().startswith(modality.upper()):
        return description
    return f"{modality} {description}".strip()


def _date(stored: str) -> str:
    whole = len(stored) == 8 and stored.isdigit()
    return f"{stored[:4]}-{stored[4:6]}-{stored[6:]}" if whole else stored


def _lines(texts: tuple[str, ...]) -> tuple[Line, ...]:
    filled = [text.strip() for text in texts if text.strip()]
    return tuple((text, TEXT if n == 0 else DIM) for n, text in enumerate(filled))


def paint(painter: QPainter, texts: Corners, words: Words, width: int, height: int) -> None:
    """Draw the texts into the corners of a pane; what does not fit is cut, then left out from the inside."""
    rows = rows_that_fit(words.height, height)
    for lines, right, bottom in (
        (texts.top_left, False, False),
        (texts.top_right, True, False),
        (texts.bottom_left, False, True),
        (texts.bottom_right, True, True),
    ):
        limit = round(_SHARE[bottom] * width) - MARGIN
        if right and bottom:
            lines = _folded(lines, limit, words)
        if is_narrow(width):
            whole = lines if right and bottom else lines[:1]
            lines = tuple(line for line in whole if line[1] == SLAB or words.width(line[0]) <= limit)
        x, side = (width - MARGIN, RIGHT) if right else (MARGIN, LEFT)
        rooms = (width // 2 if color == SLAB else limit for _text, color in lines)  # taken for a slice it misleads
        fitting = ((words.fitted(text, room), color) for (text, color), room in zip(lines, rooms, strict=True))
        for n, (text, color) in enumerate([line for line in fitting if line[0]][:rows]):
            y = height - MARGIN - (n + 1) * words.height if bottom else MARGIN + n * words.height
            words.draw(painter, text, color, x, y, side)


def _folded(lines: tuple[Line, ...], limit: int, words: Words) -> tuple[Line, ...]:
    """Break lines that are too wide after their commas; the innermost comes last."""
    found: list[Line] = []
    for text, color in lines:
        parts = text.split(", ") if words.width(text) > limit else [text]
        found.extend((part, color) for part in reversed(parts))
    return tuple(found)


def is_narrow(width: int) -> bool:
    """Return whether a pane has room for the shortest texts only."""
    return width < _NARROW


def rows_that_fit(line: int, height: int) -> int:
    """Return how many lines a corner of a pane may have so that half of the height stays free."""
    return max(1, (height // 2 - 2 * MARGIN) // (2 * line))
