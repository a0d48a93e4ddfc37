"""What a peer sends has names of ours on every system, and what we send may be called anything (H37, H41)."""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from pathlib import Path, PureWindowsPath

import pytest
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from pynetdicom import AE, evt

from hostile_names import HOSTILE
from pellucid.network.nodes import DimseNode
from pellucid.network.sending import send
from pellucid.network.transfers import What, file_name, named_by, received_folder

NAMES = ("Größe", "Ελληνικά", "العربية", "हिन्दी", "日本語", "🫁 👩🏽‍⚕️", "e\u0301", "𠜎", "‮left", "ж" * 110, "l" * 250)


@pytest.mark.hazard("H37")
def test_500_hostile_uids_make_names_that_every_system_takes() -> None:
    hostile = {*HOSTILE, "CON", "nul.dcm", "COM1", "AUX ", "a.", "C:\\x", "\\\\server\\share\\x", "x:stream", "\0", ""}
    assert len(hostile) >= 500
    made = {file_name(uid) for uid in hostile}
    assert len(made) == len(hostile)
    for name in (*made, *(named_by(uid, uid) for uid in hostile), *(What(uid).key for uid in hostile)):
        assert re.fullmatch(r"[0-9a-f]{24}(\.dcm)?", name)
        as_windows = PureWindowsPath(name)
        assert not as_windows.is_reserved() and as_windows.parts == (name,)
        assert unicodedata.normalize("NFC", name).casefold() == name
    for uid in hostile:
        folder = received_folder(What(uid, (uid,), (uid,)))
        assert folder.parent == received_folder(What("1.2.3")).parent and folder.name not in ("", ".", "..")


@pytest.mark.hazard("H41")
def test_files_of_any_name_are_sent(study, tmp_path) -> None:
    names = [*NAMES, *([os.fsdecode(b"Gr\xf6\xdfe")] if sys.platform == "linux" else [])]
    files = study(len(names))
    moved = [file.rename(tmp_path / name) for file, name in zip(files, names, strict=True)]
    entity, came = AE("PEER"), list[str]()
    entity.add_supported_context(CTImageStorage, ExplicitVRLittleEndian)
    took = (evt.EVT_C_STORE, lambda event: came.append(event.request.AffectedSOPInstanceUID) or 0)
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[took])
    try:
        node = DimseNode(name="Peer", title="PEER", host="127.0.0.1", port=server.server_address[1])
        missing = Path(tmp_path / "画像 that is not there")
        result = send(node, [*moved, missing])
    finally:
        server.shutdown()
    assert result.sent == len(names) and len(set(came)) == len(names)
    assert [failure.path for failure in result.failed] == [missing] and missing.name in result.failed[0].sentence
