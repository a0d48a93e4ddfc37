"""Write a file or a DICOM series in another format, verified by reading it back."""

from __future__ import annotations

import argparse
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.cli import dicom, report, source
from pellucid.cli.labels import grid_for, is_labels, object_maps
from pellucid.dicom.kinds import STRUCTURES
from pellucid.files.discover import is_series
from pellucid.model.findings import Refused
from pellucid.model.volume import Volume

if TYPE_CHECKING:
    from pellucid.cli.source import Reader
    from pellucid.dicom.stack import Series
    from pellucid.files.discover import Item
    from pellucid.recipes import Recipe

SUMMARY = "write a file, a DICOM series or labels as NIfTI, NRRD, MetaImage, TIFF or DICOM"
FORMATS = ("nii.gz", "nii", "nrrd", "mha", "tif")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("input", type=Path, metavar="IN", help="an image file, or a file or folder of DICOM")
    parser.add_argument("target", metavar="OUT", help="the file to write; with --all or for DICOM a folder")
    source.add_choice(parser)
    source.add_splitting(parser)
    parser.add_argument("--all", action="store_true", help="write every volume found, each to a file of its own")
    parser.add_argument("--format", choices=FORMATS, default="nii.gz", help="format of the files of --all")
    parser.add_argument("--onto", type=Path, metavar="PATH",
                        help="the image onto whose grid the labels of a DICOM object go")  # fmt: skip
    parser.add_argument("--structure", action="append", default=[], metavar="NAME",
                        help="only this segment or structure; may be given several times")  # fmt: skip
    add_spacing(parser)
    add_writing(parser)
    dicom.add_arguments(parser)


def add_spacing(parser: argparse.ArgumentParser) -> None:
    """Declare the spacing that the user states."""
    told = "the spacing in mm where the source states none; 0 keeps one that is known"
    parser.add_argument("--spacing", type=float, nargs=3, metavar=("X", "Y", "Z"), help=told)


def add_writing(parser: argparse.ArgumentParser) -> None:
    """Declare what to do about what a format cannot keep."""
    parser.add_argument("--accept-loss", action="store_true", help="write even what the format cannot keep")
    parser.add_argument("--even", action="store_true", help="first resample uneven slices to even spacing")


def run(options: argparse.Namespace) -> int:
    """Write one image, or all of them."""
    options.output = Path(options.target)
    if dicom.wanted(options):
        return dicom.run(options)
    if options.all:
        return _write_all(options)
    if options.output.is_dir():
        raise Refused(f"“{options.output}” is a folder. Name a file in it, or write everything found with --all.")
    item = source.choose(options.input, options.series)
    if is_labels(item) and options.volume is None:
        return _write_labels(item, options)
    if options.structure or options.onto is not None:
        raise Refused("--structure and --onto are for DICOM segmentations and structure sets.")
    frames = source.read_item(source.split(item, options), options.volume)
    _write_with_gradients(prepared(frames, options), options.output, options)
    return 0


def _write_labels(item: Item, options: argparse.Namespace) -> int:
    """Write the labels of a segmentation or structure set: one file, or one for each layer where labels overlap."""
    from pellucid.files.export import export_labels, losses

    assert is_series(item)
    where = options.onto if options.onto is not None else _beside(item, options.input)
    onto = grid_for(item, where) if where is not None else None
    maps = object_maps(item, onto, options.structure)
    if item.volumes:
        report.note("To write the values from 0 to 1 of a segment as an image, name it with --volume: 0 is the first.")
    if options.onto is not None and not all(onto and labels.geometry.same_grid(onto) for labels in maps):
        raise Refused(f"The labels do not lie on the voxels of the image in “{options.onto}”. Leave out --onto to "
                      "write them on a grid of their own.")  # fmt: skip
    for n, labels in enumerate(maps, start=1):
        path = options.output if len(maps) == 1 else _numbered(options.output, n)
        lost = losses(labels, path)
        if lost and not options.accept_loss:
            raise Refused(f"{' '.join(lost)} Write it all the same with --accept-loss.")
        written = export_labels(labels, path)
        for sentence in lost:
            report.complain(f"{path.name}: {sentence}")
        for made in (written.path, written.beside):
            if made is not None:
                report.show(str(made))
    return 0


def _beside(item: Series, path: Path) -> Path | None:
    """Return the folder that holds structures where it holds the image they were drawn on, too."""
    if item.content != STRUCTURES or not path.is_dir():
        return None
    there = any(one.uid in item.references and one.volumes for one in source.find(path).series)
    return path if there else None


def _numbered(path: Path, n: int) -> Path:
    """Return ``out-2.nii.gz`` for ``out.nii.gz``."""
    stem, *endings = path.name.split(".")
    return path.with_name(".".join([f"{stem}-{n}", *endings]))


def prepared(frames: tuple[Volume, ...], options: argparse.Namespace) -> tuple[Volume, ...]:
    """Return the frames with the spacing that was stated, and with even spacing, when that is asked for."""
    if getattr(options, "spacing", None):
        from pellucid.recipes.spacing import spaced

        x, y, z = (number or None for number in options.spacing)
        frames = tuple(spaced(volume, (x, y, z)) for volume in frames)
    if not options.even:
        return frames
    from pellucid.files.export import evened

    return tuple(evened(volume) for volume in frames)


def _write_with_gradients(frames: tuple[Volume, ...], path: Path, options: argparse.Namespace) -> None:
    """Write the frames of one image as they were read, and their diffusion weighting beside them."""
    from pellucid.files.gradients import write_gradients

    write(frames, path, options)
    beside, unknown = write_gradients(frames, path)
    for made in beside:
        report.show(str(made))
    if unknown:
        report.note(f"{path.name}: {unknown}")


def write(frames: tuple[Volume, ...], path: Path, options: argparse.Namespace) -> None:
    """Write the frames of one image and print the path; raise Refused when something would be lost."""
    from pellucid.files.export import export_image, losses, obstacle

    if path.exists() and options.input.exists() and path.samefile(options.input):
        raise Refused(f"“{path}” is the file that is read. Choose another name for the result.")
    if blocked := obstacle(frames, path):
        raise Refused(f"{path.name} was not written. {blocked}")
    lost = losses(frames, path)
    if lost and not options.accept_loss:
        uneven = frames[0].geometry.slice_positions is not None
        other = "Do that with --even, or write" if uneven else "Write"
        raise Refused(f"{' '.join(lost)} {other} it all the same with --accept-loss.")
    written = export_image(frames, path)
    for sentence in lost:
        report.complain(f"{path.name}: {sentence}")
    for sentence in (one for one in written.sentences[1:] if one not in lost):
        report.note(f"{path.name}: {sentence}")
    report.show(str(path))


def check_answer(recipe: Recipe, path: Path) -> None:
    """Raise Refused when the recipe answers with points, a table or rows and the file is not for them."""
    from pellucid.files.answers import check_ending
    from pellucid.recipes.needs import ANSWERS, answer_kind

    if answer_kind(recipe) in ANSWERS:
        check_ending(path)


def write_results(results: tuple[Any, ...], path: Path, options: argparse.Namespace) -> None:
    """Write what was made of the frames of one image: an image like ``write``, or the rows of its answers."""
    from pellucid.files.answers import is_answer, write_answers

    if not is_answer(results[0]):
        write(results, path, options)
        return
    write_answers(results, path)
    report.show(str(path))


def _write_all(options: argparse.Namespace) -> int:
    """Write every image below the path; what cannot be written is named, the rest is written all the same."""
    folder: Path = options.output
    if folder.exists() and not folder.is_dir():
        raise Refused(f"“{folder}” is a file; --all needs a folder to write into.")
    items = _items(options)
    folder.mkdir(parents=True, exist_ok=True)
    failed = 0
    for number, item in enumerate(items):
        stem = f"{number:03d}_{_words(item)}"
        for label, read in source.images(item):
            failed += not _write_part(read, folder / _name(stem, label, options.format, folder), options)
    return 1 if failed else 0


def _items(options: argparse.Namespace) -> list[Item]:
    if options.series is not None:
        return [source.split(source.choose(options.input, options.series), options)]
    found = source.find(options.input)
    for problem in found.problems:
        report.complain(problem.sentence)
    if labels := [series for series in found.series if is_labels(series)]:
        report.complain(f"Series of labels are left out ({len(labels)}): write them one by one with --series.")
    items: list[Item] = [*(series for series in found.series if series.volumes and not is_labels(series)),
                         *found.images]  # fmt: skip
    if not items:
        raise Refused(f"“{options.input}” holds no image that can be read.")
    return [source.split(item, options) if is_series(item) else item for item in items]


def _write_part(read: Reader, path: Path, options: argparse.Namespace) -> bool:
    try:
        _write_with_gradients(prepared(read(), options), path, options)
    except Refused as refusal:
        report.complain(f"{path.name}: {refusal}")
        return False
    return True


def _words(item: Item) -> str:
    """Return what a series or file is called, as part of a file name."""
    said = f"{item.modality} {item.description}" if is_series(item) else item.path.name.split(".")[0]
    return clean(said) or "image"


def _name(stem: str, label: str, extension: str, folder: Path) -> str:
    """Return a name that no file of the folder has."""
    stem = "_".join(part for part in (stem, clean(label)) if part)
    name, n = f"{stem}.{extension}", 2
    while (folder / name).exists():
        name, n = f"{stem}_{n}.{extension}", n + 1
    return name


def clean(text: str) -> str:
    """Return letters, digits and hyphens only, at most 48: safe as a file name on every system."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", ascii_text).strip("-")[:48].rstrip("-")
