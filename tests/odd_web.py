"""A server of the web that answers whatever a test wants, with TLS where it has a certificate."""

from __future__ import annotations

import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pellucid.network.nodes import WebNode

Body = bytes | Iterator[bytes]
Answer = tuple[int, dict[str, str], Body]
Answering = Callable[[str, str, dict[str, str]], Answer]
Odd = Callable[..., WebNode]


@pytest.fixture
def odd() -> Iterator[Odd]:
    """Return a function that starts a server and returns its node; ``tls`` is a certificate and its key.

    A body that is an iterator is sent in chunks, as they come.
    """
    servers: list[ThreadingHTTPServer] = []

    def start(answer: Answering, *, tls: tuple[Path, Path] | None = None, **more: object) -> WebNode:
        servers.append(_Server(("127.0.0.1", 0), _handler(answer)))
        server = servers[-1]
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        scheme = "http" if tls is None else "https"
        return WebNode(name="Odd", url=f"{scheme}://127.0.0.1:{server.server_port}/web", **more)

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that left before the answer was out: many tests end so, and others are under way."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def _handler(answer: Answering) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def reply(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, body = answer(self.command, self.path, dict(self.headers))
            self.send_response(status)
            self.send_header("Connection", "close")
            for name, value in headers.items():
                self.send_header(name, value)
            chunked = not isinstance(body, bytes)
            if chunked:
                self.send_header("Transfer-Encoding", "chunked")
            elif "Content-Length" not in headers and status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            for piece in body if chunked else (body,):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            if chunked:
                self.wfile.write(b"0\r\n\r\n")

        do_GET = do_POST = reply

        def log_message(self, *arguments: object) -> None:
            pass

    return Handler
