"""What a worker may be asked to do in tests: behave, hang, crash, grow, panic."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.language import tr
from pellucid.model.findings import Refused

HANG = 600.0
"""Seconds: nothing that a test waits for takes as long."""


def echo(payload: dict[str, Any]) -> dict[str, Any]:
    return payload | {"pid": os.getpid()}


def arrays(payload: dict[str, Any]) -> tuple[dict[str, Any], list[np.ndarray]]:
    return {"count": 2}, [np.arange(12, dtype=np.int16).reshape(3, 4), np.full((2, 2, 3), 7.5)]


def large(payload: dict[str, Any]) -> tuple[dict[str, Any], list[np.ndarray]]:
    return {}, [np.ones(payload["bytes"], np.uint8)]


def hang(payload: dict[str, Any]) -> None:
    time.sleep(HANG)


def crash(payload: dict[str, Any]) -> None:
    os.abort()


def overrun(payload: dict[str, Any]) -> None:
    """End as the alarm ends a worker that nobody ended when it was late."""
    signal.raise_signal(signal.SIGALRM)


def grow(payload: dict[str, Any]) -> None:
    held = []
    while True:
        held.append(np.ones(8 << 20, np.uint8))


def panic(payload: dict[str, Any]) -> None:
    raise BaseException("panic")


def refuse(payload: dict[str, Any]) -> None:
    raise Refused("a sentence")


def fail(payload: dict[str, Any]) -> None:
    raise ValueError("Doe^Jane")


def imported(payload: dict[str, Any]) -> dict[str, Any]:
    return {"modules": sorted(name for name in sys.modules if name.split(".")[0] in ("PySide6", "pyqtgraph"))}


def headers_or_die(payload: dict[str, Any]) -> dict[str, Any]:
    from pellucid.dicom.headers import read_headers

    if any(Path(path).read_bytes() == b"kill" for path in payload["paths"]):
        os.abort()
    return read_headers(payload)


def refuse_translated(payload: dict[str, Any]) -> None:
    raise Refused(tr("{name} could not be read: its contents are damaged.", name=Path(payload["path"]).name))


def spin(payload: dict[str, Any]) -> None:
    from pellucid.dicom.effort import effort_for

    with effort_for(payload["bytes"]):
        while True:
            pass


def measured(payload: dict[str, Any]) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Run another call and answer what it answered, with the processor time it took: that does not depend on load."""
    from pellucid.dicom.worker import run

    began = time.process_time()
    answer, arrays, fatal = run(payload["function"], payload["payload"])
    if fatal:
        raise BaseException("panic")
    return {"answer": answer, "seconds": time.process_time() - began}, arrays


def unpack(payload: dict[str, Any]) -> dict[str, Any]:
    """Unpack so many MiB of zeros and let them go: a piece of work to compare others with."""
    left = payload["megabytes"] << 20
    packed = zlib.compress(bytes(16 << 20), 1)
    began = time.process_time()
    while left > 0:
        left -= len(zlib.decompress(packed))
    return {"seconds": time.process_time() - began}


def many_times(payload: dict[str, Any]) -> dict[str, Any]:
    """Run other calls in turn, so many times; return the memory of this process at each of the counts, and failures."""
    from pellucid.dicom.worker import resident_bytes, run

    calls, counts = payload["calls"], payload["counts"]
    sizes, failed = [], [0] * len(calls)
    for n in range(counts[-1]):
        which = n % len(calls)
        answer, _, _ = run(*calls[which])
        failed[which] += "ok" not in answer
        if n + 1 in counts:
            gc.collect()
            sizes.append(resident_bytes())
    return {"sizes": sizes, "failed": failed}
