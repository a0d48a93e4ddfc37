"""Measure how many instances a second are sent and fetched on this machine, beside dcmtk and the same server.

A real Orthanc is started. The figure to reach is 100 instances a second. dcmtk as Debian builds it waits for delayed
acknowledgements; the second line of it is with TCP_NODELAY=1, which the server gets too.

    python benchmarks/pacs.py [--count 500] [--size 64] [--rounds 3]
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "app"))
os.environ["PELLUCID_HOME"] = tempfile.mkdtemp(prefix="pellucid-pacs-")

from dicom_making import save, stack
from orthanc_server import PASSWORD, TITLE, USER, Orthanc
from pellucid.network.fetching import fetch
from pellucid.network.nodes import DimseNode, WebNode
from pellucid.network.sending import send
from pellucid.network.transfers import What


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for nodelay in (False, True):
            if nodelay:
                os.environ["TCP_NODELAY"] = "1"
            server = Orthanc(Path(folder) / f"orthanc{nodelay}", callers={"PELLUCID": 11199}).start()
            try:
                for number in range(options.rounds):
                    print(f"TCP_NODELAY for the server and dcmtk: {nodelay}, round {number + 1}, per second")
                    measure(server, Path(folder) / f"{nodelay}{number}", options.count, options.size)
            finally:
                server.kill()


def measure(server: Orthanc, folder: Path, count: int, size: int) -> None:
    """Send and fetch the same series every way, and print instances a second."""
    _, slices = stack(count, size=(size, size))
    files = save(folder / "made", slices)
    dimse = DimseNode(name="Orthanc", title=TITLE, host="127.0.0.1", port=server.dicom_port)
    web = WebNode(name="Orthanc", url=server.url, auth="basic", user=USER)
    place = ("-aet", "PELLUCID", "-aec", TITLE, "127.0.0.1", str(server.dicom_port))
    (folder / "dcmtk").mkdir()
    keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={slices[0].StudyInstanceUID}")
    what = What(slices[0].StudyInstanceUID)
    show("C-STORE", count, lambda: send(dimse, files), server)
    show("storescu", count, lambda: dcmtk("storescu", *place, "+sd", str(folder / "made")), server)
    show("STOW-RS", count, lambda: send(web, files, secret=PASSWORD), server)
    show("C-GET", count, lambda: fetch(dimse, what, folder / "get"))
    show("getscu", count, lambda: dcmtk("getscu", "-S", *place, "-od", str(folder / "dcmtk"), *keys))
    show("WADO-RS", count, lambda: fetch(web, what, folder / "web", secret=PASSWORD))
    for name in ("get", "dcmtk", "web"):
        assert len(list((folder / name).iterdir())) == count
    server.clear()


def show(name: str, count: int, work: Callable[[], object], emptied: Orthanc | None = None) -> None:
    """Print how many instances a second; a server that is given emptied first."""
    if emptied is not None:
        emptied.clear()
    begin = time.perf_counter()
    work()
    print(f"  {name:10} {count / (time.perf_counter() - begin):7.0f}")
    assert emptied is None or len(emptied.instances()) == count


def dcmtk(program: str, *arguments: str) -> None:
    """Run a program of dcmtk."""
    found = shutil.which(program)
    if found is None:
        sys.exit(f"{program} is not installed (apt install dcmtk)")
    subprocess.run([found, *arguments], check=True, capture_output=True)


if __name__ == "__main__":
    main()
