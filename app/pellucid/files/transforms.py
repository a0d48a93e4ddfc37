"""Transforms of registration in files: ITK's ``.tfm .txt .h5 .mat``, displacement fields as NRRD and NIfTI.

A transform takes points of the fixed image to points of the moving one (LPS, mm), as ITK has it. Files are read in a
child process, as HDF5 and NIfTI are not for the process of the window; what is written is read back and compared.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.files.limits import DECODED_IN_CHILD
from pellucid.files.safe_write import replacing
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.reduction import amount

if TYPE_CHECKING:
    from collections.abc import Callable

    import SimpleITK as sitk

    from pellucid.dicom.child import Pool
    from pellucid.operations.engines.registration.texts import Piece

LISTS = (".tfm", ".txt", ".h5", ".hdf5", ".mat")
FIELDS = (".nrrd", ".nii.gz", ".nii")
LARGEST = DECODED_IN_CHILD
"""The largest file that is read, in bytes."""
_PLAIN = (".tfm", ".txt")
_DEADLINE = 60.0


def ending_of(path: Path) -> str:
    """Return the ending of a file of a transform; raise Refused when none can have it."""
    name = path.name.lower()
    for ending in (*LISTS, *FIELDS):
        if name.endswith(ending):
            return ending
    raise Refused(
        tr("{name} has no ending that a transform can have. Use one of {endings}.", name=path.name,
           endings=", ".join((*LISTS, *FIELDS)))
    )  # fmt: skip


# ---------------------------------------------------------------- reading


def read_transform(
    path: Path, *, pool: Pool | None = None, cancelled: Callable[[], bool] | None = None
) -> sitk.Transform:
    """Return the transform of a file; raise Refused with a sentence when there is none in it."""
    from pellucid.dicom.child import default_pool
    from pellucid.operations.engines.registration.texts import Piece, built

    path = Path(path)
    ending_of(path)
    if not path.is_file():
        raise Refused(tr("There is no file “{name}”.", name=path.name))
    if path.stat().st_size > LARGEST:
        raise Refused(
            tr("{name} has {size}; a transform may have {most}.", name=path.name, size=amount(path.stat().st_size),
               most=amount(LARGEST))
        )  # fmt: skip
    layout, arrays = (pool or default_pool()).call(
        "pellucid.files.transforms:decode", {"path": str(path)}, deadline=_DEADLINE, cancelled=cancelled
    )
    pieces = [
        Piece(kind, dimension, arrays[2 * n], arrays[2 * n + 1], order)
        for n, (kind, dimension, order) in enumerate(layout["pieces"])
    ]
    try:
        return built(pieces)
    except (ValueError, RuntimeError) as error:
        raise Refused(_no_transform(path)) from error


def decode(payload: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    """Read a file in a child: kind, dimension and order of every part, and two lists of numbers for each."""
    path = Path(payload["path"])
    pieces = _field(path) if ending_of(path) in FIELDS else _listed(path)
    rows = [[piece.kind, piece.dimension, piece.order] for piece in pieces]
    return {"pieces": rows}, [numbers for piece in pieces for numbers in (piece.parameters, piece.fixed)]


def _listed(path: Path) -> tuple[Piece, ...]:
    import SimpleITK as sitk

    from pellucid.operations.engines.registration.texts import pieces_of

    try:
        found = pieces_of(sitk.ReadTransform(str(path)))
    except ValueError as error:
        raise Refused(
            tr("{name} holds a transform of a kind that cannot be used here ({kind}). Write it as a displacement "
               "field.", name=path.name, kind=str(error)[:60])
        ) from error  # fmt: skip
    except RuntimeError as error:
        raise Refused(_no_transform(path)) from error
    if not found:
        raise Refused(_no_transform(path))
    return found


def _no_transform(path: Path) -> str:
    return tr("{name} holds no transform of two or three dimensions that can be read. It may be damaged, or something "
              "else.", name=path.name)  # fmt: skip


def _field(path: Path) -> tuple[Piece, ...]:
    """Return a displacement field; ITK turns the signs of NIfTI's own displacements (intent 1006), which are RAS.

    A NIfTI file is read where it is alone: of x.nii.gz beside an x.nii ITK takes the header of the one and the voxels
    of the other.
    """
    import SimpleITK as sitk

    try:
        with tempfile.TemporaryDirectory() as folder:
            alone = path
            if ending_of(path) != ".nrrd":
                alone = Path(folder) / f"field{ending_of(path)}"
                _link(path, alone)
            image = sitk.ReadImage(str(alone), sitk.sitkVectorFloat64)
    except (RuntimeError, OSError) as error:
        raise Refused(_no_field(path)) from error
    if image.GetDimension() == 3 and image.GetSize()[2] == 1 and image.GetNumberOfComponentsPerPixel() == 2:
        image = image[:, :, 0]
    if image.GetDimension() not in (2, 3) or image.GetNumberOfComponentsPerPixel() != image.GetDimension():
        raise Refused(_no_field(path))
    piece = _piece_of(image)
    if not np.isfinite(piece.parameters).all():
        raise Refused(tr("{name} holds displacements that are no numbers.", name=path.name))
    return (piece,)


def _link(path: Path, alone: Path) -> None:
    """Give a file another name, and its content a second time where the system knows no links."""
    try:
        alone.symlink_to(path.resolve())
    except OSError:
        shutil.copyfile(path, alone)


def _no_field(path: Path) -> str:
    return tr("{name} holds no displacement field: one vector in mm for each voxel, with as many numbers as the image "
              "has dimensions.", name=path.name)  # fmt: skip


def _piece_of(field: sitk.Image) -> Piece:
    import SimpleITK as sitk

    from pellucid.operations.engines.registration.texts import Piece

    grid = (field.GetSize(), field.GetOrigin(), field.GetSpacing(), field.GetDirection())
    fixed = np.array([n for part in grid for n in part], np.float64)
    numbers = sitk.GetArrayViewFromImage(field).astype(np.float64).ravel()
    return Piece("DisplacementFieldTransform", field.GetDimension(), numbers, fixed)


def check_dimension(transform: sitk.Transform, *, planar: bool, name: str) -> None:
    """Raise Refused when a transform is for volumes and the images are pictures, or the other way round."""
    if transform.GetDimension() == (2 if planar else 3):
        return
    if planar:
        raise Refused(tr("{name} holds a transform of three dimensions; these images have two.", name=name))
    raise Refused(tr("{name} holds a transform of two dimensions; these images have three.", name=name))


# ---------------------------------------------------------------- writing


def write_transform(transform: sitk.Transform, path: Path, *, onto: Geometry | None = None) -> tuple[str, ...]:
    """Write a transform in the format of the path's ending and return what the format cannot keep of it.

    A displacement field is written on its own grid, any other transform is sampled on the grid ``onto``. Raises
    Refused with a sentence when it cannot be written or does not read back; the file that was there stays.
    """
    path = Path(path)
    ending = ending_of(path)
    if ending in FIELDS:
        return _write_field(transform, path, ending, onto)
    from pellucid.operations.engines.registration.texts import pieces_of

    try:
        pieces = pieces_of(transform)
    except ValueError as error:
        raise Refused(tr("{name} was not written: this transform has no form in such a file. Write it as a "
                         "displacement field (.nrrd).", name=path.name)) from error  # fmt: skip
    said: tuple[str, ...] = ()
    if ending == ".mat" and len(pieces) != 1:
        pieces, said = _as_one(transform, path)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / f"transform{ending}"
        _write_list(pieces, made, path)
        if not _same(pieces, made):
            raise Refused(_differs(path))
        _put(made, path)
    return said


def _as_one(transform: sitk.Transform, path: Path) -> tuple[tuple[Piece, ...], tuple[str, ...]]:
    """Return a chain as a single matrix, for files that hold one transform."""
    from pellucid.operations.engines.registration.texts import as_affine, pieces_of

    if not transform.IsLinear():
        raise Refused(tr("{name} was not written: a .mat file holds one transform, and this is a chain of several that "
                         "bends. Choose .tfm or .h5.", name=path.name))  # fmt: skip
    return pieces_of(as_affine(transform)), (tr("The chain of transforms was joined to one affine transform."),)


def _write_list(pieces: tuple[Piece, ...], made: Path, path: Path) -> None:
    import SimpleITK as sitk

    from pellucid.operations.engines.registration.texts import built, text_of

    try:
        if made.suffix in _PLAIN:
            made.write_text(text_of(pieces, packed=False), encoding="ascii")
        else:
            sitk.WriteTransform(built(pieces), str(made))
    except (RuntimeError, OSError) as error:
        raise Refused(_not_written(path)) from error


def _same(pieces: tuple[Piece, ...], made: Path) -> bool:
    """Return whether ITK reads the same parts from our own file."""
    try:
        back = _listed(made)
    except Refused:
        return False
    return len(back) == len(pieces) and all(one.same(other) for one, other in zip(pieces, back, strict=True))


def _write_field(
    transform: sitk.Transform, path: Path, ending: str, onto: Geometry | None
) -> tuple[str, ...]:
    import SimpleITK as sitk

    field, said = field_of(transform, onto)
    if ending != ".nrrd" and not _upright(field):
        raise Refused(tr("{name} was not written: NIfTI would straighten this tilted grid. Choose .nrrd.",
                         name=path.name))  # fmt: skip
    array = sitk.GetArrayViewFromImage(field)
    if np.array_equal(array.astype(np.float32), array):
        field = sitk.Cast(field, sitk.sitkVectorFloat32)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / f"field{ending}"
        try:
            sitk.WriteImage(field, str(made), ending != ".nii")
            (back,) = _field(made)
        except RuntimeError as error:
            raise Refused(_not_written(path)) from error
        if not _same_field(back, _piece_of(field)):
            raise Refused(_differs(path))
        _put(made, path)
    return said


def _upright(field: sitk.Image) -> bool:
    axes = np.reshape(field.GetDirection(), (field.GetDimension(),) * 2)
    return np.allclose(axes.T @ axes, np.eye(len(axes)), atol=1e-4)


def field_of(transform: sitk.Transform, onto: Geometry | None) -> tuple[sitk.Image, tuple[str, ...]]:
    """Return the displacements of a transform as an image, and what is to be said of it."""
    import SimpleITK as sitk

    one = transform.Downcast()
    if isinstance(one, sitk.DisplacementFieldTransform):
        return one.GetDisplacementField(), ()
    if onto is None:
        raise Refused(tr("A displacement field needs a grid: choose the fixed image."))
    n = one.GetDimension()
    direction = np.reshape(onto.direction, (3, 3))[:n, :n].ravel().tolist()
    sampled = sitk.TransformToDisplacementField(
        one, sitk.sitkVectorFloat64, onto.size[:n], onto.origin[:n], onto.spacing[:n], direction
    )
    return sampled, (tr("The transform was sampled at the voxels of the fixed image; it ends where they end."),)


def _same_field(read: Piece, written: Piece) -> bool:
    """Return whether a field came back: every displacement, and the grid as far as NIfTI keeps it (32-bit floats)."""
    return np.array_equal(read.parameters, written.parameters) and np.allclose(
        read.fixed, written.fixed, rtol=1e-5, atol=1e-4
    )


def _put(made: Path, path: Path) -> None:
    """Bring a file that was made and checked to its place."""
    with replacing(path, needs=made.stat().st_size) as temporary:
        shutil.copyfile(made, temporary)
        if temporary.stat().st_size != made.stat().st_size:
            raise Refused(_differs(path))


def _not_written(path: Path) -> str:
    return tr("{name} was not written: ITK refused it. Choose another folder or another format.", name=path.name)


def _differs(path: Path) -> str:
    return tr("{name} was not kept: what was written does not read back the same.", name=path.name)
