"""From a segmentation or a structure set to label maps: on the grid of an image they lie on, else on their own.

Files are read in workers; what is put onto which grid, and what is said about it, is decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.dicom.contour_filling import fill
from pellucid.dicom.contour_grid import grid_of
from pellucid.dicom.grid_fitting import fitted
from pellucid.dicom.kinds import SEGMENTATION
from pellucid.dicom.segmentation_objects import Segmentation, read_segmentation
from pellucid.dicom.structure_sets import Structure, StructureSet, read_structures
from pellucid.language import quoted, tr
from pellucid.model.findings import Finding, Refused
from pellucid.model.geometry import Geometry
from pellucid.model.labels import LabelMap

if TYPE_CHECKING:
    from pellucid.dicom.child import Pool

__all__ = ["ObjectLabels", "label_maps_of"]

Cancelled = Callable[[], bool]


@dataclass(frozen=True, eq=False)
class ObjectLabels:
    """Label maps of one object, the names of its parts that are on them, and what is odd about them."""

    maps: tuple[LabelMap, ...]
    findings: tuple[Finding, ...] = ()


def label_maps_of(
    path: Path,
    content: str,
    onto: Sequence[Geometry] = (),
    *,
    names: Collection[str] = (),
    pool: Pool | None = None,
    progress: Callable[[float], None] = lambda _: None,
    cancelled: Cancelled = lambda: False,
) -> ObjectLabels:
    """Read an object of a content (``kinds``) as labels, all of its parts or those with some names.

    The first grid of ``onto`` that it lies on takes the labels, voxel by voxel; nothing is ever resampled. Raise
    Refused with a sentence, child.Cancelled when told to stop.
    """
    if content == SEGMENTATION:
        return _segments(read_segmentation(path, pool, cancelled=cancelled), onto, names)
    return _structures(read_structures(path, pool, cancelled=cancelled), onto, names, progress, cancelled)


def may_lie_on(frames_of_reference: Collection[str], geometry: Geometry) -> bool:
    """Return whether nothing speaks against labels of some frames of reference lying on a grid."""
    stated = {frame for frame in frames_of_reference if frame}
    return not stated or not geometry.frame_of_reference or geometry.frame_of_reference in stated


# -------------------------------------------------------------------- segmentations


def _segments(found: Segmentation, onto: Sequence[Geometry], names: Collection[str]) -> ObjectLabels:
    maps = tuple(_only(labels, names) for labels in found.maps)
    maps = tuple(labels for labels in maps if labels.labels)
    if not maps:
        raise _unknown(names, [row.name for labels in found.maps for row in labels.labels])
    for geometry in onto:
        if may_lie_on([found.geometry.frame_of_reference], geometry):
            there = [_on_grid(labels, geometry) for labels in maps]
            if placed := tuple(labels for labels in there if labels is not None):
                if len(placed) == len(maps):
                    return ObjectLabels(placed, found.findings)
    if not onto:
        return ObjectLabels(maps, found.findings)
    said = tr("The segmentation does not lie on the voxels of the image: its labels are on a grid of their own.")
    return ObjectLabels(maps, (*found.findings, Finding("own-grid", said, "info")))


def _only(labels: LabelMap, names: Collection[str]) -> LabelMap:
    """Return the labels with some names; all without any."""
    if not names:
        return labels
    rows = tuple(row for row in labels.labels if row.name in names)
    array = labels.array.copy()
    for row in labels.labels:
        if row not in rows:
            array[array == row.value] = 0
    return LabelMap(labels.geometry, array, rows)


def _on_grid(labels: LabelMap, geometry: Geometry) -> LabelMap | None:
    """Return labels on a grid; on that of a picture without a place they go by its pixels."""
    own = labels.geometry
    if own.oriented or geometry.oriented:
        return fitted(labels, geometry) if own.oriented and geometry.oriented else None
    return LabelMap(geometry, labels.array, labels.labels) if own.size == geometry.size else None


# -------------------------------------------------------------------- structure sets


def _structures(
    found: StructureSet, onto: Sequence[Geometry], names: Collection[str],
    progress: Callable[[float], None], cancelled: Cancelled,
) -> ObjectLabels:  # fmt: skip
    """Fill the structures of each frame of reference on a grid that lies in it."""
    from pellucid.dicom.child import Cancelled as Stop

    def check() -> None:
        if cancelled():
            raise Stop

    chosen = [one for one in found.structures if not names or one.name in names]
    if not chosen:
        raise _unknown(names, [one.name for one in found.structures])
    worlds: dict[str, list[Structure]] = {}
    for one in chosen:
        worlds.setdefault(one.frame_of_reference, []).append(one)
    maps: list[LabelMap] = []
    findings = list(found.findings)
    for frame, members in worlds.items():
        geometry = next((grid for grid in onto if grid.oriented and may_lie_on([frame], grid)), None)
        if geometry is None:
            geometry, said = grid_of(members)
            findings.append(said)
        filled = fill(replace(found, structures=tuple(members)), geometry, progress=progress, check=check)
        maps += filled.maps
        findings += filled.findings
    return ObjectLabels(tuple(maps), tuple(findings))


def _unknown(names: Collection[str], there: Sequence[str]) -> Refused:
    wanted, known = ", ".join(map(quoted, names)), ", ".join(map(quoted, there[:20]))
    return Refused(tr("There is no {wanted} in it; it holds {known}.", wanted=wanted, known=known))
