"""MP4 by an ffmpeg that is on the machine: H.264 that every player and slide show takes. It is never downloaded."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pellucid.language import mark, tr
from pellucid.model.findings import Refused

Pixels = NDArray[np.uint8]
HOW_TO_GET = mark("MP4 needs ffmpeg. Install it, or install Pellucid with the extra “movie”, and start again.")
_QUALITY = "16"  # CRF: 0 is lossless, 18 looks the same, 51 is worst


def ffmpeg() -> str | None:
    """Return the path of an ffmpeg: one the system finds, else that of the package imageio-ffmpeg."""
    found = shutil.which("ffmpeg")
    if found or importlib.util.find_spec("imageio_ffmpeg") is None:
        return found
    from imageio_ffmpeg import get_ffmpeg_exe  # type: ignore[import-not-found, unused-ignore]

    try:
        return str(get_ffmpeg_exe())
    except RuntimeError:
        return None


def write(path: Path, pictures: Iterable[Pixels], size: tuple[int, int], rate: float,
          cancelled: Callable[[], bool] = lambda: False) -> None:  # fmt: skip
    """Write pictures (rows, columns, 3) of ``size`` (columns, rows) at a rate per second.

    Odd sides get one more row or column of black, which H.264 needs. Raises Refused with what ffmpeg says.
    """
    program = ffmpeg()
    if program is None:
        raise Refused(HOW_TO_GET)
    columns, rows = size
    command = [
        program, "-hide_banner", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24",
        "-s", f"{columns}x{rows}", "-r", f"{rate:.6f}", "-i", "-", "-an", "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2",
        "-c:v", "libx264", "-preset", "medium", "-crf", _QUALITY, "-pix_fmt", "yuv420p", "-movflags", "+faststart",
        "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-f", "mp4", str(path),
    ]  # fmt: skip
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert process.stdin is not None
    try:
        for picture in pictures:
            process.stdin.write(np.ascontiguousarray(picture).data)
        _, said = process.communicate()
    except BrokenPipeError:
        _, said = process.communicate()
    except BaseException:
        process.kill()
        process.communicate()
        raise
    if process.returncode and not cancelled():
        reason = said.decode("utf-8", "replace").strip().splitlines()
        raise Refused(
            tr("ffmpeg could not write the film: {reason}.", reason=reason[-1] if reason else tr("it gave no reason"))
        )


def inspect(path: Path) -> tuple[int, tuple[int, int], float]:
    """Return the number of pictures, (columns, rows) and the seconds of a film, by decoding all of it."""
    program = ffmpeg()
    if program is None:
        raise Refused(HOW_TO_GET)
    command = [program, "-hide_banner", "-i", str(path), "-map", "0:v:0", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, check=False).stderr.decode("utf-8", "replace")
    counts = re.findall(r"frame=\s*(\d+)", said)
    size = re.search(r"Video:.*? (\d{2,5})x(\d{2,5})", said)
    long = re.search(r"Duration: (\d+):(\d+):([\d.]+)", said)
    if not counts or size is None or long is None:
        return 0, (0, 0), 0.0
    seconds = int(long[1]) * 3600 + int(long[2]) * 60 + float(long[3])
    return int(counts[-1]), (int(size[1]), int(size[2])), seconds
