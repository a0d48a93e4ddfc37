"""A pool that notes how much processor time each answer took its worker, in units of a fixed piece of work.

Neither a busy nor a slow machine changes such a number: both are measured in the same workers, in the same run.
"""

from __future__ import annotations

import math
import statistics
from typing import Any

from pellucid.dicom.child import Answer, Pool
from pellucid.dicom.process import WorkerProcess
from pellucid.model.findings import Refused

UNIT_MEGABYTES = 64
UNITS_IN_A_SECOND = 16
"""Unpacking 1 GiB of zeros takes about a second of processor time on the machine the limits were made on."""


class MeasuredPool(Pool):
    """Works as the pool does, but counts what an answer cost; one that never came counts as endless."""

    def __init__(self, **how: Any) -> None:
        super().__init__(**how)
        self.answers: list[tuple[float, str]] = []
        self._units: list[float] = []

    def __enter__(self) -> MeasuredPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, function: str, payload: dict[str, Any], **how: Any) -> Answer:
        """Ask a worker; what it was asked and what it took are kept."""
        path = str(payload.get("path", ""))
        asked = {"path": path, "function": function, "payload": payload}
        try:
            meta, arrays = super().call("decoder_tasks:measured", asked, **how)
        except Refused as refusal:
            if "set aside" not in str(refusal):  # the worker was ended, or ended itself
                self.answers.append((math.inf, f"{function} {path}: {refusal}"))
            raise
        self.answers.append((meta["seconds"], f"{function} {path}"))
        return self._checked(meta["answer"], arrays, path)

    def measure_unit(self) -> None:
        """Do the fixed piece of work once."""
        meta, _ = super().call("decoder_tasks:unpack", {"megabytes": UNIT_MEGABYTES}, deadline=600.0)
        self._units.append(meta["seconds"])

    @property
    def unit(self) -> float:
        """Return the processor time of the fixed piece of work; it is done now where it was not yet."""
        if not self._units:
            self.measure_unit()
        return statistics.median(self._units)

    def above(self, seconds: float) -> list[tuple[float, str]]:
        """Return the answers that took more than a machine like the one of the limits needs so many seconds for."""
        return [answer for answer in self.answers if answer[0] > seconds * UNITS_IN_A_SECOND * self.unit]

    def _may_stay(self, worker: WorkerProcess, answer: dict[str, Any]) -> bool:
        inner = answer.get("ok", {}).get("answer", {})
        return super()._may_stay(worker, inner | {"rss": answer.get("rss", 0), "leaving": answer.get("leaving")})
