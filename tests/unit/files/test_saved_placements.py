"""Works with layers that lie where a transform puts them: saved, opened again, damaged, and exported."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from tests.placed_layers import FIXED, OWN, Scene, placement

from pellucid.files.workspace import load, save
from pellucid.files.workspace_document import capture, restore
from pellucid.model.findings import Refused
from pellucid.model.geometry import same_world
from pellucid.model.layer import Provenance
from pellucid.session.placements import linear_placement, placement_of
from pellucid.session.saving import where_written


@pytest.fixture(params=["rigid", "bent"])
def scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(request.param)


def written(scene: Scene, path: Path) -> Path:
    save(path, capture(scene.session.document, scene.session.view))
    return path


def test_layers_lie_where_they_lay(scene: Scene, tmp_path: Path) -> None:
    lay = scene.moving.placement
    path = written(scene, tmp_path / "w.pellucid")
    (fixed, moving, labels), _active = restore(load(path))
    found = moving.placement
    assert fixed.placement is None and labels.placement is found and found is not None
    assert np.array_equal(found.matrix, lay.matrix) and found.onto == lay.onto and found.title == "Test"
    places = FIXED.index_to_world(np.random.default_rng(1).uniform(0, 1, (50, 3)) * np.array(FIXED.size))
    assert np.array_equal(found.to_own(places), lay.to_own(places))
    assert [found.transform.TransformPoint(p) for p in places.tolist()] == [
        lay.transform.TransformPoint(p) for p in places.tolist()
    ]
    if lay.warp is not None:
        assert found.warp.displacement.tobytes() == lay.warp.displacement.tobytes()
        assert (found.warp.continues, found.warp.error) == (lay.warp.continues, lay.warp.error)
    assert same_world(fixed.geometry, moving.geometry)
    again = written(scene, tmp_path / "again.pellucid")
    assert again.read_bytes() == path.read_bytes()


def test_the_step_that_found_a_transform_is_kept(tmp_path: Path) -> None:
    scene = Scene()
    step = Provenance("registration.register", {"preset": "rigid", "seed": 1}, ("moving", "fixed"))
    shift = sitk.TranslationTransform(3, (1, 2, 3))
    scene.session.placing.put(scene.moving, placement_of(shift, FIXED, OWN, "T", step))
    (_, moving, _), _ = restore(load(written(scene, tmp_path / "w.pellucid")))
    assert moving.placement.step == step


def test_a_chain_of_registrations_stays_in_one_world(tmp_path: Path) -> None:
    """An image registered to one that was itself moved: after opening all three lie together."""
    scene = Scene("bent")
    onto = scene.moving.geometry
    scene.session.placing.put(scene.fixed, linear_placement(np.eye(4), onto, "chain"))
    (fixed, moving, _), _ = restore(load(written(scene, tmp_path / "w.pellucid")))
    assert fixed.placement.onto.registered_to is None and same_world(fixed.geometry, moving.geometry)


def test_a_field_of_displacements_is_saved_as_numbers(tmp_path: Path) -> None:
    scene = Scene("bent")
    field = sitk.TransformToDisplacementField(placement("bent").transform, sitk.sitkVectorFloat64, FIXED.size,
                                              FIXED.origin, FIXED.spacing)  # fmt: skip
    array = sitk.GetArrayFromImage(field)  # before the transform takes the field away
    scene.session.placing.put(scene.moving, placement_of(sitk.DisplacementFieldTransform(field), FIXED, OWN, "F"))
    (_, moving, _), _ = restore(load(written(scene, tmp_path / "w.pellucid")))
    back = moving.placement.transform.Downcast().GetDisplacementField()
    assert np.array_equal(sitk.GetArrayFromImage(back), array)


def edited(path: Path, change: Any) -> Path:
    """Rewrite the table of contents of a work."""
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    data = json.loads(members["manifest.json"])
    change(data)
    members["manifest.json"] = json.dumps(data).encode()
    made = path.with_name("edited.pellucid")
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return made


def _piece(**changes: Any) -> Any:
    return lambda data: data["placements"][0]["pieces"][0].update(changes)


def _placement(**changes: Any) -> Any:
    return lambda data: data["placements"][0].update(changes)


HOSTILE = {
    "no such placement": lambda data: data["layers"][1].update(placement=7),
    "a negative one": lambda data: data["layers"][1].update(placement=-1),
    "an unknown kind": _piece(kind="os.system"),
    "a kind with a path": _piece(kind="../x"),
    "four dimensions": _piece(dimension=4),
    "two dimensions of three": _piece(dimension=2),
    "too few numbers": _piece(numbers=[1.0]),
    "numbers that are none": _piece(numbers=["NaN"] * 6),
    "a flat matrix": _placement(matrix=[0.0] * 16),
    "a projective matrix": _placement(matrix=[1.0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1]),
    "a short matrix": _placement(matrix=[1.0] * 9),
    "no parts": _placement(pieces=[]),
    "a grid without a size": lambda data: data["placements"][0]["onto"].update(size=[0, 1, 1]),
    "a grid without a direction": lambda data: data["placements"][0]["onto"].update(direction=[0.0] * 9),
    "something else": _placement(code="import os"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_no_placement_is_refused(what: str, tmp_path: Path) -> None:
    path = written(Scene("rigid"), tmp_path / "w.pellucid")
    load(path)
    with pytest.raises(Refused, match="damaged"):
        load(edited(path, HOSTILE[what]))


@pytest.mark.parametrize("changes", [{"dtype": "f8"}, {"shape": [1, 1, 1, 3]}, {"sha256": "0" * 64}])
def test_damaged_displacements_are_refused(changes: dict[str, Any], tmp_path: Path) -> None:
    path = written(Scene("bent"), tmp_path / "w.pellucid")
    with pytest.raises(Refused, match="damaged"):
        load(edited(path, lambda data: data["placements"][0]["warp"]["array"].update(changes)))


def test_displacements_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    scene = Scene("bent")
    scene.moving.placement.warp.displacement[1, 1, 1] = np.nan
    with pytest.raises(Refused, match="damaged"):
        load(written(scene, tmp_path / "w.pellucid"))


# ---------------------------------------------------------------- export


@pytest.mark.parametrize("ending", [".nrrd", ".nii.gz", ".mha"])
def test_a_moved_layer_is_written_where_it_lies(ending: str, tmp_path: Path) -> None:
    scene, path = Scene("rigid"), tmp_path / f"image{ending}"
    said = scene.said()
    scene.session.saving.export_layer(scene.moving, path)
    scene.session.saving.export_layer(scene.labels, tmp_path / f"labels{ending}")
    scene.run()
    for name, array in (("image", scene.moving.volume.array), ("labels", scene.labels.labels.array)):
        made = sitk.ReadImage(str(tmp_path / f"{name}{ending}"))
        assert np.array_equal(sitk.GetArrayFromImage(made), array)
        corner = scene.moving.geometry.index_to_world([23, 0, 13])
        assert np.abs(np.array(made.TransformIndexToPhysicalPoint((23, 0, 13))) - corner).max() < 1e-3
    assert any("written where it lies" in sentence and "moved" in sentence for sentence in said)


def test_a_bent_layer_is_not_written_without_resampling(tmp_path: Path) -> None:
    scene, path = Scene("bent"), tmp_path / "image.nrrd"
    assert "Resample to grid" in scene.session.saving.obstacle(scene.moving, path)
    for layer in (scene.moving, scene.labels):
        with pytest.raises(Refused, match="Resample to grid"):
            scene.session.saving.export_layer(layer, path)
    assert not path.exists() and where_written(scene.moving, path) == ""
    assert scene.session.saving.losses(scene.moving, path) == ()


def test_a_sheared_layer_is_a_loss_for_nifti(tmp_path: Path) -> None:
    scene, shear = Scene(), np.eye(4)
    shear[0, 1] = 0.3
    scene.session.placing.put(scene.moving, linear_placement(shear, FIXED))
    assert scene.session.saving.losses(scene.moving, tmp_path / "image.nii.gz")
    assert not scene.session.saving.losses(scene.moving, tmp_path / "image.nrrd")


def test_surfaces_are_written_where_the_labels_lie(tmp_path: Path) -> None:
    from pellucid.files.surfaces import SurfaceChoice
    from pellucid.session.surfacing import export

    scene, path = Scene("rigid"), tmp_path / "two.stl"
    export(scene.session, scene.labels, (2,), path, SurfaceChoice())
    scene.run()
    raw = np.frombuffer(path.read_bytes()[84:], np.dtype([("n", "<f4", 3), ("p", "<f4", (3, 3)), ("a", "<u2")]))
    middle = (raw["p"].reshape(-1, 3).min(axis=0) + raw["p"].reshape(-1, 3).max(axis=0)) / 2
    z, y, x = np.nonzero(scene.labels.labels.array)
    places = scene.moving.geometry.index_to_world(np.stack([x, y, z], 1))
    expected = (places.min(axis=0) + places.max(axis=0)) / 2
    assert np.abs(np.abs(middle) - np.abs(expected)).max() < 0.8
    with pytest.raises(Refused, match="Resample to grid"):
        export(Scene("bent").session, Scene("bent").labels, (2,), path, SurfaceChoice())
