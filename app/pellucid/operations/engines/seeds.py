"""Places that were set with the mouse, as text and as voxels of an image."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.context import Refused

Place = tuple[float, float, float]


def parse_places(text: str) -> tuple[Place, ...]:
    """Return the places of ``"x y z; x y z"`` (LPS mm); raise Refused when the text does not hold places."""
    places = []
    for part in filter(None, (piece.strip() for piece in text.replace(",", " ").split(";"))):
        try:
            numbers = tuple(float(word) for word in part.split())
        except ValueError:
            numbers = ()
        if len(numbers) != 3 or not np.all(np.isfinite(numbers)):
            raise Refused(tr("“{part}” is no place; write three numbers in mm: x y z.", part=part))
        places.append(numbers)
    return tuple((x, y, z) for x, y, z in places)


def place_text(places: tuple[Place, ...]) -> str:
    """Return places as text, to a millionth of a millimetre: pixels of a microscope are below a thousandth."""
    return "; ".join(" ".join(f"{number:.6f}".rstrip("0").rstrip(".") for number in place) for place in places)


def seed_voxels(image: sitk.Image, places: tuple[Place, ...]) -> list[tuple[int, int, int]]:
    """Return the voxels (z, y, x) of an image at places; those beyond it are left out.

    A planar image has z = 0. Raises Refused when there is no place, or none of them lies in the image.
    """
    if not places:
        raise Refused(tr("Set at least one seed: press “Place” and click on the image."))
    dimension = image.GetDimension()
    found = []
    for place in places:
        index = image.TransformPhysicalPointToIndex(place[:dimension])
        if all(0 <= n < size for n, size in zip(index, image.GetSize(), strict=True)):
            x, y, *z = index
            found.append((z[0] if z else 0, y, x))
    if not found:
        raise Refused(tr("No seed lies inside the image. Set one on it."))
    return list(dict.fromkeys(found))
