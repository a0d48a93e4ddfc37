"""Transforms as text, as a step of a recipe keeps them: the text format of ITK (``.tfm``), read without ITK.

A list of more than a few thousand parameters (a displacement field) is packed: ``PackedParameters:`` and base64 of
deflated little-endian 64-bit floats stand for ``Parameters:``. Everything comes back to the last bit.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import SimpleITK as sitk

from pellucid.operations.pixels import Array

LONGEST_TEXT = 64 << 20
"""Characters a transform may have as text; a field of about three million voxels."""
MOST_NUMBERS = 60_000_000
_PACKED_FROM = 4096
_DEEPEST = 4
_HEAD = "#Insight Transform File V1.0"
_COMPOSITE = "CompositeTransform"
_KINDS: dict[str, tuple[int, ...]] = {
    "IdentityTransform": (2, 3), "TranslationTransform": (2, 3), "Euler2DTransform": (2,), "Euler3DTransform": (3,),
    "Similarity2DTransform": (2,), "Similarity3DTransform": (3,), "AffineTransform": (2, 3),
    "VersorTransform": (3,), "VersorRigid3DTransform": (3,), "ScaleTransform": (2, 3), "ScaleVersor3DTransform": (3,),
    "ScaleSkewVersor3DTransform": (3,), "ComposeScaleSkewVersor3DTransform": (3,), "BSplineTransform": (2, 3),
    "DisplacementFieldTransform": (2, 3),
}  # fmt: skip
"""The transforms there are, with their dimensions."""


@dataclass(frozen=True, eq=False)
class Piece:
    """One transform that is no composite: its kind as ITK calls it, its parameters and those that stay fixed."""

    kind: str
    dimension: int
    parameters: Array
    fixed: Array
    order: int = 3

    def same(self, other: Piece) -> bool:
        """Return whether another piece is the very same transform."""
        known = (self.kind, self.dimension, self.order) == (other.kind, other.dimension, other.order)
        return known and np.array_equal(self.parameters, other.parameters) and np.array_equal(self.fixed, other.fixed)


def pieces_of(transform: sitk.Transform, depth: int = 0) -> tuple[Piece, ...]:
    """Return the parts of a transform in the order of the file (the last is applied first).

    A linear transform of an unusual kind becomes an affine one; raises ValueError for one that bends. SimpleITK
    shows kinds it does not know as chains of themselves.
    """
    one = transform.Downcast()
    if isinstance(one, sitk.CompositeTransform) and depth < _DEEPEST:
        parts = [one.GetNthTransform(n) for n in range(one.GetNumberOfTransforms())]
        return tuple(piece for part in parts for piece in pieces_of(part, depth + 1))
    kind, dimension = one.GetName(), one.GetDimension()
    kind = "IdentityTransform" if kind == "Transform" or one.GetTransformEnum() == sitk.sitkIdentity else kind
    if dimension not in _KINDS.get(kind, ()):
        if not one.IsLinear():
            raise ValueError(kind)
        n, numbers = dimension, (len(one.GetParameters()), len(one.GetFixedParameters()))
        is_matrix = kind == _COMPOSITE and numbers == (n * n + n, n)  # the MatrixOffsetTransformBase of ANTs
        one, kind = one if is_matrix else as_affine(one), "AffineTransform"
    order = one.GetOrder() if kind == "BSplineTransform" else 3
    return (Piece(kind, dimension, _parameters(one), np.array(one.GetFixedParameters()), order),)


def _parameters(one: sitk.Transform) -> Array:
    """Return the parameters of a transform; those of a field from its image, as a tuple of millions takes minutes."""
    if isinstance(one, sitk.DisplacementFieldTransform):
        return np.array(sitk.GetArrayViewFromImage(one.GetDisplacementField()), np.float64).ravel()
    return np.array(one.GetParameters())


def as_affine(transform: sitk.Transform) -> sitk.AffineTransform:
    """Return a linear transform as a matrix."""
    n = transform.GetDimension()
    found = sitk.AffineTransform(n)
    zero = np.array(transform.TransformPoint([0.0] * n))
    far = [transform.TransformPoint(row) for row in (np.eye(n) * 1000).tolist()]
    found.SetMatrix(((np.array(far) - zero).T / 1000).ravel().tolist())
    found.SetTranslation(zero.tolist())
    return found


def built(pieces: Sequence[Piece]) -> sitk.Transform:
    """Return the transform of some parts; raises ValueError where their numbers do not fit."""
    made = [_made(piece) for piece in pieces]
    if len(made) == 1:
        return made[0]
    return sitk.CompositeTransform(made)


def _made(piece: Piece) -> sitk.Transform:
    _check(piece)
    if piece.kind == "IdentityTransform":
        return sitk.Transform(piece.dimension, sitk.sitkIdentity)
    if piece.kind == "DisplacementFieldTransform":
        return displaced(piece.parameters, piece.fixed)
    if piece.kind == "BSplineTransform":
        found = sitk.BSplineTransform(piece.dimension, piece.order)
    else:
        cls: Any = getattr(sitk, piece.kind)
        found = cls() if len(_KINDS[piece.kind]) == 1 else cls(piece.dimension)
    try:
        if len(piece.fixed):
            found.SetFixedParameters(piece.fixed.tolist())
        found.SetParameters(piece.parameters.tolist())
    except RuntimeError as error:
        raise ValueError(piece.kind) from error
    return found


def displaced(parameters: Array, fixed: Array) -> sitk.Transform:
    """Return the displacement field of its numbers: size, origin, spacing, direction, then the displacements."""
    n = {10: 2, 18: 3}[len(fixed)]
    size = [int(count) for count in fixed[:n]]
    image = sitk.GetImageFromArray(np.asarray(parameters, np.float64).reshape(*size[::-1], n), isVector=True)
    image.SetOrigin(fixed[n : 2 * n].tolist())
    image.SetSpacing(fixed[2 * n : 3 * n].tolist())
    image.SetDirection(fixed[3 * n :].tolist())
    return sitk.DisplacementFieldTransform(image)


def _check(piece: Piece) -> None:
    """Raise ValueError for a part that ITK would choke on."""
    if piece.dimension not in _KINDS.get(piece.kind, ()):
        raise ValueError(piece.kind)
    if not (np.isfinite(piece.parameters).all() and np.isfinite(piece.fixed).all()):
        raise ValueError(piece.kind)
    if piece.kind not in ("BSplineTransform", "DisplacementFieldTransform"):
        return
    n = piece.dimension
    size = piece.fixed[:n]
    whole = len(piece.fixed) == 3 * n + n * n and bool((size >= 1).all() and (size == np.rint(size)).all())
    if not whole or n * float(np.prod(size)) != len(piece.parameters) or not (piece.fixed[2 * n : 3 * n] > 0).all():
        raise ValueError(piece.kind)
    if abs(np.linalg.det(piece.fixed[3 * n :].reshape(n, n))) < 1e-6 or piece.order not in range(4):
        raise ValueError(piece.kind)


def transform_text(transform: sitk.Transform) -> str:
    """Return the text of a transform; raises ValueError for a kind that has none, or a field that is too large."""
    text = text_of(pieces_of(transform))
    if len(text) > LONGEST_TEXT:
        raise ValueError("long")
    return text


def text_of(pieces: Sequence[Piece], *, packed: bool = True) -> str:
    """Return parts as text; without ``packed`` ITK can read it whatever is in it."""
    lines = [_HEAD]
    if len(pieces) != 1:
        n = pieces[0].dimension if pieces else 3
        lines += ["#Transform 0", f"Transform: {_COMPOSITE}_double_{n}_{n}"]
    for number, piece in enumerate(pieces, int(len(pieces) != 1)):
        order = f"_{piece.order}" if piece.kind == "BSplineTransform" and piece.order != 3 else ""
        lines += [f"#Transform {number}", f"Transform: {piece.kind}_double_{piece.dimension}_{piece.dimension}{order}"]
        if packed and len(piece.parameters) > _PACKED_FROM:
            lines.append(f"PackedParameters: {pack(piece.parameters)}")
        else:
            lines.append(f"Parameters: {_words(piece.parameters)}")
        lines.append(f"FixedParameters: {_words(piece.fixed)}")
    return "\n".join(lines) + "\n"


def _words(numbers: Array) -> str:
    return " ".join(repr(float(n)).removesuffix(".0") for n in numbers)


def pack(numbers: Array) -> str:
    """Return numbers as base64 of deflated bytes."""
    return base64.b64encode(zlib.compress(numbers.astype("<f8").tobytes(), 6)).decode("ascii")


def unpacked(text: str) -> Array:
    """Return the numbers that were packed; raises ValueError when they are damaged or far too many."""
    try:
        engine = zlib.decompressobj()
        data = engine.decompress(base64.b64decode(text, validate=True), 8 * MOST_NUMBERS)
    except (binascii.Error, zlib.error) as error:
        raise ValueError("packed") from error
    if not engine.eof:
        raise ValueError("packed")
    return np.frombuffer(data, "<f8").astype(np.float64)


@lru_cache(maxsize=2)
def parsed(text: str) -> tuple[Piece, ...]:
    """Return the parts of a text, checked; raises ValueError when it is no transform."""
    if len(text) > LONGEST_TEXT or "Transform:" not in text:
        raise ValueError("text")
    found: list[Piece] = []
    for part in re.split(r"^Transform:", text, flags=re.MULTILINE)[1:]:
        name, _, rest = part.partition("\n")
        fields = {key.strip(): value for key, _, value in (line.partition(":") for line in rest.splitlines())}
        if not name.strip().startswith(_COMPOSITE):
            found.append(_parsed_part(name.strip(), fields))
    for piece in found:
        _made(piece)
    if len({piece.dimension for piece in found}) != 1:
        raise ValueError("dimensions")
    return tuple(found)


def _parsed_part(name: str, fields: dict[str, str]) -> Piece:
    said = re.fullmatch(r"(\w+?)_(?:double|float)_([23])_\2(?:_([0-3]))?", name)
    if said is None:
        raise ValueError(name[:80])
    packed = fields.get("PackedParameters")
    numbers = _numbers(fields.get("Parameters", "")) if packed is None else unpacked(packed.strip())
    return Piece(said[1], int(said[2]), numbers, _numbers(fields.get("FixedParameters", "")), int(said[3] or 3))


def _numbers(text: str) -> Array:
    return np.array([float(word) for word in text.split()])
