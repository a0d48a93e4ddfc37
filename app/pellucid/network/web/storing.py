"""STOW-RS: some files in each request, and what the server says of every one. Source: PS3.18 section 10.5."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.network import sentences
from pellucid.network.dimse.storing import Item, to_send_of
from pellucid.network.web.client import Client, body
from pellucid.network.web.multipart import Body

if TYPE_CHECKING:
    from pellucid.network.agent import Desk

_FILES, _BYTES = 25, 32 << 20
_UNDERSTOOD = (400, 409, 415)
_FAILED, _INSTANCE, _REASON = "00081198", "00081155", "00081197"


def store(payload: dict[str, Any], desk: Desk) -> dict[str, Any]:
    """Send files; report each that was sent or was not."""
    client = Client(payload)
    url = client.address("stow", "studies")
    items = list(to_send_of(payload["files"], desk))
    begun = False
    for batch in _batches(items):
        if desk.cancelled:
            break
        try:
            _send(client, url, batch, desk)
        except Refused as refusal:
            if not begun:
                raise
            left = items[items.index(batch[0]) :]
            desk.report(failed=[[item.number, str(refusal)] for item in left])
            break
        begun = True
    return {"cancelled": desk.cancelled, "note": ""}


def _batches(items: list[Item]) -> Iterator[list[Item]]:
    batch: list[Item] = []
    size = 0
    for item in items:
        nbytes = item.path.stat().st_size
        if batch and (len(batch) == _FILES or size + nbytes > _BYTES):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += nbytes
    if batch:
        yield batch


def _send(client: Client, url: str, batch: list[Item], desk: Desk) -> None:
    content = Body(item.path for item in batch)
    headers = {"Content-Type": content.content_type, "Accept": "application/dicom+json"}
    with client.opened("POST", url, data=content, headers=headers, takes=_UNDERSTOOD) as answer:
        failed = _failed(client, body(answer, client))
        if not answer.ok and not failed:
            raise Refused(client.refusal(answer.status_code, answer.headers))
    lost = [[item.number, failed[item.sop_uid]] for item in batch if item.sop_uid in failed]
    sent = [item for item in batch if item.sop_uid not in failed]
    desk.report(sent=len(sent), nbytes=sum(item.path.stat().st_size for item in sent), failed=lost)


def _failed(client: Client, data: bytes) -> dict[str, str]:
    """Return what the server did not take, by instance, with a sentence."""
    import json

    try:
        said = json.loads(data or b"{}")
        said = said[0] if isinstance(said, list) and said else said
        found = said.get(_FAILED, {}).get("Value", [])
        return {
            str(one[_INSTANCE]["Value"][0]): _sentence(client, one.get(_REASON, {}).get("Value", [0])[0])
            for one in found
        }
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        raise Refused(client.strange()) from None


def _sentence(client: Client, reason: Any) -> str:
    if isinstance(reason, int) and reason:
        return sentences.status(client.node, reason)
    return tr("{server} did not take it and gave no reason.", server=client.node["name"])
