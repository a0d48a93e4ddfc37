"""Keeps the seeds of a form and those on the panes in step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.model.label_colors import color_for
from pellucid.model.shapes import vector
from pellucid.session.seeding import SeedGroup, Seeds, rounded

if TYPE_CHECKING:
    from pellucid.model.geometry import Vector
    from pellucid.model.layer import ImageLayer
    from pellucid.session import Session
    from pellucid.ui.forms.operation_form import OperationForm
    from pellucid.ui.forms.seeds import SeedField

_COLORS = ("#ffd23f", *map(color_for, range(2, 13)))
"""Yellow is seen on grey images and on the tint of the first label."""


class SeedLink:
    """One for each panel with forms; only one group of seeds is placed at a time."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._fields: dict[str, SeedField] = {}
        self._seen = False
        session.seeding.edited.connect(self._edited)
        session.seeding.stopped.connect(self._stopped)

    def attach(self, form: OperationForm | None) -> None:
        """Follow the seeds of a form from now on, or none."""
        self._fields = form.seeds() if form is not None else {}
        for name, field in self._fields.items():
            field.placing_changed.connect(lambda name=name: self._placing(name))
            field.visited.connect(self._visit)
            field.crosshair_asked.connect(lambda field=field: self._add_at_crosshair(field))
        self.show(self._seen)

    def show(self, seen: bool) -> None:
        """Show the seeds on the panes while the form can be seen; nobody places what is not."""
        self._seen = seen
        if not seen:
            for field in self._fields.values():
                field.set_placing(False)
        self._session.seeding.show(self, self._seeds() if seen else None)

    def _seeds(self) -> Seeds | None:
        image = self._session.document.active_image
        if image is None or not self._fields:
            return None
        groups = tuple(
            SeedGroup(name, field.title, color, self._on_panes(image, field.places))
            for (name, field), color in zip(self._fields.items(), _COLORS, strict=False)
        )
        placing = next((name for name, field in self._fields.items() if field.is_placing), "")
        return Seeds(image.id, image.geometry, groups, placing)

    def _placing(self, name: str) -> None:
        if self._fields[name].is_placing:
            for other, field in self._fields.items():
                if other != name:
                    field.set_placing(False)
        self.show(self._seen)

    def _edited(self, name: str, places: tuple[Vector, ...]) -> None:
        if self._session.seeding.owner is self and name in self._fields:
            self._fields[name].take(self._of_form(name, places))

    @staticmethod
    def _on_panes(image: ImageLayer, places: tuple[Vector, ...]) -> tuple[Vector, ...]:
        """Return places of the form, which are those of the voxels, where the image lies."""
        if image.lies is None or not places:
            return places
        return tuple(map(vector, image.lies.to_common(places)))

    def _of_form(self, name: str, places: tuple[Vector, ...]) -> tuple[Vector, ...]:
        """Return places on the panes as the form holds them; those that were not moved stay the very same."""
        image = self._session.document.active_image
        if image is None or image.lies is None:
            return places
        before = self._fields[name].places
        known = dict(zip(self._on_panes(image, before), before, strict=True))
        own, placement = image.own_geometry, image.lies
        return tuple(known[at] if at in known else rounded(placement.to_own(at), own) for at in places)

    def _stopped(self) -> None:
        for field in self._fields.values():
            field.set_placing(False)

    def _visit(self, place: Vector) -> None:
        image = self._session.document.active_image
        self._session.view.crosshair = place if image is None else self._on_panes(image, (place,))[0]

    def _add_at_crosshair(self, field: SeedField) -> None:
        self.show(self._seen)
        place = self._session.seeding.snapped(self._session.view.crosshair)
        image = self._session.document.active_image
        if place is None or image is None:
            return
        own = place if image.lies is None else rounded(image.lies.to_own(place), image.own_geometry)
        if own not in field.places:
            field.take((*field.places, own))
