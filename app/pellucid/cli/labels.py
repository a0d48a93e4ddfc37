"""Label images on the command line: the labels of a file, or the segments of a DICOM segmentation."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from pellucid.cli import source
from pellucid.files.discover import is_series
from pellucid.files.label_images import label_map
from pellucid.model.findings import Refused
from pellucid.model.labels import Label, LabelMap, color_for
from pellucid.model.volume import Volume


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
