"""The storage listener inside its agent: C-STORE and C-ECHO, and nothing for anybody who is not expected.

Bounded are: connections at a time, the time of a negotiation and of a silence, the size of a message unit, what comes
altogether, and what must stay free on the disk.
"""

from __future__ import annotations

import gc
import shutil
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.language import tr
from pellucid.network.dimse.association import LARGEST_PDU, quiet
from pellucid.network.dimse.doors import CONNECTIONS, NEGOTIATE_SECONDS, bound
from pellucid.network.dimse.inbox import (
    SUCCESS,
    Full,
    Header,
    Inbox,
    study_folder,
)
from pellucid.network.dimse.taking import Taking, take_objects
from pellucid.network.dimse.tuning import tune
from pellucid.network.transfers import file_name

if TYPE_CHECKING:
    from pynetdicom.events import Event

    from pellucid.network.agent import Desk

_INCOMING = ".pellucid-incoming.part"
_SILENCE_SECONDS = 30.0
_NOTE_SECONDS = 10.0


def serve(payload: dict[str, Any], desk: Desk) -> dict[str, Any]:
    """Listen until the task is cancelled; report every object that is whole."""
    quiet()
    from pynetdicom import AE

    settings = payload["settings"]
    entity = AE(payload["own_title"])
    entity.require_called_aet = True
    entity.require_calling_aet = payload["callers"]
    entity.maximum_associations = CONNECTIONS
    entity.maximum_pdu_size = LARGEST_PDU
    entity.acse_timeout = NEGOTIATE_SECONDS
    entity.network_timeout = entity.dimse_timeout = _SILENCE_SECONDS
    root = Path(payload["folder"])
    reception = _Reception(root, settings, desk)
    server = bound(entity, settings, reception.handlers())
    gc.freeze()  # pynetdicom collects garbage for every few connections, and need not look at the libraries each time
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True)
    desk.report(listening=True)  # before anybody is let in: nothing that is told of a peer comes earlier
    thread.start()
    try:
        desk.wait()
    finally:
        server.shutdown()
        entity.shutdown()
        shutil.rmtree(root / _INCOMING, ignore_errors=True)
    return {}


class _Reception:
    """What is done with connections and objects."""

    def __init__(self, root: Path, settings: dict[str, Any], desk: Desk) -> None:
        self._root, self._desk = root, desk
        self._noted = -_NOTE_SECONDS
        self._taking: dict[Any, Taking] = {}
        self._inbox = Inbox(
            root / _INCOMING,
            limit=settings["quota_mb"] << 20,
            keep_free=settings["keep_free_mb"] << 20,
            dropped=lambda: self.note(tr("The listener dropped an object that is no DICOM that can be read.")),
        )

    def handlers(self) -> list[Any]:
        """Return what pynetdicom calls."""
        from pynetdicom import evt

        return [
            (evt.EVT_CONN_OPEN, self._opened),
            (evt.EVT_CONN_CLOSE, self._closed),
            (evt.EVT_REJECTED, self._rejected),
            (evt.EVT_C_ECHO, lambda event: SUCCESS),
        ]

    def _opened(self, event: Event) -> None:
        link = event.assoc
        tune(link, _SILENCE_SECONDS, lambda nbytes: self._count(link, nbytes))
        self._taking[link] = take_objects(
            link, self._inbox, lambda path, header: self._hand_on(path, header, str(link.requestor.ae_title).strip())
        )

    def _closed(self, event: Event) -> None:
        """Remove what was being received when the connection ended, and let nobody wait for who is gone."""
        if not event.assoc.is_established:
            event.assoc.dul.to_user_queue.put(None)
        taking = self._taking.pop(event.assoc, None)
        if taking is not None:
            taking.drop()

    def _count(self, link: Any, nbytes: int) -> None:
        if not link.is_established:
            return
        try:
            self._inbox.count(nbytes)
        except Full:
            self.note(
                tr("The listener takes no more: its quota is used up.")
                if self._inbox.full == "quota"
                else tr("The listener takes no more: the disk is nearly full.")
            )
            raise

    def _rejected(self, event: Event) -> None:
        said = event.assoc.requestor.primitive
        calling = "".join(c for c in str(said.calling_ae_title) if c.isprintable()).strip()[:16]
        host = event.assoc.requestor.address
        self.note(
            tr(
                "The listener turned away “{title}” at {host}. If it may send, add its AE title to the settings of the "
                "listener.",
                title=calling,
                host=host,
            )
        )

    def _hand_on(self, path: Path, header: Header, caller: str) -> int:
        size, place = path.stat().st_size, study_folder(self._root, header) / file_name(header["sop_uid"])
        path.replace(place)
        self._desk.report(received={"path": str(place), "caller": caller, "nbytes": size, **header})
        return SUCCESS

    def note(self, sentence: str) -> None:
        """Say something, but not with every packet of somebody who insists."""
        if time.monotonic() - self._noted > _NOTE_SECONDS:
            self._noted = time.monotonic()
            self._desk.report(note=sentence)
