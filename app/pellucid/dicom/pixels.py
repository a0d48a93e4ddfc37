"""Decode frames: every photometric interpretation and transfer syntax that is bundled. Runs inside a worker.

A frame is answered as stored values (sign and unused bits corrected), as values of the modality LUT when the
file has one, or as RGB. Nothing is trusted: sizes are compared with the bytes present before memory is taken.
"""

from __future__ import annotations

import mmap
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.dicom import codecs
from pellucid.dicom.codestreams import Stream, streams_of
from pellucid.dicom.colours import HALVED, SHOWN, rgb
from pellucid.dicom.effort import effort_for
from pellucid.dicom.elements import Buffer, Malformed
from pellucid.dicom.parsing import (
    DEFLATED,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    file_meta,
    inflate,
    meta_offset,
)
from pellucid.dicom.records import PixelLayout
from pellucid.dicom.stored import cell_type, corrected
from pellucid.dicom.tables import lookup_tables
from pellucid.language import tr
from pellucid.model.findings import Refused

Array = NDArray[Any]

_LARGEST_FRAME = 1 << 30
_CODE = re.compile(r"[A-Z0-9_ ]{1,16}")
_CELL_BITS = (1, 8, 16, 32, 64)


def decode(payload: dict[str, Any]) -> tuple[dict[str, Any], list[Array]]:
    """Decode frames ``payload["frames"]`` of ``payload["path"]``; answer (frames, rows, columns[, 3]).

    The answer's ``scaled`` says that the values are modality values already (a modality LUT was applied).
    Raises Refused with a sentence.
    """
    path, layout = Path(payload["path"]), PixelLayout(**payload["layout"])
    numbers = [int(n) for n in payload["frames"]]
    _check(path, layout, numbers)
    try:
        frames = np.stack(_frames(path, layout, numbers))
        tables = lookup_tables(path, layout) if layout.tables or layout.photometric == "PALETTE COLOR" else None
        if tables is not None:
            frames = tables.apply(frames)
    except Malformed as reason:
        raise Refused(
            tr("{name} could not be read: its pixel data are damaged ({reason}).", name=path.name, reason=reason)
        ) from reason
    except NotImplementedError as error:
        raise Refused(
            tr(
                "{name} could not be read: {reason}",
                name=path.name,
                reason=codecs.unreadable(layout.syntax) or tr("its form is not known here."),
            )
        ) from error
    return {"scaled": tables is not None and tables.scaled}, [frames]


def _check(path: Path, layout: PixelLayout, numbers: list[int]) -> None:
    """Refuse what cannot be decoded or asks for too much, before anything is allocated."""
    reason = codecs.unreadable(layout.syntax)
    if reason:
        raise Refused(tr("{name} could not be read: {reason}", name=path.name, reason=reason))
    _check_form(path, layout)
    nbytes = layout.rows * layout.columns * max(layout.samples, 1) * -(-layout.allocated // 8)
    if nbytes > _LARGEST_FRAME:
        raise Refused(
            tr(
                "{name} could not be read: it declares frames of {columns}×{rows} pixels "
                "({gigabytes:.1f} GB each), more than is opened.",
                name=path.name,
                columns=layout.columns,
                rows=layout.rows,
                gigabytes=nbytes / 1000000000.0,
            )
        )
    if max(numbers, default=0) >= max(layout.frames, 1):
        raise Refused(tr("{name} could not be read: it has no frame {frame}.", name=path.name, frame=max(numbers) + 1))


def _check_form(path: Path, layout: PixelLayout) -> None:
    """Refuse numbers of samples and bits that no image has, or that are not shown."""
    if layout.samples not in (1, 2, 3, 4) or not 0 < layout.stored <= layout.allocated <= 64:
        raise Refused(
            tr(
                "{name} could not be read: it declares {samples} samples of {allocated} bits per "
                "pixel, which no image has.",
                name=path.name,
                samples=layout.samples,
                allocated=layout.allocated,
            )
        )
    if layout.samples > 1 and (layout.samples != 3 or _interpretation(layout.photometric) not in SHOWN):
        raise Refused(
            tr(
                "{name} could not be read: its colours are stored as {photometric} with {samples} samples per pixel, "
                "which Pellucid does not show. Convert it to RGB with another tool.",
                name=path.name,
                photometric=layout.photometric if _CODE.fullmatch(layout.photometric) else "?",
                samples=layout.samples,
            )
        )
    if not layout.encapsulated and layout.allocated not in _CELL_BITS:
        raise Refused(
            tr(
                "{name} could not be read: its pixels take {allocated} bits each. Convert it to 16 "
                "bits with another tool.",
                name=path.name,
                allocated=layout.allocated,
            )
        )


def _frames(path: Path, layout: PixelLayout, numbers: list[int]) -> list[Array]:
    with path.open("rb") as file:
        if codecs.is_native(layout.syntax) or not layout.encapsulated:
            return _native(_buffer(file, layout), path, layout, numbers)
        if layout.syntax in codecs.RETIRED_JPEG:
            return _retired(file, path, layout, numbers)
        return _encapsulated(file, path, layout, numbers)


def _buffer(file: Any, layout: PixelLayout) -> Buffer:
    if layout.syntax != DEFLATED:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    whole = file.read()
    _, _, start = file_meta(whole, meta_offset(whole) or 0)
    return inflate(whole[start:])


def _native(buffer: Buffer, path: Path, layout: PixelLayout, numbers: list[int]) -> list[Array]:
    frames = []
    for number in numbers:
        first, last = number * layout.frame_bits // 8, -(-(number + 1) * layout.frame_bits // 8)
        data = buffer[layout.offset + first : layout.offset + min(last, layout.length)]
        if not data:
            raise Refused(
                tr(
                    "{name} could not be read: the pixels of frame {frame} are missing.",
                    name=path.name,
                    frame=number + 1,
                )
            )
        if layout.syntax == EXPLICIT_BIG:
            data = _little(buffer, layout, first, last)
        data = data.ljust(last - first, b"\0")
        frames.append(_native_frame(data, layout, number))
    return frames


def _native_frame(data: bytes, layout: PixelLayout, number: int) -> Array:
    """Return the stored values, or the colours, of one uncompressed frame."""
    shape = layout.rows, layout.columns
    if layout.floating:
        return np.frombuffer(data, f"<f{layout.floating}").reshape(shape).copy()
    if layout.allocated == 1:
        skip = number * layout.frame_bits % 8
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
        return bits[skip : skip + shape[0] * shape[1]].reshape(shape)
    if layout.samples == 1:
        return corrected(np.frombuffer(data, cell_type(layout)).reshape(shape).copy(), layout)
    return _native_colour(data, layout)


def _little(buffer: Buffer, layout: PixelLayout, first: int, last: int) -> bytes:
    """Return bytes of big-endian pixel data in little-endian order; bytes are stored in words (PS3.5 A.3)."""
    size = max(layout.allocated // 8, 2 if layout.vr == "OW" else 1)
    start, stop = first // size * size, min(-(-last // size) * size, layout.length // size * size)
    words = np.frombuffer(buffer[layout.offset + start : layout.offset + stop], f">u{size}")
    return words.astype(f"<u{size}").tobytes()[first - start : last - start]


def _native_colour(data: bytes, layout: PixelLayout) -> Array:
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.uid import UID

    options = _options(layout) | {"number_of_frames": 1, "as_rgb": False, "correct_unused_bits": False}
    if layout.photometric in HALVED:
        options["photometric_interpretation"] = "YBR_FULL_422"
    array, _ = get_decoder(UID(EXPLICIT_LITTLE)).as_array(data, **options)
    cells = np.ascontiguousarray(array)
    samples = corrected(cells.view(cells.dtype.str.replace("i", "u")).copy(), replace(layout, signed=False))
    return rgb(samples, _interpretation(layout.photometric), layout.stored)


def _encapsulated(file: Any, path: Path, layout: PixelLayout, numbers: list[int]) -> list[Array]:
    """Decode compressed frames with pydicom's decoders."""
    streams = streams_of(file, path, layout, numbers)
    decoder = codecs.decoder(layout.syntax)
    plugin = codecs.plugin(layout.syntax)
    options = _options(layout) | {"as_rgb": False, "correct_unused_bits": False}
    file.seek(layout.offset)
    found = []
    with effort_for(len(numbers) * layout.frame_bits // 8):
        arrays = decoder.iter_array(file, indices=numbers, decoding_plugin=plugin, **options)
        for stream, (array, properties) in zip(streams, arrays, strict=True):
            if layout.samples == 1:
                found.append(_grey(np.array(array), layout, stream))
                continue
            mixed = stream is not None and stream.mixed and layout.syntax not in codecs.JPEG_LOSSLESS
            photometric = "RGB" if mixed else _interpretation(str(properties["photometric_interpretation"]))
            found.append(rgb(np.asarray(array), photometric, stream.precision if stream else layout.stored))
    return found


def _grey(array: Array, layout: PixelLayout, stream: Stream | None) -> Array:
    """Return stored values of a decoded frame, without what else its cells hold.

    A picture of fewer bits than its cells has its values at the bottom. More bits than the header states are not
    masked where there may be loss: a value that left its range by one would come back at the other end.
    """
    bits = 8 * array.itemsize
    precision = min(stream.precision if stream else layout.allocated, bits)
    whole = layout.high_bit < precision
    if layout.stored > precision or (layout.syntax in codecs.LOSSY and precision > layout.stored):
        return array
    high_bit = layout.high_bit if whole else layout.stored - 1
    cells = array.view(array.dtype.str.replace("i", "u"))
    return corrected(cells, replace(layout, allocated=bits, high_bit=high_bit))


def _options(layout: PixelLayout) -> dict[str, Any]:
    return {
        "rows": layout.rows,
        "columns": layout.columns,
        "number_of_frames": layout.frames,
        "samples_per_pixel": layout.samples,
        "photometric_interpretation": layout.photometric,
        "bits_allocated": layout.allocated,
        "bits_stored": layout.stored,
        "pixel_representation": int(layout.signed),
        "planar_configuration": layout.planar,
        "pixel_keyword": "PixelData",
        "pixel_vr": layout.vr if layout.vr in ("OB", "OW") else "OW",
    }


def _retired(file: Any, path: Path, layout: PixelLayout, numbers: list[int]) -> list[Array]:
    from pydicom.encaps import get_frame

    frames = []
    for number, stream in zip(numbers, streams_of(file, path, layout, numbers), strict=True):
        file.seek(layout.offset)
        picture = get_frame(file, number, number_of_frames=layout.frames)
        as_stored = stream is not None and layout.samples == 3 and not stream.mixed
        with effort_for(layout.frame_bits // 8):
            array = codecs.jpeg(picture, as_stored=as_stored)
        if layout.samples == 3:
            photometric = _interpretation(layout.photometric) if as_stored else "RGB"
            array = rgb(array, photometric, stream.precision if stream else layout.stored)
        frames.append(array)
    return frames


def _interpretation(photometric: str) -> str:
    """Return what three samples mean; where a file calls them grey, they are colours all the same."""
    return "RGB" if photometric.startswith("MONOCHROME") else photometric
