"""The transform of a layer as the user handles it: inverted, swapped, joined with another, read and written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry, same_world
from pellucid.model.layer import ImageLayer, Layer
from pellucid.model.placement import Placement
from pellucid.model.shapes import vector
from pellucid.session.placements import chained, inverse_of, placement_of

if TYPE_CHECKING:
    import SimpleITK as sitk

    from pellucid.session.session import Session


class Transforms:
    """Changes of placements that take time: each is a job, and one step when it is done."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def why_not(self, layer: Layer | None) -> str:
        """Return the sentence that says why there is no transform to work on, or ``""`` when there is one."""
        if layer is None:
            return tr("Open an image first.")
        if layer.placement is None:
            return tr("“{name}” has no transform. Register it, move it by hand or load a transform first.",
                      name=layer.name)  # fmt: skip
        return ""

    def fixed_for(self, layer: Layer) -> Geometry:
        """Return the grid in whose world a layer without a transform would be placed: that of another image."""
        if layer.placement is not None:
            return layer.placement.onto
        own = self._session.placing.owner(layer)
        images = [image for image in self._session.document.images if image is not own]
        unmoved = [image for image in images if image.placement is None]
        return next((image.geometry for image in (*unmoved, *images)), layer.own_geometry)

    # ---------------------------------------------------------------- one layer

    def place(
        self, layer: Layer, make: Callable[[Job], tuple[sitk.Transform, str]], title: str, onto: Geometry
    ) -> Job:
        """Find a transform in a job and put a layer by it, as one step; ``make`` returns it with what it is called."""
        before, own = layer.placement, layer.own_geometry

        def work(job: Job) -> Placement:
            transform, name = make(job)
            job.check()
            return placement_of(transform, onto, own, name)

        def done(placement: Placement) -> None:
            if layer not in self._session.document:
                return
            if layer.placement is not before:
                self._warn(tr("“{name}” was moved meanwhile and is left where it is. Try again.", name=layer.name))
                return
            self._session.placing.put(layer, placement, title)
            self._say_error(placement)

        return self._session.running.edit(title, work, done, self._warn)

    def invert(self, layer: Layer) -> Job:
        """Give a layer the inverse of its transform: for one that was read or found the other way round."""
        placement = self._placement(layer)

        def make(job: Job) -> tuple[sitk.Transform, str]:
            transform, error = inverse_of(placement, job.check)
            return transform, _inverse_title(placement, error)

        return self.place(layer, make, tr("Invert the transform of {name}", name=layer.name), placement.onto)

    def compose(self, layer: Layer, transform: sitk.Transform, title: str) -> Job:
        """Let a further transform act before that of a layer, so that points go through it first."""
        before = layer.placement
        onto = self.fixed_for(layer)

        def make(_job: Job) -> tuple[sitk.Transform, str]:
            if before is None:
                return transform, title
            return chained(before.transform, transform), " + ".join(part for part in (before.title, title) if part)

        return self.place(layer, make, tr("Join a transform to {name}", name=layer.name), onto)

    # ---------------------------------------------------------------- both images

    def swap(self, layer: Layer) -> Job:
        """Let a layer stay where its source says and bring all others to it, as one step: the roles are exchanged."""
        placement, session = self._placement(layer), self._session
        mine: tuple[Layer, ...] = tuple(one for one in session.document.layers if one.placement is placement)
        others = [
            other for other in session.document.layers
            if other not in mine and same_world(other.geometry, layer.geometry)
        ]  # fmt: skip
        if not others:
            raise Refused(tr("There is no other layer to be brought to “{name}”.", name=layer.name))
        lay = {one.id: one.placement for one in (*mine, *others)}
        grids = {id(one.placement): one.own_geometry for one in others}
        before = {id(one.placement): one.placement for one in others}

        def work(job: Job) -> dict[int, Placement]:
            inverse, error = inverse_of(placement, job.check)
            made = {}
            for key, was in before.items():
                job.check()
                whole = inverse if was is None else chained(was.transform, inverse)
                name = _inverse_title(placement, error) if was is None else was.title
                made[key] = placement_of(whole, layer.own_geometry, grids[key], name)
            return made

        def done(made: dict[int, Placement]) -> None:
            there = [one for one in (*mine, *others) if one in session.document]
            if layer not in there or any(one.placement is not lay[one.id] for one in there):
                self._warn(tr("Layers were moved meanwhile; nothing was exchanged. Try again."))
                return
            title = tr("Exchange fixed and moving: {name} stays", name=layer.name)
            with session.history.group(title):
                session.history.do(session.placing.step([one for one in mine if one in there], None, title))
                for key, found in made.items():
                    moved = [one for one in others if one in there and id(lay[one.id]) == key]
                    session.history.do(session.placing.step(moved, found, title))
            session.view.crosshair = vector(placement.to_own(session.view.crosshair))
            session.linking.settle()

        return session.running.edit(tr("Exchanging fixed and moving"), work, done, self._warn)

    # ---------------------------------------------------------------- files

    def load(self, layer: Layer, path: Path, *, join: bool = False) -> Job:
        """Read a transform and put a layer by it, or join it to the one it has; a failure becomes a notice."""
        before, onto = layer.placement, self.fixed_for(layer)

        def make(job: Job) -> tuple[sitk.Transform, str]:
            from pellucid.files.transforms import check_dimension, read_transform

            found = read_transform(path, cancelled=job.cancelled)
            flat = before.transform.GetDimension() == 2 if join and before is not None else True
            in_plane = flat and found.GetDimension() == 2 and _is_slice(layer.own_geometry) and _is_slice(onto)
            check_dimension(found, planar=_is_picture(layer) or in_plane, name=path.name)
            if join and before is not None:
                return chained(before.transform, found), " + ".join(part for part in (before.title, path.name) if part)
            return found, path.name

        title = tr("Place {name} by {file}", name=layer.name, file=path.name)
        return self.place(layer, make, title, onto)

    def save(self, layer: Layer, path: Path) -> Job:
        """Write the transform of a layer, from the common world to its own, and read it back; failures are told."""
        placement, session = self._placement(layer), self._session

        def work(_job: Job) -> tuple[str, ...]:
            from pellucid.files.transforms import write_transform

            return write_transform(placement.transform, path, onto=placement.onto)

        def done(said: tuple[str, ...]) -> None:
            kept = tr("{file}: the transform of “{name}”, read back identical.", file=path.name, name=layer.name)
            session.notice.emit(" ".join((kept, *said)), "info")

        return session.jobs.load(tr("Writing {name}", name=path.name), work, done,
                                 lambda text: session.notice.emit(text, "error"))  # fmt: skip

    # ---------------------------------------------------------------- inner

    def _placement(self, layer: Layer) -> Placement:
        if layer.placement is None:
            raise Refused(self.why_not(layer))
        return layer.placement

    def _warn(self, sentence: str) -> None:
        self._session.notice.emit(sentence, "warning")

    def _say_error(self, placement: Placement) -> None:
        warp = placement.warp
        if warp is not None and warp.error is not None and warp.error > _WORTH * min(placement.onto.spacing):
            self._session.notice.emit(
                tr("The transform is drawn from sampled displacements that are up to {error} mm off. Resampling to "
                   "the grid uses the transform itself.", error=f"{warp.error:.2g}"), "info")  # fmt: skip


_WORTH = 0.5
"""Share of a voxel from which the error of displacements is told."""


def _inverse_title(placement: Placement, error: float) -> str:
    name = placement.title or tr("transform")
    if error == 0:
        return tr("Inverse of {name}", name=name)
    return tr("Inverse of {name} (within {error} mm)", name=name, error=f"{error:.2g}")


def _is_picture(layer: Layer) -> bool:
    """Return whether the transform of a layer has two dimensions."""
    if isinstance(layer, ImageLayer):
        return int(layer.volume.image.GetDimension()) == 2
    return layer.own_geometry.size[2] == 1 and not layer.own_geometry.known_spacing[2]


def _is_slice(grid: Geometry) -> bool:
    """Return whether a grid is one slice in the plane of x and y, in which a transform of pictures can move it."""
    return grid.size[2] == 1 and bool(abs(grid.axes[2, 2]) > 1 - 1e-6)
