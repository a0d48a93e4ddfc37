"""Ask a server: is it there, and what has it got? The same for DIMSE (C-ECHO, C-FIND) and DICOMweb (QIDO-RS)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.network import outside
from pellucid.network.nodes import OWN_TITLE, Node
from pellucid.network.queries import Answer, Found, FoundInstance, FoundPatient, FoundSeries, FoundStudy, Query

_KINDS = {"study": FoundStudy, "series": FoundSeries, "instance": FoundInstance}


def echo(
    node: Node, *, own_title: str = OWN_TITLE, secret: str = "", cancelled: Callable[[], bool] | None = None
) -> str:
    """Ask whether a server is there and lets us in; return a sentence, or raise Refused with why not."""
    try:
        answer = outside.run(_task(node, "echo"), addressed(node, own_title, secret), cancelled=cancelled)
    except outside.Died:
        raise Refused(_unread(node)) from None
    return str(answer["sentence"])


def find(
    node: Node,
    query: Query,
    *,
    own_title: str = OWN_TITLE,
    secret: str = "",
    cancelled: Callable[[], bool] | None = None,
    on_result: Callable[[Found], None] | None = None,
) -> Answer:
    """Ask what a server has; ``on_result`` gets each row as it comes, in the thread that called.

    A cancelled question answers what came until then. Raises Refused with a sentence when there is no answer.
    """
    found: list[Found] = []

    def take(event: dict[str, Any]) -> None:
        for row in event.get("rows", ()):
            found.append(record(query.level, row))
            if on_result is not None:
                on_result(found[-1])

    payload = addressed(node, own_title, secret) | {"query": asked(query)}
    try:
        answer = outside.run(_task(node, "find"), payload, on_event=take, cancelled=cancelled)
    except outside.Died:
        if cancelled is not None and cancelled():
            return Answer(tuple(found), more=True, cancelled=True)
        raise Refused(_unread(node)) from None
    return Answer(tuple(found), bool(answer["more"]), bool(answer["cancelled"]), str(answer["note"]))


def addressed(node: Node, own_title: str, secret: str) -> dict[str, Any]:
    """Return what an agent must know to speak to a node."""
    title = getattr(node, "own_title", "") or own_title
    return {"node": node.model_dump(mode="json"), "own_title": title, "secret": secret}


def asked(query: Query) -> dict[str, Any]:
    """Return a question as JSON; dates are YYYYMMDD."""
    values = asdict(query)
    for key in ("birth_date", "date_from", "date_to"):
        values[key] = "" if values[key] is None else f"{values[key]:%Y%m%d}"
    return values


def record(level: str, row: dict[str, Any]) -> Found:
    """Return a row of an agent as a record."""
    if level == "patient":
        return FoundPatient(**row)
    if level == "study":
        row = row | {"patient": FoundPatient(**row["patient"]), "modalities": tuple(row["modalities"])}
    found: Found = _KINDS[level](**row)
    return found


def _unread(node: Node) -> str:
    return tr("{server} answered something that could not be read.", server=node.name)


def _task(node: Node, name: str) -> str:
    room = "dimse" if node.kind == "dimse" else "web"
    return f"pellucid.network.{room}.finding:{name}"
