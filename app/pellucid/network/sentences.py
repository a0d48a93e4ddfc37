"""What went wrong with a server, in sentences: what, which server, what to do. No patient's name, no password."""

from __future__ import annotations

import socket
import ssl
from typing import Any

from pellucid.language import mark, tr, tr_count

_PROBE_SECONDS = 5.0
_OTHER_NAME, _SIGNED_ITSELF = (62, 64), (18, 19, 20, 21)
"""Codes of OpenSSL (X509_V_ERR_…)."""
_STATUS = {
    0x0122: mark("it does not take this kind of object"),
    0x0124: mark("this program may not do that there. Ask its keeper to allow it"),
    0xA701: mark("it could not count what was asked for: it is out of resources. Try again later"),
    0xA702: mark("it could not send what was asked for: it is out of resources. Try again later"),
    0xA801: mark(
        "it does not know where to send to. Ask its keeper to add our AE title, this machine and the port of the "
        "listener, or choose C-GET"
    ),
    0xA900: mark("the question does not fit what it offers"),
    0xB000: mark("some of the objects could not be sent"),
}
_RANGES = (
    (0xA700, 0xA7FF, mark("it is out of resources. Try again later")),
    (0xA900, 0xA9FF, mark("the object does not fit its kind")),
    (0xC000, 0xCFFF, mark("it could not process the request")),
    (0x0100, 0x02FF, mark("it could not process the request")),
)


def rejected(node: dict[str, Any], own_title: str, source: int, reason: int) -> str:
    """Say why an association was rejected (PS3.8 9.3.4)."""
    name, title = node["name"], node["title"]
    if source == 1 and reason == 3:
        return tr(
            "{server} does not know us: it has no entry for our AE title “{title}”. Ask its keeper to add it, or "
            "change our AE title.",
            server=name,
            title=own_title,
        )  # fmt: skip
    if source == 1 and reason == 7:
        return tr(
            "{server} is not called “{title}”: the AE title of the server is wrong. Correct it in the settings of the "
            "server.",
            server=name,
            title=title,
        )  # fmt: skip
    if source == 3 or (source == 2 and reason == 1):
        return tr("{server} is busy and let us in no further. Try again in a moment.", server=name)
    return tr("{server} turned us away without saying why. Ask its keeper whether we may connect.", server=name)


def status(node: dict[str, Any], code: int, comment: str = "") -> str:
    """Say what a status of a DIMSE answer means (PS3.4 annexes B and C, PS3.7 annex C), and what the server adds."""
    said = _STATUS.get(code) or next((text for low, high, text in _RANGES if low <= code <= high), "")
    reason = tr(said) if said else tr("it gave a reason that is not known here")
    refused = tr("{server} refused: {reason} (status {code}).", server=node["name"], reason=reason, code=f"{code:04X}")
    return f"{refused} " + tr("It says: “{comment}”.", comment=comment) if comment else refused


def broken(node: dict[str, Any]) -> str:
    """Say that the connection ended in the middle."""
    return tr("The connection to {server} broke.", server=node["name"])


def silent(node: dict[str, Any]) -> str:
    """Say that an answer did not come in time."""
    return tr("{server} did not answer in time. Try again later, or ask its keeper.", server=node["name"])


def strange(node: dict[str, Any]) -> str:
    """Say that an answer made no sense."""
    return tr(
        "{server} answered in a way that is not DICOM. Check host and port: another service may be there.",
        server=node["name"],
    )


def mute(node: dict[str, Any]) -> str:
    """Say that the first question was not answered with a single byte."""
    return tr(
        "{server} took the connection but gave no answer. Check the port, whether it speaks TLS, and ask its keeper "
        "whether this machine may connect.",
        server=node["name"],
    )


def aborted(node: dict[str, Any]) -> str:
    """Say that a peer broke off before anything was agreed."""
    return tr(
        "{server} broke off before anything was asked. Check both AE titles, and ask its keeper whether we may "
        "connect.",
        server=node["name"],
    )


def nothing(node: dict[str, Any]) -> str:
    """Say that a server has not got what was asked for."""
    return tr("{server} sent nothing: it has no such images.", server=node["name"])


def no_service(node: dict[str, Any], service: str) -> str:
    """Say that a server does not offer something."""
    return tr("{server} does not offer {service} to us.", server=node["name"], service=service)


def unreachable(node: dict[str, Any]) -> str:
    """Find out why a DIMSE node cannot be reached and say it: tried once more, by hand."""
    try:
        with socket.create_connection((node["host"], node["port"]), timeout=_PROBE_SECONDS) as plain:
            if not node["tls"]["on"]:
                return mute(node)
            with context(node).wrap_socket(plain, server_hostname=node["host"]):
                return mute(node)
    except (BrokenPipeError, ConnectionAbortedError, ConnectionResetError):  # taken, and ended by the other side
        return mute(node)
    except (OSError, ValueError) as error:
        return not_connected(node["name"], node["host"], node["port"], error)


def not_connected(server: str, host: str, port: int, error: BaseException) -> str:
    """Say why a connection could not be made."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return certificate(server, error)
    if isinstance(error, ssl.SSLError):
        return tr(
            "{server} and this program could not agree on encryption. Check whether this port speaks TLS, and whether "
            "the server asks for a certificate of ours.",
            server=server,
        )  # fmt: skip
    if isinstance(error, socket.gaierror):
        return tr("{server} cannot be found: no machine is called “{host}”. Check the host.", server=server, host=host)
    if isinstance(error, ConnectionRefusedError):
        return tr(
            "{server} refused the connection: nothing listens on port {port} of {host}. Is the server running, and is "
            "the port right?",
            server=server,
            host=host,
            port=port,
        )  # fmt: skip
    if isinstance(error, TimeoutError):
        return tr(
            "{server} did not answer at {host}, port {port}. Check host, port, network and firewall.",
            server=server,
            host=host,
            port=port,
        )
    reason = getattr(error, "strerror", None) or tr("the network refused it")
    return tr("{server} cannot be reached: {reason}.", server=server, reason=reason)


def certificate(server: str, error: BaseException) -> str:
    """Say that a certificate is not trusted, and what to do about that."""
    code = getattr(error, "verify_code", 0)
    if code in _OTHER_NAME:
        return tr(
            "The certificate of {server} is made for another host. Enter the host as the certificate names it, or ask "
            "its keeper.",
            server=server,
        )
    if code in _SIGNED_ITSELF:
        return tr(
            "The certificate of {server} was not accepted: no known authority signed it. If you trust the server, get "
            "the certificate of its authority, or its own, from its keeper and name that file in the settings of the "
            "server.",
            server=server,
        )
    reason = getattr(error, "verify_message", "") or tr("it is not trusted")
    return tr(
        "The certificate of {server} was not accepted: {reason}. Name the file of its authority in the settings of the "
        "server, or ask its keeper.",
        server=server,
        reason=reason.rstrip("."),
    )  # fmt: skip


def unread_certificates(server: str) -> str:
    """Say that a file of certificates is no use."""
    return tr(
        "The certificates for {server} could not be read. Check the files in the settings of the server.",
        server=server,
    )


def later(server: str, seconds: int | None) -> str:
    """Say that a server is busy, and for how long when it told."""
    if seconds is None:
        return tr("{server} is busy. Try again in a moment.", server=server)
    if seconds <= 90:
        return tr_count(
            "{server} is busy. Try again in {count} second.", "{server} is busy. Try again in {count} seconds.",
            seconds, server=server,
        )  # fmt: skip
    return tr_count(
        "{server} is busy. Try again in {count} minute.", "{server} is busy. Try again in {count} minutes.",
        -(-seconds // 60), server=server,
    )  # fmt: skip


def context(node: dict[str, Any]) -> ssl.SSLContext:
    """Return how a node is spoken to in TLS; raise OSError or ValueError when a file is no use."""
    tls = node["tls"]
    made = ssl.create_default_context(cafile=tls["authority"] or None)
    if not tls["verify"]:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    if tls["certificate"]:
        made.load_cert_chain(tls["certificate"], tls["key"] or None)
    return made
