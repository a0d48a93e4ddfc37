"""Presentation states: their window and polarity on the image they are for, as a named choice; the rest is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from dicom_making import save, stack
from pellucid.session import Session
from pellucid.settings import Settings

GSPS = "1.2.840.10008.5.1.4.1.1.11.1"


def state(images: list[Dataset], *windows: Dataset, **more: Any) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = GSPS, generate_uid(), "PR"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.3", "1.2.3.50"
    ds.ContentLabel, ds.PresentationLUTShape = "LUNG", "IDENTITY"
    meant = Dataset()
    meant.SeriesInstanceUID = "1.2.3.1"
    meant.ReferencedImageSequence = referenced(images)
    ds.ReferencedSeriesSequence = Items([meant])
    if windows:
        ds.SoftcopyVOILUTSequence = Items(windows)
    for keyword, value in more.items():
        setattr(ds, keyword, value)
    return ds


def referenced(images: list[Dataset]) -> Items:
    rows = []
    for image in images:
        row = Dataset()
        row.ReferencedSOPClassUID, row.ReferencedSOPInstanceUID = image.SOPClassUID, image.SOPInstanceUID
        rows.append(row)
    return Items(rows)


def window(level: float, width: float, images: list[Dataset] = (), **more: str) -> Dataset:  # type: ignore[assignment]
    item = Dataset()
    item.WindowCenter, item.WindowWidth = level, width
    if images:
        item.ReferencedImageSequence = referenced(images)
    for keyword, value in more.items():
        setattr(item, keyword, value)
    return item


@pytest.fixture
def images() -> list[Dataset]:
    return stack(4)[1]


@pytest.fixture
def session(tmp_path: Path):
    session = Session(Settings.load(tmp_path))
    session.said = []  # type: ignore[attr-defined]
    session.notice.connect(lambda text, _severity: session.said.append(text))  # type: ignore[attr-defined]
    yield session
    session.close()


def opened(session: Session, folder: Path, images: list[Dataset], presentation: Dataset) -> None:
    save(folder / "ct", images)
    save(folder / "pr", [presentation])
    session.open([folder / "ct"])
    session.jobs.drain()
    session.open([folder / "pr"])
    session.jobs.drain()
    session.jobs.drain()


def test_its_window_is_shown_and_becomes_a_choice(session: Session, tmp_path: Path, images: list[Dataset]) -> None:
    opened(session, tmp_path, images, state(images, window(-600, 1500), ContentDescription="Lung window"))
    (layer,) = session.document.images
    assert (layer.display.level, layer.display.width, layer.display.invert) == (-600, 1500, False)
    (choice,) = layer.volume.acquisition.windows
    assert (choice.name, choice.level, choice.width) == ("Lung window", -600, 1500)
    assert session.said == ["“Lung window” was applied."]  # type: ignore[attr-defined]
    session.undo()
    assert layer.volume.acquisition.windows == ()


def test_inverse_shape_inverts_the_display_only(session: Session, tmp_path: Path, images: list[Dataset]) -> None:
    opened(session, tmp_path, images, state(images, window(40, 400), PresentationLUTShape="INVERSE"))
    (layer,) = session.document.images
    assert layer.display.invert and layer.volume.array.min() >= -1024


def test_the_window_of_most_images_wins_and_that_is_said(
    session: Session, tmp_path: Path, images: list[Dataset]
) -> None:
    opened(session, tmp_path, images, state(images, window(1, 2, images[:1]), window(50, 350, images[1:])))
    assert session.document.images[0].display.level == 50
    assert "several windows" in session.said[-1]  # type: ignore[attr-defined]


def test_a_sigmoid_is_a_sigmoid(session: Session, tmp_path: Path, images: list[Dataset]) -> None:
    opened(session, tmp_path, images, state(images, window(50, 350, VOILUTFunction="SIGMOID")))
    layer = session.document.images[0]
    assert layer.display.transfer == layer.volume.acquisition.windows[0].transfer(layer.volume.dtype)
    assert layer.display.transfer.kind.name == "SIGMOID"


def test_what_is_not_applied_is_said(session: Session, tmp_path: Path, images: list[Dataset]) -> None:
    note, area = Dataset(), Dataset()
    note.GraphicLayer, area.PresentationSizeMode = "A", "SCALE TO FIT"
    more = {"GraphicAnnotationSequence": Items([note]), "ImageRotation": 90, "ImageHorizontalFlip": "Y",
            "ShutterShape": "CIRCULAR", "DisplayedAreaSelectionSequence": Items([area])}  # fmt: skip
    opened(session, tmp_path, images, state(images, **more))
    (said,) = session.said  # type: ignore[attr-defined]
    assert "states no window" in said
    for thing in ("annotations", "a shutter", "a turn by 90°", "a flip", "the part of the image that is shown"):
        assert thing in said


def test_images_that_are_not_open_are_offered(session: Session, tmp_path: Path, images: list[Dataset]) -> None:
    offers: list[Any] = []
    session.offer.connect(lambda *offer: offers.append(offer))
    save(tmp_path / "ct", images)
    save(tmp_path / "pr", [state(images, window(-600, 1500))])
    session.open([tmp_path / "pr"])
    session.jobs.drain()
    assert "not in the list of studies" in session.said[-1]  # type: ignore[attr-defined]
    session.library.scan([tmp_path / "ct"], lambda _found: None)
    session.jobs.drain()
    session.loading.load_key("series:1.2.3.50")
    session.jobs.drain()
    offers[-1][2]()
    session.jobs.drain()
    assert session.document.images[0].display.width == 1500


def test_each_state_of_a_series_can_be_applied_and_stays_a_choice(
    session: Session, tmp_path: Path, images: list[Dataset]
) -> None:
    offers: list[Any] = []
    session.offer.connect(lambda *offer: offers.append(offer))
    save(tmp_path / "ct", images)
    lung, bone = (state(images, window(level, width), ContentDescription=name, SOPInstanceUID=f"1.2.3.50.{n}")
                  for n, (name, level, width) in enumerate((("Lung", -600, 1500), ("Bone", 400, 1800))))  # fmt: skip
    broken = state(images)
    del broken.ReferencedSeriesSequence
    save(tmp_path / "pr", [lung, bone, broken])
    session.library.scan([tmp_path], lambda _found: None)
    session.jobs.drain()
    session.loading.load_key("series:1.2.3.50")
    session.jobs.drain()
    sentence, words, do = offers[-1]
    assert "which is not open" in sentence and words == "Open it"
    do()
    session.jobs.drain()
    (layer,) = session.document.images
    for n, (level, following) in enumerate(((-600, "Bone"), (400, "Lung"), (-600, "Bone")), start=1):
        sentence, words, do = offers[-1]
        assert layer.display.level == level and words == f"Apply “{following}”"
        assert sentence == f"This is presentation state {2 if n == 2 else 1} of 2 of its series."
        do()
    assert [one.name for one in layer.volume.acquisition.windows] == ["Lung", "Bone"]


def test_its_window_is_kept_in_a_saved_work(session: Session, tmp_path: Path, images: list[Dataset]) -> None:
    opened(session, tmp_path, images, state(images, window(-600, 1500), ContentDescription="Lung window"))
    windows = session.document.images[0].volume.acquisition.windows
    session.saving.save(tmp_path / "w.pellucid")
    session.jobs.drain()
    session.open([tmp_path / "w.pellucid"])
    session.jobs.drain()
    session.jobs.drain()
    (back,) = session.document.images
    assert back.volume.acquisition.windows == windows and back.display.width == 1500
