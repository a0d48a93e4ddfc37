"""A PySide version that loses references on emit ends the process after some hundred signals."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject, Signal


class _Sender(QObject):
    plain = Signal()
    full = Signal(object, int)


def test_five_thousand_emits_survive_and_lose_no_references(qapp):
    sender, received = _Sender(), []
    sender.plain.connect(lambda: received.append(None))
    sender.full.connect(lambda thing, n: received.append((thing, n)))
    before = sys.getrefcount(True), sys.getrefcount(None)
    for n in range(2500):
        sender.plain.emit()
        sender.full.emit(True, n)
    received_count = len(received)
    received.clear()
    after = sys.getrefcount(True), sys.getrefcount(None)
    assert received_count == 5000
    assert after[0] >= before[0] - 50, "emit() loses references to True"
    assert after[1] >= before[1] - 50, "calls lose references to None"
