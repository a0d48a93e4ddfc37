"""Take pictures of the screen away: one picture, numbered pictures, GIF, WebP or MP4. Written, read back, renamed.

Pictures are (rows, columns, 3) arrays of 8 bits and come one by one, so that a long film needs no more memory
than its format does. No name, date or host is put into the files.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from pellucid.dicom.child import Cancelled
from pellucid.files import gif, video, webp_animation
from pellucid.files.export import Report, export_picture
from pellucid.files.pacing import paced
from pellucid.files.raw import IsCancelled, Progress
from pellucid.files.safe_write import PREFIX, SUFFIX, replacing, sentence
from pellucid.language import mark, tr
from pellucid.model.findings import Refused
from pellucid.model.reduction import amount

Pixels = NDArray[np.uint8]
_READING = 0.8  # share of the work after which everything is written
_MOST_GIF = 1 << 30
_TICK = 1000.0 / 60.0
_PACKED = {".gif": 0.25, ".webp": 0.15, ".mp4": 0.02, ".png": 0.25, ".tif": 0.35, ".jpg": 0.05}
_OF_SAMPLE = {".gif": 0.8, ".webp": 0.4, ".mp4": 0.1, ".png": 0.9, ".tif": 1.0, ".jpg": 0.4}


@dataclass(frozen=True)
class FilmFormat:
    """A way to take pictures away; ``folder`` says that it makes a folder of numbered files."""

    title: str
    extension: str
    folder: bool = False
    note: str = ""
    lossy: bool = False


FILMS = (
    FilmFormat("GIF", ".gif", note=mark("GIF keeps 255 colours and times in steps of 10 ms."), lossy=True),
    FilmFormat("WebP", ".webp", note=mark("WebP keeps every pixel and every time to 1 ms.")),
    FilmFormat("MP4", ".mp4", note=mark("MP4 (H.264) is lossy: edges may blur slightly."), lossy=True),
    FilmFormat(
        mark("PNG pictures"), ".png", folder=True, note=mark("Numbered PNG files in a new folder; every pixel is kept.")
    ),
    FilmFormat(
        mark("TIFF pictures"),
        ".tif",
        folder=True,
        note=mark("Numbered TIFF files in a new folder; every pixel is kept."),
    ),
)
PICTURES = (
    FilmFormat("PNG", ".png"),
    FilmFormat("TIFF", ".tif"),
    FilmFormat("WebP", ".webp"),
    FilmFormat("JPEG", ".jpg", note=mark("JPEG is lossy: edges blur slightly."), lossy=True),
)
"""The formats of single pictures."""


def film_obstacle(form: FilmFormat, count: int, size: tuple[int, int]) -> str:
    """Return why a film cannot be written in a format, or nothing; ``size`` is (columns, rows)."""
    if form.extension == ".mp4" and video.ffmpeg() is None:
        return tr(video.HOW_TO_GET)
    if form.extension == ".gif" and count * size[0] * size[1] > _MOST_GIF:
        return tr(
            "A GIF of {count} pictures this large needs too much memory. Choose fewer or smaller ones, or WebP.",
            count=count,
        )
    if form.extension == ".webp" and max(size) > webp_animation.LARGEST:
        return tr(
            "WebP holds at most {limit} pixels along a side. Choose a smaller size.", limit=webp_animation.LARGEST
        )
    return ""


def expected_size(form: FilmFormat, count: int, size: tuple[int, int], packed: float | None = None) -> float:
    """Return a rough size in bytes; ``packed`` is the share of its bytes a sample picture was packed to."""
    share = _PACKED[form.extension] if packed is None else packed * _OF_SAMPLE[form.extension]
    return max(count * size[0] * size[1] * 3 * share, 100.0 * count)


def write_picture(picture: Pixels, path: Path) -> Report:
    """Write one picture as PNG, TIFF, JPEG or WebP and read it back."""
    if path.suffix.lower() != ".webp":
        return export_picture(picture, path)
    with replacing(path, needs=picture.nbytes // 4) as temporary:
        from PIL import Image

        Image.fromarray(picture).save(temporary, "WEBP", lossless=True)
        ((back, _),) = webp_animation.read(temporary)
        _check(path, np.array_equal(back, picture))
    return Report(path, (tr("{name} was read back identical.", name=path.name),), True)


def write_film(
    path: Path,
    form: FilmFormat,
    pictures: Iterable[Pixels],
    durations: Sequence[float],
    *,
    progress: Progress = lambda _: None,
    cancelled: IsCancelled = lambda: False,
) -> Report:
    """Write as many pictures as there are durations (ms), all of one size; verify by reading back, then rename.

    Raises Refused with a sentence and Cancelled; then nothing is left behind.
    """
    counted = _counted(pictures, len(durations), progress, cancelled)
    if form.folder:
        return _numbered(path, form, counted, len(durations))
    writer = {".gif": _gif, ".webp": _webp, ".mp4": _mp4}[form.extension]
    with replacing(path) as temporary:
        sentences, lossless = writer(path, temporary, counted, durations, cancelled)
        if cancelled():
            raise Cancelled
    progress(1.0)
    return Report(path, tuple(said for said in sentences if said), lossless)


def _counted(pictures: Iterable[Pixels], count: int, progress: Progress, cancelled: IsCancelled) -> Iterator[Pixels]:
    """Pass pictures on, telling how many there were; too few or too many are a fault of the caller."""
    seen = 0
    for seen, picture in enumerate(pictures, start=1):
        if cancelled():
            raise Cancelled
        yield picture
        progress(_READING * seen / count)
    if cancelled():
        raise Cancelled
    if seen != count:
        raise ValueError(f"{count} pictures were announced, {seen} came")


def _chosen(pictures: Iterable[Pixels], pace: Sequence[tuple[int, int]]) -> Iterator[tuple[Pixels, int]]:
    """Yield the pictures that a pace keeps, with their steps."""
    steps = dict(pace)
    for n, picture in enumerate(pictures):
        if n in steps:
            yield picture, steps[n]


Told = tuple[tuple[str, ...], bool]


def _gif(path: Path, temporary: Path, pictures: Iterator[Pixels], durations: Sequence[float],
         cancelled: IsCancelled) -> Told:  # fmt: skip
    pace = paced(durations, gif.STEP, gif.LEAST)
    spool = gif.Spool()
    for picture, _ in _chosen(pictures, pace):
        spool.add(picture, len(pace))
    palette, exact = spool.palette()
    indexed, worst = [], 0.0
    for true, image in zip(spool, gif.in_palette(spool, palette, exact=exact), strict=True):
        if cancelled():
            raise Cancelled
        indexed.append(image)
        if not exact:
            worst = max(worst, float(np.abs(true.astype(np.int16) - np.asarray(image.convert("RGB"))).mean()))
    milliseconds = [gif.STEP * steps for _, steps in pace]
    with temporary.open("xb") as file:
        gif.write(file, indexed, milliseconds)
    wanted = _merged((np.asarray(image.convert("RGB")) for image in indexed), milliseconds)
    _check(path, wanted == _merged(*_apart(gif.read(temporary))))
    colours = tr("Every colour was kept.")
    if not exact:
        colours = tr(
            "The colours were brought down to {count}; pixels differ by {worst:.1f} of 255 levels on average.",
            count=gif.COLOURS,
            worst=worst,
        )
    return (_read_back(path, temporary, len(pace), sum(milliseconds)), _left_out(len(durations), len(pace)),
            colours), exact  # fmt: skip


def _webp(path: Path, temporary: Path, pictures: Iterator[Pixels], durations: Sequence[float],
          _cancelled: IsCancelled) -> Told:  # fmt: skip
    pace = paced(durations, 1.0, 1)
    written: list[tuple[bytes, int]] = []

    def noted() -> Iterator[tuple[Pixels, int]]:
        for picture, ms in _chosen(pictures, pace):
            written.append((_digest(picture), ms))
            yield picture, ms

    with temporary.open("xb") as file:
        webp_animation.write(file, noted())
    back = [(_digest(picture), ms) for picture, ms in webp_animation.read(temporary)]
    if len(pace) == 1:
        back = [(digest, ms) for (digest, _), (_, ms) in zip(back, written, strict=True)]
    _check(path, back == written)
    told = _read_back(path, temporary, len(pace), sum(ms for _, ms in written))
    return (told, _left_out(len(durations), len(pace)), tr("Every pixel was kept.")), True


def _mp4(path: Path, temporary: Path, pictures: Iterator[Pixels], durations: Sequence[float],
         cancelled: IsCancelled) -> Told:  # fmt: skip
    even = max(durations) - min(durations) < 0.01
    rate = 1000.0 / durations[0] if even else 1000.0 / _TICK
    pace = [(n, 1) for n in range(len(durations))] if even else paced(durations, _TICK, 1)
    first = next(pictures)
    rows, columns = first.shape[:2]

    def repeated() -> Iterator[Pixels]:
        for picture, steps in _chosen(_with(first, pictures), pace):
            for _ in range(steps):
                yield picture

    video.write(temporary, repeated(), (columns, rows), rate, cancelled)
    if cancelled():
        raise Cancelled
    count, size, seconds = video.inspect(temporary)
    wanted = sum(steps for _, steps in pace)
    fits = size == (columns + columns % 2, rows + rows % 2)
    _check(path, count == wanted and fits and abs(seconds - wanted / rate) <= max(0.05, 1.5 / rate))
    return (_read_back(path, temporary, len(pace), 1000.0 * wanted / rate), _left_out(len(durations), len(pace)),
            tr("MP4 is lossy: edges may blur slightly.")), False  # fmt: skip


def _with(first: Pixels, rest: Iterator[Pixels]) -> Iterator[Pixels]:
    yield first
    yield from rest


def _numbered(path: Path, form: FilmFormat, pictures: Iterator[Pixels], count: int) -> Report:
    """Write numbered files into a folder that is not there yet; it appears only when all of them are in it."""
    if path.exists():
        raise Refused(tr("“{name}” is there already. Choose another name for the folder.", name=path.name))
    temporary = path.with_name(f"{PREFIX}{uuid4().hex[:16]}{SUFFIX}")
    digits = max(3, len(str(count)))
    try:
        temporary.mkdir()
        for n, picture in enumerate(pictures, start=1):
            report = export_picture(picture, temporary / f"{path.name}_{n:0{digits}d}{form.extension}")
            _check(path, report.lossless)
        temporary.rename(path)
    except OSError as error:
        raise Refused(sentence(path, error)) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    told = tr(
        "{count} pictures were written into the folder {name} and read back identical.", count=count, name=path.name
    )
    return Report(path, (told,), True)


def _apart(pairs: Iterable[tuple[Pixels, int]]) -> tuple[list[Pixels], list[int]]:
    pictures, times = [], []
    for picture, ms in pairs:
        pictures.append(picture)
        times.append(ms)
    return pictures, times


def _merged(pictures: Iterable[Pixels], times: Sequence[int]) -> list[tuple[bytes, int]]:
    """Return what is seen: pictures that are alike and follow each other are one for the sum of their times."""
    seen: list[tuple[bytes, int]] = []
    for picture, ms in zip(pictures, times, strict=True):
        digest = _digest(picture)
        if seen and seen[-1][0] == digest:
            seen[-1] = (digest, seen[-1][1] + ms)
        else:
            seen.append((digest, ms))
    if len(seen) == 1:
        return [(seen[0][0], 0)]  # one picture has no duration
    return seen


def _digest(picture: Pixels) -> bytes:
    return blake2b(np.ascontiguousarray(picture).data, digest_size=16).digest()


def _read_back(path: Path, written: Path, count: int, milliseconds: float) -> str:
    size = amount(written.stat().st_size)
    return tr(
        "{name} was read back: {count} pictures in {seconds:.2f} s, {size}.",
        name=path.name,
        count=count,
        seconds=milliseconds / 1000,
        size=size,
    )


def _left_out(wanted: int, kept: int) -> str:
    left = wanted - kept
    return tr("{left} pictures follow each other too fast for the format and were left out.", left=left) if left else ""


def _check(path: Path, same: bool) -> None:
    if not same:
        raise Refused(
            tr(
                "{name} was not kept: what was written does not read back the same, so the disk or "
                "the program is at fault. Try another folder or format.",
                name=path.name,
            )
        )
