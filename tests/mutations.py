"""Spoil files on purpose, repeatably: what a disk, a network or somebody with bad intentions does to an image file.

``seeds()`` are small healthy files of every kind; ``Mutator.next()`` makes a damaged one of them.
"""

from __future__ import annotations

import io
import random
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import tifffile
from pydicom.uid import RLELossless

from dicom_making import ENHANCED_CT
from dicom_making import slice_dataset as _slice_dataset
from object_seeds import objects

LARGEST_SEED = 120_000
DEFLATED = "1.2.840.10008.1.2.1.99"
SYNTAXES = [
    b"1.2.840.10008.1.2\0\0\0\0\0", b"1.2.840.10008.1.2.1\0\0\0", b"1.2.840.10008.1.2.2\0\0\0",
    b"1.2.840.10008.1.2.1.99", b"1.2.840.10008.1.2.5\0\0\0",
    *(f"1.2.840.10008.1.2.4.{n}".encode() for n in (50, 51, 53, 55, 57, 70, 80, 81, 90, 91)),
]  # fmt: skip
VRS = [b"OB", b"OW", b"SQ", b"UN", b"US", b"UL", b"DS", b"IS", b"UI", b"UT", b"FD", b"AT", b"ZZ", b"\0\0"]
SIZES = [0, 1, 2, 3, 7, 8, 12, 13, 16, 24, 31, 32, 33, 64, 127, 128, 255, 256, 512, 4096, 32767, 32768, 65534, 65535]
LENGTHS = [0, 1, 2, 3, 7, 0xFF, 0xFFFE, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF]
LIARS = (0x00280002, 0x00280006, 0x00280008, 0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102, 0x00280103,
         0x00281101, 0x00283002, 0x00281052, 0x00281053, 0x00200032, 0x00200037, 0x00280030)  # fmt: skip
GROUPS = {struct.pack("<H", group) for group in (0x8, 0x10, 0x20, 0x28, 0x40, 0x42, 0x62, 0x70, 0x3006, 0x5200, 0x7FE0)}


@dataclass(frozen=True)
class Place:
    """Where an element lies in a file: its tag, the start of its header and of its value, and its length."""

    tag: int
    header: int
    value: int
    length: int


@dataclass(frozen=True)
class Seed:
    """A healthy file; ``series`` is its series UID, which every mutant gets anew; ``suffix`` is that of its name."""

    name: str
    data: bytes
    suffix: str = ".dcm"
    series: bytes = b""
    places: tuple[Place, ...] = ()

    def at(self, tag: int) -> Place | None:
        return next((place for place in self.places if place.tag == tag), None)


# ------------------------------------------------------------------ healthy files


@cache
def seeds() -> tuple[Seed, ...]:
    """Return healthy files: pydicom's own examples, made ones, objects that are no images, and pictures not DICOM."""
    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    files = [path for path in sorted(folder.glob("*.dcm")) if path.stat().st_size <= LARGEST_SEED]
    found = [dicom_seed(path.name, path.read_bytes()) for path in files]
    made = (*_made(), *((name, _bytes_of(ds)) for name, ds in objects()))
    return (*found, *(dicom_seed(name, data) for name, data in made), *_pictures())


def dicom_seed(name: str, data: bytes) -> Seed:
    """Return a DICOM file with the places of its elements, as far as pydicom finds them."""
    series, places = b"", []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ds = pydicom.dcmread(io.BytesIO(data), force=True)
            series = str(ds.get("SeriesInstanceUID", "")).encode()
            for element in list(ds._dict.values()):
                if element.__class__.__name__ != "RawDataElement":
                    continue
                long = element.is_implicit_VR is False and element.VR in ("OB", "OW", "SQ", "UN", "UT", "OF", "UC")
                start, size = element.value_tell, 12 if long else 8
                if data[start - size : start - size + 2] in GROUPS:
                    places.append(Place(int(element.tag), start - size, start, element.length))
        except Exception:
            places = []
    return Seed(name, data, series=series if len(series) > 8 else b"", places=tuple(places))


def _bytes_of(ds: pydicom.Dataset) -> bytes:
    file = io.BytesIO()
    ds.save_as(file, enforce_file_format=True)
    return file.getvalue()


def slice_dataset(pixels: np.ndarray, **more: object) -> pydicom.Dataset:
    """Return a slice in a series whose UID is long enough to be replaced."""
    return _slice_dataset(pixels, series="1.2.840.99999.3.1000001", **more)


def _made() -> Iterator[tuple[str, bytes]]:
    random_ = np.random.default_rng(0)
    grey = (np.add.outer(np.arange(24), np.arange(20)) * 40 + random_.integers(0, 30, (24, 20))).astype(np.int16)
    yield "plain", _bytes_of(slice_dataset(grey, WindowCenter=40, WindowWidth=400))
    film = slice_dataset(np.stack([grey] * 5), slope=2, NumberOfFrames=5, position=None, modality="XA")
    yield "film", _bytes_of(film)
    film.compress(RLELossless)
    yield "film rle", _bytes_of(film)
    for syntax, encode in _encoders().items():
        ds = slice_dataset(grey.astype(np.uint16), NumberOfFrames=2)
        ds.file_meta.TransferSyntaxUID = f"1.2.840.10008.1.2.4.{syntax}"
        stream = encode(grey.astype(np.uint16))
        ds.PixelData = pydicom.encaps.encapsulate([stream, stream])
        ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
        yield f"jpeg {syntax}", _bytes_of(ds)
    yield "palette", _bytes_of(palette())
    yield "enhanced", _bytes_of(_enhanced(grey))
    yield "deflated", _deflated(_bytes_of(slice_dataset(grey)), b"")


def _encoders() -> dict[int, Callable[[np.ndarray], bytes]]:
    return {
        57: lambda a: imagecodecs.ljpeg_encode(a, bitspersample=16),
        70: lambda a: imagecodecs.ljpeg_encode(a, bitspersample=16),
        80: imagecodecs.jpegls_encode,
        90: lambda a: imagecodecs.jpeg2k_encode(a, codecformat="j2k", reversible=True, level=0),
        201: imagecodecs.htj2k_encode,
    }


def palette() -> pydicom.Dataset:
    """Return a picture with segmented palettes: discrete, linear and indirect segments."""
    ds = slice_dataset(np.arange(256, dtype=np.uint8).reshape(16, 16), slope=None)
    ds.PhotometricInterpretation = "PALETTE COLOR"
    words = np.array([0, 2, 0, 65535, 1, 100, 256, 2, 1, 0, 0, 1, 200, 65535], "<u2").tobytes()
    for colour in ("Red", "Green", "Blue"):
        setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
        ds[f"{colour}PaletteColorLookupTableDescriptor"].VR = "US"
        setattr(ds, f"Segmented{colour}PaletteColorLookupTableData", words)
    return ds


def _enhanced(grey: np.ndarray) -> pydicom.Dataset:
    ds = slice_dataset(np.stack([grey] * 3), slope=None, position=None, orientation=None, spacing=None,
                       sop_class=ENHANCED_CT, NumberOfFrames=3)  # fmt: skip
    ds.PerFrameFunctionalGroupsSequence = []
    for z in range(3):
        groups, position, transform, measures, plane = (pydicom.Dataset() for _ in range(5))
        position.ImagePositionPatient, transform.RescaleSlope = [0, 0, z], z + 1
        transform.RescaleIntercept, transform.RescaleType = -1024, "HU"
        measures.PixelSpacing, plane.ImageOrientationPatient = [1, 1], [1, 0, 0, 0, 1, 0]
        groups.PlanePositionSequence, groups.PixelValueTransformationSequence = [position], [transform]
        groups.PixelMeasuresSequence, groups.PlaneOrientationSequence = [measures], [plane]
        ds.PerFrameFunctionalGroupsSequence.append(groups)
    return ds


def _pictures() -> Iterator[Seed]:
    image = np.random.default_rng(1).integers(0, 255, (40, 30, 3)).astype(np.uint8)
    yield Seed("jpeg", imagecodecs.jpeg_encode(image), ".jpg")
    yield Seed("png", imagecodecs.png_encode(image), ".png")
    yield Seed("jp2", imagecodecs.jpeg2k_encode(image, codecformat="jp2"), ".jp2")
    yield Seed("j2k", imagecodecs.jpeg2k_encode(image[..., 0], codecformat="j2k"), ".j2k")
    for compression in ("none", "zlib", "lzw", "jpeg"):
        file = io.BytesIO()
        tifffile.imwrite(file, image, photometric="rgb", compression=None if compression == "none" else compression)
        yield Seed(f"tiff {compression}", file.getvalue(), ".tif")


def _deflated(data: bytes, more: bytes) -> bytes:
    """Return a file deflated, with raw deflate blocks before the end of its stream."""
    plain = b"1.2.840.10008.1.2.1\0"
    length = struct.unpack_from("<I", data, 140)[0]
    meta, body = data[132 : 144 + length], data[144 + length :]
    meta = meta.replace(struct.pack("<H", len(plain)) + plain, struct.pack("<H", 22) + DEFLATED.encode())
    meta = meta[:8] + struct.pack("<I", length + 2) + meta[12:]
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    stream = packer.compress(body) + packer.flush(zlib.Z_FULL_FLUSH)
    return data[:132] + meta + stream + more + zlib.compressobj(9, zlib.DEFLATED, -15).flush()


@cache
def megabyte_of_nothing() -> bytes:
    """Return 1 MiB of zeros as deflate blocks that may be repeated: a kilobyte each."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)


def bomb(megabytes: int) -> bytes:
    """Return a deflated DICOM file that unpacks to so many MiB."""
    return _deflated(_bytes_of(slice_dataset(np.zeros((8, 8), np.int16))), megabyte_of_nothing() * megabytes)


def nested(depth: int, *, closed: bool = True) -> bytes:
    """Return explicit sequences of undefined length in each other, with an empty one at the bottom."""
    begin = b"\x40\x00\x75\xa3SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    end = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    return begin * depth + (end * depth if closed else b"")


# ------------------------------------------------------------------ damage


def _somewhere(data: bytearray, rng: random.Random) -> int:
    """Return a place in a file: as often in its first kilobyte as anywhere."""
    return rng.randrange(min(len(data), 1200) if rng.random() < 0.5 else len(data))


def flip_bits(data: bytearray, seed: Seed, rng: random.Random) -> bytearray:
    for _ in range(rng.choice((1, 1, 2, 4, 16, 64))):
        data[_somewhere(data, rng)] ^= 1 << rng.randrange(8)
    return data


def overwrite(data: bytearray, seed: Seed, rng: random.Random) -> bytearray:
    start, count = _somewhere(data, rng), rng.choice((1, 2, 4, 16, 64, 500))
    fill = rng.choice((b"\0" * count, b"\xff" * count, rng.randbytes(count)))
    data[start : start + count] = fill[: max(len(data) - start, 0)]
    return data


def truncate(data: bytearray, seed: Seed, rng: random.Random) -> bytearray:
    return data[: _somewhere(data, rng)]


def remove(data: bytearray, seed: Seed, rng: random.Random) -> bytearray:
    start = _somewhere(data, rng)
    del data[start : start + rng.choice((1, 2, 8, 100, 1000))]
    return data


def repeat(data: bytearray, seed: Seed, rng: random.Random) -> bytearray:
    start, count = _somewhere(data, rng), rng.choice((1, 2, 8, 100, 1000))
    data[start:start] = data[start : start + count] * rng.choice((1, 1, 5))
    return data


def splice(data: bytearray, seed: Seed, rng: random.Random) -> bytearray:
    other = rng.choice(seeds()).data
    cut = _somewhere(data, rng)
    return data[:cut] + other[rng.randrange(len(other)) if rng.random() < 0.5 else min(cut, len(other)) :]


def lie_about_length(data: bytearray, seed: Seed, rng: random.Random) -> bytearray:
    if not seed.places:
        return flip_bits(data, seed, rng)
    place = rng.choice(seed.places)
    size = 4 if place.value - place.header == 12 or data[place.header + 4 : place.header + 6].islower() else 2
    length = rng.choice((*LENGTHS, max(place.length - 1, 0), place.length + 1, place.length * 2)) % (1 << 8 * size)
    data[place.value - size : place.value] = length.to_bytes(size, "little")
    return data


def change_vr(data: bytearray, seed: Seed, rng: random.Random) -> bytearray:
    if seed.places:
        place = rng.choice(seed.places)
        data[place.header + 4 : place.header + 6] = rng.choice(VRS)
    return data


def swap_tags(data: bytearray, seed: Seed, rng: random.Random) -> bytearray:
    if len(seed.places) > 1:
        first, second = (place.header for place in rng.sample(seed.places, 2))
        data[first : first + 4], data[second : second + 4] = data[second : second + 4], data[first : first + 4]
    return data


def lie_about_size(data: bytearray, seed: Seed, rng: random.Random) -> bytearray:
    """Change rows, columns, frames, bits, tables, rescale or geometry, one to three of them."""
    known = [place for place in seed.places if place.tag in LIARS and 0 < place.length < 100]
    for place in rng.sample(known, min(rng.randint(1, 3), len(known))):
        text = place.tag in (0x00280008, 0x00281052, 0x00281053, 0x00200032, 0x00200037, 0x00280030)
        lies = (b"0", b"-1", b"99999999", b"1e308", b"nan", b"1\\2", b"\\", b"x", b"1e-30", b"200000", b"65536")
        value = rng.choice(lies) if text else struct.pack("<H", rng.choice(SIZES)) * (place.length // 2)
        data[place.value : place.value + place.length] = value.ljust(place.length)[: place.length]
    return data


def nest(data: bytearray, seed: Seed, rng: random.Random) -> bytearray:
    place = seed.at(0x00280010)
    if place is not None:
        depth = rng.choice((1, 5, 50, 99, 100, 101, 500, 3000))
        data[place.header : place.header] = nested(depth, closed=rng.random() < 0.7)
    return data


def leave_open(data: bytearray, seed: Seed, rng: random.Random) -> bytearray:
    """State an undefined length where there is one."""
    long = [place for place in seed.places if place.value - place.header == 12]
    if long:
        place = rng.choice(long)
        data[place.value - 4 : place.value] = b"\xff\xff\xff\xff"
    return data


def change_syntax(data: bytearray, seed: Seed, rng: random.Random) -> bytearray:
    start = data.find(b"1.2.840.10008.1.2", 132)
    if 0 < start < 1200:
        length = struct.unpack_from("<H", data, start - 2)[0]
        data[start : start + length] = rng.choice(SYNTAXES).ljust(length, b"\0")[:length]
    return data


def change_stream(data: bytearray, seed: Seed, rng: random.Random) -> bytearray:
    """Spoil the head of a compressed picture or the lengths of its fragments."""
    items = [n for n in range(len(data) - 8) if data[n : n + 4] == b"\xfe\xff\x00\xe0"] if len(data) < 60_000 else []
    if not items:
        return flip_bits(data, seed, rng)
    start = rng.choice(items)
    if rng.random() < 0.3:
        data[start + 4 : start + 8] = struct.pack("<I", rng.choice((*LENGTHS, rng.randrange(len(data)))))
        return data
    for _ in range(rng.choice((1, 2, 4))):
        place = min(start + 8 + rng.randrange(120), len(data) - 1)
        data[place] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
    return data


def explode(data: bytearray, seed: Seed, rng: random.Random) -> bytearray:
    return bytearray(bomb(rng.choice((1, 10, 60, 200)) if rng.random() < 0.9 else 1100))


ANY = (flip_bits, overwrite, truncate, remove, repeat, splice)
DICOM = (*ANY, lie_about_length, change_vr, swap_tags, lie_about_size, lie_about_size, nest, leave_open, change_syntax,
         change_stream, change_stream)  # fmt: skip
BOMB_SHARE = 0.002
TWINS_SHARE = 0.1


@dataclass
class Mutator:
    """Makes damaged files, always the same ones for the same number."""

    number: int
    made: int = 0
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.number)

    def next(self) -> tuple[str, bytes]:
        """Return the name and the bytes of the next damaged file."""
        rng, seed = self.rng, self.rng.choice(seeds())
        self.made += 1
        data = bytearray(seed.data)
        if seed.series and rng.random() >= TWINS_SHARE:  # some stay in the series of their like
            data = data.replace(seed.series, seed.series[:-7] + f"1{self.made:06}".encode())
        if rng.random() < BOMB_SHARE:
            return f"{self.made:05}-explode.dcm", bytes(explode(data, seed, rng))
        kinds = DICOM if seed.suffix == ".dcm" else ANY
        done = rng.choices(kinds, k=rng.choice((1, 1, 1, 1, 2)))
        for spoil in done:
            data = spoil(data or bytearray(b"\0"), seed, rng)
        return f"{self.made:05}-{done[0].__name__}{seed.suffix}", bytes(data)
