"""A real PACS for tests: Orthanc with its DICOMweb plug-in, on free ports, with folder and configuration of its own.

It knows who may call, asks for a password, and can be killed and started again over the same database.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from patience import PATIENCE

USER, PASSWORD = "tester", "geheim-Ωß-42"
TITLE = "ORTHANC"
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


def program() -> str:
    """Return the path of Orthanc; skip, on CI fail, when it or its plug-in is missing."""
    found = shutil.which("Orthanc", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found and PLUGIN.is_file():
        return found
    reason = "Orthanc and its DICOMweb plug-in are not installed (apt install orthanc orthanc-dicomweb)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


FIRST_PORT, LAST_PORT = 12_000, 32_000
"""Below those that Linux gives to whoever asks for any: a port of these stays free between being found and used."""
_PORTS = cycle(range(FIRST_PORT + os.getpid() * 97 % (LAST_PORT - FIRST_PORT), LAST_PORT))


_TAKEN: list[socket.socket] = []
"""Names that tell the other processes of tests which ports are ours, as long as this one lives."""


def free_ports(count: int) -> list[int]:
    """Return ports nobody listens on, none twice; neither the system nor another process of tests gives them away."""
    found: list[int] = []
    while len(found) < count:
        port = next(_PORTS)
        with suppress(OSError), socket.socket() as one:
            _take(port)
            one.bind(("127.0.0.1", port))
            found.append(port)
    return found


def _take(port: int) -> None:
    """Raise OSError when another process of tests was given a port."""
    if sys.platform == "linux":
        _TAKEN.append(socket.socket(socket.AF_UNIX))
        _TAKEN[-1].bind(f"\0pellucid-test-port-{port}")


class Orthanc:
    """One server and its process."""

    def __init__(self, folder: Path, *, callers: Mapping[str, int], more: Mapping[str, Any] | None = None) -> None:
        self.folder = folder
        self.dicom_port, self.http_port = free_ports(2)
        self.callers = dict(callers)
        self._program = program()
        self._more = dict(more or {})
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}/dicom-web"

    def start(self) -> Orthanc:
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / "orthanc.json"
        file.write_text(json.dumps(self._configuration()), encoding="utf-8")
        with (self.folder / "log.txt").open("ab") as log:
            self.process = subprocess.Popen([self._program, str(file)], stdout=log, stderr=log, start_new_session=True)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                self.ask("/system")
                self.ask("/dicom-web/studies?limit=1")
            except (OSError, urllib.error.URLError):
                time.sleep(0.05)
            else:
                return self
        self.kill()
        raise RuntimeError(f"Orthanc did not start: {(self.folder / 'log.txt').read_text()[-2000:]}")

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def ask(self, path: str, data: bytes | None = None, method: str | None = None) -> Any:
        """Ask its own REST interface, the independent witness of what it holds."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.http_port}{path}", data, method=method)
        token = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.loads(answer.read() or b"null")

    def put(self, *files: Path) -> None:
        """Give it files by its REST interface."""
        for file in files:
            self.ask("/instances", file.read_bytes(), "POST")

    def clear(self) -> None:
        for patient in self.ask("/patients"):
            self.ask(f"/patients/{patient}", method="DELETE")

    def instances(self) -> set[str]:
        """Return the SOP instance UIDs it holds."""
        return {one["MainDicomTags"]["SOPInstanceUID"] for one in self.ask("/instances?expand")}

    def _configuration(self) -> dict[str, Any]:
        return {
            "Name": "test",
            "StorageDirectory": str(self.folder / "storage"),
            "IndexDirectory": str(self.folder / "storage"),
            "Plugins": [str(PLUGIN)],
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
            "DicomAet": TITLE,
            "DicomCheckCalledAet": True,
            "DicomAlwaysAllowEcho": False,
            "DicomAlwaysAllowStore": False,
            "DicomAlwaysAllowFind": False,
            "DicomAlwaysAllowGet": False,
            "DicomCheckModalityHost": False,
            "DicomPort": self.dicom_port,
            "DicomModalities": {
                title.lower(): {
                    "AET": title, "Host": "127.0.0.1", "Port": port, "AllowEcho": True, "AllowFind": True,
                    "AllowGet": True, "AllowMove": True, "AllowStore": True,
                }
                for title, port in self.callers.items()
            },
            "HttpPort": self.http_port,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": True,
            "RegisteredUsers": {USER: PASSWORD},
            "DefaultEncoding": "Utf8",
            "StorageCompression": False,
            "OverwriteInstances": True,
            "DicomServerEnabled": True,
            "SynchronousCMove": True,
            "DicomScpTimeout": 30,
            "HttpThreadsCount": 4,
            **self._more,
        }  # fmt: skip


@pytest.fixture(scope="session")
def moving_port() -> int:
    """Return the port Orthanc sends to when it is told to move."""
    return free_ports(1)[0]


@pytest.fixture(scope="session")
def orthanc(tmp_path_factory: pytest.TempPathFactory, moving_port: int) -> Iterator[Orthanc]:
    """Return a server for the whole run; it knows PELLUCID, and nobody else."""
    server = Orthanc(tmp_path_factory.mktemp("orthanc"), callers={"PELLUCID": moving_port}).start()
    yield server
    server.kill()


def made_certificate(
    folder: Path, *, names: str = "IP:127.0.0.1,DNS:localhost", authority: tuple[Path, Path] | None = None
) -> tuple[Path, Path]:
    """Return a certificate and its key, made by openssl; without an authority it signs itself."""
    folder.mkdir(parents=True, exist_ok=True)
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    openssl = shutil.which("openssl")
    if openssl is None:
        reason = "openssl is not installed, which makes the certificate"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    signed = () if authority is None else ("-CA", str(authority[0]), "-CAkey", str(authority[1]))
    constraint = "critical,CA:FALSE" if authority else "critical,CA:TRUE"
    command = [
        openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
        "-subj", f"/CN=pellucid test {folder.name}", "-addext", f"subjectAltName={names}",
        "-addext", f"basicConstraints={constraint}", *signed, "-keyout", str(key), "-out", str(certificate),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    ssl.create_default_context(cafile=str(certificate))
    return certificate, key
