"""Describe one image: size, spacing, origin, direction, type, unit, value range, and what is odd about it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.cli import report, source
from pellucid.dicom.stack import sequences
from pellucid.files.discover import is_series
from pellucid.model.findings import Finding
from pellucid.model.volume import Volume

SUMMARY = "describe an image file, a DICOM file, or a folder with one series"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("path", type=Path, metavar="PATH", help="an image file, a DICOM file, or a folder")
    parser.add_argument("--json", action="store_true", help="print JSON")
    source.add_choice(parser)
    source.add_splitting(parser)


def run(options: argparse.Namespace) -> int:
    """Print the description of one image, its pixels read for the value range."""
    item = source.split(source.choose(options.path, options.series), options)
    volume, extra = options.volume, list(source.findings_of(item))
    if is_series(item):
        groups = sequences(item)
        if volume is None and len(groups) > 1:
            volume = max(range(len(groups)), key=lambda n: len(groups[n]) * np.prod(groups[n][0].geometry.size))
            extra.append(_several(volume, len(groups)))
        frames = source.read_plans(source.one_image(item, volume))
    else:
        frames = source.read_file(item.path)
    described = describe(frames, extra)
    if options.json:
        report.show_json(described)
    else:
        report.show(_text(described))
    return 0


def _several(volume: int, count: int) -> Finding:
    return Finding(
        "several-images",
        f"The series holds {count} images that are not frames of one; this is number {volume}, the largest. "
        "Choose with --volume.",
    )


def describe(frames: tuple[Volume, ...], extra: list[Finding]) -> dict[str, Any]:
    """Return the stable keys of ``info``; a 4-D image also says its number of ``frames``."""
    first = frames[0]
    ranges = [value_range(volume) for volume in frames]
    known = [(low, high) for low, high in ranges if low is not None and high is not None]
    described = {
        **report.grid(first.geometry),
        "pixel_type": str(first.dtype),
        "components": first.components,
        "unit": first.unit,
        "minimum": min((low for low, _ in known), default=None),
        "maximum": max((high for _, high in known), default=None),
        "findings": report.findings(extra, *(volume.findings for volume in frames)),
    }
    if len(frames) > 1:
        described["frames"] = len(frames)
    return described


def value_range(volume: Volume) -> tuple[float | None, float | None]:
    """Return the lowest and highest value that is finite and not padding; None where there is none."""
    lows, highs = [], []
    for plane in volume.array:
        valid = np.isfinite(plane) if plane.dtype.kind == "f" else np.ones(plane.shape, bool)
        if volume.padding is not None:
            valid &= ~((plane >= volume.padding[0]) & (plane <= volume.padding[1]))
        values = plane[valid]
        if values.size:
            lows.append(values.min().item())
            highs.append(values.max().item())
    return min(lows, default=None), max(highs, default=None)


def _text(described: dict[str, Any]) -> str:
    spacing = described["spacing"]
    rows = {
        "size": " × ".join(str(count) for count in described["size"]),
        "spacing": report.numbers(spacing) + ("" if spacing is None else " mm"),
        "origin": ", ".join(f"{value:.6g}" for value in described["origin"]) + " mm (LPS)",
        "direction": ", ".join(f"{value:.6g}" for value in described["direction"]),
        "type": described["pixel_type"] + (f" × {described['components']}" if described["components"] > 1 else ""),
        "unit": described["unit"] or "not stated",
        "range": f"{described['minimum']} to {described['maximum']}",
    }
    if "frames" in described:
        rows["frames"] = str(described["frames"])
    lines = [f"{name:<10} {value}" for name, value in rows.items()]
    return "\n".join(lines + [f"finding    {finding['message']}" for finding in described["findings"]])
