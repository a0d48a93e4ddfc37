"""WADO-RS: files as the server keeps them, a series at a time. Source: PS3.18 section 10.4."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.model.findings import Refused
from pellucid.network import sentences
from pellucid.network.dimse import rows
from pellucid.network.dimse.getting import KEEP_FREE, said
from pellucid.network.dimse.inbox import Full, Inbox, Shelf
from pellucid.network.transfers import file_name, is_here
from pellucid.network.web.client import Client, pieces
from pellucid.network.web.finding import answers
from pellucid.network.web.multipart import Broken, boundary_of, parts

if TYPE_CHECKING:
    from requests import Response

    from pellucid.network.agent import Desk

_ACCEPT = 'multipart/related; type="application/dicom"; transfer-syntax=*'
_QUERY = {"description": "", "modalities": (), "series_uid": ""}


class _Stopped(Exception):
    """Nobody wants the rest."""


def get(payload: dict[str, Any], desk: Desk) -> dict[str, Any]:
    """Fetch what is missing; the answer says why it ended."""
    client = Client(payload)
    wanted, folder = payload["what"], Path(payload["folder"])
    series = _listed(client, wanted, desk)
    expected = [uid for uids in series.values() for uid in uids]
    if desk.cancelled:
        return {"cancelled": True}
    if not expected:
        raise Refused(sentences.nothing(client.node))
    here = {uid for uid in expected if is_here(folder, uid)}
    desk.report(expected=expected, files=[file_name(uid) for uid in here])
    inbox = Inbox(Path(payload["incoming"]), keep_free=KEEP_FREE)
    shelf = Shelf(folder, desk.report)
    why = ""
    with contextlib.suppress(_Stopped):
        for url in _addresses(client, wanted, series, here):
            try:
                _retrieve(client, url, inbox, shelf, desk)
            except Refused as refusal:
                why = str(refusal)
                break
            except Full:
                break
    shelf.tell()
    return {"cancelled": desk.cancelled, "why": said(why, inbox)}


def _listed(client: Client, wanted: dict[str, Any], desk: Desk) -> dict[str, list[str]]:
    """Return the series that are wanted and the instances of each."""
    study, chosen = wanted["study_uid"], set(wanted["instance_uids"])
    uids = list(wanted["series_uids"])
    if not uids:
        query = _QUERY | {"level": "series", "study_uid": study}
        uids = [rows.text(answer, "SeriesInstanceUID") for answer in answers(client, query, desk)]
    found = {}
    for uid in uids:
        query = _QUERY | {"level": "instance", "study_uid": study, "series_uid": uid}
        instances = [rows.text(answer, "SOPInstanceUID") for answer in answers(client, query, desk)]
        found[uid] = [one for one in dict.fromkeys(instances) if one and (not chosen or one in chosen)]
    return found


def _addresses(client: Client, wanted: dict[str, Any], series: dict[str, list[str]], here: set[str]) -> Iterator[str]:
    """Yield what to ask for: a whole series where nothing of it is here, single instances otherwise."""
    for uid, instances in series.items():
        base = ("studies", wanted["study_uid"], "series", uid)
        missing = [one for one in instances if one not in here]
        if missing and len(missing) == len(instances) and not wanted["instance_uids"]:
            yield client.address("wado", *base)
        else:
            yield from (client.address("wado", *base, "instances", one) for one in missing)


def _retrieve(client: Client, url: str, inbox: Inbox, shelf: Shelf, desk: Desk) -> None:
    with client.opened("GET", url, headers={"Accept": _ACCEPT}) as answer:
        try:
            for file in _files(answer, client):
                _receive(file, inbox, shelf, desk)
        except Broken:
            raise Refused(sentences.broken(client.node)) from None


def _files(answer: Response, client: Client) -> Iterable[Iterator[bytes]]:
    """Return the files of an answer, each piece by piece."""
    kind = answer.headers.get("Content-Type", "")
    chunks = pieces(answer)
    if kind.startswith("application/dicom") and not kind.startswith("application/dicom+"):
        return iter([chunks])
    boundary = boundary_of(kind)
    if not boundary:
        raise Refused(client.strange())
    return parts(chunks, boundary)


def _receive(content: Iterator[bytes], inbox: Inbox, shelf: Shelf, desk: Desk) -> None:
    """Write one file, check it, and put it to its place."""
    parcel = inbox.parcel()
    try:
        for piece in content:
            if desk.cancelled:
                raise _Stopped
            inbox.count(len(piece))
            parcel.write(piece)
        parcel.close()
    except BaseException:
        parcel.drop()
        raise
    found = inbox.checked(parcel.path)
    if found is not None:
        shelf.put(parcel.path, found)
