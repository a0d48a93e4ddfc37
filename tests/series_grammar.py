"""A grammar of CT series: every sentence is a series of files and what must be said about it.

    series  → volume  disorder?
    volume  → plane  matrix  spacing  tilt?  skew?  rescale  trouble?
    spacing → even | rounded | gaps | uneven | two-step
    trouble → copy | version | second-plane | other-matrix | other-pixels | other-reference | repeated | wobble
            | twisted

The first word of each rule is as likely as all others together, so that there are enough clean series.
``Sentence.must`` holds the codes of warnings the series must have; ``Sentence.clean`` that there must be none at all.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from dicom_making import AXIAL, normal_of, slice_dataset

Rng = np.random.Generator
TROUBLES = ("copy", "version", "second-plane", "other-matrix", "other-pixels", "other-reference", "repeated",
            "wobble", "twisted")  # fmt: skip
CLASSIC_ONLY = frozenset({"copy", "version"})
"""Troubles that the enhanced twin cannot have: its frames have no identity of their own."""


@dataclass
class Sentence:
    """One generated series: its files, how it came about, and what must be said."""

    seed: int
    slices: list[Dataset] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    must: set[str] = field(default_factory=set)
    may: set[str] = field(default_factory=set)
    instances: int = 0

    @property
    def clean(self) -> bool:
        """Return whether nothing about the series is odd."""
        return not self.must and not self.may

    def __str__(self) -> str:
        return f"seed {self.seed}: {' '.join(self.words)}"


def sentence(seed: int) -> Sentence:
    """Return the series of a seed."""
    rng, said = np.random.default_rng(seed), Sentence(seed)
    orientation, matrix = _plane(rng, said), _matrix(rng)
    pixels = [round(float(v), 3) for v in rng.uniform(0.3, 2.0, 2)]
    distances = _spacing(rng, said)
    orientation = _skew(rng, said, orientation)
    drift = _tilt(rng, said, orientation, distances)
    origin = rng.uniform(-200, 200, 3)
    normal = normal_of(orientation)
    normal = normal / np.linalg.norm(normal)
    places = [origin + d * (normal + drift) for d in distances]
    slices = [
        slice_dataset(_values(rng, matrix), position=_written(place), orientation=orientation, spacing=pixels,
                      number=k + 1, series=f"1.2.3.{seed}", reference=f"1.2.9.{seed}")
        for k, place in enumerate(places)
    ]  # fmt: skip
    _rescale(rng, said, slices)
    said.instances = len(slices)
    said.slices = _trouble(rng, said, slices)
    _disorder(rng, said)
    return said


def _first(rng: Rng, *others: str) -> str:
    """Return "" half of the time, else one of the others."""
    return "" if rng.random() < 0.5 else str(rng.choice(others))


def _plane(rng: Rng, said: Sentence) -> tuple[float, ...]:
    kind = _first(rng, "turned", "oblique")
    if not kind:
        return AXIAL
    said.words.append(kind)
    if kind == "turned":  # one of the 24 orders and signs of the axes that are no mirror image
        axes = np.eye(3)[rng.permutation(3)] * rng.choice([-1, 1], (3, 1))
    else:
        axes = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    return tuple(float(v) for v in axes[:2].ravel())


def _matrix(rng: Rng) -> tuple[int, int]:
    rows, columns = rng.integers(3, 12, 2)
    return int(rows), int(columns)


def _values(rng: Rng, matrix: tuple[int, int]) -> np.ndarray:
    return rng.integers(-1024, 3000, matrix).astype(np.int16)


def _written(place: np.ndarray) -> list[float]:
    return [float(f"{v:.9g}") for v in place]


def _spacing(rng: Rng, said: Sentence) -> np.ndarray:
    """Return the distance of every slice from the first along the normal."""
    count, step = int(rng.integers(4, 13)), round(float(rng.uniform(0.5, 6.0)), 2)
    kind = _first(rng, "rounded", "gaps", "uneven", "two-step")
    said.words.append(kind or "even")
    even = np.arange(count) * step
    if kind == "rounded":
        return even + rng.uniform(-0.004, 0.004, count)
    if kind == "gaps":
        said.must.add("missing-slices")
        gone = rng.choice(np.arange(1, count), int(rng.integers(1, 4)), replace=False)
        return np.delete(np.arange(count + 4) * step, gone)
    if kind == "uneven":
        said.must.add("missing-slices|uneven-spacing")
        return np.concatenate([[0.0], np.cumsum(rng.uniform(0.5, 6.0, count - 1))])
    if kind == "two-step":
        said.must.add("missing-slices|uneven-spacing")
        return np.cumsum([0.0, *[step] * (count // 2), *[step * float(rng.uniform(1.2, 5))] * (count - count // 2)])
    return even


def _skew(rng: Rng, said: Sentence, orientation: tuple[float, ...]) -> tuple[float, ...]:
    if rng.random() < 0.9:
        return orientation
    amount = float(10 ** rng.uniform(np.log10(2e-3), -1))
    said.words.append(f"skew {amount:.4f}")
    said.must.add("not-orthogonal")
    right, down = np.array(orientation).reshape(2, 3)
    down = down * np.sqrt(1 - amount**2) + right * amount
    return tuple(float(v) for v in (*right, *down))


def _tilt(rng: Rng, said: Sentence, orientation: tuple[float, ...], distances: np.ndarray) -> np.ndarray:
    """Return how far the stack drifts sideways per mm along the normal."""
    if rng.random() < 0.75:
        return np.zeros(3)
    angle = float(10 ** rng.uniform(-1, np.log10(30)))
    turn = rng.uniform(0, 2 * np.pi)
    right = np.array(orientation[:3])
    aside = np.cos(turn) * right + np.sin(turn) * np.cross(normal_of(orientation), right)
    drift = np.tan(np.radians(angle)) * aside / np.linalg.norm(aside)
    said.words.append(f"tilt {angle:.2f}°")
    shift = float(distances[-1] * np.linalg.norm(drift))
    (said.must if shift >= 0.051 else said.may).add("tilt")
    return drift


def _rescale(rng: Rng, said: Sentence, slices: list[Dataset]) -> None:
    kind = _first(rng, "slopes", "intercepts", "whole-first")
    if kind:
        said.words.append(kind)
    for k, ds in enumerate(slices):
        if kind == "slopes":
            ds.RescaleSlope, ds.RescaleIntercept = f"{10 ** rng.uniform(-9, 3):.6g}", 0
        elif kind == "intercepts":
            ds.RescaleIntercept = int(rng.integers(-50_000, 50_000))
        elif kind == "whole-first":
            ds.RescaleSlope = 1 if k == 0 else 0.37


def _trouble(rng: Rng, said: Sentence, slices: list[Dataset]) -> list[Dataset]:
    kind = "" if rng.random() < 0.4 else str(rng.choice(TROUBLES))
    if kind:
        said.words.append(kind)
    return _MAKE[kind](rng, said, slices) if kind else slices


def _copy(rng: Rng, said: Sentence, slices: list[Dataset]) -> list[Dataset]:
    said.may.add("duplicate-instance")
    return [*slices, deepcopy(slices[int(rng.integers(len(slices)))])]


def _version(rng: Rng, said: Sentence, slices: list[Dataset]) -> list[Dataset]:
    said.must.add("conflicting-duplicate")
    said.instances += 1
    other = deepcopy(slices[int(rng.integers(len(slices)))])
    other.PixelData = bytes(len(other.PixelData))
    return [*slices, other]


def _second_plane(rng: Rng, said: Sentence, slices: list[Dataset]) -> list[Dataset]:
    said.must.add("several-orientations")
    others = _again(slices[: int(rng.integers(1, 5))])
    for ds in others:
        right, down = np.array(ds.ImageOrientationPatient, float).reshape(2, 3)
        ds.ImageOrientationPatient = _written(np.concatenate([down, np.cross(right, down)]))
    said.may |= {"missing-slices", "uneven-spacing", "tilt", "sideways", "several-volumes"}
    said.instances += len(others)
    return [*slices, *others]


def _other_matrix(rng: Rng, said: Sentence, slices: list[Dataset]) -> list[Dataset]:
    said.must.add("mixed-size")
    chosen = slices[int(rng.integers(len(slices)))]
    chosen.Rows, chosen.PixelData = chosen.Rows - 1, chosen.PixelData[: (chosen.Rows - 1) * chosen.Columns * 2]
    return _gap_may_open(said, slices)


def _other_pixels(rng: Rng, said: Sentence, slices: list[Dataset]) -> list[Dataset]:
    said.must.add("mixed-size")
    chosen = slices[int(rng.integers(len(slices)))]
    chosen.PixelSpacing = [float(v) * 1.7 for v in chosen.PixelSpacing]
    return _gap_may_open(said, slices)


def _other_reference(rng: Rng, said: Sentence, slices: list[Dataset]) -> list[Dataset]:
    said.must.add("frame-of-reference")
    for ds in slices[: int(rng.integers(1, len(slices)))]:
        ds.FrameOfReferenceUID = "1.2.8.1"
    return _gap_may_open(said, slices)


def _gap_may_open(said: Sentence, slices: list[Dataset]) -> list[Dataset]:
    """Note that a stack without some of its slices may be even, or too short to show a tilt."""
    said.may |= {"missing-slices", "uneven-spacing", "tilt"} | {code for must in said.must for code in must.split("|")}
    said.must -= {"missing-slices", "missing-slices|uneven-spacing", "tilt"}
    return slices


def _repeated(rng: Rng, said: Sentence, slices: list[Dataset]) -> list[Dataset]:
    said.must.add("several-volumes")
    others = _again(slices)
    for ds in others:
        ds.InstanceNumber = ds.InstanceNumber + len(slices)
    said.instances += len(others)
    return [*slices, *others]


def _wobble(rng: Rng, said: Sentence, slices: list[Dataset]) -> list[Dataset]:
    """Move slices within their plane."""
    said.must.add("sideways|not-orthogonal|off-grid")
    said.may |= {"tilt", "sideways", "several-volumes"}
    said.must.discard("tilt")
    for n, ds in enumerate(slices):
        right, down = np.array(ds.ImageOrientationPatient, float).reshape(2, 3)
        a, b = rng.uniform(0.2, 0.5, 2) * (-1) ** n
        ds.ImagePositionPatient = _written(np.array(ds.ImagePositionPatient, float) + a * right + b * down)
    return slices


def _twisted(rng: Rng, said: Sentence, slices: list[Dataset]) -> list[Dataset]:
    """Turn one slice by less than makes a volume of its own: nobody sees it, but corners move."""
    said.may |= {"rounded-positions", "off-grid", "mixed-size", "missing-slices"}  # at the edge of what is one grid
    chosen = slices[int(rng.integers(1, len(slices)))]
    right, down = np.array(chosen.ImageOrientationPatient, float).reshape(2, 3)
    angle = float(rng.uniform(2e-4, 9e-4))
    turned = [np.cos(angle) * right + np.sin(angle) * down, np.cos(angle) * down - np.sin(angle) * right]
    chosen.ImageOrientationPatient = _written(np.concatenate(turned))
    chosen.PixelSpacing = [float(v) * (1 + float(rng.uniform(-5e-4, 5e-4))) for v in chosen.PixelSpacing]
    for ds in slices:  # a wide image, so that it matters
        ds.PixelSpacing = [float(v) * 20 for v in ds.PixelSpacing]
    return slices


def _again(slices: list[Dataset]) -> list[Dataset]:
    others = deepcopy(slices)
    for ds in others:
        ds.SOPInstanceUID = generate_uid()
        ds.PixelData = ds.PixelData[::-1]
    return others


_MAKE: dict[str, Callable[[Rng, Sentence, list[Dataset]], list[Dataset]]] = {
    "copy": _copy, "version": _version, "second-plane": _second_plane, "other-matrix": _other_matrix,
    "other-pixels": _other_pixels, "other-reference": _other_reference, "repeated": _repeated, "wobble": _wobble,
    "twisted": _twisted,
}  # fmt: skip


def _disorder(rng: Rng, said: Sentence) -> None:
    """Shuffle files, and numbers where they mean nothing."""
    chance = random.Random(int(rng.integers(1 << 30)))
    chance.shuffle(said.slices)
    if not {"repeated", "copy"} & set(said.words) and rng.random() < 0.5:  # copies keep their bytes
        said.words.append("numbers-shuffled")
        for ds, number in zip(said.slices, chance.sample(range(1, 999), len(said.slices)), strict=True):
            ds.InstanceNumber = number
