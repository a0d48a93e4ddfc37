"""Which kind of DICOM object an image becomes, and what that loses: said before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.dicom.writing.compressing import NONE, check_size, compress
from pellucid.dicom.writing.modalities import CLASSES, SECONDARY_CAPTURE, can_be_pet
from pellucid.dicom.writing.modules import SeriesUids
from pellucid.dicom.writing.multiframe import Pictures
from pellucid.dicom.writing.parametric import Maps
from pellucid.dicom.writing.request import WORDS, Request
from pellucid.dicom.writing.slices import Sheaf
from pellucid.dicom.writing.storing import Storing, exact_storing, near_storing, unsigned
from pellucid.language import mark, tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.volume import Volume, image_from_array

if TYPE_CHECKING:
    from pydicom import Dataset

_TITLES = {
    CLASSES["CT"]: mark("CT images, one file per slice"), CLASSES["MR"]: mark("MR images, one file per slice"),
    CLASSES["PT"]: mark("PET images, one file per slice"),
    SECONDARY_CAPTURE: mark("secondary captures that state their place, one file per slice"),
}  # fmt: skip
_NOT_SQUARE = 1e-4
_LARGEST = 4 << 30
_EXACT_FLOAT = 1 << 53


@dataclass(frozen=True)
class SeriesPlan:
    """What an image becomes: ``title`` says it, ``losses`` what does not come back, ``count`` how many files."""

    title: str
    count: int
    nbytes: int
    uids: SeriesUids
    maker: Sheaf | Pictures | Maps
    losses: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    error: float = 0.0

    def datasets(self) -> Iterator[Dataset]:
        """Return the data sets, one by one; ``finish`` of the request had its say, and then they were compressed."""
        request = self.maker.request
        for dataset in self._made():
            if request.finish is not None:
                request.finish(dataset)
            compress(dataset, request.compression)
            yield dataset

    def _made(self) -> Iterator[Dataset]:
        if isinstance(self.maker, Pictures):
            yield self.maker.dataset()
        else:
            yield from self.maker.datasets()


def plan_series(frames: Sequence[Volume], request: Request) -> SeriesPlan:
    """Return how the frames of an image are written; raise Refused with a sentence where they cannot be."""
    first = frames[0]
    check_grid(first.geometry)
    _check_alike(frames)
    check_size(first.geometry.size[1], first.geometry.size[0], request.compression)
    losses = _colour_losses(first)
    if losses:
        request = replace(request, steps=(*request.steps, tr("Transparency left out")))
    frames = [_without_alpha(volume) for volume in frames]
    modality = request.modality or first.acquisition.modality or "OT"
    uids = SeriesUids.of(request, first.geometry)
    if not first.geometry.oriented:
        return _plan_pictures(frames, request, uids, modality, losses)
    return _plan_placed(frames, request, uids, modality, losses)


def check_grid(geometry: Geometry) -> None:
    """Refuse grids that slices of DICOM cannot say: bent ones, and pixels that are no rectangles."""
    if geometry.warp is not None:
        raise Refused(tr("The image is bent by its transform, and no header can say so. Use Transform ▸ Resample to "
                         "grid first, or reset the transform."))  # fmt: skip
    if not geometry.oriented:
        if geometry.slice_positions is not None:
            raise Refused(tr("The slices are unevenly spaced and the image does not state where it lies in the "
                             "patient. Resample it to even spacing first."))  # fmt: skip
        return
    if abs(float(geometry.axes[:, 0] @ geometry.axes[:, 1])) > _NOT_SQUARE:
        raise Refused(tr("The rows and columns of the image are not at right angles, and a DICOM slice must be a "
                         "rectangle. Use Transform ▸ Resample to grid first."))  # fmt: skip
    if not all(geometry.known_spacing[:2]):
        raise Refused(tr("The image states its orientation but not the size of its pixels. Set the spacing first."))


def _check_alike(frames: Sequence[Volume]) -> None:
    first = frames[0]
    if any(not one.geometry.same_grid(first.geometry) or one.dtype != first.dtype for one in frames):
        raise Refused(tr("The frames differ in grid or type and cannot go into one series. Export them one by one."))
    if first.components not in (1, 3, 4):
        raise Refused(tr("Images with {components} values per voxel cannot be exported.", components=first.components))
    if first.is_colour and first.dtype not in (np.uint8, np.uint16):
        raise Refused(tr("DICOM holds colours of 8 or 16 bits, and these are {type}.", type=first.dtype.name))


def _colour_losses(volume: Volume) -> tuple[str, ...]:
    if volume.components != 4:
        return ()
    return (tr("DICOM holds no transparency: the alpha channel is left out."),)


def _without_alpha(volume: Volume) -> Volume:
    if volume.components != 4:
        return volume
    opaque = np.ascontiguousarray(volume.array[..., :3])
    return replace(volume, image=image_from_array(opaque, volume.geometry, colour=True))


def _slices(frames: Sequence[Volume]) -> list[Any]:
    return [values for volume in frames for values in volume.array]


# -------------------------------------------------------------------- with a place in the patient


def _plan_placed(
    frames: Sequence[Volume], request: Request, uids: SeriesUids, modality: str, losses: tuple[str, ...]
) -> SeriesPlan:
    first = frames[0]
    sop_class = _class_of(modality, first, request)
    count = len(frames) * first.geometry.size[2]
    if first.is_colour:
        sheaf = Sheaf(frames, sop_class, modality, None, request, uids)
        return SeriesPlan(tr(_TITLES[sop_class]), count, _bytes(frames), uids, sheaf, (*losses, *_times_lost(sheaf)))
    is_pet = sop_class == CLASSES["PT"]
    slices = _slices(frames)
    storing = exact_storing(slices, first.rescale, centred=is_pet)
    if storing is None and request.numbers != WORDS:
        return _plan_maps(frames, request, uids, modality)
    storing = storing or near_storing(slices, per_slice=is_pet, centred=is_pet)
    storing = _narrow(storing, first, sop_class)
    sheaf = Sheaf(frames, sop_class, modality, storing, request, uids)
    losses = (*losses, *_said(storing, first.unit), *_times_lost(sheaf))
    return SeriesPlan(
        tr(_TITLES[sop_class]), count, count * first.array[0].size * 2, uids, sheaf, losses,
        _uptake_remark(first, is_pet=is_pet), storing.error,
    )  # fmt: skip


def _class_of(modality: str, volume: Volume, request: Request) -> str:
    """Return the class of single slices: that of the scanner only for what it may hold."""
    if volume.is_colour or (modality == "PT" and not can_be_pet(request, volume.unit)):
        return SECONDARY_CAPTURE
    return CLASSES.get(modality, SECONDARY_CAPTURE)


def _narrow(storing: Storing, volume: Volume, sop_class: str) -> Storing:
    """Store bytes as bytes where the class of the image lets them be."""
    small = volume.dtype == np.uint8 and storing.is_plain and sop_class == SECONDARY_CAPTURE
    return replace(storing, dtype="uint8") if small else storing


def _said(storing: Storing, unit: str) -> tuple[str, ...]:
    said = []
    if storing.error:
        said.append(tr("Values are rounded to 16 bits: the largest difference is {error:.3g} {unit}.",
                       error=storing.error, unit=unit).replace(" .", "."))  # fmt: skip
    if storing.holes:
        said.append(tr("{count} values that are no numbers become padding.", count=storing.holes))
    return tuple(said)


def _times_lost(sheaf: Sheaf) -> tuple[str, ...]:
    if sheaf.keeps_times():
        return ()
    return (tr("The times of the frames are not evenly spaced, and this kind of DICOM image has no place for them: the "
               "frames keep their order only."),)  # fmt: skip


def _uptake_remark(volume: Volume, *, is_pet: bool) -> tuple[str, ...]:
    if volume.suv_factor is None or is_pet:
        return ()
    return (tr("Uptake (SUV) cannot be computed from this series: only a PET series states what it takes."),)


def _plan_maps(frames: Sequence[Volume], request: Request, uids: SeriesUids, modality: str) -> SeriesPlan:
    first = frames[0]
    dtype = _float_type(frames)
    if first.array.size * np.dtype(dtype).itemsize >= _LARGEST:
        raise Refused(tr("A frame of this image is larger than the 4 GB that a DICOM file can hold. Crop it, or write "
                         "it with 16 bits."))  # fmt: skip
    maps = Maps(frames, modality, dtype, request, uids)
    title = tr("parametric map with {bits} bits, one file per frame", bits=8 * np.dtype(dtype).itemsize)
    remarks = [tr("Values do not fit into whole numbers of 16 bits, so they are kept as floating-point numbers, which "
                  "fewer programs open.")]  # fmt: skip
    if request.compression != NONE:
        remarks.append(tr("Floating-point numbers are not compressed: DICOM has no way to do that."))
    nbytes = sum(volume.array.size for volume in frames) * np.dtype(dtype).itemsize
    return SeriesPlan(title, len(frames), nbytes, uids, maps, (), (*remarks, *_uptake_remark(first, is_pet=False)))


def _float_type(frames: Sequence[Volume]) -> str:
    """Return the type of floating-point numbers that holds every value."""
    dtype = frames[0].dtype
    if dtype.kind == "f":
        return "float32" if dtype.itemsize <= 4 else "float64"
    far = max(max(abs(int(v.array.min())), abs(int(v.array.max()))) for v in frames)
    if far > _EXACT_FLOAT:
        raise Refused(tr("The image holds whole numbers above 9,007,199,254,740,992, which no DICOM image keeps. Write "
                         "it with 16 bits, or as NRRD."))  # fmt: skip
    return "float32" if far <= 1 << 24 else "float64"


# ------------------------------------------------------------------ without a place


def _plan_pictures(
    frames: Sequence[Volume], request: Request, uids: SeriesUids, modality: str, losses: tuple[str, ...]
) -> SeriesPlan:
    first = frames[0]
    depth = first.geometry.size[2]
    if depth > 1 and len(frames) > 1:
        raise Refused(tr("The image does not state where it lies in the patient, and DICOM has no place for stacks "
                         "over time that do not. Export its frames one by one."))  # fmt: skip
    if first.is_colour and first.dtype == np.uint16 and depth * len(frames) > 1:
        raise Refused(tr("DICOM holds films and stacks of colours with 8 bits only. Convert the image first."))
    if _bytes(frames) >= _LARGEST:
        raise Refused(tr("The image is larger than the 4 GB that a DICOM file can hold. Crop it first."))
    storing = None if first.is_colour else _picture_storing(frames, request)
    if storing is not None:
        losses = (*losses, *_said(storing, first.unit))
    pictures = Pictures(frames, modality, storing, request, uids)
    title = tr("secondary capture of {count} frames, in one file", count=depth * len(frames))
    if depth * len(frames) == 1:
        title = tr("secondary capture, one file")
    remarks = (tr("The image does not state where it lies in the patient, and neither will the file."),)
    return SeriesPlan(title, 1, _bytes(frames), uids, pictures, losses, remarks, storing.error if storing else 0.0)


def _picture_storing(frames: Sequence[Volume], request: Request) -> Storing:
    """Return a storing with one slope for all frames and no sign, as multi-frame secondary captures ask for."""
    slices, single = _slices(frames), len(frames) * frames[0].geometry.size[2] == 1
    if frames[0].dtype == np.uint8:
        return Storing((1.0,) * len(slices), (0.0,) * len(slices), "uint8")
    storing = exact_storing(slices)
    if storing is None and request.numbers != WORDS:
        raise Refused(tr("The values do not fit into whole numbers of 16 bits, and an image that does not state where "
                         "it lies in the patient has no other place in DICOM. Write it with 16 bits and a stated "
                         "error."))  # fmt: skip
    if single:
        return storing or near_storing(slices)
    return near_storing(slices, dtype="uint16") if storing is None else unsigned(storing)


def _bytes(frames: Sequence[Volume]) -> int:
    return sum(volume.array.nbytes for volume in frames)
