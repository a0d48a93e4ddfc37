"""The storage listener inside its agent: C-STORE and C-ECHO, and nothing for anybody who is not expected.

Bounded are: connections at a time, the time of a negotiation and of a silence, the size of a message unit, what comes
altogether, and what must stay free on the disk. TLS is negotiated apart from the others, so that nobody who hesitates
keeps them waiting.
"""

from __future__ import annotations

import shutil
import socket
import ssl
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.network.dimse.association import LARGEST_PDU, quiet
from pellucid.network.dimse.contexts import everything
from pellucid.network.dimse.inbox import (
    NOT_UNDERSTOOD,
    OUT_OF_RESOURCES,
    SUCCESS,
    Full,
    Header,
    Inbox,
    discard,
    study_folder,
)
from pellucid.network.dimse.tuning import tune
from pellucid.network.transfers import file_name

if TYPE_CHECKING:
    from pynetdicom.events import Event

    from pellucid.network.agent import Desk

_CONNECTIONS = 64
_NEGOTIATE_SECONDS = 10.0
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
    entity.maximum_associations = _CONNECTIONS
    entity.maximum_pdu_size = LARGEST_PDU
    entity.acse_timeout = _NEGOTIATE_SECONDS
    entity.network_timeout = entity.dimse_timeout = _SILENCE_SECONDS
    root = Path(payload["folder"])
    inbox = Inbox(
        root / ".pellucid-incoming.part",
        limit=settings["quota_mb"] << 20,
        keep_free=settings["keep_free_mb"] << 20,
    )
    reception = _Reception(root, inbox, desk)
    server = _server(entity, settings, reception)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True)
    thread.start()
    desk.report(listening=True)
    try:
        desk.wait()
    finally:
        server.shutdown()
        entity.shutdown()
        shutil.rmtree(root / ".pellucid-incoming.part", ignore_errors=True)
    return {}


class _Reception:
    """What is done with connections and objects."""

    def __init__(self, root: Path, inbox: Inbox, desk: Desk) -> None:
        self._root, self._inbox, self._desk = root, inbox, desk
        self._noted = 0.0

    def handlers(self) -> list[Any]:
        """Return what pynetdicom calls."""
        from pynetdicom import evt

        return [
            (evt.EVT_CONN_OPEN, self._opened),
            (evt.EVT_CONN_CLOSE, self._closed),
            (evt.EVT_REJECTED, self._rejected),
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_C_ECHO, lambda event: SUCCESS),
        ]

    def _opened(self, event: Event) -> None:
        tune(event.assoc, _SILENCE_SECONDS, lambda nbytes: self._count(event.assoc, nbytes))

    def _closed(self, event: Event) -> None:
        """Remove what was being received when the connection ended, and let nobody wait for who is gone."""
        if not event.assoc.is_established:
            event.assoc.dul.to_user_queue.put(None)
        message = event.assoc.dimse.message
        if message is not None and getattr(message, "_data_set_path", None):
            message._data_set_file.close()
            discard(Path(message._data_set_path))

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

    def _store(self, event: Event) -> int:
        taken = self._inbox.take(event)
        if taken is None:
            self.note(tr("The listener dropped an object that is no DICOM that can be read."))
            return NOT_UNDERSTOOD
        try:
            self._hand_on(*taken, str(event.assoc.requestor.ae_title).strip())
        except OSError:
            discard(taken[0])
            return OUT_OF_RESOURCES
        return SUCCESS

    def _hand_on(self, path: Path, header: Header, caller: str) -> None:
        place = study_folder(self._root, header) / file_name(header["sop_uid"])
        size = path.stat().st_size
        path.replace(place)
        self._desk.report(
            received={
                "path": str(place),
                "caller": caller,
                "sop_uid": header["sop_uid"],
                "series_uid": header.get("series_uid", ""),
                "study_uid": header.get("study_uid", ""),
                "nbytes": size,
            }
        )

    def note(self, sentence: str) -> None:
        """Say something, but not with every packet of somebody who insists."""
        if time.monotonic() - self._noted > _NOTE_SECONDS:
            self._noted = time.monotonic()
            self._desk.report(note=sentence)


def _server(entity: Any, settings: dict[str, Any], reception: _Reception) -> Any:
    """Return a server that is bound but does not serve yet; raise Refused when it cannot be."""
    from pynetdicom.transport import ThreadedAssociationServer

    class Server(ThreadedAssociationServer):  # type: ignore[misc]
        daemon_threads = True
        block_on_close = False
        request_queue_size = 32
        tls: ssl.SSLContext | None = None
        shaking_hands = 0

        def get_request(self) -> tuple[socket.socket, Any]:
            client, address = self.socket.accept()
            client.settimeout(_NEGOTIATE_SECONDS)
            return client, address

        def verify_request(self, request: Any, client_address: Any) -> bool:
            """Take no more connections than there is room for; ``shutdown_request`` closes the others."""
            alive = sum(link.is_alive() for link in self.active_associations)
            return bool(alive + self.shaking_hands < _CONNECTIONS)

        def process_request_thread(self, request: Any, client_address: Any) -> None:
            if self.tls is not None:
                self.shaking_hands += 1
                try:
                    request = self.tls.wrap_socket(request, server_side=True)
                except (OSError, ValueError):
                    self.shutdown_request(request)
                    return
                finally:
                    self.shaking_hands -= 1
            super().process_request_thread(request, client_address)

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Say nothing: whatever a peer did, its connection is closed."""

    try:
        tls = _tls(settings["tls"])
        made: Any = entity.make_server(
            (settings["host"], settings["port"]),
            contexts=_Shared([*_echo(), *everything()]),
            evt_handlers=reception.handlers(),
            server_class=Server,
        )
    except (OSError, ValueError) as error:
        raise Refused(_not_bound(settings, error)) from error
    made.tls = tls
    entity._servers.append(made)
    return made


class _Shared(list[Any]):
    """Contexts that pynetdicom copies for every connection; copying each of them would take a tenth of a second."""

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        return list(self)


def _echo() -> list[Any]:
    from pynetdicom import build_context
    from pynetdicom.sop_class import Verification

    return [build_context(Verification)]


def _tls(tls: dict[str, Any]) -> ssl.SSLContext | None:
    if not tls["on"]:
        return None
    if not tls["certificate"]:
        raise ssl.SSLError
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=tls["authority"] or None)
    made.load_cert_chain(tls["certificate"], tls["key"] or None)
    if tls["verify"] and tls["authority"]:
        made.verify_mode = ssl.CERT_REQUIRED
    return made


def _not_bound(settings: dict[str, Any], error: Exception) -> str:
    if isinstance(error, ssl.SSLError | FileNotFoundError):
        return tr("The listener needs a certificate and its key for TLS: choose files that hold them.")
    if isinstance(error, socket.gaierror):
        return tr("The listener cannot listen at “{host}”: this machine has no such address.", host=settings["host"])
    return tr(
        "The listener cannot listen at {host}, port {port}: another program uses it, or it is not allowed. Choose "
        "another port.",
        host=settings["host"],
        port=settings["port"],
    )
