"""TIFF, OME-TIFF and ImageJ stacks; parsed and decoded in a child process.

Spacing is taken from OME (PhysicalSize) and from ImageJ (unit and resolution) only. The plain resolution tags
are about print size in nearly every file that has them, so without OME or ImageJ the spacing is unknown and
lengths are in px. There is never an orientation in the patient. Pages without a stated meaning are slices;
channels, time and any other axis become frames, in the order of the file, with a finding; 3 or 4 samples per
pixel are colour. Of an OME set spread over several files each file is shown by itself; no other file is
opened.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.files import ome
from pellucid.files.limits import DECODED_IN_CHILD, check_memory, check_present
from pellucid.files.ome import length_mm
from pellucid.files.raw import arranged
from pellucid.language import mark, tr
from pellucid.model.findings import Refused

_AXIS_NAMES = {"C": "channels", "T": mark("time points"), "Z": "slices"}
_MOST_FRAMES = 100_000
"""Frames of a file whose channels are told apart."""
_UNSHOWN = {5: "CMYK", 8: "CIELab", 9: "ICCLab", 10: "ITULab"}


def is_tiff(head: bytes) -> bool:
    """Return whether a file begins like TIFF or BigTIFF."""
    return head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def describe(payload: dict[str, Any]) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    """Return what the tags say of the file ``payload["path"]``; no pixels. Runs in a child process."""
    return _with_file(payload, lambda path, tif, series: (_layout(path, tif, series), []))


def decode(payload: dict[str, Any]) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    """Return the pixels of ``payload["path"]`` as (frames, z, y, x[, c]); runs in a child process."""

    def read(path: Path, tif: Any, series: Any) -> tuple[dict[str, Any], list[NDArray[Any]]]:
        layout = _layout(path, tif, series)
        check_memory(path.name, layout["nbytes"], layout["shape"], DECODED_IN_CHILD)
        _check_pages(path, series.pages, layout["shape"])
        array = series.asarray()
        if array.dtype == np.bool_:
            array = array.astype(np.uint8) * np.uint8(255)
        array = array.reshape(tuple(layout["sizes"][::-1])).astype(layout["dtype"], copy=False)
        return layout, [np.ascontiguousarray(arranged(array, layout["axes"], tuple(layout["size"])))]

    return _with_file(payload, read)


def decode_pages(payload: dict[str, Any]) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    """Return ``payload["count"]`` pages from ``payload["first"]`` on, one after the other; runs in a child process."""

    def read(path: Path, tif: Any, series: Any) -> tuple[dict[str, Any], list[NDArray[Any]]]:
        layout, first, count = _layout(path, tif, series), int(payload["first"]), int(payload["count"])
        check_memory(path.name, layout["nbytes"] * count // len(series.pages), layout["shape"], DECODED_IN_CHILD)
        wanted = series.pages[first : first + count]
        _check_pages(path, wanted, layout["shape"])
        pages = np.stack([page.asarray() for page in wanted])
        if pages.dtype == np.bool_:
            pages = pages.astype(np.uint8) * np.uint8(255)
        return {}, [np.ascontiguousarray(pages.astype(layout["dtype"], copy=False))]

    return _with_file(payload, read)


def _with_file(payload: dict[str, Any], work: Any) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    import tifffile

    logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # its lines quote the file
    path = Path(payload["path"])
    try:
        with tifffile.TiffFile(path, _multifile=False) as tif:
            result: tuple[dict[str, Any], list[NDArray[Any]]] = work(path, tif, tif.series[0])
            return result
    except (Refused, MemoryError):
        raise
    except Exception as error:  # tifffile and its codecs raise many kinds; all mean that the file is damaged
        raise Refused(
            tr("{name} could not be read: its TIFF structure is damaged or of a kind not known here.", name=path.name)
        ) from error


def _layout(path: Path, tif: Any, series: Any) -> dict[str, Any]:
    """Return axes, sizes, type, spacing and findings as plain data."""
    page = series.keyframe
    dtype = np.dtype(series.dtype)
    if dtype.kind not in "buif" or dtype.itemsize > 8:
        raise Refused(tr("{name} holds {type} values, which cannot be shown.", name=path.name, type=dtype.name))
    if int(page.photometric) in _UNSHOWN:
        raise Refused(
            tr(
                "{name} holds {kind} colours. Convert it to RGB first.",
                name=path.name,
                kind=_UNSHOWN[int(page.photometric)],
            )
        )
    names, shape = series.axes[::-1], tuple(int(n) for n in series.shape[::-1])
    letters = _letters(names, shape)
    axes = letters + "".join(axis for axis in "xyz" if axis not in letters)
    sizes = shape + (1,) * (len(axes) - len(letters))
    size = [sizes[axes.index(axis)] for axis in "xyz"]
    kept = np.dtype(np.uint8) if dtype == np.bool_ else np.dtype(np.float32) if dtype == np.float16 else dtype
    return {
        "axes": axes,
        "sizes": list(sizes),
        "size": size,
        "components": sizes[axes.index("c")] if "c" in axes else 1,
        "frames": int(np.prod([n for axis, n in zip(axes, sizes, strict=True) if axis == "t"], dtype=object)),
        "dtype": kept.newbyteorder("=").name,
        "shape": " × ".join(str(n) for n in shape) + f" {dtype.name}",
        "nbytes": int(np.prod(sizes, dtype=object)) * kept.itemsize,
        "spacing": _spacing(tif),
        "step": _time_step(tif, names, letters),
        "optics": ome.optics(tif.ome_metadata or "") if tif.is_ome else [],
        "channels": _channels(series, letters),
        "inverted": int(page.photometric) == 0,
        "page_axes": len(page.shape) if tuple(series.shape[-len(page.shape) :]) == tuple(page.shape) else None,
        "findings": _findings(path, tif, series, names, letters),
        "offset": _contiguous(series, dtype, kept),
        "stored": (tif.byteorder + dtype.str[1:]),
    }


def _channels(series: Any, letters: str) -> list[int]:
    """Return the channel of every frame; zeros where there are none."""
    named = zip(series.axes, series.shape, letters[::-1], strict=True)
    axes = [(axis, int(n)) for axis, n, letter in named if letter == "t"]
    counts = [n for _axis, n in axes]
    frames = int(np.prod(counts, dtype=object))
    place = next((k for k, (axis, _n) in enumerate(axes) if axis == "C"), None)
    if place is None or frames > _MOST_FRAMES:
        return [0]
    return [int(n) for n in np.unravel_index(np.arange(frames), counts)[place]]


def _letters(names: str, shape: tuple[int, ...]) -> str:
    """Name the axes (fastest first) with letters of ``xyzct``: each of x, y, z and c at most once."""
    letters = ["t"] * len(names)
    letters[names.index("X")], letters[names.index("Y")] = "x", "y"
    stack = next((n for wanted in "ZIQ" for n, name in enumerate(names) if name == wanted), None)
    if stack is not None:
        letters[stack] = "z"
    samples = names.find("S")
    if samples >= 0 and shape[samples] in (3, 4):
        letters[samples] = "c"
    return "".join(letters)


def _contiguous(series: Any, stored: np.dtype[Any], kept: np.dtype[Any]) -> int | None:
    """Return where the pixels begin when they lie uncompressed in one piece, so that they need no decoder."""
    whole = series.dataoffset is not None and stored == kept and series.keyframe.fillorder == 1
    return int(series.dataoffset) if whole else None


def _check_pages(path: Path, pages: Any, shape: str) -> None:
    """Refuse a file whose strips or tiles lie beyond its end; tifffile would fill them with zeros."""
    present = path.stat().st_size
    for page in pages:
        if page is None:
            raise Refused(
                tr(
                    "{name} declares {shape} but some of its pages are missing. It is incomplete.",
                    name=path.name,
                    shape=shape,
                )
            )
        ends = [start + n for start, n in zip(page.dataoffsets, page.databytecounts, strict=False) if n]
        check_present(path.name, max(ends, default=0), present, shape)


def _findings(path: Path, tif: Any, series: Any, names: str, letters: str) -> list[list[str]]:
    """Return (code, sentence, severity) of everything a user should know."""
    found: list[list[str]] = []
    for name, letter, length in zip(names, letters, series.shape[::-1], strict=True):
        if letter == "t" and length > 1 and name != "T":
            what = _AXIS_NAMES.get(name, tr("planes of axis {name}", name=name))
            found.append(
                [
                    "frames",
                    tr("{name}: its {count} {axis} are shown as frames.", name=path.name, count=length, axis=what),
                    "info",
                ]
            )
    if len(tif.series) > 1:
        found.append(
            [
                "several-images",
                tr("{name} holds {count} images; the first is shown.", name=path.name, count=len(tif.series)),
                "info",
            ]
        )
    if tif.is_ome and "BinaryOnly" in (tif.ome_metadata or "")[:4000]:
        found.append(
            [
                "several-files",
                tr("{name} is one of several files of an OME set; it is shown alone.", name=path.name),
                "info",
            ]
        )
    if int(series.keyframe.photometric) == 3 and not tif.is_imagej:
        found.append(
            ["palette", tr("{name} has a colour palette; its stored numbers are shown.", name=path.name), "info"]
        )
    return found


def _spacing(tif: Any) -> list[float | None]:
    if tif.is_ome:
        return ome.spacing(tif.ome_metadata or "")
    if tif.is_imagej:
        return _imagej_spacing(tif)
    return [None, None, None]


def _time_step(tif: Any, names: str, letters: str) -> float | None:
    """Return the s between frames where time is the only axis that became frames."""
    if [name for name, letter in zip(names, letters, strict=True) if letter == "t"] != ["T"]:
        return None
    if tif.is_ome:
        return ome.time_step(tif.ome_metadata or "")
    stated = (tif.imagej_metadata or {}) if tif.is_imagej else {}
    interval, rate = (_positive(stated.get(name)) for name in ("finterval", "fps"))
    return interval or (1 / rate if rate else None)


def _positive(number: Any) -> float | None:
    return float(number) if isinstance(number, int | float) and np.isfinite(number) and number > 0 else None


def _imagej_spacing(tif: Any) -> list[float | None]:
    metadata = tif.imagej_metadata or {}
    unit = str(metadata.get("unit", ""))
    tags = tif.pages[0].tags
    steps: list[float | None] = []
    for name in ("XResolution", "YResolution"):
        above, below = tags[name].value if name in tags else (0, 1)
        steps.append(length_mm(below / above, unit) if above else None)
    return [*steps, length_mm(metadata.get("spacing"), unit)]
