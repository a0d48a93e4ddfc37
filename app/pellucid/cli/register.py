"""Register an image to another one: write the transform, the image on the grid of the fixed one, and how it went.

The transform takes points of the fixed image to points of the moving one (LPS, mm); a .tfm or .txt file is the text
format of ITK. Where the registration did not converge, all is written, the reason is said, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.cli import convert, report, source
from pellucid.model.findings import Refused
from pellucid.model.volume import Volume

if TYPE_CHECKING:
    import SimpleITK as sitk

    from pellucid.operations.engines.registration.outcome import Outcome
    from pellucid.operations.operation import Context, Operation

SUMMARY = "register an image to another one"
KEYS = ("converged", "metric_before", "metric_after", "iterations", "stop_reason", "seconds", "overlap", "doubts")
_OPERATION = "registration.register"
_STARTS = ("preset", "identity", "centres", "masses", "moments", "search")
_PRESETS = ("rigid", "rigid_mi", "affine_mi", "deformable", "demons", "histology", "drift")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("fixed", type=Path, metavar="FIXED", help="the image that stays: a file or a folder of DICOM")
    parser.add_argument("input", type=Path, metavar="MOVING", help="the image that is brought onto it")
    how = parser.add_argument_group("how")
    how.add_argument("--preset", choices=_PRESETS, help="what is registered (default: rigid_mi)")
    how.add_argument("--stages", metavar="TEXT",
                     help="stages of your own, like 'rigid metric=mattes shrink=4,2,1; bspline mesh=20'")  # fmt: skip
    how.add_argument("--start", choices=_STARTS, default="preset", help="where the search begins (default: as preset)")
    how.add_argument("--initial", type=Path, metavar="T", help="a transform to begin with")
    how.add_argument("--fixed-mask", type=Path, metavar="F", help="a label image: where to look in the fixed image")
    how.add_argument("--moving-mask", type=Path, metavar="M", help="a label image: where to look in the moving image")
    how.add_argument("--label", type=int, metavar="N", help="the value in the label images that is the mask")
    how.add_argument("--seed", type=int, default=1, metavar="N", help="of random samples (default 1)")
    made = parser.add_argument_group("what is written")
    made.add_argument("--out-transform", type=Path, metavar="T",
                      help="the transform: .tfm .txt .h5 .mat, or a displacement field: .nrrd .nii.gz")  # fmt: skip
    made.add_argument("--out", type=Path, metavar="IMAGE", help="the moving image on the grid of the fixed one")
    made.add_argument("--report", type=Path, metavar="JSON", help="how it went; printed where no file is written")
    made.add_argument("--interpolation", choices=("nearest", "linear", "bspline"), default="linear", help="of --out")
    made.add_argument("--background", type=float, metavar="VALUE",
                      help="of --out, beyond the image (default: its padding, else its lowest value)")  # fmt: skip
    parser.add_argument("--fixed-series", metavar="UID|INDEX", help="one series of a folder FIXED")
    parser.add_argument("--fixed-volume", type=int, metavar="INDEX", help="one image of that series, from 0")
    source.add_choice(parser)
    convert.add_writing(parser)


def run(options: argparse.Namespace) -> int:
    """Register, write what was asked for, and say how it went."""
    from pellucid.files.transforms import ending_of
    from pellucid.operations.operation import get
    from pellucid.recipes.hardened import value_beyond

    if options.preset and options.stages:
        raise Refused("Give a preset or stages, not both.")
    if options.out_transform is not None:
        ending_of(options.out_transform)
    operation = get(_OPERATION)
    values = _checked(operation, _values(options))
    fixed = _one(options, options.fixed, options.fixed_series, options.fixed_volume)
    moving = _one(options, options.input, options.series, options.volume)
    values |= {"initial": _initial(options.initial, moving)}
    if options.background is None and options.out is not None:
        values |= {"background": value_beyond((moving,), lambda: None)}
    volumes = [moving, fixed, *_masks(options, fixed)]
    outcome, result = _registered(operation, volumes, values, wanted=options.out is not None)
    _write(options, outcome, fixed, moving)
    if result is not None:
        from pellucid.recipes.replay import wrapped

        convert.write((wrapped(operation, moving, result, fixed.geometry),), options.out, options)
    if outcome.unmeasured:
        report.note(outcome.unmeasured)
    for sentence in outcome.doubts:
        report.complain(sentence)
    if not outcome.converged:
        report.complain(f"The registration did not converge: {outcome.stop_reason}")
    return 0 if outcome.converged else 1


def _values(options: argparse.Namespace) -> dict[str, Any]:
    stages = {} if options.stages is None else {"stages": options.stages}
    preset = options.preset or ("rigid_mi" if options.stages is None else "own")
    return {"preset": preset, **stages, "start": options.start, "seed": options.seed,
            "interpolation": options.interpolation, "background": options.background or 0.0}  # fmt: skip


def _checked(operation: Operation, values: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters, checked before anything is read."""
    from pellucid.operations.operation import Refused as Invalid

    try:
        return dict(operation.validate(**values).model_dump())
    except Invalid as error:
        raise Refused(str(error)) from error


def _one(options: argparse.Namespace, path: Path, series: str | None, volume: int | None) -> Volume:
    """Return the only frame of an image, its slices evenly spaced."""
    frames = convert.prepared(source.read_one(path, series, volume), options)
    if len(frames) != 1:
        raise Refused(f"“{path.name}” has {len(frames)} frames; one volume is registered. Convert one of them first.")
    if not frames[0].geometry.is_even:
        raise Refused(f"The slices of “{path.name}” are not evenly spaced. Make the spacing even first with --even.")
    return frames[0]


def _masks(options: argparse.Namespace, fixed: Volume) -> list[Volume]:
    """Return the masks; where only the moving image has one, that of the fixed image is all of it."""
    if options.moving_mask is None:
        return [] if options.fixed_mask is None else [_mask(options.fixed_mask, options.label)]
    if options.fixed_mask is not None:
        return [_mask(options.fixed_mask, options.label), _mask(options.moving_mask, options.label)]
    from pellucid.operations.engines.sampling import whole_of

    return [replace(fixed, image=whole_of(fixed.image)), _mask(options.moving_mask, options.label)]


def _mask(path: Path, label: int | None) -> Volume:
    from pellucid.cli.labels import only_frame
    from pellucid.files.label_images import mask_of

    return mask_of(only_frame(source.read_one(path), path), path.name, label, report.note)


def _is_picture(volume: Volume) -> bool:
    return volume.geometry.size[2] == 1 and not volume.geometry.oriented


def _initial(path: Path | None, moving: Volume) -> str:
    """Return the text of the transform to begin with; that of a picture may have two dimensions."""
    if path is None:
        return ""
    from pellucid.files.transforms import check_dimension, read_transform
    from pellucid.operations.engines.registration.applying import lifted
    from pellucid.operations.engines.registration.texts import transform_text

    transform = read_transform(path)
    try:
        if transform.GetDimension() == 2 and _is_picture(moving):
            transform = lifted(transform)
        check_dimension(transform, planar=False, name=path.name)
        return transform_text(transform)
    except ValueError as error:
        raise Refused(f"“{path.name}” bends and cannot be begun with: it is too large, or for pictures.") from error


def _registered(
    operation: Operation, volumes: list[Volume], values: dict[str, Any], *, wanted: bool
) -> tuple[Outcome, sitk.Image | None]:  # fmt: skip
    """Return what the registration came to and, where it is wanted, the moving image: as the operation makes it."""
    from pellucid.operations.operation import Cancelled
    from pellucid.operations.operation import Refused as CannotRun

    images = [volume.image for volume in volumes]
    with _stoppable() as context:
        context = replace(context, padding=volumes[0].padding)
        try:
            outcome = operation.prepare(operation.validate(**values), *images, context=context)
            if not wanted:
                return outcome, None
            return outcome, operation.run(replace(context, prepared=outcome), *images, **values)
        except CannotRun as error:
            raise Refused(str(error)) from error
        except Cancelled:
            raise KeyboardInterrupt from None


@contextmanager
def _stoppable() -> Iterator[Context]:
    """Give a context that hears Ctrl+C: inside ITK nothing else does."""
    from pellucid.operations.operation import Context

    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield Context()
        return
    before = signal.signal(signal.SIGINT, lambda *_: stop.set())
    try:
        yield Context(cancelled=stop.is_set)
    finally:
        signal.signal(signal.SIGINT, before)


def _write(options: argparse.Namespace, outcome: Outcome, fixed: Volume, moving: Volume) -> None:
    """Write the transform and the report."""
    if options.out_transform is not None:
        from pellucid.files.transforms import write_transform
        from pellucid.operations.engines.registration.applying import flattened

        flat = _is_picture(fixed) and _is_picture(moving)
        transform = flattened(outcome.transform) if flat else outcome.transform
        for sentence in write_transform(transform, options.out_transform, onto=fixed.geometry):
            report.note(sentence)
        report.show(str(options.out_transform))
    said = report.plain({key: getattr(outcome, key) for key in KEYS})
    if options.report is not None:
        from pellucid.files.texts import write_text

        write_text(options.report, json.dumps(said, indent=2, allow_nan=False) + "\n")
        report.show(str(options.report))
    elif options.out is None and options.out_transform is None:
        report.show_json(said)
