"""The same work without a window: one module per command; nothing here knows Qt."""

from __future__ import annotations

from pellucid.cli.entry import COMMANDS, run

__all__ = ["COMMANDS", "run"]
