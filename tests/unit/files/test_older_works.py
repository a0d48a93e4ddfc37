"""Works that the first Pellucid saved open as they were left: written here by hand, as its files read."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid.files.older_works import upgraded
from pellucid.files.workspace import load, save
from pellucid.files.workspace_document import capture, restore, restore_view
from pellucid.model.document import Document
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer, LabelLayer
from pellucid.model.transfer import STRAIGHT
from pellucid.model.view import Layout, Plane, ViewState

VOXELS = np.arange(12, dtype="<i2").reshape(2, 2, 3)
MASK = np.ones((2, 2, 3), "u1")
GRID = {
    "size": [3, 2, 2], "spacing": [1.0, 1.0, 2.0], "origin": [0.0, 0.0, 0.0],
    "direction": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], "known_spacing": [True, True, True],
    "oriented": True, "slice_positions": None, "at_detector": False, "frame_of_reference": "",
}  # fmt: skip
WINDOWS = [
    {"name": "SOFT", "level": 40.0, "width": 400.0, "source": "DICOM", "sigmoid": True},
    {"name": "LUNG", "level": -600.0, "width": 1500.0, "source": "DICOM", "sigmoid": False},
]
ACQUISITION = {
    "modality": "CT", "patient_name": "", "patient_id": "", "birth_date": "", "sex": "", "study_date": "",
    "study_description": "", "study_uid": "", "series_description": "", "series_number": "", "series_uid": "",
    "windows": WINDOWS, "monochrome1": False, "extra": {},
}  # fmt: skip


def array(member: str, values: np.ndarray) -> dict[str, Any]:
    digest = hashlib.sha256(values.tobytes()).hexdigest()
    return {"member": member, "dtype": values.dtype.str[1:], "shape": list(values.shape), "sha256": digest}


def shared(name: str, steps: list[Any]) -> dict[str, Any]:
    source = {"kind": "none", "paths": [], "detail": "", "sha256": ""}
    return {"id": name, "name": name, "visible": True, "opacity": 1.0, "source": source, "provenance": steps}


def old_manifest(layout: str, plane: str) -> dict[str, Any]:
    frame = {
        "geometry": GRID, "array": array("arrays/0000", VOXELS), "unit": "HU", "padding": None,
        "acquisition": ACQUISITION, "findings": [],
    }  # fmt: skip
    image = shared("CT", [{"operation": "smoothing.gaussian", "parameters": {"sigma": 2.0}, "inputs": ["CT"]}]) | {
        "kind": "image", "frame": 0, "level": 40.0, "width": 400.0, "colormap": "grey", "invert": True,
        "interpolate": True, "first_limits": [-160.0, 240.0], "frames": [frame],
    }  # fmt: skip
    labels = shared("Lungs", []) | {
        "kind": "labels", "active_label": 1, "fill": 0.35, "outline": True, "geometry": GRID,
        "array": array("arrays/0001", MASK),
        "labels": [{"value": 1, "name": "Lung", "color": "#ff0000", "visible": True, "locked": False}],
    }  # fmt: skip
    view = {
        "crosshair": [1.0, 1.0, 2.0], "layout": layout, "single_plane": plane, "show_crosshair": False,
        "show_annotations": True,
    }  # fmt: skip
    return {
        "format": "pellucid-work", "schema_version": 1, "layers": [image, labels], "active": "Lungs", "view": view,
    }  # fmt: skip


def old_work(path: Path, layout: str = "quad", plane: str = "axial", **changes: Any) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("arrays/0000", VOXELS.tobytes())
        file.writestr("arrays/0001", MASK.tobytes())
        file.writestr("manifest.json", json.dumps(old_manifest(layout, plane) | changes))
    return path


def test_layers_of_an_old_work_look_as_they_did(tmp_path: Path) -> None:
    layers, active = restore(load(old_work(tmp_path / "old.pellucid")))
    image, labels = layers
    assert isinstance(image, ImageLayer) and isinstance(labels, LabelLayer) and active is labels
    assert np.array_equal(image.volume.array, VOXELS) and np.array_equal(labels.labels.array, MASK)
    assert (image.display.limits, image.display.invert, image.display.transfer) == ((-160.0, 240.0), True, STRAIGHT)
    assert [w.function for w in image.volume.acquisition.windows] == ["SIGMOID", "LINEAR"]
    assert (labels.display.fill, labels.display.outline, labels.display.filled) == (0.35, True, True)
    assert [label.opacity for label in labels.labels.labels] == [1.0]


@pytest.mark.parametrize(
    ("layout", "plane", "shown"),
    [
        ("quad", "axial", [Plane.AXIAL, Plane.SAGITTAL, Plane.CORONAL, "information"]),
        ("single", "axial", [Plane.AXIAL]),
        ("single", "coronal", [Plane.CORONAL]),
        ("single", "acquired", [Plane.ACQUIRED]),
    ],
)
def test_an_old_layout_shows_the_same_planes(layout: str, plane: str, shown: list[Any], tmp_path: Path) -> None:
    view = ViewState(layout=Layout(3, 3), show_crosshair=True)
    restore_view(load(old_work(tmp_path / "old.pellucid", layout, plane)), view)
    panes = view.shown if view.maximised is None else [view.panes[view.maximised]]
    assert ["information" if pane.information else pane.plane for pane in panes] == shown
    assert view.crosshair == (1.0, 1.0, 2.0) and view.show_crosshair is False


def test_an_old_work_saved_again_is_a_work_of_now(tmp_path: Path) -> None:
    state = load(old_work(tmp_path / "old.pellucid", "single", "sagittal"))
    document, view = Document(), ViewState()
    for layer in restore(state)[0]:
        document.insert(len(document), layer)
    restore_view(state, view)
    save(tmp_path / "new.pellucid", capture(document, view))
    again = ViewState()
    restore_view(load(tmp_path / "new.pellucid"), again)
    assert again.layout == Layout.QUAD and again.panes[again.maximised or 0].plane is Plane.SAGITTAL


@pytest.mark.parametrize(
    "damage",
    [
        {"layers": 7}, {"layers": [None]}, {"layers": [{"frames": {}}]}, {"view": []}, {"view": {"layout": ["quad"]}},
        {"view": {"layout": "single", "single_plane": {}}}, {"view": {"layout": "thrice"}}, {"schema_version": 0},
        {"schema_version": True, "layers": 1},
    ],
)  # fmt: skip
def test_damaged_old_works_are_refused_with_a_sentence(damage: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(Refused, match="is damaged"):
        load(old_work(tmp_path / "old.pellucid", **damage))


def test_works_of_now_are_left_as_they_are() -> None:
    now = {"schema_version": 5, "view": {"layout": "3x2"}}
    assert upgraded(json.loads(json.dumps(now)), 3) == now


def format_2(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the contents of a work of format 2 whose label layer was thresholded."""
    data = old_manifest("quad", "axial")
    image, labels = data["layers"]
    image["frames"][0]["acquisition"] = ACQUISITION | {"windows": []}
    labels["provenance"] = [{"operation": "threshold.range", "parameters": {"lower": 1.0}, "inputs": ["CT"]}]
    labels["labels"] = rows
    return data | {"schema_version": 2, "view": {"layout": "3x2"}}


@pytest.mark.parametrize(("count", "label"), [(1, 7), (2, 0)])
def test_steps_of_format_2_go_to_the_only_label(count: int, label: int, tmp_path: Path) -> None:
    row = {"name": "Lung", "color": "#ff0000", "visible": True, "locked": False}
    rows = [row | {"value": 7 + n} for n in range(count)]
    image, labels = restore(load(old_work(tmp_path / "old.pellucid", **format_2(rows))))[0]
    assert isinstance(image, ImageLayer) and image.base == () and image.provenance[0].label == 0
    assert [(step.operation, step.label, step.enabled) for step in labels.provenance] == [
        ("threshold.range", label, True)
    ]
