"""How planes were turned survives saving; what is no rotation is refused."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from pellucid.files.workspace import load, save
from pellucid.files.workspace_document import capture, restore_view
from pellucid.model.document import Document
from pellucid.model.findings import Refused
from pellucid.model.geometry import IDENTITY
from pellucid.model.oblique import combined, turn_about
from pellucid.model.view import PlaneMode, Projection, ViewState

TURNED = combined(turn_about((0.6, 0.0, 0.8), 33), IDENTITY)


def test_turned_planes_modes_and_slabs_come_back(tmp_path: Path) -> None:
    view = ViewState(rotation=TURNED, plane_mode=PlaneMode.ANATOMICAL)
    view.panes[2].slab, view.panes[2].projection = 12.5, Projection.SUM
    save(tmp_path / "w.pellucid", capture(Document(), view))
    found = ViewState()
    restore_view(load(tmp_path / "w.pellucid"), found)
    assert found.rotation == TURNED and found.plane_mode is PlaneMode.ANATOMICAL
    assert (found.panes[2].slab, found.panes[2].projection) == (12.5, Projection.SUM)


@pytest.mark.parametrize("broken", [[0.0] * 9, [2.0, *IDENTITY[1:]], [-1.0, *IDENTITY[1:]], [1.0] * 8, "turned"])
def test_what_turns_nothing_rightly_is_refused(broken: object, tmp_path: Path) -> None:
    path = tmp_path / "w.pellucid"
    save(path, capture(Document(), ViewState(rotation=TURNED)))
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = next(name for name in members if name.endswith(".json"))
    manifest = json.loads(members[name])
    assert np.allclose(manifest["view"]["rotation"], TURNED)
    manifest["view"]["rotation"] = broken
    members[name] = json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    with pytest.raises(Refused):
        load(path)
