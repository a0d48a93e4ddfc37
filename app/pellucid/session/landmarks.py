"""Landmarks: points of the same name on two layers."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.model.annotations import Annotation, Kind
from pellucid.model.document import Document
from pellucid.model.layer import ImageLayer


@dataclass(frozen=True)
class Pair:
    """One place, marked on the fixed and on the moving image."""

    name: str
    fixed: Annotation
    moving: Annotation


def pairs(document: Document, fixed: ImageLayer, moving: ImageLayer) -> tuple[Pair, ...]:
    """Return the points that have the same name on both layers, in the order of those on the fixed one.

    Of several points of one name on a layer the first counts; points without a name belong to no pair.
    """
    there = {point.name: point for point in reversed(_points(document, moving))}
    here = {point.name: point for point in reversed(_points(document, fixed))}
    return tuple(Pair(name, here[name], there[name]) for name in reversed(here) if name in there)


def _points(document: Document, layer: ImageLayer) -> list[Annotation]:
    drawn = document.annotations.of_layer(layer.id)
    return [one for one in drawn if one.kind is Kind.POINT and one.name]
