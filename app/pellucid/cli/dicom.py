"""Writing DICOM with ``convert``: derived series, segmentations and structure sets in a new folder."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.cli import report, source
from pellucid.cli.labels import is_labels, label_maps
from pellucid.dicom.writing.compressing import NONE, SYNTAXES
from pellucid.dicom.writing.origin import Origin, read_origin
from pellucid.dicom.writing.request import EXACT, WORDS, Request, Subject
from pellucid.files.discover import is_series
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.labels import Label, LabelMap

if TYPE_CHECKING:
    from pellucid.dicom.deidentify.finishing import Finisher
    from pellucid.dicom.stack import Series
    from pellucid.files.discover import Item
    from pellucid.files.export import Report

_MODALITIES = ("CT", "MR", "OT")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what is written as DICOM, and about whom."""
    group = parser.add_argument_group("DICOM", "OUT is a new folder then; a name that ends in / means one, too")
    group.add_argument("--dicom", action="store_true", help="write the image as a derived DICOM series")
    group.add_argument("--seg", action="store_true", help="write labels as a DICOM segmentation")
    group.add_argument("--rtstruct", action="store_true", help="write labels as a DICOM structure set")
    group.add_argument("--like", type=Path, metavar="PATH",
                       help="the DICOM series whose patient and study it joins, and where it lies")  # fmt: skip
    group.add_argument("--labels", type=Path, metavar="FILE", help="a table with names and colours of the labels")
    group.add_argument("--modality", choices=_MODALITIES, help="what the image is, where its source does not say so")
    group.add_argument("--description", default="", metavar="TEXT", help="the description of the new series")
    group.add_argument("--number", type=int, metavar="N", help="the number of the new series")
    group.add_argument("--patient-name", default="", metavar="NAME", help="as Family^Given; empty unless given")
    group.add_argument("--patient-id", default="", metavar="ID", help="empty unless given")
    group.add_argument("--compress", choices=tuple(SYNTAXES), default=NONE,
                       help="compress the pixels of an image without loss")  # fmt: skip
    group.add_argument("--anonymise", action="store_true",
                       help="de-identify by the Basic Profile what is written; pixels stay")  # fmt: skip
    group.add_argument("--patient-code", default="", metavar="CODE",
                       help="what the patient is called with --anonymise")  # fmt: skip


def wanted(options: argparse.Namespace) -> bool:
    """Return whether the command line asks for DICOM."""
    as_folder = str(options.target).endswith(("/", os.sep))
    return bool(options.dicom or options.seg or options.rtstruct or (as_folder and not options.all))


def run(options: argparse.Namespace) -> int:
    """Write an image or labels as DICOM into a new folder."""
    if options.all:
        raise Refused("--all writes other formats than DICOM; write one image as DICOM at a time.")
    item = source.choose(options.input, options.series)
    if options.patient_code and not options.anonymise:
        raise Refused("--patient-code is what the patient is called with --anonymise.")
    labels = options.seg or options.rtstruct or is_labels(item)
    if options.dicom and labels:
        raise Refused("--dicom writes an image, --seg and --rtstruct write labels: choose one.")
    finish = _finisher(options)
    written = _write_labels(options, finish) if labels else _write_image(item, options, finish)
    report.show(str(written.path))
    for sentence in (*written.sentences[1:], *((finish.sentence(),) if finish is not None else ())):
        report.note(sentence)
    return 0


def _write_image(item: Item, options: argparse.Namespace, finish: Finisher | None) -> Report:
    from pellucid.files.dicom_export import write_image

    if is_series(item):
        plans = source.one_image(item, options.volume)
        frames = source.read_noting(plans)
        made_of = read_origin(list(dict.fromkeys(frame.path for plan in plans for frame in plan.frames)))
    else:
        frames, made_of = source.read_file(item.path), None
    request = _request(options, _like(options) or made_of, finish)
    if options.like is not None:
        request = replace(request, steps=("Computed elsewhere: the file that was read does not say how",))
    if options.even and not all(volume.geometry.is_even for volume in frames):
        from pellucid.files.export import evened

        frames = tuple(evened(volume) for volume in frames)
        request = replace(request, steps=(*request.steps, "Slices resampled to even spacing, linear"),
                          operations=("geometry.resample",))  # fmt: skip
    if options.like is not None:
        frames = tuple(replace(volume, geometry=_there(volume.geometry, request.origin)) for volume in frames)
    return write_image(frames, options.output, request, accept_loss=options.accept_loss).report


def _write_labels(options: argparse.Namespace, finish: Finisher | None) -> Report:
    from pellucid.files.dicom_objects import RTSTRUCT, SEG, write_labels

    if options.patient_name or options.patient_id:
        raise Refused("Labels belong to the patient of the images named with --like.")
    maps = label_maps(options.input)
    images = _series_like(options)
    if images is None:
        raise Refused("Segmentations and structure sets refer to DICOM images: name their folder with --like.")
    origin = read_origin(images.files)
    labels, *beside = (LabelMap(_there(one.geometry, origin), one.array, _rows(one, options), one.standing())
                       for one in maps)  # fmt: skip
    _note_another_grid([labels, *beside], images)
    kinds = [kind for kind, asked in ((SEG, options.seg), (RTSTRUCT, options.rtstruct)) if asked] or [SEG]
    return write_labels(labels, options.output, _request(options, origin, finish), kinds, beside=beside)


def _finisher(options: argparse.Namespace) -> Finisher | None:
    """Return what cleans everything that is written, where that was asked for."""
    from pellucid.dicom.deidentify.finishing import EXPORT, Finisher

    return Finisher(replace(EXPORT, patient_code=options.patient_code)) if options.anonymise else None


def _rows(labels: LabelMap, options: argparse.Namespace) -> tuple[Label, ...]:
    from pellucid.files.label_tables import read_table

    if options.labels is not None:
        return read_table(options.labels)
    beside = options.input.with_name(options.input.name.split(".")[0] + ".labels.json")
    return read_table(beside) if not labels.labels and beside.is_file() else labels.labels


def _like(options: argparse.Namespace) -> Origin | None:
    """Return what the series named with ``--like`` says about itself."""
    item = _series_like(options)
    return None if item is None else read_origin(item.files)


def _series_like(options: argparse.Namespace) -> Series | None:
    """Return the series named with ``--like``."""
    if options.like is None:
        return None
    item = source.choose(options.like)
    if not is_series(item):
        raise Refused(f"“{options.like}” holds no DICOM series.")
    return item


def _note_another_grid(maps: Sequence[LabelMap], images: Series) -> None:
    """Say that labels are not on the voxels of the images: a format that lost their places may have moved them."""
    from pellucid.dicom.grid_fitting import fitted

    placed = [labels for labels in maps if labels.geometry.oriented]
    if placed and not any(all(fitted(labels, plan.geometry) for labels in placed) for plan in images.volumes):
        report.note("The labels do not lie on the voxels of the images named with --like. They are written where "
                    "their file says that they lie.")  # fmt: skip


def _there(geometry: Geometry, origin: Origin | None) -> Geometry:
    """Return a grid in the frame of reference of the series it is said to lie in."""
    if origin is None or geometry.frame_of_reference or not geometry.oriented:
        return geometry
    return replace(geometry, frame_of_reference=origin.frame_of_reference)


def _request(options: argparse.Namespace, origin: Origin | None, finish: Finisher | None) -> Request:
    if origin is not None and (options.patient_name or options.patient_id):
        raise Refused("The patient is that of the source. Leave out --patient-name and --patient-id.")
    subject = Subject(options.patient_name, options.patient_id)
    return Request(
        origin, subject, modality=options.modality or "", description=options.description, number=options.number,
        numbers=WORDS if options.accept_loss else EXACT, finish=finish, compression=options.compress,
    )  # fmt: skip
