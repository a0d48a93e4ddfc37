"""Requests to a DICOMweb server: with limits on time and size, and sentences for what goes wrong."""

from __future__ import annotations

import contextlib
import json
import re
import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from math import ceil
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.network import sentences

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

_CONNECT_SECONDS, _READ_SECONDS = 10.0, 60.0
_LARGEST_JSON = 64 << 20
CHUNK_BYTES = 1 << 17
_LONGEST_WAIT = 86_400


class Client:
    """One node and the connections to it."""

    def __init__(self, payload: dict[str, Any]) -> None:
        import requests

        self.node: dict[str, Any] = payload["node"]
        self._session = requests.Session()
        self._session.auth = _auth(self.node, payload["secret"])
        self._verify = (self._authority() or True) if self.node["verify"] else False
        self._session.max_redirects = 5
        if _is_here(urlsplit(self.node["url"]).hostname or ""):
            self._session.trust_env = False  # a proxy has no way to this machine

    def _authority(self) -> str:
        """Return the file of the certificates that are trusted, which must hold some."""
        file = str(self.node["authority"])
        if file:
            try:
                ssl.create_default_context(cafile=file)
            except OSError as error:
                raise Refused(sentences.unread_certificates(self.node["name"])) from error
        return file

    def address(self, service: str, *path: str) -> str:
        """Return the address of something below a service (``qido``, ``wado``, ``stow``)."""
        parts = (self.node["url"], self.node[service].strip("/"), *path)
        return "/".join(part for part in parts if part)

    @contextlib.contextmanager
    def opened(self, method: str, url: str, *, takes: tuple[int, ...] = (), **more: Any) -> Iterator[Response]:
        """Send a request and give the answer, its body not read yet; raise Refused with a sentence.

        ``takes`` names statuses beside success that the caller understands.
        """
        import requests
        import urllib3

        try:
            with self._session.request(  # of a session, ``verify`` would give way to REQUESTS_CA_BUNDLE
                method, url, stream=True, timeout=(_CONNECT_SECONDS, _READ_SECONDS), verify=self._verify, **more
            ) as answer:
                if not answer.ok and answer.status_code not in takes:
                    raise Refused(self.refusal(answer.status_code, answer.headers))
                yield answer
        except (requests.RequestException, urllib3.exceptions.HTTPError, UnicodeError) as error:
            raise Refused(self.failure(error)) from error

    def json(self, url: str, parameters: Mapping[str, Any] | None = None) -> list[Any]:
        """Return the list a server answers with, empty when it has nothing."""
        headers = {"Accept": "application/dicom+json"}
        with self.opened("GET", url, params=parameters, headers=headers) as answer:
            if answer.status_code == 204:
                return []
            data = body(answer, self)
            if not data and answer.headers.get("Content-Encoding"):
                raise Refused(self.strange())  # cut so early that nothing could be unpacked
            return self.listed(data)

    def listed(self, data: bytes) -> list[Any]:
        """Return JSON that must be a list; raise Refused when it is none."""
        try:
            found = json.loads(data or b"[]")
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, list):
            raise Refused(self.strange())
        return found

    def strange(self) -> str:
        """Say that an answer is no DICOMweb."""
        return tr(
            "{server} answered in a way that is not DICOMweb. Check its address: it often ends with /dicom-web.",
            server=self.node["name"],
        )

    def refusal(self, status: int, headers: Mapping[str, str]) -> str:
        """Say what an HTTP status means."""
        name = self.node["name"]
        if status == 401 and not _takes_ours(headers.get("WWW-Authenticate", "")):
            return tr(
                "{server} wants to be logged in to in a way this program does not know ({way}). Ask its keeper for "
                "access with a user name and a password, or with a token.",
                server=name,
                way=_way(headers.get("WWW-Authenticate", "")),
            )
        if status == 407:
            return self.no_proxy()
        if status == 401 and self.node["auth"] == "none":
            return tr("{server} wants a user name and a password, or a token. Enter them.", server=name)
        if status == 401:
            return tr("{server} does not accept the user name or the password, or the token.", server=name)
        if status == 403:
            return tr("{server} knows us, but does not allow this. Ask its keeper.", server=name)
        if status in (404, 405):
            return tr(
                "{server} has nothing at this address (status {status}). Check its address and prefixes.",
                server=name,
                status=status,
            )
        if status in (413, 507):
            return tr("{server} has no room for this (status {status}).", server=name, status=status)
        if status in (406, 415):
            return tr("{server} does not offer or take files of this form.", server=name)
        if status in (429, 503):
            return sentences.later(name, _wait(headers.get("Retry-After", "")))
        return tr(
            "{server} could not do it (status {status}). Try again, or ask its keeper.", server=name, status=status
        )

    def no_proxy(self) -> str:
        """Say that the proxy of the system is in the way."""
        return tr(
            "The proxy of this system did not let us through to {server}. Ask who keeps the proxy, or except the host "
            "of the server from it (NO_PROXY).",
            server=self.node["name"],
        )

    def failure(self, error: BaseException) -> str:
        """Say why a connection failed; the text of the error, which may hold addresses, is not used."""
        import requests

        parts = urlsplit(self.node["url"])
        port = parts.port or (443 if parts.scheme == "https" else 80)
        if isinstance(error, requests.TooManyRedirects):
            return self.strange()
        if isinstance(error, requests.exceptions.ProxyError):
            return self.no_proxy()
        for cause in _causes(error):
            if isinstance(cause, OSError) and not isinstance(cause, requests.RequestException):
                if isinstance(cause, ConnectionResetError | BrokenPipeError):
                    return sentences.broken(self.node)
                return sentences.not_connected(self.node["name"], parts.hostname or "", port, cause)
        if isinstance(error, requests.ConnectTimeout):
            return sentences.not_connected(self.node["name"], parts.hostname or "", port, TimeoutError())
        if isinstance(error, requests.Timeout):
            return sentences.silent(self.node)
        return sentences.broken(self.node)


def pieces(answer: Response) -> Iterator[bytes]:
    """Yield a body as it comes: when the connection breaks, everything that came before was given."""
    while piece := answer.raw.read1(CHUNK_BYTES, decode_content=True):
        yield piece


def body(answer: Response, client: Client) -> bytes:
    """Return the whole body of an answer within a limit."""
    data = bytearray()
    for chunk in pieces(answer):
        data += chunk
        if len(data) > _LARGEST_JSON:
            raise Refused(
                tr("{server} answers with too much at once. Narrow the question.", server=client.node["name"])
            )
    return bytes(data)


def _is_here(host: str) -> bool:
    """Return whether a host is this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _way(challenge: str) -> str:
    """Return the name of a way to log in."""
    return re.sub(r"[^A-Za-z0-9-]", "", challenge.split(" ")[0])[:20]


def _takes_ours(challenge: str) -> bool:
    """Return whether a server that wants us to log in takes what we can do; one that does not say may."""
    return not challenge or bool(re.search(r"\b(basic|bearer)\b", challenge, re.IGNORECASE))


def _wait(told: str) -> int | None:
    """Return for how many seconds a server wants to be left alone, None when it does not say (RFC 9110 10.2.3)."""
    if told.isascii() and told.isdigit():
        return min(int(told[:9]), _LONGEST_WAIT)
    try:
        seconds = (parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(ceil(seconds), 1), _LONGEST_WAIT)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what is behind it, outermost first; requests and urllib3 keep it in several places."""
    seen: list[BaseException] = []
    todo: list[Any] = [error]
    while todo:
        one = todo.pop(0)
        if not isinstance(one, BaseException) or one in seen:
            continue
        seen.append(one)
        yield one
        todo += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]


def _auth(node: dict[str, Any], secret: str) -> Any:
    """Return who we are; always something, so that no file of passwords of other programs is looked into."""
    from requests.auth import AuthBase, HTTPBasicAuth

    if node["auth"] == "basic":
        return HTTPBasicAuth(node["user"].encode(), secret.encode())

    class Token(AuthBase):  # type: ignore[misc]
        def __call__(self, request: PreparedRequest) -> PreparedRequest:
            if node["auth"] == "bearer":
                request.headers["Authorization"] = f"Bearer {secret}"
            return request

    return Token()
