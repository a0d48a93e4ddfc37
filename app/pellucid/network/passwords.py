"""Passwords and tokens of servers: in memory for the sitting, in a file of their own only if the user asks.

The file is readable by its owner only, and its text is not encrypted: whoever may read it knows the passwords. That is
said where "remember" is offered.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path

from pydantic import SecretStr

from pellucid import paths
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.network.nodes import Node

FILE_NAME = "network-secrets.json"


class Secrets:
    """The passwords and tokens of this sitting, and those that were kept."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._held: dict[str, SecretStr] = {}

    @property
    def file(self) -> Path:
        """Return where secrets are kept that the user wants to be remembered."""
        return (self._folder or paths.config_dir()) / FILE_NAME

    def of(self, node: Node) -> str:
        """Return the secret of a node, empty when none is known."""
        held = self._held.get(node.key)
        return held.get_secret_value() if held is not None else self._kept().get(node.key, "")

    def put(self, node: Node, secret: str, *, remember: bool = False) -> None:
        """Hold a secret for the sitting; with ``remember`` also in the file, otherwise it is taken out of there."""
        self._held[node.key] = SecretStr(secret)
        kept = self._kept()
        if remember and secret:
            self._write(kept | {node.key: secret})
        elif node.key in kept:
            self._write({key: value for key, value in kept.items() if key != node.key})

    def forget(self, node: Node) -> None:
        """Drop the secret of a node from memory and file."""
        self._held.pop(node.key, None)
        kept = self._kept()
        if kept.pop(node.key, None) is not None:
            self._write(kept)

    def remembers(self, node: Node) -> bool:
        """Return whether the secret of a node is in the file."""
        return node.key in self._kept()

    def _kept(self) -> dict[str, str]:
        try:
            values = json.loads(self.file.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(values, dict):
            return {}
        return {key: value for key, value in values.items() if isinstance(value, str)}

    def _write(self, kept: dict[str, str]) -> None:
        """Swap the file for a new one; ``mkstemp`` makes it readable by its owner only."""
        name = ""
        try:
            handle, name = tempfile.mkstemp(prefix=f".{FILE_NAME}.", dir=self.file.parent)
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                json.dump(kept, stream)
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).replace(self.file)
        except OSError as error:
            with contextlib.suppress(OSError):
                Path(name).unlink(missing_ok=True)
            raise Refused(
                tr("The password was not remembered: the folder of the settings cannot be written to.")
            ) from error
