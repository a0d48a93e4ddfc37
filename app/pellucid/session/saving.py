"""placeholder"""
from __future__ import annotations
class Saving:
    path = None
    def __init__(self, session): self._session = session
    def has_work(self): return bool(self._session.document.layers)
