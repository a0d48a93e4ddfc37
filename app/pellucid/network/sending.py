"""Send DICOM files to a server: C-STORE or STOW-RS, file by file, with a report of what was not accepted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.network import outside
from pellucid.network.asking import addressed
from pellucid.network.nodes import OWN_TITLE, Node
from pellucid.network.transfers import Failure, Progress, Sent

_TASKS = {"dimse": "pellucid.network.dimse.storing:store", "web": "pellucid.network.web.storing:store"}


def send(
    node: Node,
    paths: Iterable[Path],
    *,
    own_title: str = OWN_TITLE,
    secret: str = "",
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Sent:
    """Send files, and all files below folders; ``progress`` is called in the thread that called.

    Files are sent as they are where the server takes them so. Raises Refused with a sentence when there is nothing to
    send or the server does not let us in; what failed for single files is in the answer.
    """
    files = list(_files(paths))
    if not files:
        raise Refused(tr("There is no file to send."))
    sent, failed, nbytes = 0, list[Failure](), 0

    def heed(event: dict[str, Any]) -> None:
        nonlocal sent, nbytes
        sent += event.get("sent", 0)
        nbytes += event.get("nbytes", 0)
        failed.extend(Failure(files[number], sentence) for number, sentence in event.get("failed", ()))
        if progress is not None:
            progress(Progress(sent + len(failed), len(files), nbytes, len(failed)))

    payload = addressed(node, own_title, secret) | {"files": [str(file) for file in files]}
    try:
        answer = outside.run(_TASKS[node.kind], payload, on_event=heed, cancelled=cancelled)
    except outside.Died:
        if cancelled is not None and cancelled():
            return Sent(sent, tuple(failed), nbytes, cancelled=True)
        raise Refused(tr("Sending to {server} had to be ended.", server=node.name)) from None
    return Sent(sent, tuple(failed), nbytes, bool(answer["cancelled"]), str(answer["note"]))


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield files, and those below folders in a steady order; links inside folders are not followed."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for folder, names, files in os.walk(path):
            names.sort()
            yield from (Path(folder, name) for name in sorted(files) if not Path(folder, name).is_symlink())
