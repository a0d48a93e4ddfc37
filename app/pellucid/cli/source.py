"""From a path on the command line to the series, images and volumes it holds."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.cli import report
from pellucid.dicom.kinds import SEGMENTATION
from pellucid.dicom.label_objects import LABELS
from pellucid.dicom.stack import sequences
from pellucid.files.discover import is_series
from pellucid.model.findings import Finding, Refused
from pellucid.model.volume import Volume

if TYPE_CHECKING:
    from pellucid.dicom.stack import Series, VolumePlan
    from pellucid.files.discover import Found, Item

Reader = Callable[[], tuple[Volume, ...]]
_OF_VALUES = frozenset({"unreadable-file", "pixel-count", "high-bit", "unscaled"})
"""Findings by which values are not those of the patient: said wherever an image is used."""


def add_choice(parser: argparse.ArgumentParser) -> None:
    """Declare which part of a folder is meant."""
    parser.add_argument(
        "--series",
        metavar="UID|INDEX",
        help="one series of a folder: its UID, or its place in the scan, from 0",
    )
    parser.add_argument("--volume", type=int, metavar="INDEX", help="one image of a series that holds several, "
                        "from 0; of a fractional segmentation, the values of one segment")  # fmt: skip


def add_splitting(parser: argparse.ArgumentParser) -> None:
    """Declare how the frames of a series become images where that is not left to Pellucid."""
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--split-by", action="append", default=[], metavar="TAG",
        help="a separate image for each value of a tag: its keyword (EchoTime), its number (0018,0081), or one of the "
        "names that scan shows; may be given several times",
    )  # fmt: skip
    how.add_argument("--frames-by", action="append", default=[], metavar="TAG",
                     help="the values of a tag are the frames of one image; may be given several times")  # fmt: skip
    parser.add_argument("--merge", action="store_true",
                        help="put together what is split by orientation, size or frame of reference, if that makes one "
                        "grid")  # fmt: skip


def split(item: Item, options: argparse.Namespace) -> Item:
    """Return a series split as the options say; raise Refused where that cannot be."""
    from pellucid.dicom.splitting import Splitting, names_of

    by = names_of(options.split_by or options.frames_by)
    choice = Splitting(by, apart=bool(options.split_by), merged=options.merge)
    if not choice.text:
        return item
    if not is_series(item):
        raise Refused(f"“{item.path.name}” is no DICOM series, so that it cannot be split by tags or merged.")
    from pellucid.dicom.resplit import read_splittable

    found = read_splittable(item.files, item.uid)
    if choice.merged and found.kinds < 2:
        raise Refused("There is nothing to merge: the series is on one grid already.")
    return found.split(choice)


def find(path: Path) -> Found:
    """Return what a path holds; raise Refused when there is nothing at the path."""
    from pellucid.files.discover import discover

    if not path.exists():
        raise Refused(f"There is no file or folder “{path}”.")
    return discover([path])


def choose(path: Path, series: str | None = None) -> Item:
    """Return the one series or image file that a path and ``--series`` mean; raise Refused when unclear."""
    found = find(path)
    if found.series and found.problems:
        report.complain(f"Files that could not be read are left out: {len(found.problems)}. "
                        f"The first: {found.problems[0].sentence}")  # fmt: skip
    if series is not None:
        return _named(found, path, series)
    loadable = [item for item in found.series if item.volumes and item.content not in LABELS]
    if len(loadable) > 1:
        lines = "".join(f"\n  {found.series.index(item)}  {title(item)}" for item in loadable)
        raise Refused(f"“{path}” holds {len(loadable)} series. Choose one with --series:{lines}")
    if loadable:
        if found.images:
            report.complain(f"The image files beside the series are left out: {len(found.images)}.")
        return loadable[0]
    labels = [item for item in found.series if item.content in LABELS]
    if len(labels) == 1 and not found.images:
        return labels[0]
    if labels and not found.images:
        lines = "".join(f"\n  {found.series.index(item)}  {title(item)}" for item in labels)
        raise Refused(f"“{path}” holds {len(labels)} series of labels. Choose one with --series:{lines}")
    if len(found.images) == 1:
        return found.images[0]
    if found.images:
        names = ", ".join(image.path.name for image in found.images[:5])
        raise Refused(f"“{path}” holds {len(found.images)} image files ({names} …). Name one of them.")
    raise Refused(_nothing(found, path))


def _named(found: Found, path: Path, series: str) -> Item:
    for item in found.series:
        if item.uid == series:
            return item
    if series.isdecimal() and int(series) < len(found.series):
        return found.series[int(series)]
    raise Refused(f"“{path}” holds no series “{series}”; it holds {len(found.series)}. List them with scan.")


def _nothing(found: Found, path: Path) -> str:
    if found.series:
        said = [finding.message for item in found.series for finding in item.findings]
        return said[0] if said else f"“{path}” holds {title(found.series[0])}, which is not an image."
    if found.problems:
        return found.problems[0].sentence
    return f"“{path}” holds no image that can be read."


def title(item: Item) -> str:
    """Return a line that names a series or file: modality, description, size."""
    if not is_series(item):
        return item.path.name
    count, noun = len(item.volumes), "volume"
    if item.content in LABELS:
        count, noun = len(item.contents), "segment" if item.content == SEGMENTATION else "structure"
    held = f"{count} {noun}{'s' * (count != 1)}"
    return "  ".join(part for part in (item.modality, item.description, held, item.uid) if part)


def images(item: Item) -> Iterator[tuple[str, Reader]]:
    """Return each image of an item: a label (``""`` for the only one) and how to read its frames."""
    if not is_series(item):
        yield "", partial(read_file, item.path)
        return
    groups = sequences(item)
    for plans in groups:
        yield _label(plans) if len(groups) > 1 else "", partial(read_noting, plans)


def _label(plans: tuple[VolumePlan, ...]) -> str:
    """Return what tells an image from the others of its series: what its frames have in common."""
    common = [value.text for value in plans[0].values if all(value in plan.values for plan in plans)]
    return ", ".join(common) if len(plans) > 1 and common else plans[0].label


def read_file(path: Path) -> tuple[Volume, ...]:
    """Read the frames of an image file."""
    from pellucid.files.images import read

    return read(path)


def read_plans(plans: tuple[VolumePlan, ...]) -> tuple[Volume, ...]:
    """Read the frames of one image of a series."""
    from pellucid.dicom.read import read_plan, read_sequence

    return (read_plan(plans[0]),) if len(plans) == 1 else read_sequence(plans)


def read_noting(plans: tuple[VolumePlan, ...]) -> tuple[Volume, ...]:
    """Read the frames of one image of a series; say on stderr where their values are not those of the patient."""
    frames = read_plans(plans)
    for said in dict.fromkeys(finding.message for volume in frames for finding in volume.findings
                              if finding.code in _OF_VALUES):  # fmt: skip
        report.note(said)
    return frames


def read_one(path: Path, series: str | None = None, volume: int | None = None) -> tuple[Volume, ...]:
    """Read the frames of the one image that path and options mean; raise Refused when several are meant."""
    return read_item(choose(path, series), volume)


def read_item(item: Item, volume: int | None = None) -> tuple[Volume, ...]:
    """Read the frames of one image of an item; raise Refused when it holds several and none is chosen."""
    if not is_series(item):
        return read_file(item.path)
    return read_noting(one_image(item, volume))


def one_image(series: Series, volume: int | None) -> tuple[VolumePlan, ...]:
    """Return the plans of one image of a series; raise Refused when there are several and none is chosen."""
    groups = sequences(series)
    if not groups:
        said = "".join(f" {finding.message}" for finding in series.findings)
        if series.content in LABELS:
            said = " It holds labels; convert makes a label image of them."
        raise Refused(f"The series “{series.description or series.uid}” holds no image.{said}")
    if volume is None and len(groups) > 1:
        lines = "".join(f"\n  {n}  {plans[0].label or f'volume {n}'}" for n, plans in enumerate(groups))
        raise Refused(
            f"The series “{series.description or series.uid}” holds {len(groups)} separate images. "
            f"Choose one with --volume:{lines}"
        )
    if volume is not None and not 0 <= volume < len(groups):
        raise Refused(f"There is no volume {volume}; the series holds {len(groups)}, counted from 0.")
    return groups[volume or 0]


def findings_of(item: Item) -> tuple[Finding, ...]:
    """Return what was noticed about a series or file as a whole."""
    return tuple(item.findings)
