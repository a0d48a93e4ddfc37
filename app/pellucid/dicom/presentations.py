"""Presentation states: which window, curve and polarity they give to which series, and what else they ask for.

Source: PS3.3 A.33 (softcopy presentation states), C.11.8 (softcopy VOI LUT), C.11.6 (presentation LUT). What is read
runs in a worker.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.dicom.display_tables import TAGS as TABLE_TAGS
from pellucid.dicom.display_tables import stated_windows, voi_tables
from pellucid.dicom.parsing import try_to_parse
from pellucid.dicom.records import FrameRecord
from pellucid.dicom.values import Values
from pellucid.language import mark, tr
from pellucid.model.findings import Refused

if TYPE_CHECKING:
    from pellucid.dicom.child import Pool
    from pellucid.model.volume import WindowPreset

_CLASS, _SERIES, _SERIES_UID, _IMAGES, _IMAGE = 0x00080016, 0x00081115, 0x0020000E, 0x00081140, 0x00081155
_VOI, _CENTRE, _WIDTH, _NAMES, _FUNCTION = 0x00283110, 0x00281050, 0x00281051, 0x00281055, 0x00281056
_SHAPE, _LABEL, _TEXT = 0x20500020, 0x00700080, 0x00700081
_ROTATION, _FLIP, _AREAS = 0x00700042, 0x00700041, 0x0070005A
_REFUSED = {0x00700001: mark("annotations"), 0x00181600: mark("a shutter"), 0x00700060: mark("layers of graphics"),
            0x20500010: mark("a table for the display"), 0x00283000: mark("a modality table")}  # fmt: skip
_TAGS = frozenset({0x00080005, _CLASS, _SERIES, _SERIES_UID, _IMAGES, _IMAGE, _VOI, _CENTRE, _WIDTH, _NAMES, _FUNCTION,
                   _SHAPE, _LABEL, _TEXT, _ROTATION, _FLIP, _AREAS, *_REFUSED}) | TABLE_TAGS  # fmt: skip
_READ = "pellucid.dicom.presentations:read_plain"
_GRAPHIC_LAYERS = 0x00700060
_MOST_SERIES, _MOST_IMAGES = 100, 10_000


@dataclass(frozen=True)
class Presentation:
    """How some series are to be shown. ``series`` maps their UIDs to those of the images that are meant.

    ``windows`` are (level, width, name, function, tables, images: of all where there are none).
    """

    title: str
    series: dict[str, tuple[str, ...]]
    windows: tuple[tuple[WindowPreset, tuple[str, ...]], ...]
    inverts: bool
    left_out: tuple[str, ...]

    def window_for(self, images: set[str]) -> WindowPreset | None:
        """Return the window for some images: the one that most of them have."""
        counts = [(len(images.intersection(meant)) if meant else len(images), window) for window, meant in self.windows]
        return max(counts, key=lambda pair: pair[0])[1] if counts else None


def read(path: Path, pool: Pool | None = None) -> Presentation:
    """Read a presentation state in a worker; raise Refused with a sentence for what is none."""
    from pellucid.dicom.child import default_pool

    answer, _ = (pool or default_pool()).call(_READ, {"path": str(path)})
    windows = []
    for row in answer["windows"]:
        frame = FrameRecord(windows=tuple(map(tuple, row["windows"])), function=row["function"],
                            tables=tuple(map(tuple, row["tables"])))  # fmt: skip
        windows += [(window, tuple(row["images"])) for window in stated_windows(frame)[:1]]
    series = {uid: tuple(images) for uid, images in answer["series"].items()}
    return Presentation(answer["title"], series, tuple(windows), answer["inverts"], tuple(answer["left_out"]))


def read_plain(payload: dict[str, Any]) -> dict[str, Any]:
    """Read ``payload["path"]``; answer what it asks for as plain data, or refuse. Runs in a worker."""
    path = Path(payload["path"])
    parsed = try_to_parse(path, _TAGS)
    values = Values(parsed.elements) if parsed is not None else None
    if values is None or _SERIES not in values:
        raise Refused(tr("{name} could not be read: it holds no presentation state.", name=path.name))
    series = {one.code(_SERIES_UID): _images(one) for one in values.items(_SERIES)[:_MOST_SERIES]}
    return {
        "title": values.text(_TEXT) or values.text(_LABEL),
        "series": series,
        "windows": [_window(item) for item in values.items(_VOI)[:_MOST_SERIES]],
        "inverts": values.code(_SHAPE) == "INVERSE",
        "left_out": _left_out(values),
    }


def _images(item: Values) -> list[str]:
    return [image.code(_IMAGE) for image in item.items(_IMAGES)[:_MOST_IMAGES]]


def _window(item: Values) -> dict[str, Any]:
    centres, widths = item.numbers(_CENTRE), item.numbers(_WIDTH)
    names = [*item.text(_NAMES).split("\\"), *[""] * len(centres)]
    pairs = [(c, w, n.strip()) for c, w, n in zip(centres, widths, names, strict=False) if w > 0]
    return {"windows": pairs, "function": item.code(_FUNCTION), "tables": voi_tables(item, signed=True),
            "images": _images(item)}  # fmt: skip


def _left_out(values: Values) -> list[str]:
    """Return in words what a presentation asks for that is not done."""
    found = [tr(word) for tag, word in _REFUSED.items() if tag in values and tag != _GRAPHIC_LAYERS]
    turn = values.unsigned(_ROTATION) or 0
    if turn % 360:
        found.append(tr("a turn by {angle}°", angle=turn))
    if values.code(_FLIP) == "Y":
        found.append(tr("a flip"))
    if _AREAS in values:
        found.append(tr("the part of the image that is shown"))
    return found
