"""Segmentations and structure sets: by highdicom's and scikit-image's word, valid, and the same labels again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest
from skimage.measure import points_in_poly

from dicom_judges import GRIDS, complaints, dumps, set_complaints, volume
from pellucid.dicom.writing.origin import Origin, read_origin
from pellucid.dicom.writing.properties import keyword
from pellucid.dicom.writing.request import Request, Subject
from pellucid.dicom.writing.segmentation import LABELMAP
from pellucid.files.dicom_export import write_image
from pellucid.files.dicom_objects import FILES, RTSTRUCT, SEG, write_labels
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.labels import Code, Label, LabelMap

ROWS = (
    Label(1, "Liver", "#E69F00"),
    Label(7, "Tumour 2", "#56B4E9"),
    Label(300, "Line\nbreak \\ slash", "#123456", code=Code("SCT", "78961009", "Spleen")),
)


def labels(geometry: Geometry, seed: int = 0) -> LabelMap:
    """Return labels with holes, islands and voxels at every edge; the last value is far from the others."""
    found = np.random.default_rng(seed).integers(0, 4, geometry.size[::-1])
    return LabelMap(geometry, np.array([0, 1, 7, 300], np.uint16)[found], ROWS)


def source(folder: Path, grid: str = "axial", dtype: str = "int16", modality: str = "CT") -> tuple[Origin, Geometry]:
    """Write an image and return its origin, and the grid that labels made on it have."""
    given = volume(dtype, GRIDS[grid], modality=modality)
    uids = write_image([given], folder, Request(subject=Subject("Doe, Jane", "42"))).plan.uids
    geometry = replace(given.geometry, frame_of_reference=uids.frame_of_reference)
    return read_origin(sorted(folder.iterdir())), geometry


def planes_of(geometry: Geometry, ds: pydicom.Dataset) -> list[int]:
    """Return the slice of the grid on which every frame of a segmentation lies."""
    where = [group.PlanePositionSequence[0].ImagePositionPatient for group in ds.PerFrameFunctionalGroupsSequence]
    index = geometry.world_to_index(np.array(where, float))
    np.testing.assert_allclose(index[:, :2], 0, atol=1e-9)
    np.testing.assert_allclose(index[:, 2], np.rint(index[:, 2]), atol=1e-9)
    return [int(k) for k in np.rint(index[:, 2])]


@pytest.mark.hazard("H29")
@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize(("dtype", "modality"), [("int16", "CT"), ("float32", "MR"), ("uint8", "")])
def test_segments_are_the_labels(dtype: str, modality: str, grid: str, tmp_path: Path) -> None:
    origin, geometry = source(tmp_path / "image", grid, dtype, modality)
    given = labels(geometry)
    write_labels(given, tmp_path / "out", Request(origin, description="organs"))
    path = tmp_path / "out" / FILES[SEG]
    seg = hd.seg.segread(path)
    where = planes_of(geometry, seg)
    numbers = [group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
               for group in seg.PerFrameFunctionalGroupsSequence]  # fmt: skip
    back = np.zeros_like(given.array)
    for frame, k, number in zip(seg.pixel_array, where, numbers, strict=True):
        assert not back[k][frame > 0].any()
        back[k][frame > 0] = ROWS[number - 1].value
    np.testing.assert_array_equal(back, given.array)
    assert complaints(path) == [] and dumps(path)
    assert set_complaints([path, *sorted((tmp_path / "image").iterdir())]) == []


def test_segments_have_names_codes_colours_and_sources(tmp_path: Path) -> None:
    origin, geometry = source(tmp_path / "image")
    write_labels(labels(geometry), tmp_path / "out", Request(origin, operations=("threshold.otsu",)))
    seg = hd.seg.segread(tmp_path / "out" / FILES[SEG])
    first, second, third = (seg.get_segment_description(n) for n in (1, 2, 3))
    assert [one.segment_label for one in (first, second, third)] == ["Liver", "Tumour 2", "Line break slash"]
    kinds = [one.segmented_property_type.value for one in (first, second, third)]
    assert kinds == ["10200004", "108369006", "78961009"]
    assert second.segmented_property_category.meaning == "Morphologically Abnormal Structure"
    assert first.algorithm_type.value == "SEMIAUTOMATIC"
    for one, row in zip((first, second, third), ROWS, strict=True):
        wanted = [int(row.color[k : k + 2], 16) for k in (1, 3, 5)]
        shown = hd.color.CIELabColor.from_dicom_value(one.RecommendedDisplayCIELabValue).to_rgb()
        np.testing.assert_allclose(shown, wanted, atol=1)
    named = {uid for _study, _series, uid in seg.get_source_image_uids()}
    assert named == {one.uid for one in origin.instances}
    header = pydicom.dcmread(tmp_path / "image" / "0001.dcm")
    for word in ("PatientName", "PatientID", "StudyInstanceUID", "FrameOfReferenceUID"):
        assert seg[word].value == header[word].value


def test_a_label_map_segmentation_can_be_asked_for(tmp_path: Path) -> None:
    origin, geometry = source(tmp_path / "image")
    given = labels(geometry)
    write_labels(given, tmp_path / "out", Request(origin), seg_kind=LABELMAP)
    seg = hd.seg.segread(tmp_path / "out" / FILES[SEG])
    order = np.argsort(planes_of(geometry, seg))
    np.testing.assert_array_equal(np.array([0, 1, 7, 300])[seg.pixel_array[order]], given.array)


@pytest.mark.hazard("H29")
@pytest.mark.parametrize("grid", GRIDS)
def test_contours_enclose_the_labels(grid: str, tmp_path: Path) -> None:
    origin, geometry = source(tmp_path / "image", grid)
    given = labels(geometry, 5)
    write_labels(given, tmp_path / "out", Request(origin, description="organs"), (RTSTRUCT,))
    path = tmp_path / "out" / FILES[RTSTRUCT]
    ds = pydicom.dcmread(path)
    ny, nx = given.array.shape[1:]
    centres = np.array([(x, y) for y in range(ny) for x in range(nx)], float)
    back = np.zeros_like(given.array)
    images = {one.uid: k for k, one in enumerate(sorted(origin.instances, key=lambda one: one.places[0][:3]))}
    for item in ds.ROIContourSequence:
        inside = np.zeros((geometry.size[2], ny * nx), bool)
        for contour in item.ContourSequence:
            index = geometry.world_to_index(np.array(contour.ContourData, float).reshape(-1, 3))
            k = round(float(index[0, 2]))
            np.testing.assert_allclose(index[:, 2], k, atol=1e-6)
            assert contour.NumberOfContourPoints == len(index)
            assert contour.ContourImageSequence[0].ReferencedSOPInstanceUID in images
            inside[k] ^= np.asarray(points_in_poly(centres, index[:, :2]), bool)
        back[inside.reshape(back.shape)] = item.ReferencedROINumber
    np.testing.assert_array_equal(back, given.array)
    assert complaints(path) == [] and dumps(path)


def test_structures_have_names_colours_and_references(tmp_path: Path) -> None:
    origin, geometry = source(tmp_path / "image")
    write_labels(labels(geometry), tmp_path / "out", Request(origin), (SEG, RTSTRUCT))
    ds = pydicom.dcmread(tmp_path / "out" / FILES[RTSTRUCT])
    assert [(r.ROINumber, r.ROIName) for r in ds.StructureSetROISequence] == [(1, "Liver"), (7, "Tumour 2"),
                                                                               (300, "Line break slash")]  # fmt: skip
    assert list(ds.ROIContourSequence[0].ROIDisplayColor) == [0xE6, 0x9F, 0x00]
    (frame,) = ds.ReferencedFrameOfReferenceSequence
    (study,) = frame.RTReferencedStudySequence
    (series,) = study.RTReferencedSeriesSequence
    assert frame.FrameOfReferenceUID == origin.frame_of_reference
    assert (study.ReferencedSOPInstanceUID, series.SeriesInstanceUID) == (origin.study, origin.series)
    assert len(series.ContourImageSequence) == 5 and len(ds.RTROIObservationsSequence) == 3


def test_labels_without_dicom_bring_their_image_along(tmp_path: Path) -> None:
    image = volume("int16", GRIDS["oblique"])
    given = labels(image.geometry)
    request = Request(subject=Subject("Doe, Jane"))
    report = write_labels(given, tmp_path / "out", request, (SEG, RTSTRUCT), image=[image])
    headers = [pydicom.dcmread(path) for path in (tmp_path / "out").rglob("*.dcm")]
    assert len(headers) == 7
    for word in ("StudyInstanceUID", "FrameOfReferenceUID", "PatientName"):
        assert len({header[word].value for header in headers}) == 1
    assert any("images" in sentence for sentence in report.sentences)


def test_what_cannot_be_labels_is_refused(tmp_path: Path) -> None:
    origin, geometry = source(tmp_path / "image")
    nowhere = replace(geometry, oriented=False)
    cases = [
        (labels(geometry), Request(), "refer to DICOM images"),
        (LabelMap(geometry), Request(origin), "empty"),
        (LabelMap(nowhere, labels(geometry).array, ROWS), Request(origin), "where they lie"),
    ]
    for given, request, said in cases:
        with pytest.raises(Refused, match=said):
            write_labels(given, tmp_path / "out", request)
    assert [path.name for path in tmp_path.iterdir()] == ["image"]


def test_common_names_are_known() -> None:
    assert keyword("left kidney") == keyword("Kidney_R") == keyword("kidney 2") == "Kidney"
    assert keyword("GTV-1") == "Neoplasm" and keyword("brainstem") == "BrainStem" and keyword("liverwurst") == ""


@pytest.mark.parametrize("kinds", [(SEG,), (RTSTRUCT,), (SEG, RTSTRUCT)])
def test_labels_that_overlap_are_written_together(kinds: tuple[str, ...], tmp_path: Path) -> None:
    origin, geometry = source(tmp_path / "in")
    one, other = np.zeros((2, *geometry.size[::-1]), np.uint8)
    one[1:3, 1:4, 1:4], one[0, 0, 0], other[2:4, 2:6, 2:6] = 1, 2, 5
    first = LabelMap(geometry, one, (Label(1, "Liver", "#E69F00"), Label(2, "Spot", "#56B4E9")))
    second = LabelMap(geometry, other, (Label(5, "Tumour", "#009E73"),))
    report = write_labels(first, tmp_path / "out", Request(origin), kinds, beside=(second,))
    assert "3 labels" in report.sentences[0]
    expected = {"Liver": one == 1, "Spot": one == 2, "Tumour": other == 5}
    if SEG in kinds:
        path = tmp_path / "out" / FILES[SEG]
        ds = pydicom.dcmread(path)
        assert ds.SegmentsOverlap == "YES" and complaints(path) == []
        names = [segment.SegmentLabel for segment in ds.SegmentSequence]
        assert names == list(expected)
        counts = dict.fromkeys(names, 0)
        for group, frame in zip(ds.PerFrameFunctionalGroupsSequence, ds.pixel_array, strict=True):
            counts[names[group.SegmentIdentificationSequence[0].ReferencedSegmentNumber - 1]] += int(frame.sum())
        assert counts == {name: int(mask.sum()) for name, mask in expected.items()}
    if RTSTRUCT in kinds:
        path = tmp_path / "out" / FILES[RTSTRUCT]
        assert [roi.ROIName for roi in pydicom.dcmread(path).StructureSetROISequence] == list(expected)
        assert complaints(path) == []


def test_labels_that_cannot_go_together_are_a_sentence(tmp_path: Path) -> None:
    origin, geometry = source(tmp_path / "in")
    array = np.ones(geometry.size[::-1], np.uint8)
    labels = LabelMap(geometry, array, (Label(1, "Liver", "#E69F00"),))
    other = replace(geometry, size=(geometry.size[0], geometry.size[1], 1))
    for beside, said in ((labels, "same number"), (LabelMap(other, array[:1], labels.labels), "different grids")):
        with pytest.raises(Refused, match=said):
            write_labels(labels, tmp_path / "out", Request(origin), (SEG,), beside=(beside,))
