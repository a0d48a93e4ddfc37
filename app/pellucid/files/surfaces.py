"""Labels as surfaces, and surfaces of labels as files: which voxels, how smooth, in which coordinates."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pellucid.dicom.child import Cancelled
from pellucid.files.meshes import ENDINGS, Convention, Part, size_of, write_mesh
from pellucid.files.safe_write import replacing
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.labels import LabelMap
from pellucid.operations.engines.meshes import Floats, Place
from pellucid.operations.engines.meshing import Meshed, Softness, label_boxes, mesh_of

Box = tuple[slice, slice, slice]
Tick = Callable[[float], None]
Wanted = tuple[LabelMap, int]
"""One label of a map."""

STEPS = 10
_USUAL = 0.8
_TOLERANCE = 0.02
_RAS = np.array([-1.0, -1.0, 1.0])


@dataclass(frozen=True)
class SurfaceChoice:
    """How surfaces are made and written.

    ``smooth`` is the standard deviation of the Gaussian in mm (in px where no lengths are known), 0 for none, None
    for what fits the voxels. ``together`` puts all labels into one file.
    """

    smooth: float | None = None
    ras: bool = False
    together: bool = False


@dataclass(frozen=True)
class SurfaceRow:
    """What was written of one label: area in mm² (px²) and volume in mm³ (px³), and that of its voxels."""

    path: Path
    label: int
    name: str
    triangles: int
    area: float
    volume: float
    voxel_volume: float
    unit: str


@dataclass(frozen=True)
class SurfaceReport:
    """What an export of surfaces wrote, and what should be known of it."""

    rows: tuple[SurfaceRow, ...]
    remarks: tuple[str, ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """Return the files, each once."""
        return tuple(dict.fromkeys(row.path for row in self.rows))


def unit_of(geometry: Geometry) -> str:
    """Return the unit of surfaces on a grid: mm, or px where a spacing is unknown."""
    return "mm" if all(geometry.known_spacing) else "px"


def usual_smoothing(geometry: Geometry) -> float:
    """Return the standard deviation that fits the voxels of a grid, in its unit."""
    steps = np.array(geometry.spacing) if unit_of(geometry) == "mm" else np.ones(3)
    return float(f"{_USUAL * float(np.prod(steps)) ** (1 / 3):.2g}")


def softness_of(geometry: Geometry, smooth: float | None) -> Softness:
    """Return the smoothing of a choice in voxels of a grid; 0 leaves the voxels as they are."""
    width = usual_smoothing(geometry) if smooth is None else smooth
    if width <= 0:
        return Softness()
    steps = geometry.spacing if unit_of(geometry) == "mm" else (1.0, 1.0, 1.0)
    x, y, z = (width / step for step in steps)
    return Softness((x, y, z), STEPS)


def surface(labels: LabelMap, value: int, box: Box, softness: Softness, place: Place, tick: Tick) -> Meshed:
    """Return the surface of one label within its box."""
    start = (box[2].start, box[1].start, box[0].start)
    return mesh_of(labels.array[box] == value, start, place, softness, tick)


def refuse_flat(geometry: Geometry) -> None:
    """Raise Refused for a grid of one slice: it has no surfaces."""
    if geometry.size[2] < 2:
        raise Refused(tr("These labels lie on one slice only; a surface needs a stack of slices."))


def check_ending(path: Path) -> str:
    """Return the ending of a path in small letters; raise Refused when it is none of a mesh."""
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise Refused(tr("{name} must end in {endings}.", name=path.name, endings=" / ".join(ENDINGS)))
    return ending


def file_paths(path: Path, wanted: Sequence[Wanted], *, together: bool) -> list[Path]:
    """Return the file of each label: the path itself, or one with the name of the label where there are several."""
    if together or len(wanted) == 1:
        return [path] * len(wanted)
    found: list[Path] = []
    for labels, value in wanted:
        word = re.sub(r"[^\w]+", "-", labels.label(value).name).strip("-_")[:48] or str(value)
        named = path.with_name(f"{path.stem}-{word}{path.suffix}")
        found.append(named if named not in found else path.with_name(f"{path.stem}-{word}-{value}{path.suffix}"))
    return found


def export_surfaces(
    wanted: Sequence[Wanted],
    path: Path,
    choice: SurfaceChoice,
    progress: Tick = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> SurfaceReport:
    """Write the surfaces of labels; either all files are there afterwards, or none is changed.

    Raises Refused when a label is empty, a grid has one slice, or writing or reading back fails.
    """
    ending = check_ending(path)
    paths = file_paths(path, wanted, together=choice.together)
    convention = Convention("RAS" if choice.ras else "LPS", _unit(wanted))
    made = _Made(choice)
    with contextlib.ExitStack() as files:  # the files take the places of older ones when the last is written
        for n, ((labels, value), target) in enumerate(zip(wanted, paths, strict=True)):
            tick = _ticker(progress, cancelled, n / len(wanted), (n + 1) / len(wanted))
            made.add(labels, value, target, tick)
            if n + 1 == len(wanted) or paths[n + 1] != target:
                parts = made.take()
                temporary = files.enter_context(replacing(target, needs=size_of(parts, ending)))
                write_mesh(temporary, ending, parts, convention, _part_of(tick, 0.7, 1.0))
    progress(1.0)
    return SurfaceReport(tuple(made.rows), tuple(dict.fromkeys((*_of_units(convention), *made.remarks))))


def _ticker(progress: Tick, cancelled: Callable[[], bool], start: float, stop: float) -> Tick:
    def tick(done: float) -> None:
        if cancelled():
            raise Cancelled
        progress(start + (stop - start) * done)

    return tick


def _part_of(tick: Tick, start: float, stop: float) -> Tick:
    return lambda done: tick(start + (stop - start) * done)


class _Made:
    """The surfaces that are made and not yet in a file, and what is to be told of all of them."""

    def __init__(self, choice: SurfaceChoice) -> None:
        self._choice = choice
        self._boxes: dict[int, dict[int, Box]] = {}
        self._parts: list[Part] = []
        self.rows: list[SurfaceRow] = []
        self.remarks: list[str] = []

    def add(self, labels: LabelMap, value: int, path: Path, tick: Tick) -> None:
        """Make the surface of one label."""
        refuse_flat(labels.geometry)
        boxes = self._boxes.get(id(labels))
        if boxes is None:
            boxes = self._boxes[id(labels)] = label_boxes(labels.array, _part_of(tick, 0.0, 0.1))
        meshed = _meshed(labels, value, boxes, self._choice, _part_of(tick, 0.1, 0.7))
        label, mesh = labels.label(value), meshed.mesh
        self._parts.append(Part(mesh.moved(mesh.points * _RAS) if self._choice.ras else mesh, label.name, label.color))
        self.rows.append(
            SurfaceRow(path, value, label.name, len(mesh.faces), mesh.area, mesh.volume, meshed.voxel_volume,
                       unit_of(labels.geometry))
        )  # fmt: skip
        self.remarks += _remarks(label.name, meshed)

    def take(self) -> list[Part]:
        """Hand over what belongs into the next file."""
        parts, self._parts = self._parts, []
        return parts


def _meshed(labels: LabelMap, value: int, boxes: dict[int, Box], choice: SurfaceChoice, tick: Tick) -> Meshed:
    geometry = labels.geometry
    if value not in boxes:
        raise Refused(tr("The label “{name}” has no voxels, so it has no surface.", name=labels.label(value).name))
    place = geometry.index_to_world if unit_of(geometry) == "mm" else _as_it_is
    soft = softness_of(geometry, choice.smooth)
    return surface(labels, value, boxes[value], soft, place, tick)


def _as_it_is(index: Floats) -> Floats:
    return np.asarray(index, dtype=np.float64)


def _remarks(name: str, meshed: Meshed) -> list[str]:
    said = []
    if max(meshed.coarsened) > 1:
        by = " × ".join(map(str, meshed.coarsened))
        said.append(
            tr("“{name}” is large: blocks of {by} voxels were taken together for its surface.", name=name, by=by)
        )
    if abs(meshed.deviation) > _TOLERANCE:
        percent = f"{100 * (1 + meshed.deviation):.0f}"
        said.append(
            tr(
                "The surface of “{name}” encloses {percent} % of the volume of its voxels: it is thin or small for "
                "this smoothing.",
                name=name,
                percent=percent,
            )
        )
    return said


def _unit(wanted: Sequence[Wanted]) -> str:
    return "mm" if all(unit_of(labels.geometry) == "mm" for labels, _value in wanted) else "px"


def _of_units(convention: Convention) -> list[str]:
    if convention.unit == "mm":
        return []
    return [tr("The spacing is not known, so the coordinates are voxels (px), not mm.")]
