"""DICOM spatial registrations: matrices between frames of reference, read in a worker.

Source: PS3.3 A.39.1 and C.20.2. A matrix takes points of the frame of reference its item names to the *registered*
one, which the object itself names; several matrices of an item are applied in their order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.dicom.parsing import try_to_parse
from pellucid.dicom.values import Values
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Floats

if TYPE_CHECKING:
    from pellucid.dicom.child import Pool

RIGID = "1.2.840.10008.5.1.4.1.1.66.1"
DEFORMABLE = "1.2.840.10008.5.1.4.1.1.66.3"
MODALITY = "REG"
_CLASS, _FRAME, _LABEL, _DESCRIPTION = 0x00080016, 0x00200052, 0x00700080, 0x00700081
_ITEMS, _MATRICES, _SEQUENCE, _MATRIX = 0x00700308, 0x00700309, 0x0070030A, 0x300600C6
_TAGS = frozenset({_CLASS, _FRAME, _LABEL, _DESCRIPTION, _ITEMS, _MATRICES, _SEQUENCE, _MATRIX})
_READ = "pellucid.dicom.spatial_registration:read_plain"
_LEAST_VOLUME = 1e-9


@dataclass(frozen=True, eq=False)
class SpatialRegistration:
    """Matrices (4 × 4, LPS mm) by frame of reference; each takes points of it to the frame ``registered``."""

    registered: str
    matrices: Mapping[str, Floats]
    title: str = ""

    def between(self, fixed: str, moving: str) -> Floats | None:
        """Return the matrix from points of one frame of reference to the same points of another, as ITK has it.

        None where the object does not tie both, or they are the same.
        """
        to_registered = {self.registered: np.eye(4), **self.matrices}
        if fixed == moving or fixed not in to_registered or moving not in to_registered:
            return None
        return np.asarray(np.linalg.inv(to_registered[moving]) @ to_registered[fixed])


def read(path: Path, pool: Pool | None = None) -> SpatialRegistration:
    """Read a spatial registration in a worker; raise Refused with a sentence for what is none, or cannot be used."""
    from pellucid.dicom.child import default_pool

    answer, _ = (pool or default_pool()).call(_READ, {"path": str(path)})
    matrices = {uid: np.array(matrix).reshape(4, 4) for uid, matrix in answer["matrices"].items()}
    return SpatialRegistration(answer["registered"], matrices, answer["title"])


def read_plain(payload: dict[str, Any]) -> dict[str, Any]:
    """Read ``payload["path"]``; answer frame of reference, matrices and title, or why not. Runs in a worker."""
    path = Path(payload["path"])
    parsed = try_to_parse(path, _TAGS)
    if parsed is None:
        raise Refused(tr("{name} could not be read: it holds no DICOM registration.", name=path.name))
    values = Values(parsed.elements)
    kind = values.code(_CLASS) or parsed.media_class
    if kind == DEFORMABLE:
        raise Refused(tr("{name} holds a deformable registration. Only rigid and affine ones are read; convert it "
                         "to a displacement field with another tool.", name=path.name))  # fmt: skip
    if kind != RIGID:
        raise Refused(tr("{name} could not be read: it holds no DICOM registration.", name=path.name))
    return _plain(values, path.name)


def _plain(values: Values, name: str) -> dict[str, Any]:
    registered = values.code(_FRAME)
    matrices: dict[str, Floats] = {}
    for item in values.items(_ITEMS):
        frame, matrix = item.code(_FRAME), _composed(item)
        if matrix is None or not registered:
            raise Refused(tr("{name} could not be read: a matrix in it is no transform of space.", name=name))
        if frame in matrices and not np.allclose(matrices[frame], matrix):
            raise Refused(tr("{name} could not be read: it moves images of one frame of reference to different "
                             "places.", name=name))  # fmt: skip
        if frame:
            matrices[frame] = matrix
    if not matrices:
        raise Refused(tr("{name} could not be read: it ties no frames of reference.", name=name))
    title = values.text(_DESCRIPTION) or values.text(_LABEL)
    plain = {frame: matrix.ravel().tolist() for frame, matrix in matrices.items()}
    return {"registered": registered, "matrices": plain, "title": title}


def _composed(item: Values) -> Floats | None:
    """Return all matrices of an item as one, or None where one of them is none."""
    whole = np.eye(4)
    for group in item.items(_MATRICES):
        for entry in group.items(_SEQUENCE):
            numbers = entry.numbers(_MATRIX)
            if len(numbers) != 16:
                return None
            matrix = np.array(numbers).reshape(4, 4)
            if not np.allclose(matrix[3], (0, 0, 0, 1)) or abs(np.linalg.det(matrix[:3, :3])) < _LEAST_VOLUME:
                return None
            whole = matrix @ whole
    return whole
