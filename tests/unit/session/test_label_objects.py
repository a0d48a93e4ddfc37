"""Segmentations and structure sets in a session: after their image, on its voxels, one undoable step, never silent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dicom_making import save
from label_object_making import by_hand, ct, frame, square, structure_set
from pellucid.model.layer import ImageLayer, LabelLayer
from pellucid.session import Session
from pellucid.session.placements import linear_placement

TURN = np.array([[0, 0, 0, 12.0], [0, 0, 0, -7], [0, 0, 0, 3], [0, 0, 0, 0]])
ORIGIN = (-50.0, -60.0, 10.0)


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session()
    session.said = []
    session.notice.connect(lambda text, severity: session.said.append((severity, text)))
    yield session
    session.close()


def scan(session: Session, *paths: Path) -> None:
    session.library.scan(paths, lambda _found: None)
    assert session.jobs.drain(120)


def open_series(session: Session, modality: str) -> None:
    one = next(one for one in session.library.series if one.modality == modality)
    session.loading.load_key(session.library.key(one))
    assert session.jobs.drain(120)


def segmentation(folder: Path, *, shift: float = 0.0, **more: object) -> np.ndarray:
    """Write a segmentation of two segments on slices 1 and 3 of the CT; return its voxels there."""
    masks = np.zeros((2, 6, 5), np.uint8)
    masks[0, :3], masks[1, 2:] = 1, 1
    frames = [frame(n + 1, (ORIGIN[0] + shift, ORIGIN[1], ORIGIN[2] + 2.5 * z)) for n, z in enumerate((1, 3))]
    save(folder, [by_hand(masks, frames, {1: "Liver", 2: "Spleen"}, **more)])
    expected = np.zeros((5, 6, 5), np.uint8)
    expected[1], expected[3] = masks[0], masks[1] * 2
    return expected


def structures(folder: Path, **more: object) -> np.ndarray:
    x0, y0, z0 = ORIGIN
    box = square(x0 + 0.25, y0 + 0.4, x0 + 1.75, y0 + 2.8, z0 + 5)
    save(folder, [structure_set([(1, "GTV", [box])], **more)])
    expected = np.zeros((5, 6, 5), np.uint8)
    expected[2, 1:4, 1:4] = 1
    return expected


def labels_of(session: Session) -> list[LabelLayer]:
    return [layer for layer in session.document.layers if isinstance(layer, LabelLayer)]


@pytest.mark.parametrize("make", [segmentation, structures])
def test_the_image_is_opened_first_and_the_labels_lie_on_it(session: Session, tmp_path: Path, make) -> None:
    ct(tmp_path / "ct")
    expected = make(tmp_path / "labels")
    scan(session, tmp_path)
    open_series(session, "SEG" if make is segmentation else "RTSTRUCT")
    image, labels = session.document.layers
    assert isinstance(image, ImageLayer) and isinstance(labels, LabelLayer)
    np.testing.assert_array_equal(labels.labels.array, expected)
    assert labels.labels.geometry is image.volume.geometry and labels.made_for == image.id
    assert session.document.active is labels and session.is_clean
    assert ["half a voxel" in said for said in map(str, session.said)] == [True] * (make is structures)
    assert labels.display.outline and labels.display.filled is (make is segmentation)  # structures are drawn as lines
    session.undo()
    assert session.document.layers == (image,)  # one step for all labels
    session.redo()
    np.testing.assert_array_equal(labels_of(session)[0].labels.array, expected)


def test_an_image_that_is_open_is_not_opened_again_and_labels_follow_where_it_was_put(
    session: Session, tmp_path: Path
) -> None:
    ct(tmp_path / "ct")
    expected = segmentation(tmp_path / "labels")
    scan(session, tmp_path)
    open_series(session, "CT")
    (image,) = session.document.layers
    session.placing.put(image, linear_placement(np.diag([1.0, 1, 1, 1]) + TURN, image.geometry, "moved"))
    open_series(session, "SEG")
    assert [type(layer) for layer in session.document.layers] == [ImageLayer, LabelLayer]
    (labels,) = labels_of(session)
    assert labels.placement is image.placement is not None
    world = image.placed.geometry.index_to_world((1, 1, 1))
    assert labels.value_at(world) == expected[1, 1, 1] == 1


def test_segments_that_overlap_come_as_several_layers_in_one_step(session: Session, tmp_path: Path) -> None:
    ct(tmp_path / "ct")
    masks = np.ones((2, 6, 5), np.uint8)
    place = (ORIGIN[0], ORIGIN[1], ORIGIN[2] + 2.5)
    save(tmp_path / "labels", [by_hand(masks, [frame(1, place), frame(2, place)], {1: "a", 2: "b"})])
    scan(session, tmp_path)
    open_series(session, "SEG")
    assert [layer.name for layer in labels_of(session)] == ["Made by hand (1 of 2)", "Made by hand (2 of 2)"]
    assert [[row.name for row in layer.labels.labels] for layer in labels_of(session)] == [["a"], ["b"]]
    ((severity, said),) = session.said
    assert severity == "info" and "overlap" in said
    session.undo()
    assert labels_of(session) == []


def test_without_the_image_the_labels_have_a_grid_of_their_own(session: Session, tmp_path: Path) -> None:
    expected = segmentation(tmp_path / "seg")
    structures(tmp_path / "rt")
    scan(session, tmp_path)
    open_series(session, "SEG")
    (labels,) = session.document.layers
    np.testing.assert_array_equal(labels.labels.array, expected[1:4])
    assert session.said == [] and session.view.crosshair[2] == pytest.approx(15)
    open_series(session, "RTSTRUCT")
    assert len(labels_of(session)) == 2 and "made for the contours" in session.said[-1][1]


def test_labels_beside_the_voxels_of_the_image_are_not_moved_onto_them(session: Session, tmp_path: Path) -> None:
    ct(tmp_path / "ct")
    segmentation(tmp_path / "labels", shift=0.2)
    scan(session, tmp_path)
    open_series(session, "SEG")
    _image, labels = session.document.layers
    assert labels.labels.geometry.origin[0] == pytest.approx(ORIGIN[0] + 0.2) and labels.made_for == ""
    assert "a grid of their own" in session.said[0][1] and session.consenting.question is None


@pytest.mark.hazard("H44")
@pytest.mark.parametrize("make", [segmentation, structures])
def test_another_frame_of_reference_is_asked_about_not_ignored(session: Session, tmp_path: Path, make) -> None:
    ct(tmp_path / "ct")
    make(tmp_path / "labels", reference="9.9.9")
    scan(session, tmp_path)
    open_series(session, "SEG" if make is segmentation else "RTSTRUCT")
    _image, labels = session.document.layers
    assert labels.labels.geometry.frame_of_reference == "9.9.9"
    assert session.consenting.question is not None


def test_labels_of_a_series_in_another_space_open_that_one_instead(session: Session, tmp_path: Path) -> None:
    ct(tmp_path / "ct")
    ct(tmp_path / "other", series="1.2.3.2", reference="7.7", modality="MR", sop_class="1.2.840.10008.5.1.4.1.1.4")
    segmentation(tmp_path / "labels")
    scan(session, tmp_path)
    open_series(session, "MR")
    open_series(session, "SEG")
    assert [layer.geometry.frame_of_reference for layer in session.document.layers] == ["1.2.3.9", "1.2.3.9"]


def test_labels_of_a_series_in_the_same_space_come_over_what_is_open(session: Session, tmp_path: Path) -> None:
    ct(tmp_path / "ct")
    ct(tmp_path / "other", series="1.2.3.2", modality="MR", sop_class="1.2.840.10008.5.1.4.1.1.4")
    segmentation(tmp_path / "labels")
    scan(session, tmp_path)
    open_series(session, "MR")
    open_series(session, "SEG")
    assert [type(layer) for layer in session.document.layers] == [ImageLayer, ImageLayer, LabelLayer]


def test_opening_an_image_offers_its_labels_once(session: Session, tmp_path: Path) -> None:
    ct(tmp_path / "ct")
    expected = segmentation(tmp_path / "labels")
    offers = []
    session.offer.connect(lambda *given: offers.append(given))
    scan(session, tmp_path)
    open_series(session, "CT")
    ((sentence, words, do),) = offers
    assert "2 segments" in sentence and words == "Open as labels"
    do()
    assert session.jobs.drain(120)
    np.testing.assert_array_equal(labels_of(session)[0].labels.array, expected)
    open_series(session, "CT")
    assert len(offers) == 1


def test_an_offer_that_went_with_its_image_is_made_again_and_all_series_of_labels_are_offered(
    session: Session, tmp_path: Path
) -> None:
    ct(tmp_path / "ct")
    segmentation(tmp_path / "labels")
    structures(tmp_path / "structures")
    offers = []
    session.offer.connect(lambda *given: offers.append(given))
    scan(session, tmp_path)
    open_series(session, "CT")
    assert sorted(words.partition("” holds ")[2][:9] for words, *_ in offers) == ["1 structu", "2 segment"]
    held = [do.holds for *_, do in offers]
    open_series(session, "CT")
    assert held == [True, True] and [do.holds for *_, do in offers] == [False, False, True, True]


@pytest.mark.parametrize("make", [segmentation, structures])
def test_added_as_a_layer_labels_close_nothing(session: Session, tmp_path: Path, make) -> None:
    ct(tmp_path / "ct")
    ct(tmp_path / "other", series="1.2.3.2", frame_of_reference="1.9.9", modality="MR",
       sop_class="1.2.840.10008.5.1.4.1.1.4")  # fmt: skip
    make(tmp_path / "labels")
    scan(session, tmp_path)
    open_series(session, "MR")
    (other,) = session.document.layers
    one = next(one for one in session.library.series if one.modality in ("SEG", "RTSTRUCT"))
    session.loading.load_key(session.library.key(one), replace=False)
    assert session.jobs.drain(120)
    assert [type(layer) for layer in session.document.layers] == [ImageLayer, ImageLayer, LabelLayer]
    assert session.document.layers[0] is other


@pytest.mark.parametrize("make", [segmentation, structures])
def test_a_file_of_labels_alone_is_opened_as_what_it_is(session: Session, tmp_path: Path, make) -> None:
    make(tmp_path / "labels")
    (path,) = (tmp_path / "labels").iterdir()
    session.open([path])
    assert session.jobs.drain(120)
    assert [type(layer) for layer in session.document.layers] == [LabelLayer]


def test_a_fraction_is_an_image_where_its_volume_is_named(session: Session, tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 256, (2, 6, 5)).astype(np.uint8)
    frames = [frame(1, (*ORIGIN[:2], ORIGIN[2] + 2.5 * z)) for z in (0, 1)]
    save(tmp_path, [by_hand(values, frames, {1: "a"}, kind="FRACTIONAL", MaximumFractionalValue=255)])
    scan(session, tmp_path)
    open_series(session, "SEG")
    assert [type(layer) for layer in session.document.layers] == [LabelLayer] and "one half" in session.said[0][1]
    (one,) = session.library.series
    session.loading.load_key(f"{session.library.key(one)}\n0")
    assert session.jobs.drain(120)
    (image,) = session.document.layers
    np.testing.assert_allclose(image.volume.array, values / 255, rtol=1e-6)


@pytest.mark.hazard("H19")
@pytest.mark.parametrize("make", [segmentation, structures])
def test_a_damaged_file_is_a_sentence(session: Session, tmp_path: Path, make) -> None:
    make(tmp_path / "labels")
    (path,) = (tmp_path / "labels").iterdir()
    scan(session, tmp_path)
    path.write_bytes(path.read_bytes()[:400])
    (one,) = session.library.series
    session.loading.load_key(session.library.key(one))
    assert session.jobs.drain(120)
    assert session.document.layers == () and [severity for severity, _ in session.said] == ["error"]


def test_an_offer_of_labels_is_done_with_once_they_were_opened_from_the_list(session: Session, tmp_path: Path) -> None:
    ct(tmp_path / "ct")
    segmentation(tmp_path / "labels")
    offers = []
    session.offer.connect(lambda *given: offers.append(given))
    scan(session, tmp_path)
    open_series(session, "CT")
    assert offers[0][2].holds
    open_series(session, "SEG")
    assert len(labels_of(session)) == 1 and not offers[0][2].holds and len(offers) == 1
