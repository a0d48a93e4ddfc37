"""Files and folders called in forty scripts, with emoji, very long, or not in UTF-8 at all (H41)."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dicom_making import save, slice_dataset
from pellucid.dicom.child import Pool
from pellucid.dicom.read import read_plan
from pellucid.dicom.scan import scan
from pellucid.dicom.writing.request import Request
from pellucid.files.dicom_export import write_image
from pellucid.files.export import export_image
from pellucid.files.images import read
from pellucid.files.workspace import load
from pellucid.files.workspace import save as save_work
from pellucid.files.workspace_document import capture, restore
from pellucid.model.document import Document
from pellucid.model.layer import ImageLayer
from pellucid.model.view import ViewState
from pellucid.model.volume import Volume, image_from_array
from phantoms import grid

pytestmark = pytest.mark.hazard("H41")
NAMES = (
    "Größe ß ŷ", "Ελληνικά", "Русский", "Українська ї", "ქართული", "Հայերեն", "עברית", "العربية", "فارسی", "اردو",
    "हिन्दी", "বাংলা", "ਪੰਜਾਬੀ", "ગુજરાતી", "தமிழ்", "తెలుగు", "ಕನ್ನಡ", "മലയാളം", "සිංහල", "ไทย", "ລາວ", "မြန်မာ",
    "ខ្មែរ", "བོད་སྐད", "ᠮᠣᠩᠭᠣᠯ", "中文简体", "繁體中文", "日本語 かな カナ", "한국어", "አማርኛ", "ᏣᎳᎩ", "ⵜⴰⵎⴰⵣⵉⵖⵜ",
    "Tiếng Việt",
    "e\u0301 decomposed", "é composed", "🫁 👩🏽‍⚕️ 🏴‍☠️", "𠜎𠜱 outside the first plane", "‮right to left‬",
    "a b  c'd;e&f%20#g",
    "ж" * 110, "l" * 230,
)  # fmt: skip


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    workers = Pool(workers=1)
    yield workers
    workers.close()


def test_there_are_forty() -> None:
    assert len(set(NAMES)) >= 40


@pytest.mark.parametrize("extension", [".nii.gz", ".mha", ".nrrd"])
def test_images_are_saved_and_opened(tmp_path: Path, extension: str) -> None:
    geometry = grid((5, 4, 3))
    image = Volume(image_from_array(np.arange(60, dtype=np.int16).reshape(3, 4, 5), geometry), geometry)
    for name in NAMES:
        folder = tmp_path / name
        folder.mkdir()
        path = folder / f"{name}{extension}"
        export_image(image, path)
        assert [one.name for one in folder.iterdir()] == [path.name]
        np.testing.assert_array_equal(read(path)[0].array, image.array)


def test_works_and_dicom_series_are_saved_and_opened(tmp_path: Path, pool: Pool) -> None:
    """In folders of such names: a work and its layer of that name, and a derived DICOM series."""
    geometry, given = grid((3, 2, 1)), dict[str, Volume]()
    for number, name in enumerate(NAMES):
        array = np.arange(6, dtype=np.int16).reshape(1, 2, 3) + np.int16(number)
        given[name] = Volume(image_from_array(array, geometry), geometry)
        work, document = tmp_path / name / f"{name[:80]}.pellucid", Document()
        work.parent.mkdir()
        document.insert(0, ImageLayer(name, (given[name],)))
        save_work(work, capture(document, ViewState()))
        (layer,), _active = restore(load(work))
        assert layer.name == name and isinstance(layer, ImageLayer)
        np.testing.assert_array_equal(layer.volume.array, given[name].array)
        write_image([given[name]], work.parent / "series", Request())
    found = scan([tmp_path / name / "series" for name in NAMES], pool=pool).series
    plans = [plan for series in found for plan in series.volumes]
    read_again = {plan.frames[0].path.parent.parent.name: read_plan(plan, pool=pool) for plan in plans}
    assert read_again.keys() == given.keys()
    assert all(np.array_equal(read_again[name].array, given[name].array) for name in NAMES)


def test_series_are_found(tmp_path: Path, pool: Pool) -> None:
    for number, name in enumerate(NAMES):
        one = slice_dataset(np.full((4, 4), number, np.int16), series=f"1.2.{number}")
        save(tmp_path / name, [one], lambda _number, name=name: f"{name}.dcm")
    found = scan([tmp_path], pool=pool)
    assert {series.uid for series in found.series} == {f"1.2.{number}" for number in range(len(NAMES))}
    assert found.problems == () and not found.others


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_no_text_is_opened_or_named(tmp_path: Path, pool: Pool) -> None:
    folder = tmp_path / os.fsdecode(b"Gr\xf6\xdfe")
    save(folder, [slice_dataset(np.zeros((4, 4), np.int16), series="1.2.3")], lambda _number: "one.dcm")
    (series,) = scan([tmp_path], pool=pool).series
    assert series.uid == "1.2.3"
