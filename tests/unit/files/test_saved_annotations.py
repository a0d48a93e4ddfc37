"""Annotations survive saving; damaged ones are refused; those of a layer that is gone are left out."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import phantoms
from pellucid.files.workspace import WorkspaceState, load, save
from pellucid.files.workspace_document import capture, restore, restore_annotations, restore_view
from pellucid.model.annotations import POINT_COUNTS, Annotation, Kind
from pellucid.model.document import Document
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer, Provenance
from pellucid.model.shapes import vector
from pellucid.model.view import ViewState

COORDINATE = st.floats(-1e6, 1e6)


def document() -> Document:
    made = Document()
    grid = phantoms.grid((3, 3, 2))
    for name in ("ct", "pet"):
        volume = phantoms.volume(np.zeros(grid.size[::-1], np.uint8), grid)
        made.insert(len(made), ImageLayer(name, (volume,), provenance=(Provenance("x"),), id=name))
    return made


@st.composite
def annotations(draw: st.DrawFn) -> Annotation:
    kind = draw(st.sampled_from(Kind))
    fewest, most = POINT_COUNTS[kind]
    count = draw(st.integers(fewest, most or fewest + 5))
    points = tuple(draw(st.tuples(COORDINATE, COORDINATE, COORDINATE)) for _ in range(count))
    axes = phantoms.rotation(*(draw(st.floats(-180, 180)) for _ in range(3)))
    right, down, normal = (vector(axes[:, n]) for n in range(3))
    color = f"#{draw(st.integers(0, 0xFFFFFF)):06x}"
    return Annotation(kind, points, normal, right, down, draw(st.sampled_from(["ct", "pet"])), draw(st.integers(0, 9)),
                      draw(st.text(max_size=9)), draw(st.text(max_size=9)), color, "1.2.3")  # fmt: skip


def plain(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


@settings(max_examples=40, deadline=None)
@given(drawn=st.lists(annotations(), max_size=6, unique_by=lambda one: one.id))
def test_what_is_loaded_is_what_was_drawn(drawn: list[Annotation], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("work") / "w.pellucid"
    made, view = document(), ViewState(show_measurements=False, neighbour_measurements=True)
    for one in drawn:
        made.annotations.insert(len(made.annotations), one)
    save(path, capture(made, view))
    state = load(path)
    back, seen = Document(), ViewState()
    for layer in restore(state)[0]:
        back.insert(len(back), layer)
    restore_annotations(state, back)
    restore_view(state, seen)
    assert list(back.annotations) == [
        Annotation(**{**vars(one), "name": plain(one.name), "text": plain(one.text)}) for one in drawn
    ]
    assert (seen.show_measurements, seen.neighbour_measurements) == (False, True)


def test_annotations_of_a_layer_that_is_gone_are_left_out(tmp_path: Path) -> None:
    made = document()
    for layer in ("ct", "pet"):
        made.annotations.insert(0, Annotation(Kind.POINT, ((1.0, 2.0, 3.0),), layer=layer))
    state = capture(made, ViewState())
    back = Document()
    back.insert(0, made.layers[1])
    restore_annotations(state, back)
    assert [one.layer for one in back.annotations] == ["pet"]


@pytest.mark.parametrize(
    "damage",
    [{"points": []}, {"points": [[0, 0, 0]]}, {"points": [[0, 0, float("nan")], [1, 1, 1]]}, {"kind": "spiral"},
     {"color": "red"}, {"normal": [0, 0, 2]}, {"frame": -1}, {"more": 1}, {"id": ""}],
)  # fmt: skip
def test_a_damaged_annotation_is_refused(damage: dict[str, Any], tmp_path: Path) -> None:
    made = document()
    made.annotations.insert(0, Annotation(Kind.LENGTH, ((0.0, 0.0, 0.0), (1.0, 2.0, 3.0)), layer="ct"))
    path = tmp_path / "w.pellucid"
    save(path, capture(made, ViewState()))
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    manifest = json.loads(members["manifest.json"])
    manifest["annotations"][0] |= damage
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, json.dumps(manifest) if name == "manifest.json" else data)
    with pytest.raises(Refused, match="damaged"):
        load(path)


def test_a_work_of_before_has_no_annotations(tmp_path: Path) -> None:
    state = capture(document(), ViewState())
    data = state.manifest.model_dump(mode="json", exclude={"annotations"})
    for field in ("show_measurements", "neighbour_measurements"):
        del data["view"][field]
    older = WorkspaceState(type(state.manifest).model_validate(data), state.arrays)
    back, seen = document(), ViewState()
    restore_annotations(older, back)
    restore_view(older, seen)
    assert len(back.annotations) == 0 and seen.show_measurements and not seen.neighbour_measurements
