"""Plain records of what a header says; they cross from the worker to the program as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

Numbers = tuple[float, ...]
Dimension = str | float | int | tuple[float, ...]


@dataclass(frozen=True)
class PixelLayout:
    """How the pixels of a file are stored, and where.

    ``offset`` and ``length`` (bytes really present) count in the file, or in the unpacked data set when it
    is deflated. ``tables`` says that a modality LUT must be applied, ``floating`` is the size in bytes of
    float pixels. ``impossible_high_bit`` is what the header says where the stored bits do not fit below it; they are
    taken to be the lowest ones then.
    """

    syntax: str
    rows: int
    columns: int
    samples: int = 1
    frames: int = 1
    photometric: str = "MONOCHROME2"
    planar: int = 0
    allocated: int = 16
    stored: int = 16
    high_bit: int = 15
    signed: bool = False
    offset: int = 0
    length: int = 0
    encapsulated: bool = False
    vr: str = "OW"
    floating: int = 0
    tables: bool = False
    file_size: int = 0
    impossible_high_bit: int | None = None

    @property
    def is_colour(self) -> bool:
        """Return whether decoded frames have three values per pixel."""
        return self.samples > 1 or self.photometric == "PALETTE COLOR"

    @property
    def frame_bits(self) -> int:
        """Return the size of one native frame in bits."""
        halved = self.photometric in ("YBR_FULL_422", "YBR_PARTIAL_422") and not self.encapsulated
        samples = 2 if halved and self.samples == 3 else self.samples
        return self.rows * self.columns * samples * self.allocated

    @property
    def surplus(self) -> int:
        """Return how many bytes of native pixels the header does not account for; below 0 are missing ones.

        Fewer than a row and a column have are no sign of a wrong number: they fill up the file.
        """
        extra = self.length - -(-self.frame_bits * self.frames // 8)
        line = min(self.rows, self.columns) * self.samples * self.allocated // 8
        return 0 if self.encapsulated or 0 < extra <= max(1, line - 1) else extra


@dataclass(frozen=True)
class FrameRecord:
    """One frame: where it lies, what its stored values mean, and the values that may tell it from its like.

    ``tile`` is (row, column, rows, columns) of a slice inside a mosaic frame. ``function`` is the VOI LUT Function
    where it is stated; ``tables`` are VOI LUTs as (first value, bits, packed entries, explanation). ``dimensions``
    maps a name (``"echo"``, ``"temporal"`` …) to the value of this frame.
    """

    number: int = 0
    position: Numbers | None = None
    orientation: Numbers | None = None
    spacing: Numbers | None = None
    detector_spacing: Numbers | None = None
    size_note: str = ""
    """Which statement about the size of a pixel counts where there are several, see ``pixel_size``."""
    thickness: float | None = None
    between: float | None = None
    slope: float = 1.0
    intercept: float = 0.0
    unit: str = ""
    unscaled: bool = False
    """How values come from stored numbers is stated, but cannot be understood: these are stored numbers."""
    unmapped: bool = False
    """A table maps stored numbers to values, and it is not applied: these are stored numbers."""
    windows: tuple[tuple[float, float, str], ...] = ()
    function: str = ""
    tables: tuple[tuple[int, int, str, str], ...] = ()
    instance: int | None = None
    tile: tuple[int, int, int, int] | None = None
    dimensions: dict[str, Dimension] = field(default_factory=dict)

    @property
    def is_placed(self) -> bool:
        """Return whether it states where it lies: a position, and axes that span a plane."""
        return self.position is not None and self.orientation is not None and _spans_a_plane(self.orientation)


def _spans_a_plane(orientation: Numbers) -> bool:
    r, c = orientation[:3], orientation[3:]
    normal = (r[1] * c[2] - r[2] * c[1], r[2] * c[0] - r[0] * c[2], r[0] * c[1] - r[1] * c[0])
    return sum(n * n for n in normal) > 0.01


@dataclass(frozen=True)
class FileRecord:
    """One DICOM file. ``texts``: what is shown of patient, study, series; ``note``: why there is no image."""

    path: str
    sop_class: str = ""
    sop_uid: str = ""
    series_uid: str = ""
    study_uid: str = ""
    modality: str = ""
    frame_of_reference: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    pixels: PixelLayout | None = None
    frames: tuple[FrameRecord, ...] = ()
    padding: Numbers | None = None
    lossy: bool = False
    truncated: bool = False
    stacked: bool = False
    """The frames are slices of one volume although they state no positions (nuclear medicine)."""
    cine: dict[str, Any] = field(default_factory=dict)
    """What the file says about the rate of its frames, see ``timing.cine_facts``."""
    sources: dict[str, int] = field(default_factory=dict)
    """The elements that dimensions of the frames were read from, where they are not the usual ones."""
    data_offset: int = 0
    note: str = ""
    contents: tuple[str, ...] = ()
    """The names of the segments or structures of an object that holds labels."""
    references: tuple[str, ...] = ()
    """The series that such an object was made from."""


def blank(frame: FrameRecord) -> FrameRecord:
    """Return an empty frame at the place of another; its number is -1."""
    return replace(frame, number=-1)


def to_json(record: FileRecord) -> dict[str, Any]:
    """Return a record as plain data, leaving out what has its default value."""
    data = _plain(record)
    data["frames"] = [_plain(frame) for frame in record.frames]
    if record.pixels is not None:
        data["pixels"] = _plain(record.pixels)
    return data


def from_json(data: dict[str, Any]) -> FileRecord:
    """Make a record of plain data."""
    pixels = data.pop("pixels", None)
    frames = tuple(FrameRecord(**{k: _tuples(v) for k, v in frame.items()}) for frame in data.pop("frames", ()))
    layout = PixelLayout(**pixels) if pixels else None
    return FileRecord(**{k: _tuples(v) for k, v in data.items()}, frames=frames, pixels=layout)


def _plain(record: Any) -> dict[str, Any]:
    default = type(record)("") if isinstance(record, FileRecord) else _DEFAULTS[type(record)]
    return {k: v for k, v in vars(record).items() if k not in ("frames", "pixels") and v != getattr(default, k)} | (
        {"frames": record.frames} if isinstance(record, PixelLayout) else {}
    )


def _tuples(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_tuples(v) for v in value)
    return {k: _tuples(v) for k, v in value.items()} if isinstance(value, dict) else value


_DEFAULTS: dict[type, Any] = {PixelLayout: PixelLayout("-", -1, -1), FrameRecord: FrameRecord()}


@dataclass(frozen=True, eq=False)
class Member:
    """A frame together with the file it is in, while it is being sorted."""

    file: FileRecord
    frame: FrameRecord
    copy: int = 0

    @property
    def layout(self) -> PixelLayout:
        """Return how the pixels are stored."""
        assert self.file.pixels is not None
        return self.file.pixels
