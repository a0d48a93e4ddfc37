"""Write a text file so that either the old or the new one is there, and read it back before the old one goes."""

from __future__ import annotations

from pathlib import Path

from pellucid.files.safe_write import replacing
from pellucid.language import tr
from pellucid.model.findings import Refused


def write_text(path: Path, text: str) -> None:
    """Write a text as UTF-8; raise Refused with a sentence when it cannot be written or does not read back."""
    data = text.encode("utf-8", "backslashreplace")
    with replacing(path, needs=len(data)) as temporary:
        temporary.write_bytes(data)
        if temporary.read_bytes() != data:
            raise Refused(tr("{name} was not kept: what was written does not read back the same.", name=path.name))
