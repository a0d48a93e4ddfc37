"""Label images on the command line: the labels of a file, of a DICOM segmentation or of a structure set."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.cli import report, source
from pellucid.dicom.label_objects import LABELS
from pellucid.files.discover import is_series
from pellucid.files.label_images import label_map
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.labels import LabelMap
from pellucid.model.volume import Volume

if TYPE_CHECKING:
    from pellucid.dicom.stack import Series
    from pellucid.files.discover import Item


def label_maps(path: Path) -> list[LabelMap]:
    """Return the labels of a file or series; several maps where segments or structures overlap."""
    item = source.choose(path)
    if is_labels(item):
        return object_maps(item)
    return [label_map(only_frame(source.read_one(path), path), path.name)]


def is_labels(item: Item) -> bool:
    """Return whether an item is a segmentation or a structure set."""
    return is_series(item) and item.content in LABELS


def object_maps(item: Item, onto: Geometry | None = None, names: Collection[str] = ()) -> list[LabelMap]:
    """Return the labels of a segmentation or structure set, on a grid where one is given; say what is odd."""
    from pellucid.dicom.object_labels import label_maps_of

    assert is_series(item)
    maps: list[LabelMap] = []
    for path in item.files:
        found = label_maps_of(path, item.content, [] if onto is None else [onto], names=names)
        maps += found.maps
        for finding in found.findings:
            report.note(finding.message)
    return maps


def grid_for(item: Series, onto: Path) -> Geometry:
    """Return the grid of the image below a path that labels belong onto: of several, the one they were made from."""
    found = source.find(onto)
    images = [one for one in found.series if one.volumes and one.content not in LABELS]
    made_from = [one for one in images if one.uid in item.references]
    wanted = made_from or images
    if len(wanted) > 1:
        named = ", ".join(f"“{one.description or one.uid}”" for one in wanted[:5])
        raise Refused(f"“{onto}” holds {len(wanted)} series ({named} …). Name the folder or a file of one of them.")
    if not wanted:
        return only_frame(source.read_one(onto), onto).geometry
    geometry = source.one_image(wanted[0], None)[0].geometry
    stated = item.frame_of_reference
    if stated and geometry.frame_of_reference and stated != geometry.frame_of_reference:
        raise Refused(f"“{item.description or item.uid}” states another frame of reference than the image in “{onto}”: "
                      "whether they lie on each other is not known.")  # fmt: skip
    return geometry


def only_frame(frames: tuple[Volume, ...], path: Path) -> Volume:
    """Return the only frame of an image; raise Refused for a 4-D image."""
    if len(frames) != 1:
        raise Refused(f"“{path.name}” has {len(frames)} frames; labels are measured on one volume. Convert one first.")
    return frames[0]
