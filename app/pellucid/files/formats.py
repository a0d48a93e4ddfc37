"""What each format can hold, said in sentences before anything is written (hazards H31, H32).

``obstacle`` is what makes a format impossible for an image; ``losses`` is what would be lost but can be
accepted. NIfTI could keep a tilted (sheared) grid in its sform, and does when the loss is accepted, but
programs built on ITK refuse such files or straighten them silently: so it counts as a loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pellucid.files.writers import axes_written, code
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.labels import LabelMap
from pellucid.model.volume import Volume

_BYTE = frozenset(("u1",))
_PICTURE = frozenset(("u1", "u2"))
_ALL = frozenset(("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"))
SHEARED = 1e-4
"""Axes whose products differ by more than this from perpendicular unit vectors count as tilted."""


@dataclass(frozen=True)
class Format:
    """What one format can hold; ``colour`` are the types colour may have, ``packed`` is compressed."""

    name: str
    extensions: tuple[str, ...]
    types: frozenset[str] = _ALL
    colour: frozenset[str] = _ALL
    alpha: bool = True
    stacks: bool = True
    places: bool = True
    shears: bool = True
    spacing: bool = True
    packed: bool = True
    lossy: bool = False


NIFTI = Format("NIfTI", (".nii",), colour=_BYTE, shears=False, packed=False)
NIFTI_GZ = Format("NIfTI", (".nii.gz",), colour=_BYTE, shears=False)
NRRD = Format("NRRD", (".nrrd",))
META = Format("MetaImage", (".mha",), packed=False)
TIFF = Format("TIFF", (".tif", ".tiff"), _ALL - {"u8", "i8"}, _PICTURE, places=False)
PNG = Format("PNG", (".png",), _PICTURE, _PICTURE, stacks=False, places=False, spacing=False)
JPEG = Format(
    "JPEG",
    (".jpg", ".jpeg"),
    _BYTE,
    _BYTE,
    alpha=False,
    stacks=False,
    places=False,
    spacing=False,
    lossy=True,
)
FORMATS = (NIFTI_GZ, NIFTI, NRRD, META, TIFF, PNG, JPEG)
Exported = Volume | LabelMap | Sequence[Volume]


def format_of(path: str | Path) -> Format:
    """Return the format of a path, extension or format name; raise Refused when there is none."""
    name = Path(path).name.lower() if Path(path).name else str(path).lower()
    for known in FORMATS:
        if name.endswith(known.extensions) or name == known.name.lower():
            return known
    wanted = ", ".join(extension for known in FORMATS for extension in known.extensions[:1])
    raise Refused(
        tr("{name} has no extension that can be written. Use one of {wanted}.", name=Path(path).name, wanted=wanted)
    )


def frames_of(image: Exported) -> tuple[list[np.ndarray], Geometry]:
    """Return the arrays and the grid of what is exported."""
    if isinstance(image, LabelMap):
        return [image.array], image.geometry
    volumes = [image] if isinstance(image, Volume) else list(image)
    if any(not v.geometry.same_grid(volumes[0].geometry) or v.dtype != volumes[0].dtype for v in volumes):
        raise Refused(tr("The frames differ in grid or type and cannot go into one file. Export them one by one."))
    return [volume.array for volume in volumes], volumes[0].geometry


def obstacle(image: Exported, target: str | Path | Format) -> str:
    """Return the sentence why a format cannot hold an image at all, or ``""``."""
    form = target if isinstance(target, Format) else format_of(target)
    frames, geometry = frames_of(image)
    array = frames[0]
    components = array.shape[3] if array.ndim == 4 else 1
    other = tr("Choose NIfTI, NRRD or MetaImage.")
    if components > 1 and components not in (3, 4):
        return tr("Images with {components} values per voxel cannot be exported.", components=components)
    if components == 1 and code(array.dtype) not in form.types:
        return tr("{name} cannot hold {type} values. {other}", name=form.name, type=array.dtype.name, other=other)
    if components > 1 and code(array.dtype) not in form.colour:
        return tr(
            "{name} cannot hold colour of type {type}. Choose NRRD or MetaImage.",
            name=form.name,
            type=array.dtype.name,
        )
    if components == 4 and not form.alpha:
        return tr("{name} cannot hold transparency. Choose PNG or TIFF.", name=form.name)
    if not form.stacks and (geometry.size[2] > 1 or len(frames) > 1):
        return tr("{name} holds one picture, not a volume. Export a slice, or choose another format.", name=form.name)
    if form.lossy and isinstance(image, LabelMap):
        return tr("{name} would change label values. Choose PNG or TIFF.", name=form.name)
    return ""


def losses(image: Exported, target: str | Path | Format) -> tuple[str, ...]:
    """Return a sentence for everything a format cannot keep of an image; an obstacle comes first."""
    form = target if isinstance(target, Format) else format_of(target)
    blocked = obstacle(image, form)
    _, geometry = frames_of(image)
    said = [blocked] if blocked else []
    said += [text for text in (_uneven(geometry, form), _place(geometry, form), _unknown(geometry, form)) if text]
    if form.lossy:
        said.append(tr("{name} is lossy: pixel values change. PNG keeps them.", name=form.name))
    return tuple(said)


def _uneven(geometry: Geometry, form: Format) -> str:
    if geometry.slice_positions is None:
        return ""
    gaps = np.diff(geometry.slice_positions)
    even = np.arange(geometry.size[2]) * geometry.spacing[2]
    wrong = float(np.max(np.abs(even - np.array(geometry.slice_positions))))
    return tr(
        "The slices are unevenly spaced ({smallest:.3g} to {largest:.3g} mm) and {name} holds one "
        "distance: slices would be up to {wrong:.3g} mm off. Resample to even spacing first.",
        smallest=gaps.min(),
        largest=gaps.max(),
        name=form.name,
        wrong=wrong,
    )


def _place(geometry: Geometry, form: Format) -> str:
    if geometry.oriented and not form.places:
        spacing = "kept" if form.spacing and any(geometry.known_spacing) else tr("lost too")
        return tr(
            "{name} cannot hold where the image lies in the patient: position and orientation "
            "are lost, the spacing is {spacing}.",
            name=form.name,
            spacing=spacing,
        )
    if not form.spacing and geometry.has_lengths:
        return tr("{name} cannot hold the spacing of the pixels.", name=form.name)
    if form.places and not form.shears and geometry.oriented and geometry.orthonormality_error > SHEARED:
        return tr(
            "The grid is tilted by {angle:.3g}°. {name} keeps this only in the sform, and "
            "many programs straighten it. NRRD and MetaImage keep it for certain.",
            angle=tilt_degrees(geometry),
            name=form.name,
        )
    return ""


def _unknown(geometry: Geometry, form: Format) -> str:
    """Say when the file must state a spacing that is not known."""
    needed = geometry.known_spacing[: axes_written(geometry)]
    if all(needed) or not form.spacing:
        return ""
    if geometry.oriented and form.places:
        return tr("The spacing along some axis is unknown, and {name} will state 1 mm there.", name=form.name)
    if any(needed) and form is META:
        return tr("The spacing is known along some axes only, and {name} will state none.", name=form.name)
    return ""


def tilt_degrees(geometry: Geometry) -> float:
    """Return how far the axes are from perpendicular, in degrees."""
    products = np.abs(geometry.axes.T @ geometry.axes - np.eye(3))
    return float(np.degrees(np.arcsin(min(1.0, float(np.max(products))))))
