"""Associations: opened with limits on time and size, ended politely, and when they fail it is said why."""

from __future__ import annotations

import contextlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.network import sentences
from pellucid.network.dimse.tuning import ANSWER_SECONDS, quick_file_meta, tune

if TYPE_CHECKING:
    from pynetdicom.association import Association
    from pynetdicom.events import Event

    from pellucid.network.agent import Desk

LARGEST_PDU = 1 << 17
_CONNECT_SECONDS = 10.0
_NEGOTIATE_SECONDS = 20.0
_CANCEL_PATIENCE = 2.0


def quiet() -> None:
    """Set pynetdicom up: nothing is logged, what is received and sent goes through files as it is."""
    from pydicom import config
    from pynetdicom import _config

    config.settings.reading_validation_mode = config.settings.writing_validation_mode = config.IGNORE
    _config.LOG_HANDLER_LEVEL = "none"
    _config.LOG_REQUEST_IDENTIFIERS = _config.LOG_RESPONSE_IDENTIFIERS = False
    _config.STORE_RECV_CHUNKED_DATASET = True
    _config.STORE_SEND_CHUNKED_DATASET = True
    _config.CODECS = ("ascii", "utf-8", "latin-1")
    quick_file_meta()


@contextlib.contextmanager
def associated(
    payload: dict[str, Any],
    desk: Desk,
    contexts: Sequence[Any],
    *,
    negotiation: Sequence[Any] = (),
    handlers: Sequence[Any] = (),
    count: Callable[[int], None] | None = None,
) -> Iterator[Association]:
    """Open an association with the node of a payload and close it; raise Refused when there is none.

    ``count`` is told of every byte that comes and may raise OSError. A task that is cancelled has some seconds, then
    the association is aborted.
    """
    quiet()
    from pynetdicom import AE, evt

    node, own_title = payload["node"], payload["own_title"]
    entity = AE(own_title)
    entity.connection_timeout, entity.acse_timeout = _CONNECT_SECONDS, _NEGOTIATE_SECONDS
    entity.dimse_timeout = entity.network_timeout = ANSWER_SECONDS
    opened = threading.Event()

    def hasten(event: Event) -> None:
        opened.set()
        tune(event.assoc, ANSWER_SECONDS, count)

    try:
        tls = (sentences.context(node), node["host"]) if node["tls"]["on"] else None
        link = entity.associate(
            node["host"], node["port"], list(contexts), node["title"], LARGEST_PDU, list(negotiation) or None,
            tls_args=tls, evt_handlers=[(evt.EVT_CONN_OPEN, hasten), *handlers],
        )  # fmt: skip
    except (ssl.SSLError, FileNotFoundError, PermissionError) as error:
        raise Refused(_no_certificate(node, error)) from error
    except (OSError, UnicodeError) as error:
        raise Refused(sentences.not_connected(node["name"], node["host"], node["port"], error)) from error
    if not link.is_established:
        raise Refused(_why(link, payload, opened.is_set()))
    desk.at_cancel(lambda: _abort_later(link))
    try:
        yield link
    finally:
        _close(link)


def finished(link: Association, node: dict[str, Any]) -> str:
    """Say why an answer ended without a status."""
    return sentences.silent(node) if link._sent_abort else sentences.broken(node)  # we end what is silent


def _why(link: Association, payload: dict[str, Any], opened: bool) -> str:
    node = payload["node"]
    if link.is_rejected:
        said = link.acceptor.primitive
        return sentences.rejected(node, payload["own_title"], said.result_source or 0, said.diagnostic or 0)
    if not opened:
        return sentences.unreachable(node)
    if link.acceptor.primitive is not None:
        return sentences.no_service(node, tr("this service"))
    return sentences.strange(node)


def _no_certificate(node: dict[str, Any], error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return sentences.certificate(node["name"], error)
    return tr(
        "The certificates for {server} could not be read. Check the files in the settings of the server.",
        server=node["name"],
    )


def _abort_later(link: Association) -> None:
    """Give a cancelled task some time to end by itself."""
    end = time.monotonic() + _CANCEL_PATIENCE
    while link.is_established and time.monotonic() < end:
        time.sleep(0.05)
    if link.is_established:
        link.abort()


def _close(link: Association) -> None:
    """Release the association, or what is left of it; nothing that fails here matters any more."""
    with contextlib.suppress(Exception):
        if link.is_established:
            link.release()
        elif link.is_alive():
            link.kill()
