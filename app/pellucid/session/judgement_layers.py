"""Maps of a registration as image layers: the Jacobian determinant, and how far everything is displaced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.layer import ImageLayer
from pellucid.model.placement import Placement
from pellucid.model.volume import Volume, image_from_array
from pellucid.session.judgement import lattice_of
from pellucid.session.results import add_layer

if TYPE_CHECKING:
    from pellucid.session.session import Session


def add_jacobian(session: Session) -> Job:
    """Add the Jacobian determinant on the grid of the fixed image as a layer, as one step."""
    moving, placement, fixed = _needed(session)

    def work(job: Job) -> tuple[NDArray[Any], float]:
        from pellucid.operations.context import Context
        from pellucid.operations.engines.registration.jacobians import determinants, stretch

        values = determinants(placement.transform, lattice_of(fixed.lies), Context(job.report, job.cancelled))
        return values, _span(stretch(values).percentiles)

    def done(found: tuple[NDArray[Any], float]) -> None:
        values, span = found
        layer = _layer(fixed, tr("Jacobian of {name}", name=moving.name), values, "")
        layer.display.set_limits(2 - span, span) if span < 2 else layer.display.set_limits(0, 2)
        layer.display.colormap = "blue-red"
        _add(session, layer)

    return _run(session, tr("Jacobian of {name}", name=moving.name), work, done)


def add_displacement(session: Session) -> Job:
    """Add the length of the displacement on the grid of the fixed image as a layer, as one step.

    The rigid part is left out of it where it is left out of the arrows.
    """
    moving, placement, fixed = _needed(session)
    rigid = session.judging.rigid_part()
    whole = tr("Displacement of {name}", name=moving.name)
    title = whole if rigid is None else tr("Displacement of {name} without its rigid part", name=moving.name)

    def work(job: Job) -> NDArray[Any]:
        from pellucid.operations.context import Context
        from pellucid.operations.engines.registration.jacobians import displacements

        lattice = lattice_of(fixed.lies)
        values = np.empty(lattice.shape, np.float32)
        for k, moved in enumerate(displacements(placement.transform, lattice, Context(job.report, job.cancelled))):
            points = lattice.points(k)
            there = points + moved
            if rigid is not None:
                there = (there - rigid[:3, 3]) @ rigid[:3, :3]
            values[k] = np.linalg.norm(there - points, axis=-1)
        return values

    def done(values: NDArray[Any]) -> None:
        unit = "mm" if fixed.lies.has_lengths else "px"
        layer = _layer(fixed, title, values, unit)
        layer.display.set_limits(0.0, float(np.percentile(values, 99.5)) or 1.0)
        layer.display.colormap = "viridis"
        _add(session, layer)

    return _run(session, title, work, done)


@dataclass(frozen=True)
class _Fixed:
    """The grid of the fixed image as it was when a map was asked for: its own, its placement, and where it lies."""

    own: Geometry
    placement: Placement | None
    lies: Geometry


def _needed(session: Session) -> tuple[ImageLayer, Placement, _Fixed]:
    judging = session.judging
    why = judging.why_not()
    moving, fixed = judging.moving, judging.fixed
    if why or moving is None or fixed is None:
        raise Refused(why)
    if moving.placement is None:
        raise Refused(tr("“{name}” was not registered: nothing is displaced.", name=moving.name))
    return moving, moving.placement, _Fixed(fixed.own_geometry, fixed.placement, fixed.geometry)


def _span(percentiles: tuple[float, ...]) -> float:
    """Return the end of a window around 1 that holds nearly all determinants."""
    return 1 + max(abs(1 - percentiles[0]), abs(percentiles[-1] - 1), 0.05)


def _layer(fixed: _Fixed, name: str, values: NDArray[Any], unit: str) -> ImageLayer:
    volume = Volume(image_from_array(values, fixed.own), fixed.own, unit=unit)
    layer = ImageLayer(name, (volume,), placement=fixed.placement)
    layer.display.interpolate = False
    layer.opacity = 0.6
    return layer


def _add(session: Session, layer: ImageLayer) -> None:
    layer.first_limits = layer.display.limits
    active = session.document.active
    add_layer(session, layer, tr("Add {name}", name=layer.name))
    if active is not None:
        session.document.active = active


def _run(session: Session, title: str, work: Any, done: Any) -> Job:
    return session.running.edit(title, work, done, lambda sentence: session.notice.emit(sentence, "error"))
