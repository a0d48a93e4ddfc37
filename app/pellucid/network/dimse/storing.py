"""C-STORE: files are sent as they are; what the server does not take compressed is decompressed first.

Source: PS3.4 annex B.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.dicom.headers import read_one
from pellucid.dicom.parsing import file_meta, meta_offset
from pellucid.language import tr, tr_count
from pellucid.model.findings import Refused
from pellucid.network import sentences
from pellucid.network.dimse.association import associated, comment, finished
from pellucid.network.dimse.contexts import MOST, NATIVE, to_send
from pellucid.network.dimse.tuning import held

if TYPE_CHECKING:
    from pellucid.network.agent import Desk

_HEAD_BYTES = 1 << 16
_WARNINGS = (0xB000, 0xB006, 0xB007)


@dataclass(frozen=True)
class Item:
    """A file to send."""

    number: int
    path: Path
    sop_class: str
    sop_uid: str
    syntax: str


def store(payload: dict[str, Any], desk: Desk) -> dict[str, Any]:
    """Send files; report each that was sent or was not."""
    items = list(to_send_of(payload["files"], desk))
    converted = 0
    for batch in batches(items):
        if desk.cancelled:
            break
        converted += _send(payload, desk, batch)
    note = (
        tr_count(
            "{count} file was sent decompressed: the server does not take it as it is.",
            "{count} files were sent decompressed: the server does not take them as they are.",
            converted,
        )
        if converted
        else ""
    )
    return {"cancelled": desk.cancelled, "note": note}


def to_send_of(files: Iterable[str], desk: Desk) -> Iterable[Item]:
    """Yield what can be sent; report what cannot."""
    for number, name in enumerate(files):
        path = Path(name)
        answer = read_one(path)
        record = answer.get("record", {})
        syntax = _syntax(path) if record else ""
        if record.get("sop_class") and record.get("sop_uid") and syntax:
            yield Item(number, path, record["sop_class"], record["sop_uid"], syntax)
        else:
            sentence = answer.get("problem") or tr("{name} is no DICOM object that can be sent.", name=path.name)
            desk.report(failed=[[number, sentence]])


def batches(items: list[Item]) -> Iterable[list[Item]]:
    """Yield items in groups whose kinds fit into one association."""
    batch: list[Item] = []
    pairs: set[tuple[str, str]] = set()
    for item in items:
        more = pairs | {(item.sop_class, syntax) for syntax in (item.syntax, *NATIVE)}
        if len(more) > MOST:
            yield batch
            batch, more = [], {(item.sop_class, syntax) for syntax in (item.syntax, *NATIVE)}
        batch.append(item)
        pairs = more
    if batch:
        yield batch


def _syntax(path: Path) -> str:
    """Return the transfer syntax the file states; without file meta information it cannot be sent as it is."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    start = meta_offset(head)
    return "" if not start else file_meta(head, start)[0]


def _send(payload: dict[str, Any], desk: Desk, items: list[Item]) -> int:
    """Send over one association; return how many were decompressed."""
    node = payload["node"]
    converted = done = 0
    contexts = to_send((item.sop_class, item.syntax) for item in items)
    try:
        with associated(payload, desk, contexts) as link, held(link):
            taken = {(c.abstract_syntax, c.transfer_syntax[0]) for c in link.accepted_contexts}
            for item in items:
                if desk.cancelled:
                    break
                status, changed = _store(link, item, taken, node)
                if status is not None and "Status" not in status:
                    if not desk.cancelled:
                        raise Refused(finished(link, node))
                    break
                done += 1
                converted += changed
                _tell(desk, item, status, taken, node)
    except Refused as refusal:
        if not done:
            raise
        desk.report(failed=[[item.number, str(refusal)] for item in items[done:]])
    return converted


def _store(link: Any, item: Item, taken: set[tuple[str, str]], node: dict[str, Any]) -> tuple[Any, bool]:
    """Send one file; return its status (None when it was not sent) and whether it was changed for that."""
    try:
        if (item.sop_class, item.syntax) in taken:
            return link.send_c_store(item.path), False
        if any((item.sop_class, syntax) in taken for syntax in NATIVE):
            return link.send_c_store(_uncompressed(item)), item.syntax not in NATIVE
        return None, False
    except Exception:  # files can be odd in many ways, and the libraries raise as many things
        if not link.is_established:
            raise Refused(finished(link, node)) from None
        return None, False


def _uncompressed(item: Item) -> Any:
    """Return the data set, decompressed where it is not; the values of the pixels stay what they are.

    pynetdicom turns explicit into implicit VR where the server wants that.
    """
    from pydicom import dcmread
    from pydicom.uid import UID, ExplicitVRLittleEndian

    from pellucid.dicom import codecs

    syntax = UID(item.syntax)
    if not syntax.is_little_endian or item.syntax not in codecs.BUNDLED:
        raise NotImplementedError
    data = dcmread(item.path)
    if syntax.is_encapsulated:
        codecs.decoder(item.syntax)
        data.decompress(as_rgb=False, generate_instance_uid=False)
    elif item.syntax not in NATIVE:
        data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return data


def _tell(desk: Desk, item: Item, status: Any, taken: set[tuple[str, str]], node: dict[str, Any]) -> None:
    if status is None:
        desk.report(failed=[[item.number, _refusal(item, taken, node)]])
    elif status.Status == 0 or status.Status in _WARNINGS:
        desk.report(sent=1, nbytes=item.path.stat().st_size)
    else:
        desk.report(failed=[[item.number, sentences.status(node, status.Status, comment(status))]])


def _refusal(item: Item, taken: set[tuple[str, str]], node: dict[str, Any]) -> str:
    """Say why a file was not even sent."""
    said = {"server": node["name"], "name": item.path.name}
    if item.sop_class not in {kind for kind, _ in taken}:
        return tr("{server} does not take objects of the kind of {name}.", **said)
    if (item.sop_class, item.syntax) in taken or item.syntax in NATIVE:
        return tr("{name} could not be sent to {server}: its header is not as it should be.", **said)
    return tr("{server} does not take {name} as it is compressed, and it cannot be decompressed.", **said)
