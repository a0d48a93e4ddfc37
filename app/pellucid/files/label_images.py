"""Label images: whole numbers as labels, and one of them, or all, as a mask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.labels import LabelMap
from pellucid.model.volume import Volume, image_from_array


def label_map(volume: Volume, name: str) -> LabelMap:
    """Return a volume of whole numbers as labels; raise Refused when its values cannot be labels."""
    values = volume.array
    if volume.is_colour:
        raise Refused(tr("“{name}” is a colour image; labels are whole numbers, one per voxel.", name=name))
    if values.dtype.kind == "f":
        rounded = np.rint(values)
        if not np.array_equal(rounded, values) or np.abs(rounded).max(initial=0) >= 2**31:
            raise Refused(tr("“{name}” holds values that are not whole numbers, so they are not labels.", name=name))
        values = rounded.astype(np.int32)
    return LabelMap(volume.geometry, values)


def mask_of(volume: Volume, name: str, label: int | None, remark: Callable[[str], None]) -> Volume:
    """Return where a label image holds ``label`` (any label when None) as a volume of 0 and 1."""
    values = label_map(volume, name).array
    found = values != 0 if label is None else values == label
    if not found.any() and label is None:
        remark(tr("“{name}” holds no voxel of any label.", name=name))
    elif not found.any():
        remark(tr("“{name}” holds no voxel of label {label}.", name=name, label=label))
    elif label is None and len(present := np.unique(values[found])) > 1:
        said = tr("The {count} labels of “{name}” are taken together; choose one with --label.",
                  count=len(present), name=name)  # fmt: skip
        remark(said)
    image = image_from_array(found.astype(np.uint8), volume.geometry)
    return replace(volume, image=image, unit="", padding=None, rescale=None)
