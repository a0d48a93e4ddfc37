"""One image file that is not DICOM: what it is (``describe``) and its pixels (``read``).

The family is found by content, never by name. Sizes are checked before pixels are touched. Codecs (PNG, JPEG,
BMP, JPEG 2000, compressed TIFF) run in child processes; plain and deflated numbers are read here (see
``raw``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.dicom.child import Cancelled
from pellucid.dicom.memory import SHARE, check_fits
from pellucid.files import metaimage, nifti, nrrd, pictures, tiff
from pellucid.files.grids import from_spacing
from pellucid.files.raw import IsCancelled, PlainUnits, Progress, RawImage, check, head_of, load
from pellucid.language import tr
from pellucid.model.findings import Finding, Refused
from pellucid.model.geometry import Geometry
from pellucid.model.optics import Optics
from pellucid.model.reduction import Extent, Reduction
from pellucid.model.rescale import Rescale
from pellucid.model.timing import Moment, TimeSource, moments_of
from pellucid.model.volume import Acquisition, Volume, image_from_array

if TYPE_CHECKING:
    import SimpleITK as sitk

    from pellucid.dicom.child import Pool
    from pellucid.files.streamed import Units

EXTENSIONS = (
    ".nii", ".nii.gz", ".hdr", ".nrrd", ".nhdr", ".mha", ".mhd", ".tif", ".tiff", ".lsm", ".png", ".jpg",
    ".jpeg", ".bmp", ".jp2", ".j2k",
)  # fmt: skip
FOREIGN = {
    ".mnc": "MINC", ".mgz": "FreeSurfer MGZ", ".mgh": "FreeSurfer MGH", ".head": "AFNI",
    ".par": "Philips PAR/REC",
    ".czi": "Zeiss CZI", ".lif": "Leica LIF", ".mrc": "MRC", ".h5": "HDF5", ".hdf5": "HDF5", ".vtk": "VTK",
    ".gipl": "GIPL", ".nd2": "Nikon ND2", ".gif": "GIF", ".webp": "WebP", ".svs": "Aperio SVS",
    ".ima": "ECAT",
}  # fmt: skip
"""Formats that are not read, by extension: they get a sentence instead of silence."""
_HEAD = 1024
_UNLIKELY = 1000
"""Times its size in the file that an image seldom has."""
_AT_ONCE = 512 << 20
"""Files beyond this are read piece by piece: read at once, they would be in memory twice for a moment."""
_THUMBED = 32 << 20
"""Of larger files only the middle slice is read for a small picture."""


@dataclass(frozen=True)
class ImageFile:
    """What a header says; ``pixel_type`` is a NumPy name, ``frames`` is 1 or the length in time."""

    path: Path
    format: str
    geometry: Geometry
    pixel_type: str
    components: int = 1
    frames: int = 1
    findings: tuple[Finding, ...] = ()
    step: float | None = None
    """Seconds from one frame to the next, where the file states them."""
    rescale: Rescale | None = None
    """How values come from the stored numbers, for images of one value per voxel."""
    optics: tuple[Optics, ...] = ()
    """The optics of a microscope for every frame, or one for all, where the file states them."""


@dataclass(frozen=True)
class _Coded:
    """An image that only a decoder child can read."""

    file: ImageFile
    function: str
    inverted: bool = False
    pages: tuple[RawImage, int] | None = None
    """What the file holds and how many of its axes make a page, where pages can be decoded one by one."""


def family(path: Path) -> str:
    """Return ``"nifti" "nrrd" "metaimage" "tiff" "picture"`` by content, or ``""`` for something else."""
    head = head_of(path, _HEAD)
    if tiff.is_tiff(head):
        return "tiff"
    if pictures.kind(head):
        return "picture"
    if nrrd.is_nrrd(head):
        return "nrrd"
    if nifti.is_nifti(head):
        return "nifti"
    return "metaimage" if metaimage.is_metaimage(head) else ""


def describe(path: Path, *, pool: Pool | None = None) -> ImageFile:
    """Read the header of a file; raise Refused with a sentence when it is not an image we can read."""
    plan = _plan(Path(path), pool)
    return plan.file if isinstance(plan, _Coded) else _described(plan)


def read(
    path: Path | ImageFile,
    *,
    pool: Pool | None = None,
    progress: Progress = lambda _: None,
    cancelled: IsCancelled = lambda: False,
    share: float = SHARE,
    reduction: Reduction | None = None,
) -> tuple[Volume, ...]:
    """Read the frames of an image file, all on one grid, with the pixel type of the file.

    ``share`` is how much of the free memory they may take; with a ``reduction`` only that is read, piece by piece.
    Raises Refused with a sentence when the file is damaged or of a foreign format, TooLarge when it does not fit,
    and Cancelled when ``cancelled`` returned True.
    """
    plan = _plan(path.path if isinstance(path, ImageFile) else Path(path), pool)
    file = plan.file if isinstance(plan, _Coded) else _described(plan)
    inverted = isinstance(plan, _Coded) and plan.inverted
    check_fits(file.path.name, extent_of(file), share, reduction)
    whole = reduction is None or reduction.is_whole
    if whole and extent_of(file).nbytes <= _AT_ONCE:
        images = _at_once(plan, file, pool, progress, cancelled)
    else:
        images = _piecewise(plan, reduction or Reduction(), pool, progress, cancelled)
    progress(1.0)
    moments = _moments(file, file.frames)
    if reduction is not None and not whole:
        moments = tuple(moments[n] for n in reduction.frame_range(file.frames))
        found = reduction.finding(extent_of(file)), *file.findings
        kept = file.rescale if reduction.factor == 1 else None
        file = replace(file, geometry=reduction.geometry(file.geometry), findings=found, rescale=kept)
    optics = _optics_of(file, reduction)
    return tuple(
        _volume(file, image, inverted, moment, seen)
        for image, moment, seen in zip(images, moments, optics, strict=True)
    )


def extent_of(file: ImageFile) -> Extent:
    """Return what a file asks for, from its header."""
    return Extent.of(file.geometry, file.frames, file.components, file.pixel_type)


def _at_once(
    plan: RawImage | _Coded, file: ImageFile, pool: Pool | None, progress: Progress, cancelled: IsCancelled
) -> list[sitk.Image]:
    array = _decoded(plan, pool, cancelled) if isinstance(plan, _Coded) else load(plan, progress, cancelled)
    return [image_from_array(frame, file.geometry, colour=file.components > 1) for frame in array]


def _piecewise(
    plan: RawImage | _Coded, reduction: Reduction, pool: Pool | None, progress: Progress, cancelled: IsCancelled
) -> list[sitk.Image]:
    """Read a file without ever holding more of it than what is left and a piece."""
    from pellucid.files.streamed import Decoded, Held, Order, read_streamed

    if isinstance(plan, RawImage):
        units: Units = PlainUnits(plan, Order.of(plan).unit_shape)
        return read_streamed(plan, units, reduction, progress=progress, cancelled=cancelled)
    file = plan.file
    if plan.pages is None:  # the decoder gives it as a whole, or refuses
        array = _decoded(plan, pool, cancelled)
        axes, sizes = ("c" if file.components > 1 else "") + "xyzt", array.shape[::-1]
        raw = RawImage(file.path, file.format, file.geometry, array.dtype, axes, sizes, file.path, 0)
        return read_streamed(raw, Held(Order.of(raw), array), reduction, progress=progress, cancelled=cancelled)
    raw, inner = plan.pages

    def pages(first: int, count: int) -> NDArray[Any]:
        payload = {"path": str(file.path), "first": first, "count": count}
        _, (decoded,) = _pool(pool).call("pellucid.files.tiff:decode_pages", payload, cancelled=cancelled)
        return decoded

    if extent_of(file).nbytes > _UNLIKELY * file.path.stat().st_size:
        pages(0, 1)  # refused before memory is taken for what the header of a damaged file declares
    batches = Decoded(Order.of(raw, inner), raw.stored.itemsize, pages)
    return read_streamed(raw, batches, reduction, inner=inner, progress=progress, cancelled=cancelled)


def thumbnail(file: ImageFile, size: int = 96, *, pool: Pool | None = None) -> NDArray[Any] | None:
    """Return a picture (h, w[, 3]) uint8 of the middle slice, windowed to 1–99 %; None if unreadable."""
    x, y, depth = file.geometry.size
    one = Reduction(start=(0, 0, depth // 2), size=(x, y, 1), frames=1)
    try:
        volume = read(file, pool=pool, reduction=one if extent_of(file).nbytes > _THUMBED else None)[0]
    except (Refused, Cancelled):
        return None
    z, y, x = volume.array.shape[:3]
    step = max(1, -(-max(x, y) // size))
    plane = volume.array[z // 2, ::step, ::step]
    if volume.is_colour:
        plane = plane[..., :3]
        return np.ascontiguousarray(plane if plane.dtype == np.uint8 else _to_bytes(plane))
    return _to_bytes(plane)


def _to_bytes(plane: NDArray[Any]) -> NDArray[np.uint8]:
    values = plane.astype(np.float64)
    finite = values[np.isfinite(values)]
    low, high = np.percentile(finite, (1, 99)) if finite.size else (0.0, 1.0)
    scaled = (np.nan_to_num(values) - low) / ((high - low) or 1.0)
    return np.asarray(np.clip(scaled, 0, 1) * 255, dtype=np.uint8)


def _plan(path: Path, pool: Pool | None) -> RawImage | _Coded:
    kind = family(path)
    if kind == "tiff":
        return _tiff(path, pool)
    if kind == "picture":
        picture = pictures.parse(path)
        grid = from_spacing(path, (picture.width, picture.height, 1), (None, None, None))
        file = ImageFile(path, picture.format, grid, picture.dtype, picture.components)
        return _Coded(file, "pellucid.files.pictures:decode")
    parsers = {"nifti": nifti.parse, "nrrd": nrrd.parse, "metaimage": metaimage.parse}
    if kind not in parsers:
        raise _foreign(path)
    raw = parsers[kind](path)
    check(raw)
    if raw.encoding in ("text", "hex"):
        return _Coded(_described(raw), "pellucid.files.images:decode")
    return raw


def decode(payload: dict[str, Any]) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    """Read an image whose numbers are written as text, which is slow; runs in a child process."""
    path = Path(payload["path"])
    parsers = {"nrrd": nrrd.parse, "metaimage": metaimage.parse}
    return {}, [np.ascontiguousarray(load(parsers[family(path)](path)))]


def _tiff(path: Path, pool: Pool | None) -> RawImage | _Coded:
    meta, _ = _call(pool, "pellucid.files.tiff:describe", path)
    findings = tuple(Finding(code, text, severity) for code, text, severity in meta["findings"])
    geometry = from_spacing(path, meta["size"], meta["spacing"])
    file = ImageFile(
        path,
        "TIFF",
        geometry,
        meta["dtype"],
        meta["components"],
        meta["frames"],
        findings,
        meta["step"],
        optics=_optics(meta),
    )
    if meta["offset"] is None or meta["inverted"]:
        raw = RawImage(path, "TIFF", geometry, np.dtype(meta["dtype"]), meta["axes"], tuple(meta["sizes"]), path, 0)
        pages = (raw, meta["page_axes"]) if meta["page_axes"] else None
        return _Coded(file, "pellucid.files.tiff:decode", meta["inverted"], pages)
    raw = RawImage(
        path, "TIFF", geometry, np.dtype(meta["stored"]), meta["axes"], tuple(meta["sizes"]), path,
        meta["offset"], findings=findings, step=file.step, optics=file.optics,
    )  # fmt: skip
    check(raw)
    return raw


def _described(raw: RawImage) -> ImageFile:
    return ImageFile(
        raw.path, raw.format, raw.geometry, raw.dtype.name, raw.components, raw.frames, raw.findings, raw.step,
        _rescale(raw), raw.optics,
    )  # fmt: skip


def _optics(meta: dict[str, Any]) -> tuple[Optics, ...]:
    """Return the optics of every frame, or nothing when the file says nothing of them."""
    channels = [Optics(**row, source=tr("OME metadata")) for row in meta["optics"]]
    return tuple(channels[min(n, len(channels) - 1)] for n in meta["channels"]) if channels else ()


def _rescale(raw: RawImage) -> Rescale | None:
    if raw.components > 1:
        return None
    if raw.stored.kind not in "iu":
        return Rescale.of([(raw.slope, raw.intercept)], raw.stored.name, float("-inf"), float("inf"))
    info = np.iinfo(raw.stored)
    return Rescale.of([(raw.slope, raw.intercept)], raw.stored.name, float(info.min), float(info.max))


def _decoded(plan: _Coded, pool: Pool | None, cancelled: IsCancelled) -> NDArray[Any]:
    """Return pixels decoded by a child as (frames, z, y, x[, c])."""
    _, (array,) = _call(pool, plan.function, plan.file.path, cancelled)
    x, y, z = plan.file.geometry.size
    shape = (plan.file.frames, z, y, x)
    return array.reshape((*shape, plan.file.components) if plan.file.components > 1 else shape)


def _call(
    pool: Pool | None, function: str, path: Path, cancelled: IsCancelled | None = None
) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    return _pool(pool).call(function, {"path": str(path)}, cancelled=cancelled)


def _pool(pool: Pool | None) -> Pool:
    if pool is None:
        from pellucid.dicom.child import default_pool

        pool = default_pool()
    return pool


def _moments(file: ImageFile, count: int) -> tuple[Moment, ...]:
    """Return when each frame was taken, if the file says how far apart they are."""
    if file.step is None or count < 2:
        return moments_of(count)
    source = TimeSource.NIFTI if file.format == "NIfTI" else TimeSource.INTERVAL
    return moments_of(count, times=[n * file.step for n in range(count)], times_source=source)


def _optics_of(file: ImageFile, reduction: Reduction | None) -> list[Optics | None]:
    """Return the optics of every frame that is kept."""
    kept = range(file.frames) if reduction is None else reduction.frame_range(file.frames)
    return [file.optics[min(n, len(file.optics) - 1)] if file.optics else None for n in kept]


def _volume(file: ImageFile, image: sitk.Image, inverted: bool, moment: Moment, optics: Optics | None) -> Volume:
    told = {"picture": file.format} if file.format in pictures.FORMATS else {}
    acquisition = Acquisition(monochrome1=inverted, moment=moment, optics=optics, extra=told)
    return Volume(image, file.geometry, acquisition=acquisition, findings=file.findings, rescale=file.rescale)


def _foreign(path: Path) -> Refused:
    name = FOREIGN.get(path.suffix.lower())
    if name:
        return Refused(
            tr(
                "{name} is of the format {format}, which Pellucid does not read. Convert it to NIfTI, NRRD or TIFF.",
                name=path.name,
                format=name,
            )
        )
    return Refused(
        tr(
            "{name} is not an image that Pellucid reads (DICOM, NIfTI, NRRD, MetaImage, TIFF, PNG, JPEG, BMP).",
            name=path.name,
        )
    )
