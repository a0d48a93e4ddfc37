"""Layouts the user saved under a name: rows and columns, planes, links and slabs, never the series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.view import Layout, Screen
from pellucid.settings import OwnLayout, OwnLink, OwnPane

if TYPE_CHECKING:
    from pellucid.session.session import Session

_LONGEST = 80


class OwnLayouts:
    """Keeps layouts in the settings, in the order of their names."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def all(self) -> tuple[OwnLayout, ...]:
        """Return the layouts there are."""
        return tuple(self._session.settings.layouts)

    def find(self, name: str) -> OwnLayout | None:
        """Return the layout of a name, or None."""
        return next((layout for layout in self.all() if layout.name == name), None)

    def save(self, name: str, screen: Screen) -> None:
        """Keep how a screen is arranged; a layout of the same name is replaced. Raise Refused without a name."""
        name, size = _checked(name), screen.layout
        links = tuple(OwnLink.model_validate(_fields(link, OwnLink)) for link in self._session.view.links)
        panes = tuple(OwnPane.model_validate(_fields(pane, OwnPane)) for pane in screen.shown)
        new = OwnLayout(name=name, rows=size.rows, columns=size.columns, panes=panes, links=links)
        self._keep([*(layout for layout in self.all() if layout.name != name), new])

    def apply(self, name: str, screen: Screen) -> None:
        """Arrange a screen as it was saved; its panes keep their series. Raise Refused when there is no such layout."""
        kept = self.find(name)
        if kept is None:
            raise Refused(tr("There is no layout “{name}” any more. Save the present one under that name.", name=name))
        session = self._session
        session.arranging.choose(Layout(kept.rows, kept.columns), screen)
        for link in kept.links:
            for part in ("position", "zoom", "window"):
                session.linking.set_part(link.name, part, getattr(link, part))
        for pane, wanted in zip(screen.panes, kept.panes, strict=False):
            pane.plane, pane.information = wanted.plane, wanted.information
            pane.slab, pane.projection = wanted.slab, wanted.projection
            if pane.group != wanted.group:
                session.linking.set_group(pane, wanted.group)

    def rename(self, old: str, new: str) -> None:
        """Give a layout another name; raise Refused when it is empty or taken."""
        new = _checked(new)
        if new != old and self.find(new) is not None:
            raise Refused(
                tr("There is a layout “{new}” already. Choose another name or delete that one first.", new=new)
            )
        self._keep([layout.model_copy(update={"name": new}) if layout.name == old else layout for layout in self.all()])

    def delete(self, name: str) -> None:
        """Forget a layout."""
        self._keep([layout for layout in self.all() if layout.name != name])

    def _keep(self, layouts: list[OwnLayout]) -> None:
        self._session.settings.layouts = sorted(layouts, key=lambda layout: layout.name.casefold())
        self._session.keep_settings()


def _fields(state: object, kept: type[BaseModel]) -> dict[str, Any]:
    return {name: getattr(state, name) for name in kept.model_fields}


def _checked(name: str) -> str:
    name = name.strip()[:_LONGEST]
    if not name:
        raise Refused(tr("A layout needs a name. Type one and save again."))
    return name
