"""C-ECHO and C-FIND: is somebody there, and what has it got? Source: PS3.4 annexes A and C."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.network import sentences
from pellucid.network.dimse import rows
from pellucid.network.dimse.association import associated, cancel, comment, finished

if TYPE_CHECKING:
    from pydicom import Dataset

    from pellucid.network.agent import Desk

_BATCH = 20
_CANCELLED, _LIMIT_REACHED = 0xFE00, 0xB001
_MESSAGE = 1


def echo(payload: dict[str, Any], desk: Desk) -> dict[str, Any]:
    """Send a C-ECHO."""
    from pynetdicom import build_context
    from pynetdicom.sop_class import Verification

    node = payload["node"]
    with associated(payload, desk, [build_context(Verification)]) as link:
        answer = link.send_c_echo()
        if "Status" not in answer:
            raise Refused(finished(link, node))
        if answer.Status:
            raise Refused(sentences.status(node, answer.Status, comment(answer)))
    return {"sentence": tr("{server} is there and lets us in.", server=node["name"])}


def find(payload: dict[str, Any], desk: Desk) -> dict[str, Any]:
    """Send a C-FIND and report the rows as they come; beyond the limit it is cancelled."""
    query = payload["query"]
    level = query["level"]
    limit = int(query["limit"])
    gathered = rows.Gathered(level)
    note = ""
    more = False
    try:
        for identifier in responses(payload, desk, query):
            if not rows.fits(query, identifier):
                continue
            if gathered.count >= limit:
                more = True
                break
            gathered.add(identifier)
            if gathered.count % _BATCH == 0 or gathered.count < _BATCH:
                _report(desk, gathered)
    except Refused as refusal:
        if not gathered.count:
            raise
        note, more = str(refusal), True
    _report(desk, gathered)
    return {"more": more or desk.cancelled, "cancelled": desk.cancelled, "note": note}


def responses(payload: dict[str, Any], desk: Desk, query: dict[str, Any]) -> Iterator[Dataset]:
    """Yield the identifiers of a C-FIND; whoever stops early has it cancelled at the server."""
    from pynetdicom import build_context
    from pynetdicom.sop_class import (
        PatientRootQueryRetrieveInformationModelFind as PatientRoot,
    )
    from pynetdicom.sop_class import (
        StudyRootQueryRetrieveInformationModelFind as StudyRoot,
    )

    with associated(payload, desk, [build_context(StudyRoot), build_context(PatientRoot)]) as link:
        offered = {context.abstract_syntax for context in link.accepted_contexts}
        patients = query["level"] == "patient" and PatientRoot in offered and rows.is_about_patients(query)
        model = PatientRoot if patients or StudyRoot not in offered else StudyRoot
        yield from asked(
            link,
            payload["node"],
            desk,
            rows.identifier(query, "PATIENT" if patients else "", payload["node"]["characters"]),
            model,
        )


def asked(link: Any, node: dict[str, Any], desk: Desk, question: Dataset, model: Any) -> Iterator[Dataset]:
    """Yield the identifiers that answer one question on an open association."""
    over = False

    def stop() -> None:
        if not over:
            cancel(link, _MESSAGE, model)

    answers = link.send_c_find(question, model, msg_id=_MESSAGE)
    desk.at_cancel(stop)
    try:
        for status, identifier in answers:
            if "Status" not in status:
                over = True
                if desk.cancelled:
                    return
                raise Refused(finished(link, node))
            if status.Status in (0xFF00, 0xFF01):
                if identifier is not None and not desk.cancelled:
                    yield identifier
                continue
            over = status.Status != _LIMIT_REACHED
            if status.Status not in (0x0000, _CANCELLED, _LIMIT_REACHED):
                raise Refused(sentences.status(node, status.Status, comment(status)))
    finally:
        if not over:
            stop()
            for status, _ in answers:
                if "Status" not in status or status.Status not in (0xFF00, 0xFF01):
                    break


def _report(desk: Desk, gathered: rows.Gathered) -> None:
    fresh = gathered.fresh()
    if fresh:
        desk.report(rows=fresh)
