"""Label images on the command line: whole numbers as labels, and one of them as a mask."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from pellucid.cli import report, source
from pellucid.files.discover import is_series
from pellucid.model.findings import Refused
from pellucid.model.labels import Label, LabelMap, color_for
from pellucid.model.volume import Volume, image_from_array


def label_map(volume: Volume, name: str) -> LabelMap:
    """Return a volume of whole numbers as labels; raise Refused when its values cannot be labels."""
    values = volume.array
    if volume.is_colour:
        raise Refused(f"“{name}” is a colour image; labels are whole numbers, one per voxel.")
    if values.dtype.kind == "f":
        rounded = np.rint(values)
        if not np.array_equal(rounded, values) or np.abs(rounded).max(initial=0) >= 2**31:
            raise Refused(f"“{name}” holds values that are not whole numbers, so they are not labels.")
        values = rounded.astype(np.int32)
    return LabelMap(volume.geometry, values)


def label_maps(path: Path) -> list[LabelMap]:
    """Return the labels of a file or series; the segments of a segmentation one by one, as they may overlap."""
    item = source.choose(path)
    images = list(source.images(item))
    if len(images) == 1 or not is_series(item) or item.modality != "SEG":
        return [label_map(only_frame(source.read_one(path), path), path.name)]
    return [_segment(only_frame(read(), path), said, n) for n, (said, read) in enumerate(images, start=1)]


def _segment(volume: Volume, said: str, n: int) -> LabelMap:
    """Return one segment as a label with its own number and name, as in ``segment 2 Liver``."""
    found = re.fullmatch(r"segment (\d+) ?(.*)", said)
    value, name = (int(found[1]), found[2] or said) if found else (n, said)
    values = np.where(volume.array != 0, value, 0).astype(np.int32)
    return LabelMap(volume.geometry, values, (Label(value, name, color_for(value)),))


def only_frame(frames: tuple[Volume, ...], path: Path) -> Volume:
    """Return the only frame of an image; raise Refused for a 4-D image."""
    if len(frames) != 1:
        raise Refused(f"“{path.name}” has {len(frames)} frames; labels are measured on one volume. Convert one first.")
    return frames[0]


def mask_of(volume: Volume, name: str, label: int | None) -> Volume:
    """Return where a label image holds ``label`` (any label when None) as a volume of 0 and 1."""
    values = label_map(volume, name).array
    found = values != 0 if label is None else values == label
    if not found.any():
        report.complain(f"“{name}” holds no voxel of {'any label' if label is None else f'label {label}'}.")
    elif label is None and len(present := np.unique(values[found])) > 1:
        report.complain(f"The {len(present)} labels of “{name}” are taken together; choose one with --label.")
    image = image_from_array(found.astype(np.uint8), volume.geometry)
    return replace(volume, image=image, unit="", padding=None, rescale=None)
