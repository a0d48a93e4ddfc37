"""The door of the listener: who may come in at all, how many at a time, and behind which encryption.

TLS is negotiated apart from the others, so that nobody who hesitates keeps them waiting.
"""

from __future__ import annotations

import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.network.dimse.contexts import everything

if TYPE_CHECKING:
    from socketserver import ThreadingTCPServer as _Served
else:
    _Served = object  # what pynetdicom serves with comes beside it in ``bound``

CONNECTIONS = 64
NEGOTIATE_SECONDS = 10.0
_WAITING = 32


def bound(entity: Any, settings: dict[str, Any], handlers: list[Any]) -> Any:
    """Return a server that is bound but does not serve yet; raise Refused when it cannot be."""
    from pynetdicom.transport import ThreadedAssociationServer

    class Server(Door, ThreadedAssociationServer):  # type: ignore[misc]
        pass

    try:
        tls = _tls(settings["tls"])
        made = entity.make_server(
            (settings["host"], settings["port"]),
            contexts=_Shared([*_echo(), *everything()]),
            evt_handlers=handlers,
            server_class=Server,
        )
    except (OSError, ValueError) as error:
        raise Refused(_not_bound(settings, error)) from error
    made.tls, made.negotiating = tls, set()
    entity._servers.append(made)
    return made


class Door(_Served):
    """What a server of connections does before pynetdicom speaks to a peer."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = _WAITING
    tls: ssl.SSLContext | None = None
    negotiating: set[int]
    """The threads whose peers have not finished TLS yet."""

    def get_request(self) -> tuple[socket.socket, Any]:
        """Take a connection, for as long as a negotiation may last."""
        client, address = self.socket.accept()
        client.settimeout(NEGOTIATE_SECONDS)
        return client, address

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Take no more connections than there is room for; ``shutdown_request`` closes the others."""
        alive = sum(link.is_alive() for link in self.active_associations)  # type: ignore[attr-defined]
        return bool(alive + len(self.negotiating) < CONNECTIONS)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Negotiate encryption in a thread of the connection's own."""
        if self.tls is not None:
            self.negotiating.add(threading.get_ident())
            try:
                request = self.tls.wrap_socket(request, server_side=True)
            except (OSError, ValueError):
                self.shutdown_request(request)
                return
            finally:
                self.negotiating.discard(threading.get_ident())
        super().process_request_thread(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: whatever a peer did, its connection is closed."""


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
