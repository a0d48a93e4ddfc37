"""The table of contents of works that an earlier Pellucid saved, said as this one says it.

Format 1 knew two layouts, one pane or all planes, and told of a window only whether it was a sigmoid. Up to format 2
the steps of a label layer did not say which of its labels they made. Up to format 3 no layer was placed elsewhere,
up to format 4 no label had contours.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pellucid.model.earlier_steps import complete
from pellucid.model.view import Layout, Plane, ViewState

_LAYOUTS = {"single": Layout.SINGLE, "quad": Layout.QUAD}


def upgraded(data: dict[str, Any], version: int) -> dict[str, Any]:
    """Change the contents of a work of format ``version`` in place to those of now, and return them.

    Nothing is checked here but what has to be read; what does not belong is left for the check that follows.
    """
    if version in (1, 2, 3, 4):
        data["schema_version"] = 5
    if version in (1, 2):
        for layer in _dicts(data.get("layers")):
            _give_steps_to_the_label(layer)
            for step in _dicts(layer.get("provenance")):
                complete(step)
    if version == 1:
        for window in _windows(data):
            _name_function(window)
        if isinstance(view := data.get("view"), dict):
            _turn_into_panes(view)
    return data


def _give_steps_to_the_label(layer: dict[str, Any]) -> None:
    """Say of the steps of a layer with one label that they made it; which of several they made is not known."""
    rows = _dicts(layer.get("labels"))
    if layer.get("kind") == "labels" and len(rows) == 1:
        for step in _dicts(layer.get("provenance")):
            step["label"] = rows[0].get("value")


def _windows(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for layer in _dicts(data.get("layers")):
        for frame in _dicts(layer.get("frames")):
            for acquisition in _dicts([frame.get("acquisition")]):
                yield from _dicts(acquisition.get("windows"))


def _dicts(found: object) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _name_function(window: dict[str, Any]) -> None:
    if "sigmoid" in window:
        window.setdefault("function", "SIGMOID" if window.pop("sigmoid") is True else "LINEAR")


def _turn_into_panes(view: dict[str, Any]) -> None:
    """Keep the one plane that was looked at as the pane that has the canvas for a while, the others behind it."""
    alone = view.pop("single_plane", Plane.AXIAL)
    layout = view.get("layout")
    if layout not in ("single", "quad"):
        return
    view["layout"] = str(_LAYOUTS[layout])
    if layout == "single":
        planes = [pane.plane for pane in ViewState().panes[:3]]
        if alone in planes:
            view["layout"], view["maximised"] = str(Layout.QUAD), planes.index(alone)
        else:
            view["panes"] = [{"plane": alone}]
