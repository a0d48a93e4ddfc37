"""Steps that are no operation of the registry: what the window does to a whole image or to a label by hand.

Some can be taken again on any image. The others hold for the voxels they were done to and nowhere else; each says so.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from string import Template
from typing import Any

import numpy as np

from pellucid.language import mark, tr
from pellucid.model.findings import Finding, Refused
from pellucid.model.geometry import Geometry
from pellucid.model.hand_edits import HandPatch
from pellucid.model.layer import HAND_EDIT
from pellucid.model.volume import Volume, image_from_array
from pellucid.recipes.hardened import HARDEN, harden
from pellucid.recipes.spacing import CALIBRATED, PIXELS_SET, PYTHON, SET_SPACING, set_spacing

MAKE_EVEN, CALIBRATE, LABEL_VALUE = "make_even", "calibrate", "labels.value"
HARDENED = "transform.resampled"
"""Resampled to a grid like ``HARDEN``, but by a transform that is too large to be kept as text."""
SPLIT, ONE_FRAME, MERGE = "channels.split", "channels.frame", "channels.merge"
ALIGN_FRAMES, TEMPLATE = "frames.align", "frames.template"
_SUPERSEDED = {CALIBRATED, PIXELS_SET, "unknown-spacing", "detector-spacing"}
"""Codes of findings that a calibration makes untrue."""

Take = Callable[[Volume, Mapping[str, Any]], Volume]


@dataclass(frozen=True)
class OwnStep:
    """A step by its id: its title, what it is taken on and makes (``""``: whatever comes), how it is taken.

    Without ``take`` it cannot be taken again, and ``why_not`` says why. ``python`` is a template like an operation's.
    A step that works on all frames of a time series ``together`` is taken by ``recipes.together``.
    """

    id: str
    title: str
    needs: str = ""
    makes: str = ""
    take: Take | None = None
    why_not: str = ""
    python: str = ""
    keeps_unit: bool = True
    same_grid: bool = True
    together: bool = False

    @property
    def keeps_window(self) -> bool:
        """Return whether the window of the image shows the result as well."""
        return self.keeps_unit


def lines(own: OwnStep, parameters: Mapping[str, Any]) -> str:
    """Return plain Python lines that do the same, or ``""`` where there are none or a parameter is missing."""
    values = {name: repr(value) for name, value in parameters.items()}
    try:
        return Template(inspect.cleandoc(own.python)).substitute(values)
    except KeyError:
        return ""


def find(id: str) -> OwnStep | None:
    """Return the step of an id, or None when it is an operation or unknown."""
    return _KNOWN.get(id)


def painted(volume: Volume, patches: Sequence[HandPatch]) -> Volume:
    """Return a mask with the patches of a hand edit; raise Refused when they belong to another grid."""
    mask = np.array(volume.array, np.uint8)
    for patch in patches:
        if patch.grid != mask.shape:
            raise Refused(tr("The hand edit was made on another grid and fits no other. Switch this step off."))
        try:
            patch.put_into(mask)
        except ValueError as error:
            raise Refused(tr("The voxels of the hand edit are damaged. Switch this step off.")) from error
    return replace(volume, image=image_from_array(mask, volume.geometry))


def hand_title(how: object, strokes: object = 1) -> str:
    """Return what was done by hand, in words."""
    words = {
        "painted": tr("Painted by hand"),
        "erased": tr("Erased by hand"),
        "overwritten": tr("Overwritten by another label"),
    }
    title = words.get(str(how), tr("Edited by hand"))
    if how == "overwritten" or not isinstance(strokes, int) or strokes < 2:
        return title
    return tr("{title}, {count} strokes", title=title, count=strokes)


def scaled(geometry: Geometry, factor: float) -> Geometry:
    """Return a grid whose in-plane spacing is known: the present one times a factor."""
    x, y, z = geometry.spacing
    known = (True, True, geometry.known_spacing[2])
    return replace(geometry, spacing=(x * factor, y * factor, z), known_spacing=known, at_detector=False)


def calibrated(volume: Volume, factor: float, millimetres: float) -> Volume:
    """Return the same pixels on a grid with a known spacing, and the finding that says why it is known."""
    import SimpleITK as sitk

    words = tr("The spacing was calibrated by hand: a line was said to be {millimetres:g} mm long.",
               millimetres=millimetres)  # fmt: skip
    geometry, image = scaled(volume.geometry, factor), sitk.Image(volume.image)
    image.SetSpacing(geometry.spacing[: image.GetDimension()])
    kept = tuple(finding for finding in volume.findings if finding.code not in _SUPERSEDED)
    return replace(volume, image=image, geometry=geometry, findings=(*kept, Finding(CALIBRATED, words, "info")))


def channel(volume: Volume, number: int) -> Volume:
    """Return one channel of a colour image as an image of its own."""
    image = image_from_array(np.ascontiguousarray(volume.array[..., number]), volume.geometry)
    return replace(volume, image=image, findings=())


def _make_even(volume: Volume, _parameters: Mapping[str, Any]) -> Volume:
    from pellucid.files.evening import evened

    return evened(volume)


def _calibrate(volume: Volume, parameters: Mapping[str, Any]) -> Volume:
    factor, millimetres = parameters.get("factor"), parameters.get("length_mm", 0.0)
    if not isinstance(factor, int | float) or not isinstance(millimetres, int | float) or not 0 < factor < np.inf:
        raise Refused(tr("The factor of a calibration must be a number above 0."))
    known = volume.geometry.has_lengths and not volume.geometry.at_detector
    if known and not any(finding.code == CALIBRATED for finding in volume.findings):
        raise Refused(tr("The spacing is known from the source; it is not overwritten. Switch the calibration off."))
    return calibrated(volume, float(factor), float(millimetres))


def _split(volume: Volume, parameters: Mapping[str, Any]) -> Volume:
    number = parameters.get("channel", 0)
    if not volume.is_colour or not isinstance(number, int) or not 0 <= number < volume.components:
        raise Refused(tr("The image has no such channel. Use a colour image, or switch this step off."))
    return channel(volume, number)


def _label_value(volume: Volume, parameters: Mapping[str, Any]) -> Volume:
    if volume.is_colour:
        raise Refused(tr("A colour image holds no labels. Use an image of whole numbers."))
    mask = (volume.array == parameters.get("value", 1)).astype(np.uint8)
    return replace(volume, image=image_from_array(mask, volume.geometry), unit="", padding=None, rescale=None)


_KNOWN = {
    step.id: step
    for step in (
        OwnStep(HAND_EDIT, mark("Edited by hand"), "mask", "mask",
                why_not=mark("Step {number} was painted by hand and cannot be transferred to another image. "
                             "Switch it off or remove it.")),
        OwnStep(MAKE_EVEN, mark("Make spacing even"), take=_make_even, same_grid=False),
        OwnStep(HARDEN, mark("Resample to grid"), take=harden, same_grid=False),
        OwnStep(HARDENED, mark("Resample to grid"), same_grid=False,
                why_not=mark("Step {number} resampled by a transform that is too large for a recipe and cannot be "
                             "taken on another image. Switch it off, and resample by a saved transform instead.")),
        OwnStep(CALIBRATE, mark("Calibrate"), take=_calibrate, same_grid=False,
                python="""
                    result = sitk.Image(result)
                    x, y, *rest = result.GetSpacing()
                    result.SetSpacing([x * $factor, y * $factor, *rest])
                    """),
        OwnStep(SET_SPACING, mark("Set spacing"), take=set_spacing, same_grid=False, python=PYTHON),
        OwnStep(SPLIT, mark("Split channels"), "image", "image", take=_split,
                python="result = sitk.VectorIndexSelectionCast(result, $channel)"),
        OwnStep(LABEL_VALUE, mark("Use as labels"), "labels", "mask", take=_label_value, keeps_unit=False,
                python="result = sitk.Equal(result, $value)"),
        OwnStep(ONE_FRAME, mark("Split frames"), "image", "image",
                why_not=mark("Step {number} took one frame of several, and a recipe works on single images. "
                             "Remove it and start from that frame.")),
        OwnStep(ALIGN_FRAMES, mark("Align frames"), "image", "image", together=True),
        OwnStep(TEMPLATE, mark("Template image"), "image", "image", together=True),
        OwnStep(MERGE, mark("Merge channels"), "image", "image",
                why_not=mark("Step {number} merged several layers into a colour image and cannot be taken on one. "
                             "Remove it and start from a colour image.")),
    )
}  # fmt: skip
