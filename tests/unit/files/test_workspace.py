"""The saved work: bit for bit, atomic, and never anything but a sentence from a damaged or hostile file."""

from __future__ import annotations

import errno
import io
import json
import os
import zipfile
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pydantic import ValidationError

from pellucid.dicom.child import Cancelled
from pellucid.files import workspace
from pellucid.files.export import export_image
from pellucid.files.manifest import TransferEntry
from pellucid.files.workspace import load, save
from pellucid.files.workspace_document import capture, read_sources, relocated, restore, restore_view
from pellucid.model.display import Blending, Channel, ImageDisplay, LabelDisplay
from pellucid.model.document import Document
from pellucid.model.findings import Finding, Refused
from pellucid.model.geometry import Geometry
from pellucid.model.hand_edits import HandPatch
from pellucid.model.labels import Code, Label, LabelMap, Status
from pellucid.model.layer import HAND_EDIT, ImageLayer, LabelLayer, Layer, Provenance, Source, Start
from pellucid.model.transfer import SIGMOID, STRAIGHT, Kind, Transfer, ValueTable
from pellucid.model.view import Layout, PaneState, Plane, Projection, ViewState
from pellucid.model.volume import Acquisition, Volume, WindowPreset, image_from_array
from phantoms import every_kind, grid, uneven

STEP = (Provenance("smoothing.gaussian", {"sigma": 2.0, "box": [1, 2], "note": None}, ("CT",)),)
TYPES = st.sampled_from(["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"])
NUMBERS = st.floats(-1e6, 1e6)
NAMES = st.text(max_size=20)
GRIDS = [replace(geometry, size=(3, 2, geometry.size[2])) for geometry in every_kind().values()]


def document_of(*layers: Layer) -> Document:
    document = Document()
    for layer in layers:
        document.insert(len(document), layer)
    return document


def image(geometry: Geometry | None = None, dtype: str = "i2", seed: int = 0, **fields: Any) -> ImageLayer:
    geometry = geometry or grid((4, 3, 2))
    array = np.random.default_rng(seed).integers(0, 100, geometry.size[::-1]).astype(dtype)
    return ImageLayer("CT", (Volume(image_from_array(array, geometry), geometry),), **fields)


def same_volume(one: Volume, two: Volume) -> bool:
    fields = ("geometry", "unit", "padding", "acquisition", "findings", "dtype", "components")
    return one.array.tobytes() == two.array.tobytes() and all(
        getattr(one, f) == getattr(two, f) for f in fields
    )


TABLE = ValueTable.of(-3, 12, np.arange(0, 4096, 16, dtype=np.uint16))
CURVES = (
    STRAIGHT,
    SIGMOID,
    Transfer(Kind.GAMMA, gamma=0.45),
    Transfer(Kind.POINTS, points=((0.0, 0.25), (0.5, 0.5), (1.0, 0.0))),
    Transfer(Kind.TABLE, table=TABLE),
    Transfer(Kind.EQUALISED),
)


def facts(layer: Layer) -> dict[str, Any]:
    """Return everything that must survive, but for pixels."""
    shared = ("id", "name", "visible", "opacity", "source", "provenance")
    own = ("frame", "first_limits", "first_transfer") if isinstance(layer, ImageLayer) else ("active_label",)
    found = {name: getattr(layer, name) for name in (*shared, *own)}
    look = (
        ("level", "width", "colormap", "invert", "interpolate", "blending", "channel", "transfer")
        if isinstance(layer, ImageLayer)
        else ("fill", "outline", "filled", "outline_width")
    )
    found |= {name: getattr(layer.display, name) for name in look}
    return found | (
        {"labels": layer.labels.labels, "grid": layer.geometry} if isinstance(layer, LabelLayer) else {}
    )


@st.composite
def volumes(draw: st.DrawFn, geometry: Geometry) -> Volume:
    dtype, colour = draw(TYPES), draw(st.sampled_from([1, 1, 3, 4]))
    shape = geometry.size[::-1] + ((colour,) if colour > 1 else ())
    array = draw(arrays.arrays(np.dtype(dtype), shape, fill=st.just(np.dtype(dtype).type(7))))
    function = draw(st.sampled_from(["LINEAR", "SIGMOID"]))
    window = WindowPreset("w", draw(NUMBERS), 2.5, "DICOM", function, draw(st.sampled_from([None, TABLE])))
    extra, inverted = {"k": draw(NAMES)}, draw(st.booleans())
    acquisition = Acquisition("CT", draw(NAMES), windows=(window,), monochrome1=inverted, extra=extra)
    findings = draw(st.sampled_from([(), (Finding("tilt", "Tilted by 3°."),)]))
    padding = draw(st.none() | st.tuples(NUMBERS, NUMBERS))
    picture = image_from_array(np.ascontiguousarray(array), geometry, colour=colour > 1)
    return Volume(picture, geometry, draw(NAMES), padding, acquisition, findings)


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    geometry = draw(st.sampled_from(GRIDS))
    shared: dict[str, Any] = {
        "visible": draw(st.booleans()),
        "opacity": draw(st.floats(0, 1)),
        "provenance": STEP,
    }
    if draw(st.booleans()):
        frames = tuple(draw(volumes(geometry)) for _ in range(draw(st.integers(1, 2))))
        display = ImageDisplay(
            draw(NUMBERS), draw(NUMBERS), draw(NAMES), draw(st.booleans()), draw(st.booleans()),
            draw(st.sampled_from(Blending)), draw(st.sampled_from(Channel)), draw(st.sampled_from(CURVES)),
        )  # fmt: skip
        limits = draw(st.none() | st.tuples(NUMBERS, NUMBERS))
        return ImageLayer(
            draw(NAMES), frames, len(frames) - 1, display=display, first_limits=limits,
            first_transfer=draw(st.sampled_from(CURVES)), **shared
        )
    values = draw(st.lists(st.integers(1, 200), unique=True, max_size=4))
    colors = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06X}")
    rows = tuple(
        Label(v, draw(NAMES), draw(colors), draw(st.booleans()), draw(st.booleans()), draw(st.floats(0, 1)))
        for v in values
    )
    voxels = draw(
        arrays.arrays(
            draw(st.sampled_from(["u1", "u2", "i4"])), geometry.size[::-1], elements=st.integers(0, 120)
        )
    )
    look = LabelDisplay(draw(st.floats(0, 1)), draw(st.booleans()), draw(st.booleans()), draw(st.floats(0.5, 8)))
    return LabelLayer(
        draw(NAMES), LabelMap(geometry, voxels, rows), draw(st.integers(0, 5)), display=look, **shared
    )


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(content=st.lists(layers(), max_size=4), data=st.data())
def test_what_is_loaded_is_what_was_saved(content: list[Layer], data: st.DataObject,
                                          tmp_path_factory: pytest.TempPathFactory) -> None:  # fmt: skip
    """R-10."""
    path = tmp_path_factory.mktemp("work") / "w.pellucid"
    document, view = document_of(*content), ViewState()
    if content:
        document.active = data.draw(st.sampled_from(content))
    view.crosshair = data.draw(st.tuples(NUMBERS, NUMBERS, NUMBERS))
    view.layout = Layout(data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4)))
    pane = view.panes[data.draw(st.integers(0, 15))]
    pane.plane, pane.slab = data.draw(st.sampled_from(Plane)), data.draw(st.floats(0, 100))
    pane.projection, pane.scale = data.draw(st.sampled_from(Projection)), data.draw(st.floats(0, 100))
    pane.position, pane.shows = data.draw(st.none() | st.tuples(NUMBERS, NUMBERS, NUMBERS)), ("a", "b")
    save(path, capture(document, view))
    state = load(path)
    back, active = restore(state)
    seen = ViewState()
    restore_view(state, seen)
    assert (seen.crosshair, seen.layout) == (view.crosshair, view.layout)
    names = [field.name for field in fields(PaneState)]
    assert all(getattr(a, n) == getattr(b, n) for a, b in zip(seen.panes, view.panes, strict=True) for n in names)
    assert (active.id if active else None) == (document.active.id if document.active else None)
    assert [facts(layer) for layer in back] == [facts(layer) for layer in content]
    for one, two in zip(content, back, strict=True):
        if isinstance(one, ImageLayer) and isinstance(two, ImageLayer):
            assert all(same_volume(a, b) for a, b in zip(one.frames, two.frames, strict=True))
        elif isinstance(one, LabelLayer) and isinstance(two, LabelLayer):
            assert one.labels.array.dtype == two.labels.array.dtype
            np.testing.assert_array_equal(one.labels.array, two.labels.array)
            two.labels.array[...] = 1  # it can be painted on


def test_the_same_work_gives_the_same_bytes(tmp_path: Path) -> None:
    state = capture(document_of(image(provenance=STEP)), ViewState())
    save(tmp_path / "a.pellucid", state)
    save(tmp_path / "b.pellucid", state)
    assert (tmp_path / "a.pellucid").read_bytes() == (tmp_path / "b.pellucid").read_bytes()


def test_painting_goes_on_while_a_capture_is_written(tmp_path: Path) -> None:
    labels = LabelMap(grid((4, 3, 2)))
    state = capture(document_of(LabelLayer("Labels", labels)), ViewState())
    labels.keep(labels.whole())
    labels.array[...] = 9
    save(tmp_path / "a.pellucid", state)
    ((layer,), _) = restore(load(tmp_path / "a.pellucid"))
    assert isinstance(layer, LabelLayer) and not layer.labels.array.any()


def saved_with_source(folder: Path) -> tuple[Path, ImageLayer]:
    (folder / "data").mkdir(parents=True)
    (folder / "works").mkdir()
    source = folder / "data" / "Bild ü.nrrd"
    layer = image(source=Source("image", (str(source),)))
    export_image(layer.frames, source)
    save(folder / "works" / "w.pellucid", capture(document_of(layer), ViewState()))
    return folder / "works" / "w.pellucid", layer


def test_an_untouched_image_is_only_referred_to_and_moves_with_its_work(tmp_path: Path) -> None:
    path, layer = saved_with_source(tmp_path / "here")
    with zipfile.ZipFile(path) as file:
        assert file.namelist() == ["manifest.json"]
        assert json.loads(file.read("manifest.json"))["layers"][0]["source"]["paths"] == [
            "../data/Bild ü.nrrd"
        ]
        assert str(tmp_path).encode() not in file.read("manifest.json")
    (tmp_path / "here").rename(tmp_path / "there")
    state = load(tmp_path / "there" / "works" / "w.pellucid")
    assert state.missing == ()
    frames, said = read_sources(state)
    assert said == ()
    ((back,), _) = restore(state, frames)
    assert isinstance(back, ImageLayer) and back.id == layer.id
    np.testing.assert_array_equal(back.volume.array, layer.volume.array)


def test_a_missing_source_is_reported_and_found_again(tmp_path: Path) -> None:
    path, layer = saved_with_source(tmp_path)
    elsewhere = tmp_path / "elsewhere" / "deep"
    elsewhere.mkdir(parents=True)
    (tmp_path / "data" / "Bild ü.nrrd").rename(elsewhere / "Bild ü.nrrd")
    state = load(path)
    assert [(m.layer_id, m.name, len(m.paths)) for m in state.missing] == [(layer.id, "CT", 1)]
    frames, said = read_sources(state)
    assert frames == {} and "“CT” could not be read again" in said[0]
    assert restore(state, frames) == ((), None)
    found = relocated(state, tmp_path / "elsewhere")
    assert found.missing == ()
    frames, said = read_sources(found)
    assert said == () and layer.id in frames


def test_a_changed_source_is_said(tmp_path: Path) -> None:
    path, _ = saved_with_source(tmp_path)
    export_image(image(seed=5).frames, tmp_path / "data" / "Bild ü.nrrd")
    frames, said = read_sources(load(path))
    assert len(frames) == 1 and "have changed since" in said[0]


def test_a_dicom_source_is_found_by_series_and_number(tmp_path: Path) -> None:
    from pellucid.dicom.scan import scan
    from pellucid.dicom.writing.demo_series import write_series

    array = np.arange(4 * 8 * 8, dtype=np.int16).reshape(4, 8, 8)
    who = Acquisition(modality="CT", patient_id="x", series_number="1")
    paths = write_series(tmp_path / "ct", array, grid((8, 8, 4)), who, unit="HU", seed="work")
    (series,) = scan([tmp_path / "ct"]).series
    layer = image(grid((8, 8, 4)), source=Source("dicom", tuple(str(p) for p in paths), f"{series.uid}|0"))
    save(tmp_path / "w.pellucid", capture(document_of(layer), ViewState()))
    frames, said = read_sources(load(tmp_path / "w.pellucid"))
    assert said == ()
    np.testing.assert_array_equal(frames[layer.id][0].array, array)
    bad = replace(layer.source, detail=f"{series.uid}|7")
    save(tmp_path / "w.pellucid", capture(document_of(image(source=bad)), ViewState()))
    _, said = read_sources(load(tmp_path / "w.pellucid"))
    assert "was not found" in said[0]


def test_names_that_are_no_text_are_saved_all_the_same(tmp_path: Path) -> None:
    layer = image(source=Source("image", ("/data/bad\udcff.nii",)), provenance=STEP)
    layer.name = "bad\udcff"
    save(tmp_path / "w.pellucid", capture(document_of(layer), ViewState()))
    assert restore(load(tmp_path / "w.pellucid"))[0][0].name == "bad\\udcff"


def test_labels_above_255_are_kept(tmp_path: Path) -> None:
    labels = LabelMap(grid((4, 3, 2)), None, (Label(300, "far", "#00FF00"),))
    labels.make_room(np.uint16)
    labels.array[1, 2, 3] = 300
    save(tmp_path / "w.pellucid", capture(document_of(LabelLayer("Labels", labels)), ViewState()))
    (layer,) = restore(load(tmp_path / "w.pellucid"))[0]
    assert isinstance(layer, LabelLayer) and layer.labels.array.dtype == np.uint16
    np.testing.assert_array_equal(layer.labels.array, labels.array)
    assert layer.labels.labels == labels.labels


WORK_MUTANTS = int(os.environ.get("PELLUCID_WORK_MUTANTS", "10000"))


PIECES = [b"0", b"-1", b"9" * 30, b"1e999", b"NaN", b"null", b"true", b"[]", b"{}", b'"', b"}", b",", b'"x":', b"../",
          b"\\u0000", b"\xff", b"[" * 2000]  # fmt: skip


def full_work(path: Path) -> None:
    labels = LabelMap(grid((4, 3, 2)), None, (Label(1, "one", "#00FF00"),))
    labels.array[1, 2, 3] = 1
    stack = image(uneven([0, 1, 2.5], grid((4, 3, 3))), provenance=STEP)
    save(path, capture(document_of(stack, LabelLayer("Labels", labels)), ViewState()))


@pytest.mark.hazard("H39")
def test_no_mutant_gives_anything_but_a_work_or_a_sentence(tmp_path: Path) -> None:
    path, mutated = tmp_path / "w.pellucid", tmp_path / "m.pellucid"
    full_work(path)
    data, rng = path.read_bytes(), np.random.default_rng(0)
    outcomes = {"work": 0, "sentence": 0}
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    for n in range(WORK_MUTANTS):
        mutant = with_another_manifest(members, rng) if n % 5 == 1 else bytearray(data)
        if n % 5 == 0:
            mutant = mutant[: rng.integers(0, len(data))]
        for place in rng.integers(0, max(1, len(mutant)), rng.integers(1, 5)):
            if mutant and n % 5 != 1:
                mutant[place] = rng.integers(0, 256)
        mutated.write_bytes(mutant)
        try:
            restore(load(mutated))
            outcomes["work"] += 1
        except Refused as refusal:
            assert "m.pellucid" in str(refusal)
            outcomes["sentence"] += 1
    assert outcomes["sentence"] > 0.6 * WORK_MUTANTS


def with_another_manifest(members: dict[str, bytes], rng: np.random.Generator) -> bytearray:
    """Return a work of which no checksum tells that somebody has been at its manifest."""
    manifest = bytearray(members["manifest.json"])
    for _ in range(rng.integers(1, 4)):
        place = rng.integers(0, len(manifest))
        manifest[place : place + rng.integers(0, 3)] = rng.choice(PIECES)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name, data in (members | {"manifest.json": bytes(manifest)}).items():
            file.writestr(name, data)
    return bytearray(packed.getvalue())


def edited(path: Path, target: Path, **changes: Any) -> None:
    """Rewrite the manifest with some values replaced (dotted keys), digests untouched."""
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    manifest = json.loads(members["manifest.json"])
    for key, value in changes.items():
        place: Any = manifest
        *way, last = (int(part) if part.isdecimal() else part for part in key.split("__"))
        for part in way:
            place = place[part]
        place[last] = value
    members["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(target, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)


HOSTILE: dict[str, dict[str, Any]] = {
    "unknown field": {"layers__0__run": "os.system"},
    "unknown type": {"layers__0__frames__0__array__dtype": "O"},
    "path as member": {"layers__0__frames__0__array__member": "../../etc/passwd"},
    "huge shape": {"layers__0__frames__0__array__shape": [1 << 20, 1 << 20, 1 << 20]},
    "other shape": {"layers__0__frames__0__array__shape": [3, 4, 3]},
    "wrong digest": {"layers__0__frames__0__array__sha256": "0" * 64},
    "zero spacing": {"layers__0__frames__0__geometry__spacing": [0, 1, 1]},
    "not a number": {"layers__0__frames__0__geometry__origin": [float("nan"), 1, 1]},
    "flat direction": {"layers__0__frames__0__geometry__direction": [1, 0, 0, 1, 0, 0, 0, 0, 1]},
    "falling slices": {"layers__0__frames__0__geometry__slice_positions": [0, 2, 1]},
    "colour": {"layers__1__labels__0__color": "javascript:"},
    "label status": {"layers__1__labels__0__status": "nearly"},
    "label code": {"layers__1__labels__0__code": {"scheme": "SCT", "value": 1}},
    "label value": {"layers__1__labels__0__value": 65_536},
    "float labels": {"layers__1__array__dtype": "f4"},
    "twice the same id": {"layers__0__id": "same", "layers__1__id": "same"},
    "kind": {"layers__0__kind": "plugin"},
    "layout": {"view__layout": "other"},
    "not a list": {"layers": 7},
}


@pytest.mark.hazard("H39")
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_manifests_are_refused(name: str, tmp_path: Path) -> None:
    full_work(tmp_path / "w.pellucid")
    edited(tmp_path / "w.pellucid", tmp_path / "h.pellucid", **HOSTILE[name])
    with pytest.raises(Refused, match=r"h\.pellucid"):
        load(tmp_path / "h.pellucid")


def test_a_work_of_a_newer_version_says_so(tmp_path: Path) -> None:
    full_work(tmp_path / "w.pellucid")
    edited(tmp_path / "w.pellucid", tmp_path / "n.pellucid", schema_version=6)
    with pytest.raises(Refused, match="saved by a newer Pellucid"):
        load(tmp_path / "n.pellucid")


@pytest.mark.hazard("H22")
def test_a_zip_bomb_is_refused_before_it_grows(tmp_path: Path) -> None:
    full_work(tmp_path / "w.pellucid")
    shape = {"layers__1__array__shape": [20_000, 20_000, 20_000], "layers__1__geometry__size": [20_000] * 3}
    edited(tmp_path / "w.pellucid", tmp_path / "b.pellucid", **shape)
    with pytest.raises(Refused, match=r"needs 8\.0 TB"):
        load(tmp_path / "b.pellucid")


@pytest.mark.parametrize(
    "content", [b"", b"not a zip", b"PK\x03\x04" + bytes(100), b"PK\x05\x06" + bytes(18)]
)
def test_other_files_are_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.pellucid").write_bytes(content)
    with pytest.raises(Refused, match="not a saved work"):
        load(tmp_path / "x.pellucid")
    with pytest.raises(Refused, match="could not be opened"):
        load(tmp_path / "gone.pellucid")


def test_the_old_work_survives_a_writer_that_fails_or_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "w.pellucid"
    full_work(path)
    before = path.read_bytes()
    state = capture(document_of(image(provenance=STEP)), ViewState())

    def full(*_: Any) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    def lie(file: zipfile.ZipFile, member: str, array: Any, cancelled: Any) -> str:
        return write(file, member, array + 1, cancelled)[::-1]

    write = workspace._write_array
    for fault in (full, lie):
        monkeypatch.setattr(workspace, "_write_array", fault)
        with pytest.raises(Refused, match=r"w\.pellucid was not"):
            save(path, state)
        assert path.read_bytes() == before
    monkeypatch.setattr(workspace, "_write_array", write)
    with pytest.raises(Cancelled):
        save(path, state, cancelled=lambda: True)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["w.pellucid"]


def test_files_of_the_same_name_in_other_series_are_not_mistaken_for_the_source(tmp_path: Path) -> None:
    from pellucid.files.sources import moved

    for series in ("ct", *(f"other{n}" for n in range(12))):
        (tmp_path / "elsewhere" / series).mkdir(parents=True)
        for n in (1, 2):
            (tmp_path / "elsewhere" / series / f"{n}.dcm").write_bytes(b"")
    (tmp_path / "elsewhere" / "ct" / "3.dcm").write_bytes(b"")
    was = Source("dicom", tuple(f"/gone/ct/{n}.dcm" for n in (1, 2, 3)))
    renamed = Source("dicom", tuple(f"/gone/chest/{n}.dcm" for n in (1, 2, 3)))
    for source in (was, renamed):
        found = moved(source, tmp_path / "elsewhere").paths
        assert found == tuple(str(tmp_path / "elsewhere" / "ct" / f"{n}.dcm") for n in (1, 2, 3))


@pytest.mark.parametrize(
    "broken",
    [
        {"gamma": 0.0},
        {"gamma": 1e9},
        {"points": [[0.5, 0.1], [0.2, 0.3]]},
        {"points": [[0.0, -1.0], [1.0, 1.0]]},
        {"points": [[0.0, 0.0]] * 300},
        {"kind": "unheard of"},
        {"table": {"first": 0, "bits": 8, "packed": "?"}},
        {"table": {"first": 0, "bits": 99, "packed": TABLE.packed}},
    ],
)
def test_a_curve_that_is_none_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TransferEntry.model_validate(broken)


def test_steps_hand_edits_and_what_was_before_them_survive(tmp_path: Path) -> None:
    patch = HandPatch.of((0, 1, 1), np.eye(3, dtype=bool)[np.newaxis], (2, 5, 6), inside=True)
    here = Start("CT", "CT", 2)
    steps = (
        Provenance("threshold.range", {"lower": 1.0}, ("CT", "Ä\udcff"), label=3, enabled=False, start=here),
        Provenance(HAND_EDIT, {"how": "painted", "strokes": 2}, label=3, patches=(patch, patch)),
    )
    geometry = grid((6, 5, 2))
    before = image(geometry, seed=7).volume
    computed = image(geometry, provenance=(Provenance("smoothing.mean", {}, ("CT",), frame=0),), base=(before,))
    labels = LabelLayer("Labels", LabelMap(geometry), provenance=steps)
    save(tmp_path / "a.pellucid", capture(document_of(computed, labels), ViewState()))
    again, label_again = restore(load(tmp_path / "a.pellucid"))[0]
    assert isinstance(again, ImageLayer) and isinstance(label_again, LabelLayer)
    assert again.provenance == computed.provenance
    assert np.array_equal(again.base[0].array, before.array) and again.base[0].geometry == geometry
    said = replace(steps[0], inputs=("CT", "Ä\\udcff"))
    assert label_again.provenance == (said, steps[1])
    assert np.array_equal(label_again.provenance[1].patches[0].changed(), patch.changed())


def test_what_was_before_the_steps_is_not_saved_where_the_source_still_holds_it() -> None:
    source = Source("image", ("/data/a.nii",))
    layer = image(source=source, provenance=STEP)
    layer.base = layer.frames
    (entry,) = capture(document_of(layer), ViewState()).manifest.layers
    assert len(entry.frames) == 1 and entry.base == ()


def test_status_notes_and_code_of_labels_are_kept_and_older_works_have_none(tmp_path: Path) -> None:
    rows = (
        Label(1, "one", "#00FF00", status=Status.FLAGGED, notes="Ä\nb", code=Code("SCT", "10200004", "Liver")),
        Label(2, "two", "#00FF00"),
    )
    layer = LabelLayer("Labels", LabelMap(grid((4, 3, 2)), None, rows))
    save(tmp_path / "w.pellucid", capture(document_of(layer), ViewState()))
    assert restore(load(tmp_path / "w.pellucid"))[0][0].labels.labels == rows

    older = [{"value": row.value, "name": row.name, "color": row.color} for row in rows]
    edited(tmp_path / "w.pellucid", tmp_path / "old.pellucid", layers__0__labels=older)
    found = restore(load(tmp_path / "old.pellucid"))[0][0].labels.labels
    assert found == tuple(Label(row.value, row.name, row.color) for row in rows)
