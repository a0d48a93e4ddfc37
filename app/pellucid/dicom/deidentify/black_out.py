"""Make rectangles of the pixels black, in all frames, and clear the bits beyond the stored ones.

Compressed pixels are decoded and written uncompressed. Overlays and icons need no black: they are removed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.dicom import codecs
from pellucid.dicom.deidentify.plan import Rectangle
from pellucid.language import tr
from pellucid.model.findings import Refused

if TYPE_CHECKING:
    from pydicom import Dataset

_OVERLAYS = range(0x6000, 0x6020, 2)
_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_SWAPPED = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}
_STALE = ("SmallestImagePixelValue", "LargestImagePixelValue", "ExtendedOffsetTable", "ExtendedOffsetTableLengths")


def has_embedded_overlay(dataset: Dataset) -> bool:
    """Return whether an overlay lies in bits of the pixels that are not part of the image (retired)."""
    return any((group << 16 | 0x0102) in dataset and (group << 16 | 0x3000) not in dataset for group in _OVERLAYS)


def make_black(dataset: Dataset, rectangles: tuple[Rectangle, ...]) -> int:
    """Make the rectangles black in all frames, as stored values; return how many lie at least partly in the image.

    Bits that are not stored ones are cleared. The data set is uncompressed, explicit little endian then.
    """
    keyword = next((word for word in _KEYWORDS if word in dataset), None)
    if keyword is None:
        return 0
    frames = _frames(dataset, keyword)
    if keyword == "PixelData":
        frames = _without_junk(dataset, frames)
    rows, columns = frames.shape[1:3]
    inside = [one for one in rectangles if one[0] < columns and one[1] < rows]
    black = _black(dataset, frames)
    for x, y, width, height in inside:
        frames[:, y : y + height, x : x + width] = black
    _put(dataset, keyword, frames)
    return len(inside)


def _frames(dataset: Dataset, keyword: str) -> NDArray[Any]:
    """Return the stored values as (frames, rows, columns[, samples]), colours in the space they are stored in."""
    syntax = str(dataset.file_meta.TransferSyntaxUID)
    if reason := codecs.unreadable(syntax):
        raise Refused(tr("its pixels cannot be made black: {reason}", reason=reason))
    decoder = codecs.decoder(syntax)
    plugin = "" if codecs.is_native(syntax) else codecs.plugin(syntax)
    count = max(int(dataset.get("NumberOfFrames", 1) or 1), 1)
    if syntax in codecs.RETIRED_JPEG:
        from pydicom.encaps import get_frame

        pictures = [codecs.jpeg(get_frame(dataset.PixelData, n, number_of_frames=count), as_stored=False)
                    for n in range(count)]  # fmt: skip
        return np.stack(pictures)
    # pydicom would clear the other bits as if the stored ones were always the lowest: HighBit may say otherwise
    array, told = decoder.as_array(dataset, raw=True, correct_unused_bits=False, decoding_plugin=plugin)
    if array.ndim == 2 or (array.ndim == 3 and int(dataset.get("SamplesPerPixel", 1)) > 1 and count == 1):
        array = array[np.newaxis]
    if keyword == "PixelData":
        dataset.PhotometricInterpretation = str(told["photometric_interpretation"])
    return np.array(array)


def _black(dataset: Dataset, frames: NDArray[Any]) -> Any:
    """Return the stored value, or colour, that is shown black."""
    photometric = str(dataset.PhotometricInterpretation) if "PhotometricInterpretation" in dataset else ""
    if photometric == "MONOCHROME1":
        return frames.max()
    if photometric == "PALETTE COLOR":
        return _darkest(dataset)
    if photometric.startswith("YBR_FULL"):
        middle = 1 << (int(dataset.BitsStored) - 1)
        return np.array([0, middle, middle], frames.dtype)
    if photometric.startswith("YBR_PARTIAL"):
        return np.array([16, 128, 128], frames.dtype)
    return 0 if frames.ndim == 4 or frames.dtype.kind == "u" else frames.min()


def _darkest(dataset: Dataset) -> int:
    """Return the index of the darkest colour of the palette."""
    total: NDArray[Any] = np.zeros(1)
    first = 0
    for colour in ("Red", "Green", "Blue"):
        descriptor = dataset.get(f"{colour}PaletteColorLookupTableDescriptor")
        data = dataset.get(f"{colour}PaletteColorLookupTableData")
        if descriptor is None or data is None:
            return 0
        first, bits = int(descriptor[1]), int(descriptor[2])
        numbers = np.frombuffer(bytes(data), np.uint8 if bits == 8 and len(data) < 2 * (descriptor[0] or 65536) else
                                np.dtype("<u2")).astype(float)  # fmt: skip
        length = min(total.size, numbers.size) if total.size > 1 else numbers.size
        total = numbers[:length] + (total[:length] if total.size > 1 else 0)
    return first + int(total.argmin())


def _without_junk(dataset: Dataset, frames: NDArray[Any]) -> NDArray[Any]:
    """Clear the bits that are not stored ones; numbers with a sign keep it in all bits."""
    stored, high = int(dataset.BitsStored), int(dataset.HighBit)
    spare = frames.itemsize * 8 - stored
    if spare <= 0 or dataset.BitsAllocated == 1 or frames.dtype.kind not in "iu":
        return frames
    if high != stored - 1:
        mask = ((1 << stored) - 1) << (high - stored + 1)
        return (frames.view(f"u{frames.itemsize}") & mask).astype(f"u{frames.itemsize}").view(frames.dtype)
    return np.asarray((frames << spare) >> spare, frames.dtype)


def _put(dataset: Dataset, keyword: str, frames: NDArray[Any]) -> None:
    from pydicom.uid import ExplicitVRLittleEndian

    if not dataset.file_meta.TransferSyntaxUID.is_little_endian:
        _swap(dataset)
    if dataset.get("BitsAllocated") == 1:
        data = np.packbits(frames.astype(bool).ravel(), bitorder="little").tobytes()
    else:
        data = np.ascontiguousarray(frames.astype(frames.dtype.newbyteorder("<"))).tobytes()
    if keyword == "PixelData":
        allocated = 1 if dataset.BitsAllocated == 1 else frames.itemsize * 8
        dataset.BitsAllocated = allocated
        if frames.ndim == 4:
            dataset.PlanarConfiguration = 0
            if dataset.PhotometricInterpretation == "YBR_FULL_422":
                dataset.PhotometricInterpretation = "YBR_FULL"
    dataset[keyword].value = data + b"\0" * (len(data) % 2)
    dataset[keyword].is_undefined_length = False
    if keyword == "PixelData":
        dataset[keyword].VR = "OW" if frames.itemsize > 1 else "OB"
    for stale in _STALE:
        if stale in dataset:
            delattr(dataset, stale)
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.set_original_encoding(False, True)


def _swap(dataset: Dataset) -> None:
    """Turn the words of all other binary values of a big-endian data set round."""
    for element in dataset.iterall():
        size = _SWAPPED.get(element.VR)
        if size and element.keyword not in _KEYWORDS and element.value:
            element.value = np.frombuffer(element.value, f">u{size}").astype(f"<u{size}").tobytes()
