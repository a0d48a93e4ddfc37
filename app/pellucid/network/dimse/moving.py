"""C-MOVE: the server is told to send to our listener, which takes what comes (PS3.4 C.4.2)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pellucid.model.findings import Refused
from pellucid.network.dimse.association import associated, cancel, finished
from pellucid.network.dimse.planning import outcome, planned

if TYPE_CHECKING:
    from pellucid.network.agent import Desk


def move(payload: dict[str, Any], desk: Desk) -> dict[str, Any]:
    """Tell the server to send what is missing to our own AE title."""
    plan = planned(payload, desk)
    if desk.cancelled:
        return {"cancelled": True}
    if plan.expected is not None:
        desk.report(expected=plan.expected, files=plan.here)
    totals = {"completed": 0, "failed": 0}
    why = ""
    if plan.requests:
        try:
            why = _moved(payload, desk, plan.requests, totals)
        except Refused as refusal:
            why = str(refusal)
    return {"cancelled": desk.cancelled, "why": why, **totals}


def _moved(payload: dict[str, Any], desk: Desk, requests: list[Any], totals: dict[str, int]) -> str:
    from pynetdicom import build_context
    from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelMove as Model

    node = payload["node"]
    with associated(payload, desk, [build_context(Model)]) as link:
        for number, question in enumerate(requests, 1):
            answers = link.send_c_move(question, payload["own_title"], Model, msg_id=number)
            desk.at_cancel(partial(cancel, link, number, Model))
            for status, _ in answers:
                if "Status" not in status:
                    return "" if desk.cancelled else finished(link, node)
                if status.Status != 0xFF00:
                    break
                desk.report(moved=status.get("NumberOfCompletedSuboperations", 0))
            totals["completed"] += int(status.get("NumberOfCompletedSuboperations", 0) or 0)
            failed, why = outcome(status, node)
            totals["failed"] += failed
            if desk.cancelled or why:
                return why
    return ""
