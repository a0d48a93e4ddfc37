"""A window that was started as it comes, used for a moment and closed, opens no socket (R-18, H40)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dicom_making import save, stack

ROOT = Path(__file__).resolve().parents[2]
USE = """
import socket, sys
heard = []

def watch(event, args):
    "pydicom imports urllib3, which asks once whether there is IPv6: bound to ::1, never heard or sent on, closed."
    if not event.startswith("socket."):
        return
    callers = sys._getframe(1), sys._getframe(1).f_back
    if any(frame and frame.f_code.co_name == "_has_ipv6" for frame in callers):
        return
    if event == "socket.__new__" and args[1] in (-1, socket.AF_INET, socket.AF_INET6):
        heard.append(event)
    elif event in ("socket.bind", "socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        heard.append(event)

from pathlib import Path

def inet():
    "Return the sockets of the internet that this process holds, whoever opened them."
    mine = {str(link.readlink())[8:-1] for link in Path("/proc/self/fd").iterdir()
            if link.exists() or link.is_symlink() if str(link.readlink()).startswith("socket:[")}
    lines = [line.split() for table in ("tcp", "tcp6", "udp", "udp6") for path in [Path("/proc/self/net") / table]
             if path.exists() for line in path.read_text().splitlines()[1:]]
    return [fields[1] for fields in lines if fields[9] in mine]

sys.addaudithook(watch)
PLANT
from PySide6.QtCore import QTimer
from pellucid.main import make_application, make_window
from pellucid.settings import Settings
from pellucid.ui.dock_table import DOCKS

app = make_application()
window = make_window(Settings())
window.show()
held = []

def look():
    if not window.session.document.layers or window.session.jobs.running:
        QTimer.singleShot(200, look)
        return
    for dock in DOCKS:
        window.docking.show(dock.name)
    QTimer.singleShot(1000, lambda: held.extend(inet()) or app.quit())

QTimer.singleShot(200, lambda: window.files.open_paths(["SERIES"]))
QTimer.singleShot(400, look)
app.exec()
assert not window.session.servers.listener.on
import os
print("HEARD", heard, held, flush=True)
os._exit(1 if heard or held else 0)
"""


def used(home: Path, plant: str = "") -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "PYTHONPATH": str(ROOT / "app"), "PELLUCID_HOME": str(home), "QT_QPA_PLATFORM": "offscreen",
        "PYTHONWARNINGS": "ignore",
    }  # fmt: skip
    save(home / "series", stack(5)[1])
    code = USE.replace("PLANT", plant).replace("SERIES", str(home / "series"))
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True,
                          text=True, check=False, timeout=240)  # fmt: skip


@pytest.mark.hazard("H40")
@pytest.mark.skipif(sys.platform != "linux", reason="open sockets are read from /proc")
def test_a_default_window_opens_no_socket(tmp_path: Path) -> None:
    done = used(tmp_path)
    assert done.returncode == 0 and "HEARD [] []" in done.stdout, done.stdout + done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="open sockets are read from /proc")
def test_one_that_is_opened_would_be_heard_and_seen(tmp_path: Path) -> None:
    done = used(tmp_path, "kept = socket.create_server(('127.0.0.1', 0))\nprint(heard, inet())\nraise SystemExit(1)")
    assert done.returncode == 1 and "socket.bind" in done.stdout and "0100007F" in done.stdout, done.stderr
