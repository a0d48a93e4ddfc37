"""C-GET: images come over the connection that asked for them (PS3.4 C.4.3)."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.language import tr, tr_count
from pellucid.model.findings import Refused
from pellucid.network.dimse.association import associated, cancel, finished
from pellucid.network.dimse.contexts import MOST, to_receive
from pellucid.network.dimse.inbox import SUCCESS, Header, Inbox, Shelf
from pellucid.network.dimse.planning import Plan, outcome, planned
from pellucid.network.dimse.taking import take_objects

if TYPE_CHECKING:
    from pellucid.network.agent import Desk

KEEP_FREE = 500 << 20
_MESSAGE = 1


def get(payload: dict[str, Any], desk: Desk) -> dict[str, Any]:
    """Fetch what is missing; the answer says how many the server could not send, and why it ended."""
    plan = planned(payload, desk)
    if desk.cancelled:
        return {"cancelled": True}
    if plan.expected is not None:
        desk.report(expected=plan.expected, files=plan.here)
    if not plan.requests:
        return {"cancelled": False, "why": ""}
    inbox = Inbox(Path(payload["incoming"]), keep_free=KEEP_FREE)
    shelf = Shelf(Path(payload["folder"]), desk.report)
    try:
        failed, why = _retrieved(payload, desk, plan, inbox, shelf)
    except Refused as refusal:
        failed, why = 0, str(refusal)
    shelf.tell()
    return {"cancelled": desk.cancelled, "failed": failed, "why": said(why, inbox)}


def _retrieved(payload: dict[str, Any], desk: Desk, plan: Plan, inbox: Inbox, shelf: Shelf) -> tuple[int, str]:
    from pynetdicom import build_context, build_role
    from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelGet as Model

    def put(path: Path, header: Header) -> int:
        shelf.put(path, header)
        return SUCCESS

    contexts = to_receive(plan.classes, MOST - 1)
    roles = [build_role(kind, scp_role=True) for kind in dict.fromkeys(c.abstract_syntax for c in contexts)]
    failed, why = 0, ""
    asked = [build_context(Model), *contexts]
    with ExitStack() as after, associated(payload, desk, asked, negotiation=roles, count=inbox.count) as link:
        after.callback(take_objects(link, inbox, put).drop)
        for number, question in enumerate(plan.requests, _MESSAGE):
            lost, why = _one(link, payload["node"], desk, question, number)
            failed += lost
            if desk.cancelled or why:
                break
    return failed, why


def _one(link: Any, node: dict[str, Any], desk: Desk, question: Any, number: int) -> tuple[int, str]:
    from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelGet as Model

    answers = link.send_c_get(question, Model, msg_id=number)
    desk.at_cancel(lambda: cancel(link, number, Model))
    for status, _ in answers:
        if "Status" not in status:
            return 0, "" if desk.cancelled else finished(link, node)
        if status.Status != 0xFF00:
            return outcome(status, node)
    return 0, finished(link, node)


def said(why: str, inbox: Inbox) -> str:
    """Add what we ourselves did not take."""
    parts = [why] if why and not inbox.full else []
    if inbox.full:
        parts.append(tr("The disk is nearly full. Free some space or choose another folder."))
    if inbox.unreadable:
        parts.append(
            tr_count(
                "{count} object was dropped: it is no DICOM that can be read.",
                "{count} objects were dropped: they are no DICOM that can be read.",
                inbox.unreadable,
            )
        )
    return " ".join(parts)
