"""What can be exported, in which formats, and what a slice loses by it. No Qt here."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.language import mark, tr
from pellucid.model.layer import ImageLayer, LabelLayer, Layer
from pellucid.model.slicing import PlaneFrame, plane_frame
from pellucid.model.view import Plane
from pellucid.ui.forms.numbers import short_number

if TYPE_CHECKING:
    from pellucid.session import Session

VOLUME_FORMATS = (
    (mark("NIfTI, compressed (.nii.gz)"), ".nii.gz"),
    (mark("NIfTI (.nii)"), ".nii"),
    (mark("NRRD (.nrrd)"), ".nrrd"),
    (mark("MetaImage (.mha)"), ".mha"),
    (mark("TIFF (.tif)"), ".tif"),
)
PICTURE_FORMATS = ((mark("PNG (.png)"), ".png"), (mark("JPEG (.jpg)"), ".jpg"))
TRUE_FORMATS = ((mark("PNG, 16 bits (.png)"), ".png"), (mark("TIFF (.tif)"), ".tif"))
_SLICES = {
    Plane.AXIAL: mark("Axial slice"), Plane.CORONAL: mark("Coronal slice"), Plane.SAGITTAL: mark("Sagittal slice"),
    Plane.ACQUIRED: mark("Slice"),
}  # fmt: skip
_SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".mha", ".tif", ".tiff", ".png", ".jpg", ".jpeg")


@dataclass(frozen=True, eq=False)
class Target:
    """A layer as a whole, or one slice of an image: as shown, or with its true values."""

    title: str
    layer: Layer
    plane: Plane | None = None
    as_shown: bool = False

    def formats(self) -> tuple[tuple[str, str], ...]:
        """Return (title, extension) of the formats offered."""
        if self.plane is None:
            flat = self.layer.geometry.size[2] == 1
            return (*VOLUME_FORMATS, *PICTURE_FORMATS) if flat else VOLUME_FORMATS
        return PICTURE_FORMATS if self.as_shown else TRUE_FORMATS


def targets(session: Session) -> list[Target]:
    """Return everything the document offers for export, the active layer first."""
    document = session.document
    order = {layer.id: number for number, layer in enumerate(document.layers)}
    layers = sorted(document.layers, key=lambda layer: (layer is not document.active, -order[layer.id]))
    found = [Target(f"{layer.name} ({_kind(layer)})", layer) for layer in layers]
    image = document.active_image
    if image is not None:
        planes = (Plane.ACQUIRED,) if image.geometry.is_planar else (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)
        for plane in planes:
            name = tr(_SLICES[plane])
            found.append(
                Target(tr("{slice} of {image}, as shown", slice=name, image=image.name), image, plane, as_shown=True)
            )
            found.append(Target(tr("{slice} of {image}, true values", slice=name, image=image.name), image, plane))
    return found


def _kind(layer: Layer) -> str:
    return tr("labels") if isinstance(layer, LabelLayer) else tr("image")


def slice_at_crosshair(session: Session, plane: Plane) -> tuple[PlaneFrame, int]:
    """Return the plane through the crosshair and its slice number."""
    reference = session.document.reference
    assert reference is not None
    frame = plane_frame(reference, plane)
    return frame, frame.slice_index(session.view.crosshair)


def slice_losses(target: Target, extension: str) -> tuple[str, ...]:
    """Return a sentence for everything that exporting a slice does not keep."""
    layer, lost = target.layer, []
    if target.as_shown and isinstance(layer, ImageLayer) and not layer.volume.is_colour:
        display, unit = layer.display, layer.volume.unit
        window = tr(
            "level {level}, width {width} {unit}",
            level=short_number(display.level),
            width=short_number(display.width),
            unit=unit,
        ).strip()
        lost.append(tr("Values become 256 shades of grey with the present window ({window}).", window=window))
    if extension == ".jpg":
        lost.append(tr("JPEG is lossy: values change a little."))
    lost.append(tr("Position and orientation in the patient are not kept."))
    return tuple(lost)


def file_name(target: Target, extension: str, covered: Callable[[str], str]) -> str:
    """Return a proposal for the file name that every file system takes; ``covered`` takes out who the patient is."""
    stem = re.sub(r"[^\w.\- ]+", "_", covered(target.layer.name), flags=re.UNICODE).strip(" ._") or "image"
    suffix = "" if target.plane is None else f" {target.plane.value}"
    return f"{stem[:80]}{suffix}{extension}"


def with_extension(path: Path, extension: str) -> Path:
    """Return a path with another of our extensions, or with one when it had none."""
    name = path.name
    for known in _SUFFIXES:
        if name.lower().endswith(known):
            name = name[: -len(known)]
            break
    return path.with_name((name or "image") + extension)
