"""Hazards that end on the screen, from real files through the real loader: polarity, lengths, what lies on what."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from dicom_making import CR, save, slice_dataset, stack
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.view import Layout, Plane, Tool
from pellucid.session.respacing import set_spacing
from pellucid.ui.canvas.measure_words import plate_lines
from pellucid.ui.canvas.words import Words


def opened(bench, folder: Path, slices: list[Dataset]):
    """Open a folder as a user does, and return the layers."""
    random.Random(1).shuffle(slices)
    save(folder, slices)
    bench.session.open([folder])
    drained(bench)
    return bench.session.document.images


def drained(bench) -> None:
    bench.session.jobs.drain()
    bench.session.jobs.drain()
    bench.area.flush()


RAMP = np.broadcast_to(np.arange(60, dtype=np.int16) * 20, (48, 60)).copy()
RAMP[:24] += 300


def shown_ramp(bench, folder: Path, kind: str, invert_twice: bool = False):
    """Return what the axial pane shows of a ramp at the middle of every pixel, its layer and the mean of a region."""
    slices = [slice_dataset(RAMP, position=(0, 0, 2.0 * k), number=k + 1, spacing=(1, 1), photometric=kind,
                            WindowCenter=-300, WindowWidth=1600) for k in range(3)]  # fmt: skip
    bench.session.close_all()
    (layer,) = opened(bench, folder, slices)
    layer.display.interpolate = False
    if invert_twice:
        for _ in range(2):
            layer.display.invert = not layer.display.invert
    bench.area.flush()
    pane, grey = bench.pane(), bench.grey()
    index = [[(x, y, 1) for x in range(5, 55, 3)] for y in (8, 18, 30, 40)]
    points = [[pane.widget_at(layer.geometry.index_to_world(i)) for i in row] for row in index]
    seen = np.array([[grey[round(p.y()), round(p.x())] for p in row] for row in points])
    ends = tuple(tuple(map(float, layer.geometry.index_to_world(i))) for i in ((10, 10, 1), (40, 35, 1)))
    region = Annotation(Kind.RECTANGLE, ends, (0, 0, 1), (1, 0, 0), (0, 1, 0), layer.id)
    bench.session.measuring.reading(region)
    drained(bench)
    (row,) = bench.session.measuring.reading(region).statistics
    return seen, layer, row


@pytest.mark.hazard("H13")
def test_a_negative_is_shown_inverted_and_measured_alike(bench, tmp_path: Path) -> None:
    """Grey of MONOCHROME1 and MONOCHROME2 add up to white at every place; a region has the same mean, min and max."""
    bench.session.view.layout = Layout.SINGLE
    positive, layer, two = shown_ramp(bench, tmp_path / "2", "MONOCHROME2")
    assert (np.diff(positive[0]) > 0).all() and positive.max() - positive.min() > 100
    negative, other, one = shown_ramp(bench, tmp_path / "1", "MONOCHROME1")
    assert np.abs(positive + negative - 255).max() <= 1
    np.testing.assert_array_equal(layer.volume.array, other.volume.array)
    stored = RAMP[10:36, 10:41].astype(float) - 1024
    for found in (one, two):
        assert (found.minimum, found.maximum) == (stored.min(), stored.max())
        assert found.mean == pytest.approx(stored.mean())
    again, _, _ = shown_ramp(bench, tmp_path / "3", "MONOCHROME1", invert_twice=True)
    np.testing.assert_array_equal(again, negative)


def placeless(count: int, **more: object) -> list[Dataset]:
    stored = np.random.default_rng(1).integers(0, 900, (count, 40, 50)).astype(np.int16)
    options: dict[str, object] = {"position": None, "orientation": None, "modality": "MR", "SliceThickness": 2.5} | more
    return [slice_dataset(stored[k], number=k + 1, **options) for k in range(count)]  # type: ignore[arg-type]


def measured(bench, start=(200, 300), stop=(500, 420), tool: Tool = Tool.LENGTH) -> tuple[str, ...]:
    """Drag with a tool over the pane, and return what its plate says."""
    bench.session.view.tool = tool
    bench.drag(bench.pane(Plane.ACQUIRED), start, stop)
    drained(bench)
    annotation = bench.session.document.annotations[-1]
    return plate_lines(annotation, bench.session.measuring.reading(annotation))


def drawn_texts(bench) -> list[str]:
    """Return every text that a pane draws over its image: the corners and the scale bar among them."""
    pane, said = bench.pane(Plane.ACQUIRED), list[str]()
    draw = Words.draw

    def noted(words: Words, painter: object, text: str, *more: object) -> None:
        said.append(text)
        draw(words, painter, text, *more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Words, "draw", noted)
        patch.setattr(bench.session.view, "show_annotations", True)
        pane.grab()
    return said


UNKNOWN = [
    ("no size", {"spacing": None}),
    ("size of nothing", {"spacing": (0, 0)}),
    ("half a size", {"spacing": None, "PixelAspectRatio": [2, 1]}),
    ("radiograph without detector", {"spacing": None, "modality": "CR", "sop_class": CR}),
    ("thickness only", {"spacing": None, "SliceThickness": 5, "SpacingBetweenSlices": 5}),
]


@pytest.mark.hazard("H43")
@pytest.mark.parametrize(("name", "more"), UNKNOWN, ids=[name for name, _ in UNKNOWN])
def test_every_length_is_in_pixels_where_no_size_is_known(bench, tmp_path: Path, name: str, more: dict) -> None:
    """The tools for lengths and areas, the scale and the corner texts: pixels, and nowhere a millimetre."""
    bench.session.view.layout = Layout.SINGLE
    layers = opened(bench, tmp_path, placeless(1, **more))
    assert not layers[0].geometry.has_lengths
    scale = bench.pane(Plane.ACQUIRED).camera.scale
    drawn = drawn_texts(bench)
    assert any(text.endswith(" px") for text in drawn) and not any("mm" in text for text in drawn), drawn
    (line,) = measured(bench)
    assert line.endswith(" px") and float(line.split()[0]) == pytest.approx(np.hypot(300, 120) / scale, rel=0.01)
    said = " ".join((*measured(bench, tool=Tool.RECTANGLE), *measured(bench, tool=Tool.ELLIPSE)))
    assert "px" in said and "mm" not in said
    table = [one for a in bench.session.document.annotations for one in bench.session.measuring.reading(a).measures]
    assert table and not any("mm" in one.text or "mm" in one.unit for one in table)


@pytest.mark.hazard("H43")
def test_slices_without_places_are_no_volume_until_the_user_says_how_far_apart(bench, tmp_path: Path) -> None:
    """In their plane lengths are mm, as stated; across slices there are none, and no plane is cut through them."""
    (layer,) = opened(bench, tmp_path, placeless(5))
    assert layer.geometry.is_planar and layer.volume.array.shape[0] == 5
    bench.session.arranging.choose(Layout.QUAD)
    bench.area.flush()
    assert {pane.plane for pane in bench.area.shown_panes()} == {Plane.ACQUIRED}  # although the layout has four panes
    across = tuple(tuple(map(float, layer.geometry.index_to_world(i))) for i in ((1, 1, 0), (1, 1, 4)))
    through = Annotation(Kind.LENGTH, across, (1, 0, 0), (0, 1, 0), (0, 0, -1), layer.id)
    assert bench.session.measuring.reading(through).measures[0].unit == "px"
    scale = bench.pane(Plane.ACQUIRED).camera.scale
    (line,) = measured(bench, (120, 150), (220, 150))
    assert line.endswith(" mm") and float(line.split()[0]) == pytest.approx(100 / scale, rel=0.01)
    set_spacing(bench.session, layer, (None, None, 2.5))
    drained(bench)
    assert {pane.plane for pane in bench.area.shown_panes()} == {Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL}
    assert bench.session.measuring.reading(bench.session.document.annotations[0]).measures[0].unit == "mm"


# ------------------------------------------------------------------ several series, frames of reference


@pytest.mark.hazard("H44")
@pytest.mark.parametrize("count", [2, 7, 20])
def test_all_series_of_a_folder_are_listed_and_one_is_shown(bench, tmp_path: Path, count: int) -> None:
    slices = [ds for n in range(count) for ds in stack(2, series=f"1.2.3.{n}", reference=f"1.2.9.{n % 3}", seed=n,
                                                      SeriesNumber=n)[1]]  # fmt: skip
    (layer,) = opened(bench, tmp_path, slices)
    assert {series.uid for series in bench.session.library.series} == {f"1.2.3.{n}" for n in range(count)}
    assert layer.geometry.frame_of_reference in {"1.2.9.0", "1.2.9.1", "1.2.9.2"}


@pytest.mark.hazard("H44")
def test_of_another_frame_of_reference_nothing_is_drawn_before_the_user_says_so(bench, tmp_path: Path) -> None:
    """Two series at the very same coordinates: without consent the picture is, to the pixel, that of the first."""
    bench.session.view.layout = Layout.SINGLE
    one = stack(3, size=(40, 50), series="1.2.3.1", reference="1.2.9.1", modality="CT")[1]
    two = stack(3, size=(40, 50), series="1.2.3.2", reference="1.2.9.2", modality="MR", seed=5)[1]
    same = stack(3, size=(40, 50), series="1.2.3.3", reference="1.2.9.1", modality="CT", seed=6)[1]
    opened(bench, tmp_path, [*one, *two, *same])
    session = bench.session
    by_uid = {series.uid: series for series in session.library.series}
    session.loading.load(by_uid["1.2.3.1"], 0)
    drained(bench)
    before = bench.rgb()
    session.loading.load(by_uid["1.2.3.2"], 0, replace=False)
    drained(bench)
    question = session.consenting.question
    assert question is not None and "different frames of reference" in question.says
    row, column = (slice(150, 650), slice(150, 650))
    np.testing.assert_array_equal(bench.rgb()[row, column], before[row, column])
    session.consenting.consent(question.below, question.above)
    bench.area.flush()
    assert np.abs(bench.rgb()[row, column] - before[row, column]).max() > 20
    session.consenting.withdraw()
    bench.area.flush()
    np.testing.assert_array_equal(bench.rgb()[row, column], before[row, column])
    session.loading.load(by_uid["1.2.3.3"], 0, replace=False)
    drained(bench)
    assert len(session.viewing.layers(session.view.panes[0])) == 2  # the same frame of reference needs no consent


@pytest.mark.hazard("H44")
def test_one_series_of_two_patients_is_never_one_volume(bench, tmp_path: Path) -> None:
    slices = stack(8, size=(40, 50))[1]
    for n, ds in enumerate(slices):
        ds.PatientID, ds.PatientName = f"P{n % 2}", f"Doe^{n % 2}"
    (layer,) = opened(bench, tmp_path, slices)
    assert layer.geometry.size[2] == 4 and bench.area.banner.isVisible()
    assert "2 different patients" in " ".join(finding.message for finding in layer.volume.findings)
    (button,) = bench.area.banner.mend_buttons
    assert button.text() == "Open the others"
    button.click()
    drained(bench)
    assert [one.geometry.size[2] for one in bench.session.document.images] == [4, 4]
