"""Placements of layers in a saved work: the transform part by part, what is linear in it, and displacements."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pellucid.files.entries import ArrayEntry, Entry, Number, Text
from pellucid.files.entries import check_grid as _check_grid
from pellucid.model.geometry import Geometry
from pellucid.model.layer import Provenance
from pellucid.model.placement import PlacedGeometry, Placement
from pellucid.model.warps import Warp

if TYPE_CHECKING:
    import SimpleITK as sitk

Keep = Callable[[NDArray[Any]], ArrayEntry]
_FEW = 64
"""Numbers of a part that stand in the table of contents; more are an array."""


class PieceEntry(Entry):
    """One part of a transform: its kind as ITK calls it, its parameters and those that stay fixed."""

    kind: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,60}$")]
    dimension: Annotated[int, Field(ge=2, le=3)]
    order: Annotated[int, Field(ge=0, le=3)] = 3
    numbers: Annotated[tuple[Number, ...], Field(max_length=_FEW)] = ()
    array: ArrayEntry | None = None
    fixed: Annotated[tuple[Number, ...], Field(max_length=_FEW)] = ()

    @model_validator(mode="after")
    def _is_a_list(self) -> PieceEntry:
        if self.array is not None and (self.array.dtype != "f8" or self.array.shape[:2] != (1, 1) or self.numbers):
            raise ValueError("the parameters of a transform are a list of 64-bit numbers")
        return self


class WarpEntry(Entry):
    """Displacements on a grid."""

    grid: Geometry
    array: ArrayEntry
    continues: bool = False
    error: Annotated[Number, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> WarpEntry:
        _check_grid(self.grid, self.array)
        if self.array.dtype != "f4" or self.array.shape[3:] != (3,):
            raise ValueError("displacements are three 32-bit numbers for each place")
        return self


class PlacementEntry(Entry):
    """Where registration, landmarks, a hand or a file put layers."""

    title: Text = ""
    pieces: Annotated[tuple[PieceEntry, ...], Field(min_length=1, max_length=1000)]
    matrix: Annotated[tuple[Number, ...], Field(min_length=16, max_length=16)]
    onto: Geometry
    warp: WarpEntry | None = None
    step: Provenance | None = None

    @model_validator(mode="after")
    def _is_a_place(self) -> PlacementEntry:
        matrix = np.reshape(self.matrix, (4, 4))
        if not np.array_equal(matrix[3], (0, 0, 0, 1)) or not 1e-9 < abs(np.linalg.det(matrix[:3, :3])) < 1e9:
            raise ValueError("the matrix of a placement can be inverted")
        onto = self.onto
        numbers = (*onto.spacing, *onto.origin, *onto.direction, *(onto.slice_positions or ()))
        if not all(map(math.isfinite, numbers)) or min(onto.spacing) <= 0 or min(onto.size) < 1:
            raise ValueError("the grid of the fixed image is none")
        positions = onto.slice_positions
        uneven = positions is not None and (len(positions) != onto.size[2] or bool(np.any(np.diff(positions) <= 0)))
        if abs(np.linalg.det(onto.axes)) < 1e-6 or uneven:
            raise ValueError("the grid of the fixed image is none")
        if len({piece.dimension for piece in self.pieces}) != 1:
            raise ValueError("the parts of a transform have one dimension")
        return self

    def arrays(self) -> list[ArrayEntry]:
        """Return the entries of its arrays."""
        found = [piece.array for piece in self.pieces if piece.array is not None]
        return found + ([self.warp.array] if self.warp is not None else [])


def placement_entry(placement: Placement, keep: Keep, plain: Callable[[Provenance], Provenance]) -> PlacementEntry:
    """Return what is saved of a placement; ``keep`` takes its arrays, ``plain`` makes its step one of plain data."""
    from pellucid.operations.engines.registration.texts import pieces_of

    warp, pieces = placement.warp, []
    for piece in pieces_of(placement.transform):
        few = len(piece.parameters) <= _FEW
        numbers = tuple(piece.parameters.tolist()) if few else ()
        pieces.append(
            PieceEntry(kind=piece.kind, dimension=piece.dimension, order=piece.order, numbers=numbers,
                       array=None if few else keep(piece.parameters.reshape(1, 1, -1)),
                       fixed=tuple(piece.fixed.tolist()))
        )  # fmt: skip
    bent = None if warp is None else WarpEntry(grid=_plain(warp.grid), array=keep(warp.displacement),
                                               continues=warp.continues, error=warp.error)  # fmt: skip
    return PlacementEntry(
        title=placement.title.encode("utf-8", "backslashreplace").decode("utf-8"), pieces=tuple(pieces),
        matrix=tuple(placement.matrix.ravel().tolist()), onto=_plain(_root(placement.onto)), warp=bent,
        step=None if placement.step is None else plain(placement.step),
    )  # fmt: skip


def placement_of(entry: PlacementEntry, arrays: Mapping[str, NDArray[Any]]) -> Placement:
    """Return a placement that was saved; raise ValueError where its transform is none."""
    matrix = np.reshape(entry.matrix, (4, 4)).astype(np.float64)
    kept = entry.warp
    if kept is not None and not np.isfinite(arrays[kept.array.member]).all():
        raise ValueError("displacements that are no numbers")
    warp = None if kept is None else Warp(kept.grid, arrays[kept.array.member], kept.continues, kept.error)
    return Placement(_transform(entry, arrays), matrix, entry.onto, warp, entry.title, entry.step)


def _transform(entry: PlacementEntry, arrays: Mapping[str, NDArray[Any]]) -> sitk.Transform:
    from pellucid.operations.engines.registration.texts import Piece, built

    return built(
        [
            Piece(piece.kind, piece.dimension,
                  np.array(piece.numbers) if piece.array is None else arrays[piece.array.member].ravel(),
                  np.array(piece.fixed), piece.order)
            for piece in entry.pieces
        ]
    )  # fmt: skip


def _root(onto: Geometry) -> Geometry:
    """Return the grid that states the world of a grid: that of the image at the end of a chain of registrations."""
    while onto.registered_to is not None:
        onto = onto.registered_to
    return onto


def _plain(geometry: Geometry) -> Geometry:
    if not isinstance(geometry, PlacedGeometry):
        return geometry
    return Geometry(**{field.name: getattr(geometry, field.name) for field in fields(Geometry)})
