"""Work on real DICOM images is saved and opened again as it was, whatever was done with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest

from pellucid.dicom.splitting import Splitting
from pellucid.model.layer import ImageLayer, LabelLayer, Layer
from pellucid.session import Session
from pellucid.session.looking import told
from pellucid.session.mending import mends
from pellucid.session.respacing import set_spacing

pytestmark = pytest.mark.data


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session()
    session.said = []
    session.notice.connect(lambda text, severity: session.said.append((severity, text)))
    yield session
    session.close()


def rest(session: Session) -> None:
    for _ in range(3):  # what an answer asks for comes after it
        assert session.jobs.drain(120)


def opened(session: Session, folder: Path, modality: str = "", number: str = "") -> None:
    """Look at a folder and double-click one of its series."""
    session.library.scan([folder], lambda _found: None)
    rest(session)
    one = next(one for one in session.library.series if modality in ("", one.modality) and number in ("", one.number))
    session.loading.load_key(session.library.key(one))
    rest(session)


def again(session: Session, tmp_path: Path) -> tuple[Layer, ...]:
    """Save the work, open it in another sitting, compare all that is shown, and return the layers."""
    session.saving.save(tmp_path / "w.pellucid", lambda well: session.said.append(("saved", str(well))))
    rest(session)
    assert ("saved", "True") in session.said
    other = Session()
    other.notice.connect(lambda text, _severity: pytest.fail(text))
    other.open([tmp_path / "w.pellucid"])
    rest(other)
    before, after = session.document.layers, other.document.layers
    assert [layer.name for layer in after] == [layer.name for layer in before]
    for one, two in zip(before, after, strict=True):
        same(one, two)
    other.close()
    return after


def looks(layer: ImageLayer) -> dict[str, object]:
    return {name: value for name, value in vars(layer.display).items() if name != "events"}


def same(one: Layer, two: Layer) -> None:
    assert one.own_geometry == two.own_geometry and one.visible == two.visible
    if isinstance(one, LabelLayer):
        assert isinstance(two, LabelLayer) and one.labels.labels == two.labels.labels
        np.testing.assert_array_equal(one.labels.array, two.labels.array)
        assert one.labels.drawn == two.labels.drawn
        for value in one.labels.drawn:
            for before, after in zip(one.labels.contours.of_label(value), two.labels.contours.of_label(value),
                                     strict=True):  # fmt: skip
                assert before.kind == after.kind and np.array_equal(before.points, after.points)
        return
    assert isinstance(two, ImageLayer) and len(one.frames) == len(two.frames) and one.frame == two.frame
    assert looks(one) == looks(two) and one.source.detail == two.source.detail
    for before, after in zip(one.frames, two.frames, strict=True):
        np.testing.assert_array_equal(before.array, after.array)
        assert (before.unit, before.padding, before.findings) == (after.unit, after.padding, after.findings)
        assert before.acquisition.windows == after.acquisition.windows and before.told_in == after.told_in
        assert before.acquisition.extra == after.acquisition.extra


@pytest.mark.hazard("H14")
@pytest.mark.parametrize("kind", ["lbm", "bsa", ""])
def test_the_kind_of_suv(session: Session, data_dir: Path, tmp_path: Path, kind: str) -> None:
    opened(session, data_dir / "ct_pet_acrin042", "PT")
    (pet,) = session.document.images
    session.uptaking.choose(pet, kind)
    (back,) = again(session, tmp_path)
    value = float(pet.volume.array.max())
    assert told(value, back.volume) == told(value, pet.volume)
    assert session.uptaking.kind(back) == kind


@pytest.mark.hazard("H08")
def test_a_series_that_was_split(session: Session, data_dir: Path, tmp_path: Path) -> None:
    opened(session, data_dir / "geometry_nifti_ref", "MR", "701")
    (layer,) = session.document.images
    series = session.resplitting.series_of(layer)
    found = []
    session.resplitting.read(series, found.append, pytest.fail)
    rest(session)
    session.resplitting.apply(found[0], Splitting((found[0].varying[0].name,), apart=True))
    rest(session)
    assert len(session.document.images) > 1
    again(session, tmp_path)


def test_labels_of_both_kinds(session: Session, data_dir: Path, tmp_path: Path) -> None:
    opened(session, data_dir / "ct_pet_acrin042", "SEG")
    opened(session, data_dir / "ct_pet_mr_sts002", "RTSTRUCT")
    back = again(session, tmp_path)
    assert any(isinstance(layer, LabelLayer) and layer.labels.array.any() for layer in back)
    drawn = next(layer for layer in back if isinstance(layer, LabelLayer) and layer.labels.drawn).labels
    one = next(one for one in session.library.series if one.modality == "RTSTRUCT")
    (region,) = pydicom.dcmread(one.files[0]).ROIContourSequence
    for contour, found in zip(region.ContourSequence, drawn.contours.of_label(region.ReferencedROINumber), strict=True):
        assert contour.ContourGeometricType == found.kind
        assert np.array_equal(np.array(contour.ContourData, float).reshape(-1, 3), found.points)


def test_a_spacing_that_was_set(session: Session, data_dir: Path, tmp_path: Path) -> None:
    opened(session, data_dir / "cr_dx_mg", "DX")
    (layer,) = session.document.images
    set_spacing(session, layer, (0.5, 0.25, None))
    rest(session)
    (back,) = again(session, tmp_path)
    assert back.own_geometry.spacing[:2] == (0.5, 0.25) and back.own_geometry.known_spacing


@pytest.mark.hazard("H02")
@pytest.mark.parametrize(("number", "code"), [("4", "tilt"), ("2", "missing-slices")])
def test_a_stack_that_was_mended(session: Session, data_dir: Path, tmp_path: Path, number: str, code: str) -> None:
    opened(session, data_dir / "ct_odd_geometry", "CT", number)
    layer = session.document.images[0]
    next(one for one in mends(session, layer) if one.code == code).run()
    rest(session)
    assert session.document.images[-1].own_geometry.is_even
    again(session, tmp_path)
    session.undo()
    assert code in {finding.code for finding in session.document.images[0].volume.findings}
    again(session, tmp_path)


def test_a_box_that_was_blacked_out(session: Session, data_dir: Path, tmp_path: Path) -> None:
    opened(session, data_dir / "cine", "US")
    session.running.apply("geometry.black_out", {"box": (5, 6, 0, 40, 30, 1), "value": 0.0}, all_frames=True)
    rest(session)
    back = again(session, tmp_path)[-1]
    assert all(not frame.array[0, 6:36, 5:45].any() for frame in back.frames)
