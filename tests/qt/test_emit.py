"""A PySide version that loses references on emit ends the process after some hundred signals."""

from __future__ import annotations

import gc
import sys

from PySide6.QtCore import QObject, Signal

LOST = 1000
"""A faulty version loses one reference with every emit, 5,000 here; others may end a few of their own meanwhile."""


class _Sender(QObject):
    plain = Signal()
    full = Signal(object, int)


def test_five_thousand_emits_survive_and_lose_no_references(qapp):
    sender, received = _Sender(), []
    sender.plain.connect(lambda: received.append(None))
    sender.full.connect(lambda thing, n: received.append((thing, n)))
    gc.collect()  # what earlier tests left behind also holds True and None
    before = sys.getrefcount(True), sys.getrefcount(None)
    for n in range(2500):
        sender.plain.emit()
        sender.full.emit(True, n)
    received_count = len(received)
    received.clear()
    after = sys.getrefcount(True), sys.getrefcount(None)
    assert received_count == 5000
    assert after[0] >= before[0] - LOST, "emit() loses references to True"
    assert after[1] >= before[1] - LOST, "calls lose references to None"
