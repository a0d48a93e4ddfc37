"""Write a file or a DICOM series in another format, verified by reading it back."""

from __future__ import annotations

import argparse
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.cli import report, source
from pellucid.files.discover import is_series
from pellucid.model.findings import Refused
from pellucid.model.volume import Volume

if TYPE_CHECKING:
    from pellucid.cli.source import Reader
    from pellucid.files.discover import Item
    from pellucid.recipes import Recipe

SUMMARY = "write a file or a DICOM series as NIfTI, NRRD, MetaImage or TIFF"
FORMATS = ("nii.gz", "nii", "nrrd", "mha", "tif")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("input", type=Path, metavar="IN", help="an image file, or a file or folder of DICOM")
    parser.add_argument("output", type=Path, metavar="OUT", help="the file to write; with --all a folder")
    source.add_choice(parser)
    parser.add_argument("--all", action="store_true", help="write every volume found, each to a file of its own")
    parser.add_argument("--format", choices=FORMATS, default="nii.gz", help="format of the files of --all")
    add_spacing(parser)
    add_writing(parser)


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
    if options.all:
        return _write_all(options)
    if options.output.is_dir():
        raise Refused(f"“{options.output}” is a folder. Name a file in it, or write everything found with --all.")
    frames = source.read_one(options.input, options.series, options.volume)
    write(prepared(frames, options), options.output, options)
    return 0


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
    export_image(frames, path)
    for sentence in lost:
        report.complain(f"{path.name}: {sentence}")
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
        return [source.choose(options.input, options.series)]
    found = source.find(options.input)
    for problem in found.problems:
        report.complain(problem.sentence)
    items: list[Item] = [*(series for series in found.series if series.volumes), *found.images]
    if not items:
        raise Refused(f"“{options.input}” holds no image that can be read.")
    return items


def _write_part(read: Reader, path: Path, options: argparse.Namespace) -> bool:
    try:
        write(prepared(read(), options), path, options)
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
