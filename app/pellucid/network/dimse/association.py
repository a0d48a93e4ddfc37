"""Associations: opened with limits on time and size, ended politely, and when they fail it is said why."""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.network import sentences
from pellucid.network.dimse import rows
from pellucid.network.dimse.tuning import ANSWER_SECONDS, hang_up, tune

if TYPE_CHECKING:
    from pydicom import Dataset
    from pynetdicom.association import Association
    from pynetdicom.events import Event

    from pellucid.network.agent import Desk

LARGEST_PDU = 1 << 17
_LONGEST_COMMENT = 64
"""What the standard allows a server to say about an error."""
_CONNECT_SECONDS = 10.0
_NEGOTIATE_SECONDS = 20.0
_CANCEL_PATIENCE = 0.4


def quiet() -> None:
    """Set pynetdicom up: nothing is logged, what is received and sent goes through files as it is."""
    from pydicom import config
    from pynetdicom import _config

    config.settings.reading_validation_mode = config.settings.writing_validation_mode = config.IGNORE
    _config.LOG_HANDLER_LEVEL = "none"
    _config.LOG_REQUEST_IDENTIFIERS = _config.LOG_RESPONSE_IDENTIFIERS = False
    _config.STORE_SEND_CHUNKED_DATASET = True
    _config.CODECS = ("ascii", "utf-8", "latin-1")


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
    if desk.cancelled:
        raise Refused(sentences.broken(node))
    entity = AE(own_title)
    entity.connection_timeout, entity.acse_timeout = _CONNECT_SECONDS, _NEGOTIATE_SECONDS
    entity.dimse_timeout = entity.network_timeout = ANSWER_SECONDS
    heard = _Heard()

    def hasten(event: Event) -> None:
        heard.opened = True
        tune(event.assoc, ANSWER_SECONDS, heard.counting(count))

    try:
        tls = (sentences.context(node), node["host"]) if node["tls"]["on"] else None
        link = entity.associate(
            node["host"], node["port"], list(contexts), node["title"], LARGEST_PDU, list(negotiation) or None,
            tls_args=tls, evt_handlers=[(evt.EVT_CONN_OPEN, hasten), (evt.EVT_PDU_RECV, heard.take), *handlers],
        )  # fmt: skip
    except (ssl.SSLError, FileNotFoundError, PermissionError) as error:
        raise Refused(_no_certificate(node, error)) from error
    except (OSError, UnicodeError) as error:
        raise Refused(sentences.not_connected(node["name"], node["host"], node["port"], error)) from error
    if not link.is_established:
        hang_up(link)
        raise Refused(_why(link, heard, payload))
    desk.at_cancel(lambda: _abort_later(link))
    try:
        yield link
    except RuntimeError as error:  # pynetdicom asks nothing over a connection that ended in the meantime
        if link.is_established:
            raise
        raise Refused(finished(link, node)) from error
    finally:
        _close(link)


def finished(link: Association, node: dict[str, Any]) -> str:
    """Say why an answer ended without a status."""
    return sentences.silent(node) if link._sent_abort else sentences.broken(node)  # we end what is silent


def cancel(link: Association, message: int, model: str) -> None:
    """Send a C-CANCEL; nothing happens when the connection has ended, which may be at this very moment."""
    with contextlib.suppress(RuntimeError):
        link.send_c_cancel(message, query_model=model)


def comment(status: Dataset) -> str:
    """Return what a server adds to a status."""
    return rows.text(status, "ErrorComment")[:_LONGEST_COMMENT]


class _Heard:
    """What a peer said before there was an association, noted in the thread that hears it.

    pynetdicom forgets it: when the peer has closed the connection before the thread that asked looks, which happens
    under load, a rejection is taken for a connection that was never made.
    """

    def __init__(self) -> None:
        self.opened = self.something = self.accepted = self.aborted = False
        self.rejection: tuple[int, int] | None = None

    def counting(self, count: Callable[[int], None] | None) -> Callable[[int], None]:
        """Return what is told of every byte, and tells it on."""

        def counted(nbytes: int) -> None:
            self.something = True
            if count is not None:
                count(nbytes)

        return counted

    def take(self, event: Event) -> None:
        """Note a message unit."""
        from pynetdicom.pdu import A_ABORT_RQ, A_ASSOCIATE_AC, A_ASSOCIATE_RJ

        unit = event.pdu
        if isinstance(unit, A_ASSOCIATE_RJ):
            self.rejection = unit.source or 0, unit.reason_diagnostic or 0
        self.accepted |= isinstance(unit, A_ASSOCIATE_AC)
        self.aborted |= isinstance(unit, A_ABORT_RQ)


def _why(link: Association, heard: _Heard, payload: dict[str, Any]) -> str:
    """Say why there is no association."""
    node = payload["node"]
    if not heard.opened:
        return sentences.unreachable(node)
    if heard.rejection is not None:
        return sentences.rejected(node, payload["own_title"], *heard.rejection)
    if heard.aborted:
        return sentences.aborted(node)
    if heard.accepted and link.acceptor.primitive is None:
        return sentences.broken(node)
    if heard.accepted:
        return sentences.no_service(node, tr("this service"))
    if heard.something:
        return sentences.strange(node)
    return sentences.mute(node)


def _no_certificate(node: dict[str, Any], error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return sentences.certificate(node["name"], error)
    return sentences.unread_certificates(node["name"])


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
    hang_up(link)
